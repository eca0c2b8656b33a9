import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { recordsOf } from '../../src/ledger/decode-rows.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import type { Link } from '../../src/ledger/mysql-link.ts'
import { streamRows } from '../../src/ledger/mysql-stream.ts'
import type { LedgerEntry, TaskRow } from '../../src/ledger/reader.ts'
import { TaskWords } from '../../src/rows/task-records.ts'
import type { ThreadUse } from '../../src/thread/second-thread.ts'
import { openZone } from '../../src/units/zone.ts'
import { inTurn } from '../kit/rechunked.ts'
import { decodingThread } from '../kit/two-threads.ts'
import { FEW, rowsOf, type WireWorld, wireWorld } from '../kit/wire-world.ts'
import { at } from './backends.ts'

/** Rows that a second thread reads are those that this one reads: in whatever chunks they come, and whatever is wrong with them. */

const RANGE = { start: at('2026-02-03T12:01:00+08:00'), end: at('2026-02-03T13:00:00+08:00') }
const ROWS = 5000

let world: WireWorld
let use: ThreadUse
beforeAll(async () => {
  use = await decodingThread()
  world = await wireWorld()
  await world.database.admin.query(`CREATE TABLE wide AS SELECT seq AS id,
      CAST(IF(seq % 17 = 0, NULL, '2026-02-03 12:00:00' + INTERVAL seq SECOND) AS DATETIME(3)) AS at,
      seq % 50 AS user, CONCAT('t', seq) AS task, IF(seq % 9 = 0, NULL, CONCAT('fal-ai/m#R-', seq)) AS request,
      IF(seq % 1000 = 1, REPEAT('长', 40000), CONCAT('model ', seq % 700)) AS model, CONCAT('key-', seq % 3) AS api_key,
      ELT(1 + seq % 3, 'done', 'Failed', '…') AS status, seq % 11 AS money, CAST(seq / 7 AS FLOAT) AS cost, seq % 2 AS refund,
      CAST(IF(seq % 5 = 0, NULL, '2026-02-03 12:00:10' + INTERVAL seq SECOND) AS DATETIME) AS done
    FROM seq_1_to_${ROWS}`)
})
afterEach(() => world.dropLinks())
afterAll(() => world.database.drop())

const TASKS = 'SELECT * FROM wide ORDER BY id'
const POINTS = `SELECT id, at, user, -money, request, ELT(1 + id % 2, 'consume', 'Refund'), id, id + 1, IF(id % 99, '', 'a title') FROM wide ORDER BY id`
const CASH = 'SELECT id, at, user, -money, task, refund, NULL FROM wide ORDER BY id'

const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)

interface Read {
  readonly rows: (TaskRow | LedgerEntry)[]
  readonly astray: unknown
  /** What stopped it. */
  readonly cause?: unknown
}

/** Reads a statement as rows of a table, by two threads from so many rows on. */
async function read(link: Link, table: 'tasks' | 'points' | 'cash', sql: string, by?: ThreadUse): Promise<Read> {
  const zone = openZone('+08:00')
  if (zone === undefined) throw new Error('no zone')
  const words = new TaskWords()
  // Words that came before, in other words by now.
  words.models.codeOf('model 5')
  words.models.revise((text) => `revised ${text}`)
  const records = recordsOf(DEFAULT_MAPPING, zone, words)
  const batches = table === 'tasks' ? records.tasks(RANGE) : records[table](RANGE)
  const stream = streamRows<{ rows(): (TaskRow | LedgerEntry)[] }>(link, { role: table, sql, binds: [] }, batches, by)
  const rows: Read['rows'] = []
  try {
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) rows.push(...batch.rows())
    expect(stream.over()).toBe(true)
    return { rows, astray: { ...records.astray } }
  } catch (cause) {
    await stream.drained()
    return { rows, astray: { ...records.astray }, cause }
  } finally {
    stream.close()
  }
}

describe('rows that a second thread reads', () => {
  test.each([
    ['tasks', TASKS],
    ['points', POINTS],
    ['cash', CASH],
  ] as const)('are those that the first one reads: %s', async (table, sql) => {
    const { link, wire } = await world.open()
    const wanted = await read(link, table, sql)
    expect(wanted.rows.length).toBeGreaterThan(2000)
    expect(wanted.astray).toMatchObject({ [table]: true })
    for (const [rowsLeast, sizes] of [
      [0, [Number.POSITIVE_INFINITY]],
      [1, [65_536]],
      [700, [4096, 1, 3]],
      [1000, [50_000, 7, 700]],
      [2999, [1000]],
      [1_000_000, [65_536]],
    ] as const) {
      wire.cutBy(inTurn(...sizes))
      expect(await read(link, table, sql, { ...use, rowsLeast })).toEqual(wanted)
      // What follows on the same connection is read as ever.
      expect(await rowsOf(link, FEW)).toEqual(await world.readByDriver(FEW))
    }
  })

  test('are the same in chunks of random sizes', async () => {
    const { link, wire } = await world.open()
    const sql = `SELECT * FROM wide WHERE id BETWEEN 990 AND 1100 ORDER BY id`
    const wanted = await read(link, 'tasks', sql)
    const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 0, max: 120 }), async (cuts, rowsLeast) => {
        wire.cutBy(inTurn(...cuts))
        expect(await read(link, 'tasks', sql, { ...use, rowsLeast })).toEqual(wanted)
      }),
      { numRuns: 60 },
    )
  })

  test('are the same where one is longer than a packet', async () => {
    await world.database.admin.query('SET GLOBAL max_allowed_packet = 64 * 1024 * 1024')
    try {
      const { link, wire } = await world.open()
      const long = `SELECT id, at, user, REPEAT('t', IF(id = 100, 17000000, 3)), request, model, api_key, status, money, cost, refund, done FROM wide WHERE id BETWEEN 90 AND 110`
      const wanted = await read(link, 'tasks', long)
      expect(wanted.rows.map((row) => ('taskId' in row ? row.taskId.length : 0))).toContain(17_000_000)
      wire.cutBy(() => 65_536)
      for (const rowsLeast of [0, 9, 10, 11]) {
        const { rows } = await read(link, 'tasks', long, { ...use, rowsLeast })
        // Texts of that length are not to be printed where they differ.
        expect(rows.map((row) => row.rowId)).toEqual(wanted.rows.map((row) => row.rowId))
        expect(JSON.stringify(rows, bigints) === JSON.stringify(wanted.rows, bigints)).toBe(true)
      }
    } finally {
      await world.database.admin.query('SET GLOBAL max_allowed_packet = DEFAULT')
    }
  })

  test('are none where there are none', async () => {
    const { link } = await world.open()
    const sql = `${TASKS.replace('ORDER', 'WHERE FALSE ORDER')}`
    expect(await read(link, 'tasks', sql, use)).toEqual(await read(link, 'tasks', sql))
    const outside = `SELECT *, 1 FROM wide WHERE id < 50`
    const { rows } = await read(link, 'tasks', outside, use)
    expect(rows).toEqual([])
  })
})

