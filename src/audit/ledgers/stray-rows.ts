import type { LedgerEntry } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import type { EntryRecords } from '../../rows/entry-records.ts'
import { addExact, exactNumber } from '../../units/exact.ts'
import type { Instant } from '../../units/instant.ts'
import { wholePoints } from '../../units/points.ts'
import { bareId } from '../../units/request-id.ts'
import type { ForeignBook } from '../rules/foreign-orders.ts'
import { namesInOtherForm } from '../tasks/task-names.ts'
import { linkedKind } from './linked-kind.ts'

/** A ledger row that took something for an order which no task of its user bears, as far as those were read. */
export interface StrayRow {
  readonly userId: number
  readonly orderId: string
  /** Points; NaN: it does not tell, or no number holds it. */
  readonly takenPoints: number
}

export const strayRow = (entries: EntryRecords, entry: number): StrayRow => ({
  userId: entries.userId(entry),
  orderId: entries.orderText(entry),
  takenPoints: entries.isUntold(entry) ? Number.NaN : -amountOf(entries, entry),
})

/** Of a user without any task a row may hold anything: it is no reason not to read the ledger. */
const amountOf = (entries: EntryRecords, entry: number): number =>
  entries.isLarge(entry) ? exactNumber(entries.row(entry).amountPoints) : entries.amountPoints(entry)

/** What a user's rows took for one task, and by which orders. */
interface Taken {
  readonly orders: Set<string>
  points: number
}

/** Rows to be looked into: as many as ids may be looked up. */
export class StrayRows {
  readonly #since: Instant
  readonly #rows: StrayRow[] = []
  #isCut = false
  /** By the ids of a task, of those that rows name: its own and its request id, '' for none, one list a task. */
  #tasks: ReadonlyMap<string, readonly string[]> = new Map()
  readonly #users = new Map<number, Map<readonly string[], Taken>>()

  /** `since`: from when on rows give back what was taken. */
  constructor(since: Instant) {
    this.#since = since
  }

  add(row: StrayRow): void {
    if (this.#rows.length < LIMITS.lookupIdsTotal) this.#rows.push(row)
    else this.#isCut = true
  }

  /** Rows were left out before they came here. */
  cut(): void {
    this.#isCut = true
  }

  get orders(): ReadonlySet<string> {
    return new Set(this.#rows.map(({ orderId }) => orderId))
  }

  /**
   * Keeps the rows that name one of some tasks, which all name a user. The ids of these, by which rows may have given it back: no
   * more than may be looked up.
   */
  keepOf(tasks: ReadonlyMap<string, readonly string[]>): string[] {
    this.#tasks = tasks
    const names = new Set<string>()
    for (const { userId, orderId, takenPoints } of this.#rows) {
      const task = this.#taskOf(orderId)
      if (task === undefined) continue
      const own = [orderId, ...task].filter((name) => name !== '' && !names.has(name))
      if (names.size + own.length > LIMITS.lookupIdsTotal) {
        this.#isCut = true
        continue
      }
      for (const name of own) names.add(name)
      const byTask = this.#users.get(userId) ?? new Map<readonly string[], Taken>()
      this.#users.set(userId, byTask)
      const taken = byTask.get(task) ?? { orders: new Set(), points: 0 }
      byTask.set(task, taken)
      taken.orders.add(orderId)
      taken.points = addExact(taken.points, takenPoints)
    }
    return [...names]
  }

  /** Takes a row of any time that names one of these tasks: it may give back what was taken. */
  giveBack({ userId, userUntold, orderId, at, book, kind, kindUntold, amountPoints, amountUntold }: LedgerEntry): void {
    if (userUntold === true || at < this.#since || linkedKind(book, kind, kindUntold === true) !== 'refund') return
    const task = this.#taskOf(orderId)
    const taken = task && this.#users.get(userId)?.get(task)
    if (taken === undefined) return
    taken.points = addExact(taken.points, amountUntold === true ? Number.NaN : -exactNumber(amountPoints))
  }

  close(): ForeignBook {
    const users = [...this.#users].flatMap(([userId, byTask]) => {
      // What was given back is settled.
      const paid = [...byTask.values()].filter(({ points }) => !(points <= 0))
      const orders = paid.flatMap((each) => [...each.orders]).sort((a, b) => (a < b ? -1 : 1))
      const taken = paid.reduce((sum, { points }) => addExact(sum, points), 0)
      const takenPoints = Number.isNaN(taken) ? null : wholePoints(taken)
      return orders.slice(0, 1).map((orderId) => ({ userId, orders: orders.length, orderId, takenPoints }))
    })
    return { users: users.sort((a, b) => a.userId - b.userId), isCut: this.#isCut }
  }

  #taskOf(orderId: string): readonly string[] | undefined {
    const task = this.#tasks.get(orderId)
    if (task !== undefined) return task
    const bare = bareId(orderId)
    const other = this.#tasks.get(bare)
    return namesInOtherForm(bare, other?.[1]) ? other : undefined
  }
}
