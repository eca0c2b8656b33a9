import { sameBytes } from '../rows/bytes.ts'
import { type BytesOfId, idOfText, newBytesOfId } from '../rows/id-bytes.ts'
import type { SpooledPiece } from './request-source.ts'

/** How full a table of places may be: one place in two at the most. */
const PLACES_PER_ID = 2

/**
 * The request ids of one piece, each with a place, a number, told on the bytes that were spooled: ids are compared byte by byte
 * and never by their hash alone, and nothing is made an object of.
 */
class RequestPlaces {
  readonly #piece: SpooledPiece
  /** 0: free; one more than a task; or for an event, less than 0, one less than the negative of its index. */
  readonly bearers: Int32Array
  readonly #hashes: Int32Array
  readonly #mask: number
  readonly #id = newBytesOfId()
  readonly #other = newBytesOfId()

  constructor(piece: SpooledPiece) {
    this.#piece = piece
    const ids = piece.tasks.count + piece.events.count
    const room = 2 ** Math.ceil(Math.log2(Math.max(1, ids) * PLACES_PER_ID))
    this.bearers = new Int32Array(room)
    this.#hashes = new Int32Array(room)
    this.#mask = room - 1
  }

  get room(): number {
    return this.bearers.length
  }

  /** The place of a task's id, taken by it where it is free; -1: it has no id. */
  ofTask(task: number): number {
    const { tasks } = this.#piece
    const id = tasks.requestId(task, this.#id)
    return id.length === 0 ? -1 : this.#take(this.#placeOf(tasks.view, id), id, task + 1)
  }

  /** The place of an event's id, taken by it where it is free. */
  ofEvent(event: number): number {
    const { events } = this.#piece
    const id = events.requestId(event, this.#id)
    return this.#take(this.#placeOf(events.view, id), id, -event - 1)
  }

  /** The place of any id; -1: nothing bears it. */
  ofText(text: string): number {
    const { view, id } = idOfText(text)
    const place = this.#placeOf(view, id)
    return this.bearers[place] === 0 ? -1 : place
  }

  #take(place: number, { hash }: BytesOfId, bearer: number): number {
    if (this.bearers[place] === 0) {
      this.bearers[place] = bearer
      this.#hashes[place] = hash
    }
    return place
  }

  /** Where the id stands, or would. */
  #placeOf(view: DataView, id: BytesOfId): number {
    // All ids of a piece end in the bits of its few parts.
    for (let place = Math.imul(id.hash, 0x9e3779b1) >>> 7; ; place++) {
      const at = place & this.#mask
      const bearer = this.bearers[at] ?? 0
      if (bearer === 0) return at
      if (this.#hashes[at] === (id.hash | 0) && this.#stands(bearer, view, id)) return at
    }
  }

  #stands(bearer: number, view: DataView, { from, length }: BytesOfId): boolean {
    const { tasks, events } = this.#piece
    const isTask = bearer > 0
    const other = isTask ? tasks.requestId(bearer - 1, this.#other) : events.requestId(-bearer - 1, this.#other)
    return other.length === length && sameBytes(isTask ? tasks.view : events.view, other.from, view, from, length)
  }
}

/** Which tasks and events of one piece bear the same request id. */
export class RequestScout {
  readonly #piece: SpooledPiece
  readonly #places: RequestPlaces
  /** One more than the lot that bore the id last; 0: no event bears it. */
  readonly #lots: Int32Array
  /** The same for lots of which several events bear it. */
  readonly #several: Int32Array

  constructor(piece: SpooledPiece) {
    this.#piece = piece
    this.#places = new RequestPlaces(piece)
    this.#lots = new Int32Array(this.#places.room)
    this.#several = new Int32Array(this.#places.room)
    for (let task = 0; task < piece.tasks.count; task++) this.#places.ofTask(task)
  }

  /**
   * Takes the events of one lot; lots come one after another. Tells of each event that no task of the piece bears the id of, and
   * returns those of which the lot has several with one id, in order.
   */
  addLot(lot: number, onUnrecorded: (event: number) => void): number[] {
    const mark = lot + 1
    const indices = this.#piece.events.ofLot(lot)
    let repeats = false
    for (const event of indices) {
      const place = this.#places.ofEvent(event)
      if ((this.#places.bearers[place] ?? 0) < 0) onUnrecorded(event)
      if (this.#lots[place] === mark) {
        this.#several[place] = mark
        repeats = true
      }
      this.#lots[place] = mark
    }
    if (!repeats) return []
    return indices.filter((event) => this.#several[this.#places.ofEvent(event)] === mark)
  }

  /** The tasks with a request id that no event taken bears. */
  *withoutEvent(): Generator<number> {
    for (let task = 0; task < this.#piece.tasks.count; task++) {
      const place = this.#places.ofTask(task)
      if (place >= 0 && this.#lots[place] === 0) yield task
    }
  }
}

/** An id that more than one task, more than one event, or something else bears. */
const ASIDE = -1

/** Finds the ids of one piece that one task and one event bear, and nothing else. */
export class RequestTable {
  readonly #places: RequestPlaces
  readonly #taskCount: number
  /** By place: one more than the task that bears the id, and the event; 0: none does yet. */
  readonly #tasks: Int32Array
  readonly #events: Int32Array

  constructor(piece: SpooledPiece) {
    this.#places = new RequestPlaces(piece)
    this.#taskCount = piece.tasks.count
    this.#tasks = new Int32Array(this.#places.room)
    this.#events = new Int32Array(this.#places.room)
  }

  addTask(task: number): void {
    const place = this.#places.ofTask(task)
    if (place >= 0) this.#tasks[place] = this.#tasks[place] === 0 ? task + 1 : ASIDE
  }

  addEvent(event: number): void {
    const place = this.#places.ofEvent(event)
    this.#events[place] = this.#events[place] === 0 ? event + 1 : ASIDE
  }

  /** Something else bears the id too. */
  setAside(id: string): void {
    const place = this.#places.ofText(id)
    if (place >= 0) this.#tasks[place] = ASIDE
  }

  /** Hands out the pairs in order of their tasks. */
  eachPair(take: (task: number, event: number) => void): void {
    for (let task = 0; task < this.#taskCount; task++) {
      const place = this.#places.ofTask(task)
      if (place < 0 || this.#tasks[place] !== task + 1) continue
      const event = (this.#events[place] as number) - 1
      if (event >= 0) take(task, event)
    }
  }
}
