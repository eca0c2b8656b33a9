import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { createStatements } from '../../src/demo/ddl.ts'
import { type Authority, install, makeAuthority } from '../kit/certificates.ts'
import { freshDatabase, type RunningMariaDb, startMariaDb, type TestDatabase } from '../kit/mariadb.ts'
import { WORDS } from '../kit/server-words.ts'
import { openSnapshot, reading } from './backends.ts'

const PASSWORD = 'tls-s3cr3t-pass'
const HOSTS = ['localhost', '127.0.0.1'] as const

let authority: Authority
const made: Record<string, { cert: string; key: string }> = {}

beforeAll(() => {
  authority = makeAuthority()
  made.localhost = authority.issue('localhost', 'DNS:localhost')
  made['127.0.0.1'] = authority.issue('address', 'IP:127.0.0.1')
  made.both = authority.issue('both', 'DNS:localhost,IP:127.0.0.1')
  made.stranger = authority.issue('stranger', 'DNS:db.example.com,IP:192.0.2.1')
  made.overdue = authority.issue('overdue', 'DNS:localhost,IP:127.0.0.1', -1)
})
afterAll(() => authority.remove())
afterEach(() => {
  vi.restoreAllMocks()
})

/** As if NODE_EXTRA_CA_CERTS named the authority, which is read when a process starts. */
function trustAuthority(): void {
  const create = tls.createSecureContext
  vi.spyOn(tls, 'createSecureContext').mockImplementation((options) =>
    create({ ...options, ca: authority.certificate }),
  )
}

function expectNoSecret(error: unknown): void {
  const { stack, message, cause, ...rest } = error as Error
  expect(JSON.stringify([stack, message, String(cause), rest])).not.toMatch(/s3cr3t|mysql:\/\//)
}

/** What a server is started with that has this certificate; MySQL looks whether it knows the authority. */
const withTls = ({ cert, key }: { cert: string; key: string }): string[] => [
  ...[`--ssl-cert=${cert}`, `--ssl-key=${key}`, `--ssl-ca=${join(authority.folder, 'ca.pem')}`],
]

async function refused(url: string, says: RegExp, next: RegExp): Promise<void> {
  const error = await openSnapshot({ url }).catch((cause: unknown) => cause)
  expect(error).toMatchObject({
    kind: 'source',
    message: expect.stringMatching(says),
    next: expect.stringMatching(next),
  })
  expectNoSecret(error)
}

describe('a server with TLS', () => {
  let server: RunningMariaDb
  let database: TestDatabase
  let files: { cert: string; key: string }

  beforeAll(async () => {
    files = { cert: join(authority.folder, 'server.pem'), key: join(authority.folder, 'server.key') }
    install(made.both!, files)
    server = await startMariaDb({ arguments: withTls(files) })
    await server.ready
    database = await freshDatabase(server)
    for (const statement of createStatements('mysql')) await database.admin.query(statement)
    for (const [user, require] of [
      ['anyhow', ''],
      ['by_tls', 'REQUIRE SSL'],
    ]) {
      await database.admin.query(`CREATE USER '${user}'@'%' IDENTIFIED BY '${PASSWORD}' ${require}`)
      await database.admin.query(`GRANT SELECT ON ${database.options.database}.* TO '${user}'@'%'`)
    }
  })
  afterAll(async () => {
    await database?.admin.end()
    await server?.stop()
  })

  const present = async (certificate: string): Promise<void> => {
    install(made[certificate]!, files)
    await database.admin.query(WORDS.reloadTls)
  }
  const urlOf = (host: string, query: string, user = 'by_tls') =>
    database.urlFor(user, PASSWORD).replace('@127.0.0.1:', `@${host}:`) + query
  const reads = async (url: string) => expect(await reading({ url }, (snapshot) => snapshot.accounts())).toEqual([])

  test.each(HOSTS)('whose certificate is of the host %s lets in who verifies it', async (host) => {
    trustAuthority()
    for (const certificate of [host, 'both']) {
      await present(certificate)
      for (const query of ['?ssl=true', '?ssl-mode=verify_identity', '?ssl-mode=verify_ca', '?ssl=required']) {
        await reads(urlOf(host, query))
      }
    }
  })

  test.each(HOSTS)('whose certificate is of others than the host %s is a stranger', async (host) => {
    trustAuthority()
    for (const certificate of ['stranger', HOSTS.find((other) => other !== host)!]) {
      await present(certificate)
      for (const query of ['?ssl=true', '?ssl-mode=VERIFY_IDENTITY']) {
        await refused(
          urlOf(host, query),
          /is not that of the host in DATABASE_URL/,
          /subjectAltName.*ssl-mode=verify_ca/,
        )
      }
      // These do not ask for the name.
      for (const query of ['?ssl-mode=verify_ca', '?ssl=required']) await reads(urlOf(host, query))
    }
  })

  test('whose authority is not known is refused, but by who does not verify', async () => {
    await present('both')
    for (const query of ['?ssl=true', '?ssl-mode=verify_ca']) {
      await refused(
        urlOf('localhost', query),
        /authority that this machine does not know/,
        /NODE_EXTRA_CA_CERTS.*\?ssl=required/,
      )
    }
    await reads(urlOf('localhost', '?ssl=required'))
  })

  test('whose certificate is overdue is refused', async () => {
    trustAuthority()
    // MySQL takes up none such while it runs.
    const overdue = await startMariaDb({ arguments: withTls(made.overdue!) })
    try {
      await overdue.ready
      await refused(`mysql://a:${PASSWORD}@localhost:${overdue.port}/b?ssl=true`, /not valid today/, /renew it/)
    } finally {
      await overdue.stop()
    }
  })

  test('that wants TLS says so to who comes without', async () => {
    await refused(urlOf('127.0.0.1', ''), /refuses the user "by_tls"/, /or the server wants TLS: add \?ssl=true/)
    await reads(urlOf('127.0.0.1', '', 'anyhow'))
    const wrong = urlOf('127.0.0.1', '?ssl=required').replace(PASSWORD, 'wrong-s3cr3t-pass')
    const error = await openSnapshot({ url: wrong }).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ next: expect.not.stringMatching(/TLS/) })
    await database.admin.query('SET GLOBAL require_secure_transport = ON')
    try {
      await refused(urlOf('127.0.0.1', '', 'anyhow'), /without TLS|refuses the user "anyhow"/, /add \?ssl=true/)
    } finally {
      await database.admin.query('SET GLOBAL require_secure_transport = OFF')
    }
  })
})

