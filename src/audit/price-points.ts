import { entryOf, newMap } from './nested.ts'
import type { PricePoint } from './rules/facts.ts'
import { samePrice, sequenceKey } from './rules/price-sequence.ts'

type Price = Omit<PricePoint, 'at'>

/** One value for each sequence of prices that are held against each other, found by the texts as they are billed. */
class Sequences<Value> {
  readonly #byTexts = new Map<string, Map<string, Map<string, Map<string, Value>>>>()
  readonly #byKey = new Map<string, Value>()
  readonly #make: (key: string) => Value

  constructor(make: (key: string) => Value) {
    this.#make = make
  }

  of(price: Price): Value {
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

  /** In order of time. */
  list(): PricePoint[] {
    return [...this.#kept.values()].flatMap(({ points }) => points).sort((a, b) => a.at - b.at)
  }
}

/** Finds the sequences in which a price changes. */
export class PriceChanges {
  readonly #seen = new Sequences<{ first: string | null; changes: boolean }>(() => ({ first: null, changes: false }))

  add(price: Price): void {
    const sequence = this.#seen.of(price)
    if (sequence.first === null) sequence.first = price.unitPrice
    else if (!sequence.changes && !samePrice(sequence.first, price.unitPrice)) sequence.changes = true
  }

  changes(key: string): boolean {
    return this.#seen.get(key)?.changes === true
  }
}
