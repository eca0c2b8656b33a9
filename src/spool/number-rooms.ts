/** How much larger a room is made than what it is made for: the next piece may be a little longer. */
const SPARE = 1.25

/**
 * Numbers of four bytes that are used for one piece after another, each list of them by a number of its own. New ones for each
 * piece would be garbage outside of the heap, which nothing hurries to collect.
 */
export class NumberRooms {
  readonly #rooms: Int32Array[] = []

  /** So many numbers, all of them 0: good until the list is taken again. */
  zeros(list: number, length: number): Int32Array {
    return this.take(list, length).fill(0)
  }

  /** The same, whatever they are. */
  take(list: number, length: number): Int32Array {
    const known = this.#rooms[list]
    if (known !== undefined && known.length >= length) return known.subarray(0, length)
    const room = new Int32Array(Math.ceil(SPARE * length))
    while (this.#rooms.length <= list) this.#rooms.push(new Int32Array(0))
    this.#rooms[list] = room
    return room.subarray(0, length)
  }
}
