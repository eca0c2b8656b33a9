import { type Cell, type CellType, inRow, type Place } from './cells.ts'
import type { ColumnKind } from './column-kinds.ts'
import { ownerOf, type RowCells, rowIdIn } from './row-cells.ts'

/** Rows handed on at once, and between two looks at the abort signal. */
export const BATCH_ROWS = 1000

/** Makes batches of the rows of one result. */
export interface Batcher<Batch> {
  /** Takes a row, or leaves it out. Throws where it cannot be read. */
  add(row: RowCells): void
  /** Rows taken that no batch holds yet. */
  readonly count: number
  /** These rows. */
  take(): Batch
  /** The batch that was taken first, of those still in use, is read no more: its place may be written to. */
  release(): void
}

/**
 * How the rows of a statement are read. Makes a batcher for each result, once the types of its columns are known. `kinds`: what
 * a server says of them besides; `neverNull`: which of them it says hold no NULL.
 */
export type BatcherFactory<Batch> = (
  types: readonly CellType[],
  kinds?: readonly ColumnKind[],
  neverNull?: readonly boolean[],
) => Batcher<Batch>

/**
 * Turns the cells of one row into a value; undefined where the row does not belong. The next row may come in the same
 * array: nobody keeps it.
 */
export type RowDecoder<Row> = (cells: readonly Cell[]) => Row | undefined

/** Made anew for each result, when the types of its columns are known. */
export type DecoderFactory<Row> = (types: readonly CellType[]) => RowDecoder<Row>

/** Rows that are values, as lists of them, out of all their cells. */
export const inLists = <Row>(decoder: DecoderFactory<Row>): BatcherFactory<readonly Row[]> =>
  inListsBy((types) => {
    const decode = decoder(types)
    return (row) => decode(row.cells())
  })

/** The same out of single columns, for many rows of which few are wanted. */
export const inListsBy =
  <Row>(reader: (types: readonly CellType[]) => (row: RowCells) => Row | undefined): BatcherFactory<readonly Row[]> =>
  (types) => {
    const read = reader(types)
    let rows: Row[] = []
    return {
      add(row) {
        const value = read(row)
        if (value !== undefined) rows.push(value)
      },
      get count() {
        return rows.length
      },
      take() {
        const batch = rows
        rows = []
        return batch
      },
      release: () => undefined,
    }
  }

/** Ids of many rows and of whom they belong to. */
export interface OwnedRows {
  readonly count: number
  /** Id and owner of each row, in turn; NaN for nobody. */
  readonly pairs: Float64Array
}

/** Rows of two columns, an id and an owner. */
export const inPairs =
  (idAt: Place, ownerAt: Place): BatcherFactory<OwnedRows> =>
  () => {
    const pairs = new Float64Array(2 * BATCH_ROWS)
    let count = 0
    return {
      add(row) {
        pairs[2 * count] = rowIdIn(row, idAt)
        pairs[2 * count + 1] = ownerOf(row, 1, ownerAt) ?? Number.NaN
        count += 1
      },
      get count() {
        return count
      },
      take() {
        const batch = { count, pairs: pairs.slice(0, 2 * count) }
        count = 0
        return batch
      },
      release: () => undefined,
    }
  }

/** What writes rows as records. */
export interface BatchWriter<Batch> {
  readonly count: number
  /** The rows so far, good until `clear`. */
  written(): Batch
  clear(): void
}

/**
 * Rows that are records, each batch in a place of its own: these are written to again and again. Their first column is their
 * id.
 */
export const inRecords =
  <Batch, Writer extends BatchWriter<Batch>>(
    writerOf: () => Writer,
    decoder: () => (row: RowCells, to: Writer) => void,
  ): BatcherFactory<Batch> =>
  () => {
    const decode = decoder()
    const used: Writer[] = []
    const free: Writer[] = []
    let writer = writerOf()
    return {
      add(row) {
        try {
          decode(row, writer)
        } catch (error) {
          throw inRow(error, row.integer(0))
        }
      },
      get count() {
        return writer.count
      },
      take() {
        used.push(writer)
        const batch = writer.written()
        writer = free.pop() ?? writerOf()
        return batch
      },
      release() {
        const first = used.shift()
        if (first === undefined) return
        first.clear()
        free.push(first)
      },
    }
  }
