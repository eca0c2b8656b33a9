import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../../src/demo/mini-world.ts'
import { DEFAULT_THRESHOLDS } from '../../../src/settings.ts'
import { ratio } from '../../../src/units/ratio.ts'
import { auditWorld, inShort } from '../../kit/audit-world.ts'

/** A user whose days before 2026-02-06 charged the given points, newest last, and who is charged `today` on it. */
function history(days: readonly number[], today: number): MiniWorld {
  const world = new MiniWorld().account(5)
  days.forEach((points, index) => {
    const day = new Date(Date.UTC(2026, 1, 6 - (days.length - index))).toISOString().slice(0, 10)
    if (points > 0) world.task({ points, at: `${day} 12:00:00` })
  })
  return world.task({ points: today })
}

const SPIKE = ['A6 userId=101 date=2026-02-06']

describe('A6: a day far above the usual', () => {
  it.each([
    [[100, 100, 100], 500, []],
    [[100, 100, 100], 501, SPIKE],
    [[100, 0, 0, 100, 0, 100], 501, SPIKE],
    [[1, 1, 2], 6, []],
    [[1, 1, 2], 7, SPIKE],
    [[100, 100], 100_000, []],
    [[], 100_000, []],
  ])('history %j, then %d points: %j', async (days, today, expected) => {
    expect(inShort(await auditWorld(history(days, today).build()))).toEqual(expected)
  })

  it('tells the usual day times the threshold, and what was charged', async () => {
    const report = await auditWorld(history([100, 100, 101], 600).build())
    expect(report.findings[0]).toMatchObject({
      severity: 'LOW',
      unit: 'points',
      expected: '501',
      actual: '600',
      difference: '99',
    })
  })

  it('looks back 30 days and no further', async () => {
    const at = (day: string) => new MiniWorld().account(5).task({ at: `${day} 12:00:00` })
    const rest = (world: MiniWorld) =>
      world.task({ at: '2026-02-04 12:00:00' }).task({ at: '2026-02-05 12:00:00' }).task({ points: 501 })
    expect(inShort(await auditWorld(rest(at('2026-01-07')).build()))).toEqual(SPIKE)
    expect(inShort(await auditWorld(rest(at('2026-01-06')).build()))).toEqual([])
  })

  it('what a correction gave back hides no day, and makes none unusual', async () => {
    const given = { points: -400, paid: false as const }
    expect(inShort(await auditWorld(history([100, 100, 100], 501).task(given).build()))).toEqual(SPIKE)
    const before = history([100, 100, 100], 500).task({ ...given, points: -99, at: '2026-02-05 13:00:00' })
    expect(inShort(await auditWorld(before.build()))).toEqual([])
  })

  describe('where the window begins or ends within a day', () => {
    const half = { start: '2026-02-06T12:00:00+08:00', end: '2026-02-07' }
    /** Three days of 100 points, then points before and after noon of the 6th, and on the 7th. */
    const about = (before: number, after: number, next: number) => {
      const built = history([100, 100, 100], after)
      if (before > 0) built.task({ points: before, at: '2026-02-06 11:59:59' })
      return built.task({ points: next, at: '2026-02-07 12:00:00' }).build()
    }
    const judgedOf = async (world: ReturnType<typeof about>, options: Parameters<typeof auditWorld>[1]) => {
      const report = await auditWorld(world, options)
      return [
        ...inShort(report).filter((found) => found.startsWith('A6')),
        report.rules.find(({ rule }) => rule === 'A6')?.examined,
      ]
    }

    it('judges what was charged within it', async () => {
      expect(await judgedOf(about(1000, 500, 1), half)).toEqual([2])
      expect(await judgedOf(about(1000, 501, 1), half)).toEqual([...SPIKE, 2])
      expect(await judgedOf(about(1, 500, 1), { start: '2026-02-06', end: '2026-02-07' })).toEqual([...SPIKE, 2])
    })

    it('judges no day without a charge within it', async () => {
      const built = new MiniWorld().account(5)
      for (const day of ['01', '02', '03']) built.task({ at: `2026-02-${day} 12:00:00` })
      built.task({ points: 1000, at: '2026-02-06 09:00:00' }).task({ at: '2026-02-07 12:00:00' })
      expect(await judgedOf(built.build(), half)).toEqual([1])
    })

    it('holds later days against the whole of its first day', async () => {
      // Five times the mean of 100, 100, 100 and 700, of which 600 were charged before noon.
      expect(await judgedOf(about(600, 100, 1250), half)).toEqual([2])
      expect(await judgedOf(about(600, 100, 1251), half)).toEqual(['A6 userId=101 date=2026-02-07', 2])
    })

    it('leaves out what was charged after its end', async () => {
      const morning = { start: '2026-02-06', end: '2026-02-06T12:00:00+08:00' }
      expect(await judgedOf(about(500, 1000, 1000), morning)).toEqual([1])
      expect(await judgedOf(about(501, 1000, 1000), morning)).toEqual([...SPIKE, 1])
    })
  })

  it('says how many days it could not judge', async () => {
    const report = await auditWorld(history([100], 100).build())
    const reasons = report.notEvaluated.filter(({ rule }) => rule === 'A6')
    expect(reasons).toHaveLength(1)
    expect(reasons[0]?.reason).toContain('1')
  })

  it('judges every day of a longer window by the days before it', async () => {
    const built = history([100, 100, 100], 501)
    const report = await auditWorld(built.build(), { start: '2026-02-03', end: '2026-02-06' })
    expect(inShort(report)).toEqual(SPIKE)
    expect(report.rules.find(({ rule }) => rule === 'A6')).toMatchObject({ examined: 1 })
  })
})

describe('A6, robust', () => {
  const robust = { ...DEFAULT_THRESHOLDS, a6Method: 'robust' as const }
  const options = { settings: { thresholds: robust, pointsPerUsd: ratio('400') } }
  const week = [1000, 1000, 1000, 1000, 1000, 1000, 1000]

  it.each([
    [week, 2999, []],
    [week, 3000, SPIKE],
    [week.slice(1), 100_000, []],
    // Three times the median, but less than 5 USD (2,000 points) above it.
    [[100, 100, 100, 100, 100, 100, 100], 2099, []],
    [[100, 100, 100, 100, 100, 100, 100], 2100, SPIKE],
    // Widely spread days make a far day ordinary.
    [[100, 200, 400, 800, 1600, 3200, 6400], 20_000, []],
    // Half of the days are twice or half of 1,000: 3.5 times 1.4826 · ln 2 above it is 36,482 points.
    [[500, 2000, 500, 1000, 2000, 500, 2000], 36_481, []],
    [[500, 2000, 500, 1000, 2000, 500, 2000], 36_482, SPIKE],
  ])('history %j, then %d points: %j', async (days, today, expected) => {
    expect(inShort(await auditWorld(history(days, today).build(), options))).toEqual(expected)
  })

  it('is not evaluated without a rate, since 5 USD has no meaning then', async () => {
    const report = await auditWorld(history(week, 100_000).build(), { settings: { thresholds: robust } })
    expect(inShort(report)).toEqual([])
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'A6' }))
  })
})
