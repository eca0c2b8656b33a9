import { describe, expect, it } from 'vitest'
import { BATCH_ROWS, type BatcherFactory, inLists, inListsBy, inPairs, inRecords } from '../../src/ledger/batches.ts'
import type { Cell } from '../../src/ledger/cells.ts'
import { CellRow } from '../../src/ledger/row-cells.ts'
import { type EntryRecords, EntryWriter, newEntryFields } from '../../src/rows/entry-records.ts'
import { batchOf } from '../kit/memory-ports.ts'

/** Feeds rows to one batcher, and takes a batch after each of these counts of rows. */
function batchesOf<Batch>(
  batches: BatcherFactory<Batch>,
  rows: readonly (readonly Cell[])[],
  sizes: readonly number[],
) {
  const batcher = batches([])
  const row = new CellRow()
  const left = [...rows]
  return sizes.map((size) => {
    for (const cells of left.splice(0, size)) batcher.add(row.of(cells))
    return { count: batcher.count, batch: batcher.take(), after: batcher.count }
  })
}

const IN_PAIRS = inPairs({ table: 't', column: 'id' }, { table: 't', column: 'user_id' })

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('rows in lists', () => {
  it('are what the decoder makes of them, in order, without those that do not belong', () => {
    const even = inLists(
      () =>
        ([n]) =>
          Number(n) % 2 === 0 ? `n${n}` : undefined,
    )
    expect(
      batchOf(
        even,
        numbers(5).map((n) => [n]),
      ),
    ).toEqual(['n0', 'n2', 'n4'])
    const batches = batchesOf(
      even,
      numbers(7).map((n) => [n]),
      [3, 1, 0, 3],
    )
    expect(batches).toEqual([
      { count: 2, batch: ['n0', 'n2'], after: 0 },
      { count: 0, batch: [], after: 0 },
      { count: 0, batch: [], after: 0 },
      { count: 2, batch: ['n4', 'n6'], after: 0 },
    ])
  })

  it('are told the types of their columns, once a result', () => {
    const told: unknown[] = []
    const factory = inLists((types) => {
      told.push(types)
      return () => 1
    })
    factory(['float32', 'other'])
    factory([])
    expect(told).toEqual([['float32', 'other'], []])
  })

  it('may be read by single columns', () => {
    const read = inListsBy(() => (row) => (row.isNull(1) ? undefined : [row.integer(0), row.text(1)]))
    expect(
      batchOf(read, [
        [1, ' a '],
        [2, null],
        ['3', 'c'],
      ]),
    ).toEqual([
      [1, 'a'],
      [3, 'c'],
    ])
  })
})

describe('ids and their owners', () => {
  it('are pairs in turn, as numbers, of a whole batch and of less', () => {
    const rows = numbers(BATCH_ROWS + 3).map((n): Cell[] => [2 ** 40 + n, n % 7])
    const [first, last] = batchesOf(IN_PAIRS, rows, [BATCH_ROWS, 3])
    expect([first?.count, first?.batch.count, first?.batch.pairs.length]).toEqual([
      BATCH_ROWS,
      BATCH_ROWS,
      2 * BATCH_ROWS,
    ])
    expect([...(first?.batch.pairs ?? [])]).toEqual(rows.slice(0, BATCH_ROWS).flat())
    // What was taken before is still what it was.
    expect(last).toEqual({
      count: 3,
      after: 0,
      batch: { count: 3, pairs: Float64Array.from(rows.slice(BATCH_ROWS).flat() as number[]) },
    })
  })

  it('are numbers where they are texts or bigints; of nobody is what is NULL or empty', () => {
    const { pairs, count } = batchOf(IN_PAIRS, [
      [0, 5],
      ['7', null],
      ['8', ' '],
      [9n, 2n ** 53n - 1n],
      [10, '0'],
    ])
    const owned = [...[0, 5], ...[7, Number.NaN], ...[8, Number.NaN], ...[9, 2 ** 53 - 1], ...[10, 0]]
    expect([count, [...pairs]]).toEqual([5, owned])
    for (const cells of [
      [2n ** 53n, 5],
      [5, 2n ** 53n],
    ])
      expect(() => batchOf(IN_PAIRS, [cells])).toThrow(/t\.(?:id|user_id) holds "9007199254740992"/)
    for (const none of [null, ' ']) expect(() => batchOf(IN_PAIRS, [[none, 5]])).toThrow(/t\.id holds "NULL"/)
  })
})

describe('rows in records', () => {
  const made: EntryWriter[] = []
  const records = inRecords<EntryRecords, EntryWriter>(
    () => {
      const writer = new EntryWriter()
      made.push(writer)
      return writer
    },
    () => {
      const fields = newEntryFields('points')
      return (row, to) => {
        fields.rowId = row.integer(0)
        if (fields.rowId % 10 !== 9) to.write(fields, row.span(1), '')
      }
    },
  )
  const rowAt = (id: number): Cell[] => [id, `order-${id}`]

  it('are written each batch in a place of its own, and again in one that is released', () => {
    made.length = 0
    const batcher = records([])
    const row = new CellRow()
    let next = 0
    const taken = () => {
      for (let count = 0; count < 10; count++) batcher.add(row.of(rowAt(next++)))
      expect(batcher.count).toBe(9)
      return batcher.take()
    }
    const orders = (first: number) => numbers(9).map((n) => `order-${first + n}`)
    const ordersOf = (batch: ReturnType<typeof taken>) => batch.rows().map(({ orderId }) => orderId)
    const [a, b] = [taken(), taken()]
    const c = taken()
    // Three are in use at once, and none is written to while it is.
    expect([a, b, c].map(ordersOf)).toEqual([0, 10, 20].map(orders))
    batcher.release()
    const [d, e] = [taken(), taken()]
    // The first is read no more, and nothing but it was written over.
    expect([b, c, d, e].map(ordersOf)).toEqual([10, 20, 30, 40].map(orders))
    expect(ordersOf(a)).toEqual(orders(40))
    // The four that are read, and the one that is written to.
    expect(made.length).toBe(5)
    batcher.release()
    batcher.release()
    const [f, g] = [taken(), taken()]
    expect([d, e, f, g].map(ordersOf)).toEqual([30, 40, 50, 60].map(orders))
    // More are released than are in use.
    for (let count = 0; count < 6; count++) batcher.release()
    expect(ordersOf(taken())).toEqual(orders(70))
    expect(made.length).toBe(5)
  })

  it('are those of one result: another begins with none', () => {
    const rows = numbers(3).map(rowAt)
    expect(batchOf(records, rows).count).toBe(3)
    expect(batchOf(records, []).count).toBe(0)
  })
})
