import { sameBytes } from '../../rows/bytes.ts'
import { type BytesOfId, newBytesOfId } from '../../rows/id-bytes.ts'
import { NumberRooms } from '../../spool/number-rooms.ts'
import type { SpooledPiece } from './request-source.ts'

/** How full a table of places may be: one place in two at the most. */
const PLACES_PER_ID = 2

/**
 * The request ids of one piece, each with a place, a number, told on the bytes that were spooled: ids are compared byte by byte
 * and never by their hash alone, and nothing is made an object of.
 */
class RequestPlaces {
  readonly #piece: Pick<SpooledPiece, 'tasks' | 'events'>
  /** 0: free; one more than a task; or for an event, less than 0, one less than the negative of its index. */
  readonly #bearers: Int32Array
  readonly #hashes: Int32Array
  readonly #mask: number
  readonly #id = newBytesOfId()
  readonly #other = newBytesOfId()

  constructor(piece: Pick<SpooledPiece, 'tasks' | 'events'>, rooms: NumberRooms) {
    this.#piece = piece
    const ids = piece.tasks.count + piece.events.count
    const room = 2 ** Math.ceil(Math.log2(Math.max(1, ids) * PLACES_PER_ID))
    this.#bearers = rooms.zeros(0, room)
    this.#hashes = rooms.take(1, room)
    this.#mask = room - 1
  }

  get room(): number {
    return this.#bearers.length
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

  #take(place: number, { hash }: BytesOfId, bearer: number): number {
    if (this.#bearers[place] === 0) {
      this.#bearers[place] = bearer
      this.#hashes[place] = hash
    }
    return place
  }

  /** Where the id stands, or would. */
  #placeOf(view: DataView, id: BytesOfId): number {
    // All ids of a piece end in the bits of its few parts.
    for (let place = Math.imul(id.hash, 0x9e3779b1) >>> 7; ; place++) {
      const at = place & this.#mask
      const bearer = this.#bearers[at] ?? 0
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

/** What the request ids of one piece tell, by index of its tasks and events. */
export interface Scouted {
  /** Events of ids that no task of the piece bears, lot by lot. */
  readonly unrecorded: Int32Array
  /** Events of ids that several events of their lot bear, lot by lot. */
  readonly repeated: Int32Array
  /** Tasks of ids that no event bears. */
  readonly withoutEvent: Int32Array
  readonly pairs: RequestPairs
}

/** Tasks and events, of one index each, of ids that these two bear and nothing else of the piece. In order of the tasks. */
export interface RequestPairs {
  readonly tasks: Int32Array
  readonly events: Int32Array
}

/** An id that more than one task, or more than one event, bears. */
const SEVERAL = -1

/**
 * Which tasks of a piece, and which events of some lots of it, bear the same request id. The pairs are good until the same rooms
 * are used again.
 */
export function scoutRequests(
  piece: Pick<SpooledPiece, 'tasks' | 'events'>,
  lots: readonly number[],
  rooms: NumberRooms = new NumberRooms(),
): Scouted {
  const { tasks, events } = piece
  const places = new RequestPlaces(piece, rooms)
  /** By place: one more than the only task that bears the id, and the only event; 0: none does. */
  const taskAt = rooms.zeros(2, places.room)
  const eventAt = rooms.zeros(3, places.room)
  const placeOfTask = rooms.take(4, tasks.count)
  for (let task = 0; task < tasks.count; task++) {
    const place = places.ofTask(task)
    placeOfTask[task] = place
    if (place >= 0) taskAt[place] = taskAt[place] === 0 ? task + 1 : SEVERAL
  }
  const unrecorded: number[] = []
  const repeated: number[] = []
  const lastLot = rooms.zeros(5, places.room)
  for (const lot of lots) {
    const several = new Set<number>()
    for (const event of events.ofLot(lot)) {
      const place = places.ofEvent(event)
      if (taskAt[place] === 0) unrecorded.push(event)
      if (lastLot[place] === lot + 1) several.add(place)
      lastLot[place] = lot + 1
      eventAt[place] = eventAt[place] === 0 ? event + 1 : SEVERAL
    }
    if (several.size === 0) continue
    for (const event of events.ofLot(lot)) if (several.has(places.ofEvent(event))) repeated.push(event)
  }
  const withoutEvent: number[] = []
  const pairs = { tasks: rooms.take(6, tasks.count), events: rooms.take(7, tasks.count) }
  let count = 0
  for (let task = 0; task < tasks.count; task++) {
    const place = placeOfTask[task] as number
    if (place < 0) continue
    const event = eventAt[place] as number
    if (event === 0) withoutEvent.push(task)
    if (event <= 0 || taskAt[place] !== task + 1) continue
    pairs.tasks[count] = task
    pairs.events[count] = event - 1
    count += 1
  }
  return {
    unrecorded: Int32Array.from(unrecorded),
    repeated: Int32Array.from(repeated),
    withoutEvent: Int32Array.from(withoutEvent),
    pairs: { tasks: pairs.tasks.subarray(0, count), events: pairs.events.subarray(0, count) },
  }
}
