import { describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { tasksByUserTool } from '../../tools/tasks-by-user.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { call } from './call.ts'
import { february as closed, MARCH, RATE } from './statement-world.ts'
import { february, usageOf } from './usage-world.ts'

const without = (world: World, account: number): World => ({
  ...world,
  workspaces: world.workspaces.filter(({ apiKeys }) => !apiKeys.includes(apiKeyOf(account))),
})

describe('next of billing-usage', () => {
  const nextOf = async (given: object, world = february().build()) => (await usageOf(world, given)).next

  it('leads from the whole to its parts, and from these to who is behind them', async () => {
    expect(await nextOf({})).toBe('billing-usage with the same inputs and group_by model, day or key: what makes it up')
    expect(await nextOf({ group_by: 'day' })).toMatch(/^billing-usage with period custom, a date as start_date/)
    expect(await nextOf({ group_by: 'model' })).toMatch(/^tasks-by-user with start, end and timezone of window/)
    const world = february().build()
    const { window, items = [] } = await usageOf(world, { group_by: 'model' })
    for (const { model_name, request_count } of items) {
      const given = { ...window, model: model_name }
      const { totals } = await call(tasksByUserTool, given, memoryDependencies(world, {}), world)
      expect(totals.taskCount).toBe(request_count)
    }
  })

  it('of a user leads to what that user paid', async () => {
    const paid = 'user-ledger with user_ids 102, start, end and timezone of window: what the user paid for it'
    expect(await nextOf({ user_id: 102 })).toMatch(new RegExp(`what makes it up; ${paid}$`))
    expect(await nextOf({ user_id: 102, group_by: 'key' })).toBe(paid)
    expect(await nextOf({ user_id: 999 })).toBe('see that user_id is right: no table has a row of it')
  })

  it('names what was not read first, and the grouping that still tells cost; or why none was', async () => {
    const unread = without(february().build(), 12)
    const said = 'say first what was not read (coverage.sources); '
    expect(await nextOf({}, unread)).toMatch(
      /^say first what was not read \(coverage\.sources\); billing-usage with the same inputs and group_by key: fal cost/,
    )
    expect(await nextOf({ group_by: 'key' }, unread)).toMatch(
      /\); billing-usage with the same inputs, group_by model or day, and each account_id with a fal_cost_usd in ids: cost and margin of these accounts; tasks-by-user /,
    )
    expect(await nextOf({ group_by: 'model', ids: [5] }, unread)).toMatch(/^tasks-by-user/)
    expect(await nextOf({}, without(unread, 5))).toContain(`${said}fal-list-accounts: which keys may read the bill; `)
  })

  it('says of a period without tasks to look at the period', async () => {
    expect(await nextOf({ period: 'custom', start_date: '2025-01-01', end_date: '2025-01-02' })).toMatch(
      /^see that the period is the one in question/,
    )
  })
})

describe('next of billing-statements', () => {
  const told = (given: object, world: World) =>
    call(billingStatementsTool, { ...given }, memoryDependencies(world, { now: MARCH, settings: RATE }), world)

  it('of the list leads to one month, and first to one that is not reconciled or not read', async () => {
    const one = 'billing-statements with an invoice_id: that month by model'
    expect((await told({}, closed().build())).next).toMatch(new RegExp(`^${one}`))
    expect((await told({}, without(closed().build(), 12))).next).toMatch(
      new RegExp(`^billing-statements with invoice_id inv_202602: what was not read of it; ${one}`),
    )
    const many = new MiniWorld().account(5)
    for (const month of ['2025-09', '2025-11', '2025-12', '2026-01']) many.task({ at: `${month}-01 00:00:00` })
    expect((await told({}, many.build())).next).toMatch(
      new RegExp(`^billing-statements with invoice_id inv_202509: it is reconciled then; ${one}`),
    )
    expect((await told({ limit: 1 }, new MiniWorld().account(5).build())).next).toMatch(
      /a greater limit \(36 at most\)/,
    )
    expect((await told({ user_id: 999 }, closed().build())).next).toBe(
      'see that user_id is right: no table has a row of it',
    )
  })

  it('of one month leads to the audit that finds what it counts, of all users or of one', async () => {
    const world = new MiniWorld().account(5)
    world.task({ at: '2026-02-11 12:00:00', points: 100, cost: '5', user: 101 })
    world.task({ at: '2026-02-28 12:00:00', points: 100, cost: '5', user: 102, paid: { points: 90 } })
    const books = world.build()
    const deps = memoryDependencies(books, { now: MARCH, settings: RATE })
    const days = { start: '2026-02-01', end: '2026-02-28', timezone: 'Asia/Shanghai' }
    const audit = 'audit-reconcile with start 2026-02-01, end 2026-02-28 and timezone Asia/Shanghai'
    const all = await told({ invoice_id: 'inv_202602' }, books)
    expect(all.next).toBe(
      `${audit}: the findings counted here; billing-statements without invoice_id: the other months`,
    )
    expect((await call(auditReconcileTool, days, deps, books)).summary.bySeverity).toEqual(all.statement?.findings)
    const own = await told({ invoice_id: 'inv_202602_u102' }, books)
    expect(own.next).toBe(
      `${audit}, user_ids 102 and user_id 102: the findings counted here; billing-statements without invoice_id, with user_id 102: the other months`,
    )
    const { matching } = await call(auditReconcileTool, { ...days, user_ids: [102], user_id: 102 }, deps, books)
    expect(matching).toMatchObject({ ...own.statement?.findings })
    expect((await told({ invoice_id: 'inv_202602_u101' }, books)).next).toMatch(
      /^billing-statements without invoice_id/,
    )
  })

  it('of a month that was not read whole says that first', async () => {
    const { next } = await told({ invoice_id: 'inv_202602' }, without(closed().build(), 12))
    expect(next).toMatch(/^say first what was not read \(statement\.coverage\.sources\); /)
  })
})
