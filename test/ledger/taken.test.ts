import { afterEach, describe, expect, test } from 'vitest'
import type { LedgerSnapshot } from '../../src/ledger/reader.ts'
import { LIMITS } from '../../src/limits.ts'
import { type InstantRange, instant, MINUTE, plus, within } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { all, at, BACKENDS, cashRow, pointsRow, reading, type Stored } from './backends.ts'

/** Ids that nobody bears: with them a look-up is about so many that it reads all ids in one pass. */
const fillers = Array.from({ length: LIMITS.lookupIds + 1 }, (_, index) => `none-${index}`)

/** Times of no day, or of no hour, as servers and files may hold them. */
const NOT_REAL = ['0000-00-00 00:00:00', '2026-02-00 10:00:00', '2026-00-10 10:00:00']

describe.each(BACKENDS)('a look-up that may leave out what was streamed on $name', (backend) => {
  let stored: Stored | undefined
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  /** A row of each ledger for each time, under an order of its own. */
  const create = async (times: readonly string[]): Promise<Stored> => {
    stored = await backend.create({
      points: times.map((createdAt, index) => pointsRow(index + 1, { createdAt, orderId: `o${index + 1}` })),
      cash: times.map((time, index) => cashRow(index + 1, { time, orderId: `o${index + 1}` })),
    })
    return stored
  }

  /** Of each ledger: what a stream has, and what each look-up finds of all orders. */
  const readOf = (snapshot: LedgerSnapshot, count: number, range: InstantRange) =>
    Promise.all([]).then(async () => {
      const orders = Array.from({ length: count }, (_, index) => `o${index + 1}`)
      const books = []
      for (const [stream, lookUp] of [
        [snapshot.points, snapshot.pointsByOrderIds],
        [snapshot.cash, snapshot.cashByOrderIds],
      ] as const) {
        const idsOf = (rows: readonly { readonly rowId: number }[]) => rows.map(({ rowId }) => rowId)
        books.push({
          streamed: idsOf(await all(stream(range))),
          few: idsOf(await lookUp(orders, range)),
          many: idsOf(await lookUp([...orders, ...fillers], range)),
          whole: idsOf(await lookUp([...orders, ...fillers])),
        })
      }
      return books
    })

  /** Whatever the stream does not have, each look-up finds, whether it is about few ids or many. */
  const expectNothingLost = async (times: readonly string[], range: InstantRange, zone: string) => {
    const world = await create(times)
    const everything = times.map((_, index) => index + 1)
    const left = { few: 0, many: 0 }
    for (const book of await reading(world, (snapshot) => readOf(snapshot, times.length, range), { zone })) {
      expect(book.whole).toEqual(everything)
      for (const how of ['few', 'many'] as const) {
        expect([how, [...new Set([...book.streamed, ...book[how]])].sort((a, b) => a - b)]).toEqual([how, everything])
        left[how] += times.length - book[how].length
      }
    }
    return left
  }

  test.each(['+08:00', 'UTC', 'America/New_York', 'Australia/Lord_Howe'])(
    'finds every row that no stream has, at the edges and far off: %s',
    async (zoneId) => {
      const zone = openZone(zoneId)
      if (zone === undefined) throw new RangeError('no such zone')
      // Over the changes of the clock in spring, to whole seconds and to none.
      for (const range of [
        { start: at('2026-02-20T00:00:00Z'), end: at('2026-04-20T00:00:00Z') },
        { start: at('2026-03-08T06:30:00.500Z'), end: at('2026-03-08T07:30:00.250Z') },
        { start: at('2026-04-04T14:45:00Z'), end: at('2026-04-04T15:15:00Z') },
        { start: at('2026-11-01T05:30:00Z'), end: at('2026-11-01T06:30:00Z') },
      ]) {
        const steps = [-1440, -181, -180, -179, -61, -60, -59, -31, -30, -1, 0, 1, 30, 60, 179, 180, 181, 1440]
        const times = [range.start, range.end].flatMap((edge) =>
          steps.flatMap((minutes) =>
            [-1, 0, 1].map((second) => zone.toNaive(plus(edge, minutes * MINUTE + second * 1000))),
          ),
        )
        const left = await expectNothingLost(times, range, zoneId)
        expect(left.few).toBe(0)
        await stored?.remove()
        stored = undefined
      }
    },
  )

  test('leaves out what lies well within, where that is much', async () => {
    const range = { start: at('2026-02-01T00:00:00Z'), end: at('2026-03-01T00:00:00Z') }
    const times = Array.from(
      { length: 400 },
      (_, index) => `2026-02-${String(2 + (index % 26)).padStart(2, '0')} 12:00:00`,
    )
    const left = await expectNothingLost([...times, '2026-01-01 00:00:00'], range, '+08:00')
    expect(left).toEqual({ few: 0, many: 800 })
  })

  test.each(NOT_REAL)('finds a row whose time is none, such as %s', async (time) => {
    const range = { start: at('2026-01-01T00:00:00Z'), end: at('2026-03-01T00:00:00Z') }
    await expectNothingLost(['2026-02-10 12:00:00', time, '2026-02-11 12:00:00'], range, '+08:00')
  })

  test('finds a row whose time the clock left out, on the night of its change', async () => {
    // In New York no clock showed half past two on 8 March 2026.
    const range = { start: at('2026-03-01T00:00:00Z'), end: at('2026-03-20T00:00:00Z') }
    await expectNothingLost(
      ['2026-03-08 01:30:00', '2026-03-08 02:30:00', '2026-03-08 03:30:00'],
      range,
      'America/New_York',
    )
  })

  test('finds a row without any time', async () => {
    const world = await create(['2026-02-10 12:00:00', '2026-02-11 12:00:00'])
    await world.exec(
      backend.name === 'embedded'
        ? "UPDATE ts_points_detail SET created_at = '' WHERE id = 2"
        : 'ALTER TABLE ts_points_detail MODIFY created_at DATETIME NULL',
    )
    if (backend.name !== 'embedded') await world.exec('UPDATE ts_points_detail SET created_at = NULL WHERE id = 2')
    const range = { start: at('2026-02-01T00:00:00Z'), end: at('2026-03-01T00:00:00Z') }
    const [points] = await reading(world, (snapshot) => readOf(snapshot, 2, range))
    expect(points).toMatchObject({ streamed: [1], few: [1, 2], many: [2], whole: [1, 2] })
  })

  test('is of the instants themselves, half-open', async () => {
    const range = { start: at('2026-02-10T00:00:00Z'), end: at('2026-02-11T00:00:00Z') }
    const zone = openZone('UTC')
    const times = [instant(range.start - 1000), range.start, instant(range.end - 1000), range.end]
    const world = await create(times.map((time) => zone?.toNaive(time) ?? ''))
    const [points] = await reading(world, (snapshot) => readOf(snapshot, 4, range), { zone: 'UTC' })
    expect(times.map((time) => within(time, range))).toEqual([false, true, true, false])
    expect(points).toEqual({ streamed: [2, 3], few: [1, 2, 3, 4], many: [1, 4], whole: [1, 2, 3, 4] })
  })
})
