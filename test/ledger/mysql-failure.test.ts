import { type Connection, createConnection } from 'mysql2/promise'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { mysqlFailure } from '../../src/ledger/mysql-failure.ts'
import { freshDatabase } from '../kit/mariadb.ts'
import { WORDS } from '../kit/server-words.ts'
import { openSnapshot } from './backends.ts'

const ADDRESS = {
  engine: 'mysql',
  host: 'db.example',
  port: 3306,
  user: 'reader',
  password: 's3cr3t-pass',
  database: 'shop',
  tls: 'verify',
} as const

describe('a failure of the driver is told with what to do', () => {
  it('a grant that is missing names the one table that was read, not the whole database', () => {
    const { message, next } = mysqlFailure({ errno: 1142 }, ADDRESS, 'my_tasks')
    expect(message).toBe('the user "reader" may not read my_tasks')
    expect(next).toBe("let an administrator run: GRANT SELECT ON `shop`.`my_tasks` TO 'reader'@'<this host>'")
  })

  it.each(['en_US', 'zh_CN', 'de_DE', 'fr_FR', 'ja_JP', 'hu_HU'])(
    'a column that is not there, or may not be read, is named where a server speaks %s',
    async (language) => {
      const database = await freshDatabase(inject('mariadb'))
      const { admin, options } = database
      const user = `by_column_${language.toLowerCase()}`
      await admin.query('CREATE TABLE my_tasks (id INT, cost INT)')
      await admin.query(`CREATE USER ${user} IDENTIFIED BY 'pass'`)
      await admin.query(`GRANT SELECT (id) ON my_tasks TO ${user}`)
      const reader = await createConnection({ ...options, user, password: 'pass' })
      onTestFinished(async () => {
        await reader.end()
        await admin.query(`DROP USER ${user}`)
        await database.drop()
      })
      const failureOf = async (connection: Connection, column: string) => {
        await connection.query(`SET lc_messages = '${language}'`)
        const cause: unknown = await connection.query(`SELECT ${column} FROM my_tasks`).catch((error: unknown) => error)
        return mysqlFailure(cause, ADDRESS, 'my_tasks')
      }
      expect((await failureOf(admin, 'money')).message).toBe('the table my_tasks has no column money')
      const { message, next } = await failureOf(reader, 'cost')
      expect(message).toBe('the user "reader" may not read the column cost of my_tasks')
      expect(next).toContain('GRANT SELECT (`cost`) ON')
    },
  )

  it('at the door of the database it names the tables of an audit', () => {
    const { next } = mysqlFailure({ errno: 1044 }, ADDRESS, 'the database "shop"')
    expect(next).toContain("GRANT SELECT ON `shop`.`TABLE` TO 'reader'@'<this host>'")
    expect(next).toContain('ts_fal_account, ts_fal_tasks, ts_users, ts_points_detail, ts_financial_transactions')
    expect(next).not.toContain('.*')
  })

  // Those of MySQL alone, by the manual of its errors. The driver gives the number of one that came unasked for as a code.
  it.each([
    [{ errno: 3169 }, /^the connection to .* broke while reading my_tasks$/, /^run the audit again/],
    [{ errno: 4031 }, /^the connection to .* broke while reading my_tasks$/, /wait_timeout/],
    [{ code: 4031 }, /^the connection to .* broke while reading my_tasks$/, /wait_timeout/],
    [{ errno: 3024 }, /took too long$/, /MAX_EXECUTION_TIME/],
    [
      { errno: 1524, message: "Plugin 'mysql_native_password' is not loaded" },
      /not loaded the plugin by which the user "reader" is to log in \(mysql_native_password\)$/,
      /ALTER USER .* caching_sha2_password/,
    ],
    [{ errno: 3955 }, /lets the user "reader" in no more/, /ACCOUNT UNLOCK/],
    [{ errno: 1129 }, /lets this machine in no more/, /performance_schema\.host_cache/],
    [{ errno: 1184 }, /closed the connection, .*init_connect/, /SHOW VARIABLES LIKE 'init_connect'/],
    [
      { errno: 1275 },
      /refuses the user "reader", whose password is stored in the old form/,
      /ALTER USER … IDENTIFIED BY/,
    ],
    [
      {
        errno: 1290,
        message:
          'The MariaDB server is running with the --max-session-mem-used=8192 option so it cannot execute this statement',
      },
      /^my_tasks cannot be read: the server runs with the option --max-session-mem-used=8192, which forbids/,
      /change that option/,
    ],
    [{ errno: 3032 }, /is in offline mode/, /offline_mode off/],
  ])('%j', (cause, says, next) => {
    const error = mysqlFailure(cause, ADDRESS, 'my_tasks')
    expect([error.message, error.next]).toEqual([expect.stringMatching(says), expect.stringMatching(next)])
  })

  it.each([
    [{ code: 'ECONNREFUSED' }, 'no-answer'],
    [{ errno: 1045, code: 'ER_ACCESS_DENIED_ERROR' }, 'no-answer'],
    [{ errno: 1142, code: 'ER_TABLEACCESS_DENIED_ERROR' }, 'not-allowed'],
    [{ errno: 1143 }, 'not-allowed'],
    [{ errno: 1146 }, 'not-there'],
    [{ errno: 1054, message: "Unknown column 'x' in 'field list'" }, 'not-there'],
    [{ code: 'PROTOCOL_CONNECTION_LOST' }, 'broken-off'],
    [{ errno: 1969 }, 'ended'],
    // The server answers, and to grant SELECT on a broken view is in vain.
    [{ errno: 1104 }, 'ended'],
    [{ errno: 1290 }, 'ended'],
    [{ errno: 1356 }, 'broken-view'],
    [{ errno: 1449 }, 'broken-view'],
    [{ errno: 1205 }, 'occupied'],
    [{ errno: 9999, message: 'unheard of' }, undefined],
  ])('%j comes to %s', (cause, failure) => {
    expect(mysqlFailure(cause, ADDRESS, 'my_tasks').failure).toBe(failure)
  })

  it('a server without TLS is to get it, or ?ssl is to go', async () => {
    const database = await freshDatabase(inject('mariadb'))
    onTestFinished(() => database.drop())
    const error = await openSnapshot({ url: `${database.urlFor()}?ssl=true` }).catch((cause: unknown) => cause)
    expect(error).toMatchObject({
      kind: 'source',
      message: expect.stringMatching(
        /has no TLS, which \?ssl in DATABASE_URL asks for|authority that this machine does not know/,
      ),
      next: expect.stringMatching(/drop \?ssl|NODE_EXTRA_CA_CERTS/),
    })
    const { message, next } = mysqlFailure({ code: 'HANDSHAKE_NO_SSL_SUPPORT' }, ADDRESS, 'x')
    expect([message, next]).toEqual([
      'the database server db.example:3306 has no TLS, which ?ssl in DATABASE_URL asks for',
      'turn TLS on there, or drop ?ssl from DATABASE_URL',
    ])
  })

  it.each(WORDS.strangeLogins)(
    'a user whose way to log in is not known is told of another, and not to look at a log: $plugin',
    async ({ plugin, install, identified }) => {
      const database = await freshDatabase(inject('mariadb'))
      onTestFinished(() => database.drop())
      const user = `dialog_${database.options.database.slice(-5)}`
      await database.admin.query(install).catch(() => undefined)
      await database.admin.query(`CREATE USER '${user}'@'%' ${identified}`)
      onTestFinished(async () => void (await database.admin.query(`DROP USER '${user}'@'%'`)))
      const error = await openSnapshot({ url: database.urlFor(user, 's3cr3t-pass') }).catch((cause: unknown) => cause)
      expect(error).toMatchObject({
        kind: 'source',
        message: expect.stringMatching(new RegExp(`wants the user "${user}" to log in in a way .*\\(${plugin}\\)`)),
        next: expect.stringMatching(/mysql_native_password/),
      })
    },
  )

  it.each([
    [1205, /another session holds a lock on it/, /again when it is released/],
    [1412, /its definition was changed/, /run the audit again/],
    [1104, /refuses the query on my_tasks, .* max_join_size/, /raise max_join_size/],
    [1461, /max_prepared_stmt_count is reached/, /raise max_prepared_stmt_count/],
    [1203, /allows the user "reader" no more .*: max_user_connections is reached/, /needs two connections/],
    [1226, /allows the user "reader" no more .*: max_user_connections is reached/, /needs two connections/],
    [1820, /password has expired/, /set a new password/],
    [4151, /account is locked/, /ACCOUNT UNLOCK/],
  ])('%i is told without its number', (errno, says, next) => {
    const error = mysqlFailure({ errno, message: "s3cr3t-pass 'max_user_connections' resource" }, ADDRESS, 'my_tasks')
    expect(error.message).toMatch(says)
    expect(error.next).toMatch(next)
    expect(`${error.message} ${error.next}`).not.toMatch(/look the number|s3cr3t/)
  })

  it('what is not known is told with its number, and where there is none nobody is sent to look one up', () => {
    expect(mysqlFailure({ errno: 1030, message: 'Got error' }, ADDRESS, 't').next).toMatch(/look the number 1030 up/)
    const { message, next } = mysqlFailure({ code: 'ODD', message: 'odd' }, ADDRESS, 't')
    expect(message).toBe('t cannot be read: odd (ODD)')
    expect(next).toMatch(/doctor/)
    expect(next).not.toMatch(/number/)
  })
})
