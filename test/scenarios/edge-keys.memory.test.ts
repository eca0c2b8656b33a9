import { describe, expect, it } from 'vitest'
import { apiKeyOf, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { falGetUsageTool } from '../../tools/fal-get-usage.ts'
import { auditWorld, inShort, memoryDependencies } from '../kit/audit-world.ts'
import { call } from '../tools/call.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06' }
const STRANGER = '99999999-0000-4000-8000-000000000000'
const MIDDLE = { at: '2026-02-06 12:00:00' }
const BEFORE = { at: '2026-02-05 23:59:00', completed: '2026-02-05 23:59:40' }

/** One task of account 5, billed 1 USD to a key that no account row holds, when the task ended or as soon as the day began. */
function billedToStranger(task: MiniTask) {
  const timestamp = task.at === MIDDLE.at ? '2026-02-06T04:01:00Z' : '2026-02-05T16:00:30Z'
  const event = { requestId: requestIdOf(1), cost: '1', timestamp, keyId: STRANGER }
  return new MiniWorld()
    .account(5, { workspace: 'team' })
    .task({ ...task, billed: false })
    .event(event, apiKeyOf(5))
    .build()
}

/** What an audit and fal-get-usage say that fal billed to account 5, and to nobody. */
async function costsOf(task: MiniTask) {
  const world = billedToStranger(task)
  const { official } = await auditWorld(world)
  const { rows } = await call(falGetUsageTool, { ...DAY, group_by: 'account' }, memoryDependencies(world, {}))
  const byAccount = (all: readonly { accountId?: number | null; costUsd: string | null }[]) =>
    Object.fromEntries(all.map(({ accountId, costUsd }) => [accountId ?? 'nobody', costUsd]))
  return [byAccount(official.rows), byAccount(rows)]
}

describe('a bill that names none but keys of no account row', () => {
  it.each([
    ['tells its cost', { ...MIDDLE, cost: '1' }],
    ['tells no cost', { ...MIDDLE, cost: null }],
    ['is of right before the day and tells its cost', { ...BEFORE, cost: '1' }],
    ['is of right before the day and tells none', { ...BEFORE, cost: null }],
  ])('may be that of the account whose task %s, by usage as by audit', async (_, task) => {
    const own = { 5: '1' }
    expect(await costsOf(task)).toEqual([own, own])
    for (const depth of ['summary', 'requests'] as const) {
      const report = await auditWorld(billedToStranger(task), { depth })
      expect(inShort(report).filter((each) => each.startsWith('B21'))).toEqual([])
      expect(report.notEvaluated).toContainEqual(
        expect.objectContaining({ rule: 'B21', subject: { workspace: 'team' } }),
      )
    }
  })

  it.each([
    ['is free', { ...BEFORE, cost: '0' }],
    ['failed and tells no cost', { ...MIDDLE, cost: null, status: 'failed' }],
    ['was made too long before the day to be billed on it', { at: '2026-02-05 12:00:00', cost: '1' }],
  ])('is that of keys which nobody holds, where its one task %s', async (_, task) => {
    const nobodys = { 5: '0', nobody: '1' }
    expect(await costsOf(task)).toEqual([nobodys, nobodys])
    expect(inShort(await auditWorld(billedToStranger(task)))).toContain('B21 workspace=team')
  })
})