describe('what is wrong with rows that a second thread reads', () => {
  test('is told as the first one tells it, and the next statement is read', async () => {
    const { link } = await world.open()
    const sql = `SELECT id, at, user, IF(id = 1500, 'many', id), task, refund, NULL FROM wide ORDER BY id`
    const here = await read(link, 'cash', sql)
    const there = await read(link, 'cash', sql, use)
    expect(here.cause).toMatchObject({ kind: 'source', message: expect.stringContaining('many') })
    expect(there.cause).toEqual(here.cause)
    expect(await rowsOf(link, FEW)).toEqual(await world.readByDriver(FEW))
  })

  test('ends with the result, where the server breaks it off', async () => {
    const { link } = await world.open()
    // The inner query has more than one row from the 2000th on.
    const sql = TASKS.replace('*', '*, (SELECT s.seq FROM seq_1_to_2 s WHERE s.seq * 1000 <= wide.id)')
    for (let round = 0; round < 2; round++) {
      expect((await read(link, 'tasks', sql, use)).cause).toMatchObject({ errno: 1242 })
      expect(await rowsOf(link, FEW)).toEqual(await world.readByDriver(FEW))
    }
  })

  test('is that their connection was lost', async () => {
    const { link } = await world.open()
    const reading = read(link, 'tasks', 'SELECT * FROM wide JOIN seq_1_to_200', use)
    await delay(50)
    link.drop()
    expect((await reading).cause).toBeInstanceOf(Error)
  })
})

describe('a reader that is slower than two threads', () => {
  test('holds the network back, and gets every row', async () => {
    const { link, wire } = await world.open()
    const sql = `SELECT s.seq, '2026-02-03 12:30:00', 1, REPEAT('y', 100), 't', 'm', 'k', 'done', 1, 0, 0, NULL FROM seq_1_to_120000 s`
    const zone = openZone('+08:00')
    if (zone === undefined) throw new Error('no zone')
    const { tasks } = recordsOf(DEFAULT_MAPPING, zone, new TaskWords())
    const before = wire.received
    const stream = streamRows(link, { role: 'tasks', sql, binds: [] }, tasks(RANGE), use)
    let last = 0
    let most = 0
    for (let batches = 0; ; batches++) {
      const batch = await stream.next()
      if (batch === undefined) break
      for (let index = 0; index < batch.count; index++) {
        if (batch.rowId(index) !== last + 1) expect.unreachable(`${batch.rowId(index)} after ${last}`)
        last = batch.rowId(index)
      }
      if (batches % 5 > 0) continue
      await delay(20)
      // Some batches ahead, and what waits for the other thread: of 18 MB most wait at the server.
      most = Math.max(most, wire.received - before - last * 150)
    }
    expect(last).toBe(120_000)
    expect(most).toBeLessThan(6_000_000)
  })

  test('is not kept waiting by rows of which none belongs', async () => {
    const { link } = await world.open()
    const sql = `SELECT seq, '2026-02-03 11:00:00', 1, REPEAT('y', 200), 't', 'm', 'k', 'done', 1, 0, 0, NULL FROM seq_1_to_100000`
    expect((await read(link, 'tasks', sql, use)).rows).toEqual([])
  })

  test('may stop at any time, and the next statement is read', async () => {
    const { link } = await world.open()
    for (const batches of [0, 1, 3]) {
      const zone = openZone('+08:00')
      if (zone === undefined) throw new Error('no zone')
      const { tasks } = recordsOf(DEFAULT_MAPPING, zone, new TaskWords())
      const sql = 'SELECT * FROM wide JOIN seq_1_to_20'
      const stream = streamRows(link, { role: 'tasks', sql, binds: [] }, tasks(RANGE), use)
      for (let batch = 0; batch < batches; batch++) expect((await stream.next())?.count).toBeGreaterThan(0)
      stream.close()
      await stream.drained()
      expect(await rowsOf(link, FEW)).toEqual(await world.readByDriver(FEW))
    }
  })
})
