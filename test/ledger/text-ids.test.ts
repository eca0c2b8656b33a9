import { afterEach, describe, expect, test } from 'vitest'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { openLedgerInspector } from '../../src/ledger/open-inspector.ts'
import { LIMITS } from '../../src/limits.ts'
import {
  ALL_TIME,
  account,
  all,
  at,
  BACKENDS,
  cashRow,
  NOW,
  pointsRow,
  reading,
  type Stored,
  task,
  uuid,
} from './backends.ts'

const LAST = Number.MAX_SAFE_INTEGER
/** Texts in an order of their own: as texts 10 and 100 come before 2, and LAST before 9. */
const TEXTS: readonly (readonly [string, number])[] = [
  ['9', 9],
  ['10', 10],
  [' 2 ', 2],
  ['0007', 7],
  ['+8', 8],
  ['100.0', 100],
  [String(LAST - 1), LAST - 1],
  [String(LAST), LAST],
]
const SORTED = TEXTS.map(([, id]) => id).sort((a, b) => a - b)
const UUID = '1e2f9a6c-0000-4000-8000-00000000abcd'
const LONG = ['ts_fal_tasks', 'ts_points_detail', 'ts_financial_transactions'] as const
/** So many that a look-up reads the ids of the whole table. */
const many = (ids: readonly string[]) => [
  ...ids,
  ...Array.from({ length: LIMITS.lookupIds }, (_, index) => `none-${index}`),
]
const ids = (rows: readonly { readonly rowId: number }[]) => rows.map(({ rowId }) => rowId)
const sorted = (rows: readonly { readonly rowId: number }[]) => ids(rows).sort((a, b) => a - b)

