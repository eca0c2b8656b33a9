import type { EntryRecords } from '../rows/entry-records.ts'
import { newBytesOfId } from '../rows/id-bytes.ts'
import { bareId, UUID_CHARS } from '../units/request-id.ts'

const [SLASH, HASH_SIGN] = [0x2f, 0x23] as const

/**
 * Whether ledger rows that were read name request ids in other forms than the bare one, as an installation may store them. The
 * database cannot look those up: it would have to know the text in front of each id.
 */
export class OrderForms {
  readonly #id = newBytesOfId()
  #anyOther = false
  #isAnyRead = false

  /** Also where no row was read, which tells nothing. */
  get mayBeOther(): boolean {
    return this.#anyOther || !this.#isAnyRead
  }

  observe(entries: EntryRecords): void {
    this.#isAnyRead ||= entries.count > 0
    for (let entry = 0; entry < entries.count && !this.#anyOther; entry++) {
      if (!entries.mayBeOtherForm(entry) || !this.#hasForm(entries, entry)) continue
      const orderId = entries.orderText(entry)
      this.#anyOther = bareId(orderId) !== orderId
    }
  }

  /** Of an order with no more than a capital in it no string is made: there may be millions, and none is a request id. */
  #hasForm(entries: EntryRecords, entry: number): boolean {
    const { from, length } = entries.orderId(entry, this.#id)
    if (length === UUID_CHARS) return true
    for (let at = from; at < from + length; at++) {
      if (entries.bytes[at] === SLASH || entries.bytes[at] === HASH_SIGN) return true
    }
    return false
  }
}
