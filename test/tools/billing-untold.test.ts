import { describe, expect, it } from 'vitest'
import type { StoredTables, World } from '../../src/demo/stored-world.ts'
import { memoryBilling } from '../kit/billing.ts'
import { february, listOf, MARCH, RATE, statementOf } from './statement-world.ts'
import { usageOf } from './usage-world.ts'

// Tasks that hold NULL in money or in user_id. Of February: tasks 2 (1050, user 101), 3 (400, refunded, sora, user 102),
// 4 (30, user 102) and 5 (600, kling, user 101).
const MONTH = { period: 'custom', start_date: '2026-02-01', end_date: '2026-02-28' } as const
const OPTIONS = { now: MARCH, settings: RATE }

type Task = StoredTables['tasks'][number]
type Cells = { readonly [Name in keyof Task]?: Task[Name] | null }

function withCells(id: number, cells: Cells, world: World = february().build()): World {
  const tasks = world.tables.tasks.map((task) => (task.id === id ? ({ ...task, ...cells } as Task) : task))
  return { ...world, tables: { ...world.tables, tasks } }
}

const listed = async (world: World, given: object = {}) =>
  (await listOf(world, given, OPTIONS)).find(({ period }) => period === '2026-02')

const UNTOLD = { total_cost: null, charged_points: null, net_points: null, margin_usd: null }
const IN_PART = { source: 'tasks', status: 'partial', reason: '1 tasks hold no charge (NULL)' }

describe('a charge of NULL', () => {
  it('is no charge of 0 in usage: neither of the whole nor of its groups, and of no others', async () => {
    const world = withCells(5, { money: null })
    const usage = await usageOf(world, MONTH, OPTIONS)
    expect(usage.totals).toMatchObject({ ...UNTOLD, refunded_points: 400, request_count: 4, fal_cost_usd: '2.8' })
    expect(usage.coverage.complete).toBe(false)
    expect(usage.coverage.sources).toContainEqual(IN_PART)
    const chargedBy = async (group_by: string) => {
      const { items = [] } = await usageOf(world, { ...MONTH, group_by }, OPTIONS)
      return items
        .filter(({ request_count }) => request_count > 0)
        .map(({ charged_points, total_cost, margin_usd }) => [charged_points, total_cost, margin_usd])
    }
    const open = [null, null, null]
    const refunded = [400, '0.00', '-0.5']
    expect(await chargedBy('model')).toEqual([[1080, '10.80', '1.4'], open, refunded])
    expect(await chargedBy('day')).toEqual([[1050, '10.50', '1.375'], refunded, open, [30, '0.30', '0.025']])
    expect(await chargedBy('key')).toEqual([open, refunded])
    const other = await usageOf(world, { ...MONTH, user_id: 102 }, OPTIONS)
    expect(other.totals).toMatchObject({ charged_points: 430, total_cost: '0.30' })
    expect(other.coverage.complete).toBe(true)
  })

  it('leaves the statements of the operator and of its user drafts, and those of others settled', async () => {
    const world = withCells(5, { money: null })
    for (const id of ['inv_202602', 'inv_202602_u101']) {
      const made = await statementOf(world, id, OPTIONS)
      expect(made).toMatchObject({ ...UNTOLD, status: 'draft', status_reason: 'incomplete' })
      expect(made.coverage).toMatchObject({ complete: false, sources: expect.arrayContaining([IN_PART]) })
      expect(made.breakdown.map(({ model_id, charged_points }) => [model_id, charged_points])).toContainEqual([
        'fal-ai/kling',
        null,
      ])
    }
    const { margin_usd: _margin, net_points: _net, ...open } = UNTOLD
    const draft = { ...open, status: 'draft', status_reason: 'incomplete' }
    expect(await listed(world)).toMatchObject(draft)
    expect(await listed(world, { user_id: 101 })).toMatchObject(draft)
    expect(await listed(world, { user_id: 102 })).toMatchObject({ charged_points: 430, status: 'settled' })
    expect(await statementOf(world, 'inv_202602_u102', OPTIONS)).toMatchObject({ status: 'settled' })
  })

  it('of 0 that is told, or of a task that failed, leaves all told and settled', async () => {
    const free = withCells(5, { money: 0 })
    const failed = withCells(5, { money: null, status: 'failed' })
    for (const world of [free, failed]) {
      const told = { charged_points: 1480, refunded_points: 400, total_cost: '10.80' }
      expect((await usageOf(world, MONTH, OPTIONS)).totals).toMatchObject(told)
      expect(await statementOf(world, 'inv_202602', OPTIONS)).toMatchObject({ ...told, status: 'settled' })
      expect(await listed(world)).toMatchObject({ ...told, status: 'settled' })
    }
  })

  it('of a refunded task leaves what is left of it told', async () => {
    const made = await statementOf(withCells(3, { money: null }), 'inv_202602', OPTIONS)
    expect(made).toMatchObject({
      charged_points: null,
      refunded_points: null,
      net_points: 1680,
      total_cost: '16.80',
      status: 'draft',
      status_reason: 'incomplete',
    })
  })

  it('that came after settling is a restatement', async () => {
    const options = { ...OPTIONS, billing: memoryBilling() }
    await statementOf(february().build(), 'inv_202602', options)
    const now = await statementOf(withCells(5, { money: null }), 'inv_202602', options)
    expect(now.status).toBe('settled')
    expect(now.restatement?.lines).toContainEqual({
      line: 'total',
      field: 'charged_points',
      settled: '2080',
      now: null,
    })
  })
})

