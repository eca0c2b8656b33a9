import { isUtf8 } from 'node:buffer'
import type { Bytes } from '../rows/bytes.ts'
import type { EventWords } from '../rows/event-records.ts'
import type { InstantRange } from '../units/instant.ts'
import { type Column, FIELD } from './event-columns.ts'
import type { EventDraft } from './event-draft.ts'
import { type Key, KeyTree } from './event-keys.ts'
import { meaningReader } from './event-meaning.ts'
import { StretchRecorder } from './event-stretch.ts'
import { EventValues, NO_BODY } from './event-values.ts'
import type { Redact } from './redacting.ts'
import { BEGIN_OBJECT, blanksEnd, COMMA, END_LIST, END_OBJECT, ODD } from './wire-scan.ts'

/**
 * Reads the rows of a list of billing events out of bytes, without making objects of them: a million events of JSON.parse are
 * seconds, and more garbage than the events themselves. Where a row is not as usual (a key twice, a field of another type, no
 * JSON) it gives up, and the page is for the schema to judge.
 */
export class EventScanner {
  readonly #keys: KeyTree
  readonly #values = new EventValues()
  readonly #stretches = new StretchRecorder()
  #body = NO_BODY
  /** Fields of the row that was read last. */
  #count = 0

  constructor(words: EventWords, redact: Redact) {
    this.#keys = new KeyTree(meaningReader(words, redact))
  }

  /** Begins with a body. False where it is no text at all. */
  begin(body: Bytes): boolean {
    this.#body = body
    this.#values.begin(body)
    return isUtf8(body.bytes)
  }

  /** Lets go of the body. */
  end(): void {
    this.begin(NO_BODY)
  }

  /** Reads a list of events, and tells where it ends; `from` is behind its bracket. Those of the span are added. */
  readList(from: number, span: InstantRange, draft: EventDraft): number {
    const { bytes } = this.#body
    let at = blanksEnd(bytes, from)
    if (bytes[at] === END_LIST) return at + 1
    for (;;) {
      at = this.#readRow(at)
      if (at === ODD || !this.#values.finish()) return ODD
      this.#values.addTo(draft, span, this.#count)
      at = blanksEnd(bytes, at)
      if (bytes[at] === END_LIST) return at + 1
      if (bytes[at] !== COMMA) return ODD
      at = blanksEnd(bytes, at + 1)
    }
  }

  /** Reads the fields of a row, and tells where it ends; `from` is where its bracket stands. */
  #readRow(from: number): number {
    const body = this.#body
    const { bytes } = body
    const values = this.#values
    const stretches = this.#stretches
    values.clear()
    stretches.clear()
    let at = from
    let key: Key = this.#keys.root
    for (let count = 0; ; count++) {
      const way = key.wayAt(body, at)
      if (way !== undefined) {
        key = way.key
        at += way.written.length
      } else {
        at = blanksEnd(bytes, at)
        if (count > 0 && bytes[at] === END_OBJECT) {
          if (stretches.isOpen) stretches.close(body)
          this.#count = count
          return at + 1
        }
        const next = bytes[at] === (count > 0 ? COMMA : BEGIN_OBJECT) ? this.#keys.read(key, body, at) : undefined
        if (next === undefined) return ODD
        key = next
        at = this.#keys.end
      }
      const column = key.column as Column
      at = values.read(column, blanksEnd(bytes, at))
      if (at === ODD) return ODD
      if (stretches.isOpen) stretches.add(body, key, values.known, at)
      if (column.field !== FIELD.endpoint_id || values.known === undefined) continue
      const stretch = stretches.behind(values.known, key, body, at)
      if (stretch === undefined) continue
      for (const each of stretch.values) values.take(each.field, each.value)
      values.addHash(stretch.hash)
      count += stretch.values.length
      key = stretch.key
      at += stretch.written.length
    }
  }
}
