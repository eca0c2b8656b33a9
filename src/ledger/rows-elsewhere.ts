import type { TaskWords } from '../rows/task-records.ts'
import type { Job, SecondThread } from '../thread/second-thread.ts'
import { ROWS, type RowsAnswer, type RowsQuestion, type RowsSetup, type WireStretch } from './rows-job.ts'
import type { WireColumn } from './wire-row.ts'

/** What another thread must know to make batches of the same rows, and what is made here of what it gives back. */
export interface RowsElsewhere<Batch> {
  readonly setup: Omit<RowsSetup, 'columns' | 'models' | 'apiKeys'>
  readonly words: TaskWords
  readonly batchOf: (bytes: Buffer, count: number) => Batch
  readonly onAstray: () => void
}

export interface RowsListener<Batch> {
  /** A batch, and what is called when it is read no more. */
  readonly onBatch: (batch: Batch, release: () => void) => void
  /** Some of what was handed over has been read, whether or not any of it belongs into a batch. */
  readonly onRead: () => void
  readonly onFailure: (cause: Error) => void
}

/** Bytes that are sent at once, where there is something to do over there meanwhile. */
const QUESTION_BYTES = 512 * 1024

/**
 * Has the rows of one result read in the second thread: hands over bytes as they come from the server, and makes batches of
 * what comes back, in the same order.
 */
export class ElsewhereRows<Batch> {
  readonly #elsewhere: RowsElsewhere<Batch>
  readonly #listener: RowsListener<Batch>
  readonly #job: Job<RowsQuestion>
  #stretches: WireStretch[] = []
  #gathered = 0
  /** Bytes of each question that was not answered yet. */
  readonly #asked: number[] = []
  #askedBytes = 0
  readonly #rooms: ArrayBuffer[] = []
  /** Words that are known over there. */
  readonly #words: { models: number; apiKeys: number }
  #isEnded = false

  constructor(
    thread: SecondThread,
    elsewhere: RowsElsewhere<Batch>,
    columns: readonly WireColumn[],
    listener: RowsListener<Batch>,
  ) {
    const { setup, words } = elsewhere
    this.#elsewhere = elsewhere
    this.#listener = listener
    const given = { models: words.models.since(0), apiKeys: words.apiKeys.since(0) }
    this.#words = { models: given.models.length, apiKeys: given.apiKeys.length }
    this.#job = thread.begin(
      ROWS,
      { ...setup, ...given, columns: columns.map(plainColumn) },
      { onAnswer: (answer: RowsAnswer) => this.#take(answer), onFailure: listener.onFailure },
    )
  }

  /** Bytes of rows that a batch will be made of. */
  get waiting(): number {
    return this.#isEnded ? 0 : this.#gathered + this.#askedBytes
  }

  /** Takes whole packets, each a row. They are no longer here from then on, nor is whatever else lies in the same memory. */
  addPackets(chunk: Buffer, from: number, until: number): void {
    if (from === until) return
    const isOwn = chunk.byteOffset === 0 && chunk.byteLength === chunk.buffer.byteLength
    const bytes = isOwn
      ? new Uint8Array(chunk.buffer as ArrayBuffer, from, until - from)
      : Uint8Array.prototype.slice.call(chunk, from, until)
    this.#add({ bytes, isRow: false })
  }

  /** Takes one row, without the head of its packet. */
  addRow(buffer: Buffer, from: number, until: number): void {
    this.#add({ bytes: Uint8Array.prototype.slice.call(buffer, from, until), isRow: true })
  }

  /** Hands over what is left: no row follows for now. */
  flush(): void {
    if (this.#gathered > 0 && !this.#isEnded) this.#ask()
  }

  /** No batch is made any more. */
  end(): void {
    this.#isEnded = true
    this.#job.end()
  }

  #add(stretch: WireStretch): void {
    if (this.#isEnded) return
    this.#stretches.push(stretch)
    this.#gathered += stretch.bytes.length
    if (this.#askedBytes === 0 || this.#gathered >= QUESTION_BYTES) this.#ask()
  }

  #ask(): void {
    const stretches = this.#stretches
    const rooms = this.#rooms.splice(0)
    this.#asked.push(this.#gathered)
    this.#askedBytes += this.#gathered
    this.#stretches = []
    this.#gathered = 0
    this.#job.ask({ stretches, rooms }, [...stretches.map(({ bytes }) => bytes.buffer), ...rooms])
  }

  #take({ room, bytes, count, models, apiKeys, isAstray }: RowsAnswer): void {
    const { words, batchOf, onAstray } = this.#elsewhere
    this.#askedBytes -= this.#asked.shift() ?? 0
    words.models.append(this.#words.models, models)
    words.apiKeys.append(this.#words.apiKeys, apiKeys)
    this.#words.models += models.length
    this.#words.apiKeys += apiKeys.length
    if (isAstray) onAstray()
    if (this.#gathered > 0 && this.#askedBytes === 0) this.#ask()
    if (count === 0) this.#rooms.push(room)
    else this.#listener.onBatch(batchOf(Buffer.from(room, 0, bytes), count), () => this.#rooms.push(room))
    this.#listener.onRead()
  }
}

/** What a column is read by; what the driver has besides is not for another thread. */
const plainColumn = ({ columnType, characterSet, encoding, flags, extendedFormat }: WireColumn): WireColumn => ({
  columnType,
  characterSet,
  encoding,
  flags: typeof flags === 'number' ? flags : undefined,
  extendedFormat,
})
