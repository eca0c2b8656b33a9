import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BoundContradicted } from '../../src/errors.ts'
import { IdBounds } from '../../src/ledger/id-bounds.ts'
import { type IdSample, idOrderOf, idsToSample, startIn } from '../../src/ledger/id-order.ts'
import type { LedgerSnapshot } from '../../src/ledger/reader.ts'
import { DAY, HOUR, type Instant, instant, plus } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { entryRow } from '../kit/rows.ts'
import { all, at, BACKENDS, cashRow, openSnapshot, pointsRow, reading, type Stored, task, uuid } from './backends.ts'

const START = at('2026-01-01T00:00:00Z')
/** An hour from id to id. */
const timeOf = (id: number): Instant => plus(START, id * HOUR)

describe('what a bound left out', () => {
  const sample: IdSample = {
    ids: { least: 0, greatest: 1023 },
    asked: 1024,
    rows: Array.from({ length: 1024 }, (_, id) => ({ id, at: timeOf(id) })),
  }
  const range = { start: timeOf(500), end: timeOf(900) }
  const lowestIdFrom = (start: Instant) => startIn(idOrderOf(sample)!, start)
  const from = lowestIdFrom(range.start) ?? Number.NaN
  const row = (rowId: number, time: Instant) => [entryRow(rowId, -40, { at: time })]

  const bounded = () => {
    const bounds = new IdBounds('points')
    expect(bounds.startOf(range, sample)).toBe(from)
    return bounds
  }

  test('are ids below it with times of the range, both half-open', () => {
    expect(from).toBe(475)
    const bounds = bounded()
    expect(() => bounds.observe(row(from - 1, range.start))).toThrow(BoundContradicted)
    expect(() => bounds.observe(row(from - 1, plus(range.end, -1)))).toThrow(BoundContradicted)
    expect(() => bounds.observe(row(0, range.start))).toThrow('row 0 of points was left out')
    bounds.observe(row(from, range.start))
    bounds.observe(row(from - 1, plus(range.start, -1)))
    bounds.observe(row(from - 1, range.end))
    expect(bounds.readFrom).toBe(from)
  })

  test('is read where a row was seen before that belongs to it, and only then', () => {
    const early = new IdBounds('tasks')
    early.observe(row(from - 1, range.start))
    expect(early.startOf(range, sample)).toBeUndefined()
    expect(early.readFrom).toBeUndefined()

    const others = new IdBounds('tasks')
    for (const [id, time] of [
      [from, range.start],
      [from - 1, range.end],
      [from - 1, plus(range.start, -1)],
    ] as const) {
      others.observe(row(id, time))
    }
    expect(others.startOf(range, sample)).toBe(from)
  })

  test('is remembered for other ranges, whatever was streamed', () => {
    const bounds = bounded()
    bounds.observe(row(100, plus(range.end, DAY)))
    expect(bounds.startOf({ start: range.end, end: plus(range.end, 2 * DAY) }, sample)).toBeUndefined()
    expect(bounds.startOf({ start: range.end, end: plus(range.end, DAY) }, sample)).toBeGreaterThan(from)
    expect(bounds.readFrom).toBe(from)
  })

  test('is nothing any more once the table is read whole, or all begins anew', () => {
    const bounds = bounded()
    bounds.restart()
    bounds.observe(row(1, plus(START, DAY)))
    expect(bounds.readFrom).toBeUndefined()
    bounds.startOf(range, sample)
    bounds.readWhole()
    bounds.observe(row(from - 1, range.start))
    expect(bounds.startOf(range, sample)).toBeUndefined()
    expect(bounds.readFrom).toBeUndefined()
  })

  test('agrees with the search for a bound: a row is left out by some range that holds it, or by none', () => {
    for (const id of [0, 1, 300, 475, 476, 1022, 1023]) {
      for (const ahead of [0, DAY - HOUR, DAY, DAY + HOUR, DAY + 2 * HOUR, 20 * DAY]) {
        const time = plus(timeOf(id), ahead)
        const bounds = new IdBounds('points')
        bounds.startOf({ start: timeOf(0), end: timeOf(0) }, sample)
        bounds.observe(row(id, time))
        const holds = { start: time, end: instant(time + 1) }
        const isSkipped = id < (lowestIdFrom(time) ?? Number.NEGATIVE_INFINITY)
        expect([id, ahead, bounds.startOf(holds, sample) === undefined]).toEqual([
          id,
          ahead,
          isSkipped || lowestIdFrom(time) === undefined,
        ])
      }
    }
  })
})

