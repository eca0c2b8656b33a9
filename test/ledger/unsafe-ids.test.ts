import { afterEach, describe, expect, test } from 'vitest'
import { LIMITS } from '../../src/limits.ts'
import { ALL_TIME, account, all, BACKENDS, cashRow, pointsRow, reading, type Stored, task } from './backends.ts'

const LAST = Number.MAX_SAFE_INTEGER
const SNOWFLAKE = '1887000000004194311'
/** So many that a look-up reads the ids of the whole table. */
const MANY = ['t1', ...Array.from({ length: LIMITS.lookupIds }, (_, index) => `none-${index}`)]

const TABLES = {
  accounts: 'ts_fal_account',
  tasks: 'ts_fal_tasks',
  users: 'ts_users',
  points: 'ts_points_detail',
  cash: 'ts_financial_transactions',
}
const ROWS = {
  accounts: [account(1)],
  tasks: [task(1)],
  users: [{ id: 101, username: 'lin' }],
  points: [pointsRow(1)],
  cash: [cashRow(1)],
}

const READS = {
  accounts: (snapshot) => snapshot.accounts(),
  tasks: (snapshot) => all(snapshot.tasks(ALL_TIME)),
  points: (snapshot) => all(snapshot.points(ALL_TIME)),
  cash: (snapshot) => all(snapshot.cash(ALL_TIME)),
} satisfies Record<string, (snapshot: Parameters<Parameters<typeof reading>[1]>[0]) => Promise<unknown[]>>

describe.each(BACKENDS)('ids that no number holds, on $name', (backend) => {
  let stored: Stored | undefined
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  /** A world whose ids in one column are these, whatever its type was. */
  const withIds = async (table: string, column: string, type: string, value: string | null): Promise<Stored> => {
    stored = await backend.create(ROWS)
    const literal = value === null ? 'NULL' : `'${value}'`
    if (backend.name !== 'embedded') {
      await stored.exec(`ALTER TABLE ${table} MODIFY ${column} ${type}`)
      await stored.exec(`UPDATE ${table} SET ${column} = ${literal}`)
      return stored
    }
    // Its keys are row ids, which hold nothing but numbers: the table is made anew without one.
    await stored.exec(`CREATE TABLE other AS SELECT * FROM ${table}`)
    await stored.exec(`DROP TABLE ${table}`)
    await stored.exec(`ALTER TABLE other RENAME TO ${table}`)
    const isNumber = /INT/.test(type) && value !== null
    await stored.exec(`UPDATE ${table} SET ${column} = ${isNumber ? `CAST(${literal} AS INTEGER)` : literal}`)
    return stored
  }

  const accepted = 'a whole number of at most 9007199254740991'
  const refusal = (table: string, column: string, value: RegExp) => ({
    kind: 'source',
    message: expect.stringMatching(
      new RegExp(`^${table}\\.${column} holds "${value.source}", which is not ${accepted}$`),
    ),
    field: `${table}.${column}`,
    accepted,
    next: expect.stringMatching(/AUDIT_CONFIG/),
  })

  const columns = [
    ['accounts', 'id'],
    ['tasks', 'id'],
    ['tasks', 'user_id'],
    ['points', 'id'],
    ['points', 'user_id'],
    ['cash', 'id'],
    ['cash', 'user_id'],
  ] as const

  test.each(columns)('a %s row whose %s is one ends the reading with its place', async (role, column) => {
    const table = TABLES[role]
    const values = [
      ['BIGINT NOT NULL', SNOWFLAKE, /1887\d{15}/],
      ['BIGINT NOT NULL', String(LAST + 1), /9007199254740992/],
      ['VARCHAR(40) NOT NULL', 'u-101', /u-101/],
      // The embedded database makes the number 101 of it.
      ...(backend.name === 'embedded' ? [] : [['VARCHAR(40) NOT NULL', '101e0', /101e0/] as const]),
      ['VARCHAR(40) NOT NULL', '0x65', /0x65/],
    ] as const
    for (const [type, value, told] of values) {
      const world = await withIds(table, column, type, value)
      await reading(world, async (snapshot) => {
        await expect(READS[role](snapshot), value).rejects.toMatchObject(refusal(table, column, told))
      })
      await world.remove()
      stored = undefined
    }
  })

  test.each(columns)('a %s row whose %s is the last number, or digits of a text, is read', async (role, column) => {
    for (const [type, value, id] of [
      ['BIGINT NOT NULL', String(LAST), LAST],
      ['VARCHAR(40) NOT NULL', ' 4711 ', 4711],
      ['DECIMAL(30,0) NOT NULL', '4711', 4711],
    ] as const) {
      const world = await withIds(TABLES[role], column, type, value)
      const key = column === 'user_id' ? 'userId' : role === 'accounts' ? 'accountId' : 'rowId'
      await reading(world, async (snapshot) => {
        const [row] = await READS[role](snapshot)
        expect(row, type).toMatchObject({ [key]: id })
      })
      await world.remove()
      stored = undefined
    }
  })

  test.each(['tasks', 'points', 'cash'] as const)('a %s row of no user is of user 0, as ever', async (role) => {
    for (const [type, value] of [
      ['INT', null],
      ['VARCHAR(40)', ''],
    ] as const) {
      const world = await withIds(TABLES[role], 'user_id', type, value)
      await reading(world, async (snapshot) => {
        expect(await READS[role](snapshot)).toMatchObject([{ userId: 0 }])
      })
      await world.remove()
      stored = undefined
    }
  })

  test('nor is a row of one looked up by a rounded id', async () => {
    const tasks = await withIds(TABLES.tasks, 'id', 'BIGINT NOT NULL', SNOWFLAKE)
    const requestId = ROWS.tasks[0]?.onlineTaskId ?? ''
    await reading(tasks, async (snapshot) => {
      for (const look of [
        () => snapshot.tasksByTaskIds(['t1']),
        () => snapshot.tasksByRequestIds([requestId]),
        () => snapshot.tasksByEitherId(['t1']),
      ]) {
        await expect(look()).rejects.toMatchObject(refusal(TABLES.tasks, 'id', /1887\d{15}/))
      }
    })
    await tasks.remove()
    const points = await withIds(TABLES.points, 'id', 'BIGINT NOT NULL', SNOWFLAKE)
    await reading(points, async (snapshot) => {
      for (const look of [
        () => snapshot.pointsByOrderIds(['t1']),
        () => snapshot.pointsByOrderIds(MANY),
        () => snapshot.lastPointsBefore([101], ALL_TIME.end),
        () => snapshot.lastPointsBefore([101, ...Array.from({ length: 300 }, (_, id) => 1000 + id)], ALL_TIME.end),
      ]) {
        await expect(look()).rejects.toMatchObject(refusal(TABLES.points, 'id', /1887\d{15}/))
      }
    })
    await points.remove()
    const cash = await withIds(TABLES.cash, 'id', 'BIGINT NOT NULL', SNOWFLAKE)
    await reading(cash, async (snapshot) => {
      await expect(snapshot.cashByOrderIds(MANY)).rejects.toMatchObject(refusal(TABLES.cash, 'id', /1887\d{15}/))
    })
  })

  test('a user whose id is one has no name of another', async () => {
    const world = await withIds(TABLES.users, 'id', 'VARCHAR(40) NOT NULL', '7-b')
    const names = reading(world, (snapshot) => snapshot.userNames([7]))
    // MySQL finds 7-b by 7.
    if (backend.name === 'embedded') expect((await names).size).toBe(0)
    else await expect(names).rejects.toMatchObject(refusal(TABLES.users, 'id', /7-b/))
  })
})
