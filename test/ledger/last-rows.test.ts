import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eachLastBelow, largestOf, lastBelow } from '../../src/ledger/last-rows.ts'
import { LIMITS } from '../../src/limits.ts'
import { instant, MINUTE, plus } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { at, BACKENDS, pointsRow, reading } from './backends.ts'

interface Owned {
  readonly id: number
  /** NaN: nobody. */
  readonly userId: number
}
interface Limit {
  readonly userId: number
  readonly rowId: number
}

/** Rows as the store hands them out, so many at once. */
async function* batchesOf(rows: readonly Owned[], size: number) {
  for (let from = 0; from < rows.length; from += size) {
    const some = rows.slice(from, from + size)
    // A place may be longer than what is in it, and hold what was there before.
    yield { count: some.length, pairs: Float64Array.from([...some.flatMap(({ id, userId }) => [id, userId]), 1, 1]) }
  }
}

const users = fc.constantFrom(0, 1, 2, 3)
const ownedRows = fc.array(
  fc.record({ id: fc.integer({ min: -3, max: 30 }), userId: fc.oneof(users, fc.constant(Number.NaN)) }),
  { maxLength: 30 },
)
const limitsOf = fc.array(fc.record({ userId: users, rowId: fc.integer({ min: -3, max: 31 }) }), { maxLength: 8 })
const lastId = (rows: readonly Owned[], { userId, rowId }: Limit): number | undefined =>
  rows
    .filter((row) => row.userId === userId && row.id < rowId)
    .map(({ id }) => id)
    .sort((a, b) => b - a)[0]
const sorted = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b)

describe('the last row ids below some limits', () => {
  test('are those of each user, in whatever order rows come', async () => {
    await fc.assert(
      fc.asyncProperty(ownedRows, limitsOf, fc.integer({ min: 1, max: 7 }), async (rows, limits, size) => {
        const ofUsers = new Map<number, number>(limits.map(({ userId, rowId }) => [userId, rowId]))
        const found = await lastBelow(ofUsers, batchesOf(rows, size))
        for (const [userId, rowId] of ofUsers) expect(found.get(userId)).toBe(lastId(rows, { userId, rowId }))
        expect([...found.keys()].every((userId) => ofUsers.has(userId))).toBe(true)
      }),
    )
  })

  test('are those below each of several limits of a user, each once', async () => {
    await fc.assert(
      fc.asyncProperty(ownedRows, limitsOf, fc.integer({ min: 1, max: 7 }), async (rows, limits, size) => {
        const wanted = new Set(limits.flatMap((limit) => lastId(rows, limit) ?? []))
        expect(sorted(await eachLastBelow(limits, batchesOf(rows, size)))).toEqual(sorted(wanted))
      }),
    )
  })

  test('need no row from the largest limit on, of however many limits', () => {
    expect(largestOf([-5, -3, -4])).toBe(-3)
    expect(largestOf(Array.from({ length: 200_000 }, (_, index) => (index * 7919) % 200_000))).toBe(199_999)
  })
})

