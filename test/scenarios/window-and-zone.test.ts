import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { openZone } from '../../src/units/zone.ts'
import { inShort } from '../kit/audit-world.ts'
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

  it.each(STORES)('a zone that one call asks for moves its days, and not the stored times, on %s', async (store) => {
    const at = ['2026-02-06 07:59:30', '2026-02-06 08:00:00', '2026-02-07 07:59:30', '2026-02-07 08:00:00']
    const built = new MiniWorld().account(5)
    for (const time of at) built.task({ at: time, completed: time })
    const report = await auditRealWorld(built.build(), { store }, { timezone: 'UTC' })
    expect(report.window).toMatchObject({ start: '2026-02-06T00:00:00+00:00', timezone: 'UTC' })
    expect(report.settings.dbTimezone).toBe('Asia/Shanghai')
    expect(report.tasks.totals.taskCount).toBe(2)
    expect(inShort(report)).toEqual([])
    const same = await auditRealWorld(built.build(), { store }, { timezone: 'Asia/Shanghai' })
    expect(same.tasks.totals.taskCount).toBe(2)
  })

  it.each(STORES)('the stored times are of the audit zone where nobody says otherwise, on %s', async (store) => {
    const report = await auditRealWorld(new MiniWorld().account(5).task({ at: '2026-02-06 23:30:00' }).build(), {
      store,
    })
    expect(report.tasks.totals.taskCount).toBe(1)
  })
})
