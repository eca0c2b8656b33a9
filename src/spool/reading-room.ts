/** How much larger a room is made than what it is made for: the next piece may be a little longer. */
const SPARE = 1.25

/**
 * A place that pieces are read into one after the other: each is gone with the next. A new place for each would have to be
 * cleared by the system, and let go by the collector of garbage, who is in no hurry.
 */
export class ReadingRoom {
  #bytes = Buffer.alloc(0)

  take(length: number): Buffer {
    if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(Math.ceil(SPARE * length))
    return this.#bytes.subarray(0, length)
  }
}
