/** User ids below this are looked up in an array; others, and what is no id, in a Map. Sixteen megabytes at most. */
const DIRECT_IDS = 2 ** 22
const DIRECT_AT_FIRST = 1024

/** Has no number. */
export const NO_NUMBER = -1

/** Users, each with a number, from 0 on: there may be very many, and each row looks one of them up. */
export class UserNumbers {
  readonly #ids: number[] = []
  /** Numbers by id, plus one: 0 is nobody. */
  #direct = new Int32Array(DIRECT_AT_FIRST)
  readonly #others = new Map<number, number>()

  /** Ids in order of their numbers. */
  get ids(): readonly number[] {
    return this.#ids
  }

  has(userId: number): boolean {
    return this.find(userId) !== NO_NUMBER
  }

  /** The number of a user, NO_NUMBER where it was never seen. */
  find(userId: number): number {
    return isDirect(userId) ? (this.#direct[userId] ?? 0) - 1 : (this.#others.get(userId) ?? NO_NUMBER)
  }

  /** Begins anew: nobody was seen yet. */
  clear(): void {
    for (const userId of this.#ids) if (isDirect(userId)) this.#direct[userId] = 0
    this.#ids.length = 0
    this.#others.clear()
  }

  /** The number of a user: of one who was never seen, the next. */
  numberOf(userId: number): number {
    if (!isDirect(userId)) return this.#otherNumberOf(userId)
    if (userId >= this.#direct.length) this.#growTo(userId)
    const known = this.#direct[userId] as number
    if (known !== 0) return known - 1
    const count = this.#ids.push(userId)
    this.#direct[userId] = count
    return count - 1
  }

  #otherNumberOf(userId: number): number {
    const known = this.#others.get(userId)
    if (known !== undefined) return known
    const number = this.#ids.push(userId) - 1
    this.#others.set(userId, number)
    return number
  }

  #growTo(userId: number): void {
    const larger = new Int32Array(2 ** (32 - Math.clz32(userId)))
    larger.set(this.#direct)
    this.#direct = larger
  }
}

const isDirect = (userId: number): boolean => userId >>> 0 === userId && userId < DIRECT_IDS
