import { LIMITS } from '../../limits.ts'
import type { Evidence } from './books.ts'

/** Collects ids that prove something: all are counted, the smallest few kept, so that the order of rows does not matter. */
export class EvidenceList {
  #total = 0
  readonly #ids: string[] = []
  /** Once it is full: the largest id kept. Nearly every id that comes then is only held against this one. */
  #largest: string | undefined

  add(id: string): void {
    this.#total += 1
    if (this.#largest !== undefined) {
      if (compareIds(id, this.#largest) >= 0) return
      this.#ids.pop()
    }
    let at = this.#ids.length
    while (at > 0 && compareIds(id, this.#ids[at - 1] ?? '') < 0) at -= 1
    this.#ids.splice(at, 0, id)
    if (this.#ids.length >= LIMITS.evidenceIds) this.#largest = this.#ids.at(-1)
  }

  view(): Evidence {
    return { total: this.#total, ids: [...this.#ids] }
  }
}

/** Shorter first, then by code unit, so that counted ids come in their natural order. */
export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
