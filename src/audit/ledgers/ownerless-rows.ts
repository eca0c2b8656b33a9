import type { SourceStatus } from '../../../schemas/report.ts'
import { AuditError } from '../../errors.ts'
import type { LedgerEntry } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import { notEvaluatedText } from '../../render/messages.ts'
import type { Lang } from '../../render/vocabulary.ts'
import { type EntryRecords, exactAmount } from '../../rows/entry-records.ts'
import { LEDGER_EDGE } from '../../settings.ts'
import { addExact } from '../../units/exact.ts'
import { within } from '../../units/instant.ts'
import { wholePoints } from '../../units/points.ts'
import type { AuditPlan } from '../plan.ts'
import type { OwnerlessRows } from '../rules/ownerless-rows.ts'
import { type AmountsIn, looseAmounts, NO_AMOUNTS, withAmount } from './amounts-in.ts'
import { type BookName, type BookSums, both } from './ledger-book.ts'
import { isCashOut, linkedKind } from './linked-kind.ts'

/** Rows without a user that are kept, of both ledgers together. */
const KEPT_MAX = LIMITS.lookupIdsTotal

/** By ledger, how many of the rows that were read in one pass name no user, and the least id of them. Absent: none. */
export type OwnerlessCounts = Readonly<
  Partial<Record<BookName, { readonly rows: number; readonly firstRowId: number }>>
>

/** What rows that name neither a user nor a task may have done for anybody: numbers, as positive as their name says. */
export interface OwnerlessSums {
  /** Infinity where a row does not tell how much. */
  readonly taken: Readonly<BookSums>
  /** The same with those that name a task. */
  readonly takenInAll: Readonly<BookSums>
  /** What consume rows gave back again, whatever they name. */
  readonly gaveBack: number
  /** Whether a row of the window came in, or may have. */
  readonly cameIn: Readonly<Record<BookName, boolean>>
  readonly told: OwnerlessRows
}

/** Rows without a user: those of the pass over the ledgers first, then what is looked up. They are few, or the ledger is unread. */
export class OwnerlessTally {
  readonly #plan: AuditPlan
  readonly #counts: { -readonly [Book in BookName]?: { rows: number; firstRowId: number } } = {}
  #kept: LedgerEntry[] = []
  /** Those whose order is a task's, of whatever user and time. */
  readonly #named: LedgerEntry[] = []
  readonly #taken: BookSums = { points: 0, cash: 0 }
  readonly #cameIn = { points: false, cash: false }
  #refunds: AmountsIn = NO_AMOUNTS
  #cashIn: AmountsIn = NO_AMOUNTS
  #refundUntold = false
  #gaveBack = 0
  readonly #takenInAll: BookSums = { points: 0, cash: 0 }

  constructor(plan: AuditPlan) {
    this.#plan = plan
  }

  /** Takes one of some rows. Throws where they are more than are kept, and where no number holds the amount whole. */
  add(entries: EntryRecords, index: number): void {
    const [book, rowId] = [entries.book(index), entries.rowId(index)]
    const count = this.#counts[book]
    if (count === undefined) this.#counts[book] = { rows: 1, firstRowId: rowId }
    else {
      count.rows += 1
      count.firstRowId = Math.min(count.firstRowId, rowId)
    }
    const kind = entries.kind(index)
    if (kind === 'gift' || kind === 'income') return
    // What takes cash back matters to the task it names alone.
    if (isCashOut(book, kind, entries.isKindUntold(index)) && !entries.hasOrder(index)) return
    if (this.#kept.length >= KEPT_MAX) {
      throw new AuditError('source', `more than ${KEPT_MAX} rows of the ledgers name no user`, {
        next: 'name the column of their users in AUDIT_CONFIG (columns), or audit fewer days at a time',
        failure: 'too-much',
      })
    }
    const entry = entries.row(index)
    exactAmount(entry)
    this.#kept.push(entry)
  }

  get counts(): OwnerlessCounts {
    return this.#counts
  }

