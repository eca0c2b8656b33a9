/** Fours up to which a stretch is told by one number; a longer one by several. */
const FOURS_MAX = 4095
const FOURS_PLACES = FOURS_MAX + 1
const ROOM_AT_FIRST = 8
const GROWTH = 1.25

/**
 * Where stretches of a file stand, in order, each told by one number of eight bytes: of ten million rows there are a million.
 * Beginnings are counted in bytes, up to two terabytes; lengths are multiples of four bytes.
 */
export class Stretches {
  /** The beginning times FOURS_PLACES, and the length in fours. */
  #told = new Float64Array(0)
  #count = 0
  #bytes = 0

  /** Of all stretches together. */
  get bytes(): number {
    return this.#bytes
  }

  add(at: number, bytes: number): void {
    let from = at
    for (let left = bytes >> 2; left > 0; ) {
      const fours = Math.min(left, FOURS_MAX)
      if (this.#count === this.#told.length) this.#grow()
      this.#told[this.#count++] = from * FOURS_PLACES + fours
      from += 4 * fours
      left -= fours
    }
    this.#bytes += bytes
  }

  each(take: (at: number, bytes: number) => void): void {
    for (let index = 0; index < this.#count; index++) {
      const told = this.#told[index] as number
      const at = Math.floor(told / FOURS_PLACES)
      take(at, 4 * (told - at * FOURS_PLACES))
    }
  }

  #grow(): void {
    const larger = new Float64Array(Math.max(ROOM_AT_FIRST, Math.ceil(GROWTH * this.#told.length)))
    larger.set(this.#told)
    this.#told = larger
  }
}
