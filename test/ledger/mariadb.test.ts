import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createStatements } from '../../src/demo/ddl.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { openLedgerStore } from '../../src/ledger/open-store.ts'
import { freshDatabase, SERVER_OFFSET, type TestDatabase, writeMariaDb } from '../kit/mariadb.ts'
import { ALL_TIME, all, NOW, openSnapshot, reading, task } from './backends.ts'

// More rows than any socket buffer holds, so that a stream that is not read is still running on the server.
const ROWS = 60_000
const READER = { user: `reader_${process.pid}`, password: 'reader-s3cr3t-pass' }
const BEGGAR = { user: `beggar_${process.pid}`, password: 'beggar-s3cr3t-pass' }

let database: TestDatabase
let slow: TestDatabase

beforeAll(async () => {
  database = await freshDatabase(inject('mariadb'))
  const tasks = Array.from({ length: ROWS }, (_, index) => task(index, { appName: `fal-ai/${'x'.repeat(100)}` }))
  await writeMariaDb(database.options, { accounts: [], tasks, users: [], points: [], cash: [] })
  slow = await freshDatabase(inject('mariadb'))
  for (const statement of createStatements('mysql')) await slow.admin.query(statement)
  await slow.admin.query('RENAME TABLE ts_fal_tasks TO tasks_behind')
  await slow.admin.query("INSERT INTO tasks_behind (id, task_id, created_at) VALUES (1, 't', '2026-02-03 12:00:00')")
  // A table that answers a minute later.
  await slow.admin.query('CREATE VIEW ts_fal_tasks AS SELECT *, SLEEP(60) AS slept FROM tasks_behind HAVING slept = 0')
  const { admin } = database
  for (const { user, password } of [READER, BEGGAR]) {
    await admin.query(`CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`)
  }
  for (const { options } of [database, slow])
    await admin.query(`GRANT SELECT ON ${options.database}.* TO '${READER.user}'@'%'`)
  await admin.query(`GRANT SELECT ON ${database.options.database}.ts_users TO '${BEGGAR.user}'@'%'`)
})

afterAll(async () => {
  for (const { user } of [READER, BEGGAR]) await database.admin.query(`DROP USER '${user}'@'%'`)
  await slow.drop()
  await database.drop()
})

const asReader = (of: TestDatabase) => ({ url: of.urlFor(READER.user, READER.password) })

/** Statements of the reader that run on the server now. */
async function running(): Promise<string[]> {
  const [rows] = await database.admin.query(
    "SELECT info FROM information_schema.processlist WHERE user = ? AND command <> 'Sleep' AND info IS NOT NULL",
    [READER.user],
  )
  return (rows as { info: string }[]).map((row) => row.info)
}

async function connections(): Promise<number> {
  const [rows] = await database.admin.query('SELECT id FROM information_schema.processlist WHERE user = ?', [
    READER.user,
  ])
  return (rows as unknown[]).length
}

