import { SPANS } from '../../limits.ts'
import type { Instant, Millis } from '../../units/instant.ts'
import type { Zone } from '../../units/zone.ts'

/** Whether the end of a task, NaN where there is none, tells of a delay. */
export type TellsDelay = (completedAt: number, createdAt: number) => boolean

/**
 * Ends that are stored in a zone. One before its task was made, by no more than zones differ, may be stored in another zone,
 * which is what delays are to show; long before, it is the default of a column. One of an hour that clocks went through twice
 * is either of two.
 */
export const delayTeller =
  (zone: Pick<Zone, 'fixed' | 'occursTwice'>): TellsDelay =>
  (completedAt, createdAt) =>
    completedAt >= createdAt - SPANS.zonesApart && (zone.fixed || !zone.occursTwice(completedAt as Instant))

/** Different delays counted to the millisecond; beyond that, all are counted to the second. */
const EXACT_MAX = 200_000

const PLACES_AT_FIRST = 1024
/** Delays that wait until they are counted together: the processor waits for memory of many of them at once. */
const WAITING_MAX = 1024

/** Counts of whole numbers of four bytes: there may be a million delays, and a Map takes four times as long. */
class DelayCounts {
  #delays = new Int32Array(PLACES_AT_FIRST)
  /** 0: the place is free. At most half of them are taken. */
  #counts = new Uint32Array(PLACES_AT_FIRST)
  #size = 0

  /** How many different ones there are. */
  get size(): number {
    return this.#size
  }

  add(delay: number): void {
    this.#put(delay, 1)
    if (2 * this.#size > this.#counts.length) this.#grow()
  }

  #put(delay: number, times: number): void {
    const mask = this.#counts.length - 1
    let place = (Math.imul(delay, 0x9e3779b1) >>> 12) & mask
    while (this.#counts[place] !== 0 && this.#delays[place] !== delay) place = (place + 1) & mask
    if (this.#counts[place] === 0) {
      this.#delays[place] = delay
      this.#size += 1
    }
    this.#counts[place] = (this.#counts[place] as number) + times
  }

  #grow(): void {
    const known = [...this.entries()]
    this.#delays = new Int32Array(2 * this.#delays.length)
    this.#counts = new Uint32Array(2 * this.#counts.length)
    this.#size = 0
    for (const [delay, times] of known) this.#put(delay, times)
  }

  *entries(): Generator<readonly [Millis, number]> {
    for (const [place, count] of this.#counts.entries()) if (count > 0) yield [this.#delays[place] as number, count]
  }

  clear(): void {
    this.#counts.fill(0)
    this.#size = 0
  }
}

/** How long after its task's end a request was billed: all are counted, and their median is told. */
export class DelayTally {
  readonly #exact = new DelayCounts()
  #counts = new Map<Millis, number>()
  #step: Millis = 1
  #total = 0
  readonly #waiting = new Int32Array(WAITING_MAX)
  #waitingCount = 0

  add(delay: Millis): void {
    this.#total += 1
    if (delay !== (delay | 0)) {
      this.#count(delay)
      return
    }
    this.#waiting[this.#waitingCount++] = delay
    if (this.#waitingCount === WAITING_MAX) this.#countWaiting()
  }

  #countWaiting(): void {
    for (let index = 0; index < this.#waitingCount; index++) this.#count(this.#waiting[index] as number)
    this.#waitingCount = 0
  }

  #count(delay: Millis): void {
    if (this.#step === 1 && delay === (delay | 0)) this.#exact.add(delay)
    else {
      const step = Math.floor(delay / this.#step) * this.#step
      this.#counts.set(step, (this.#counts.get(step) ?? 0) + 1)
    }
    if (this.#step === 1 && this.#exact.size + this.#counts.size > EXACT_MAX) this.#coarsen()
  }

  get count(): number {
    return this.#total
  }

  /** Of an even number the mean of the middle two; 0 without any. */
  median(): Millis {
    this.#countWaiting()
    const sorted = [...this.#exact.entries(), ...this.#counts].sort(([a], [b]) => a - b)
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
    const counts = [...this.#exact.entries(), ...this.#counts]
    this.#exact.clear()
    this.#step = 1000
    this.#counts = new Map()
    for (const [delay, count] of counts) {
      const step = Math.floor(delay / this.#step) * this.#step
      this.#counts.set(step, (this.#counts.get(step) ?? 0) + count)
    }
  }
}
