import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type BatcherFactory, inLists, inListsBy } from '../../src/ledger/batches.ts'
import type { Cell, CellType } from '../../src/ledger/cells.ts'
import { parseDatabaseUrl } from '../../src/ledger/database-url.ts'
import { connected, type Link, linkTo, loadMysql } from '../../src/ledger/mysql-link.ts'
import { streamRows } from '../../src/ledger/mysql-stream.ts'
import { CellRow, type RowCells } from '../../src/ledger/row-cells.ts'
import { Lexicon } from '../../src/rows/lexicon.ts'
import { parseWall } from '../../src/units/wall.ts'
import { freshDatabase, numbersTo, type TestDatabase } from '../kit/mariadb.ts'
import { readByDriver } from '../kit/read-by-driver.ts'

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

/** A value that the next row does not write over. */
const copyOf = (cell: Cell): Cell => (cell instanceof Uint8Array ? Buffer.from(cell) : cell)

async function readBy<Value>(sql: string, batches: BatcherFactory<readonly Value[]>): Promise<Value[]> {
  const stream = streamRows(link, { role: 'tasks', sql, binds: [] }, batches)
  const rows: Value[] = []
  for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) rows.push(...batch)
  return rows
}

/** All rows as the store's stream hands them on, and what it says of their columns. */
async function cellsBy(sql: string): Promise<{ types: readonly CellType[]; rows: readonly (readonly Cell[])[] }> {
  let types: readonly CellType[] = []
  const rows = await readBy(
    sql,
    inLists((told) => {
      types = told
      return (cells) => cells.map(copyOf)
    }),
  )
  return { types, rows }
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
  ['BIT(17)', fc.integer({ min: 0, max: 131_071 })],
  ['INT(6) ZEROFILL', fc.integer({ min: 0, max: 9_999_999 })],
  ['FLOAT UNSIGNED', fc.constantFrom(0, 0.1, 16_777_217, 1e-30, 3.4e38)],
  ['DECIMAL(10,0)', fc.integer()],
  ['VARCHAR(60) CHARACTER SET latin1', fc.constantFrom('', 'é', ' a b ', '12', '-3.50', '0.000000001')],
  ['TEXT', fc.constantFrom('  padded ', '\u00a0x\u3000', '7', '2026-02-03 12:00:00', ' 7 ', 'null', '\t')],
  ["SET('a', 'b', 'c')", fc.constantFrom('', 'a,c', 'b')],
  ['BLOB', fc.constantFrom(Buffer.from([]), Buffer.from('1'), Buffer.from([0, 255, 0]))],
]
const TIMES = COLUMNS.flatMap(([type], at) => (/^(DATE|TIMESTAMP)/.test(type) ? [at] : []))
const PLACE = { table: 't', column: 'c' }

/** What a way of reading gives, or how it refuses to. */
function told(read: () => unknown): unknown {
  try {
    return read()
  } catch (cause) {
    return String(cause)
  }
}

/** A row by each of its columns, in every way in which one can be read. */
const readAll = (row: RowCells, words: readonly Lexicon[]) =>
  words.map((lexicon, column) => ({
    ...{ integer: row.integer(column), isNull: row.isNull(column), wall: row.wall(column) },
    ...{ id: told(() => row.id(column, PLACE)), flag: told(() => row.flag(column, PLACE)) },
    ...{ whole: told(() => row.whole(column, PLACE)), usd: told(() => row.usd(column, PLACE)) },
    ...{ text: row.text(column), span: spanText(row, column), isPadded: row.isPadded(column) },
    // A second time: what was remembered of it says the same.
    words: [0, 1].map(() => lexicon.textOf(row.word(column, (text) => lexicon.codeOf(text)))),
  }))

function spanText(row: RowCells, column: number): string {
  const { bytes, view, from, length } = row.span(column)
  expect(view.byteLength).toBe(bytes.length)
  return bytes.toString('utf8', from, from + length)
}

const asDriver = (cell: Cell): unknown => (typeof cell === 'bigint' ? String(cell) : cell)

