import { afterEach, describe, expect, test } from 'vitest'
import type { LedgerSnapshot } from '../../src/ledger/reader.ts'
import { LIMITS } from '../../src/limits.ts'
import { type InstantRange, instant, MINUTE, plus, within } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { all, at, BACKENDS, cashRow, pointsRow, reading, type Stored, task, uuid } from './backends.ts'

/** Ids that nobody bears: with them a look-up is about so many that it reads all ids in one pass. */
const fillers = Array.from({ length: LIMITS.lookupIds + 1 }, (_, index) => `none-${index}`)

const TIME_COLUMNS = {
  ts_fal_tasks: 'created_at',
  ts_points_detail: 'created_at',
  ts_financial_transactions: 'time',
}

/** Times of no day, or of no hour, as servers and files may hold them. */
const NOT_REAL = ['0000-00-00 00:00:00', '2026-02-00 10:00:00', '2026-00-10 10:00:00']

describe.each(BACKENDS)('a look-up that may leave out what was streamed on $name', (backend) => {
  let stored: Stored | undefined
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  /** A row of each table for each time, under an order of its own. */
  const create = async (times: readonly string[]): Promise<Stored> => {
    stored = await backend.create({
      tasks: times.map((createdAt, index) =>
        task(index + 1, { createdAt, onlineTaskId: `fal-ai/x#${uuid(index + 1)}` }),
      ),
      points: times.map((createdAt, index) => pointsRow(index + 1, { createdAt, orderId: `t${index + 1}` })),
      cash: times.map((time, index) => cashRow(index + 1, { time, orderId: `t${index + 1}` })),
    })
    return stored
  }

  const idsOf = (rows: readonly { readonly rowId: number }[]) => rows.map(({ rowId }) => rowId)

  /** Of each table: what a stream has, and what each look-up finds of all ids; ids are few, or many. */
  const readOf = async (snapshot: LedgerSnapshot, count: number, range: InstantRange, taken = range) => {
    const orders = Array.from({ length: count }, (_, index) => `t${index + 1}`)
    const requests = orders.map((_, index) => uuid(index + 1))
    const many = [...orders, ...fillers]
    const tables = []
    for (const [name, stream, lookUp] of [
      ['points', snapshot.points, snapshot.pointsByOrderIds],
      ['cash', snapshot.cash, snapshot.cashByOrderIds],
    ] as const) {
      const streamed = idsOf(await all(stream(range)))
      const found = { few: idsOf(await lookUp(orders, taken)), many: idsOf(await lookUp(many, taken)) }
      tables.push({ name, streamed, whole: idsOf(await lookUp(many)), found })
    }
    const streamed = idsOf(await all(snapshot.tasks(range)))
    tables.push({
      ...{ name: 'tasks', streamed, whole: idsOf(await snapshot.tasksByEitherId(orders)) },
      found: {
        byTaskId: idsOf(await snapshot.tasksByEitherId(orders, taken)),
        byRequestId: idsOf(await snapshot.tasksByEitherId(requests, taken)),
        byRequest: idsOf(await snapshot.tasksByRequestIds(requests, taken)),
      },
    })
    return tables
  }

  /** Whatever the stream does not have, each look-up finds, whether it is about few ids or many. */
  const expectNothingLost = async (times: readonly string[], range: InstantRange, zone: string) => {
    const world = await create(times)
    const everything = times.map((_, index) => index + 1)
    const left: Record<string, number> = {}
    for (const table of await reading(world, (snapshot) => readOf(snapshot, times.length, range), { zone })) {
      expect(table.whole).toEqual(everything)
      for (const [how, found] of Object.entries(table.found)) {
        expect([how, [...new Set([...table.streamed, ...found])].sort((a, b) => a - b)]).toEqual([how, everything])
        left[how] = (left[how] ?? 0) + times.length - found.length
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
        // Where the clock shows an hour, or half of one, again: what lies within one of the two may be told as of the other.
        { start: at('2026-11-01T06:15:00Z'), end: at('2026-11-20T00:00:00Z') },
        { start: at('2026-04-04T15:10:00Z'), end: at('2026-04-20T00:00:00Z') },
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
    expect(left).toEqual({ few: 0, many: 800, byTaskId: 400, byRequestId: 400, byRequest: 400 })
  })

  test.each(NOT_REAL)('finds a row whose time is none, such as %s', async (time) => {
    const range = { start: at('2026-01-01T00:00:00Z'), end: at('2026-03-01T00:00:00Z') }
    await expectNothingLost(['2026-02-10 12:00:00', time, '2026-02-11 12:00:00'], range, '+08:00')
  })

  test.each([
    ['2026-03-01T00:00:00Z', '2026-03-20T00:00:00Z', [1, 2, 3]],
    ['2026-03-01T00:00:00Z', '2026-03-08T07:15:00Z', [1, 3]],
    ['2026-03-08T07:15:00Z', '2026-03-20T00:00:00Z', [2]],
  ])('finds a row whose time the clock left out, on the night of its change: %s to %s', async (start, end, within) => {
    // In New York no clock showed half past two on 8 March 2026, which counts as half past three.
    const times = ['2026-03-08 01:30:00', '2026-03-08 02:30:00', '2026-03-08 03:10:00']
    const range = { start: at(start), end: at(end) }
    await expectNothingLost(times, range, 'America/New_York')
    if (stored === undefined) throw new Error('nothing was stored')
    const streamed = await reading(stored, (snapshot) => all(snapshot.points(range)), { zone: 'America/New_York' })
    expect(idsOf(streamed)).toEqual(within)
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
    expect(points).toMatchObject({ streamed: [1], whole: [1, 2], found: { few: [1, 2], many: [2] } })
  })

  test('leaves nothing out where rows may have come since the stream: where tables have no snapshot', async () => {
    const world = await create(['2026-02-10 12:00:00', '2026-02-11 12:00:00'])
    const range = { start: at('2026-02-01T00:00:00Z'), end: at('2026-03-01T00:00:00Z') }
    const foundIn = async () =>
      (await reading(world, (snapshot) => readOf(snapshot, 2, range))).map(({ found }) => found)
    expect(await foundIn()).toMatchObject([{ many: [] }, { many: [] }, { byTaskId: [], byRequest: [] }])
    // Of the embedded file there is always one.
    if (backend.name === 'embedded') return
    for (const table of ['fal_tasks', 'points_detail', 'financial_transactions']) {
      await world.exec(`ALTER TABLE ts_${table} ENGINE = MyISAM`)
    }
    const both = [1, 2]
    expect(await foundIn()).toMatchObject([{ many: both }, { many: both }, { byTaskId: both, byRequest: both }])
  })

  // As text, a T comes behind a blank, and a date alone before its first second.
  test.each([
    ['2026-02-05T01:00:00', '2026-02-05T15:00:00Z'],
    ['2026-02-06', '2026-02-05T00:00:00Z'],
    ['2026-02-05T23:59', '2026-02-06T00:00:00Z'],
  ])('finds a row whose time is a text that comes elsewhere among texts: %s', async (time, edge) => {
    const range = { start: at(edge), end: at('2026-03-01T00:00:00Z') }
    const before = { start: at('2026-01-01T00:00:00Z'), end: at(edge) }
    for (const taken of [range, before]) {
      const times = ['2026-01-10 12:00:00', '2026-02-10 12:00:00', '2026-02-11 12:00:00', '2026-01-11 12:00:00']
      const world = await create(times)
      for (const [table, column] of Object.entries(TIME_COLUMNS)) {
        if (backend.name !== 'embedded') await world.exec(`ALTER TABLE ${table} MODIFY ${column} VARCHAR(40)`)
        await world.exec(`UPDATE ${table} SET ${column} = '${time}' WHERE id = 2`)
      }
      const whole = { start: before.start, end: range.end }
      const tables = await reading(world, (snapshot) => readOf(snapshot, 4, whole, taken), { zone: 'UTC' })
      for (const { found } of tables) {
        for (const [how, ids] of Object.entries(found)) expect([how, ids]).toEqual([how, [1, 2, 3, 4]])
      }
      await stored?.remove()
      stored = undefined
    }
  })

  test('is of the instants themselves, half-open', async () => {
    const range = { start: at('2026-02-10T00:00:00Z'), end: at('2026-02-11T00:00:00Z') }
    const zone = openZone('UTC')
    const times = [instant(range.start - 1000), range.start, instant(range.end - 1000), range.end]
    const world = await create(times.map((time) => zone?.toNaive(time) ?? ''))
    const [points, , tasks] = await reading(world, (snapshot) => readOf(snapshot, 4, range), { zone: 'UTC' })
    expect(times.map((time) => within(time, range))).toEqual([false, true, true, false])
    const read = { streamed: [2, 3], whole: [1, 2, 3, 4] }
    expect(points).toMatchObject({ ...read, found: { few: [1, 2, 3, 4], many: [1, 4] } })
    expect(tasks).toMatchObject({ ...read, found: { byTaskId: [1, 4], byRequestId: [1, 4], byRequest: [1, 4] } })
  })

  test('is of fractions of a second too', async () => {
    const range = { start: at('2026-02-10T00:00:00.250Z'), end: at('2026-02-11T00:00:00.250Z') }
    const times = ['10 00:00:00.249', '10 00:00:00.250', '11 00:00:00.000', '11 00:00:00.249', '11 00:00:00.250']
    const world = await create(times.map((time) => `2026-02-${time.slice(0, 11)}`))
    for (const [table, column] of Object.entries(TIME_COLUMNS)) {
      if (backend.name !== 'embedded') await world.exec(`ALTER TABLE ${table} MODIFY ${column} DATETIME(3)`)
      for (const [index, time] of times.entries()) {
        await world.exec(`UPDATE ${table} SET ${column} = '2026-02-${time}' WHERE id = ${index + 1}`)
      }
    }
    for (const { streamed, found } of await reading(world, (snapshot) => readOf(snapshot, 5, range), { zone: 'UTC' })) {
      expect(streamed).toEqual([2, 3, 4])
      for (const ids of Object.values(found)) {
        expect([...new Set([...streamed, ...ids])].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5])
      }
    }
  })

  test('may be of a part of what was streamed, and is of all where more is said to be taken', async () => {
    const range = { start: at('2026-02-10T00:00:00Z'), end: at('2026-02-13T00:00:00Z') }
    const middle = { start: at('2026-02-11T00:00:00Z'), end: at('2026-02-12T00:00:00Z') }
    const days = [9, 10, 11, 11, 11, 12]
    const world = await create(days.map((day) => `2026-02-${String(day).padStart(2, '0')} 12:00:00`))
    const foundOf = (taken: InstantRange) =>
      reading(world, async (snapshot) => (await readOf(snapshot, 6, range, taken)).map(({ found }) => found), {
        zone: 'UTC',
      })
    const others = [1, 2, 6]
    expect(await foundOf(middle)).toMatchObject([
      { many: others },
      { many: others },
      { byTaskId: others, byRequestId: others, byRequest: others },
    ])
    const every = [1, 2, 3, 4, 5, 6]
    for (const taken of [
      { start: instant(range.start - 1), end: range.end },
      { start: range.start, end: instant(range.end + 1) },
    ]) {
      expect(await foundOf(taken)).toMatchObject([{ many: every }, { many: every }, { byTaskId: every }])
    }
    // Where most of the tasks lie elsewhere, all of them are looked through, by whatever index knows their ids.
    const last = { start: at('2026-02-12T00:00:00Z'), end: range.end }
    expect(await foundOf(last)).toMatchObject([
      { many: [1, 2, 3, 4, 5] },
      { many: [1, 2, 3, 4, 5] },
      { byTaskId: every, byRequestId: every, byRequest: every },
    ])
  })
})
