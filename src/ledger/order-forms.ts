import type { EntryRecords } from '../rows/entry-records.ts'
import { bareId, UUID_CHARS } from '../units/request-id.ts'

/**
 * Whether ledger rows that were read name request ids in other forms than the bare one, as an installation may store them. The
 * database cannot look those up: it would have to know the text in front of each id.
 */
export class OrderForms {
  #anyOther = false

  get anyOther(): boolean {
    return this.#anyOther
  }

  observe(entries: EntryRecords): void {
    for (let entry = 0; entry < entries.count && !this.#anyOther; entry++) {
      if (entries.mayBeOtherForm(entry)) this.#anyOther = isOtherForm(entries.orderText(entry))
    }
  }
}

/** Nearly all texts that may be are orders with a capital in them, which make no request id. */
const isOtherForm = (orderId: string): boolean =>
  (orderId.length === UUID_CHARS || orderId.includes('/') || orderId.includes('#')) && bareId(orderId) !== orderId
