import { BoundContradicted } from '../errors.ts'
import { type Instant, type InstantRange, within } from '../units/instant.ts'
import { type IdOrder, type IdSample, idOrderOf, isAhead, startIn } from './id-order.ts'
import type { TimedTable } from './queries.ts'
import type { LedgerEntry, TaskRow } from './reader.ts'

/**
 * The ids below which the streams of one table did not read, in one snapshot. A sample is no proof, so each row that is
 * decoded, in whatever way it was found, is held against what was left out, and what will be.
 */
export class IdBounds {
  readonly #table: TimedTable
  /** Undefined: no sample was taken yet. */
  #order: IdOrder | undefined
  #isWhole = false
  readonly #streamed: { readonly range: InstantRange; readonly fromId: number }[] = []
  /** Rows that were found before there was a sample: those that were looked up, which are few. */
  readonly #early = new Map<number, Instant>()
  /** Rows that a bound for some range would leave out. Of many the sample would have shown one. */
  readonly #ahead = new Map<number, Instant>()

  constructor(table: TimedTable) {
    this.#table = table
  }

  /** The id from which a range is to be read, and noted as such; undefined: all are. `sample` is that of the snapshot. */
  startOf(range: InstantRange, sample: IdSample | undefined): number | undefined {
    if (this.#isWhole) return undefined
    this.#order ??= sample && idOrderOf(sample)
    // What a sample cannot tell now, none of this snapshot will: then rows need not be held against anything.
    if (this.#order === undefined) this.readWhole()
    else this.#sortEarly(this.#order)
    const fromId = this.#order && startIn(this.#order, range.start)
    if (fromId === undefined) return undefined
    for (const [rowId, at] of this.#ahead) if (rowId < fromId && within(at, range)) return undefined
    this.#streamed.push({ range, fromId })
    return fromId
  }

  #sortEarly(order: IdOrder): void {
    for (const [rowId, at] of this.#early) if (isAhead(order, rowId, at)) this.#ahead.set(rowId, at)
    this.#early.clear()
  }

  /** Takes rows as they were decoded. Throws BoundContradicted where a stream should have read one of them and left it out. */
  observe(rows: readonly (TaskRow | LedgerEntry)[]): void {
    if (this.#isWhole) return
    for (const row of rows) {
      const at = 'createdAt' in row ? row.createdAt : row.at
      for (const { range, fromId } of this.#streamed) {
        if (row.rowId < fromId && within(at, range)) throw new BoundContradicted(this.#table, row.rowId)
      }
      if (this.#order === undefined) this.#early.set(row.rowId, at)
      else if (isAhead(this.#order, row.rowId, at)) this.#ahead.set(row.rowId, at)
    }
  }

  /** The least id from which a range was read; undefined where every one was read whole. */
  get readFrom(): number | undefined {
    const ids = this.#streamed.map(({ fromId }) => fromId)
    return ids.length === 0 ? undefined : Math.min(...ids)
  }

  /** Forgets what was streamed: all is read again. */
  restart(): void {
    this.#streamed.length = 0
  }

  /** Bounds no range any more. */
  readWhole(): void {
    this.#isWhole = true
    this.restart()
    this.#early.clear()
    this.#ahead.clear()
  }
}