describe.each(BACKENDS)('points rows before others on $name', (backend) => {
  /** Rows of users in turn, those of a user not in the order of their times; the last one is nobody's. */
  const OWNERS = [101, 102, 101, 103, 101, 102, 104, 101]
  const points = OWNERS.map((userId, index) =>
    pointsRow(10 * (index + 1), { userId, createdAt: `2026-02-0${8 - index} 12:00:00` }),
  )
  const strangers = (count: number): Limit[] =>
    Array.from({ length: count }, (_, index) => ({ userId: 5000 + index, rowId: 1000 }))

  const created = async () => {
    const world = await backend.create({ points: [...points, pointsRow(90)] })
    await world.exec('UPDATE ts_points_detail SET user_id = NULL WHERE id = 90')
    return world
  }

  test('are the last of each user below an id, whether few are asked about, many, or several rows of one', async () => {
    const world = await created()
    const owned = points.map(({ id, userId }) => ({ id, userId }))
    const questions: readonly (readonly Limit[])[] = [
      [{ userId: 101, rowId: 80 }],
      [{ userId: 101, rowId: 81 }],
      [{ userId: 101, rowId: 10 }],
      [
        { userId: 102, rowId: 60 },
        { userId: 103, rowId: 1000 },
        { userId: 101, rowId: 31 },
      ],
      [
        { userId: 101, rowId: 80 },
        { userId: 102, rowId: 20 },
        { userId: 101, rowId: 30 },
        { userId: 101, rowId: 10 },
      ],
    ]
    try {
      await reading(world, async (snapshot) => {
        for (const asked of questions) {
          const wanted = sorted(new Set(asked.flatMap((limit) => lastId(owned, limit) ?? [])))
          for (const more of [[], strangers(25)]) {
            const found = await snapshot.pointsRowsBefore([...asked, ...more])
            expect(found.map(({ rowId }) => rowId)).toEqual(wanted)
            expect(found.map(({ userId }) => userId)).toEqual(wanted.map((id) => OWNERS[id / 10 - 1]))
          }
        }
        expect(await snapshot.pointsRowsBefore([])).toEqual([])
      })
    } finally {
      await world.remove()
    }
  })

  test('are of the users who have one, each by an id of their own', async () => {
    const world = await created()
    const asked = [
      { userId: 101, rowId: 10 },
      { userId: 102, rowId: 21 },
      { userId: 103, rowId: 40 },
      { userId: 104, rowId: 1000 },
      ...strangers(LIMITS.lookupIds + 1),
    ]
    try {
      await reading(world, async (snapshot) => {
        expect(sorted(await snapshot.pointsUsersBefore(asked))).toEqual([102, 104])
        expect(sorted(await snapshot.pointsUsersBefore([{ userId: 101, rowId: 11 }]))).toEqual([101])
        // The largest id of all is not the first one that is asked about.
        expect(sorted(await snapshot.pointsUsersBefore(asked.slice(0, 3).reverse()))).toEqual([102])
        expect(await snapshot.pointsUsersBefore([])).toEqual(new Set())
      })
    } finally {
      await world.remove()
    }
  })

  test('are looked up by their own ids too, in order, all of those that share one', async () => {
    const world = await created()
    try {
      const twice = backend.name === 'embedded' ? 'AS SELECT' : 'SELECT'
      await world.exec(`CREATE TABLE copy ${twice} * FROM ts_points_detail`)
      await world.exec('DROP TABLE ts_points_detail')
      await world.exec('ALTER TABLE copy RENAME TO ts_points_detail')
      await world.exec('UPDATE ts_points_detail SET id = 20 WHERE id = 60')
      await reading(world, async (snapshot) => {
        const many = Array.from({ length: LIMITS.lookupIds }, (_, index) => 1000 + index)
        for (const asked of [
          [80, 20, 7, 20, 10],
          [80, 20, ...many, 20, 10],
        ]) {
          const found = await snapshot.pointsByRowIds(asked)
          expect(found.map(({ rowId }) => rowId)).toEqual([10, 20, 20, 80])
          expect(sorted(found.filter(({ rowId }) => rowId === 20).map(({ at }) => at))).toEqual(
            sorted([2, 6].map((place) => Date.parse(`2026-02-0${9 - place}T12:00:00+08:00`))),
          )
        }
        expect(await snapshot.pointsByRowIds([])).toEqual([])
      })
    } finally {
      await world.remove()
    }
  })
})

describe.each(BACKENDS)('the last row before an instant on $name', (backend) => {
  // Nights on which the clock shows an hour, or half of one, again, or none of it; and one like any other.
  test.each([
    ['America/New_York', '2026-10-31T22:00:00Z'],
    ['America/New_York', '2026-03-07T22:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T22:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T22:00:00Z'],
    ['+08:00', '2026-10-03T22:00:00Z'],
  ])('is of each user the one whose own is earlier, on a night of %s: %s', async (id, evening) => {
    const zone = openZone(id)
    if (zone === undefined) throw new RangeError('no such zone')
    // What the clock may show, every ten minutes: a row of each user, every other one a while behind its second.
    const rows = Array.from({ length: 61 }, (_, index) => {
      const second = new Date(plus(at(evening), index * 10 * MINUTE)).toISOString().slice(0, 19).replace('T', ' ')
      const naive = `${second}${index % 2 === 0 ? '' : '.800'}`
      return { rowId: 1000 - index, userId: index, second, naive, time: zone.fromNaive(naive) ?? instant(0) }
    })
    const world = await backend.create({
      points: rows.map(({ rowId, userId, second }) => pointsRow(rowId, { userId, createdAt: second })),
    })
    try {
      if (backend.name !== 'embedded') await world.exec('ALTER TABLE ts_points_detail MODIFY created_at DATETIME(3)')
      const later = backend.name === 'embedded' ? "created_at || '.800'" : 'created_at + INTERVAL 800000 MICROSECOND'
      await world.exec(`UPDATE ts_points_detail SET created_at = ${later} WHERE user_id % 2 = 1`)
      const users = rows.map(({ userId }) => userId)
      const first = rows[0]?.time ?? instant(0)
      await reading(
        world,
        async (snapshot) => {
          for (let step = 0; step < 90; step++) {
            const before = plus(first, step * 10 * MINUTE + (step % 3) * 500)
            const wanted = rows.filter(({ time }) => time < before).map(({ userId }) => userId)
            const found = (await snapshot.lastPointsBefore(users, before)).map(({ userId }) => userId)
            expect([zone.format(before), sorted(found)]).toEqual([zone.format(before), wanted])
          }
        },
        { zone: id },
      )
    } finally {
      await world.remove()
    }
  })
})
