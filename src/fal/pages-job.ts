import { EventWords } from '../rows/event-records.ts'
import type { JobKind } from '../thread/job.ts'
import type { BeginJob } from '../thread/serve-jobs.ts'
import type { InstantRange } from '../units/instant.ts'
import type { Answer } from './answer.ts'
import { EventPageReader } from './event-page.ts'
import type { PageHead } from './pages.ts'
import type { Redact } from './redacting.ts'

/** The words that records have so far, in the order of their codes, and what no text may show. */
export interface PagesSetup {
  readonly texts: readonly string[]
  readonly secrets: readonly string[]
}

export interface PageQuestion {
  /** The body, and how many bytes of that room it has. */
  readonly body: ArrayBuffer
  readonly bytes: number
  readonly span: InstantRange
  /** Where records may be written to. */
  readonly room: ArrayBuffer | undefined
}

/** A page as it goes from one thread to another. */
export interface MovedPage {
  readonly room: ArrayBuffer
  readonly bytes: number
  readonly count: number
  readonly hashes: Int32Array<ArrayBuffer>
  readonly asWritten: ReadonlyMap<number, string>
  readonly head: PageHead
}

export interface PageAnswer {
  readonly page: Answer<MovedPage>
  /** Words that are new with it. */
  readonly texts: readonly string[]
  /** The room of the body, for another one. */
  readonly body: ArrayBuffer
}

export const PAGES: JobKind<PagesSetup, PageQuestion, PageAnswer> = { name: 'pages' }

/** Reads pages of billing events into records, as EventPageReader does. */
export const beginPages =
  (redactOf: (secrets: readonly string[]) => Redact): BeginJob<PagesSetup, PageQuestion, PageAnswer> =>
  ({ texts: given, secrets }, answer) => {
    const words = new EventWords()
    words.texts.append(0, given)
    const pages = new EventPageReader(words, redactOf(secrets))
    let known = words.texts.size
    return ({ body, bytes, span, room }) => {
      const read = pages.read(Buffer.from(body, 0, bytes), span, () => undefined)
      const texts = words.texts.since(known)
      known = words.texts.size
      if (read.status === 'failed') {
        answer({ page: read, texts, body }, [body])
        return
      }
      const { records, hashes, asWritten, next_cursor, has_more } = read.value
      const into = roomFor(room, records.bytes.length)
      new Uint8Array(into).set(records.bytes)
      const page: MovedPage = {
        room: into,
        bytes: records.bytes.length,
        count: records.count,
        hashes: hashes.halves(),
        asWritten: new Map(asWritten),
        head: { next_cursor, has_more },
      }
      pages.takeBack(read.value)
      answer({ page: { status: 'complete', value: page }, texts, body }, [body, into, page.hashes.buffer])
    }
  }

/** Rooms are made a little larger: pages are of nearly the same size. */
const ROOM_STEP = 256 * 1024

const roomFor = (room: ArrayBuffer | undefined, bytes: number): ArrayBuffer =>
  room !== undefined && room.byteLength >= bytes
    ? room
    : new ArrayBuffer(Math.ceil((bytes + 1) / ROOM_STEP) * ROOM_STEP)
