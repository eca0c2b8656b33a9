import { afterEach, describe, expect, test } from 'vitest'
import { boundsOf } from '../../src/ledger/time-bounds.ts'
import {
  HOUR,
  type Instant,
  type InstantRange,
  instant,
  MINUTE,
  plus,
  SECOND,
  within,
} from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { all, at, BACKENDS, cashRow, pointsRow, reading, type Stored, task } from './backends.ts'

/** Neither begins nor ends with a day: as texts 12:00 with a T comes behind all of its day. */
const WINDOW: InstantRange = { start: at('2026-02-01T12:00:00+08:00'), end: at('2026-02-06T12:00:00+08:00') }
const DAYS: InstantRange = { start: at('2026-02-01T00:00:00+08:00'), end: at('2026-02-07T00:00:00+08:00') }

type Literal = (time: Instant) => string
const wall = (time: Instant, hours = 8): string => new Date(plus(time, hours * HOUR)).toISOString().slice(0, -1)
const quoted = (text: string): string => `'${text}'`
const whole = (text: string): string => text.slice(0, 19)
const blank = (text: string): string => text.replace('T', ' ')

/** Forms that are read, with the least step of each. */
const READ: readonly [string, number, Literal][] = [
  ['a blank', SECOND, (time) => quoted(whole(blank(wall(time))))],
  ['a T', SECOND, (time) => quoted(whole(wall(time)))],
  ['a blank and a fraction', 1, (time) => quoted(blank(wall(time)))],
  ['a T and a fraction', 1, (time) => quoted(wall(time))],
  ['microseconds', 1, (time) => quoted(`${blank(wall(time))}999`)],
  ['no seconds', MINUTE, (time) => quoted(blank(wall(time)).slice(0, 16))],
  ['a T and no seconds', MINUTE, (time) => quoted(wall(time).slice(0, 16))],
  ['blanks around', SECOND, (time) => quoted(` ${whole(blank(wall(time)))} `)],
]
/** Forms that are not: a row of one may lie anywhere. */
const UNREAD: readonly [string, number, Literal][] = [
  ['UTC', SECOND, (time) => quoted(`${whole(wall(time, 0))}Z`)],
  ['UTC and a fraction', 1, (time) => quoted(`${wall(time, 0)}Z`)],
  ['UTC with a blank', SECOND, (time) => quoted(`${blank(whole(wall(time, 0)))}+00:00`)],
  ['the offset furthest east', SECOND, (time) => quoted(`${whole(wall(time, 14))}+14:00`)],
  ['the offset furthest west', SECOND, (time) => quoted(`${whole(wall(time, -12))}-12:00`)],
  ['seconds', SECOND, (time) => String(time / SECOND)],
  ['milliseconds', 1, String],
  ['seconds in a text', SECOND, (time) => quoted(String(time / SECOND))],
  ['a Julian day', MINUTE, (time) => String(time / 86_400_000 + 2_440_587.5)],
  ['slashes', SECOND, (time) => quoted(whole(blank(wall(time))).replaceAll('-', '/'))],
  [
    'other digits',
    SECOND,
    (time) => quoted(whole(blank(wall(time))).replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))),
  ],
]
const BYTES: readonly [string, number, Literal][] = [
  ['bytes', SECOND, (time) => `CAST(${quoted(whole(blank(wall(time))))} AS BLOB)`],
  ['bytes with a T', SECOND, (time) => `CAST(${quoted(whole(wall(time)))} AS BLOB)`],
]

interface Row {
  readonly id: number
  readonly form: string
  readonly time: Instant
  readonly literal: string
}

/** Rows one step before each edge and on it, in every form: neighbours by id are of different forms. */
const rowsOf = (forms: readonly [string, number, Literal][], range: InstantRange, firstId: number): Row[] =>
  [range.start, range.end].flatMap((edge, atEdge) =>
    [0, 1].flatMap((beside) =>
      forms.map(([form, step, literalOf], index) => {
        const time = plus(edge, (beside - 1) * step)
        return { id: firstId + index + forms.length * (beside + 2 * atEdge), form, time, literal: literalOf(time) }
      }),
    ),
  )

/** Of each row its own user, so that it is told whose time could not be read. */
const userOf = (id: number): number => 1000 + id
const ids = (rows: readonly { readonly rowId: number }[]) => rows.map(({ rowId }) => rowId).sort((a, b) => a - b)

