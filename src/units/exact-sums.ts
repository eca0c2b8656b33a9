/** A whole number, exactly: as a number where one holds it, else as a bigint, which then is never 0. */
export type Whole = number | bigint

const LARGEST = BigInt(Number.MAX_SAFE_INTEGER)
const word = new BigInt64Array(1)
const halves = new Int32Array(word.buffer)
// Where the lower half of a word lies depends on the machine.
word[0] = 1n
const [LOW, HIGH] = halves[0] === 1 ? [0, 1] : [1, 0]

/** The same whole number, ready to be added. Through memory, since Number() of a bigint takes twice as long. */
export function wholeOf(amount: bigint): Whole {
  if (amount > LARGEST || amount < -LARGEST) return amount
  word[0] = amount
  return (halves[HIGH] as number) * 0x1_0000_0000 + ((halves[LOW] as number) >>> 0)
}

/**
 * Sums of whole numbers, by place, exact at any size. Each is held as a number as long as that holds it exactly, and then
 * handed over to a bigint: adding up millions of rows makes no garbage.
 */
export class ExactSums {
  #low: Float64Array
  /** What goes beyond, by place; nearly always empty. */
  readonly #high = new Map<number, bigint>()

  constructor(places: number) {
    this.#low = new Float64Array(places)
  }

  /** Makes room for so many places; none is lost. */
  grow(places: number): void {
    if (places <= this.#low.length) return
    const room = Math.max(places, 2 * this.#low.length)
    const larger = new Float64Array(room)
    larger.set(this.#low)
    this.#low = larger
  }

  add(place: number, amount: Whole): void {
    if (typeof amount === 'number') {
      const sum = (this.#low[place] as number) + amount
      // The sum of two safe integers is exact, or is rounded to something that is beyond the limit too.
      if (sum <= Number.MAX_SAFE_INTEGER && sum >= -Number.MAX_SAFE_INTEGER) {
        this.#low[place] = sum
        return
      }
    }
    this.#high.set(place, this.sum(place) + BigInt(amount))
    this.#low[place] = 0
  }

  sum(place: number): bigint {
    const low = BigInt(this.#low[place] ?? 0)
    return this.#high.size === 0 ? low : low + (this.#high.get(place) ?? 0n)
  }

  /** The sum, ready to be added. */
  whole(place: number): Whole {
    return this.#high.size === 0 ? (this.#low[place] as number) : wholeOf(this.sum(place))
  }

  /** The sum as a number: the nearest one, where none holds it. */
  nearest(place: number): number {
    return this.#high.size === 0 ? (this.#low[place] as number) : Number(this.sum(place))
  }

  /** All sums are 0 again. */
  clear(): void {
    this.#low.fill(0)
    this.#high.clear()
  }
}
