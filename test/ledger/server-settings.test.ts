import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createStatements, storedRows } from '../../src/demo/ddl.ts'
import { LIMITS } from '../../src/limits.ts'
import { freshDatabase, type RunningMariaDb, startMariaDb, type TestDatabase } from '../kit/mariadb.ts'
import { WORDS } from '../kit/server-words.ts'
import { ALL_TIME, account, all, cashRow, pointsRow, reading, task, uuid } from './backends.ts'

const TASKS = 80
/** So many that a look-up reads the ids of the whole table. */
const MANY = Array.from({ length: LIMITS.lookupIds + 1 }, (_, index) => `没有-${index}`)
const orderOf = (id: number): string => `任务-${id}`
const READER = { user: 'plain_reader', password: 'plain-s3cr3t-pass' }
const IDS = Array.from({ length: TASKS }, (_, index) => index + 1)

const TABLES = {
  accounts: [account(1, { name: '主账号' })],
  tasks: IDS.map((id) =>
    task(id, { taskId: orderOf(id), onlineTaskId: id % 2 ? `请求-${id}` : uuid(id), appName: '可灵视频' }),
  ),
  users: [{ id: 101, username: '张三' }],
  points: IDS.map((id) => pointsRow(id, { orderId: orderOf(id) })),
  cash: IDS.map((id) => cashRow(id, { orderId: orderOf(id) })),
}

/** Fills a database over a connection that says utf8mb4 and means it, and lets a user without privileges read it. */
async function filled(server: RunningMariaDb): Promise<TestDatabase> {
  const database = await freshDatabase(server)
  const { admin } = database
  await admin.query('SET NAMES utf8mb4')
  for (const statement of createStatements('mysql')) await admin.query(statement)
  for (const { table, columns, rows } of storedRows(TABLES)) {
    await admin.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ?`, [rows])
  }
  await admin.query(`CREATE USER '${READER.user}'@'%' IDENTIFIED BY '${READER.password}'`)
  await admin.query(`GRANT SELECT ON ${database.options.database}.* TO '${READER.user}'@'%'`)
  return database
}

/** Everything in it, by streams and by look-ups. */
const readOf = (url: string) =>
  reading({ url }, async (snapshot) => {
    const orders = IDS.map(orderOf)
    const requests = TABLES.tasks.map(({ onlineTaskId }) => onlineTaskId ?? '')
    return {
      accounts: (await snapshot.accounts()).map(({ name }) => name),
      tasks: await all(snapshot.tasks(ALL_TIME)),
      points: await all(snapshot.points(ALL_TIME)),
      cash: await all(snapshot.cash(ALL_TIME)),
      names: [...(await snapshot.userNames([101]))],
      byTaskId: await snapshot.tasksByTaskIds(orders),
      byRequestId: await snapshot.tasksByRequestIds(requests),
      byEitherId: await snapshot.tasksByEitherId(requests),
      pointsByOrder: [await snapshot.pointsByOrderIds(orders), await snapshot.pointsByOrderIds([...orders, ...MANY])],
      cashByOrder: [await snapshot.cashByOrderIds(orders), await snapshot.cashByOrderIds([...orders, ...MANY])],
    }
  })

describe('a server that has its own way with sessions', () => {
  let server: RunningMariaDb
  let database: TestDatabase
  let usual: TestDatabase
  let expected: Awaited<ReturnType<typeof readOf>>
  let url: string

  beforeAll(async () => {
    // It passes over the character set that a login asks for.
    server = await startMariaDb({
      arguments: ['--loose-skip-character-set-client-handshake', '--character-set-server=latin1'],
    })
    await server.ready
    database = await filled(server)
    url = database.urlFor(READER.user, READER.password)
    usual = await freshDatabase(inject('mariadb'))
    for (const statement of createStatements('mysql')) await usual.admin.query(statement)
    for (const { table, columns, rows } of storedRows(TABLES)) {
      await usual.admin.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ?`, [rows])
    }
    expected = await readOf(usual.urlFor())
  })
  afterAll(async () => {
    await usual?.drop()
    await database?.admin.end()
    await server?.stop()
  })

  const given = async (settings: readonly string[], check: () => Promise<void>): Promise<void> => {
    for (const setting of settings) await database.admin.query(`SET GLOBAL ${setting}`)
    try {
      await check()
    } finally {
      for (const setting of settings) await database.admin.query(`SET GLOBAL ${setting.split('=')[0]}= DEFAULT`)
    }
  }

  test('reads on a usual one what was stored', () => {
    expect(expected.accounts).toEqual(['主账号'])
    expect(expected.tasks.map(({ taskId, model }) => [taskId, model])).toEqual(
      IDS.map((id) => [orderOf(id), '可灵视频']),
    )
    for (const found of [expected.byTaskId, expected.byRequestId, expected.byEitherId, ...expected.pointsByOrder]) {
      expect(found).toHaveLength(TASKS)
    }
  })

  test('gives texts as they stand, whatever character set it prefers', async () => {
    expect(await readOf(url)).toEqual(expected)
    for (const charset of ['latin1', 'gbk', 'utf8mb3']) {
      await given([`init_connect= 'SET NAMES ${charset}'`], async () => expect(await readOf(url)).toEqual(expected))
    }
  })

  test.each([['sql_select_limit= 50'], ["init_connect= 'SET sql_select_limit = 50'"]])(
    'gives every row, with %s',
    async (setting) => {
      await given([setting], async () => expect(await readOf(url)).toEqual(expected))
    },
  )

  test('reads tables of more rows than a SELECT may look at', async () => {
    const settings = ['max_join_size= 10', 'sql_big_selects= 0']
    await given(settings, async () => expect(await readOf(url)).toEqual(expected))
  })

  test.each(WORDS.idleLimits)(
    'keeps the snapshot of a reader who waits for fal longer than %s',
    async (setting) => {
      await given([`${setting}= 3`], async () => {
        const read = await reading({ url }, async (snapshot) => {
          const before = await snapshot.accounts()
          await delay(5000)
          return { before, after: await snapshot.accounts(), tasks: await all(snapshot.tasks(ALL_TIME)) }
        })
        expect(read.after).toEqual(read.before)
        expect(read.tasks).toEqual(expected.tasks)
      })
    },
    30_000,
  )

  test.each([...WORDS.ownSqlModes, 'ANSI_QUOTES', ''])('finds rows by their ids in the mode %j', async (mode) => {
    await given([`sql_mode= '${mode}'`], async () => expect(await readOf(url)).toEqual(expected))
  })
})
