import type { LedgerEntry } from '../../ledger/reader.ts'
import { type EntryRecords, exactAmount } from '../../rows/entry-records.ts'
import { addExact } from '../../units/exact.ts'
import { wholePoints } from '../../units/points.ts'
import type { KindlessRows } from '../rules/facts.ts'

/** What rows of no known type that name one task come to, while they are added up: points, both positive; Infinity or NaN: not known. */
export interface KindlessSums {
  readonly count: number
  readonly out: number
  readonly in: number
}

/** The amount of such a row as stored: + in, − out; null where it does not tell. */
export const toldAmount = (entry: LedgerEntry): number | null =>
  entry.amountUntold === true ? null : exactAmount(entry)

/** The same of one of some rows. */
export const toldAmountIn = (entries: EntryRecords, entry: number): number | null =>
  entries.isUntold(entry) ? null : entries.amountPoints(entry)

/** Adds a row by its amount. */
export function withKindless(sums: KindlessSums | undefined, amountPoints: number | null): KindlessSums {
  const row = {
    count: 1,
    out: amountPoints === null ? Number.POSITIVE_INFINITY : Math.max(0, -amountPoints),
    in: amountPoints === null ? Number.POSITIVE_INFINITY : Math.max(0, amountPoints),
  }
  return sums === undefined ? row : bothOf(sums, row)
}

/** Adds up those of several ids. */
export const kindlessTogether = (all: readonly (KindlessSums | undefined)[]): KindlessSums | undefined =>
  all.reduce((sum, each) => (sum === undefined || each === undefined ? (sum ?? each) : bothOf(sum, each)), undefined)

const bothOf = (one: KindlessSums, other: KindlessSums): KindlessSums => ({
  count: one.count + other.count,
  out: addExact(one.out, other.out),
  in: addExact(one.in, other.in),
})

/** The same as rules see it. */
export const kindlessRows = (sums: KindlessSums): KindlessRows => ({
  count: sums.count,
  outPoints: Number.isSafeInteger(sums.out) ? wholePoints(sums.out) : null,
  inPoints: Number.isSafeInteger(sums.in) ? wholePoints(sums.in) : null,
})
