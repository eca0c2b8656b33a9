import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { openZone } from '../../src/units/zone.ts'
import { auditWorld, READ_AT } from '../kit/audit-world.ts'

describe('the zone of the audit', () => {
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
