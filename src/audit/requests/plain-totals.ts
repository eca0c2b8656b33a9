import type { EventRecords } from '../../rows/event-records.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import { ExactSums } from '../../units/exact-sums.ts'
import { type Instant, instant } from '../../units/instant.ts'
import type { SharedBill } from '../bills/whose-bill.ts'
import type { ModelDays, ModelOfDays } from '../rules/model-days.ts'
import type { DailyBills, DailyCosts } from './daily-bills.ts'
import type { DelayTally, TellsDelay } from './delays.ts'
import type { PlacementSums } from './placement-sums.ts'
import type { PlainMatches, ReadLot } from './plain-matches.ts'
import type { PricePoints } from './price-points.ts'
import { type Price, priceOfEvent } from './request-source.ts'
import type { TieOutTally } from './tie-out.ts'

/** Where plain matches are added up beside all others. */
export interface PlainSinks {
  readonly placements: PlacementSums
  readonly delays: DelayTally
  readonly tellsDelay: TellsDelay
  readonly days: DailyBills
  readonly prices: PricePoints
  /** null: nobody asks what a day's charges of a model are worth. */
  readonly modelDays: ModelDays | null
  readonly tieOut: TieOutTally
  /** Told of each stored name and what it was billed as. */
  readonly onName: (stored: string, endpoint: string) => void
}

/** Matches of one bill, account, stored name and endpoint: what they have in common is decided once. */
interface Kind {
  readonly bill: SharedBill
  readonly accountId: number
  readonly stored: string
  readonly endpoint: string
  readonly number: number
  readonly days: DailyCosts
  readonly modelDays: ModelOfDays | null
  /** The price of the last event: most often that of the next one. */
  price: KindPrice | null
  /** An event of that price, by the codes of what it is made of; -1: there was none yet. */
  unitPrice: number
  unit: number
  percentDiscount: number
}

/** A price of one kind, and when it was billed first. */
interface KindPrice {
  readonly price: Price
  readonly changes: boolean
  first: Instant
}

// Places of the sums of a kind.
const MATCHES = 0
const BILLED = 1
const RECORDED = 2
const ROUNDED = 3
const PLACES = 4

/** What is known of the matches that are added up at once, each in a place of its own. */
class Columns {
  readonly room: number
  /** By index into the kinds. */
  readonly kinds: Int32Array
  /** When they were billed, in milliseconds. */
  readonly times: Float64Array
  /** Nano-USD. */
  readonly billed: Float64Array

  constructor(room: number) {
    this.room = room
    this.kinds = new Int32Array(room)
    this.times = new Float64Array(room)
    this.billed = new Float64Array(room)
  }
}

/** Adds plain matches up, with no object for any of them. */
export class PlainTotals {
  readonly #sinks: PlainSinks
  readonly #kinds: Kind[] = []
  #columns = new Columns(0)
  /** By stored name. */
  readonly #modelDays = new Map<string, ModelOfDays>()
  /** By the codes of their words, as long as these are the same. */
  #byCodes = new Map<number, Kind>()
  #words: readonly unknown[] = []
  readonly #sums = new ExactSums(0)
  /** By workspace: prices by what they are made of. */
  readonly #prices = new Map<SharedBill, Map<string, KindPrice>>()
  #count = 0

  constructor(sinks: PlainSinks) {
    this.#sinks = sinks
  }

  /** Plain matches so far. */
  get count(): number {
    return this.#count
  }

