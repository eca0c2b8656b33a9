import { sameBytes } from '../../rows/bytes.ts'
import { type BytesOfId, idOfText, newBytesOfId } from '../../rows/id-bytes.ts'
import { mayBeOtherForm } from '../../rows/other-forms.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import { NumberRooms } from '../../spool/number-rooms.ts'
import { bareId } from '../../units/request-id.ts'
import { mayBeOwn } from './task-names.ts'

/** No task of the user bears the id. */
export const NO_TASK = -1
/** Several tasks of one user bear the id: it does not tell which of them a row pays. */
export const SHARED_ID = -2
/** Stands among those that share an id for a task that is not here: one of another time. */
const TASK_ELSEWHERE = -1

/** Lists of the rooms that are taken; below them all are others'. */
const PLACES_ROOM = 3
const HASHES_ROOM = 4

/** How full a table of places may be: one place in three at the most. */
const PLACES_PER_ID = 3

/**
 * Which task of a user bears an id, the operator's or fal's. Ids are compared byte by byte and never by their hash alone.
 * By user, since a row of somebody else does not pay this user's task; users are numbers below `owners.length`.
 */
export class IdIndex {
  readonly #tasks: TaskRecords
  /** Whose each task is. */
  readonly #owners: Int32Array
  /**
   * 0: free; otherwise one more than twice the task, and one more where it is its request id. Below 0, the negative of that:
   * several tasks share the id.
   */
  readonly #places: Int32Array
  readonly #hashes: Int32Array
  /** By place, the tasks that share an id. */
  readonly #bearers = new Map<number, number[]>()
  readonly #mask: number
  readonly #id = newBytesOfId()
  readonly #other = newBytesOfId()

  /** Good until the same rooms are used again. */
  constructor(tasks: TaskRecords, owners: Int32Array, rooms: NumberRooms = new NumberRooms()) {
    this.#tasks = tasks
    this.#owners = owners
    const room = 2 ** Math.ceil(Math.log2(Math.max(1, tasks.count) * 2 * PLACES_PER_ID))
    this.#places = rooms.zeros(PLACES_ROOM, room)
    this.#hashes = rooms.take(HASHES_ROOM, room)
    this.#mask = room - 1
  }

  /** Takes the ids of some tasks, from one up to another: all of them in turn, before any is looked for. */
  take(from: number, until: number): void {
    for (let task = from; task < until; task++) this.#bear(task)
  }

  /** Notes that a task of the user that is not among these bears an id: what names it may be that task's. After all were taken. */
  takeElsewhere(owner: number, stored: string): void {
    const { view, id } = idOfText(stored)
    if (id.length === 0) return
    const place = this.#placeOf(owner, view, id)
    const first = this.#places[place] ?? 0
    if (first !== 0) this.#share(place, first, TASK_ELSEWHERE)
  }

  /** The task of a user that bears an id, NO_TASK or SHARED_ID. */
  find(owner: number, view: DataView, id: BytesOfId): number {
    if (id.length === 0) return NO_TASK
    const place = this.#placeOf(owner, view, id)
    const reference = this.#places[place] ?? 0
    if (reference === 0) return NO_TASK
    return reference < 0 ? SHARED_ID : (reference - 1) >> 1
  }

  /** The same for an id in any stored form. */
  findText(owner: number, stored: string): number {
    const { view, id } = idOfText(stored)
    const found = this.find(owner, view, id)
    return found === NO_TASK && mayBeOtherForm(stored) ? this.findBare(owner, stored) : found
  }

  /** The same for a request id in another form than the bare one. */
  findBare(owner: number, stored: string): number {
    const bare = bareId(stored)
    if (bare === stored) return NO_TASK
    const { view, id } = idOfText(bare)
    const found = this.find(owner, view, id)
    if (found === NO_TASK || mayBeOwn(bare)) return found
    const bearers = this.#bearers.get(this.#placeOf(owner, view, id)) ?? [found]
    return bearers.some((task) => task !== TASK_ELSEWHERE && this.#hasRequest(task, view, id)) ? found : NO_TASK
  }

  /** The tasks of a user that share an id in any stored form, the same list at every call; undefined where they do not. */
  bearers(owner: number, stored: string): readonly number[] | undefined {
    const exact = idOfText(stored)
    const isOther = mayBeOtherForm(stored) && this.find(owner, exact.view, exact.id) === NO_TASK
    if (isOther && this.findBare(owner, stored) === NO_TASK) return undefined
    const { view, id } = isOther ? idOfText(bareId(stored)) : exact
    return this.#bearers.get(this.#placeOf(owner, view, id))
  }

  #bear(task: number): void {
    const owner = this.#owners[task] ?? 0
    const { view } = this.#tasks
    const own = this.#tasks.taskId(task, this.#id)
    const first = own.length === 0 ? -1 : this.#placeOf(owner, view, own)
    if (first >= 0) this.#put(first, owner, own, 2 * task + 1)
    const request = this.#tasks.requestId(task, this.#id)
    if (request.length === 0) return
    const place = this.#placeOf(owner, view, request)
    // A task whose two ids are alike bears one id.
    if (place !== first) this.#put(place, owner, request, 2 * task + 2)
  }

  #put(place: number, owner: number, id: BytesOfId, reference: number): void {
    const first = this.#places[place] ?? 0
    if (first === 0) {
      this.#places[place] = reference
      this.#hashes[place] = mixed(owner, id.hash)
    } else this.#share(place, first, (reference - 1) >> 1)
  }

  #share(place: number, reference: number, task: number): void {
    const first = Math.abs(reference)
    this.#places[place] = -first
    const bearers = this.#bearers.get(place)
    if (bearers === undefined) this.#bearers.set(place, [(first - 1) >> 1, task])
    else if (task !== TASK_ELSEWHERE || !bearers.includes(task)) bearers.push(task)
  }

  /** Where the id stands, or would. */
  #placeOf(owner: number, view: DataView, id: BytesOfId): number {
    const hash = mixed(owner, id.hash)
    for (let place = (hash ^ (hash >>> 16)) & this.#mask; ; place = (place + 1) & this.#mask) {
      const reference = this.#places[place] ?? 0
      if (reference === 0) return place
      if (this.#hashes[place] === hash && this.#stands(Math.abs(reference), owner, view, id)) return place
    }
  }

  #stands(reference: number, owner: number, view: DataView, id: BytesOfId): boolean {
    const task = (reference - 1) >> 1
    if (this.#owners[task] !== owner) return false
    const isRequest = ((reference - 1) & 1) === 1
    return isRequest ? this.#hasRequest(task, view, id) : this.#isSame(this.#tasks.taskId(task, this.#other), view, id)
  }

  #hasRequest(task: number, view: DataView, id: BytesOfId): boolean {
    return this.#isSame(this.#tasks.requestId(task, this.#other), view, id)
  }

  #isSame(other: BytesOfId, view: DataView, { from, length }: BytesOfId): boolean {
    return other.length === length && sameBytes(this.#tasks.view, other.from, view, from, length)
  }
}

const mixed = (owner: number, hash: number): number => Math.imul(hash ^ Math.imul(owner, 0x9e3779b1), 0x85ebca6b)
