const ROOM_AT_FIRST = 1024

/** Pairs of a user and a column, each with a number, from 0 on: millions of tasks look one of them up. */
export class CellNumbers {
  /** One more than the number that stands in a place; 0: free. At most half of the places are taken. */
  #places = new Int32Array(2 * ROOM_AT_FIRST)
  #users = new Float64Array(ROOM_AT_FIRST)
  #columns = new Int32Array(ROOM_AT_FIRST)
  #count = 0

  get count(): number {
    return this.#count
  }

  userOf(cell: number): number {
    return this.#users[cell] as number
  }

  columnOf(cell: number): number {
    return this.#columns[cell] as number
  }

  /** The number of a pair: of one that was never seen, the next. */
  numberOf(userId: number, column: number): number {
    const place = this.#placeOf(userId, column)
    const known = this.#places[place] as number
    if (known !== 0) return known - 1
    const cell = this.#count++
    this.#users[cell] = userId
    this.#columns[cell] = column
    this.#places[place] = cell + 1
    if (this.#count === this.#users.length) this.#grow()
    return cell
  }

  clear(): void {
    this.#places.fill(0)
    this.#count = 0
  }

  /** Where the pair stands, or would. */
  #placeOf(userId: number, column: number): number {
    const mask = this.#places.length - 1
    // Ids beyond four bytes meet others in one place, and are told apart there.
    const hash = Math.imul(Math.imul(userId | 0, 0x9e3779b1) ^ column, 0x85ebca6b)
    for (let place = (hash ^ (hash >>> 15)) & mask; ; place = (place + 1) & mask) {
      const cell = (this.#places[place] as number) - 1
      if (cell < 0 || (this.#users[cell] === userId && this.#columns[cell] === column)) return place
    }
  }

  #grow(): void {
    const room = 2 * this.#users.length
    const [users, columns] = [this.#users, this.#columns]
    this.#users = new Float64Array(room)
    this.#users.set(users)
    this.#columns = new Int32Array(room)
    this.#columns.set(columns)
    this.#places = new Int32Array(2 * room)
    for (let cell = 0; cell < this.#count; cell++) {
      this.#places[this.#placeOf(users[cell] as number, columns[cell] as number)] = cell + 1
    }
  }
}