describe.each(BACKENDS)('a column with times of many forms, on $name', (backend) => {
  let stored: Stored | undefined
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })
  const readForms = backend.name === 'embedded' ? [...READ, ...BYTES] : READ

  const create = async (rows: readonly Row[], ownerOf = userOf): Promise<Stored> => {
    const world = await backend.create({
      tasks: rows.map(({ id }) => task(id, { userId: ownerOf(id) })),
      points: rows.map(({ id }) => pointsRow(id, { userId: ownerOf(id) })),
      cash: rows.map(({ id }) => cashRow(id, { userId: ownerOf(id) })),
    })
    stored = world
    for (const [table, column] of [
      ['ts_fal_tasks', 'created_at'],
      ['ts_points_detail', 'created_at'],
      ['ts_financial_transactions', 'time'],
    ]) {
      if (backend.name !== 'embedded') await world.exec(`ALTER TABLE ${table} MODIFY ${column} VARCHAR(40)`)
      for (const { id, literal } of rows)
        await world.exec(`UPDATE ${table} SET ${column} = ${literal} WHERE id = ${id}`)
    }
    return world
  }

  test.each([
    ['within days', WINDOW],
    ['at midnight', DAYS],
  ] as const)('has each row read by its instant, or counted, at edges %s', async (_, range) => {
    const readable = rowsOf(readForms, range, 1)
    const unreadable = rowsOf(UNREAD, range, readable.length + 1)
    const world = await create([...readable, ...unreadable])
    const wanted = readable.filter(({ time }) => within(time, range)).map(({ id }) => id)
    expect(wanted.length).toBe(readable.length / 2)
    await reading(world, async (snapshot) => {
      expect(ids(await all(snapshot.tasks(range)))).toEqual(wanted)
      expect(ids(await all(snapshot.points(range)))).toEqual(wanted)
      expect(ids(await all(snapshot.cash(range)))).toEqual(wanted)
      const unread = snapshot.unreadTimes?.() ?? {}
      for (const table of ['tasks', 'points', 'cash'] as const) {
        const counted = new Set(unread[table]?.userIds)
        const missed = unreadable.filter(({ id, time }) => within(time, range) && !counted.has(userOf(id)))
        expect([table, missed.map(({ form, literal }) => [form, literal])]).toEqual([table, []])
        // Those that are read are not counted besides.
        expect(readable.filter(({ id }) => counted.has(userOf(id)))).toEqual([])
      }
    })
  })

  test('has nothing counted where each form is one that is read', async () => {
    const world = await create(rowsOf(readForms, WINDOW, 1))
    await reading(world, async (snapshot) => {
      await all(snapshot.tasks(WINDOW))
      await all(snapshot.points(WINDOW))
      expect(snapshot.unreadTimes?.()).toEqual({})
    })
  })

  test('has dates alone at the beginning of their day', async () => {
    const dates = ['2026-01-31', '2026-02-01', '2026-02-06', '2026-02-07']
    const rows = dates.map((date, index) => ({
      ...{ id: index + 1, form: 'a date', time: at(`${date}T00:00:00+08:00`), literal: quoted(date) },
    }))
    const usual = { id: 5, form: 'a blank', time: DAYS.start, literal: "'2026-02-01 00:00:00'" }
    await reading(await create([...rows, usual]), async (snapshot) => {
      expect(ids(await all(snapshot.points(DAYS)))).toEqual([2, 3, 5])
      expect(ids(await all(snapshot.points(WINDOW)))).toEqual([3])
    })
  })

  test('tells the last row before an instant by its time', async () => {
    for (const [form, step, literalOf] of readForms) {
      for (const before of [WINDOW.end, DAYS.end]) {
        // The last row is of the usual form, as if somebody had changed the program.
        const times = [plus(before, -36 * HOUR), plus(before, -step), before, plus(before, 48 * HOUR)]
        const rows = times.map((time, index) => ({
          ...{ id: index + 1, form, time, literal: index < 3 ? literalOf(time) : quoted(whole(blank(wall(time)))) },
        }))
        const world = await create(rows, () => 101)
        await reading(world, async (snapshot) => {
          expect([form, ids(await snapshot.lastPointsBefore([101], before))]).toEqual([form, [2]])
          const next = instant(before + step)
          expect([form, ids(await snapshot.lastPointsBefore([101], next))]).toEqual([form, [3]])
        })
        await world.remove()
        stored = undefined
      }
    }
  })

  test('tells the last use of a key by its time', async () => {
    const literals = ["'2026-02-03T01:00:00'", "'2026-02-03 23:00:00'", "'yesterday'", "'2026-02-03T22:00'"]
    const rows = literals.map((literal, index) => ({ id: index + 1, form: '', time: DAYS.start, literal }))
    await reading(await create(rows), async (snapshot) => {
      expect([...(await snapshot.lastUse())]).toEqual([['key-1-0000:secret', at('2026-02-03T23:00:00+08:00')]])
    })
  })
})

describe('bounds of texts', () => {
  const zones = ['+14:00', '-12:00', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'].map((id) => openZone(id)!)

  test.each(zones.map((zone) => [zone.id, zone] as const))('hold the times of every place, in %s', (_, zone) => {
    for (let hour = 0; hour < 48; hour++) {
      const start = plus(WINDOW.start, hour * HOUR)
      const range = { start, end: plus(start, HOUR) }
      const { from, until } = boundsOf(range, zone, 'texts')
      for (const inside of [range.start, instant(range.end - 1)]) {
        for (const offset of [-12, 0, 8, 14]) {
          for (const text of [wall(inside, offset), blank(wall(inside, offset)), wall(inside, offset).slice(0, 10)]) {
            expect(text >= from && text < until, `${from} ${text} ${until}`).toBe(true)
          }
        }
      }
    }
  })
})
