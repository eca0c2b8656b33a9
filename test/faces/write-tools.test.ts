import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { afterEach, describe, expect, it } from 'vitest'
import { howToSwitchOn } from '../../src/faces/switched-off.ts'
import type { Tool } from '../../src/tool.ts'
import { TOOLS, WRITE_TOOLS } from '../../tools/registry.ts'
import { fakeServices, mcpFaceOf } from './fake-tools.ts'

const clients: Client[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
})

async function connected(tools: readonly Tool[]): Promise<Client> {
  const client = new Client({ name: 'writer', version: '1' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await Promise.all([client.connect(near), mcpFaceOf(fakeServices(tools)).server.connect(far)])
  clients.push(client)
  return client
}

const RULE = {
  model_id: 'gpt-4o',
  membership_level: 'basic',
  input_price: '0.028',
  output_price: '0.084',
  unit: 'per_1k_tokens',
  currency: 'CNY',
  effective_at: '1970-01-01T00:00:00Z',
}

describe('the billing tools through a client', () => {
  it('change nothing they are asked to, where writing is not allowed', async () => {
    const client = await connected(TOOLS)
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).not.toContain('billing-rules-write')
    const others = tools.filter(({ annotations }) => annotations?.readOnlyHint !== true)
    // It settles months in a store of its own, and twice is as good as once.
    expect(others.map(({ name, annotations }) => ({ name, ...annotations }))).toEqual([
      { name: 'billing-statements', readOnlyHint: false, destructiveHint: false, idempotentHint: true },
    ])
    const answer = await client.callTool({ name: 'billing-rules-write', arguments: RULE })
    expect(answer.isError).toBe(true)
    expect(JSON.stringify(answer.content)).toContain('there is no tool')
    // It is there, and switched off: whoever looks for it is told how it is switched on.
    expect(JSON.stringify(answer.content)).toContain('billing.allowWrite is true in the file of AUDIT_CONFIG')
    const other = await client.callTool({ name: 'billing-rules-wipe', arguments: {} })
    expect(JSON.stringify(other.content)).not.toContain('allowWrite')
  })

  it('are all known to whoever tells how they are switched on', () => {
    for (const { name } of WRITE_TOOLS) expect(howToSwitchOn(name)).toContain('billing.allowWrite')
    for (const { name } of TOOLS) expect(howToSwitchOn(name)).toBeUndefined()
  })

  it('write where it is allowed, and say that they do', async () => {
    const client = await connected([...TOOLS, ...WRITE_TOOLS])
    const { tools } = await client.listTools()
    const tool = tools.find(({ name }) => name === 'billing-rules-write')
    expect(tool?.annotations).toEqual({ readOnlyHint: false, destructiveHint: false, idempotentHint: false })
    const made = await client.callTool({ name: 'billing-rules-write', arguments: { ...RULE, rule_id: null } })
    expect(made.structuredContent).toMatchObject({ created: true, rule: { ...RULE, rule_id: 'br_001' } })
  })

  it('answer with the error where there is no rule', async () => {
    const client = await connected(TOOLS)
    const answer = await client.callTool({ name: 'billing-estimate', arguments: { model_id: 'x', units: 1 } })
    expect(answer.isError).toBe(true)
    expect(JSON.parse((answer.content as { text: string }[])[0]!.text)).toMatchObject({
      field: 'model_id',
      message: expect.stringContaining('no billing rule'),
      next: expect.stringContaining('billing-rules'),
    })
  })
})
