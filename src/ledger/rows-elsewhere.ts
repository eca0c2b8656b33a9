import type { TaskWords } from '../rows/task-records.ts'
import type { Job, SecondThread } from '../thread/second-thread.ts'
import type { UnreadRows } from './decode-rows.ts'
import { ROWS, type RowsAnswer, type RowsQuestion, type RowsSetup, takeRoom } from './rows-job.ts'
import { PACKET_BYTES_MAX, PACKET_HEAD_BYTES } from './wire-packet.ts'
import type { WireColumn } from './wire-row.ts'

/** What another thread must know to make batches of the same rows, and what is made here of what it gives back. */
export interface RowsElsewhere<Batch> {
  readonly setup: Omit<RowsSetup, 'columns' | 'models' | 'apiKeys'>
  readonly words: TaskWords
  readonly batchOf: (bytes: Buffer, count: number) => Batch
  readonly onAstray: () => void
  /** Hears of rows whose time cannot be read, and the first of them. */
  readonly onUnread: (rows: Readonly<UnreadRows>) => void
}

export interface RowsListener<Batch> {
  /** A batch, and what is called when it is read no more. */
  readonly onBatch: (batch: Batch, release: () => void) => void
  /** Some of what was handed over has been read, whether or not any of it belongs into a batch. */
  readonly onRead: () => void
  readonly onFailure: (cause: Error) => void
}

const NO_ROOM = new Uint8Array(0)
/** Bytes that are sent at once, where there is something to do over there meanwhile. */
const QUESTION_BYTES = 512 * 1024

/**
 * Has the rows of one result read in the second thread: hands over bytes as they come from the server, and makes batches of
 * what comes back, in the same order. Bytes are copied into a few rooms that go to and fro: what the driver has stays here,
 * and nothing is left over there for a collector of garbage to find.
 */
export class ElsewhereRows<Batch> {
  readonly #elsewhere: RowsElsewhere<Batch>
  readonly #listener: RowsListener<Batch>
  readonly #job: Job<RowsQuestion>
  /** What is gathered for the next question. */
  #packets = NO_ROOM
  #gathered = 0
  /** Bytes of each question that was not answered yet. */
  readonly #asked: number[] = []
  #askedBytes = 0
  readonly #packetRooms: ArrayBuffer[] = []
  readonly #recordRooms: ArrayBuffer[] = []
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

  /** Takes whole packets, each a row. */
  addPackets(chunk: Buffer, from: number, until: number): void {
    if (from === until || this.#isEnded) return
    const at = this.#makeRoom(until - from)
    this.#packets.set(chunk.subarray(from, until), at)
    this.#send()
  }

  /** Takes one row, without the head of its packet. */
  addRow(buffer: Buffer, from: number, until: number): void {
    if (this.#isEnded) return
    const length = until - from
    // A row that came in several packets may be longer than a head can tell.
    const isLong = length >= PACKET_BYTES_MAX
    if (isLong) this.flush()
    const head = isLong ? 0 : PACKET_HEAD_BYTES
    const at = this.#makeRoom(head + length)
    for (let byte = 0; byte < head; byte++) this.#packets[at + byte] = (length >>> (8 * byte)) & 0xff
    this.#packets.set(buffer.subarray(from, until), at + head)
    if (isLong) this.#ask(true)
    else this.#send()
  }

  /** Hands over what is left: no row follows for now. */
  flush(): void {
    if (this.#gathered > 0 && !this.#isEnded) this.#ask(false)
  }

  /** No batch is made any more. */
  end(): void {
    this.#isEnded = true
    this.#job.end()
  }

  /** Makes room for so many bytes more, which count from now on, and tells where they go. */
  #makeRoom(bytes: number): number {
    if (this.#gathered + bytes > this.#packets.length) {
      this.flush()
      this.#packets = new Uint8Array(takeRoom(this.#packetRooms, Math.max(bytes, QUESTION_BYTES)))
    }
    const at = this.#gathered
    this.#gathered += bytes
    return at
  }

  /** Sends what is gathered where the other thread has nothing to do; otherwise a room is filled first. */
  #send(): void {
    if (this.#askedBytes === 0) this.#ask(false)
  }

  #ask(isRow: boolean): void {
    const packets = this.#packets.buffer
    const records = this.#recordRooms.pop()
    this.#asked.push(this.#gathered)
    this.#askedBytes += this.#gathered
    const question = { packets, bytes: this.#gathered, isRow, records }
    this.#packets = NO_ROOM
    this.#gathered = 0
    this.#job.ask(question, records === undefined ? [packets] : [packets, records])
  }

  #take({ packets, records, bytes, count, models, apiKeys, isAstray, unread }: RowsAnswer): void {
    const { words, batchOf, onAstray, onUnread } = this.#elsewhere
    this.#askedBytes -= this.#asked.shift() ?? 0
    words.models.append(this.#words.models, models)
    words.apiKeys.append(this.#words.apiKeys, apiKeys)
    this.#words.models += models.length
    this.#words.apiKeys += apiKeys.length
    if (isAstray) onAstray()
    if (unread.rows > 0) onUnread(unread)
    this.#packetRooms.push(packets)
    if (this.#gathered > 0 && this.#askedBytes === 0) this.#ask(false)
    const release = () => void this.#recordRooms.push(records)
    if (count === 0) release()
    else this.#listener.onBatch(batchOf(Buffer.from(records, 0, bytes), count), release)
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
