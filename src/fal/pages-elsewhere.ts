import { EventRecords, type EventWords } from '../rows/event-records.ts'
import type { Job, SecondThread } from '../thread/second-thread.ts'
import type { InstantRange } from '../units/instant.ts'
import { type Answer, complete } from './answer.ts'
import { type EventPage, pageOf } from './event-draft.ts'
import { type MovedPage, PAGES, type PageAnswer, type PageQuestion } from './pages-job.ts'
import { RowHashes } from './row-hash.ts'

interface Waiting {
  readonly resolve: (page: Answer<EventPage>) => void
  readonly reject: (cause: Error) => void
}

/** Bodies and records of the pages that are on their way: a room of each is kept for the next one. */
const ROOMS_KEPT_MAX = 4
const ROOM_STEP = 256 * 1024

/** Has pages of billing events read in the second thread. */
export class ElsewherePages {
  readonly #words: EventWords
  readonly #job: Job<PageQuestion>
  readonly #waiting: Waiting[] = []
  readonly #bodies: ArrayBuffer[] = []
  readonly #rooms: ArrayBuffer[] = []
  readonly #given = new Map<EventPage, ArrayBuffer>()
  /** Words that are known over there. */
  #known: number
  #failure: Error | undefined

  constructor(thread: SecondThread, words: EventWords, secrets: readonly string[]) {
    this.#words = words
    const texts = words.texts.since(0)
    this.#known = texts.length
    const onAnswer = (answer: PageAnswer): void => this.#take(answer)
    this.#job = thread.begin(PAGES, { texts, secrets }, { onAnswer, onFailure: (cause) => this.#fail(cause) })
  }

  /** Reads a page; the body is needed no more when this returns. */
  read(body: Buffer, span: InstantRange): Promise<Answer<EventPage>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const room = this.#roomOf(body.length)
    new Uint8Array(room).set(body)
    const into = this.#rooms.pop()
    this.#job.ask({ body: room, bytes: body.length, span, room: into }, into === undefined ? [room] : [room, into])
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  /** Takes back a page that is needed no more. */
  takeBack(page: EventPage): void {
    const room = this.#given.get(page)
    if (room !== undefined && this.#rooms.length < ROOMS_KEPT_MAX) this.#rooms.push(room)
    this.#given.delete(page)
  }

  end(): void {
    this.#job.end()
  }

  #take({ page, texts, body }: PageAnswer): void {
    this.#words.texts.append(this.#known, texts)
    this.#known += texts.length
    if (this.#bodies.length < ROOMS_KEPT_MAX) this.#bodies.push(body)
    this.#waiting.shift()?.resolve(page.status === 'failed' ? page : complete(this.#pageOf(page.value)))
  }

  #pageOf({ room, bytes, count, hashes, asWritten, head }: MovedPage): EventPage {
    const records = new EventRecords(Buffer.from(room, 0, bytes), count, this.#words)
    const page = pageOf({ records, hashes: RowHashes.of(hashes), asWritten }, head)
    this.#given.set(page, room)
    return page
  }

  #fail(cause: Error): void {
    this.#failure = cause
    for (const { reject } of this.#waiting.splice(0)) reject(cause)
  }

  #roomOf(bytes: number): ArrayBuffer {
    const at = this.#bodies.findIndex(({ byteLength }) => byteLength >= bytes)
    const [room] = at < 0 ? [] : this.#bodies.splice(at, 1)
    return room ?? new ArrayBuffer(Math.ceil((bytes + 1) / ROOM_STEP) * ROOM_STEP)
  }
}
