import type { EventRecords } from '../../rows/event-records.ts'
import { entryOf, newMap } from '../nested.ts'
import type { PricePoint } from '../rules/facts.ts'
import { samePrice, sequenceKey } from '../rules/price-sequence.ts'

type Price = Omit<PricePoint, 'at'>

/** One value for each sequence of prices that are held against each other, found by the texts as they are billed. */
class Sequences<Value> {
  readonly #byTexts = new Map<string, Map<string, Map<string, Map<string, Value>>>>()
  readonly #byKey = new Map<string, Value>()
  /** The last price of each model: most often the next one of that model is of the same sequence. */
  readonly #latest = new Map<string, { readonly price: Price; readonly value: Value }>()
  readonly #make: (key: string) => Value

  constructor(make: (key: string) => Value) {
    this.#make = make
  }

  of(price: Price): Value {
    const known = this.#latest.get(price.model)
    if (known !== undefined && isOfOne(known.price, price)) return known.value
    const value = this.#find(price)
    this.#latest.set(price.model, { price, value })
    return value
  }

  #find(price: Price): Value {
    const byModel = entryOf(this.#byTexts, price.workspace, newMap<string, Map<string, Map<string, Value>>>)
    const byUnit = entryOf(byModel, price.model, newMap<string, Map<string, Value>>)
    const byDiscount = entryOf(byUnit, price.unit, newMap<string, Value>)
    return entryOf(byDiscount, price.percentDiscount, () => {
      // Texts that differ may mean the same discount, and then are one sequence.
      const key = sequenceKey(price)
      return entryOf(this.#byKey, key, () => this.#make(key))
    })
  }

  get(key: string): Value | undefined {
    return this.#byKey.get(key)
  }

  values(): Iterable<Value> {
    return this.#byKey.values()
  }
}

/** Whether two prices of one model are of one sequence, by their texts alone. */
const isOfOne = (a: Price, b: Price): boolean =>
  a.workspace === b.workspace && a.unit === b.unit && a.percentDiscount === b.percentDiscount

/**
 * Prices billed, by workspace, model, unit and discount. Where a sequence never changes, its first point says all there is
 * to say; the others are kept whole. Which they are has to be known before the first point of a sequence is taken.
 */
export class PricePoints {
  readonly #kept: Sequences<{ readonly changes: boolean; readonly points: PricePoint[] }>

  constructor(changes: (key: string) => boolean) {
    this.#kept = new Sequences((key) => ({ changes: changes(key), points: [] }))
  }

  add(price: Price, at: PricePoint['at']): void {
    const { changes, points } = this.#kept.of(price)
    const [first] = points
    if (changes || first === undefined) points.push({ ...price, at })
    else if (at < first.at) points[0] = { ...price, at }
  }

  /** Whether the price changes in its sequence: then each time counts, and otherwise the first alone. */
  changes(price: Price): boolean {
    return this.#kept.of(price).changes
  }

  /** In order of time. */
  list(): PricePoint[] {
    return [...this.#kept.values()].flatMap(({ points }) => points).sort((a, b) => a.at - b.at)
  }
}

/** Finds the sequences in which a price changes. */
export class PriceChanges {
  readonly #seen = new Sequences<{ first: Price | null; changes: boolean }>(() => ({ first: null, changes: false }))

  add(price: Price): void {
    const sequence = this.#seen.of(price)
    if (sequence.first === null) sequence.first = price
    else if (!sequence.changes && !samePrice(sequence.first.unitPrice, price.unitPrice)) sequence.changes = true
  }

  /** Takes all that others took, as prices of a workspace. */
  addAll(workspace: string, others: PriceChanges): void {
    for (const { first, changes } of others.#seen.values()) {
      if (first === null) continue
      const price = { ...first, workspace }
      this.add(price)
      if (changes) this.#seen.of(price).changes = true
    }
  }

  changes(key: string): boolean {
    return this.#seen.get(key)?.changes === true
  }
}

/** Prices that events have named, by the codes of their words: to tell a new one from the same as before. */
export class SeenPrices {
  /** By model: unit, discount and price of each, one behind the other. */
  readonly #byModel = new Map<number, number[]>()

  /** Whether no event before named the same model, unit, discount and price. It counts as named from then on. */
  isNew(events: EventRecords, index: number): boolean {
    const model = events.modelCode(index)
    const unit = events.unitCode(index)
    const discount = events.percentDiscountCode(index)
    const price = events.unitPriceCode(index)
    let seen = this.#byModel.get(model)
    if (seen === undefined) {
      seen = []
      this.#byModel.set(model, seen)
    }
    for (let at = 0; at < seen.length; at += 3) {
      if (seen[at + 2] === price && seen[at] === unit && seen[at + 1] === discount) return false
    }
    // So many prices of one model are told one by one: looking through them would cost more.
    if (seen.length < 3 * PRICES_SEEN_MAX) seen.push(unit, discount, price)
    return true
  }
}

const PRICES_SEEN_MAX = 64
