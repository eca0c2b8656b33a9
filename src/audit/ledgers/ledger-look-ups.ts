import type { LedgerEntry, LedgerSnapshot, TaskRow } from '../../ledger/reader.ts'
import { exactAmount } from '../../rows/entry-records.ts'
import { type InstantRange, within } from '../../units/instant.ts'
import { bareId } from '../../units/request-id.ts'
import { breathe } from '../breathe.ts'
import type { ForeignBook } from '../rules/foreign-orders.ts'
import { ownIdsOf, TaskNames } from '../tasks/task-names.ts'
import type { BookName } from './ledger-book.ts'
import type { LedgerSpools } from './ledger-source.ts'
import { type KnownOrders, withinLimit } from './looked-up.ts'
import type { StrayRow } from './stray-rows.ts'

export const BOOKS: readonly BookName[] = ['points', 'cash']

const NOTHING_KNOWN: KnownOrders = { asked: new Set(), tasks: [] }

/** Looks ledger rows and tasks of any time up, by their ids. */
export class LedgerLookUps {
  readonly #snapshot: LedgerSnapshot
  readonly #spools: LedgerSpools
  readonly #signal: AbortSignal
  /** The ledger that is looked into; undefined: what fails then leaves both of them open. */
  reading: BookName | undefined

  constructor(snapshot: LedgerSnapshot, spools: LedgerSpools, signal: AbortSignal) {
    this.#snapshot = snapshot
    this.#spools = spools
    this.#signal = signal
  }

  /** Rows with these order ids; those of `taken` may be left out. */
  async rows(ids: readonly string[], taken?: InstantRange): Promise<LedgerEntry[]> {
    const entries = await this.#rowsOf(ids, taken)
    for (const entry of entries) {
      // What no number holds is told here, where it makes the ledger one that was read in part.
      this.reading = entry.book
      exactAmount(entry)
    }
    this.reading = undefined
    return entries
  }

  /** The same, whatever they hold. */
  async #rowsOf(ids: readonly string[], taken?: InstantRange): Promise<LedgerEntry[]> {
    const lookUps: Record<BookName, LedgerSnapshot['pointsByOrderIds']> = {
      points: (...question) => this.#snapshot.pointsByOrderIds(...question),
      cash: (...question) => this.#snapshot.cashByOrderIds(...question),
    }
    const entries: LedgerEntry[] = []
    for (const book of BOOKS) {
      this.reading = book
      for (const entry of await lookUps[book](withinLimit(ids), taken)) entries.push(entry)
    }
    this.reading = undefined
    return entries
  }

  /** Tasks of other times that bear one of some order ids, or that these are other forms of. */
  async tasksElsewhere(orders: ReadonlySet<string>): Promise<KnownOrders> {
    const ids = [...ownIdsOf(orders)]
    const tasks = ids.length === 0 ? [] : await this.#snapshot.tasksByEitherId(ids, this.#spools.taken)
    return { asked: orders, tasks: tasks.map(({ taskId, requestId }) => ({ taskId, requestId })) }
  }

  /** What rows took for orders that are tasks of other users than theirs, of those tasks that were read. */
  async foreignOrders({ rows, isCut }: { rows: readonly StrayRow[]; isCut: boolean }): Promise<ForeignBook> {
    const { strayRows } = this.#spools
    for (const row of rows) strayRows.add(row)
    if (isCut) strayRows.cut()
    const names = strayRows.keepOf(await this.#ownedAmong(strayRows.orders))
    // Rows that give it back are of any time and either ledger, and name the task as they like.
    for (const entry of names.length === 0 ? [] : await this.#rowsOf(names)) strayRows.giveBack(entry)
    return strayRows.close()
  }

  /**
   * Tasks that name a user and bear one of some orders, by each of their ids; of several that bear it the first by id, in whatever
   * order they come. However many do, no more tasks are kept than there are orders.
   */
  async #ownedAmong(orders: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly string[]>> {
    const tasks = new Map<string, readonly string[]>()
    if (orders.size === 0) return tasks
    const isFirst = ([id = '']: readonly string[], [known = '']: readonly string[]): boolean => id < known
    const wanted = new Set([...orders, ...[...orders].map(bareId)])
    // No order names a task by the id that it lacks.
    wanted.delete('')
    for (const piece of this.#spools.idsAmong(orders, 'owned')) {
      for (const { taskId, requestId } of piece) {
        const ids = [taskId, requestId]
        for (const id of ids) {
          const known = tasks.get(id)
          if (wanted.has(id) && (known === undefined || isFirst(ids, known))) tasks.set(id, ids)
        }
      }
      await breathe(this.#signal)
    }
    const byAnyId = new Map(tasks)
    for (const ids of tasks.values()) {
      for (const id of ids) {
        const known = byAnyId.get(id)
        if (known === undefined || (!tasks.has(id) && isFirst(ids, known))) byAnyId.set(id, ids)
      }
    }
    byAnyId.delete('')
    return byAnyId
  }

  /** The same of tasks of whatever user and time. `known`: what was looked up before. */
  async tasksAmong(orders: ReadonlySet<string>, known: KnownOrders = NOTHING_KNOWN): Promise<TaskNames> {
    const names = new TaskNames(known.tasks)
    if (orders.size === 0) return names
    const others = known.asked.size === 0 ? orders : new Set([...orders].filter((order) => !known.asked.has(order)))
    const asking = this.tasksElsewhere(others)
    // The server looks for tasks of other times meanwhile. Whoever waits for it below is told of its failure.
    asking.catch(() => undefined)
    for (const piece of this.#spools.idsAmong(orders, 'all')) {
      names.add(piece)
      await breathe(this.#signal)
    }
    names.add((await asking).tasks)
    return names
  }

  /** Tasks of other times that bear one of some ids, and tasks of any time that name no user. */
  async bearersOf(ids: readonly string[]): Promise<TaskRow[]> {
    if (ids.length === 0) return []
    const { taken } = this.#spools
    const found = await this.#snapshot.tasksByEitherId(ids, taken)
    const elsewhere = found.filter(({ createdAt }) => !within(createdAt, taken))
    return [...elsewhere, ...this.#spools.nobodysAmong(new Set(ids))]
  }
}