test('a server without TLS is told from one with it', async () => {
  const database = await freshDatabase(inject('mariadb'))
  try {
    for (const query of ['?ssl=true', '?ssl=required', '?ssl-mode=verify_ca']) {
      await refused(database.urlFor() + query, /has no TLS/, /turn TLS on there, or drop \?ssl/)
    }
  } finally {
    await database.drop()
  }
})

describe('what a stranger hears of the login', () => {
  let stranger: Server
  let heard: Buffer[]
  let port: number

  /** Speaks as a server does, up to the login, and writes down what comes once TLS is through. */
  const start = async (certificate: string): Promise<void> => {
    heard = []
    const { cert, key } = made[certificate]!
    stranger = createServer((socket: Socket) => {
      socket.on('error', () => undefined)
      socket.write(GREETING)
      socket.once('readable', () => {
        // That TLS is wanted; what follows is for TLS.
        socket.read(36)
        const secure = new tls.TLSSocket(socket, { isServer: true, cert: readFileSync(cert), key: readFileSync(key) })
        secure.on('error', () => undefined)
        secure.on('data', (data) => {
          heard.push(data)
          socket.destroy()
        })
      })
    })
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
    port = (stranger.address() as { port: number }).port
  }
  afterEach(() => {
    stranger.close()
  })

  const login = (host: string, query = '?ssl=true') =>
    expect(openSnapshot({ url: `mysql://somebody:${PASSWORD}@${host}:${port}/db${query}` })).rejects.toMatchObject({
      kind: 'source',
    })

  test.each([
    ['localhost', 'stranger'],
    ['localhost', '127.0.0.1'],
    ['127.0.0.1', 'stranger'],
    ['127.0.0.1', 'localhost'],
  ])('at %s with the certificate of %s is nothing', async (host, certificate) => {
    trustAuthority()
    await start(certificate)
    await login(host)
    expect(Buffer.concat(heard).length).toBe(0)
  })

  test.each(HOSTS)('at %s is the login, where the certificate is that of the host', async (host) => {
    trustAuthority()
    await start('both')
    await login(host)
    expect(Buffer.concat(heard).toString('latin1')).toContain('somebody')
  })
})

/** The first packet of a server: protocol 10, a version, a number, what is to be mixed with the password, and that it has TLS. */
const GREETING = (() => {
  const body = Buffer.concat([
    Buffer.from('\x0a8.0.40\0', 'latin1'),
    Buffer.from([7, 0, 0, 0]),
    Buffer.from('12345678\0', 'latin1'),
    // What it can: TLS (0x800), protocol 4.1 (0x200), a database (8), safe passwords (0x8000), named plugins (0x80000).
    Buffer.from([0x08, 0x8a, 0x2d, 2, 0, 0x08, 0x00, 21]),
    Buffer.alloc(10),
    Buffer.from('123456789012\0mysql_native_password\0', 'latin1'),
  ])
  return Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body])
})()
