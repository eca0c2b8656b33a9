import { spawn } from 'node:child_process'
import process from 'node:process'
import { cleanEnvironment, memoryOf } from './processes.ts'

/** An MCP server on stdio, spoken to in plain JSON-RPC: the client takes next to no time of its own. */
export interface McpProcess {
  /** From spawn to the answer to initialize. */
  readonly startMillis: number
  /** Bytes of the process now. */
  memory(): number
  /** The result, how long it took, and the bytes of its JSON. Throws where the answer is an error. */
  ask(method: string, params: object): Promise<{ result: Result; millis: number; bytes: number }>
  close(): Promise<void>
}

export interface Result {
  readonly structuredContent?: Readonly<Record<string, unknown>>
  readonly isError?: boolean
  readonly content?: readonly { readonly text?: string }[]
}

interface Answer {
  readonly id?: number
  readonly result?: Result
  readonly error?: { readonly message: string }
}

const CLIENT = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } }

export async function startMcp(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<McpProcess> {
  const started = performance.now()
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const waiting = new Map<number, { resolve: (line: string) => void; reject: (cause: Error) => void }>()
  child.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`${program} ended before it answered`))
  })
  let rest: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = text.split('\n')
    for (const part of parts.slice(0, -1)) {
      const line = rest.join('') + part
      rest = []
      const id = idOf(line)
      if (id !== undefined) waiting.get(id)?.resolve(line)
    }
    rest.push(parts.at(-1) ?? '')
  })
  let ids = 0
  const send = (message: object): void => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
  const ask: McpProcess['ask'] = async (method, params) => {
    const id = ++ids
    const asked = performance.now()
    const line = await new Promise<string>((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      send({ id, method, params })
    })
    const millis = performance.now() - asked
    waiting.delete(id)
    const { result, error } = JSON.parse(line) as Answer
    if (result === undefined) throw new Error(`${method}: ${error?.message}`)
    if (result.isError) throw new Error(`${method}: ${result.content?.[0]?.text}`)
    return { result, millis, bytes: Buffer.byteLength(JSON.stringify(result)) }
  }
  await ask('initialize', CLIENT)
  const startMillis = performance.now() - started
  send({ method: 'notifications/initialized' })
  return {
    startMillis,
    memory: () => memoryOf(child.pid ?? 0, 'VmRSS'),
    ask,
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.stdin.end()
      }),
  }
}

/** The id of an answer; messages of the server's own have none. */
const idOf = (line: string): number | undefined => {
  if (line === '') return undefined
  // The answer is parsed by who asked: a large one only once.
  const tail = /"id":(\d+)\}?$/.exec(line.slice(-40)) ?? /"id":(\d+)/.exec(line.slice(0, 60))
  return tail?.[1] === undefined ? (JSON.parse(line) as Answer).id : Number(tail[1])
}
