import type { EntryKind } from '../ledger/reader.ts'
import type { BookName, EntryRecords } from '../rows/entry-records.ts'
import type { LinkedEntry } from './rules/facts.ts'

/**
 * What a row means to the task it names: cash that comes in for a task is a refund, and what goes out again in a row of the same
 * type takes it back. `kindUntold`: whether the row's type is none that is known.
 */
export function linkedKind(book: BookName, kind: EntryKind, kindUntold: boolean): LinkedEntry['kind'] | undefined {
  if (kind === 'consume' || kind === 'refund') return kind
  return book === 'cash' && (kind === 'recharge' || isCashOut(book, kind, kindUntold)) ? 'refund' : undefined
}

/** The same of one of some rows. */
export const linkedKindIn = (entries: EntryRecords, entry: number): LinkedEntry['kind'] | undefined =>
  linkedKind(entries.book(entry), entries.kind(entry), entries.isKindUntold(entry))

/** Whether a row of cash bears the type of recharges and refunds, and brought nothing in. */
export const isCashOut = (book: BookName, kind: EntryKind, kindUntold: boolean): boolean =>
  book === 'cash' && kind === 'other' && !kindUntold
