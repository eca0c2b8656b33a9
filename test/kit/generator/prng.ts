/** A small seeded source of chance (mulberry32): the same seed draws the same world on every machine. */
export interface Prng {
  /** In [0, 1). */
  next(): number
  /** A whole number from low to high, both included. */
  int(low: number, high: number): number
  chance(probability: number): boolean
  /** One of the items. Throws where there is none. */
  pick<T>(items: readonly T[]): T
  shuffled<T>(items: readonly T[]): T[]
  uuid(): string
}

const HEX = '0123456789abcdef'

export function createPrng(seed: number): Prng {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new RangeError('nothing to pick from')
    return items[int(0, items.length - 1)] as T
  }
  return {
    next,
    int,
    pick,
    chance: (probability) => next() < probability,
    shuffled: (items) => {
      const left = [...items]
      for (let last = left.length - 1; last > 0; last--) {
        const other = int(0, last)
        const kept = left[last]
        left[last] = left[other] as (typeof left)[number]
        left[other] = kept as (typeof left)[number]
      }
      return left
    },
    uuid: () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => HEX[Math.floor(next() * 16)] as string),
  }
}

/** A seed for a part of something seeded, so that what one part draws does not move the others. */
export function seedOf(seed: number, part: string): number {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b)
  for (let at = 0; at < part.length; at++) hash = Math.imul(hash ^ part.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}