describe.each(BACKENDS)('ids that are texts, on $name', (backend) => {
  let stored: Stored | undefined
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  /** Has a column hold texts, whatever its type was. */
  const retype = async (world: Stored, table: string, column: string, type = 'VARCHAR(60)'): Promise<void> => {
    if (backend.name !== 'embedded') {
      await world.exec(`ALTER TABLE ${table} MODIFY ${column} ${type} NOT NULL`)
      return
    }
    // Its keys are row ids, which hold nothing but numbers: the table is made anew without one.
    await world.exec(`CREATE TABLE other AS SELECT *, CAST(${column} AS TEXT) AS added FROM ${table}`)
    await world.exec(`DROP TABLE ${table}`)
    await world.exec(`ALTER TABLE other DROP COLUMN ${column}`)
    await world.exec(`ALTER TABLE other ADD COLUMN ${column} ${type}`)
    await world.exec(`UPDATE other SET ${column} = added`)
    await world.exec(`ALTER TABLE other RENAME TO ${table}`)
  }

  const day = (index: number) => `2026-02-0${index + 1} 12:00:00`
  /** One row a text in each of the three tables, of days in the order of the texts above. */
  const create = async (texts: readonly string[], type?: string): Promise<Stored> => {
    const at = texts.map((_, index) => index + 1)
    const world = await backend.create({
      tasks: at.map((id) => task(id, { createdAt: day(id - 1) })),
      points: at.map((id) => pointsRow(id, { createdAt: day(id - 1) })),
      cash: at.map((id) => cashRow(id, { time: day(id - 1) })),
    })
    stored = world
    for (const table of LONG) {
      await retype(world, table, 'id', type)
      // Not at once: a text that is there already would be taken for another row.
      for (const id of at) await world.exec(`UPDATE ${table} SET id = 'r${id}' WHERE id = '${id}'`)
      for (const id of at) await world.exec(`UPDATE ${table} SET id = '${texts[id - 1]}' WHERE id = 'r${id}'`)
    }
    return world
  }
  const orders = TEXTS.map((_, index) => `t${index + 1}`)

  // A column without a type keeps numbers and texts side by side.
  test.each(backend.name === 'embedded' ? ['VARCHAR(60)', ''] : ['VARCHAR(60)'])(
    'come in the order of their numbers, and exactly (%s)',
    async (type) => {
      const world = await create(
        TEXTS.map(([text]) => text),
        type,
      )
      if (type === '') await world.exec("UPDATE ts_points_detail SET id = 10 WHERE id = '10'")
      await reading(world, async (snapshot) => {
        expect(ids(await all(snapshot.points(ALL_TIME)))).toEqual(SORTED)
        expect(ids(await all(snapshot.points(ALL_TIME, { userIds: [101] })))).toEqual(SORTED)
        expect(ids(await all(snapshot.cash(ALL_TIME)))).toEqual(SORTED)
        expect(sorted(await all(snapshot.tasks(ALL_TIME)))).toEqual(SORTED)
      })
    },
  )

  const types = backend.name === 'embedded' ? ['VARCHAR(60)', 'BLOB'] : ['VARCHAR(60)', 'VARBINARY(60)']
  test.each(types)('tell the newest rows by their numbers (%s)', async (type) => {
    const world = await create(
      TEXTS.map(([text]) => text),
      type,
    )
    const inspector = openLedgerInspector({
      ...{ url: world.url, mapping: DEFAULT_MAPPING, clock: () => NOW, deadlineMs: LIMITS.databaseDeadline },
    })
    const inspection = await inspector.open(new AbortController().signal)
    const newest = await inspection.newest('points', ['id'], 4)
    await inspection.close()
    expect(newest.map(([id]) => Number(id))).toEqual([LAST, LAST - 1, 100, 10])
  })

  test('are left out of no look-up', async () => {
    const world = await create(TEXTS.map(([text]) => text))
    await reading(world, async (snapshot) => {
      const requests = TEXTS.map((_, index) => uuid(index + 1))
      expect(ids(await snapshot.tasksByTaskIds(orders))).toEqual(SORTED)
      expect(ids(await snapshot.tasksByRequestIds(requests))).toEqual(SORTED)
      expect(ids(await snapshot.tasksByEitherId([...orders, ...requests]))).toEqual(SORTED)
      for (const wanted of [orders, many(orders)]) {
        expect(ids(await snapshot.pointsByOrderIds(wanted))).toEqual(SORTED)
        expect(ids(await snapshot.cashByOrderIds(wanted))).toEqual(SORTED)
      }
    })
  })

  test('tell the last row before a time and before another row', async () => {
    const world = await create(TEXTS.map(([text]) => text))
    await reading(world, async (snapshot) => {
      const others = Array.from({ length: 300 }, (_, id) => 5000 + id)
      for (const users of [[101], [101, ...others]]) {
        for (const [before, last] of [
          ['2026-02-02T00:00:00+08:00', 9],
          ['2026-02-06T00:00:00+08:00', 10],
          ['2026-02-07T00:00:00+08:00', 100],
          ['2026-02-12T00:00:00+08:00', LAST],
        ] as const) {
          expect([before, ids(await snapshot.lastPointsBefore(users, at(before)))]).toEqual([before, [last]])
        }
      }
    })
    // Asked before anything else was, too.
    for (const padding of [0, 30]) {
      const more = Array.from({ length: padding }, (_, id) => ({ userId: 5000 + id, rowId: 1 }))
      for (const [rowId, last] of [
        [2, []],
        [10, [9]],
        [101, [100]],
        [LAST, [LAST - 1]],
      ] as const) {
        await reading(world, async (snapshot) => {
          const rows = [{ userId: 101, rowId }, ...more]
          expect([rowId, ids(await snapshot.pointsRowsBefore(rows))]).toEqual([rowId, last])
        })
      }
    }
  })

  test('are an error that names the column where they are no numbers, and in no look-up nothing', async () => {
    const world = await create([UUID, '7'])
    // Beside the keys of tasks it could be one.
    const held = (table: string) => (table === 'ts_fal_tasks' ? 'what could be a key' : `"${UUID.slice(0, 23)}…"`)
    const refusal = (table: string) => ({
      kind: 'source',
      message: `${table}.id holds ${held(table)}, which is not a whole number of at most ${LAST}`,
      field: `${table}.id`,
      next: expect.stringMatching(/^name a column of whole numbers in AUDIT_CONFIG \(columns\)/),
    })
    await reading(world, async (snapshot) => {
      for (const read of [
        () => all(snapshot.tasks(ALL_TIME)),
        () => snapshot.tasksByTaskIds(['t1']),
        () => snapshot.tasksByRequestIds([uuid(1)]),
      ]) {
        await expect(read()).rejects.toMatchObject(refusal('ts_fal_tasks'))
      }
      for (const read of [
        () => all(snapshot.points(ALL_TIME)),
        () => snapshot.pointsByOrderIds(['t1']),
        () => snapshot.pointsByOrderIds(many(['t1'])),
        () => snapshot.lastPointsBefore([101], at('2026-02-02T00:00:00+08:00')),
        () => snapshot.lastPointsBefore([101], at('2026-02-12T00:00:00+08:00')),
        () => snapshot.pointsRowsBefore([{ userId: 101, rowId: 7 }]),
      ]) {
        await expect(read()).rejects.toMatchObject(refusal('ts_points_detail'))
      }
      await expect(all(snapshot.cash(ALL_TIME))).rejects.toMatchObject(refusal('ts_financial_transactions'))
      await expect(snapshot.cashByOrderIds(many(['t1']))).rejects.toMatchObject(refusal('ts_financial_transactions'))
    })
  })

  test('of users find their rows by number, in whatever form', async () => {
    const points = [1, 2, 3, 4].map((id) => pointsRow(id))
    const cash = [1, 2, 3, 4].map((id) => cashRow(id))
    const world = await backend.create({ points, cash, tasks: [1, 2, 3, 4].map((id) => task(id)) })
    stored = world
    for (const table of LONG) {
      await retype(world, table, 'user_id')
      for (const [id, text] of ['101', '0101', ' 101 ', '1010'].entries()) {
        await world.exec(`UPDATE ${table} SET user_id = '${text}' WHERE id = ${id + 1}`)
      }
    }
    for (const table of ['tasks', 'points', 'cash'] as const) {
      await reading(world, async (snapshot) => {
        expect([...(await snapshot.usersIn(table, [101, 1010, 1]))].sort()).toEqual([101, 1010])
      })
    }
    await reading(world, async (snapshot) => {
      expect(ids(await all(snapshot.points(ALL_TIME, { userIds: [101] })))).toEqual([1, 2, 3])
      expect(ids(await all(snapshot.cash(ALL_TIME, { userIds: [101] })))).toEqual([1, 2, 3])
      expect(ids(await snapshot.lastPointsBefore([101, 1010], ALL_TIME.end))).toEqual([3, 4])
      expect(ids(await snapshot.pointsRowsBefore([{ userId: 101, rowId: 4 }]))).toEqual([3])
    })
  })

  test('of users that are no numbers are told of the table that holds them', async () => {
    const world = await backend.create({ points: [pointsRow(1)], cash: [cashRow(1)], tasks: [task(1)] })
    stored = world
    for (const table of LONG) {
      await retype(world, table, 'user_id')
      await world.exec(`UPDATE ${table} SET user_id = '101abc'`)
    }
    for (const [index, table] of (['tasks', 'points', 'cash'] as const).entries()) {
      const asked = reading(world, (snapshot) => snapshot.usersIn(table, [101]))
      await expect(asked).rejects.toThrow(`${LONG[index]}.user_id holds "101abc"`)
    }
  })

  const others = (rowId: number) => Array.from({ length: 300 }, (_, id) => ({ userId: 5000 + id, rowId }))
  /** Rows 1 and 3 are of user 0, the others of nobody. */
  const expectNobodys = (world: Stored) =>
    reading(world, async (snapshot) => {
      for (const book of ['points', 'cash'] as const) {
        expect(ids(await all(snapshot[book](ALL_TIME, { userIds: [0] })))).toEqual([1, 3])
        expect(ids(await all(snapshot[book](ALL_TIME, { userIds: [0], ownerless: true })))).toEqual([1, 2, 3, 4])
      }
      const untold = (await all(snapshot.tasks(ALL_TIME))).filter(({ userUntold }) => userUntold === true)
      expect(sorted(untold)).toEqual([2, 4])
      for (const more of [[], others(1)]) {
        const users = [0, ...more.map(({ userId }) => userId)]
        expect(ids(await snapshot.lastPointsBefore(users, ALL_TIME.end))).toEqual([3])
        expect(ids(await snapshot.pointsRowsBefore([{ userId: 0, rowId: 3 }, ...more]))).toEqual([1])
      }
    })
  const fourRows = async () => {
    stored = await backend.create({
      points: [1, 2, 3, 4].map((id) => pointsRow(id, { userId: 0 })),
      cash: [1, 2, 3, 4].map((id) => cashRow(id, { userId: 0 })),
      tasks: [1, 2, 3, 4].map((id) => task(id, { userId: 0 })),
    })
    return stored
  }

  test('of users name nobody where they are empty or blank, and not user 0', async () => {
    const world = await fourRows()
    for (const table of LONG) {
      await retype(world, table, 'user_id')
      await world.exec(`UPDATE ${table} SET user_id = '' WHERE id = 2`)
      await world.exec(`UPDATE ${table} SET user_id = '  ' WHERE id = 4`)
    }
    await expectNobodys(world)
    for (const table of LONG) await world.exec(`DELETE FROM ${table} WHERE id IN (1, 3)`)
    for (const table of ['tasks', 'points', 'cash'] as const) {
      expect([...(await reading(world, (snapshot) => snapshot.usersIn(table, [0])))]).toEqual([])
    }
  })

  test('of users name nobody where they are NULL, and not user 0', async () => {
    const world = await fourRows()
    for (const table of LONG) await world.exec(`UPDATE ${table} SET user_id = NULL WHERE id IN (2, 4)`)
    await expectNobodys(world)
  })

  test('of accounts come newest first by their numbers', async () => {
    const world = await backend.create({ accounts: [account(9), account(10), account(100)] })
    stored = world
    await retype(world, 'ts_fal_account', 'id')
    const accounts = await reading(world, (snapshot) => snapshot.accounts())
    expect(accounts.map(({ accountId }) => accountId)).toEqual([100, 10, 9])
  })
})
