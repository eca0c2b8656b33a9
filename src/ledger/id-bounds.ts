import { BoundContradicted } from '../errors.ts'
import type { EntryRecords } from '../rows/entry-records.ts'
import type { TaskRecords } from '../rows/task-records.ts'
import { type Instant, type InstantRange, instant, within } from '../units/instant.ts'
import { type IdOrder, type IdSample, type IdStretch, idOrderOf, isAhead, startIn, stretchAt } from './id-order.ts'
import type { LedgerEntry, TaskRow, TimedTable } from './reader.ts'

const NOWHERE: IdStretch = { from: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY, latest: instant(0) }

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
  /** Where the last row lay: the next one most often lies there too. */
  #near: IdStretch = NOWHERE

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

  /** Takes rows that were looked up. Throws BoundContradicted where a stream should have read one of them and left it out. */
  observe(rows: readonly (TaskRow | LedgerEntry)[]): void {
    for (const row of rows) this.#observe(row.rowId, 'createdAt' in row ? row.createdAt : row.at)
  }

  /** The same of tasks that were streamed. */
  observeTasks(tasks: TaskRecords): void {
    if (this.#isWhole) return
    for (let task = 0; task < tasks.count; task++) this.#observe(tasks.rowId(task), tasks.createdAt(task))
  }

  /** The same of ledger rows that were streamed. */
  observeEntries(entries: EntryRecords): void {
    if (this.#isWhole) return
    for (let entry = 0; entry < entries.count; entry++) this.#observe(entries.rowId(entry), entries.time(entry))
  }

  #observe(rowId: number, at: Instant): void {
    if (this.#isWhole) return
    for (const { range, fromId } of this.#streamed) {
      if (rowId < fromId && within(at, range)) throw new BoundContradicted(this.#table, rowId)
    }
    if (this.#order === undefined) this.#early.set(rowId, at)
    else {
      if (rowId < this.#near.from || rowId >= this.#near.until) this.#near = stretchAt(this.#order, rowId)
      if (at > this.#near.latest) this.#ahead.set(rowId, at)
    }
  }

  /** The id from which a streamed range was read; undefined where all of it was. */
  fromIdOf({ start, end }: InstantRange): number | undefined {
    return this.#streamed.find(({ range }) => range.start === start && range.end === end)?.fromId
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
