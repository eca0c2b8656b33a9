import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type IdSample,
  idOrderOf,
  idSlices,
  idsToSample,
  isMostIn,
  rowsExpectedIn,
  type SampledRow,
  startIn,
} from '../../src/ledger/id-order.ts'
import { DAY, HOUR, type Instant, instant, MINUTE } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { ALL_TIME, all, at, BACKENDS, cashRow, pointsRow, reading, task } from './backends.ts'

const START = at('2026-01-01T00:00:00Z')

/** What the store would know of a table. */
function sampleOf(rows: ReadonlyMap<number, number>): IdSample {
  const ids = [...rows.keys()]
  const [least, greatest] = [ids[0] ?? 0, ids.at(-1) ?? 0]
  const asked = idsToSample(least, greatest)
  const found = asked.flatMap((id): SampledRow[] => (rows.has(id) ? [{ id, at: instant(rows.get(id) ?? 0) }] : []))
  return { ids: { least, greatest }, asked: asked.length, rows: found }
}

const tableOf = (count: number, gap: number, timeOf: (index: number) => number): Map<number, number> =>
  new Map(Array.from({ length: count }, (_, index) => [7 + index * gap, START + timeOf(index)]))

function lowestIdFrom(start: Instant, sample: IdSample): number | undefined {
  const order = idOrderOf(sample)
  return order && startIn(order, start)
}

describe('ids that follow time', () => {
  test('bound a range from below, never above a row of it', () => {
    const tables = fc.record({
      count: fc.integer({ min: 1000, max: 6000 }),
      gap: fc.constantFrom(1, 2, 3, 7),
      minutes: fc.integer({ min: 10, max: 60 }),
      disorder: fc.integer({ min: 0, max: 23 }),
      seed: fc.integer({ min: 1, max: 1000 }),
    })
    let bounded = 0
    fc.assert(
      fc.property(
        tables,
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        ({ count, gap, minutes, disorder, seed }, share) => {
          const jitter = (index: number) => ((index * 7919 * seed) % 1000) / 1000
          const rows = tableOf(count, gap, (index) => index * minutes * MINUTE + jitter(index) * disorder * HOUR)
          const start = instant(START + share * count * minutes * MINUTE)
          const lowest = lowestIdFrom(start, sampleOf(rows))
          if (lowest === undefined) return
          bounded++
          expect([...rows].filter(([id, time]) => id < lowest && time >= start)).toEqual([])
        },
      ),
      { numRuns: 200 },
    )
    expect(bounded).toBeGreaterThan(50)
  })

  test('spare nearly all that lies before', () => {
    const rows = tableOf(50_000, 3, (index) => index * 10 * MINUTE)
    const start = instant(START + 45_000 * 10 * MINUTE)
    expect(lowestIdFrom(start, sampleOf(rows))).toBeGreaterThan(44_500 * 3)
    expect(lowestIdFrom(START, sampleOf(rows))).toBeUndefined()
  })

  test('are not believed where a sampled row says otherwise, or too few were found', () => {
    const count = 20_000
    const late = instant(START + (count - 100) * 10 * MINUTE)
    const ordered = (index: number) => index * 10 * MINUTE
    expect(lowestIdFrom(late, sampleOf(tableOf(count, 1, ordered)))).toBeDefined()
    const shuffled = (index: number) => ordered((index * 7919) % count)
    expect(lowestIdFrom(late, sampleOf(tableOf(count, 1, shuffled)))).toBeUndefined()
    const backwards = (index: number) => ordered(count - index)
    expect(lowestIdFrom(late, sampleOf(tableOf(count, 1, backwards)))).toBeUndefined()
    const mended = (index: number) => (index > count - 300 ? ordered(index - 9000) : ordered(index))
    expect(lowestIdFrom(late, sampleOf(tableOf(count, 1, mended)))).toBeUndefined()
    expect(lowestIdFrom(late, sampleOf(tableOf(count, 1009, ordered)))).toBeUndefined()
  })

  test('tell about how many rows a range has', () => {
    const sample = sampleOf(tableOf(50_000, 3, (index) => index * 10 * MINUTE))
    const tenth = { start: instant(START + 10 * 5000 * MINUTE), end: instant(START + 20 * 5000 * MINUTE) }
    expect(rowsExpectedIn(tenth, sample)).toBeGreaterThan(4000)
    expect(rowsExpectedIn(tenth, sample)).toBeLessThan(6000)
    expect(rowsExpectedIn(tenth, { ids: null, asked: 0, rows: [] })).toBe(0)
    expect(rowsExpectedIn(tenth, sampleOf(tableOf(20_000, 1009, () => 0)))).toBeUndefined()
    expect(rowsExpectedIn({ start: START, end: instant(START + DAY) }, sampleOf(tableOf(10, 2, () => 5)))).toBe(10)
  })

  test('tell whether a range has at least half of the rows', () => {
    const range = { start: START, end: instant(START + DAY) }
    const isMost = (...days: (number | null)[]): boolean =>
      isMostIn(range, { rows: days.map((day, id) => ({ id, at: day === null ? null : instant(START + day * DAY) })) })
    expect([isMost(0, 1), isMost(0, 1, 1), isMost(0, 0, 1), isMost(0, null), isMost(0, null, 1)]).toEqual([
      ...[true, false, true, true, false],
    ])
    expect([isMost(), isMost(1), isMost(0)]).toEqual([false, false, true])
  })
})

