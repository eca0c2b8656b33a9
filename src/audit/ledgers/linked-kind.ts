import type { EntryKind } from '../../ledger/reader.ts'
import type { BookName, EntryRecords } from '../../rows/entry-records.ts'
import { points } from '../../units/points.ts'
import type { LinkedEntry } from '../rules/facts.ts'

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

/** A row as rules see it that judge the task it names. */
export function linkedEntryIn(entries: EntryRecords, entry: number): LinkedEntry {
  const linked: LinkedEntry = {
    book: entries.book(entry),
    rowId: entries.rowId(entry),
    kind: linkedKindIn(entries, entry) ?? 'refund',
    amountPoints: points(BigInt(entries.amountPoints(entry))),
    at: entries.time(entry),
  }
  return entries.isUntold(entry) ? { ...linked, amountUntold: true } : linked
}

/** Whether a row of cash bears the type of recharges and refunds, and brought nothing in. */
export const isCashOut = (book: BookName, kind: EntryKind, kindUntold: boolean): boolean =>
  book === 'cash' && kind === 'other' && !kindUntold
