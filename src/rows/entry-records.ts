import { AuditError } from '../errors.ts'
import type { EntryKind, LedgerEntry } from '../ledger/reader.ts'
import { type Whole, wholeOf } from '../units/exact-sums.ts'
import { type Instant, instant } from '../units/instant.ts'
import { type Points, points } from '../units/points.ts'
import { hashOfBytes } from './bytes.ts'
import type { BytesOfId } from './id-bytes.ts'
import { spanMayBeOtherForm } from './other-forms.ts'
import {
  endOfText,
  putSpan,
  putText,
  type RecordKind,
  RecordList,
  RecordWriter,
  type Span,
  sizeOfText,
  spanOfText,
  textAt,
} from './record-list.ts'

export type BookName = LedgerEntry['book']

/** A ledger row on its way into a record: numbers, for its order id and title see `EntryWriter`. */
export interface EntryFields {
  book: BookName
  kind: EntryKind
  /** Whether nothing tells what the row is: it has no type, or one that the mapping does not name. */
  kindUntold: boolean
  rowId: number
  userId: number
  /** Whether the row names no user, who is 0 then. */
  userUntold: boolean
  /** Milliseconds. */
  at: number
  /** As stored: + in, − out; null where the row does not tell. */
  amountPoints: Whole | null
  balanceBefore: Whole | null
  balanceAfter: Whole | null
}

export const newEntryFields = (book: BookName): EntryFields => ({
  book,
  kind: 'other',
  kindUntold: false,
  rowId: 0,
  userId: 0,
  userUntold: false,
  at: 0,
  amountPoints: 0,
  balanceBefore: null,
  balanceAfter: null,
})

const KINDS: readonly EntryKind[] = ['consume', 'refund', 'recharge', 'gift', 'income', 'other']

// Flags beside the kind.
const KIND = 7
const CASH = 8
/** The order id may be a request id in another form than the bare one. */
const OTHER_FORM = 16
/** What no double holds, amount and balances: it stands as texts behind the order id. */
const LARGE = 32
const TITLE = 64
/** The row does not tell its amount: it stands as 0. */
const UNTOLD = 128
const KIND_UNTOLD = 256
const USER_UNTOLD = 512
/** Both balances stand behind the order id, NaN for one that the row does not tell; without them it tells none. */
const BALANCES = 1024
const BALANCES_BYTES = 16

/** Where each field begins in a record; the order id follows, then balances, large numbers and the title, if any. */
const AT = {
  flags: 4,
  rowId: 8,
  userId: 16,
  at: 24,
  amount: 32,
  orderHash: 40,
  orderBytes: 44,
  order: 48,
} as const

/** The amount of a row as a number. Throws where no double holds it: no sum of it would be exact. */
export function exactAmount({
  book,
  rowId,
  amountPoints,
}: Pick<LedgerEntry, 'book' | 'rowId' | 'amountPoints'>): number {
  const amount = Number(amountPoints)
  if (Number.isSafeInteger(amount)) return amount
  throw new AuditError('source', `row ${rowId} of the ${book} ledger holds ${amountPoints}`, {
    accepted: 'at most 9007199254740991 points, which add up exactly',
    next: 'correct the row',
    failure: 'bad-value',
  })
}

const isLarge = (amount: Whole | null): boolean => typeof amount === 'bigint'
const numberOf = (amount: Whole | null): number => (amount === null ? Number.NaN : Number(amount))

/** Writes ledger rows as records. */
export class EntryWriter {
  readonly #records = new RecordWriter()

  get count(): number {
    return this.#records.count
  }

