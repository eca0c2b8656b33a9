import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { runTool } from '../../src/faces/run-tool.ts'
import type { Progress, Tool } from '../../src/tool.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { falGetUsageTool } from '../../tools/fal-get-usage.ts'
import { tasksByUserTool } from '../../tools/tasks-by-user.ts'
import { openWorld, type RealWorld, STORES } from '../kit/real-audit.ts'
import { MARCH } from '../tools/statement-world.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06' }

const STRANGER = { keyId: '99999999-0000-4000-8000-000000000000' }

/** The bill names a key that no account row holds, so that tasks tell whose it may be. */
const world = () =>
  new MiniWorld()
    .account(5, { workspace: 'team' })
    .account(12, { workspace: 'team' })
    .task({ points: 100, cost: '0.1', billed: STRANGER })
    .task({ account: 12, points: 50, cost: '0.2', billed: STRANGER })
    .task({ points: 9999, cost: '9', at: '2026-02-04 12:00:00' })
    .build()

describe.each(STORES)('the tasks of a window are told with how many there are, on %s', (store) => {
  let real: RealWorld
  beforeAll(async () => {
    real = await openWorld(world(), { store })
  })
  afterAll(() => real.close())

  const toldBy = async (tool: Tool, given: object): Promise<Progress[]> => {
    const told: Progress[] = []
    const context = { signal: new AbortController().signal, progress: (update: Progress) => void told.push(update) }
    await runTool(tool, { ...given }, async () => real.dependencies({ now: MARCH }), context)
    return told.filter(({ message }) => message === 'tasks read')
  }

  it.each<[Tool, object, number]>([
    [tasksByUserTool, DAY, 2],
    [falGetUsageTool, { ...DAY, group_by: 'account' }, 2],
    [billingStatementsTool, { limit: 2 }, 3],
  ])('by $name', async (tool, given, count) => {
    const told = await toldBy(tool, given)
    expect(told).toContainEqual({ message: 'tasks read', done: count, total: count })
    expect(told.filter(({ total }) => total === undefined)).toEqual([])
  })
})
