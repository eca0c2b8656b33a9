import type { Bytes } from '../rows/bytes.ts'
import { Column, type MeaningOf } from './event-columns.ts'
import { parseJson } from './json.ts'
import { Pattern } from './wire-pattern.ts'
import { blanksEnd, COLON, ODD, QUOTE, valueEnd } from './wire-scan.ts'

/** Keys remembered, in all the orders and ways in which they came: fal writes rows in one, or a few. */
const WAYS_MAX = 1000

/** A way of writing a key: what stands before it, from the comma or bracket on, itself, and its colon. */
interface Way {
  readonly written: Pattern
  readonly key: Key
}

/** A key of a row, behind all that stood before it. */
export class Key {
  readonly column: Column | undefined
  readonly #name: string
  readonly #before: Key | undefined
  readonly #followers = new Map<string, Key>()
  readonly #ways: Way[] = []

  constructor(name: string, column: Column | undefined, before: Key | undefined) {
    this.#name = name
    this.column = column
    this.#before = before
  }

  /** The way in which a key follows that stands there, if it did so before. */
  wayAt(body: Bytes, at: number): Way | undefined {
    const ways = this.#ways
    for (let each = 0; each < ways.length; each++) {
      const way = ways[each] as Way
      if (!way.written.isAt(body, at)) continue
      // Looked at first the next time.
      if (each > 0) {
        ways[each] = ways[0] as Way
        ways[0] = way
      }
      return way
    }
    return undefined
  }

  follower(name: string): Key | undefined {
    return this.#followers.get(name)
  }

  addFollower(name: string, column: Column): Key {
    const key = new Key(name, column, this)
    this.#followers.set(name, key)
    return key
  }

  addWay(written: Pattern, key: Key): void {
    this.#ways.push({ written, key })
  }

  /** Whether it or one before it has that name. */
  isOrFollows(name: string): boolean {
    if (this.#before === undefined) return false
    return this.#name === name || this.#before.isOrFollows(name)
  }
}

/**
 * The keys of rows, as a tree: behind each key those that have followed it. So a key is known by comparing it with the one that
 * came there the last time, and that none comes twice in a row is found out but once.
 */
export class KeyTree {
  /** What the first key of a row follows. */
  readonly root = new Key('', undefined, undefined)
  /** Where the key ends that was read last, behind its colon. */
  end = 0
  readonly #columns = new Map<string, Column>()
  readonly #meaningOf: MeaningOf
  #ways = 0

  constructor(meaningOf: MeaningOf) {
    this.#meaningOf = meaningOf
  }

  /**
   * Reads a key that follows another one in a way not known yet; `from` is where its comma or bracket stands. Undefined where
   * there is none, it came before, or there are too many.
   */
  read(before: Key, body: Bytes, from: number): Key | undefined {
    const { bytes } = body
    const at = blanksEnd(bytes, from + 1)
    const keyEnd = bytes[at] === QUOTE ? valueEnd(bytes, at) : ODD
    if (keyEnd === ODD) return undefined
    const colon = blanksEnd(bytes, keyEnd)
    const name = parseJson(bytes.toString('utf8', at, keyEnd))?.value
    if (bytes[colon] !== COLON || typeof name !== 'string') return undefined
    this.end = colon + 1
    const isRoom = this.#ways < WAYS_MAX
    let key = before.follower(name)
    if (key === undefined) {
      if (!isRoom || before.isOrFollows(name)) return undefined
      key = before.addFollower(name, this.#columnOf(name))
    }
    if (isRoom) {
      this.#ways++
      before.addWay(new Pattern(body, from, this.end - from), key)
    }
    return key
  }

  #columnOf(name: string): Column {
    let column = this.#columns.get(name)
    if (column === undefined) {
      column = new Column(name, this.#meaningOf)
      this.#columns.set(name, column)
    }
    return column
  }
}
