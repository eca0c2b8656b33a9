import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { inLists, inRecords } from '../../src/ledger/batches.ts'
import type { Cell } from '../../src/ledger/cells.ts'
import { ask } from '../../src/ledger/mysql-link.ts'
import { streamRows } from '../../src/ledger/mysql-stream.ts'
import { type EntryRecords, EntryWriter, newEntryFields } from '../../src/rows/entry-records.ts'
import { numbersTo } from '../kit/mariadb.ts'
import { inTurn } from '../kit/rechunked.ts'
import { FEW, rowsOf, streamOf, type WireWorld, wireWorld } from '../kit/wire-world.ts'

/** How a result ends, and who is slower than it comes. */

/** 450 MB: the server is far from its end when somebody ends it. */
const ENDLESS = `SELECT seq, REPEAT('x', 900) FROM ${numbersTo(500_000)}`

let world: WireWorld
beforeAll(async () => {
  world = await wireWorld()
})
afterEach(() => world.dropLinks())
afterAll(() => world.database.drop())

describe('a result that ends with an error', () => {
  test.each([[[1]], [[7]], [[1000, 3]], [[Number.POSITIVE_INFINITY]]])(
    'tells of it after the rows before, and the next statement is read: chunks of %o',
    async (sizes) => {
      const { link, wire } = await world.open()
      // The inner query has more than one row from the 2000th on.
      const failing = `SELECT t.id, (SELECT seq FROM ${numbersTo(2)} WHERE seq * 1000 <= t.id) FROM mixed t`
      for (let round = 0; round < 2; round++) {
        wire.cutBy(inTurn(...sizes))
        const stream = streamOf(link, failing)
        const rows: Cell[][] = []
        const reading = async () => {
          for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) rows.push(...batch)
        }
        await expect(reading()).rejects.toMatchObject({ errno: 1242 })
        expect(stream.over()).toBe(true)
        // Batches that nobody took yet are of a result that failed.
        expect(rows.map(([id]) => id)).toEqual(Array.from({ length: rows.length }, (_, index) => index + 1))
        expect(rows.length).toBeLessThan(2000)
        expect(await rowsOf(link, FEW)).toEqual(await world.readByDriver(FEW))
      }
    },
  )

  test('since somebody ended its query, tells so, and the next statement is read', async () => {
    const { link, wire } = await world.open()
    const [[id]] = (await ask(link, 'SELECT CONNECTION_ID()')) as [[number]]
    for (const sizes of [[Number.POSITIVE_INFINITY], [997, 3, 64]]) {
      wire.cutBy(inTurn(...sizes))
      const stream = streamOf(link, ENDLESS)
      const seen: Cell[] = []
      const take = async () => {
        const batch = await stream.next()
        for (const [seq] of batch ?? []) seen.push(seq ?? null)
        return batch !== undefined
      }
      for (let batch = 0; batch < 3; batch++) expect(await take()).toBe(true)
      await world.database.admin.query(`KILL QUERY ${id}`)
      const rest = async () => {
        while (await take());
      }
      await expect(rest()).rejects.toMatchObject({ errno: 1317 })
      expect(seen.length).toBeGreaterThanOrEqual(3000)
      expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1))
      await stream.drained()
      expect(await rowsOf(link, FEW)).toEqual(await world.readByDriver(FEW))
    }
  })

  test('or with the connection, tells so instead of waiting for ever', async () => {
    const { link, wire } = await world.open()
    wire.cutBy(inTurn(100))
    const stream = streamOf(link, ENDLESS)
    expect((await stream.next())?.length).toBeGreaterThan(0)
    const [[id]] = (await world.database.admin.query({
      sql: "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT seq, REPEAT%'",
      rowsAsArray: true,
    })) as unknown as [[[number]]]
    await world.database.admin.query(`KILL CONNECTION ${id}`)
    const rest = async () => {
      while ((await stream.next()) !== undefined);
    }
    await expect(rest()).rejects.toThrow()
    await stream.drained()
    expect(stream.over()).toBe(true)
  })
})

describe('a reader that is slower than the server', () => {
  const ROWS = 120_000
  const long = `SELECT seq, REPEAT('y', 100) FROM ${numbersTo(ROWS)}`

  test.each([[[Number.POSITIVE_INFINITY]], [[30_000]], [[5000, 11, 1]]])(
    'holds the network back, and gets every row once and in order: chunks of %o',
    async (sizes) => {
      const { link, wire } = await world.open()
      wire.cutBy(inTurn(...sizes))
      const before = wire.received
      const stream = streamOf(link, long)
      let last = 0
      let most = 0
      for (let batches = 0; ; batches++) {
        const batch = await stream.next()
        if (batch === undefined) break
        for (const [seq, text] of batch) {
          if (seq !== last + 1 || text !== 'y'.repeat(100)) expect.unreachable(`${seq} after ${last}`)
          last = seq
        }
        if (batches % 20 === 0) {
          await delay(20)
          // Some batches ahead, and what one chunk holds: of 13 MB most wait at the server.
          most = Math.max(most, wire.received - before - last * 112)
        }
      }
      expect(last).toBe(ROWS)
      expect(most).toBeLessThan(2_500_000)
    },
  )

  test('who begins late, and keeps each batch until the next, finds in it what belongs there', async () => {
    const { link } = await world.open()
    const records = inRecords<EntryRecords, EntryWriter>(
      () => new EntryWriter(),
      () => {
        const fields = newEntryFields('points')
        return (row, to) => {
          fields.rowId = row.integer(0)
          to.write(fields, row.span(1), '')
        }
      },
    )
    const stream = streamRows(link, { role: 'tasks', sql: long, binds: [] }, records)
    await delay(200)
    let last = 0
    for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
      // While it is read, those after it are written.
      if (last < 20_000) await delay(1)
      for (let index = 0; index < batch.count; index++) {
        if (batch.rowId(index) !== last + 1 || batch.orderText(index).length !== 100)
          expect.unreachable(`after ${last}`)
        last = batch.rowId(index)
      }
    }
    expect(last).toBe(ROWS)
  })

  test('may stop, and the rest is thrown away', async () => {
    const { link, wire } = await world.open()
    wire.cutBy(inTurn(20_000, 1))
    const stream = streamOf(link, long)
    expect((await stream.next())?.length).toBeGreaterThan(0)
    await stream.drained()
    expect(stream.over()).toBe(true)
    expect(await rowsOf(link, FEW)).toEqual(await world.readByDriver(FEW))
  })

  test('whose reading of a row throws is told so, and the next statement is read', async () => {
    const { link, wire } = await world.open()
    wire.cutBy(inTurn(777))
    const stream = streamRows(
      link,
      { role: 'tasks', sql: long, binds: [] },
      inLists(() => ([seq]) => {
        if (seq === 50_000) throw new RangeError('no such row')
        return seq
      }),
    )
    let last = 0
    const reading = async () => {
      for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
        for (const seq of batch) {
          expect(seq).toBe(last + 1)
          last = Number(seq)
        }
      }
    }
    await expect(reading()).rejects.toThrow('no such row')
    expect(last).toBeLessThan(50_000)
    await stream.drained()
    expect(await rowsOf(link, FEW)).toEqual(await world.readByDriver(FEW))
  })
})
