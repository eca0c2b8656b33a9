import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../../src/ledger/mysql-link.ts'
import { numbersTo } from '../kit/mariadb.ts'
import { inTurn } from '../kit/rechunked.ts'
import { FEW, MIXED, rowsOf, type WireWorld, wireWorld } from '../kit/wire-world.ts'

/** How rows come out of the chunks of bytes that the network happens to hand over. */

let world: WireWorld
beforeAll(async () => {
  world = await wireWorld()
})
afterEach(() => world.dropLinks())
afterAll(() => world.database.drop())

/** Cuts one answer: after so many bytes, and then after so many more. */
const cutAt = (...cuts: readonly number[]) => {
  let next = 0
  return () => cuts[next++] ?? Number.POSITIVE_INFINITY
}

describe('rows in chunks of any size', () => {
  test.each([
    ['a byte', [1]],
    ['two', [2]],
    ['three', [3]],
    ['five', [5]],
    ['seven', [7]],
    ['1000', [1000]],
    ['4096', [4096]],
    ['65536', [65_536]],
    ['some of each', [1, 64, 2, 1000, 3, 7, 5, 250, 4, 4096]],
    ['any size', [Number.POSITIVE_INFINITY]],
  ])('are those that the driver reads: %s', async (_, sizes) => {
    const { link, wire } = await world.open()
    const wanted = await world.readByDriver(MIXED)
    const before = wire.chunks
    wire.cutBy(inTurn(...sizes))
    expect(await rowsOf(link, MIXED)).toEqual(wanted)
    if (sizes[0] === 1 && sizes.length === 1) expect(wire.chunks - before).toBeGreaterThan(100_000)
    // What follows on the same connection is read as ever.
    expect(await rowsOf(link, FEW)).toEqual(await world.readByDriver(FEW))
  })

  test('are the same in chunks of random sizes, statement after statement on one connection', async () => {
    const { link, wire } = await world.open()
    const wanted = await world.readByDriver(FEW)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }), async (sizes) => {
        wire.cutBy(inTurn(...sizes))
        expect(await rowsOf(link, FEW)).toEqual(wanted)
      }),
      { numRuns: 200 },
    )
  })
})

describe('rows that lie whole in a chunk', () => {
  // A million packets that are handed over one by one cost more than all the rest: where that comes back, nothing else tells.
  test.each([1000, 4096, 65_536])(
    'never come to the driver, which handles one packet a chunk: chunks of %d',
    async (size) => {
      const { link, wire, packets } = await world.open()
      const sql = `SELECT CAST(seq AS SIGNED), IF(seq % 3, NULL, seq) FROM ${numbersTo(30_000)}`
      await rowsOf(link, sql)
      const before = { chunks: wire.chunks, packets: packets() }
      wire.cutBy(() => size)
      expect((await rowsOf(link, sql)).length).toBe(30_000)
      // Those of the first chunk come before anybody knows their columns.
      const first = size / 10
      expect(packets() - before.packets).toBeLessThanOrEqual(wire.chunks - before.chunks + first + 10)
      expect(packets() - before.packets).toBeLessThan(10_000)
    },
  )
})

describe('rows that are cut anywhere between two chunks', () => {
  // A test each: all of them are thousands of statements, for which a busy machine takes its time.
  test.each([0, 1, 2, 3, 4, 5, 6, 9])(
    'are those that the driver reads, at each byte of the answer, with %d to the next cut, or none',
    async (gap) => {
      const { link, wire } = await world.open()
      const wanted = await world.readByDriver(FEW)
      const wantedText = JSON.stringify(wanted)
      // The statement is prepared by now: what comes is its rows and what they begin and end with.
      await rowsOf(link, FEW)
      const before = wire.delivered
      await rowsOf(link, FEW)
      const length = wire.delivered - before
      expect(length).toBeGreaterThan(800)
      for (let cut = 1; cut < length; cut++) {
        wire.cutBy(gap === 0 ? cutAt(cut) : cutAt(cut, gap))
        const rows = await rowsOf(link, FEW)
        if (JSON.stringify(rows) !== wantedText) expect([cut, gap, rows]).toEqual([cut, gap, wanted])
      }
    },
  )

  test('as are results without a row, and those of one', async () => {
    const { link, wire } = await world.open()
    for (const where of ['FALSE', 'id = 5']) {
      const sql = `SELECT id, note FROM mixed WHERE ${where}`
      const wanted = await world.readByDriver(sql)
      await rowsOf(link, sql)
      const before = wire.delivered
      await rowsOf(link, sql)
      const length = wire.delivered - before
      for (let cut = 1; cut < length; cut++) {
        wire.cutBy(cutAt(cut, 1))
        expect([cut, await rowsOf(link, sql)]).toEqual([cut, wanted])
      }
    }
  })
})