  add(matches: PlainMatches, accountOf: (apiKey: string) => number | undefined): void {
    const { piece, count, readLots } = matches
    const words = [piece.tasks.words, piece.events.words, readLots]
    if (words.some((each, index) => each !== this.#words[index])) this.#byCodes = new Map()
    this.#words = words
    if (count > this.#columns.room) this.#columns = new Columns(count)
    const { kinds, times, billed } = this.#columns
    for (let match = 0; match < count; match++) {
      const event = matches.events[match] as number
      kinds[match] = this.#kindOf(matches, match, accountOf).number
      times[match] = piece.events.time(event)
      billed[match] = piece.events.cost(event) as number
    }
    this.#addSums(matches)
    this.#addDays(matches)
    for (let match = 0; match < count; match++) {
      this.#addDelay(piece.tasks, matches.tasks[match] as number, times[match] as number)
    }
    for (let match = 0; match < count; match++) {
      const kind = this.#kinds[kinds[match] as number] as Kind
      this.#addPrice(kind, piece.events, matches.events[match] as number, instant(times[match] as number))
    }
    this.#count += count
  }

  // One sum after another: each match is of another kind, so that the processor waits for memory, and it waits for that of
  // many matches at once where nothing else is done between them.

  #addSums({ piece, tasks, events, count }: PlainMatches): void {
    const { kinds, billed } = this.#columns
    for (let match = 0; match < count; match++) {
      const place = PLACES * (kinds[match] as number)
      this.#sums.add(place + MATCHES, 1)
      this.#sums.add(place + BILLED, billed[match] as number)
      this.#sums.add(place + RECORDED, piece.tasks.cost(tasks[match] as number))
      if (piece.events.isCostRounded(events[match] as number)) this.#sums.add(place + ROUNDED, 1)
    }
  }

  #addDays({ piece, tasks, events, count }: PlainMatches): void {
    const { kinds, times, billed } = this.#columns
    for (let match = 0; match < count; match++) {
      const { days } = this.#kinds[kinds[match] as number] as Kind
      const isRounded = piece.events.isCostRounded(events[match] as number)
      days.add(instant(times[match] as number), billed[match] as number, isRounded)
    }
    if (this.#sinks.modelDays === null) return
    for (let match = 0; match < count; match++) {
      const { modelDays } = this.#kinds[kinds[match] as number] as Kind
      modelDays?.add(piece.tasks, tasks[match] as number, billed[match] as number)
    }
  }

  /** Hands on what was added up by kind. */
  close(): void {
    const { placements, tieOut, onName } = this.#sinks
    for (const { bill, accountId, stored, endpoint, number } of this.#kinds) {
      const place = PLACES * number
      const billed = this.#sums.whole(place + BILLED)
      placements.addPlain(
        { bill, owner: { accountId }, stored, endpoint },
        this.#sums.nearest(place + MATCHES),
        billed,
        this.#sums.nearest(place + ROUNDED),
      )
      tieOut.addPlain(this.#sums.whole(place + RECORDED), billed)
      onName(stored, endpoint)
    }
    for (const prices of this.#prices.values()) {
      for (const { price, changes, first } of prices.values()) if (!changes) this.#sinks.prices.add(price, first)
    }
  }

  #addDelay(tasks: TaskRecords, task: number, at: number): void {
    const completedAt = tasks.completedAt(task)
    // Where there is no end it is NaN, which tells of none.
    if (this.#sinks.tellsDelay(completedAt, tasks.createdAt(task))) this.#sinks.delays.add(at - completedAt)
  }

  /** Of a price that never changes only the first time counts. */
  #addPrice(kind: Kind, events: EventRecords, event: number, at: Instant): void {
    const unitPrice = events.unitPriceCode(event)
    const unit = events.unitCode(event)
    const percentDiscount = events.percentDiscountCode(event)
    if (kind.unitPrice !== unitPrice || kind.unit !== unit || kind.percentDiscount !== percentDiscount) {
      kind.unitPrice = unitPrice
      kind.unit = unit
      kind.percentDiscount = percentDiscount
      kind.price = this.#priceOf(kind.bill, events, event)
    }
    const { price } = kind
    if (price === null) return
    if (price.changes) this.#sinks.prices.add(price.price, at)
    else if (at < price.first) price.first = at
  }

  #kindOf(matches: PlainMatches, match: number, accountOf: (apiKey: string) => number | undefined): Kind {
    const { tasks, events } = matches.piece
    const keyCode = tasks.apiKeyCode(matches.tasks[match] as number)
    const modelCode = tasks.modelCode(matches.tasks[match] as number)
    const endpointCode = events.modelCode(matches.events[match] as number)
    const bill = matches.bills[match] as number
    // Each code in a range of its own; there are far fewer than would pass what a number holds.
    const name = ((bill * CODES_MAX + keyCode) * CODES_MAX + modelCode) * CODES_MAX + endpointCode
    const isPlainName = keyCode < CODES_MAX && modelCode < CODES_MAX && endpointCode < CODES_MAX && bill < BILLS_MAX
    const known = isPlainName ? this.#byCodes.get(name) : undefined
    if (known !== undefined) return known
    const kind = this.#newKind(
      (matches.readLots[bill] as ReadLot).bill,
      accountOf(tasks.words.apiKeys.textOf(keyCode) ?? '') ?? Number.NaN,
      tasks.words.models.textOf(modelCode) ?? '',
      events.words.texts.textOf(endpointCode) ?? '',
    )
    if (isPlainName) this.#byCodes.set(name, kind)
    return kind
  }

  #newKind(bill: SharedBill, accountId: number, stored: string, endpoint: string): Kind {
    const number = this.#kinds.length
    const days = this.#sinks.days.of(accountId, endpoint)
    const modelDays = this.#modelDaysOf(stored)
    const noPrice = { price: null, unitPrice: -1, unit: -1, percentDiscount: -1 }
    const kind: Kind = { bill, accountId, stored, endpoint, number, days, modelDays, ...noPrice }
    this.#kinds.push(kind)
    this.#sums.grow(PLACES * this.#kinds.length)
    return kind
  }

  #modelDaysOf(stored: string): ModelOfDays | null {
    const { modelDays } = this.#sinks
    if (modelDays === null) return null
    const known = this.#modelDays.get(stored)
    if (known !== undefined) return known
    const days = modelDays.of(stored)
    this.#modelDays.set(stored, days)
    return days
  }

  #priceOf(bill: SharedBill, events: EventRecords, event: number): KindPrice | null {
    const price = priceOfEvent(bill, events, event)
    if (price === null) return null
    const own = this.#prices.get(bill) ?? new Map<string, KindPrice>()
    this.#prices.set(bill, own)
    const name = JSON.stringify([price.model, price.unit, price.percentDiscount, price.unitPrice])
    const known = own.get(name)
    if (known !== undefined) return known
    const made = { price, changes: this.#sinks.prices.changes(price), first: instant(Number.POSITIVE_INFINITY) }
    own.set(name, made)
    return made
  }
}

/** Codes and bills up to which three codes and a bill make one number. */
const CODES_MAX = 2 ** 14
const BILLS_MAX = 2 ** 10