describe.each(BACKENDS)('a row that lies far ahead of its id on $name', (backend) => {
  const UTC = openZone('UTC')
  const COUNT = 3000
  const STEP = 8
  const ids = Array.from({ length: COUNT }, (_, index) => 1 + index * STEP)
  const sampled = new Set(idsToSample(1, ids.at(-1) ?? 0))
  /** In the first half of the table, and not sampled. */
  const STRAY = ids.find((id) => id > 9000 && !sampled.has(id)) ?? 0
  const last = ids.at(-1) ?? 0
  /** Ten minutes from row to row: three weeks. */
  const naive = (id: number): string =>
    UTC?.toNaive(id === STRAY ? plus(START, 19 * DAY) : plus(START, (id / STEP) * (HOUR / 6))) ?? ''
  const range = { start: plus(START, 18 * DAY), end: plus(START, 20 * DAY) }
  /** The stray row is the only one of its user. */
  const userId = (id: number): number => (id === STRAY ? 7 : 101)

  let stored: Stored
  let snapshot: LedgerSnapshot
  beforeAll(async () => {
    stored = await backend.create({
      tasks: ids.map((id) => task(id, { createdAt: naive(id), userId: userId(id) })),
      points: ids.map((id) => pointsRow(id, { createdAt: naive(id), userId: userId(id) })),
      cash: ids.map((id) => cashRow(id, { time: naive(id), userId: userId(id) })),
    })
  })
  afterAll(() => stored.remove())
  beforeEach(async () => {
    snapshot = await openSnapshot(stored, { zone: 'UTC' })
  })
  afterEach(() => snapshot.close())

  const TABLES = ['tasks', 'points', 'cash'] as const
  const idsOf = async (table: (typeof TABLES)[number]): Promise<number[]> =>
    (await all<{ readonly rowId: number }>(snapshot[table](range))).map(({ rowId }) => rowId)
  const fillers = (count: number) => Array.from({ length: count }, (_, index) => `none-${index}`)
  const strangers = (count: number) => Array.from({ length: count }, (_, index) => 1_000_000 + index)
  const after = plus(range.end, DAY)

  const lookUps: readonly (readonly [string, (typeof TABLES)[number], () => Promise<unknown>])[] = [
    ['tasksByTaskIds', 'tasks', () => snapshot.tasksByTaskIds([`t${STRAY}`])],
    ['tasksByRequestIds', 'tasks', () => snapshot.tasksByRequestIds([uuid(STRAY)])],
    ['tasksByEitherId by its own', 'tasks', () => snapshot.tasksByEitherId([`t${STRAY}`])],
    ['tasksByEitherId by its request', 'tasks', () => snapshot.tasksByEitherId([uuid(STRAY)], range)],
    ['pointsByOrderIds', 'points', () => snapshot.pointsByOrderIds([`t${STRAY}`])],
    ['pointsByOrderIds of many', 'points', () => snapshot.pointsByOrderIds([`t${STRAY}`, ...fillers(5001)])],
    ['cashByOrderIds', 'cash', () => snapshot.cashByOrderIds([`t${STRAY}`])],
    ['cashByOrderIds of many', 'cash', () => snapshot.cashByOrderIds([`t${STRAY}`, ...fillers(5001)])],
    ['lastPointsBefore', 'points', () => snapshot.lastPointsBefore([7], after)],
    ['lastPointsBefore of many', 'points', () => snapshot.lastPointsBefore([7, ...strangers(201)], after)],
    ['pointsRowsBefore', 'points', () => snapshot.pointsRowsBefore([{ userId: 7, rowId: last }])],
    [
      'pointsRowsBefore of many',
      'points',
      () => snapshot.pointsRowsBefore([7, ...strangers(21)].map((userId) => ({ userId, rowId: last }))),
    ],
    ['points of a user', 'points', () => all(snapshot.points(range, { userIds: [7] }))],
    ['cash of a user', 'cash', () => all(snapshot.cash(range, { userIds: [7] }))],
  ]

  test.each(lookUps)('%s finds out that a stream left it out, and then all is read', async (_, table, lookUp) => {
    await snapshot.expectedRows?.(table, range)
    expect(await idsOf(table)).not.toContain(STRAY)
    expect(snapshot.readFrom?.()[table]).toBeGreaterThan(STRAY)
    await expect(lookUp()).rejects.toMatchObject({ name: 'BoundContradicted', table, rowId: STRAY })
    snapshot.readWhole?.(table)
    expect(snapshot.readFrom?.()).toEqual({})
    expect(await idsOf(table)).toContain(STRAY)
    await lookUp()
    expect(snapshot.readFrom?.()).toEqual({})
  })

  test.each(['pointsByOrderIds', 'cashByOrderIds'] as const)(
    '%s finds it out too where it may leave out what the stream took, and nothing else',
    async (lookUp) => {
      const table = lookUp === 'pointsByOrderIds' ? 'points' : 'cash'
      const streamed = await idsOf(table)
      const from = snapshot.readFrom?.()[table] ?? 0
      expect([streamed.includes(STRAY), from > STRAY]).toEqual([false, true])
      const orders = ids.filter((id) => id !== STRAY).map((id) => `t${id}`)
      const others = [...orders, ...fillers(5001)]
      const found = (await snapshot[lookUp](others, range)).map(({ rowId }) => rowId)
      expect([...found, ...streamed].sort((a, b) => a - b)).toEqual(ids.filter((id) => id !== STRAY))
      // Of all rows from its bound on: those alone that lie outside the range.
      expect(new Set(found).size + streamed.length).toBe(ids.length - 1)
      await expect(snapshot[lookUp]([...others, `t${STRAY}`], range)).rejects.toMatchObject({ table, rowId: STRAY })
    },
  )

  test.each(lookUps)('%s before the stream has it read', async (_, table, lookUp) => {
    await lookUp()
    expect(await idsOf(table)).toContain(STRAY)
    expect(snapshot.readFrom?.()).toEqual({})
    await lookUp()
  })

  test('is no matter where what was read ends before its time, and rows of that time are as they should be', async () => {
    const before = { start: range.start, end: plus(START, 19 * DAY) }
    for (const table of TABLES) await all<unknown>(snapshot[table](before))
    expect(Object.keys(snapshot.readFrom?.() ?? {})).toEqual(TABLES)
    await snapshot.tasksByTaskIds([`t${STRAY}`])
    await snapshot.pointsByOrderIds([`t${STRAY}`, `t${last}`])
    await snapshot.cashByOrderIds([`t${STRAY}`, `t${last}`])
  })

  test('that a wider stream reads is found out by the stream itself', async () => {
    const wide = { start: plus(START, DAY), end: range.end }
    for (const table of TABLES) {
      await idsOf(table)
      await expect(all<unknown>(snapshot[table](wide))).rejects.toMatchObject({ table, rowId: STRAY })
      expect((await snapshot.accounts()).length).toBe(0)
    }
  })

  /** Between where a stream of an early day begins and where one of the range does. */
  const between = ids[500] ?? 0

  test('leaves out tasks without a time that have lower ids, and says from which on, stream by stream', async () => {
    const early = { start: plus(START, 4 * DAY), end: plus(START, 5 * DAY) }
    await stored.exec(`UPDATE ts_fal_tasks SET created_at = NULL WHERE id IN (${between}, ${last})`)
    await reading(
      stored,
      async (fresh) => {
        const undatedIn = async (window: typeof range) => {
          await all<unknown>(fresh.tasks(window))
          return fresh.unreadTimes?.().undatedTasks
        }
        const first = await undatedIn(early)
        expect(first).toMatchObject({ rows: 2, firstRowId: between })
        // Of both streams the one counts that met more.
        expect(await undatedIn(range)).toEqual(first)
        fresh.forgetMet?.()
        const second = await undatedIn(range)
        expect(second).toMatchObject({ rows: 1, firstRowId: last })
        expect([(first?.fromRowId ?? 0) < between, (second?.fromRowId ?? 0) > between]).toEqual([true, true])
      },
      { zone: 'UTC' },
    )
    for (const id of [between, last]) {
      await stored.exec(`UPDATE ts_fal_tasks SET created_at = '${naive(id)}' WHERE id = ${id}`)
    }
  })

  test('leaves out tasks without a time that have lower ids, and says so', async () => {
    await stored.exec(`UPDATE ts_fal_tasks SET created_at = NULL WHERE id IN (1, ${last})`)
    await reading(
      stored,
      async (fresh) => {
        await all<unknown>(fresh.tasks(range))
        const from = fresh.readFrom?.().tasks
        const { rows, firstRowId, fromRowId } = fresh.unreadTimes?.().undatedTasks ?? {}
        expect([rows, firstRowId, fromRowId]).toEqual([1, last, from])
        expect(from).toBeGreaterThan(1)
        fresh.readWhole?.('tasks')
        await all<unknown>(fresh.tasks(range))
        expect(fresh.unreadTimes?.().undatedTasks).toMatchObject({ rows: 2, firstRowId: 1 })
        expect(fresh.unreadTimes?.().undatedTasks).not.toHaveProperty('fromRowId')
      },
      { zone: 'UTC' },
    )
    for (const id of [1, last]) {
      await stored.exec(`UPDATE ts_fal_tasks SET created_at = '${naive(id)}' WHERE id = ${id}`)
    }
  })
})
