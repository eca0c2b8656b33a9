import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { instant } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { billingUsageTool } from '../../tools/billing-usage.ts'
import { memoryDependencies, type WorldAudit } from '../kit/audit-world.ts'
import { refusal } from './call.ts'
import { february, usageOf } from './usage-world.ts'

const custom = (start: string, end = start) => ({ period: 'custom', start_date: start, end_date: end })

describe('a period', () => {
  const countOf = async (given: object, options: WorldAudit = {}) =>
    (await usageOf(february().build(), given, options)).totals.request_count

  it('of today, the week from Monday and the month from the 1st end with today', async () => {
    expect(await countOf({ period: 'today' })).toBe(1)
    expect(await countOf({ period: 'week' })).toBe(1)
    // Sunday the 8th still belongs to the week of the 2nd.
    const sunday = { now: instant(Date.parse('2026-02-08T15:59:59Z')) }
    expect(await countOf({ period: 'week' }, sunday)).toBe(3)
    expect((await usageOf(february().build(), { period: 'week' }, sunday)).window).toMatchObject({
      start: '2026-02-02T00:00:00+08:00',
      end: '2026-02-09T00:00:00+08:00',
    })
    expect(await countOf({ period: 'month' })).toBe(5)
  })

  it('of custom dates holds both days whole, and nothing of their neighbours', async () => {
    expect(await countOf(custom('2026-02-06'))).toBe(2)
    expect(await countOf(custom('2026-02-06', '2026-02-07'))).toBe(3)
    expect(await countOf(custom('2026-01-31'))).toBe(1)
    expect(await countOf(custom('2026-02-02', '2026-02-05'))).toBe(0)
  })

  it('has the days of the zone that is asked for', async () => {
    // 00:00 in Shanghai on the 7th is 16:00 on the 6th in UTC.
    expect(await countOf({ ...custom('2026-02-06'), timezone: 'UTC' })).toBe(3)
    const { items = [] } = await usageOf(february().build(), {
      ...custom('2026-02-06', '2026-02-07'),
      timezone: 'UTC',
      group_by: 'day',
    })
    expect(items.map(({ date, request_count }) => [date, request_count])).toEqual([
      ['2026-02-06', 3],
      ['2026-02-07', 0],
    ])
  })

  it('has days of 23 and 25 hours where clocks change', async () => {
    const zone = openZone('America/New_York')!
    const world = new MiniWorld(zone)
      .account(5)
      .task({ at: '2026-03-08 00:30:00' })
      .task({ at: '2026-03-08 23:30:00' })
      .task({ at: '2026-03-09 00:00:00' })
      .build()
    const now = instant(Date.parse('2026-03-09T16:00:00Z'))
    const { items = [], window } = await usageOf(
      world,
      { ...custom('2026-03-08', '2026-03-09'), group_by: 'day' },
      { zone, now },
    )
    expect(window).toMatchObject({ start: '2026-03-08T00:00:00-05:00', end: '2026-03-10T00:00:00-04:00' })
    expect(items.map(({ date, request_count }) => [date, request_count])).toEqual([
      ['2026-03-08', 2],
      ['2026-03-09', 1],
    ])
  })

  it('that reaches beyond today shows no days to come', async () => {
    const { items = [], window } = await usageOf(february().build(), {
      ...custom('2026-02-08', '2026-02-28'),
      group_by: 'day',
    })
    expect(window.end).toBe('2026-03-01T00:00:00+08:00')
    expect(items.map(({ date }) => date)).toEqual(['2026-02-08', '2026-02-09'])
  })

  it('shows a day to come where a task is dated so: the days add up to the whole', async () => {
    const world = february().task({ at: '2026-02-11 12:00:00', points: 3 }).build()
    const given = { ...custom('2026-02-08', '2026-02-28'), group_by: 'day' }
    const { items = [], totals } = await usageOf(world, given)
    expect(items.map(({ date, net_points }) => [date, net_points])).toEqual([
      ['2026-02-08', 0],
      ['2026-02-09', 7],
      ['2026-02-11', 3],
    ])
    expect([totals.request_count, totals.net_points]).toEqual([2, 10])
  })

  it.each([
    [{ period: 'custom' }, 'start_date'],
    [{ period: 'custom', start_date: '2026-02-01' }, 'end_date'],
    [{ period: 'custom', start_date: '2026-02-30', end_date: '2026-03-01' }, 'start_date'],
    [{ period: 'custom', start_date: '2026-02-06', end_date: '2026-02-05' }, 'end_date'],
    [{ period: 'custom', start_date: '2026-02-06T00:00:00Z', end_date: '2026-02-07' }, 'start_date'],
    [{ period: 'custom', start_date: '2026-03-01', end_date: '2026-03-01' }, 'start_date'],
    [{ period: 'custom', start_date: '2024-01-01', end_date: '2026-02-01' }, 'end_date'],
    [{ start_date: '2026-02-01' }, 'start_date'],
    [{ period: 'today', end_date: '2026-02-01' }, 'end_date'],
    [{ period: 'year' }, 'period'],
    [{ timezone: 'Mars' }, 'timezone'],
    [{ user_id: 1.5 }, 'user_id'],
    [{ user: 101 }, 'user'],
  ])('refuses %j and names %s', async (given, field) => {
    const refused = await refusal(billingUsageTool, given, memoryDependencies(february().build(), {}))
    expect(refused).toMatchObject({ kind: 'input', field })
    expect(refused.message).toContain(field)
  })

  it('needs the database, and says so', async () => {
    const deps = memoryDependencies(february().build(), {})
    expect(await refusal(billingUsageTool, {}, { ...deps, ledger: undefined })).toMatchObject({
      kind: 'configuration',
      field: 'DATABASE_URL',
    })
  })
})
