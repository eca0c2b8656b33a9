import { Buffer } from 'node:buffer'
import { ENTRY_RECORDS, type EntryRecords } from '../rows/entry-records.ts'
import { offsetsOf, type RecordKind, type RecordList } from '../rows/record-list.ts'
import { TASK_RECORDS, type TaskRecords, type TaskWords } from '../rows/task-records.ts'
import { type PlacedRows, readPlaced } from '../spool/placed-rows.ts'
import type { LinkPlaces } from './row-links.ts'

/** How much larger a room is made than what it is made for: the next piece may be a little longer. */
const SPARE = 1.25
const FOUR = 4

/** Where the rows of one piece stand in the file. */
export interface PlacedPiece {
  readonly tasks: PlacedRows
  readonly entries: PlacedRows
}

/** Rows of one piece, and what is found of them, in one buffer: one thread fills it and another reads it. */
export class LinkRoom {
  readonly #buffer: ArrayBuffer
  readonly #piece: PlacedPiece
  /** By bytes: where each part of the room begins. */
  readonly #at: ReturnType<typeof layoutOf>

  constructor(buffer: ArrayBuffer, piece: PlacedPiece) {
    this.#buffer = buffer
    this.#piece = piece
    this.#at = layoutOf(piece)
  }

  /** A buffer for a piece: the one that there is, where it is large enough. */
  static bufferFor(piece: PlacedPiece, before?: ArrayBuffer): ArrayBuffer {
    const { end } = layoutOf(piece)
    return before !== undefined && before.byteLength >= end ? before : new ArrayBuffer(Math.ceil(SPARE * end))
  }

  /** Reads the rows from the file. */
  fill(descriptor: number): void {
    const { tasks, entries } = this.#piece
    const all = new Uint8Array(this.#buffer)
    readPlaced(descriptor, tasks, all, this.#at.tasks)
    readPlaced(descriptor, entries, all, this.#at.entries)
    offsetsOf(new DataView(this.#buffer, this.#at.tasks, tasks.bytes), tasks.rows, this.#taskOffsets())
    offsetsOf(new DataView(this.#buffer, this.#at.entries, entries.bytes), entries.rows, this.#entryOffsets())
  }

  /** The rows, once they were read. */
  records(words: TaskWords): { readonly tasks: TaskRecords; readonly entries: EntryRecords } {
    const { tasks, entries } = this.#piece
    return {
      tasks: this.#list(TASK_RECORDS, this.#at.tasks, tasks, words, this.#taskOffsets()),
      entries: this.#list(ENTRY_RECORDS, this.#at.entries, entries, null, this.#entryOffsets()),
    }
  }

  /** Where what is found of them is written to. */
  places(): LinkPlaces {
    const { tasks, entries } = this.#piece
    return {
      ownerOfTask: new Int32Array(this.#buffer, this.#at.ownerOfTask, tasks.rows),
      ownerOfEntry: new Int32Array(this.#buffer, this.#at.ownerOfEntry, entries.rows),
      taskOfEntry: new Int32Array(this.#buffer, this.#at.taskOfEntry, entries.rows),
    }
  }

  #taskOffsets = (): Uint32Array => new Uint32Array(this.#buffer, this.#at.taskOffsets, this.#piece.tasks.rows)

  #entryOffsets = (): Uint32Array => new Uint32Array(this.#buffer, this.#at.entryOffsets, this.#piece.entries.rows)

  #list<Words, Records extends RecordList<Words>>(
    kind: RecordKind<Words, Records>,
    at: number,
    { bytes, rows }: PlacedRows,
    words: Words,
    offsets: Uint32Array,
  ): Records {
    return kind.list(Buffer.from(this.#buffer, at, bytes), rows, words, offsets)
  }
}

/** All of it in numbers of four bytes. */
function layoutOf({ tasks, entries }: PlacedPiece) {
  const taskOffsets = tasks.bytes + entries.bytes
  const entryOffsets = taskOffsets + FOUR * tasks.rows
  const ownerOfTask = entryOffsets + FOUR * entries.rows
  const ownerOfEntry = ownerOfTask + FOUR * tasks.rows
  const taskOfEntry = ownerOfEntry + FOUR * entries.rows
  const end = taskOfEntry + FOUR * entries.rows
  return { tasks: 0, entries: tasks.bytes, taskOffsets, entryOffsets, ownerOfTask, ownerOfEntry, taskOfEntry, end }
}
