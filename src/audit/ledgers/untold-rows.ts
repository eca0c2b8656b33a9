import type { EntryKind } from '../../ledger/reader.ts'
import { addExact } from '../../units/exact.ts'
import type { LinkedEntry } from '../rules/facts.ts'
import type { BookName, BookSums, UserSums } from './ledger-book.ts'

/** Notes a row that does not tell its amount. `unlinked`: whether it links to no task, as far as is known. */
export function noteUntold(sums: UserSums | undefined, kind: LinkedEntry['kind'] | undefined, unlinked = false): void {
  if (sums === undefined || kind === undefined) return
  if (kind === 'consume') sums.hasUntold = true
  if (unlinked && kind === 'consume') sums.unlinkedUntold = true
  if (unlinked && kind === 'refund') sums.refundUntold = true
}

/** Notes a row of the window that came in, or may have, and does not tell its amount. */
export function noteInUntold(sums: UserSums | undefined, book: BookName, kind: EntryKind): void {
  // A cash row without an amount is of no kind: which way the money went is told by its sign.
  const cameIn = kind === 'refund' || kind === 'recharge' || (book === 'cash' && kind === 'other')
  if (sums !== undefined && cameIn) sums.inUntold = { ...sums.inUntold, [book]: true }
}

/** Notes a row of no known type that bears the order of a task of the window: it may have paid it, or given it back. */
export function noteKindUntold(sums: UserSums | undefined, book: BookName): void {
  if (sums === undefined) return
  sums.kindUntold = true
  sums.inUntold = { ...sums.inUntold, [book]: true }
}

/** Which sums a row of no known type that took something counts in. */
export interface PossiblePayment {
  readonly book: BookName
  /** Infinity where the row does not tell how much. */
  readonly taken: number
  /** Whether it names no task that is known; and whether it bears no order at all, and is of the window. */
  readonly isUnlinked: boolean
  readonly isOrderless: boolean
}

/** Notes a row of no known type that took something. What comes to too much to be known is told as what does not tell how much. */
export function notePossiblePayment(sums: UserSums, { book, taken, isUnlinked, isOrderless }: PossiblePayment): void {
  sums.kindTaken = withTaken(sums.kindTaken, book, taken)
  if (isUnlinked) sums.unlinkedKindTaken = withTaken(sums.unlinkedKindTaken, book, taken)
  if (isOrderless) sums.orderlessKindTaken = withTaken(sums.orderlessKindTaken, book, taken)
}

const withTaken = (sums: Readonly<BookSums>, book: BookName, taken: number): BookSums => {
  const sum = addExact(sums[book], taken)
  return { ...sums, [book]: Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum }
}
