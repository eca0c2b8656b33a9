import type { Millis } from '../units/instant.ts'

/** Different delays counted to the millisecond; beyond that, all are counted to the second. */
const EXACT_MAX = 200_000

/** How long after its task's end a request was billed: all are counted, and their median is told. */
export class DelayTally {
  #counts = new Map<Millis, number>()
  #step: Millis = 1
  #total = 0

  add(delay: Millis): void {
    const step = Math.floor(delay / this.#step) * this.#step
    this.#counts.set(step, (this.#counts.get(step) ?? 0) + 1)
    this.#total += 1
    if (this.#step === 1 && this.#counts.size > EXACT_MAX) this.#coarsen()
  }

  get count(): number {
    return this.#total
  }

  /** Of an even number the mean of the middle two; 0 without any. */
  median(): Millis {
    const sorted = [...this.#counts].sort(([a], [b]) => a - b)
    const at = (index: number): Millis => {
      let seen = 0
      for (const [delay, count] of sorted) {
        seen += count
        if (index < seen) return delay
      }
      return 0
    }
    return (at(Math.floor((this.#total - 1) / 2)) + at(Math.ceil((this.#total - 1) / 2))) / 2
  }

  #coarsen(): void {
    const counts = this.#counts
    this.#step = 1000
    this.#counts = new Map()
    for (const [delay, count] of counts) {
      const step = Math.floor(delay / this.#step) * this.#step
      this.#counts.set(step, (this.#counts.get(step) ?? 0) + count)
    }
  }
}