test('slices of ids meet without gap or overlap, and are not too many', () => {
  expect([...idSlices(5, 24, 10)]).toEqual([
    { fromId: 5, untilId: 15 },
    { fromId: 15, untilId: 25 },
  ])
  const wide = [...idSlices(0, 1e15, 10_000)]
  expect(wide.length).toBeLessThanOrEqual(5000)
  expect(wide.at(-1)?.untilId).toBeGreaterThan(1e15)
  expect(wide.slice(1).map(({ fromId }) => fromId)).toEqual(wide.slice(0, -1).map(({ untilId }) => untilId))
})

describe.each(BACKENDS)('reading by id and time on $name', (backend) => {
  const COUNT = 6000
  const UTC = openZone('UTC')
  const naive = (index: number): string => UTC?.toNaive(instant(START + index * 10 * MINUTE)) ?? ''
  // 4001 has no factor in common with 6000.
  const arrangements: readonly (readonly [string, (index: number) => number])[] = [
    ['follow time', (index) => index],
    ['nearly follow it', (index) => index - ((index * 37) % 100)],
    ['have nothing to do with it', (index) => (index * 4001) % COUNT],
    ['were given to old rows at the end', (index) => (index >= COUNT - 8 ? index - 3000 : index)],
  ]

  test.each(arrangements)('finds the same rows where ids %s', async (_, timeOf) => {
    const ids = Array.from({ length: COUNT }, (_, index) => index)
    const world = await backend.create({
      tasks: ids.map((index) => task(7 + index * 4, { createdAt: naive(timeOf(index)) })),
      points: ids.map((index) => pointsRow(7 + index * 4, { createdAt: naive(timeOf(index)) })),
      cash: ids.map((index) => cashRow(7 + index * 4, { time: naive(timeOf(index)) })),
    })
    try {
      await reading(
        world,
        async (snapshot) => {
          for (const [from, until] of [
            [0, 300],
            [2900, 3100],
            [5500, 5900],
            [5990, 6001],
          ] as const) {
            const range = { start: instant(START + from * 10 * MINUTE), end: instant(START + until * 10 * MINUTE) }
            const wanted = ids.filter((index) => timeOf(index) >= from && timeOf(index) < until).map((i) => 7 + i * 4)
            const found = [snapshot.tasks(range), snapshot.points(range), snapshot.cash(range)] as const
            expect((await all(found[0])).map(({ rowId }) => rowId).sort((a, b) => a - b)).toEqual(wanted)
            expect((await all(found[1])).map(({ rowId }) => rowId)).toEqual(wanted)
            expect((await all(found[2])).map(({ rowId }) => rowId)).toEqual(wanted)
          }
          for (const table of ['tasks', 'points', 'cash'] as const) {
            const expected = await snapshot.expectedRows?.(table, ALL_TIME)
            expect(expected).toBeGreaterThan(COUNT * 0.8)
            expect(expected).toBeLessThan(COUNT * 1.2)
          }
        },
        { zone: 'UTC' },
      )
    } finally {
      await world.remove()
    }
  })

  test('expects nothing of an empty table, all of a small one, and does not tell where ids are no numbers', async () => {
    const world = await backend.create({ points: [pointsRow(3), pointsRow(9), pointsRow(900)] })
    try {
      await reading(world, async (snapshot) => {
        expect(await snapshot.expectedRows?.('tasks', ALL_TIME)).toBe(0)
        expect(await snapshot.expectedRows?.('points', ALL_TIME)).toBe(3)
      })
      await world.exec('DROP TABLE ts_points_detail')
      await world.exec('CREATE TABLE ts_points_detail (id VARCHAR(50), created_at DATETIME)')
      await world.exec("INSERT INTO ts_points_detail VALUES ('row-a', '2026-02-03 12:00:00')")
      await reading(world, async (snapshot) => {
        expect(await snapshot.expectedRows?.('points', ALL_TIME)).toBeUndefined()
      })
    } finally {
      await world.remove()
    }
  })
})