describe('a user of NULL', () => {
  it('is not user 0: the task counts for the operator alone', async () => {
    const world = withCells(5, { userId: null })
    expect((await usageOf(world, MONTH, OPTIONS)).totals).toMatchObject({ charged_points: 2080, request_count: 4 })
    const zero = await usageOf(world, { ...MONTH, user_id: 0 }, OPTIONS)
    expect(zero.totals).toMatchObject({ charged_points: 0, request_count: 0 })
    expect(await statementOf(world, 'inv_202602', OPTIONS)).toMatchObject({ charged_points: 2080, status: 'settled' })
    expect(await listed(world, { user_id: 0 })).toBeUndefined()
    await expect(statementOf(world, 'inv_202602_u0', OPTIONS)).rejects.toThrow('no task of 2026-02')
    expect(await statementOf(world, 'inv_202602_u101', OPTIONS)).toMatchObject({ charged_points: 1050 })
  })

  it('beside a real user 0 leaves that user its own', async () => {
    const world = withCells(4, { userId: 0 }, withCells(5, { userId: null }))
    const own = { charged_points: 30, request_count: 1 }
    expect((await usageOf(world, { ...MONTH, user_id: 0 }, OPTIONS)).totals).toMatchObject(own)
    expect(await statementOf(world, 'inv_202602_u0', OPTIONS)).toMatchObject({ ...own, status: 'settled' })
    expect(await listed(world, { user_id: 0 })).toMatchObject({ ...own, status: 'settled' })
  })
})

describe('a key of NULL', () => {
  it.each([null, '', '  '])('is no key that no account row holds: %j', async (apiKey) => {
    const world = withCells(5, { apiKey })
    const { items = [], coverage } = await usageOf(world, { ...MONTH, group_by: 'key' }, OPTIONS)
    // fal tells its cost all the same, by its request.
    expect(items.at(-1)).toMatchObject({
      ...{ key_id: null, key_name: null, key_prefix: null, account_id: null },
      ...{ charged_points: 600, request_count: 1, fal_cost_usd: '1' },
    })
    expect(coverage.complete).toBe(true)
  })

  it('is named as such where nobody can tell its bill', async () => {
    const keyless = withCells(5, { apiKey: null, onlineTaskId: 'not-billed' })
    const reason = '1 tasks without a key: nobody can read their bill'
    const source = { source: 'fal-events', status: 'not-configured' }
    const usage = await usageOf(keyless, MONTH, OPTIONS)
    expect(usage.totals).toMatchObject({ fal_cost_usd: null, unread_request_count: 1 })
    expect(usage.coverage.sources).toContainEqual({ ...source, reason })
    expect(JSON.stringify(usage)).not.toContain('no account row holds')
    const both = withCells(4, { apiKey: 'aaaaaaaa-0000-4000-8000-000000000000:bbbb', onlineTaskId: 'neither' }, keyless)
    const { coverage } = await usageOf(both, MONTH, OPTIONS)
    expect(coverage.sources).toEqual(
      expect.arrayContaining([
        { ...source, reason: '1 tasks by keys that no account row holds: nobody can read their bill' },
        { ...source, reason },
      ]),
    )
  })
})

