import { Slab } from '../rows/slab.ts'

/** Rooms of this size and more are read into again and again: pages of megabytes each in a new one would be much garbage. */
const KEPT_LEAST = 256 * 1024
const KEPT_MOST = 16 * 1024 * 1024
/** Pages are of nearly the same size: the next one shall fit, if it is a little longer. */
const SPARE = 1.125

/** Places that bodies are read into. They are kept as long as bodies come: an audit goes on for long after the last one. */
export class BodyRooms {
  /** How long each room is that is kept. */
  #length = 0
  #free: Buffer[] = []
  readonly #slab = new Slab()
  #coming = 0

  /** A body will come. */
  begin(): void {
    this.#coming += 1
  }

  end(): void {
    this.#coming -= 1
  }

  take(bytes: number): Buffer {
    if (bytes < KEPT_LEAST || bytes > KEPT_MOST) return Buffer.allocUnsafeSlow(bytes)
    if (bytes > this.#length) {
      // Those that were too short for a page are not asked for again.
      this.clear()
      this.#length = Math.ceil(bytes * SPARE)
    }
    return this.#free.pop() ?? this.#slab.cut(this.#length)
  }

  giveBack(room: Buffer): void {
    if (room.length === this.#length) this.#free.push(room)
    // A page asks for the next one while it is read, and that has to wait for its turn first.
    if (this.#coming === 0) setImmediate(() => this.#coming === 0 && this.clear())
  }

  clear(): void {
    this.#length = 0
    this.#free = []
    this.#slab.clear()
  }
}
