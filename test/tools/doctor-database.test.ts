import { createServer } from 'node:net'
import { describe, expect, inject, it } from 'vitest'
import { mappingWith } from '../../src/ledger/mapping.ts'
import {
  asUser,
  EMBEDDED,
  examined,
  healthyWorld,
  lineOf,
  MARIADB,
  openCase,
  READING,
  statuses,
} from '../kit/doctor-case.ts'
import { numbersTo } from '../kit/mariadb.ts'
import { WORDS } from '../kit/server-words.ts'
import { BACKENDS } from '../ledger/backends.ts'

it('tells tables apart whose names differ in case alone', async () => {
  const others = [
    'CREATE TABLE TS_FAL_TASKS (id VARCHAR(9), cost_money INT, stray INT, KEY (cost_money)) ENGINE=MyISAM',
    'CREATE VIEW TS_USERS AS SELECT 1 AS other',
  ]
  const [alone, beside] = [await examined({ backend: MARIADB }), await examined({ backend: MARIADB, sql: others })]
  // How many rows a table has is guessed by the server, and not alike each time; room on the disk is what others leave.
  const told = ({ lines }: typeof alone) =>
    JSON.stringify(lines.filter(({ id }) => id !== 'database-url')).replace(/about \d+ rows|has [\d.]+ GB free/g, '')
  expect(told(beside)).toBe(told(alone))
})

describe('the login', () => {
  it('where nobody listens is a failure that names the server', async () => {
    const closed = createServer()
    const port = await new Promise<number>((resolve) =>
      closed.listen(0, '127.0.0.1', () => resolve((closed.address() as { port: number }).port)),
    )
    await new Promise((resolve) => closed.close(resolve))
    const diagnosis = await examined({ url: `mysql://u:secret-word@127.0.0.1:${port}/shop` })
    expect(lineOf(diagnosis, 'database-url')).toMatchObject({
      status: 'ok',
      seen: `leads to 127.0.0.1:${port}, database "shop", user "u"`,
    })
    expect(lineOf(diagnosis, 'database-login')).toMatchObject({
      status: 'failure',
      seen: `the database server 127.0.0.1:${port} does not answer`,
      todo: expect.stringMatching(/firewall/),
    })
    expect(lineOf(diagnosis, 'database-server').status).toBe('unverified')
    expect(JSON.stringify(diagnosis)).not.toContain('secret-word')
  })

  it('with a wrong password is a failure that shows none', async () => {
    const diagnosis = await asUser(READING, 'wrong-password')
    expect(lineOf(diagnosis, 'database-login')).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(/refuses the user/),
    })
    expect(JSON.stringify(diagnosis)).not.toMatch(/wrong-password|only-reads/)
  })

  it('to a database that is not there is a failure that says so', async () => {
    const { host, port, user, password } = inject('mariadb')
    const diagnosis = await examined({ url: `mysql://${user}:${password}@${host}:${port}/no_such_shop` })
    expect(lineOf(diagnosis, 'database-login').seen).toMatch(/has no database "no_such_shop"/)
  })
})

