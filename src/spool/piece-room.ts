import { Buffer } from 'node:buffer'
import { offsetsOf, type RecordKind, type RecordList } from '../rows/record-list.ts'
import { type PlacedRows, readPlaced } from './placed-rows.ts'

/** How much larger a room is made than what it is made for: the next piece may be a little longer. */
const SPARE = 1.25
const FOUR = 4

/** What a room holds: rows, list by list, and columns of so many numbers each for what is found of them. */
export interface RoomPlan {
  readonly lists: readonly PlacedRows[]
  readonly columns: readonly number[]
}

/** Rows of one piece, and what is found of them, in one buffer: one thread fills it and another reads it. */
export class PieceRoom {
  readonly #buffer: ArrayBuffer
  readonly #plan: RoomPlan
  /** By bytes, where each list, its offsets, and each column begin. */
  readonly #at: ReturnType<typeof layoutOf>

  constructor(buffer: ArrayBuffer, plan: RoomPlan) {
    this.#buffer = buffer
    this.#plan = plan
    this.#at = layoutOf(plan)
  }

  /** A buffer for a piece: the one that there is, where it is large enough. */
  static bufferFor(plan: RoomPlan, before?: ArrayBuffer): ArrayBuffer {
    const { end } = layoutOf(plan)
    return before !== undefined && before.byteLength >= end ? before : new ArrayBuffer(Math.ceil(SPARE * end))
  }

  /** Reads the rows from the file. */
  fill(descriptor: number): void {
    const all = new Uint8Array(this.#buffer)
    for (const [index, list] of this.#plan.lists.entries()) {
      const at = this.#at.lists[index] as number
      readPlaced(descriptor, list, all, at)
      offsetsOf(new DataView(this.#buffer, at, list.bytes), list.rows, this.#offsets(index))
    }
  }

  /** The rows of a list, once they were read. */
  list<Words, Records extends RecordList<Words>>(
    index: number,
    kind: RecordKind<Words, Records>,
    words: Words,
  ): Records {
    const { bytes, rows } = this.#plan.lists[index] as PlacedRows
    return kind.list(
      Buffer.from(this.#buffer, this.#at.lists[index] as number, bytes),
      rows,
      words,
      this.#offsets(index),
    )
  }

  column(index: number): Int32Array {
    return new Int32Array(this.#buffer, this.#at.columns[index] as number, this.#plan.columns[index] as number)
  }

  #offsets(index: number): Uint32Array {
    return new Uint32Array(this.#buffer, this.#at.offsets[index] as number, this.#plan.lists[index]?.rows)
  }
}

/** All of it in numbers of four bytes. */
function layoutOf({ lists, columns }: RoomPlan) {
  let end = 0
  const take = (bytes: number): number => {
    end += bytes
    return end - bytes
  }
  return {
    lists: lists.map(({ bytes }) => take(bytes)),
    offsets: lists.map(({ rows }) => take(FOUR * rows)),
    columns: columns.map((count) => take(FOUR * count)),
    end,
  }
}
