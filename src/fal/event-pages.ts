import type { EventWords } from '../rows/event-records.ts'
import type { ThreadUse } from '../thread/second-thread.ts'
import type { InstantRange } from '../units/instant.ts'
import type { Answer } from './answer.ts'
import type { EventPage } from './event-draft.ts'
import { EventPageReader, headAround } from './event-page.ts'
import type { PageHead } from './pages.ts'
import { ElsewherePages } from './pages-elsewhere.ts'
import type { Redact } from './redacting.ts'

/** What reads pages of billing events. */
export interface PageReading {
  /** `body`: needed no more when this returns. The head that it tells ahead is a guess: what counts is that of the page. */
  read(
    body: Buffer,
    span: InstantRange,
    onHead: (head: PageHead) => void,
  ): Answer<EventPage> | Promise<Answer<EventPage>>
  /** Takes back a page that is needed no more. */
  takeBack(page: EventPage): void
}

/** Where pages are read elsewhere, and what their texts must not show there either. */
export interface PagesUse extends ThreadUse {
  readonly secrets: () => readonly string[]
}

/** Reads the pages of one bill or of several, whose records share their words: the first ones here, many in another thread. */
export class EventPages implements PageReading {
  readonly #words: EventWords
  readonly #own: EventPageReader
  readonly #use: PagesUse | undefined
  #elsewhere: ElsewherePages | undefined
  #bytes = 0
  #readings = 0

  constructor(words: EventWords, redact: Redact, use: PagesUse | undefined) {
    this.#words = words
    this.#own = new EventPageReader(words, redact)
    this.#use = use
  }

  /** Does some reading of pages; what is there for it is let go when the last one has ended. */
  async during<T>(reading: () => Promise<T>): Promise<T> {
    this.#readings += 1
    try {
      return await reading()
    } finally {
      this.#readings -= 1
      if (this.#readings === 0) {
        this.#elsewhere?.end()
        this.#elsewhere = undefined
      }
    }
  }

  read(
    body: Buffer,
    span: InstantRange,
    onHead: (head: PageHead) => void,
  ): Answer<EventPage> | Promise<Answer<EventPage>> {
    const use = this.#use
    if (use === undefined || this.#bytes < use.pageBytesLeast) {
      this.#bytes += body.length
      return this.#own.read(body, span, onHead)
    }
    this.#elsewhere ??= new ElsewherePages(use.thread, this.#words, use.secrets())
    const page = this.#elsewhere.read(body, span)
    const guess = headAround(body)
    if (guess !== undefined) onHead(guess)
    return page
  }

  takeBack(page: EventPage): void {
    this.#own.takeBack(page)
    this.#elsewhere?.takeBack(page)
  }
}
