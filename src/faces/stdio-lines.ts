import type { Readable, Writable } from 'node:stream'
import { AuditError } from '../errors.ts'
import { textOfUtf8 } from '../units/utf-8.ts'
import { outgoingText, type Redact } from './outgoing.ts'
import { INVALID_REQUEST, invalidMessage, PARSE_ERROR, rpcError } from './rpc-message.ts'

const MEGABYTE = 1024 * 1024
/** Most bytes of one line. Messages to this server are short: a longer one is no message of a client. */
const LINE_BYTES_MAX = 10 * MEGABYTE
const NEWLINE = 0x0a

/** MCP on stdio: one message a line. Its form is that of a transport of the SDK, which sets what it is to be told. */
export interface LineTransport {
  start(): Promise<void>
  send(message: unknown): Promise<void>
  close(): Promise<void>
  onmessage?: ((message: unknown) => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  onclose?: (() => void) | undefined
  /** Rejects where nothing more can be read, since a line is too long to be held. Never settles otherwise. */
  readonly broken: Promise<never>
  /** Settles once all that was sent is taken by whoever reads. */
  written(): Promise<void>
  /** How many messages are not taken yet. */
  unwritten(): number
}

/**
 * Reads and writes messages, one a line. Unlike the SDK's it answers what is no message, so that its sender does not wait in
 * vain, and says in a line what was wrong.
 */
export function createLineTransport(
  stdin: Readable,
  stdout: Writable,
  { redact, log }: { readonly redact: Redact; readonly log: (line: string) => void },
): LineTransport {
  let parts: Buffer[] = []
  let bytes = 0
  let isOpen = true
  let breakOff: (error: AuditError) => void = () => undefined
  const broken = new Promise<never>((_resolve, reject) => {
    breakOff = reject
  })
  // Whoever serves waits for it; where nobody does yet, it is told later.
  broken.catch(() => undefined)

  const writing = new Set<Promise<void>>()
  const write = (message: unknown): Promise<void> => {
    const taken = new Promise<void>((resolve) => {
      // Where the output is broken whoever serves is told by itself.
      stdout.write(`${JSON.stringify(message)}\n`, () => {
        writing.delete(taken)
        resolve()
      })
    })
    writing.add(taken)
    return taken
  }

  const refuse = (code: number, reason: string, id: string | number | null): void => {
    log(`mcp: answered ${code}: ${outgoingText(reason, redact)}`)
    void write(rpcError(code, outgoingText(reason, redact), id))
  }

  const take = (bytes: Buffer): void => {
    const line = textOfUtf8(bytes)
    // Blank lines between messages do no harm.
    if (line?.trim() === '') return
    const message = line === undefined ? undefined : parsed(line)
    if (message === undefined) {
      const found = line === undefined ? 'not in UTF-8' : 'no JSON'
      refuse(PARSE_ERROR, `this line is ${found}; give one JSON-RPC message a line`, null)
      return
    }
    const invalid = invalidMessage(message.value)
    if (invalid === undefined) transport.onmessage?.(message.value)
    else if (invalid.answers) log(`mcp: an answer that is none: ${outgoingText(invalid.message, redact)}`)
    else refuse(INVALID_REQUEST, invalid.message, invalid.id)
  }

  /** Whether so much of a line may still be a message. */
  const holds = (length: number): boolean => {
    if (length > LINE_BYTES_MAX) breakOff(tooLong())
    return length <= LINE_BYTES_MAX
  }

  const onData = (chunk: Buffer | string): void => {
    let rest = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    for (let end = rest.indexOf(NEWLINE); end >= 0 && isOpen; end = rest.indexOf(NEWLINE)) {
      if (!holds(bytes + end)) return
      const line = Buffer.concat([...parts, rest.subarray(0, end)])
      parts = []
      bytes = 0
      rest = rest.subarray(end + 1)
      take(line)
    }
    bytes += rest.length
    if (isOpen && holds(bytes)) parts.push(rest)
  }
  /** The last line needs no newline. */
  const onEnd = (): void => {
    const line = Buffer.concat(parts)
    parts = []
    bytes = 0
    if (isOpen) take(line)
  }
  const onError = (error: Error): void => transport.onerror?.(error)

  const transport: LineTransport = {
    broken,
    written: async () => {
      await Promise.all(writing)
    },
    unwritten: () => writing.size,
    start: async () => {
      stdin.on('data', onData)
      stdin.on('end', onEnd)
      stdin.on('error', onError)
    },
    send: write,
    close: async () => {
      isOpen = false
      stdin.off('data', onData)
      stdin.off('end', onEnd)
      stdin.off('error', onError)
      stdin.pause()
      parts = []
      transport.onclose?.()
    },
  }
  return transport
}

function parsed(line: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) }
  } catch {
    return undefined
  }
}

const tooLong = (): AuditError =>
  new AuditError(
    'input',
    `a line of the input is longer than ${LINE_BYTES_MAX / MEGABYTE} MB, so it cannot be told where the next message begins; start the server anew, and give one JSON-RPC message a line`,
  )
