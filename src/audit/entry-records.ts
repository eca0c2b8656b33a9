import { AuditError } from '../errors.ts'
import type { EntryKind, LedgerEntry } from '../ledger/reader.ts'
import { hashOfText, type RowCodec } from '../spool/spool.ts'
import { type Instant, instant } from '../units/instant.ts'
import { type BytesOfId, idAt, sizeOfText, textAt } from './id-bytes.ts'
import { mayBeOtherForm } from './id-index.ts'
import type { BookName } from './ledger-book.ts'

const KINDS: readonly EntryKind[] = ['consume', 'refund', 'recharge', 'gift', 'income', 'other']

// Flags beside the kind.
const KIND = 7
const CASH = 8
/** The order id may be a request id in another form than the bare one. */
const OTHER_FORM = 16

/** Where each field begins in a record; the order id follows. */
const AT = { rowId: 1, userId: 9, at: 17, amount: 25, orderHash: 33, orderId: 37 } as const

/** What a ledger row is kept as until it is linked to its task: without balances and title. */
export type LinkEntry = Pick<LedgerEntry, 'book' | 'kind' | 'rowId' | 'userId' | 'at' | 'amountPoints' | 'orderId'>

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
  })
}

/** Writing throws where exactAmount does. */
export function entryCodec(): RowCodec<LinkEntry, EntryRecords> {
  return {
    write(entry, to) {
      const { book, kind, rowId, userId, at, orderId } = entry
      const amount = exactAmount(entry)
      to.byte(KINDS.indexOf(kind) | (book === 'cash' ? CASH : 0) | (mayBeOtherForm(orderId) ? OTHER_FORM : 0))
        .number(rowId)
        .number(userId)
        .number(at)
        .number(amount)
        .count(hashOfText(orderId))
        .text(orderId)
    },
    read: (bytes, count) => new EntryRecords(bytes, count),
  }
}

/** Many ledger rows as they were spooled: their fields are read without making rows. Indices begin at 0. */
export class EntryRecords {
  readonly count: number
  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #offsets: Uint32Array

  constructor(bytes: Buffer, count: number) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.count = count
    this.#offsets = new Uint32Array(count)
    let at = 0
    for (let index = 0; index < count; index++) {
      this.#offsets[index] = at
      at += AT.orderId + sizeOfText(this.#view, at + AT.orderId)
    }
  }

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
    return this.#view.getFloat64(this.#offset(index) + AT.rowId, true)
  }

  userId(index: number): number {
    return this.#view.getFloat64(this.#offset(index) + AT.userId, true)
  }

  at(index: number): Instant {
    return instant(this.#view.getFloat64(this.#offset(index) + AT.at, true))
  }

  /** As stored: + in, − out. */
  amountPoints(index: number): number {
    return this.#view.getFloat64(this.#offset(index) + AT.amount, true)
  }

  /** Where the order id stands; no bytes where there is none. */
  orderId(index: number, into: BytesOfId): BytesOfId {
    const at = this.#offset(index)
    return idAt(this.#view, this.#view.getUint32(at + AT.orderHash, true), at + AT.orderId, into)
  }

  orderText(index: number): string {
    return textAt(this.#bytes, this.#offset(index) + AT.orderId)
  }

  /** The bytes that ids stand in. */
  get bytes(): Buffer {
    return this.#bytes
  }

  #offset(index: number): number {
    return this.#offsets[index] ?? 0
  }

  #flags(index: number): number {
    return this.#view.getUint8(this.#offset(index))
  }
}