describe('several statements on one connection', () => {
  test('are each read by their own columns, of types that are known and of others, with rows and without', async () => {
    const { link, wire } = await world.open()
    wire.cutBy(inTurn(50, 3, 700, 1))
    const statements = [
      FEW,
      'SELECT id, big FROM mixed WHERE id > 2990',
      "SELECT id, TIME('12:00:00') FROM mixed WHERE id > 1995",
      'SELECT note FROM mixed WHERE FALSE',
      'SELECT cost, at, id FROM mixed WHERE id < 1500',
      'SELECT NULL',
    ]
    const wanted = await Promise.all(statements.map(world.readByDriver))
    for (let round = 0; round < 3; round++) {
      for (const [index, sql] of statements.entries()) expect(await rowsOf(link, sql)).toEqual(wanted[index])
      expect(await ask(link, 'SELECT 1 + 1')).toEqual([[2]])
      // One that gives no rows at all.
      expect(await ask(link, 'DO 0')).toEqual([])
    }
    // More than 256 rows, so that the numbers of packets begin anew many times.
    for (const most of [254, 255, 256, 257, 510, 511, 512]) {
      expect((await rowsOf(link, 'SELECT id FROM mixed WHERE id <= ?', [most])).length).toBe(most)
    }
  })

  test('that wait for each other are read in turn', async () => {
    const { link, wire } = await world.open()
    wire.cutBy(inTurn(11))
    const [few, none, more] = await Promise.all([
      rowsOf(link, FEW),
      rowsOf(link, 'SELECT 1 FROM mixed WHERE FALSE'),
      rowsOf(link, 'SELECT id FROM mixed WHERE id < 2000'),
    ])
    expect([few, none, more.length]).toEqual([await world.readByDriver(FEW), [], 1999])
  })
})

describe('rows that take more than one packet', () => {
  const PACKET = 0xffffff
  let usual = 0

  beforeAll(async () => {
    const [rows] = await world.database.admin.query({ sql: 'SELECT @@GLOBAL.max_allowed_packet', rowsAsArray: true })
    usual = (rows as unknown as [[number]])[0][0]
    await world.database.admin.query('SET GLOBAL max_allowed_packet = 134217728')
  })
  afterAll(() => world.database.admin.query(`SET GLOBAL max_allowed_packet = ${usual}`))

  // A row of one text has six bytes before it: its mark, its bitmap, and the text's length of one and three.
  test.each([
    ['just not', PACKET - 7],
    ['to the byte', PACKET - 6],
    ['by a byte', PACKET - 5],
    ['whose length takes eight bytes', 2 ** 24],
    ['twice', 2 * PACKET + 1000],
  ])('are read whole, with those before and after: %s', async (_, length) => {
    const { link, wire } = await world.open()
    const sql = `SELECT seq, IF(seq = 60, REPEAT('z', ${length}), seq) FROM ${numbersTo(64)}`
    const single = `SELECT REPEAT('z', ${length})`
    const texts = (await rowsOf(link, single)).map(([text]) => String(text))
    expect(texts.map((text) => [text.length, text === 'z'.repeat(length)])).toEqual([[length, true]])
    // In chunks as they come, and all of it in one, but for the columns and some rows before.
    for (const least of [0, length + 100]) {
      wire.gather(least)
      if (least > 0) wire.cutBy(cutAt(450))
      const before = wire.chunks
      const rows = await rowsOf(link, sql)
      expect(rows.map(([seq, text]) => [seq, String(text).length])).toEqual(
        Array.from({ length: 64 }, (_, at) => [at + 1, at === 59 ? length : String(at + 1).length]),
      )
      expect(rows[59]?.[1] === 'z'.repeat(length)).toBe(true)
      if (least > 0) expect(wire.chunks - before).toBeLessThan(5)
    }
    expect(await rowsOf(link, FEW)).toEqual(await world.readByDriver(FEW))
  })
})
