import type { EntryRecords } from '../rows/entry-records.ts'
import { bareId } from '../units/request-id.ts'

/**
 * Whether ledger rows that were read name request ids in other forms than the bare one, as an installation may store them. The
 * database cannot look those up: it would have to know the text in front of each id.
 */
export class OrderForms {
  #anyOther = false
  #isAnyRead = false

  /** Also where no row was read, which tells nothing. */
  get mayBeOther(): boolean {
    return this.#anyOther || !this.#isAnyRead
  }

  observe(entries: EntryRecords): void {
    this.#isAnyRead ||= entries.count > 0
    for (let entry = 0; entry < entries.count && !this.#anyOther; entry++) {
      if (!entries.mayBeOtherForm(entry)) continue
      const orderId = entries.orderText(entry)
      this.#anyOther = bareId(orderId) !== orderId
    }
  }
}
