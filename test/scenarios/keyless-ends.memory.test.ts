import { expect, it } from 'vitest'
import { apiKeyOf, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { eachOf } from '../kit/memory-ports.ts'
import { openOf } from '../kit/null-world.ts'

const FORBIDDEN = { status: 'failed', failure: 'forbidden', reason: 'fal answered 403' } as const

/**
 * For whom A1 is open: accounts 5, whose events fal does not show, and 6. Of two successes without a key, the first of which tells no
 * cost and ended so, fal billed the first to account 6, or none.
 */
async function openFor(completedAt: string, isBilled = true): Promise<string[]> {
  const world = new MiniWorld()
    .account(5)
    .account(6)
    .task({ cost: '1' })
    .task({ account: 6, cost: '1' })
    .task({ account: 6, apiKey: '', cost: null, billed: false })
    .task({ account: 6, apiKey: '', cost: '0.001', billed: false })
  const bill = { requestId: requestIdOf(3), cost: '0.05', timestamp: '2026-02-06T04:01:00Z' }
  if (isBilled) world.event(bill, apiKeyOf(6))
  const { tables, ...built } = world.build()
  const tasks = tables.tasks.map((task) => (task.id === 3 ? { ...task, completedAt } : task))
  const dependencies = memoryDependencies({ ...built, tables: { ...tables, tasks } }, {})
  const { fal } = dependencies
  const events: FalReader['events'] = async (apiKey, query, signal) =>
    apiKey === apiKeyOf(5) ? FORBIDDEN : fal.events(apiKey, query, signal)
  const given = { ...dependencies, fal: { ...fal, events, eachEvents: eachOf(events) } }
  const report = await runAudit(auditInput({ depth: 'requests' }), given, quietContext())
  return openOf(report, 'without a key').filter((text) => text.startsWith('A1'))
}

it('a success without a key that fal billed to an account is of no other, whether or not its end can be read', async () => {
  for (const completedAt of ['2026-02-06 12:00:30', '2026-02-06 23:50:00', 'soon']) {
    expect([completedAt, await openFor(completedAt)]).toEqual([completedAt, ['A1 6']])
  }
})

it('one that fal billed to none may be of either', async () => {
  for (const completedAt of ['2026-02-06 12:00:30', 'soon']) {
    expect([completedAt, await openFor(completedAt, false)]).toEqual([completedAt, ['A1 5', 'A1 6']])
  }
})
