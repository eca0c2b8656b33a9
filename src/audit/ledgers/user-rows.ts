import type { LedgerEntry } from '../../ledger/reader.ts'
import type { EntryRecords } from '../../rows/entry-records.ts'
import { LEDGER_EDGE } from '../../settings.ts'
import { within } from '../../units/instant.ts'
import type { AuditPlan } from '../plan.ts'
import { NO_TASK } from '../tasks/id-index.ts'
import { isNearReading, isRowNearEdge } from './edges.ts'
import { addPossibleCashIn, addPossibleRefund, addToBook, type UserSums } from './ledger-book.ts'
import { isCashOut, linkedKindIn } from './linked-kind.ts'
import { noteInUntold, notePossiblePayment, noteUntold } from './untold-rows.ts'

/**
 * Adds a ledger row to what its user took and got. `task`: what its order is, of the tasks of the user that were read, NO_TASK
 * or SHARED_ID included; `hasOrder`: whether it bears one at all.
 */
export function addToUser(
  sums: UserSums,
  { window, settings, asOf }: AuditPlan,
  entries: EntryRecords,
  entry: number,
  task: number,
  hasOrder: boolean,
): void {
  const book = entries.book(entry)
  const kind = entries.kind(entry)
  const at = entries.time(entry)
  const signed = entries.amountPoints(entry)
  // Few rows are of nothing, and hardly ever does one not tell its amount.
  if (signed === 0 && at >= window.start && entries.isUntold(entry)) {
    const means = linkedKindIn(entries, entry)
    if (within(at, window) || task >= 0) noteInUntold(sums, book, kind)
    if (means === 'consume' && at < window.end + LEDGER_EDGE) sums.anyUntold = true
    // Of tasks of the window it is told where it is linked; a row of a task of another time pays none of these, nor is it a refund
    // of one: of such a row it is asked what its order is, as of any other.
    const mayBeUnlinked = means === 'refund' ? !hasOrder : at < window.end + LEDGER_EDGE
    if (task === NO_TASK && mayBeUnlinked) noteUntold(sums, means, true)
  }
  if (kind === 'other') {
    const isUntold = entries.isKindUntold(entry)
    if (at >= window.start && isUntold) addUnknownKind(sums, window, entries, entry, task, hasOrder)
    if (isCashOut(book, kind, isUntold) && within(at, window) && hasOrder) addCashOut(sums, entry, signed, task)
    return
  }
  if (kind === 'consume') {
    const amount = -signed
    if (isRowNearEdge(at, window) || isNearReading(at, asOf)) {
      const order = hasOrder && task === NO_TASK ? { order: entries.orderText(entry) } : {}
      sums.edgeRows.push({ at, amount, linked: task !== NO_TASK, ...order })
    }
    if (!within(at, window)) return
    addToBook(sums.consumed, book, amount)
    if (!hasOrder) addToBook(sums.unlinked, book, amount)
    else if (task === NO_TASK && settings.ledgerLink !== 'total') sums.unresolved.push(entry)
    return
  }
  if (at >= window.start) {
    if (!hasOrder) addPossibleRefund(sums, book, kind, signed, at)
    else if (kind === 'refund' && task === NO_TASK && settings.ledgerLink !== 'total') sums.unresolved.push(entry)
  }
  if (!within(at, window)) return
  if (kind === 'refund') addToBook(sums.refunded, book, signed)
  if (kind !== 'recharge') return
  // Cash in is a refund where its order is a task, and otherwise a recharge.
  if (book === 'cash' && task !== NO_TASK) addToBook(sums.refunded, 'cash', signed)
  else if (book === 'cash' && hasOrder) sums.unresolved.push(entry)
  else addToBook(sums.recharged, book, signed)
}

/** Adds cash that went out: of a task it takes a refund back, and of anything else it is none of these sums. */
function addCashOut(sums: UserSums, entry: number, signed: number, task: number): void {
  if (task === NO_TASK) sums.unresolved.push(entry)
  else addToBook(sums.refunded, 'cash', signed)
}

/** Adds a refund that names no task and came after all that was read. */
export function addLateRefund(
  sums: UserSums | undefined,
  { book, kind, at, amountPoints, amountUntold }: LedgerEntry,
): void {
  if (sums === undefined) return
  if (amountUntold === true) sums.refundUntold = true
  else if (kind === 'other') addPossibleCashIn(sums, Number(amountPoints), at)
  else addPossibleRefund(sums, book, kind, Number(amountPoints), at)
}

/** Of a row of no known type only its amount tells whether it may have paid for something, or given it back. */
function addUnknownKind(
  sums: UserSums,
  window: AuditPlan['window'],
  entries: EntryRecords,
  entry: number,
  task: number,
  hasOrder: boolean,
): void {
  const signed = entries.amountPoints(entry)
  const taken = entries.isUntold(entry) ? Number.POSITIVE_INFINITY : -signed
  const at = entries.time(entry)
  if (taken > 0 && at < window.end + LEDGER_EDGE) {
    const isOrderless = !hasOrder && within(at, window)
    notePossiblePayment(sums, { book: entries.book(entry), taken, isUnlinked: task === NO_TASK, isOrderless })
  }
  if (!hasOrder) addPossibleCashIn(sums, signed, at)
  if (!hasOrder && entries.isUntold(entry)) sums.refundUntold = true
}