describe('rows read from the wire', () => {
  const sql = `SELECT ${COLUMNS.map((_, at) => `c${at}`).join(', ')} FROM many`

  beforeAll(async () => {
    const names = COLUMNS.map((_, at) => `c${at}`)
    await database.admin.query(`SET SESSION sql_mode = 'ALLOW_INVALID_DATES'`)
    await database.admin.query(`CREATE TABLE many (${COLUMNS.map(([type], at) => `c${at} ${type} NULL`).join(', ')})`)
    const rows = fc.sample(fc.tuple(...COLUMNS.map(([, values]) => fc.option(values, { freq: 5 }))), {
      numRuns: 600,
      seed: 11,
    })
    await database.admin.query(`INSERT INTO many (${names.join(', ')}) VALUES ?`, [rows])
  })

  test('are what the driver reads, whatever the types of the columns', async () => {
    const read = await cellsBy(sql)
    const driver = await readByDriver(database.options, sql)
    expect(read.types).toEqual(COLUMNS.map(([type]) => (type.startsWith('FLOAT') ? 'float32' : 'other')))
    expect([read.rows.length, driver.length]).toEqual([600, 600])
    read.rows.forEach((row, index) => {
      const wanted = driver[index] ?? []
      expect(row.map((cell, at) => (TIMES.includes(at) ? null : asDriver(cell)))).toEqual(
        wanted.map((cell, at) => (TIMES.includes(at) ? null : cell)),
      )
      const walls = (cells: readonly Cell[]) =>
        TIMES.map((at) => (cells[at] === null ? null : parseWall(String(cells[at]))))
      expect(walls(row)).toEqual(walls(wanted))
    })
  })

  test('give each column in every way as the driver’s values would, and refuse what these would', async () => {
    const driver = await readByDriver(database.options, sql)
    const lexicons = () => COLUMNS.map(() => new Lexicon())
    const [own, others] = [lexicons(), lexicons()]
    const read = await readBy(
      sql,
      inListsBy(() => (row) => readAll(row, own)),
    )
    const types = COLUMNS.map(([type]): CellType => (type.startsWith('FLOAT') ? 'float32' : 'other'))
    const plain = new CellRow(types)
    expect(read.length).toBe(600)
    const seen = { errors: 0, nulls: 0 }
    read.forEach((columns, index) => {
      const wanted = readAll(plain.of(driver[index] ?? []), others)
      columns.forEach((column, at) => {
        // A time is a text in either, though not the same one where its parts are nought.
        const isTime = TIMES.includes(at)
        const leave = isTime ? { id: 0, whole: 0, usd: 0, text: 0, span: 0, words: 0, integer: 0, flag: 0 } : {}
        expect([COLUMNS[at]?.[0], { ...column, ...leave }]).toEqual([COLUMNS[at]?.[0], { ...wanted[at], ...leave }])
        if (typeof column.usd === 'string') seen.errors += 1
        if (column.isNull) seen.nulls += 1
      })
    })
    expect(seen.errors).toBeGreaterThan(1000)
    expect(seen.nulls).toBeGreaterThan(1000)
  })

  test('tell a time as a text, in whatever way it is read', async () => {
    await database.admin.query('CREATE TABLE times (at DATETIME, day DATE, exact DATETIME(6), zero DATETIME)')
    await database.admin.query(
      "INSERT INTO times VALUES ('2026-02-03 12:00:00', '2026-02-03', '2026-02-03 01:02:03.000400', '0000-00-00')",
    )
    const rows = await readBy(
      'SELECT at, day, exact, zero FROM times',
      inListsBy(
        () => (row) => [0, 1, 2, 3].map((at) => [row.text(at), spanText(row, at), row.cells()[at], row.wall(at)]),
      ),
    )
    const texts = ['2026-02-03 12:00:00', '2026-02-03 00:00:00', '2026-02-03 01:02:03.000400', '0000-00-00 00:00:00']
    expect(rows).toEqual([texts.map((text) => [text, text, text, parseWall(text)])])
  })

  test.each([
    ['a TIME', "TIME('12:00:00')", '12:00:00'],
    ['a JSON column', 'doc', { a: [1, null] }],
    ['a YEAR', 'y', 2026],
    ['a point', 'place', { x: 1, y: 2 }],
  ])(
    'of a type that is not known, such as %s, are as the driver gives them, and so are their other columns',
    async (_, column, value) => {
      await database.admin.query(
        'CREATE TABLE IF NOT EXISTS odd (id INT, doc JSON, y YEAR, place POINT, at DATETIME, cost FLOAT)',
      )
      await database.admin.query('DELETE FROM odd')
      await database.admin.query(
        `INSERT INTO odd VALUES (7, '{"a":[1,null]}', 2026, POINT(1, 2), '2026-02-03 12:00:00', 0.1)`,
      )
      const read = await readBy(
        `SELECT id, ${column}, at, cost FROM odd`,
        inListsBy(() => (row) => [row.integer(0), row.cells()[1], row.wall(2), row.usd(3, PLACE), row.isNull(4)]),
      )
      expect(read).toEqual([[7, value, parseWall('2026-02-03 12:00:00'), 100_000_000, true]])
    },
  )

  test('are the same when they come over many packets of the network, and are held back in between', async () => {
    const many = `SELECT seq, REPEAT(ELT(1 + seq % 3, 'a', 'b', 'é'), seq % 3000), IF(seq % 2, 'done', 'failed') FROM ${numbersTo(9000)}`
    const { rows } = await cellsBy(many)
    expect(rows.length).toBe(9000)
    for (const [seq, text, word] of rows) {
      const n = Number(seq)
      if (text !== 'abé'.charAt(n % 3).repeat(n % 3000)) expect.unreachable(`row ${n}`)
      if (word !== (n % 2 === 1 ? 'done' : 'failed')) expect.unreachable(`row ${n}`)
    }
  })

  test('of which one column is asked for that is not there say nothing of it', async () => {
    const read = await readBy(
      'SELECT 5, NULL',
      inListsBy(
        () => (row) => [1, 2, 9].map((at) => [row.isNull(at), row.integer(at), row.text(at), row.whole(at, PLACE)]),
      ),
    )
    expect(read[0]?.[0]).toEqual([true, 0, '', null])
  })
})

describe('rows of many columns', () => {
  test.each([1, 5, 6, 7, 8, 14, 30, 400])('tell each NULL from its neighbours: %d columns', async (columns) => {
    const names = Array.from({ length: columns }, (_, at) => at)
    const value = (row: number, at: number) => ((row * 7 + at * 3) % 5 === 0 ? null : row * 1000 + at)
    const selects = Array.from(
      { length: 6 },
      (_, row) => `SELECT ${names.map((at) => `${value(row, at) ?? 'NULL'} AS c${at}`).join(', ')}`,
    )
    const { rows } = await cellsBy(selects.join(' UNION ALL '))
    expect(rows).toEqual(selects.map((_, row) => names.map((at) => value(row, at))))
  })
})