  /** `title`: '' where none is asked for. */
  write(fields: EntryFields, orderId: Span, title: string): void {
    const { amountPoints, balanceBefore, balanceAfter } = fields
    const large = isLarge(amountPoints) || isLarge(balanceBefore) || isLarge(balanceAfter)
    const largeText = large ? JSON.stringify([amountPoints, balanceBefore, balanceAfter].map(textOrNull)) : ''
    const hasBalances = balanceBefore !== null || balanceAfter !== null
    const extras =
      (hasBalances ? BALANCES_BYTES : 0) + (large ? sizeOfText(largeText) : 0) + (title === '' ? 0 : sizeOfText(title))
    const at = this.#records.begin(AT.order + orderId.length + extras)
    const { view } = this.#records
    view.setUint32(
      at + AT.flags,
      KINDS.indexOf(fields.kind) |
        (fields.book === 'cash' ? CASH : 0) |
        (spanMayBeOtherForm(orderId) ? OTHER_FORM : 0) |
        (large ? LARGE : 0) |
        (title === '' ? 0 : TITLE) |
        (amountPoints === null ? UNTOLD : 0) |
        (fields.kindUntold ? KIND_UNTOLD : 0) |
        (fields.userUntold ? USER_UNTOLD : 0) |
        (hasBalances ? BALANCES : 0),
      true,
    )
    view.setFloat64(at + AT.rowId, fields.rowId, true)
    view.setFloat64(at + AT.userId, fields.userId, true)
    view.setFloat64(at + AT.at, fields.at, true)
    view.setFloat64(at + AT.amount, Number(amountPoints), true)
    view.setUint32(at + AT.orderHash, hashOfBytes(orderId.view, orderId.from, orderId.length), true)
    view.setUint32(at + AT.orderBytes, orderId.length, true)
    let end = putSpan(view, at + AT.order, orderId)
    if (hasBalances) {
      view.setFloat64(end, numberOf(balanceBefore), true)
      view.setFloat64(end + 8, numberOf(balanceAfter), true)
      end += BALANCES_BYTES
    }
    if (large) end = putText(view, end, largeText)
    if (title !== '') end = putText(view, end, title)
    this.#records.end(end - at)
  }

  /** Writes a row that is an object. */
  writeRow({ orderId, title, ...entry }: LedgerEntry): void {
    const fields: EntryFields = {
      ...entry,
      kindUntold: entry.kindUntold === true,
      userUntold: entry.userUntold === true,
      amountPoints: entry.amountUntold === true ? null : wholeOf(entry.amountPoints),
      balanceBefore: entry.balanceBefore === null ? null : wholeOf(entry.balanceBefore),
      balanceAfter: entry.balanceAfter === null ? null : wholeOf(entry.balanceAfter),
    }
    this.write(fields, spanOfText(orderId), title)
  }

  /** The rows so far, good until `clear`. */
  written(): EntryRecords {
    const { bytes, count, offsets } = this.#records.written()
    return new EntryRecords(bytes, count, null, offsets)
  }

  clear(): void {
    this.#records.clear()
  }
}

const textOrNull = (amount: Whole | null): string | null => (amount === null ? null : String(amount))

/** Ledger rows that are objects, as records. */
export function entryRecordsOf(entries: Iterable<LedgerEntry>): EntryRecords {
  const writer = new EntryWriter()
  for (const entry of entries) writer.writeRow(entry)
  return writer.written()
}

export const ENTRY_RECORDS: RecordKind<null, EntryRecords> = {
  words: () => null,
  list: (...records) => new EntryRecords(...records),
}

