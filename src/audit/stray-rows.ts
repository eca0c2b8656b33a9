import { LIMITS } from '../limits.ts'
import type { EntryRecords } from '../rows/entry-records.ts'
import { addExact } from '../units/exact.ts'
import { wholePoints } from '../units/points.ts'
import { bareId } from '../units/request-id.ts'
import type { ForeignBook } from './rules/foreign-orders.ts'

/** A ledger row whose order no task of its user bears, as far as those were read. */
export interface StrayRow {
  readonly userId: number
  readonly orderId: string
  /** What it took; below 0: it gave something back. Points; NaN: it does not tell. */
  readonly takenPoints: number
}

export const strayRow = (entries: EntryRecords, entry: number): StrayRow => ({
  userId: entries.userId(entry),
  orderId: entries.orderText(entry),
  takenPoints: entries.isUntold(entry) ? Number.NaN : -entries.amountPoints(entry),
})

/** Rows to be looked into: as many as ids may be looked up. */
export class StrayRows {
  readonly #rows: StrayRow[] = []
  #isCut = false

  add(row: StrayRow): void {
    if (this.#rows.length < LIMITS.lookupIdsTotal) this.#rows.push(row)
    else this.#isCut = true
  }

  get orders(): ReadonlySet<string> {
    return new Set(this.#rows.map(({ orderId }) => orderId))
  }

  /** `tasks`: ids of tasks that name a user, bare or as they are written. */
  close(tasks: ReadonlySet<string>): ForeignBook {
    const byUser = new Map<number, Map<string, number>>()
    for (const { userId, orderId, takenPoints } of this.#rows) {
      if (!tasks.has(orderId) && !tasks.has(bareId(orderId))) continue
      const orders = byUser.get(userId) ?? new Map<string, number>()
      byUser.set(userId, orders)
      orders.set(orderId, addExact(orders.get(orderId) ?? 0, takenPoints))
    }
    const users = [...byUser].flatMap(([userId, orders]) => {
      // What was given back is settled, and so is what only gave.
      const paid = [...orders].filter(([, taken]) => !(taken <= 0)).sort(([a], [b]) => (a < b ? -1 : 1))
      const taken = paid.reduce((sum, [, each]) => addExact(sum, each), 0)
      const takenPoints = Number.isNaN(taken) ? null : wholePoints(taken)
      return paid.slice(0, 1).map(([orderId]) => ({ userId, orders: paid.length, orderId, takenPoints }))
    })
    return { users: users.sort((a, b) => a.userId - b.userId), isCut: this.#isCut }
  }
}
