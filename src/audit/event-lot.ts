import type { BillingEvent } from '../fal/reader.ts'
import type { Who } from './whose-bill.ts'

/** Ids kept of one reading of a bill, by which another reading of the same bill is known. */
const SAMPLE_MAX = 256
/** The sample is cut down to its smallest ids whenever it has grown to this. */
const SAMPLE_ROOM = 4 * SAMPLE_MAX

/** What is known at once of the events of one reading of a bill; the events themselves are kept elsewhere, under its number. */
export interface EventLot {
  readonly lot: number
  readonly length: number
  /** Whom the events name, each once. */
  readonly who: readonly Who[]
  /** The smallest of its request ids: two whole readings of one bill have them in common. */
  readonly sample: ReadonlySet<string>
}

/** Takes the events of one reading, in any order. */
export class EventLotTally {
  readonly #lot: number
  readonly #who = new Map<string, Who>()
  #last: Who | undefined
  #sample: string[] = []
  /** No larger id belongs to the sample any more; null while any may. */
  #largest: string | null = null
  #length = 0

  constructor(lot: number) {
    this.#lot = lot
  }

  add(event: BillingEvent): void {
    this.#length += 1
    this.#addWho(event)
    const { requestId } = event
    if (this.#largest !== null && requestId >= this.#largest) return
    this.#sample.push(requestId)
    if (this.#sample.length >= SAMPLE_ROOM) this.#cut()
  }

  close(): EventLot {
    this.#cut()
    return { lot: this.#lot, length: this.#length, who: [...this.#who.values()], sample: new Set(this.#sample) }
  }

  #addWho({ keyId, login }: BillingEvent): void {
    if (this.#last?.keyId === keyId && this.#last.login === login) return
    const who = { keyId, login }
    this.#last = who
    const name = JSON.stringify([keyId, login])
    if (!this.#who.has(name)) this.#who.set(name, who)
  }

  #cut(): void {
    this.#sample = [...new Set(this.#sample)].sort().slice(0, SAMPLE_MAX)
    this.#largest = this.#sample[SAMPLE_MAX - 1] ?? null
  }
}

/** The lot of events that are all in memory. */
export function lotOf(events: readonly BillingEvent[], lot = 0): EventLot {
  const tally = new EventLotTally(lot)
  for (const event of events) tally.add(event)
  return tally.close()
}