/** Many ledger rows as records: their fields are read without making rows. Indices begin at 0. */
export class EntryRecords extends RecordList {
  kind(index: number): EntryKind {
    return KINDS[this.#flags(index) & KIND] ?? 'other'
  }

  book(index: number): BookName {
    return (this.#flags(index) & CASH) === 0 ? 'points' : 'cash'
  }

  mayBeOtherForm(index: number): boolean {
    return (this.#flags(index) & OTHER_FORM) !== 0
  }

  rowId(index: number): number {
    return this.view.getFloat64(this.at(index) + AT.rowId, true)
  }

  userId(index: number): number {
    return this.view.getFloat64(this.at(index) + AT.userId, true)
  }

  /** Whether the row names no user, who is 0 then. */
  isUserUntold(index: number): boolean {
    return (this.#flags(index) & USER_UNTOLD) !== 0
  }

  time(index: number): Instant {
    return instant(this.view.getFloat64(this.at(index) + AT.at, true))
  }

  /** Whether the row does not tell its amount. */
  isUntold(index: number): boolean {
    return (this.#flags(index) & UNTOLD) !== 0
  }

  /** Whether nothing tells what the row is, which is of kind other then. */
  isKindUntold(index: number): boolean {
    return (this.#flags(index) & KIND_UNTOLD) !== 0
  }

  /** As stored: + in, − out; 0 where the row does not tell. Throws where no double holds it: no sum of it would be exact. */
  amountPoints(index: number): number {
    if ((this.#flags(index) & LARGE) !== 0) return exactAmount(this.row(index))
    return this.view.getFloat64(this.at(index) + AT.amount, true)
  }

  /** NaN for null; the nearest number where none holds it. */
  balanceBefore(index: number): number {
    return this.#balance(index, 0)
  }

  balanceAfter(index: number): number {
    return this.#balance(index, 8)
  }

  /** `place`: where it stands among the balances. */
  #balance(index: number, place: number): number {
    if ((this.#flags(index) & BALANCES) === 0) return Number.NaN
    return this.view.getFloat64(this.#endOfOrder(index) + place, true)
  }

  #endOfOrder(index: number): number {
    const at = this.at(index)
    return at + AT.order + this.view.getUint32(at + AT.orderBytes, true)
  }

  /** Whether its numbers are told exactly by `row` alone. */
  isLarge(index: number): boolean {
    return (this.#flags(index) & LARGE) !== 0
  }

  /** Whether any row came with a title: either all were asked for theirs, or none. */
  get hasTitles(): boolean {
    for (let index = 0; index < this.count; index++) if ((this.#flags(index) & TITLE) !== 0) return true
    return false
  }

  /** Where the order id stands; no bytes where there is none. */
  orderId(index: number, into: BytesOfId): BytesOfId {
    const at = this.at(index)
    into.hash = this.view.getUint32(at + AT.orderHash, true)
    into.from = at + AT.order
    into.length = this.view.getUint32(at + AT.orderBytes, true)
    return into
  }

  hasOrder(index: number): boolean {
    return this.view.getUint32(this.at(index) + AT.orderBytes, true) > 0
  }

  orderText(index: number): string {
    const at = this.at(index)
    const from = at + AT.order
    return this.bytes.toString('utf8', from, from + this.view.getUint32(at + AT.orderBytes, true))
  }

  row(index: number): LedgerEntry {
    let end = this.#endOfOrder(index) + ((this.#flags(index) & BALANCES) === 0 ? 0 : BALANCES_BYTES)
    const amounts = this.#amounts(index, end)
    if (this.isLarge(index)) end = endOfText(this, end)
    const entry: LedgerEntry = {
      book: this.book(index),
      rowId: this.rowId(index),
      userId: this.userId(index),
      amountPoints: amounts[0] ?? points(0n),
      orderId: this.orderText(index),
      kind: this.kind(index),
      balanceBefore: amounts[1] ?? null,
      balanceAfter: amounts[2] ?? null,
      at: this.time(index),
      title: (this.#flags(index) & TITLE) === 0 ? '' : textAt(this, end),
    }
    if ((this.#flags(index) & (UNTOLD | KIND_UNTOLD | USER_UNTOLD)) === 0) return entry
    return {
      ...entry,
      ...(this.isUntold(index) && { amountUntold: true }),
      ...(this.isKindUntold(index) && { kindUntold: true }),
      ...(this.isUserUntold(index) && { userUntold: true }),
    }
  }

  /** Makes a row of each. */
  rows(): LedgerEntry[] {
    return Array.from({ length: this.count }, (_, index) => this.row(index))
  }

  /** Amount, balance before and after. */
  #amounts(index: number, large: number): (Points | null)[] {
    if (this.isLarge(index)) {
      const texts: (string | null)[] = JSON.parse(textAt(this, large))
      return texts.map((text) => (text === null ? null : points(BigInt(text))))
    }
    const amount = this.view.getFloat64(this.at(index) + AT.amount, true)
    return [amount, this.balanceBefore(index), this.balanceAfter(index)].map((each) =>
      Number.isNaN(each) ? null : points(BigInt(each)),
    )
  }

  #flags(index: number): number {
    return this.view.getUint32(this.at(index) + AT.flags, true)
  }
}