async function until(holds: () => Promise<boolean>, withinMs = 10_000): Promise<void> {
  const start = performance.now()
  while (!(await holds())) {
    if (performance.now() - start > withinMs) expect.unreachable('it did not come true in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('a user with SELECT and no more', () => {
  test('reads, in the zone of the server where none is configured', async () => {
    const store = openLedgerStore({ ...asReader(database), mapping: DEFAULT_MAPPING, clock: () => NOW })
    const snapshot = await store.snapshot(new AbortController().signal)
    expect(snapshot.databaseOffset).toBe(SERVER_OFFSET)
    expect(snapshot.zone.id).toBe(SERVER_OFFSET)
    expect((await all(snapshot.tasks(ALL_TIME))).length).toBe(ROWS)
    await snapshot.close()
    await until(async () => (await connections()) === 0)
  })

  test('an abort ends the query that runs on the server, and both connections', async () => {
    const abort = new AbortController()
    const snapshot = await openSnapshot(asReader(slow), { signal: abort.signal })
    const read = all(snapshot.tasks(ALL_TIME))
    read.catch(() => undefined)
    await until(async () => (await running()).length === 1)
    abort.abort()
    await expect(read).rejects.toMatchObject({ kind: 'cancelled' })
    await until(async () => (await running()).length === 0)
    await until(async () => (await connections()) === 0)
    await snapshot.close()
  })

  test('an abort in mid-stream ends the query, whether or not anybody waits for its rows', async () => {
    for (const waits of [true, false]) {
      const abort = new AbortController()
      const snapshot = await openSnapshot(asReader(database), { signal: abort.signal })
      const stream = snapshot.tasks(ALL_TIME)[Symbol.asyncIterator]()
      await stream.next()
      expect((await running()).length).toBe(1)
      const reading = async () => {
        while ((await stream.next()).done !== true);
      }
      const read = waits ? reading() : undefined
      read?.catch(() => undefined)
      abort.abort()
      await until(async () => (await running()).length === 0)
      await expect(read ?? reading()).rejects.toMatchObject({ kind: 'cancelled' })
      await snapshot.close()
    }
  })

  test('an abort at any moment of a stream leaves nothing behind', async () => {
    for (const delayMs of [0, 1, 2, 5, 10, 20, 40]) {
      const abort = new AbortController()
      setTimeout(() => abort.abort(), delayMs)
      const read = async () => {
        const snapshot = await openSnapshot(asReader(database), { signal: abort.signal })
        for (let pass = 0; pass < 100; pass++) await all(snapshot.tasks(ALL_TIME))
      }
      await expect(read()).rejects.toMatchObject({ kind: 'cancelled' })
    }
    await until(async () => (await connections()) === 0)
  })

  test('the time limit ends the query on the server too', async () => {
    const snapshot = await openSnapshot(asReader(slow), { deadlineMs: 1000 })
    await expect(all(snapshot.tasks(ALL_TIME))).rejects.toMatchObject({
      kind: 'source',
      message: expect.stringMatching(/limit of 1 s/),
    })
    await until(async () => (await running()).length === 0)
    await snapshot.close()
  })

  test('closing while a stream is half read ends it', async () => {
    const snapshot = await openSnapshot(asReader(database))
    const stream = snapshot.tasks(ALL_TIME)[Symbol.asyncIterator]()
    await stream.next()
    expect((await running()).length).toBe(1)
    await snapshot.close()
    await until(async () => (await connections()) === 0)
  })

  test('a stream that nobody reads is held back, not piled up', async () => {
    await reading(asReader(database), async (snapshot) => {
      const stream = snapshot.tasks(ALL_TIME)[Symbol.asyncIterator]()
      const first = await stream.next()
      await new Promise((resolve) => setTimeout(resolve, 300))
      const second = await stream.next()
      for (const { value } of [first, second]) {
        expect(value?.count).toBeGreaterThan(0)
        expect(value?.count).toBeLessThanOrEqual(4000)
      }
      await stream.return?.()
    })
  })
})

describe('a connection that dies', () => {
  test('killed by the server in mid-stream, it ends the stream with an error', async () => {
    const snapshot = await openSnapshot(asReader(database))
    const read = async () => {
      let killed = false
      for await (const _ of snapshot.tasks(ALL_TIME)) {
        if (killed) continue
        killed = true
        const [rows] = await database.admin.query('SELECT id FROM information_schema.processlist WHERE user = ?', [
          READER.user,
        ])
        for (const { id } of rows as { id: number }[]) await database.admin.query(`KILL ${id}`)
      }
    }
    await expect(read()).rejects.toMatchObject({ kind: 'source', message: expect.stringMatching(/ts_fal_tasks/) })
    await expect(snapshot.accounts()).rejects.toMatchObject({ kind: 'source' })
    await snapshot.close()
  })

  test('cut on the way in mid-stream, it ends the stream with an error', async () => {
    const proxy = await proxyTo(inject('mariadb').port)
    const url = database.urlFor(READER.user, READER.password).replace(/:\d+\//, `:${proxy.port}/`)
    const snapshot = await openSnapshot({ url })
    const read = async () => {
      for await (const _ of snapshot.tasks(ALL_TIME)) proxy.cut()
    }
    await expect(read()).rejects.toMatchObject({
      kind: 'source',
      message: expect.stringMatching(/broke while reading ts_fal_tasks/),
    })
    await snapshot.close()
    proxy.close()
  })

  test('a server that accepts and says nothing is given up at the time limit, and on abort', async () => {
    const sockets: Socket[] = []
    const mute = createServer((socket) => void sockets.push(socket))
    const port = await listen(mute)
    const url = `mysql://u:p@127.0.0.1:${port}/db`
    await expect(openSnapshot({ url }, { deadlineMs: 1000 })).rejects.toMatchObject({
      kind: 'source',
      message: expect.stringMatching(/limit of 1 s/),
    })
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 100)
    await expect(openSnapshot({ url }, { signal: abort.signal })).rejects.toMatchObject({
      kind: 'cancelled',
    })
    for (const socket of sockets) socket.destroy()
    mute.close()
  })
})

describe('what cannot be read says why, and no secret', () => {
  const cases: [string, () => string, RegExp, RegExp][] = [
    [
      'a wrong password',
      () => database.urlFor(READER.user, 'wrong-s3cr3t-pass'),
      /refuses the user "reader_/,
      /percent-encoded/,
    ],
    [
      'an unknown user',
      () => database.urlFor('nobody', 'wrong-s3cr3t-pass'),
      /refuses the user "nobody"/,
      /DATABASE_URL/,
    ],
    [
      'an unknown database',
      () => database.urlFor().replace(/[^/]+$/, 'no_such_db'),
      /has no database "no_such_db"/,
      /end of DATABASE_URL/,
    ],
    [
      'a database without a grant',
      () => database.urlFor(READER.user, READER.password).replace(/[^/]+$/, 'mysql'),
      /may not read/,
      /GRANT SELECT/,
    ],
    [
      'an unknown database, of a user whom the server does not tell so',
      () => database.urlFor(READER.user, READER.password).replace(/[^/]+$/, 'no_such_db'),
      /may not read the database "no_such_db", or there is none of that name/,
      /^see that the name of the database at the end of DATABASE_URL is right; where it is, .*GRANT SELECT/,
    ],
    ['a closed port', () => 'mysql://u:very-s3cr3t-pass@127.0.0.1:1/db', /127\.0\.0\.1:1 does not answer/, /firewall/],
    [
      'an unknown host',
      () => 'mysql://u:very-s3cr3t-pass@no-such-host.invalid/db',
      /no-such-host\.invalid/,
      /DATABASE_URL|name service/,
    ],
  ]
  test.each(cases)('%s', async (_, url, says, next) => {
    const error = await openSnapshot({ url: url() }).catch((cause: unknown) => cause)
    expect(error).toMatchObject({
      kind: 'source',
      message: expect.stringMatching(says),
      next: expect.stringMatching(next),
    })
    expectNoSecret(error)
  })

  test('a table without a grant, while another can be read', async () => {
    await reading({ url: database.urlFor(BEGGAR.user, BEGGAR.password) }, async (snapshot) => {
      const error = await all(snapshot.tasks(ALL_TIME)).catch((cause: unknown) => cause)
      expect(error).toMatchObject({
        kind: 'source',
        message: expect.stringMatching(/may not read ts_fal_tasks/),
        next: expect.stringMatching(/GRANT SELECT/),
      })
      expectNoSecret(error)
      expect((await snapshot.userNames([1])).size).toBe(0)
    })
  })
})

function expectNoSecret(error: unknown): void {
  const { stack, message, cause, ...rest } = error as Error
  expect(JSON.stringify([stack, message, String(cause), rest])).not.toMatch(/s3cr3t|mysql:\/\//)
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address !== null && typeof address === 'object') resolve(address.port)
    })
  })
}

/** A wire to the server that can be cut. */
async function proxyTo(port: number) {
  const sockets: Socket[] = []
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    sockets.push(near, far)
    for (const socket of [near, far]) socket.on('error', () => undefined)
    near.pipe(far)
    far.pipe(near)
  })
  return {
    port: await listen(server),
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    close: () => server.close(),
  }
}
