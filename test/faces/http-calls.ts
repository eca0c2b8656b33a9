import { type IncomingHttpHeaders, request } from 'node:http'
import { createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import { type ServeOptions, type Serving, startServing } from '../../src/faces/http/serve.ts'
import type { Tool } from '../../src/tool.ts'
import { instant } from '../../src/units/instant.ts'
import { fakeServices } from './fake-tools.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body as JSON; undefined where it is none. */
  readonly json: Record<string, unknown>
}

export interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
}

/** One request by node:http, which sends any Host and Origin and follows nothing. */
export function ask(url: string, { method = 'GET', headers = {}, body, signal }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false, ...(signal && { signal }) }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      incoming.on('error', reject)
      incoming.on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: parsed(text) })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

export const postJson = (url: string, input: unknown, more: Asked = {}): Promise<Answer> =>
  ask(url, {
    method: 'POST',
    body: JSON.stringify(input),
    ...more,
    headers: { 'content-type': 'application/json', ...more.headers },
  })

/** Serves fake tools on loopback, on two free ports, until the test ends. */
export async function serveFakes(tools: readonly Tool[], changes: Partial<ServeOptions> = {}) {
  const services = fakeServices(tools)
  const serving: Serving = await startServing({
    ...services,
    tokens: { serve: undefined, admin: undefined },
    host: '127.0.0.1',
    allowHosts: [],
    mcpPort: await freePort(),
    restPort: 0,
    requestsPerMinute: undefined,
    clock: () => instant(0),
    processFacts: () => ({ residentBytes: 1, heapUsedBytes: 2, cpuSeconds: 3 }),
    ...changes,
    limits: { stopGrace: 100, cancelGrace: 2000, ...changes.limits },
  })
  onTestFinished(() => serving.stop())
  return { ...serving, logged: services.logged, reports: services.reports }
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it did not come true')
}

/** A free port below those that the system gives to others, so that nobody takes it between here and its use. */
async function freePort(): Promise<number> {
  for (let turn = 0; turn < 100; turn++) {
    const port = 15_000 + Math.floor(Math.random() * 16_000)
    if (await isFree(port)) return port
  }
  throw new Error('no free port was found')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