  /** The orders that these rows bear, each once. */
  orders(): Set<string> {
    return new Set(this.#kept.flatMap(({ orderId }) => (orderId === '' ? [] : [orderId])))
  }

  /** Tells rows of tasks from the others, once their orders were looked up. */
  settle(isTask: (orderId: string) => boolean): void {
    for (const entry of this.#kept) {
      if (entry.orderId === '' || !mayBeOfTask(entry) || !isTask(entry.orderId)) this.addLoose(entry)
      else {
        this.#named.push(entry)
        this.#take(entry, this.#takenInAll)
      }
    }
    this.#kept = []
  }

  /** Rows of tasks, with those of other times that were looked up. */
  get named(): readonly LedgerEntry[] {
    return this.#named
  }

  addNamed(entry: LedgerEntry): void {
    if (mayBeOfTask(entry)) this.#named.push(entry)
  }

  /** Takes a row that names no task. */
  addLoose(entry: LedgerEntry): void {
    const { book, kind, at, orderId } = entry
    const { window } = this.#plan
    if (isCashOut(book, kind, entry.kindUntold === true)) return
    const untold = entry.amountUntold === true
    const amount = exactAmount(entry)
    const means = linkedKind(book, kind, entry.kindUntold === true)
    if (at < window.start) return
    if (kind !== 'consume' && within(at, window)) this.#cameIn[book] = true
    for (const sums of [this.#taken, this.#takenInAll]) this.#take(entry, sums)
    // Cash in with an order that is no task is a recharge.
    const mayGiveBack = means === 'refund' ? kind === 'refund' || orderId === '' : kind === 'other' && orderId === ''
    if (!mayGiveBack) return
    if (untold) this.#refundUntold = true
    else if (amount > 0 && kind === 'refund') this.#refunds = withAmount(this.#refunds, amount, at)
    else if (amount > 0) this.#cashIn = withAmount(this.#cashIn, amount, at)
  }

  /** Adds what a row of the window, or right after its end, took, or may have. */
  #take(entry: LedgerEntry, sums: BookSums): void {
    const { book, at } = entry
    const { window } = this.#plan
    if (!mayTake(entry) || at < window.start || at >= window.end + LEDGER_EDGE) return
    const amount = exactAmount(entry)
    // An amount above 0 gave something back again, or took as much and is told without its sign: no more than that.
    if (amount > 0 && sums === this.#takenInAll) this.#gaveBack = plus(this.#gaveBack, amount)
    sums[book] = entry.amountUntold === true ? Number.POSITIVE_INFINITY : plus(sums[book], Math.abs(amount))
  }

  /** What the rows without a task gave back, or may have: points. */
  refundsOfAnybody(): number {
    return [...this.#refunds.amounts, ...this.#cashIn.amounts].reduce(addExact, 0)
  }

  /** What the rows without a task add up to; undefined where there is none. */
  sums(): OwnerlessSums | undefined {
    const [taken, cameIn, refundUntold] = [this.#taken, this.#cameIn, this.#refundUntold]
    const [refunds, cashIn] = [looseAmounts(this.#refunds), looseAmounts(this.#cashIn)]
    const [all, inAll] = [taken, this.#takenInAll].map(({ points, cash }) => points + cash)
    const anyTaken = inAll !== 0
    if (!anyTaken && !cameIn.points && !cameIn.cash && !refundUntold && refunds.length + cashIn.length === 0) return
    const takenPoints = Number.isSafeInteger(all) ? wholePoints(both(taken)) : null
    return {
      taken: { ...taken },
      takenInAll: { ...this.#takenInAll },
      gaveBack: this.#gaveBack,
      cameIn: { ...cameIn },
      told: { takenPoints, anyTaken, refunds, cashIn, refundUntold },
    }
  }
}

/** Whether a row may have paid the task that it names, or given that back: what was bought or given away did neither. */
const mayBeOfTask = ({ book, kind, kindUntold }: LedgerEntry): boolean =>
  kindUntold === true || linkedKind(book, kind, false) !== undefined

const mayTake = ({ kind, kindUntold, amountUntold, amountPoints }: LedgerEntry): boolean =>
  kind === 'consume' || (kindUntold === true && (amountUntold === true || amountPoints < 0n))

/** Infinity where one does not tell how much, or the sum is too large to be known. */
const plus = (sum: number, amount: number): number => {
  const total = addExact(sum, amount)
  return Number.isNaN(total) ? Number.POSITIVE_INFINITY : total
}

/** How completely ledgers were read: in part, where whose rows are is not known. */
export const withOwnerless = (tables: readonly SourceStatus[], counts: OwnerlessCounts, lang: Lang): SourceStatus[] =>
  tables.map((table) => {
    const { source, status, reason } = table
    const count = source === 'points' || source === 'cash' ? counts[source] : undefined
    if (count === undefined || status === 'failed') return table
    const said = notEvaluatedText('owner-untold', { rows: count.rows, firstRowId: count.firstRowId }, lang)
    return { ...table, status: 'partial', reason: reason === undefined ? said : `${reason}; ${said}` }
  })