describe.each(BACKENDS)('the tables, on $name', (backend) => {
  it.each([
    [['title'], /: title; reports do not need it, but without it user-ledger cannot list the rows \(entries\)$/],
    [['title', 'order_id'], /: order_id, title; without it points cannot be held against tasks, and reports are/],
  ])('of a ledger without %s tell what cannot be had without', async (columns, seen) => {
    const sql = columns.map((column) => `ALTER TABLE ts_points_detail DROP COLUMN ${column}`)
    expect(lineOf(await examined({ backend, sql }), 'columns', 'ts_points_detail')).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(seen),
    })
  })

  it('under another name are missing, and the likely one is told', async () => {
    const sql = ['ALTER TABLE ts_fal_tasks RENAME TO generation_jobs']
    expect(lineOf(await examined({ backend, sql }), 'table', 'ts_fal_tasks')).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(/does not exist/),
      todo: expect.stringMatching(/is it generation_jobs\? Then set tables\.tasks/),
    })
    const mapping = mappingWith({ tables: { tasks: 'generation_jobs' } })
    expect(lineOf(await examined({ backend, sql, mapping }), 'table', 'generation_jobs').status).toBe('ok')
  })

  it('that are views of what is gone are a failure, or a warning where reports can do without', async () => {
    const viewOf = (table: string) => [
      `ALTER TABLE ${table} RENAME TO gone`,
      `CREATE VIEW ${table} AS SELECT * FROM gone`,
      'DROP TABLE gone',
    ]
    const diagnosis = await examined({ backend, sql: viewOf('ts_fal_tasks') })
    expect(lineOf(diagnosis, 'table', 'ts_fal_tasks')).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(
        /^ts_fal_tasks (?:does not exist|cannot be read: it is a view of .*); without it there is no report$/,
      ),
    })
    expect(diagnosis.next).toMatch(/mend the lines of status failure/)
    expect(lineOf(await examined({ backend, sql: viewOf('ts_users') }), 'table', 'ts_users').status).toBe('warning')
  })

  it('that reports can do without are a warning', async () => {
    const diagnosis = await examined({ backend, sql: ['DROP TABLE ts_users', 'DROP TABLE ts_financial_transactions'] })
    expect(statuses(diagnosis, 'table')).toEqual([
      'ts_users: warning',
      'ts_financial_transactions: warning',
      'ts_fal_account: ok',
      'ts_fal_tasks: ok',
      'ts_points_detail: ok',
    ])
    expect(diagnosis.counts.failure).toBe(0)
  })

  it('with a column under another name: the likely one is told', async () => {
    const sql = ['ALTER TABLE ts_fal_tasks RENAME COLUMN online_task_id TO fal_request_id']
    expect(lineOf(await examined({ backend, sql }), 'columns', 'ts_fal_tasks')).toMatchObject({
      status: 'failure',
      seen: expect.stringMatching(/online_task_id; without it there is no report/),
      todo: 'is online_task_id the column fal_request_id? Then set columns.tasks.onlineTaskId in AUDIT_CONFIG',
    })
    const mapping = mappingWith({ columns: { tasks: { onlineTaskId: 'fal_request_id' } } })
    const mended = await examined({ backend, sql, mapping })
    expect(lineOf(mended, 'columns', 'ts_fal_tasks').status).toBe('ok')
    expect(lineOf(mended, 'request-ids').status).toBe('ok')
  })

  it('a user name that is not there is a warning; that there is none may be said', async () => {
    const sql = ['ALTER TABLE ts_users RENAME COLUMN username TO nickname']
    expect(lineOf(await examined({ backend, sql }), 'columns', 'ts_users')).toMatchObject({
      status: 'warning',
      todo: expect.stringMatching(/nickname\? Then set userNameColumn/),
    })
    const mapping = mappingWith({ columns: { users: { name: null } } })
    expect(lineOf(await examined({ backend, sql, mapping }), 'columns', 'ts_users').status).toBe('ok')
  })

  it('no account in the table of accounts is a failure', async () => {
    const diagnosis = await examined({ backend, sql: ['DELETE FROM ts_fal_account'] })
    expect(lineOf(diagnosis, 'accounts')).toMatchObject({ status: 'failure', seen: 'the table of accounts is empty' })
    expect(lineOf(diagnosis, 'fal-key').status).toBe('unverified')
  })
})

