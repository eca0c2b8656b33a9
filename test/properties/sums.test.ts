import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { World } from '../../src/demo/stored-world.ts'
import { runAudit } from '../../src/operation.ts'
import { billingUsage } from '../../src/operations/billing-usage.ts'
import { tasksByUser } from '../../src/operations/user-tasks.ts'
import { formatUsd, nanoUsd, parseUsd } from '../../src/units/nano-usd.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { runs, seeds } from '../kit/generator/any-world.ts'
import { createPrng, type Prng, seedOf } from '../kit/generator/prng.ts'
import { tangledWorld } from '../kit/tangled-world.ts'

/** Takes charges, users and costs away from some tasks. */
function withHoles({ tables, ...world }: World, random: Prng): World {
  const tasks = tables.tasks.map((task) => ({
    ...task,
    ...(random.chance(0.1) && { money: null as never }),
    ...(random.chance(0.1) && { userId: null as never }),
    ...(random.chance(0.1) && { costMoney: null }),
  }))
  return { ...world, tables: { ...tables, tasks } }
}

const usdOf = (texts: readonly string[]): string =>
  formatUsd(nanoUsd(texts.reduce((total, text) => total + (parseUsd(text) ?? 0n), 0n)))

const total = <Row>(rows: readonly Row[], amountOf: (row: Row) => number | undefined): number =>
  rows.reduce((sum, row) => sum + (amountOf(row) ?? 0), 0)

/** Zero where it is left out. */
const sumsIn = (rows: readonly Record<string, unknown>[]) => ({
  taskCount: total(rows, ({ taskCount }) => taskCount as number),
  chargedPoints: total(rows, ({ chargedPoints }) => chargedPoints as number),
  costUsd: usdOf(rows.map(({ costUsd }) => costUsd as string)),
  refundCount: total(rows, ({ refundCount }) => refundCount as number),
  refundedPoints: total(rows, ({ refundedPoints }) => refundedPoints as number),
  untoldCharges: total(rows, ({ untoldCharges }) => untoldCharges as number | undefined),
  untoldCosts: total(rows, ({ untoldCosts }) => untoldCosts as number | undefined),
})

describe('the sums of one window', () => {
  it('are the same in the audit, in tasks-by-user and in billing-usage', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = createPrng(seedOf(seed, 'sums'))
        const world = withHoles(tangledWorld(random), random)
        const accountLimit = random.pick([1, 20])
        const dependencies = memoryDependencies(world, { settings: { ledgerLink: 'order', accountLimit } })
        const [start, end] = random.pick([
          ['2026-02-06', '2026-02-06'],
          ['2026-01-20', '2026-02-08'],
        ] as const)
        const userId = random.chance(0.3) ? world.tables.tasks.find((task) => task.userId !== null)?.userId : undefined
        const userIds = userId === undefined ? [] : [userId]
        const filters = random.pick([{}, {}, { ids: [5] }, { ids: [5, 9] }])
        const input = auditInput({ start, end, depth: 'requests', ...filters, userIds })
        const { tasks, requests, tieOut } = await runAudit(input, dependencies, quietContext())
        const byUser = await tasksByUser(
          { start, end, sort: 'cost', ...filters, user_ids: userIds },
          dependencies,
          quietContext(),
        )
        expect(byUser.totals).toEqual(tasks.totals)
        const { outsideAccounts, omittedRows: _, ...totals } = tasks.totals
        const whole = { untoldCharges: 0, untoldCosts: 0, ...totals }
        for (const rows of [byUser.users, byUser.rows, tasks.rows]) expect(sumsIn(rows)).toEqual(whole)
        const period = { period: 'custom', start_date: start, end_date: end, ...filters, user_id: userId } as const
        for (const group_by of ['none', 'day', 'model', 'key'] as const) {
          const usage = await billingUsage({ ...period, group_by }, dependencies, quietContext())
          const { items = [usage.totals] } = usage
          for (const figures of [[usage.totals], items]) {
            const sum = (key: keyof typeof usage.totals) =>
              figures.some((each) => each[key] === null) ? null : total(figures, (each) => Number(each[key]))
            // Without a filter those of accounts beyond the limit count too.
            const outside = 'ids' in filters ? { taskCount: 0, chargedPoints: 0 } : outsideAccounts
            expect(sum('request_count')).toBe(totals.taskCount + outside.taskCount)
            if (sum('charged_points') !== null)
              expect(sum('charged_points')).toBe(totals.chargedPoints + outside.chargedPoints)
            if (outside.taskCount === 0 && sum('refunded_points') !== null)
              expect(sum('refunded_points')).toBe(totals.refundedPoints)
            const costs = figures.map((each) => each.fal_cost_usd)
            // Requests and bill of an audit with a filter by users are those of all of them.
            if (userId === undefined && sum('matched_request_count') !== null) {
              expect(sum('matched_request_count')).toBe(requests?.matched)
              expect(usdOf(costs.map(String))).toBe(tieOut?.eventsMatched)
            }
            if (sum('charged_points') === null) expect(totals.untoldCharges ?? outside.taskCount).toBeGreaterThan(0)
            const isWhole = totals.untoldCharges === undefined && outside.taskCount === 0
            if (isWhole)
              expect([sum('charged_points'), sum('refunded_points')]).toEqual([
                totals.chargedPoints,
                totals.refundedPoints,
              ])
          }
        }
      }),
      runs(60),
    )
  })
})
