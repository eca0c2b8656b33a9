import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { openZone } from '../../src/units/zone.ts'
import { auditWorld, inShort, READ_AT } from '../kit/audit-world.ts'
import { auditRealWorld, STORES } from '../kit/real-audit.ts'

const days = { start: '2026-02-01', end: '2026-02-06' }

describe.each(STORES)('a window in Asia/Shanghai over naive times, on %s', (store) => {
  it.each([
    ['2026-01-31 23:59:59', 0],
    ['2026-02-01 00:00:00', 1],
    ['2026-02-06 23:59:59', 1],
    ['2026-02-07 00:00:00', 0],
  ])('a task of %s counts %d times', async (at, count) => {
    const report = await auditRealWorld(new MiniWorld().account(5).task({ at }).build(), { store }, days)
    expect(report.tasks.totals.taskCount).toBe(count)
    expect(report.window).toEqual({
      start: '2026-02-01T00:00:00+08:00',
      end: '2026-02-07T00:00:00+08:00',
      timezone: 'Asia/Shanghai',
    })
    expect(report.settings.dbTimezone).toBe('Asia/Shanghai')
  })

  it('days of the bill are days of the audit zone', async () => {
    const built = new MiniWorld().account(5).task({ at: '2026-02-06 00:00:05' }).task({ at: '2026-02-06 07:59:00' })
    const report = await auditRealWorld(built.build(), { store })
    expect(report.official.totals.costUsd).toBe('0.1')
    expect(inShort(report)).toEqual([])
  })
})

describe('zones of the audit and of the stored times', () => {
  it('may differ: the days are those of the audit', async () => {
    const utc = openZone('UTC')!
    const world = new MiniWorld(utc).account(5).task({ at: '2026-02-05 16:00:00' }).task({ at: '2026-02-05 15:59:59' })
    const report = await auditRealWorld(world.build(), { store: 'mariadb', dbZone: utc })
    expect(report.tasks.totals.taskCount).toBe(1)
    expect(report.settings.dbTimezone).toBe('UTC')
    expect(report.window.timezone).toBe('Asia/Shanghai')
  })

  it.each(STORES)('the stored times are of the audit zone where nobody says otherwise, on %s', async (store) => {
    const report = await auditRealWorld(new MiniWorld().account(5).task({ at: '2026-02-06 23:30:00' }).build(), {
      store,
    })
    expect(report.tasks.totals.taskCount).toBe(1)
  })

  it('a day that a clock change makes shorter holds its 23 hours', async () => {
    const berlin = openZone('Europe/Berlin')!
    const world = new MiniWorld(berlin).account(5)
    for (const at of [
      '2026-03-28 23:59:59',
      '2026-03-29 00:00:00',
      '2026-03-29 03:30:00',
      '2026-03-29 23:59:59',
      '2026-03-30 00:00:00',
    ]) {
      world.task({ at })
    }
    const now = berlin.fromNaive('2026-04-02 00:00:00')!
    const report = await auditWorld(world.build(), { start: '2026-03-29', end: '2026-03-29', now, zone: berlin })
    expect(report.tasks.totals.taskCount).toBe(3)
    expect(report.window).toMatchObject({ start: '2026-03-29T00:00:00+01:00', end: '2026-03-30T00:00:00+02:00' })
  })
})

describe('what a window may be', () => {
  const world = new MiniWorld().account(5).task().build()

  it('today without dates; since start without end; instants too', async () => {
    const today = await auditWorld(world, { start: undefined, end: undefined })
    expect(today.window).toMatchObject({ start: '2026-02-09T00:00:00+08:00', end: '2026-02-10T00:00:00+08:00' })
    const since = await auditWorld(world, { start: '2026-02-05', end: undefined })
    expect(since.window).toMatchObject({ start: '2026-02-05T00:00:00+08:00', end: '2026-02-10T00:00:00+08:00' })
    const instants = { start: '2026-02-06T03:00:00Z', end: '2026-02-06T04:00:00+00:00' }
    expect((await auditWorld(world, instants)).tasks.totals.taskCount).toBe(0)
    expect((await auditWorld(world, { ...instants, end: '2026-02-06T04:00:00.001Z' })).tasks.totals.taskCount).toBe(1)
  })

  it.each([
    [{ start: '2026-02-30' }, 'start', '2026-02-30'],
    [{ start: 'yesterday' }, 'start', 'yesterday'],
    [{ start: '2026-02-06T00:00:00' }, 'start', '2026-02-06T00:00:00'],
    [{ start: '2026-02-06', end: '2026-02-05' }, 'end', '2026-02-05'],
    [{ start: '2024-01-01', end: '2026-02-05' }, 'end', '2026-02-05'],
    [{ start: '2026-03-01', end: '2026-03-02' }, 'start', '2026-03-01'],
    [{ timezone: 'Mars/Olympus' }, 'timezone', 'Mars/Olympus'],
  ])('%j is refused by name', async (options, field, value) => {
    await expect(
      auditWorld(world, { start: undefined, end: undefined, now: READ_AT, ...options }),
    ).rejects.toMatchObject({ kind: 'input', field, value })
  })
})
