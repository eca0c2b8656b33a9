import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { createMcpFace, type McpOptions } from './mcp.ts'
import { createLineTransport } from './stdio-lines.ts'

export interface StdioOptions {
  readonly stdin: Readable
  readonly stdout: Writable
  /** Aborted by SIGTERM, SIGINT and SIGHUP. */
  readonly signal: AbortSignal
}

/**
 * Time that answers under way get after stdin has ended, so that piped requests are answered. Clients that have gone away
 * wait 2 s before they send SIGTERM, which cuts it short.
 */
const LAST_ANSWERS_MILLIS = 1500
/** Time that a slow reader gets to take what was answered. One who went away breaks the output, which cuts it short. */
const LAST_READS_MILLIS = 10_000
/** Time that cancelled calls get to end what they started. */
const LAST_CANCELS_MILLIS = 1000

/**
 * Serves one client on stdio until stdin ends, stdout breaks or the signal is aborted. Running calls are then aborted.
 * Throws an AuditError where what comes in can be read no further.
 */
export async function serveStdio(options: McpOptions, { stdin, stdout, signal }: StdioOptions): Promise<void> {
  const { server, idle, loaded, unanswered } = createMcpFace(options)
  const ended = new Promise<'quiet' | 'at-once'>((resolve) => {
    stdin.once('end', () => resolve('quiet'))
    stdin.once('close', () => resolve('quiet'))
    stdin.once('error', () => resolve('at-once'))
    stdout.once('error', () => resolve('at-once'))
    signal.addEventListener('abort', () => resolve('at-once'), { once: true })
    server.onclose = () => resolve('at-once')
    if (signal.aborted) resolve('at-once')
  })
  const broken = new Promise<void>((resolve) => stdout.once('error', () => resolve()))
  const transport = createLineTransport(stdin, stdout, options)
  await server.connect(transport)
  try {
    const how = await Promise.race([ended, transport.broken])
    if (how === 'quiet') {
      await loaded()
      await Promise.race([idle(), setTimeout(LAST_ANSWERS_MILLIS), stopped(signal)])
      if (unanswered() > 0 && !signal.aborted) options.log(leftWithout(unanswered()))
      await Promise.race([transport.written(), setTimeout(LAST_READS_MILLIS), stopped(signal), broken])
      if (transport.unwritten() > 0 && !stdout.errored) options.log(unread(transport.unwritten()))
    }
  } finally {
    await server.close()
    // Cancelled calls end their queries on the database server, which takes a moment.
    await Promise.race([idle(), setTimeout(LAST_CANCELS_MILLIS)])
  }
}

const stopped = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort')
}

const leftWithout = (calls: number): string =>
  `mcp: stdin ended before ${calls} ${calls === 1 ? 'call was' : 'calls were'} answered; keep it open until the answers have come`

const unread = (messages: number): string =>
  `mcp: the output was not read: ${messages} ${messages === 1 ? 'message was' : 'messages were'} lost`
