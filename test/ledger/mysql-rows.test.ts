import fc from 'fast-check'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Cell, CellType } from '../../src/ledger/cells.ts'
import { parseDatabaseUrl } from '../../src/ledger/database-url.ts'
import type { DecoderFactory } from '../../src/ledger/decode.ts'
import { connected, type Link, linkTo, loadMysql } from '../../src/ledger/mysql-link.ts'
import { streamRows } from '../../src/ledger/mysql-stream.ts'
import { textReader } from '../../src/ledger/mysql-texts.ts'
import { parseWall } from '../../src/units/wall.ts'
import { freshDatabase, type TestDatabase } from '../kit/mariadb.ts'

let database: TestDatabase
let link: Link

beforeAll(async () => {
  database = await freshDatabase(inject('mariadb'))
  const address = parseDatabaseUrl(database.urlFor())
  if (address.engine !== 'mysql') throw new Error('not the server')
  link = linkTo(address, await loadMysql())
  await connected(link)
})
afterAll(async () => {
  link.drop()
  await database.drop()
})

interface Read {
  readonly types: readonly CellType[]
  readonly rows: readonly (readonly Cell[])[]
}

/** All rows as the store's stream hands them to a decoder that wants these positions as times. */
async function readBy(sql: string, times: readonly number[]): Promise<Read> {
  let types: readonly CellType[] = []
  const copy: DecoderFactory<readonly Cell[]> = Object.assign(
    (told: readonly CellType[]) => {
      types = told
      return (cells: readonly Cell[]) => cells.map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell) : cell))
    },
    { times },
  )
  const stream = streamRows(link, { role: 'tasks', sql, binds: [] }, copy)
  const rows: (readonly Cell[])[] = []
  for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) rows.push(...batch)
  return { types, rows }
}

/** The same rows as mysql2 reads them by itself. */
async function readByDriver(sql: string): Promise<readonly (readonly unknown[])[]> {
  const plain = await createConnection({ ...database.options, supportBigNumbers: true, dateStrings: true })
  try {
    const [rows] = await plain.execute({ sql, rowsAsArray: true })
    return rows as unknown[][]
  } finally {
    await plain.end()
  }
}

const COLUMNS: readonly (readonly [type: string, values: fc.Arbitrary<unknown>])[] = [
  ['TINYINT', fc.integer({ min: -128, max: 127 })],
  ['TINYINT UNSIGNED', fc.integer({ min: 0, max: 255 })],
  ['SMALLINT', fc.integer({ min: -32_768, max: 32_767 })],
  ['SMALLINT UNSIGNED', fc.integer({ min: 0, max: 65_535 })],
  ['MEDIUMINT', fc.integer({ min: -8_388_608, max: 8_388_607 })],
  ['MEDIUMINT UNSIGNED', fc.integer({ min: 0, max: 16_777_215 })],
  ['INT', fc.integer()],
  ['INT UNSIGNED', fc.integer({ min: 0, max: 4_294_967_295 })],
  ['BIGINT', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)],
  ['BIGINT UNSIGNED', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)],
  ['FLOAT', fc.integer({ min: -9_999_999, max: 9_999_999 }).map((n) => n / 1000)],
  ['DOUBLE', fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 })],
  ['DECIMAL(30,9)', fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map((n) => `${n}.000000001`)],
  [
    'DATETIME',
    fc.constantFrom('2026-02-28 23:59:59', '2024-02-29 00:00:00', '0000-00-00 00:00:00', '9999-12-31 23:59:59'),
  ],
  ['DATETIME(6)', fc.constantFrom('2026-02-28 23:59:59.999999', '2026-01-01 00:00:00', '2026-01-01 00:00:00.000123')],
  [
    'DATETIME(3)',
    fc.constantFrom('2026-00-10 10:00:00', '2026-02-31 10:00:00', '0050-01-01 00:00:00', '1970-01-01 00:00:00.001'),
  ],
  ['DATE', fc.constantFrom('2026-02-28', '0000-00-00', '1969-12-31')],
  ['TIMESTAMP', fc.constantFrom('2026-03-01 00:00:00', '1970-01-02 00:00:00')],
  ['VARCHAR(255)', fc.string({ unit: 'grapheme', maxLength: 60 })],
  ['CHAR(20)', fc.constantFrom('', 'a', '状态', 'completed', 'complated')],
  ['MEDIUMTEXT', fc.constantFrom('', 'x'.repeat(250), 'x'.repeat(251), 'é'.repeat(300), 'x'.repeat(70_000))],
  ["ENUM('done', 'ok')", fc.constantFrom('done', 'ok')],
  ['VARBINARY(20)', fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))],
  ['BIT(1)', fc.constantFrom(0, 1)],
]
const TIMES = COLUMNS.flatMap(([type], at) => (/^(DATE|TIMESTAMP)/.test(type) ? [at] : []))

