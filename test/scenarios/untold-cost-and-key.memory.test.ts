import { describe, expect, it } from 'vitest'
import { apiKeyOf, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { FalEvent } from '../../src/demo/stored-world.ts'
import { breaksOf } from '../kit/audit-with.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { openOf } from '../kit/null-world.ts'

describe('a success right at the end of the period that tells neither its cost nor its key, where events are read', () => {
  const AT_END = { at: '2026-02-06 23:58:00', cost: null, apiKey: '', billed: false } as const
  const opened = async (task: MiniTask, billed: readonly Partial<FalEvent>[] = []) => {
    const world = new MiniWorld().account(5)
    for (let each = 0; each < 20; each++) world.task({ cost: '1' })
    world.account(6).task({ ...AT_END, ...task })
    for (const event of billed) world.event({ ...event, cost: '1', timestamp: '2026-02-06T16:00:10Z' }, apiKeyOf(6))
    const open = openOf(await auditWorld(world.build(), { depth: 'requests' }), 'without a key')
    return open.filter((text) => text.startsWith('A1'))
  }

  it('may have cost what makes the record of any account exceed its bill, as one at noon may', async () => {
    expect(await opened({})).toEqual(['A1 5'])
    expect(await opened({ at: '2026-02-06 12:00:00' })).toEqual(['A1 5'])
    expect(await opened({ cost: '0.01' })).toEqual([])
    expect(await opened({ apiKey: apiKeyOf(6) })).toEqual([])
  })

  it('is none of another account than fal billed, nor one that need not be billed yet', async () => {
    expect(await opened({}, [{ requestId: requestIdOf(21) }])).not.toContain('A1 5')
    expect(await opened({ completed: '2026-02-09 11:00:00' })).toEqual([])
  })
})

it('A1 is open of a success without a cost beside one without a key that fal did not bill, which together exceed the bill', async () => {
  const said = async (keyless: MiniTask, cost: string | null, depth: 'requests' | 'summary') => {
    const world = new MiniWorld().account(5).task({ cost: '17' })
    // What fal billed for the one is held to be what it cost.
    for (const each of ['1', cost]) world.task({ model: 'fal-ai/kling/v2', cost: each, billed: false })
    for (const id of [2, 3]) {
      const bill = { requestId: requestIdOf(id), endpointId: 'fal-ai/kling/v2', cost: '1' }
      world.event({ ...bill, timestamp: '2026-02-06T04:00:30Z' }, apiKeyOf(5))
    }
    world.task({ cost: '2', billed: false, ...keyless })
    const report = await auditWorld(world.build(), { depth })
    return [...breaksOf(report), ...openOf(report, '')].filter((text) => text.startsWith('A1'))
  }
  for (const depth of ['requests', 'summary'] as const) {
    // 21 of 19.
    expect(await said({}, '1', depth)).toEqual(['A1 accountId=5'])
    expect(await said({}, null, depth)).toEqual(['A1 5'])
    expect(await said({ apiKey: '' }, '1', depth)).toEqual(['A1 5'])
    expect(await said({ apiKey: '' }, null, depth)).toEqual(['A1 5'])
    // 20.9 of 19 is no more than a tenth.
    expect(await said({ apiKey: '', cost: '1.9' }, null, depth)).toEqual([])
  }
})