describe('a created_at that cannot be read', () => {
  const NONE = 'there is no task of 2026-02 by that user'
  /** Of user 103 there is task 5 alone. */
  const only = (createdAt: string | null): World => withCells(5, { createdAt, userId: 103 })
  const refusedOf = (world: World, id: string): Promise<string> =>
    statementOf(world, id, OPTIONS).then(
      () => 'made',
      ({ message }: Error) => message,
    )

  it("of a user's only task is told where there is no statement, and with a user of others it is not", async () => {
    const unread = only('2026-02-00 12:00:00')
    expect(await refusedOf(unread, 'inv_202602_u103')).toContain(
      `${NONE}; task table: 1 row has a time that cannot be read, first of all row 5; whether they belong to the period is not known`,
    )
    expect(await refusedOf(unread, 'inv_202602_u104')).toMatch(new RegExp(`${NONE}$`))
    const nobodys = withCells(5, { createdAt: '2026-02-00 12:00:00', userId: null })
    expect(await refusedOf(nobodys, 'inv_202602_u104')).toContain('1 row has a time that cannot be read')
  })

  it('is told of one without any, too', async () => {
    const undated = await refusedOf(only(null), 'inv_202602_u103')
    expect(undated).toContain(`${NONE}; 1 task without created_at, first of all row 5: of no period`)
  })
})

describe('a completed_at that cannot be read', () => {
  const REASON =
    'tasks whose end (completed_at) cannot be read, or lies in the future, 1 of the period ("task-5"): whether they ended long enough ago is not known'
  const free = { money: 0, costMoney: '0', onlineTaskId: 'not-billed' } as const
  const endless = withCells(5, { ...free, completedAt: '2026-02-00 12:00:00' })

  it('of a free task without a bill is named by the statements that wait for it', async () => {
    for (const id of ['inv_202602', 'inv_202602_u101']) {
      const { status, status_reason, coverage } = await statementOf(endless, id, OPTIONS)
      expect([id, status, status_reason, coverage.complete]).toEqual([id, 'draft', 'pending', true])
      expect(coverage.sources).toContainEqual({ source: 'tasks', status: 'complete', reason: REASON })
    }
    const other = await statementOf(endless, 'inv_202602_u102', OPTIONS)
    expect(other.status).toBe('settled')
    expect(JSON.stringify(other.coverage)).not.toContain('completed_at')
  })

  it('of one with a cost leaves its statements incomplete, and says so once', async () => {
    const due = withCells(5, { onlineTaskId: 'not-billed', completedAt: '2026-02-00 12:00:00' })
    for (const id of ['inv_202602', 'inv_202602_u101']) {
      const { status_reason, coverage } = await statementOf(due, id, OPTIONS)
      expect(status_reason).toBe('incomplete')
      expect(coverage.sources).toContainEqual({ source: 'tasks', status: 'partial', reason: REASON })
    }
  })

  it('that can be read, or of a task that fal billed, is waited for no more', async () => {
    const ended = withCells(5, free)
    const billed = withCells(5, { money: 0, costMoney: '0', completedAt: '2026-02-00 12:00:00' })
    for (const world of [ended, billed]) {
      const { status, coverage } = await statementOf(world, 'inv_202602', OPTIONS)
      expect(status).toBe('settled')
      expect(JSON.stringify(coverage)).not.toContain('completed_at')
    }
  })
})