describe('rows read from the wire', () => {
  test('are what the driver reads, whatever the types of the columns', async () => {
    const names = COLUMNS.map((_, at) => `c${at}`)
    await database.admin.query(`SET SESSION sql_mode = 'ALLOW_INVALID_DATES'`)
    await database.admin.query(`CREATE TABLE many (${COLUMNS.map(([type], at) => `c${at} ${type} NULL`).join(', ')})`)
    const rows = fc.sample(fc.tuple(...COLUMNS.map(([, values]) => fc.option(values, { freq: 5 }))), {
      numRuns: 600,
      seed: 11,
    })
    await database.admin.query(`INSERT INTO many (${names.join(', ')}) VALUES ?`, [rows])
    const sql = `SELECT ${names.join(', ')} FROM many`
    const read = await readBy(sql, TIMES)
    const told = await readByDriver(sql)
    expect(read.types).toEqual(
      COLUMNS.map(([type], at) => (type === 'FLOAT' ? 'float32' : TIMES.includes(at) ? 'wall' : 'other')),
    )
    expect(read.rows.length).toBe(rows.length)
    const asDriver = (cell: Cell): unknown => (typeof cell === 'bigint' ? String(cell) : cell)
    read.rows.forEach((row, index) => {
      const wanted = told[index]?.map((cell, at) =>
        TIMES.includes(at) && typeof cell === 'string' ? parseWall(cell) : cell,
      )
      expect(row.map(asDriver)).toEqual(wanted)
    })
  })

  test('hold a time as text where nobody wants a time, and a type that is not known as the driver gives it', async () => {
    const sql = "SELECT CAST('2026-02-03 12:00:00' AS DATETIME), TIME('12:00:00'), 7"
    for (const times of [[], [0]]) {
      const { rows, types } = await readBy(sql, times)
      expect(rows).toEqual([['2026-02-03 12:00:00', '12:00:00', 7]])
      expect(types).not.toContain('wall')
    }
  })

  test('are the same when they come over many packets of the network, and are held back in between', async () => {
    const sql =
      "SELECT seq, REPEAT(ELT(1 + seq % 3, 'a', 'b', 'é'), seq % 3000), IF(seq % 2, 'done', 'failed') FROM seq_1_to_9000"
    const { rows } = await readBy(sql, [])
    expect(rows.length).toBe(9000)
    for (const [seq, text, word] of rows) {
      const n = Number(seq)
      if (text !== 'abé'.charAt(n % 3).repeat(n % 3000)) expect.unreachable(`row ${n}`)
      if (word !== (n % 2 === 1 ? 'done' : 'failed')) expect.unreachable(`row ${n}`)
    }
  })
})

describe('texts of a column', () => {
  const reading = () => {
    const read = textReader()
    return (text: string) => {
      const buffer = Buffer.from(`..${text}!`)
      const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
      return read({ buffer, view }, 2, buffer.length - 1)
    }
  }

  test('are read as they stand, few or many, alike or not', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 200 }), (texts) => {
        const read = reading()
        for (const text of [...texts, ...texts]) expect(read(text)).toBe(text)
      }),
      { numRuns: 50 },
    )
    const read = reading()
    // The same length, end and middle, so that all of them want one place.
    for (let index = 0; index < 30_000; index++) {
      const text = `${String(index).padStart(8, '0')}mmmmmmmmend.`
      if (read(text) !== text) expect.unreachable(text)
    }
  })
})
