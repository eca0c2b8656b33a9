import { type BytesOfId, newBytesOfId, sameBytes } from './id-bytes.ts'
import type { SpooledPiece } from './request-source.ts'

/** How full a table of places may be: one place in two at the most. */
const PLACES_PER_ID = 2

/**
 * Which tasks and events of one piece bear the same request id, told on the bytes that were spooled: ids are compared byte by
 * byte and never by their hash alone, and nothing is made an object of. Each id that anything bears has a place, a number.
 */
export class RequestScout {
  readonly #piece: SpooledPiece
  /** 0: free; one more than a task; or for an event, less than 0, one less than the negative of its index. */
  readonly #places: Int32Array
  readonly #hashes: Int32Array
  /** One more than the lot that bore the id last; 0: no event bears it. */
  readonly #lots: Int32Array
  /** The same for lots of which several events bear it. */
  readonly #several: Int32Array
  readonly #mask: number
  readonly #id = newBytesOfId()
  readonly #other = newBytesOfId()

  constructor(piece: SpooledPiece) {
    this.#piece = piece
    const ids = piece.tasks.count + piece.events.count
    const room = 2 ** Math.ceil(Math.log2(Math.max(1, ids) * PLACES_PER_ID))
    this.#places = new Int32Array(room)
    this.#hashes = new Int32Array(room)
    this.#lots = new Int32Array(room)
    this.#several = new Int32Array(room)
    this.#mask = room - 1
    for (let task = 0; task < piece.tasks.count; task++) {
      const id = piece.tasks.requestId(task, this.#id)
      this.#put(this.#placeOf(piece.tasks.bytes, id), id, task + 1)
    }
  }

  /**
   * Takes the events of one lot; lots come one after another. Tells of each event that no task of the piece bears the id of, and
   * returns those of which the lot has several with one id, in order.
   */
  addLot(lot: number, onUnrecorded: (event: number) => void): number[] {
    const { events } = this.#piece
    const mark = lot + 1
    const indices = events.ofLot(lot)
    let repeats = false
    for (const event of indices) {
      const id = events.requestId(event, this.#id)
      const place = this.#placeOf(events.bytes, id)
      if (this.#places[place] === 0) this.#put(place, id, -event - 1)
      if ((this.#places[place] ?? 0) < 0) onUnrecorded(event)
      if (this.#lots[place] === mark) {
        this.#several[place] = mark
        repeats = true
      }
      this.#lots[place] = mark
    }
    if (!repeats) return []
    return indices.filter(
      (event) => this.#several[this.#placeOf(events.bytes, events.requestId(event, this.#id))] === mark,
    )
  }

  /** The tasks with a request id that no event taken bears. */
  *withoutEvent(): Generator<number> {
    const { tasks } = this.#piece
    for (let task = 0; task < tasks.count; task++) {
      const id = tasks.requestId(task, this.#id)
      if (id.length > 0 && this.#lots[this.#placeOf(tasks.bytes, id)] === 0) yield task
    }
  }

  #put(place: number, { hash }: BytesOfId, reference: number): void {
    if (this.#places[place] !== 0) return
    this.#places[place] = reference
    this.#hashes[place] = hash
  }

  /** Where the id stands, or would. */
  #placeOf(bytes: Buffer, id: BytesOfId): number {
    // All ids of a piece end in the bits of its few parts.
    for (let place = Math.imul(id.hash, 0x9e3779b1) >>> 7; ; place++) {
      const at = place & this.#mask
      const reference = this.#places[at] ?? 0
      if (reference === 0) return at
      if (this.#hashes[at] === (id.hash | 0) && this.#stands(reference, bytes, id)) return at
    }
  }

  #stands(reference: number, bytes: Buffer, { from, length }: BytesOfId): boolean {
    const { tasks, events } = this.#piece
    const isTask = reference > 0
    const other = isTask ? tasks.requestId(reference - 1, this.#other) : events.requestId(-reference - 1, this.#other)
    return other.length === length && sameBytes(isTask ? tasks.bytes : events.bytes, other.from, bytes, from, length)
  }
}
