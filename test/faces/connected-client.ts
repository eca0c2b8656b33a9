import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { onTestFinished } from 'vitest'
import type { Tool } from '../../src/tool.ts'
import { fakeServices, mcpFaceOf } from './fake-tools.ts'

export interface Answer {
  readonly isError?: boolean
  readonly structuredContent?: Record<string, unknown>
  readonly content: readonly { readonly type: string; readonly text: string }[]
}

/** A real client, which validates results against the schemas it was listed. */
export async function connect(tools: readonly Tool[], changes: Partial<ReturnType<typeof fakeServices>> = {}) {
  const services = { ...fakeServices(tools), ...changes }
  const { server, idle } = mcpFaceOf(services)
  const [near, far] = InMemoryTransport.createLinkedPair()
  const client = new Client({ name: 'test', version: '1' })
  onTestFinished(() => client.close())
  await Promise.all([client.connect(near), server.connect(far)])
  await client.listTools()
  const call = async (name: string, args: Record<string, unknown> = {}, options = {}): Promise<Answer> =>
    (await client.callTool({ name, arguments: args }, undefined, options)) as unknown as Answer
  return { client, call, idle, ...services }
}
