import { falBillingEvents } from '../../schemas/fal.ts'
import { type Answer, complete } from '../../src/fal/answer.ts'
import { eventsAsWritten } from '../../src/fal/event-draft.ts'
import { EventPageReader, eventOfWire } from '../../src/fal/event-page.ts'
import { jsonOf, shapeOf } from '../../src/fal/json.ts'
import type { PageHead, RowPage } from '../../src/fal/pages.ts'
import type { BillingEvent } from '../../src/fal/reader.ts'
import { hashJson, newHalves, RowHashes } from '../../src/fal/row-hash.ts'
import { EventWords } from '../../src/rows/event-records.ts'
import { instant } from '../../src/units/instant.ts'

export const ALL_TIME = { start: instant(-8e15), end: instant(8e15) }

export const eventPageReader = () => new EventPageReader(new EventWords(), (text) => text)

/** Reads pages as the program does, its events as objects. */
export function pageReader(reader = eventPageReader()) {
  return (body: Buffer | string, onHead: (head: PageHead) => void = () => undefined): Answer<RowPage<BillingEvent>> => {
    const answer = reader.read(Buffer.from(body), ALL_TIME, onHead)
    if (answer.status === 'failed') return answer
    const { next_cursor, has_more, hashes } = answer.value
    const page = { rows: eventsAsWritten(answer.value), hashes: copyOf(hashes), next_cursor, has_more }
    reader.takeBack(answer.value)
    return complete(page)
  }
}

/** What the JSON of the whole text says, held against the schema: slow, and beyond doubt. */
export function pageByJson(text: string): Answer<RowPage<BillingEvent>> {
  const json = jsonOf(text)
  if (json.status === 'failed') return json
  const answer = shapeOf(falBillingEvents, json.value)
  if (answer.status === 'failed') return answer
  const { next_cursor, has_more, billing_events } = answer.value
  const wires: unknown = (json.value as Record<string, unknown>).billing_events
  return complete({
    rows: billing_events.map(eventOfWire),
    hashes: hashesOf(wires as unknown[]),
    next_cursor,
    has_more,
  })
}

export function hashesOf(rows: readonly unknown[]): RowHashes {
  const hashes = new RowHashes()
  const hash = newHalves()
  for (const row of rows) {
    hashJson(row, hash)
    hashes.push(hash)
  }
  return hashes
}

export const listed = (hashes: RowHashes): string[] =>
  Array.from({ length: hashes.length }, (_, at) => `${hashes.high(at)} ${hashes.low(at)}`)

function copyOf(hashes: RowHashes): RowHashes {
  const copy = new RowHashes()
  for (let at = 0; at < hashes.length; at++) copy.push({ high: hashes.high(at), low: hashes.low(at) })
  return copy
}

/** An answer in a form that can be compared. */
export function told(answer: Answer<RowPage<BillingEvent>>): unknown {
  if (answer.status === 'failed') return answer
  const { rows, hashes, next_cursor, has_more } = answer.value
  return { rows, hashes: listed(hashes), next_cursor, has_more }
}
