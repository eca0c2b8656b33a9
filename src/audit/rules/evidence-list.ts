import { LIMITS } from '../../limits.ts'
import type { Evidence } from './books.ts'

/** Collects ids that prove something: all are counted, the smallest few kept, so that the order of rows does not matter. */
export class EvidenceList {
  #total = 0
  readonly #ids: string[] = []

  add(id: string): void {
    this.#total += 1
    const last = this.#ids.at(-1)
    if (this.#ids.length >= LIMITS.evidenceIds) {
      if (last === undefined || compareIds(id, last) >= 0) return
      this.#ids.pop()
    }
    const at = this.#ids.findIndex((other) => compareIds(id, other) < 0)
    this.#ids.splice(at === -1 ? this.#ids.length : at, 0, id)
  }

  view(): Evidence {
    return { total: this.#total, ids: [...this.#ids] }
  }
}

/** Shorter first, then by code unit, so that counted ids come in their natural order. */
export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
