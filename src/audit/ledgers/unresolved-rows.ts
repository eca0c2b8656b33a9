import type { EntryKind } from '../../ledger/reader.ts'
import type { EntryRecords } from '../../rows/entry-records.ts'
import { addExact } from '../../units/exact.ts'
import type { TaskSums, UserSums } from './ledger-book.ts'
import { type StrayRow, strayRow } from './stray-rows.ts'
import type { UnresolvedRow } from './user-figures.ts'

const isRefund = (kind: EntryKind): boolean => kind === 'refund'

/** Ledger rows whose order no task read so far bears, and where it matters whether it is a task of another time. */
export class UnresolvedRows {
  readonly #entries: EntryRecords
  /** By number of the user, as are the tasks. */
  readonly #sums: readonly (UserSums | undefined)[]
  readonly #tasks: readonly (TaskSums | undefined)[]
  /** What came back by rows that tell no user, and may be each user's. */
  readonly #refundsOfAnybody: number

  constructor(
    entries: EntryRecords,
    sums: readonly (UserSums | undefined)[],
    tasks: readonly (TaskSums | undefined)[],
    refundsOfAnybody = 0,
  ) {
    this.#refundsOfAnybody = refundsOfAnybody
    this.#entries = entries
    this.#sums = sums
    this.#tasks = tasks
  }

  /**
   * Order ids of rows of the window: cash that came in, and what was paid by users who have tasks without a linked row, also right
   * at the window's edges.
   */
  orderIds(mode: 'order' | 'total'): string[] {
    const lacksPayment = (owner: number): boolean => mode === 'order' && this.#tasks[owner]?.lacksPayment === true
    const ids = this.#idsOf((owner) => (kind) => (kind === 'consume' ? lacksPayment(owner) : !isRefund(kind)))
    const atEdges = this.#sums.flatMap((sums, owner) =>
      sums !== undefined && lacksPayment(owner) ? sums.edgeRows : [],
    )
    return [...new Set([...ids, ...atEdges.flatMap(({ order }) => order ?? [])])]
  }

  /** Order ids of refund rows since the window's start, where one may be the refund that a task lacks. */
  refundIds(): string[] {
    return this.#idsOf((owner) => (this.#refundsDecide(owner) ? isRefund : undefined))
  }

  /** Rows that took something, no more than so many: one user may have millions. */
  stray(most: number): StrayRow[] {
    const rows: StrayRow[] = []
    for (const sums of this.#sums) {
      for (const entry of sums?.unresolved ?? []) {
        if (rows.length >= most) return rows
        if (this.#entries.kind(entry) === 'consume') rows.push(strayRow(this.#entries, entry))
      }
    }
    return rows
  }

  #idsOf(kindsOf: (owner: number) => ((kind: EntryKind) => boolean) | undefined): string[] {
    const ids = new Set<string>()
    for (const [owner, sums] of this.#sums.entries()) {
      if (sums === undefined || sums.unresolved.length === 0) continue
      const matters = kindsOf(owner)
      if (matters === undefined) continue
      for (const entry of sums.unresolved) {
        if (matters(this.#entries.kind(entry))) ids.add(this.#entries.orderText(entry))
      }
    }
    return [...ids]
  }

  /** Those of a user, but for refunds where nothing depends on them. */
  of(owner: number): UnresolvedRow[] {
    const unresolved = this.#sums[owner]?.unresolved ?? []
    if (unresolved.length === 0) return []
    const refundsDecide = this.#refundsDecide(owner)
    const open = unresolved.filter((entry) => refundsDecide || !isRefund(this.#entries.kind(entry)))
    return open.map((entry) => ({
      book: this.#entries.book(entry),
      kind: this.#entries.kind(entry),
      amountPoints: this.#entries.amountPoints(entry),
      orderId: this.#entries.orderText(entry),
      at: this.#entries.time(entry),
      ...(this.#isUntoldRefund(entry) && { refundUntold: true }),
    }))
  }

  #isUntoldRefund(entry: number): boolean {
    return isRefund(this.#entries.kind(entry)) && this.#entries.isUntold(entry)
  }

  /** Whether all that may be a refund comes to the least that ought to have been given back. */
  #refundsDecide(owner: number): boolean {
    const sums = this.#sums[owner]
    const least = this.#tasks[owner]?.leastUnrefunded ?? Number.POSITIVE_INFINITY
    if (sums === undefined || least === Number.POSITIVE_INFINITY) return false
    let possible = sums.unlinkedCashIn.amounts.reduce(
      addExact,
      Math.max(0, sums.unlinkedRefunds) + this.#refundsOfAnybody,
    )
    for (const entry of sums.unresolved) {
      if (!(possible < least)) break
      if (this.#isUntoldRefund(entry)) return true
      const amount = isRefund(this.#entries.kind(entry)) ? this.#entries.amountPoints(entry) : 0
      // What was taken back may be of a refund whose order is a task.
      if (amount > 0) possible = addExact(possible, amount)
    }
    // What comes to more than is known may well be as much.
    return !(possible < least)
  }
}
