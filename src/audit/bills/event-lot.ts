import type { BillingEvent } from '../../fal/reader.ts'
import { type EventRecords, type EventWords, eventRecordsOf } from '../../rows/event-records.ts'
import type { Who } from './whose-bill.ts'

/** Events kept of one reading of a bill, by which another reading of the same bill is known. */
const SAMPLE_MAX = 256
/** The sample is cut down to the events whose ids have the smallest hashes whenever it has grown to this. */
const SAMPLE_ROOM = 4 * SAMPLE_MAX

/** What is known at once of the events of one reading of a bill; the events themselves are kept elsewhere, under its number. */
export interface EventLot {
  readonly lot: number
  readonly length: number
  /** Whom the events name, each once. */
  readonly who: readonly Who[]
  /**
   * Those of its events whose request ids have the smallest hashes, each by its request, time (ms), cost (nano-USD) and key:
   * two whole readings of one bill have them in common. Two workspaces may bill one request, but not as one event.
   */
  readonly sample: ReadonlySet<string>
}

/** Takes the events of one reading, in any order. */
export class EventLotTally {
  readonly #lot: number
  readonly #who = new Map<string, Who>()
  #words: EventWords | undefined
  #lastKey = -1
  #lastLogin = -1
  #sample: { readonly hash: number; readonly id: string }[] = []
  /** No larger hash belongs to the sample any more. */
  #largest = Number.POSITIVE_INFINITY
  #length = 0

  constructor(lot: number) {
    this.#lot = lot
  }

  add(events: EventRecords, index: number): void {
    this.#length += 1
    this.#addWho(events, index)
    const hash = events.requestHash(index)
    if (hash > this.#largest) return
    const keyId = events.words.texts.textOf(events.keyIdCode(index))
    const id = `${events.requestIdText(index)} ${events.time(index)} ${events.cost(index)} ${keyId}`
    this.#sample.push({ hash, id })
    if (this.#sample.length >= SAMPLE_ROOM) this.#cut()
  }

  close(): EventLot {
    this.#cut()
    const sample = new Set(this.#sample.map(({ id }) => id))
    return { lot: this.#lot, length: this.#length, who: [...this.#who.values()], sample }
  }

  #addWho(events: EventRecords, index: number): void {
    const key = events.keyIdCode(index)
    const login = events.loginCode(index)
    if (key === this.#lastKey && login === this.#lastLogin && events.words === this.#words) return
    this.#words = events.words
    this.#lastKey = key
    this.#lastLogin = login
    const { texts } = events.words
    const who = { keyId: texts.textOf(key), login: texts.textOf(login) }
    const name = JSON.stringify([who.keyId, who.login])
    if (!this.#who.has(name)) this.#who.set(name, who)
  }

  /** Events of one hash are kept or left out together, but for what does not fit: those are in order. */
  #cut(): void {
    const byId = new Map(this.#sample.map((each) => [each.id, each]))
    const sorted = [...byId.values()].sort((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1))
    this.#sample = sorted.slice(0, SAMPLE_MAX)
    this.#largest = this.#sample[SAMPLE_MAX - 1]?.hash ?? Number.POSITIVE_INFINITY
  }
}

/** The lot of events that are all in memory. */
export function lotOf(events: readonly BillingEvent[], lot: number): EventLot {
  const tally = new EventLotTally(lot)
  const records = eventRecordsOf(events)
  for (let index = 0; index < records.count; index++) tally.add(records, index)
  return tally.close()
}