describe('the types', () => {
  const withType = (table: string, column: string, type: string) =>
    examined({ backend: MARIADB, sql: [`ALTER TABLE ${table} MODIFY ${column} ${type}`] })

  it.each([
    ['ts_fal_tasks', 'cost_money', 'DOUBLE', 'ok', /15 significant/],
    ['ts_fal_tasks', 'cost_money', 'DECIMAL(20,9)', 'ok', /no type that loses/],
    ['ts_fal_tasks', 'cost_money', 'DECIMAL(10,2)', 'warning', /below its 2 decimals were rounded/],
    ['ts_fal_tasks', 'cost_money', 'FLOAT(10,2)', 'warning', /below its 2 decimals were rounded/],
    ['ts_fal_tasks', 'cost_money', 'DOUBLE(10,4) UNSIGNED', 'warning', /below its 4 decimals were rounded/],
    ['ts_fal_tasks', 'cost_money', 'FLOAT(20,9)', 'ok', /7 significant/],
    ['ts_fal_tasks', 'cost_money', 'DOUBLE(20,9)', 'ok', /15 significant/],
    ['ts_fal_account', 'balance', 'FLOAT(10,2)', 'warning', /below its 2 decimals were rounded/],
    ['ts_fal_account', 'status', 'VARCHAR(20)', 'warning', /status is varchar\(20\): only 0 and false mean disabled/],
    ['ts_fal_account', 'status', 'BIT(1)', 'ok', /balance is float/],
    ['ts_fal_tasks', 'cost_money', 'INT', 'failure', /whole dollars/],
    ['ts_fal_tasks', 'cost_money', 'VARCHAR(20)', 'warning', /text that is no number/],
    ['ts_fal_tasks', 'money', 'DECIMAL(10,2)', 'warning', /fraction of a point/],
    ['ts_fal_tasks', 'money', 'BIGINT', 'ok', /cost_money is float/],
    ['ts_fal_tasks', 'online_task_id', 'VARCHAR(64)', 'ok', /cost_money is float/],
    ['ts_fal_tasks', 'completed_at', 'DATE', 'failure', /must be DATETIME/],
    [
      'ts_points_detail',
      'created_at',
      'BIGINT',
      'failure',
      /must be DATETIME; of a table with such times an audit reads/,
    ],
    ['ts_points_detail', 'created_at', 'VARCHAR(40)', 'warning', /also with a T between/],
    ['ts_points_detail', 'user_id', 'VARCHAR(20)', 'warning', /user_id is varchar\(20\): read by its number/],
    ['ts_points_detail', 'id', 'VARCHAR(20)', 'warning', /; an id that is no whole number ends an audit/],
    ['ts_points_detail', 'user_id', 'DOUBLE', 'failure', /must be a whole number/],
    ['ts_points_detail', 'points', 'FLOAT', 'warning', /16,777,216/],
  ])('%s.%s as %s is %s', async (table, column, type, status, seen) => {
    const line = lineOf(await withType(table, column, type), 'column-types', table)
    expect(line).toMatchObject({ status, seen: expect.stringMatching(seen) })
  })

  it.each(['BINARY(16)', 'VARBINARY(20)', 'BIGINT', 'VARBINARY(64)'])('a request id as %s', async (type) => {
    const sql = [
      'UPDATE ts_fal_tasks SET online_task_id = id',
      `ALTER TABLE ts_fal_tasks MODIFY online_task_id ${type}`,
    ]
    const line = lineOf(await examined({ backend: MARIADB, sql }), 'column-types', 'ts_fal_tasks')
    if (type === 'VARBINARY(64)') expect(line.status).toBe('ok')
    else expect(line).toMatchObject({ status: 'failure', seen: expect.stringMatching(/must hold fal's request ids/) })
  })

  it('a request id that is cut is a failure', async () => {
    const sql = [
      'UPDATE ts_fal_tasks SET online_task_id = NULL',
      'ALTER TABLE ts_fal_tasks MODIFY online_task_id CHAR(20)',
    ]
    const line = lineOf(await examined({ backend: MARIADB, sql }), 'column-types', 'ts_fal_tasks')
    expect(line).toMatchObject({ status: 'failure', seen: expect.stringMatching(/36 characters/) })
  })

  it('of the embedded database bind nobody', async () => {
    expect(lineOf(await examined(), 'column-types', 'ts_fal_tasks').status).toBe('ok')
  })
})

describe('an index that is there in vain', () => {
  it.each([
    [`CREATE INDEX made ON ts_points_detail (order_id) ${WORDS.hiddenIndex}`, 'warning'],
    ['CREATE FULLTEXT INDEX made ON ts_points_detail (order_id)', 'warning'],
    ['CREATE INDEX made ON ts_points_detail (order_id)', 'ok'],
  ])('%s: %s', async (index, status) => {
    const diagnosis = await examined({ backend: MARIADB, sql: [index], limits: { indexRowsMin: 20 } })
    expect(lineOf(diagnosis, 'index', 'ts_points_detail (order_id)').status).toBe(status)
  })
})

describe.each(BACKENDS)('the indexes, on $name', (backend) => {
  const INDEXES = [
    'CREATE INDEX a ON ts_fal_tasks (created_at)',
    'CREATE INDEX b ON ts_fal_tasks (online_task_id, status)',
    'CREATE INDEX c ON ts_points_detail (user_id, created_at)',
    'CREATE INDEX d ON ts_points_detail (order_id)',
    'CREATE INDEX e ON ts_financial_transactions (user_id, time)',
    'CREATE INDEX f ON ts_financial_transactions (order_id)',
  ]

  it('that are there are told, and need nothing', async () => {
    const { lines } = await examined({ backend, sql: INDEXES, limits: { indexRowsMin: 1 } })
    const found = lines.filter(({ id }) => id === 'index')
    expect(found.map(({ status, seen, todo }) => [status, seen, todo])).toEqual(
      found.map(() => ['ok', 'is there', undefined]),
    )
    expect(found).toHaveLength(6)
  })

  it('that are not there are no matter in a small table', async () => {
    const diagnosis = await examined({ backend })
    expect(new Set(statuses(diagnosis, 'index').map((each) => each.split(': ')[1]))).toEqual(new Set(['ok']))
  })

  it('that are missing where many rows are read come with the statement that makes them', async () => {
    const diagnosis = await examined({ backend, limits: { indexRowsMin: 20 } })
    expect(lineOf(diagnosis, 'index', 'ts_fal_tasks (created_at)')).toMatchObject({
      status: 'warning',
      seen: expect.stringMatching(/a window of time scans about \d+ rows now/),
      todo: expect.stringContaining(
        'CREATE INDEX `fal_audit_ts_fal_tasks_created_at` ON `ts_fal_tasks` (`created_at`);',
      ),
    })
    expect(lineOf(diagnosis, 'index', 'ts_fal_tasks (online_task_id)').status).toBe('warning')
    expect(lineOf(diagnosis, 'index', 'ts_points_detail (order_id)').status).toBe('warning')
  })

  it('are none that a view could have: its table is to be indexed', async () => {
    const sql = ['ALTER TABLE ts_fal_tasks RENAME TO jobs', 'CREATE VIEW ts_fal_tasks AS SELECT * FROM jobs']
    if (backend === MARIADB) sql.push('ANALYZE TABLE jobs')
    const diagnosis = await examined({ backend, sql, limits: { indexRowsMin: 20 } })
    for (const columns of ['created_at', 'online_task_id']) {
      const { status, seen, todo = '' } = lineOf(diagnosis, 'index', `ts_fal_tasks (${columns})`)
      expect([seen, todo]).toEqual([
        expect.stringMatching(/^a view has none of its own/),
        expect.not.stringMatching(/CREATE/),
      ])
      // The embedded database does not tell how many rows lie beneath.
      expect(status).toBe(backend === MARIADB ? 'warning' : 'unverified')
    }
    expect(lineOf(diagnosis, 'index', 'ts_points_detail (order_id)').todo).toMatch(/CREATE INDEX/)
  })

  it.each([
    ['as they are', 'created_at', 'online_task_id'],
    ['of Chinese names', '时间', '请求'],
  ])('can be made by that statement, of columns %s', async (_, createdAt, onlineTaskId) => {
    const renamed = [
      ['created_at', createdAt],
      ['online_task_id', onlineTaskId],
    ].filter(([from, to]) => from !== to)
    const open = await openCase({
      ...{ backend, limits: { indexRowsMin: 20 } },
      sql: renamed.map(([from, to]) => `ALTER TABLE ts_fal_tasks RENAME COLUMN ${from} TO ${to}`),
      mapping: mappingWith({ columns: { tasks: { createdAt, onlineTaskId } } }),
    })
    try {
      for (const { id, todo } of (await open.diagnose()).lines) {
        if (id === 'index' && todo !== undefined) await open.stored.exec(todo.replace(/^.*run: /, ''))
      }
      const again = await open.diagnose()
      expect(lineOf(again, 'index', `ts_fal_tasks (${createdAt})`).seen).toBe('is there')
      expect(again.lines.filter(({ id, status }) => id === 'index' && status !== 'ok')).toEqual([])
    } finally {
      await open.close()
    }
  })
})

describe('a table that is large', () => {
  it('is not read: without a primary key its newest rows are unverified', async () => {
    const world = healthyWorld().build()
    const sql = [
      'ALTER TABLE ts_fal_tasks DROP PRIMARY KEY',
      'ALTER TABLE ts_fal_tasks DROP INDEX task_id',
      `INSERT INTO ts_fal_tasks SELECT t.* FROM ts_fal_tasks t, ${numbersTo(4000)} WHERE t.id < 20`,
      'ANALYZE TABLE ts_fal_tasks',
    ]
    const diagnosis = await examined({ backend: MARIADB, world, sql })
    expect(lineOf(diagnosis, 'time-zone')).toMatchObject({
      status: 'unverified',
      seen: expect.stringMatching(/cannot be had without reading all of them/),
    })
    // Of a size at which an index pays off.
    expect(lineOf(diagnosis, 'index', 'ts_fal_tasks (created_at)').seen).toMatch(/about [\d,]{6} rows now/)
  })

  it('without a primary key is sorted while it is small', async () => {
    const sql = ['ALTER TABLE ts_fal_tasks DROP PRIMARY KEY']
    expect(lineOf(await examined({ backend: MARIADB, sql }), 'time-zone').status).toBe('ok')
  })

  it('in the embedded database too', async () => {
    const sql = [
      'CREATE TABLE copy AS SELECT * FROM ts_fal_tasks',
      'DROP TABLE ts_fal_tasks',
      'ALTER TABLE copy RENAME TO ts_fal_tasks',
    ]
    const small = await examined({ backend: EMBEDDED, sql })
    expect(lineOf(small, 'time-zone').status).toBe('ok')
    const large = await examined({
      backend: EMBEDDED,
      sql: [...sql, 'UPDATE ts_fal_tasks SET rowid = 9000000 WHERE id = 1'],
    })
    expect(lineOf(large, 'time-zone').seen).toMatch(/cannot be had without reading all/)
  })
})

describe('the moment that is read', () => {
  it('is one of all tables where their engine keeps one, and a warning where not', async () => {
    const lineAfter = async (...sql: string[]) => lineOf(await examined({ backend: MARIADB, sql }), 'database-snapshot')
    expect(await lineAfter()).toMatchObject({ status: 'ok' })
    expect(await lineAfter('ALTER TABLE ts_points_detail ENGINE = MyISAM')).toMatchObject({
      status: 'warning',
      seen: expect.stringContaining('without transactions'),
    })
  })
})
