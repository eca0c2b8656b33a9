import { constants, createHash, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { MariaDbServer } from './mariadb.ts'

/**
 * A MariaDB that looks like MySQL 8.0 to a driver: version, login by caching_sha2_password over plain TCP, query attributes, types
 * told of parameters, texts in utf8mb4_0900_ai_ci, error numbers, and no word that MariaDB alone knows.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
 */
export interface MysqlFace {
  readonly port: number
  /** How often a user logged in. */
  logins(): number
  close(): Promise<void>
}

const FACE_VERSION = '8.0.36'

// Capabilities.
const LONG_PASSWORD = 0x1
const COMPRESS = 0x20
const SSL = 0x800
const PLUGIN_AUTH = 0x80000
const CONNECT_ATTRS = 0x100000
const DEPRECATE_EOF = 0x1000000
const QUERY_ATTRIBUTES = 0x8000000

const [QUERY, PREPARE, EXECUTE] = [0x03, 0x16, 0x17] as const
const [ERROR, AUTH_MORE, FULL_AUTH, ASK_PUBLIC_KEY] = [0xff, 1, 4, 2] as const
const NONCE_BYTES = 20
const PARAMETER_COUNT_AVAILABLE = 8
const LONGLONG = 8
const UTF8MB4_0900_AI_CI = 255
/** utf8mb4_general_ci and utf8mb4_unicode_ci. */
const UTF8MB4_OF_MARIADB: readonly number[] = [45, 224]

type Refusal = readonly [errno: number, state: string, message: string]
/** What MySQL says in place of MariaDB's number. */
const RENUMBERED: Readonly<Record<number, Refusal>> = {
  1969: [3024, 'HY000', 'Query execution was interrupted, maximum statement execution time exceeded'],
}

const KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

/** A statement as MariaDB is to run it, or why MySQL would not. */
function asMysqlReads(sql: string): string | Refusal {
  const bare = sql.replace(/\/\*M![\s\S]*?\*\//g, ' ')
  if (/\bSET STATEMENT\b/i.test(bare)) return [1064, '42000', 'You have an error in your SQL syntax']
  if (/max_statement_time/i.test(bare)) return [1193, 'HY000', "Unknown system variable 'max_statement_time'"]
  if (bare === 'SELECT VERSION(), @@version_comment') return `SELECT '${FACE_VERSION}', 'MySQL Community Server - GPL'`
  if (/TABLE_NAME = 'STATISTICS'/.test(bare)) return "SELECT 'IS_VISIBLE' AS COLUMN_NAME"
  return bare.replace("IS_VISIBLE = 'YES'", "IGNORED = 'NO'")
}

/** Starts one on a free loopback port, in front of a server; before MySQL itself it lets all through as it comes. */
export async function startMysqlFace(real: MariaDbServer): Promise<MysqlFace> {
  const sockets = new Set<Socket>()
  let logins = 0
  const server = createServer((client) => {
    const back = connect(real.port, real.host)
    const talk = talkBetween(client, back, () => void logins++)
    if (!real.isMariaDb) logins++
    for (const [socket, packets] of [
      [client, real.isMariaDb ? inPackets(talk.fromClient) : (chunk: Buffer) => void back.write(chunk)],
      [back, real.isMariaDb ? inPackets(talk.fromBack) : (chunk: Buffer) => void client.write(chunk)],
    ] as const) {
      sockets.add(socket)
      // Packets are small, and each is waited for.
      socket.setNoDelay(true)
      socket.on('data', packets)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        back.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    logins: () => logins,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

type OnPacket = (sequence: number, body: Buffer) => void

/** One connection: what each side says next is understood by what was said before. */
function talkBetween(client: Socket, back: Socket, loggedIn: () => void): { fromClient: OnPacket; fromBack: OnPacket } {
  let phase: 'greeting' | 'login' | 'password' | 'entering' | 'commands' = 'greeting'
  let backNonce: Buffer = Buffer.alloc(0)
  const ownNonce = Buffer.from(randomBytes(NONCE_BYTES).map((byte) => byte & 0x7f || 1))
  let login = { flags: 0, characterSet: 0, user: '', database: '' }
  let sequenceOfClient = 0
  let patch: (body: Buffer) => Buffer = (body) => body

  const refuse = (sequence: number, [errno, state, message]: Refusal): void => {
    const head = Buffer.from([ERROR, errno & 0xff, errno >> 8])
    client.write(packetOf(sequence, Buffer.concat([head, Buffer.from(`#${state}${message}`)])))
  }
  const run = (sequence: number, command: number, sql: string): void => {
    const read = asMysqlReads(sql)
    if (typeof read !== 'string') {
      refuse(sequence + 1, read)
      return
    }
    patch = command === QUERY ? definitionsOfResult() : definitionsOfStatement()
    back.write(packetOf(sequence, Buffer.concat([Buffer.from([command]), Buffer.from(read)])))
  }

  return {
    fromClient(sequence, body) {
      sequenceOfClient = sequence
      const attributes = (login.flags & QUERY_ATTRIBUTES) !== 0
      if (phase === 'login') {
        login = loginOf(body)
        phase = 'password'
        client.write(packetOf(sequence + 1, Buffer.from([AUTH_MORE, FULL_AUTH])))
      } else if (phase === 'password') {
        if (body.length === 1 && body[0] === ASK_PUBLIC_KEY) {
          client.write(packetOf(sequence + 1, Buffer.concat([Buffer.from([AUTH_MORE]), Buffer.from(KEYS.publicKey)])))
          return
        }
        const key = { key: KEYS.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING }
        const hidden = privateDecrypt(key, body)
        const password = hidden.map((byte, at) => byte ^ (ownNonce[at % NONCE_BYTES] ?? 0)).subarray(0, -1)
        phase = 'entering'
        back.write(packetOf(1, nativeLogin(login, Buffer.from(password), backNonce)))
      } else if (body[0] === QUERY) {
        run(sequence, QUERY, (attributes ? withoutAttributes(body) : body.subarray(1)).toString())
      } else if (body[0] === PREPARE) {
        run(sequence, PREPARE, body.subarray(1).toString())
      } else {
        patch = body[0] === EXECUTE ? definitionsOfResult() : (packet) => packet
        back.write(packetOf(sequence, body[0] === EXECUTE && attributes ? plainExecute(body) : body))
      }
    },
    fromBack(sequence, body) {
      if (phase === 'greeting') {
        const greeting = greetingOf(body, ownNonce)
        backNonce = greeting.nonce
        phase = 'login'
        client.write(packetOf(0, greeting.asMysql))
      } else if (phase === 'entering') {
        phase = 'commands'
        if (body[0] === 0) loggedIn()
        client.write(packetOf(sequenceOfClient + 1, body))
      } else {
        const renumbered = body[0] === ERROR ? RENUMBERED[body.readUInt16LE(1)] : undefined
        if (renumbered === undefined) client.write(packetOf(sequence, patch(body)))
        else refuse(sequence, renumbered)
      }
    },
  }
}

/** Cuts a stream into packets. */
function inPackets(take: OnPacket): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let at = 0
    while (rest.length - at >= 4) {
      const until = at + 4 + rest.readUIntLE(at, 3)
      if (rest.length < until) break
      take(rest.readUInt8(at + 3), rest.subarray(at + 4, until))
      at = until
    }
    rest = rest.subarray(at)
  }
}

function packetOf(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head.writeUInt8(sequence & 0xff, 3)
  return Buffer.concat([head, body])
}

/** A length-encoded number, and where what follows it begins. */
function lengthAt(body: Buffer, at: number): readonly [value: number, next: number] {
  const first = body.readUInt8(at)
  if (first < 0xfb) return [first, at + 1]
  const bytes = { 252: 2, 253: 3 }[first] ?? 6
  return [body.readUIntLE(at + 1, bytes), at + 1 + (first === 0xfe ? 8 : bytes)]
}

function greetingOf(body: Buffer, ownNonce: Buffer): { readonly nonce: Buffer; readonly asMysql: Buffer } {
  const at = body.indexOf(0, 1) + 1
  const nonce = Buffer.concat([body.subarray(at + 4, at + 12), body.subarray(at + 31, at + 43)])
  const flags = (body.readUInt16LE(at + 13) | (body.readUInt16LE(at + 18) << 16)) & ~(SSL | COMPRESS)
  const own = (flags | LONG_PASSWORD | QUERY_ATTRIBUTES | DEPRECATE_EOF) >>> 0
  const middle = Buffer.alloc(31)
  body.copy(middle, 0, at, at + 4)
  ownNonce.copy(middle, 4, 0, 8)
  middle.writeUInt16LE(own & 0xffff, 13)
  middle.writeUInt8(UTF8MB4_0900_AI_CI, 15)
  body.copy(middle, 16, at + 16, at + 18)
  middle.writeUInt16LE(own >>> 16, 18)
  middle.writeUInt8(NONCE_BYTES + 1, 20)
  const version = Buffer.from(`\u000a${FACE_VERSION}\0`)
  return {
    nonce,
    asMysql: Buffer.concat([version, middle, ownNonce.subarray(8), Buffer.from('\0caching_sha2_password\0')]),
  }
}

function loginOf(body: Buffer) {
  const endOfUser = body.indexOf(0, 32)
  const [length, from] = lengthAt(body, endOfUser + 1)
  return {
    flags: body.readUInt32LE(0),
    characterSet: body.readUInt8(8),
    user: body.subarray(32, endOfUser).toString(),
    database: body.subarray(from + length, body.indexOf(0, from + length)).toString(),
  }
}

function nativeLogin(login: ReturnType<typeof loginOf>, password: Buffer, nonce: Buffer): Buffer {
  const sha1 = (...parts: readonly Buffer[]) => createHash('sha1').update(Buffer.concat(parts)).digest()
  const stage = sha1(password)
  const mask = sha1(nonce, sha1(stage))
  const answer = Buffer.from(stage.map((byte, at) => byte ^ (mask[at] ?? 0)))
  const head = Buffer.alloc(33)
  const flags = (login.flags & ~(QUERY_ATTRIBUTES | DEPRECATE_EOF | CONNECT_ATTRS)) | PLUGIN_AUTH
  head.writeUInt32LE(flags >>> 0, 0)
  head.writeUInt32LE(1 << 24, 4)
  head.writeUInt8(login.characterSet, 8)
  const user = Buffer.concat([
    head.subarray(0, 32),
    Buffer.from(`${login.user}\0`),
    Buffer.from([answer.length]),
    answer,
  ])
  return Buffer.concat([user, Buffer.from(`${login.database}\0mysql_native_password\0`)])
}

/** A query behind its attributes: the driver sends none. */
function withoutAttributes(body: Buffer): Buffer {
  const [, sets] = lengthAt(body, 1)
  const [, text] = lengthAt(body, sets)
  return body.subarray(text)
}

/** The form of COM_STMT_EXECUTE without query attributes: no count of parameters, and no names. */
function plainExecute(body: Buffer): Buffer {
  const head = Buffer.from(body.subarray(0, 10))
  head.writeUInt8(head.readUInt8(5) & ~PARAMETER_COUNT_AVAILABLE, 5)
  const [count, nulls] = lengthAt(body, 10)
  if (count === 0) return head
  let at = nulls + ((count + 7) >> 3) + 1
  const parts = [head, body.subarray(nulls, at)]
  for (let parameter = 0; parameter < count; parameter++) {
    parts.push(body.subarray(at, at + 2))
    const [length, next] = lengthAt(body, at + 2)
    at = next + length
  }
  return Buffer.concat([...parts, body.subarray(at)])
}

/** Passes a prepared statement on with a type for each parameter, as MySQL tells it from 8.0.22 on. */
function definitionsOfStatement(): (body: Buffer) => Buffer {
  let parameters: number | undefined
  return (body) => {
    if (parameters === undefined) parameters = body[0] === 0 ? body.readUInt16LE(7) : 0
    else if (parameters-- > 0) return definition(body, (types) => types.writeUInt8(LONGLONG, 6))
    return body
  }
}

/** Passes a result on with MySQL's collation for texts. */
function definitionsOfResult(): (body: Buffer) => Buffer {
  let columns: number | undefined
  return (body) => {
    if (columns === undefined) columns = body[0] === 0 || body[0] === ERROR ? 0 : lengthAt(body, 0)[0]
    else if (columns-- > 0) return definition(body, inMysqlsCollation)
    return body
  }
}

function inMysqlsCollation(types: Buffer): void {
  if (UTF8MB4_OF_MARIADB.includes(types.readUInt16LE(0))) types.writeUInt16LE(UTF8MB4_0900_AI_CI, 0)
}

/** Changes what stands behind the six names of a column: character set, length, type. */
function definition(body: Buffer, change: (types: Buffer) => void): Buffer {
  const changed = Buffer.from(body)
  let at = 0
  for (let name = 0; name < 6; name++) {
    const [length, next] = lengthAt(changed, at)
    at = next + length
  }
  change(changed.subarray(at + 1))
  return changed
}
