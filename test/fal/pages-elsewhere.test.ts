import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../src/fal/answer.ts'
import { type EventPage, eventsAsWritten } from '../../src/fal/event-draft.ts'
import { EventPages } from '../../src/fal/event-pages.ts'
import type { PageHead } from '../../src/fal/pages.ts'
import { EventWords } from '../../src/rows/event-records.ts'
import type { ThreadUse } from '../../src/thread/second-thread.ts'
import { instant } from '../../src/units/instant.ts'
import { decodingThread } from '../kit/two-threads.ts'
import { listed } from './event-pages.ts'

const SECRET = 's3cr3t-of-this-program'
const redact = (text: string) => text.replace(SECRET, '[redacted]')
const span = { start: instant(Date.parse('2026-02-01T00:00:00Z')), end: instant(Date.parse('2026-03-01T00:00:00Z')) }

let thread: ThreadUse
beforeAll(async () => {
  thread = await decodingThread()
})

const pagesOf = (pageBytesLeast?: number, words = new EventWords()) => {
  const use = pageBytesLeast === undefined ? undefined : { ...thread, pageBytesLeast, secrets: () => [SECRET] }
  return { words, pages: new EventPages(words, redact, use) }
}

/** An answer in a form that can be compared, with the codes of its records. */
const told = (answer: Answer<EventPage>) => {
  if (answer.status === 'failed') return answer
  const { records, hashes, next_cursor, has_more } = answer.value
  const codes = Array.from({ length: records.count }, (_, at) => [records.modelCode(at), records.unitCode(at)])
  return {
    events: eventsAsWritten(answer.value),
    bare: records.events(),
    hashes: listed(hashes),
    next_cursor,
    has_more,
    codes,
  }
}

/** Reads bodies one after the other, or all at once, and tells of all of them. */
async function readAll({ words, pages }: ReturnType<typeof pagesOf>, bodies: readonly string[], atOnce = false) {
  const heads: PageHead[] = []
  const read = async (body: string) => {
    const bytes = Buffer.from(body)
    const answer = pages.read(bytes, span, (head) => heads.push(head))
    // The next body is read into the same place.
    bytes.fill(0)
    const page = await answer
    const seen = told(page)
    if (page.status === 'complete') pages.takeBack(page.value)
    return seen
  }
  return pages.during(async () => {
    const seen: unknown[] = []
    if (atOnce) seen.push(...(await Promise.all(bodies.map(read))))
    else for (const body of bodies) seen.push(await read(body))
    return { seen, words: words.texts.since(0), heads: heads.length }
  })
}

const row = (id: string, more: object = {}) => ({
  request_id: id,
  endpoint_id: 'fal-ai/flux',
  timestamp: '2026-02-02T10:00:00.5Z',
  quantity: id.length,
  unit: 'image',
  unit_price: '0.05',
  cost_total: 0.05,
  ...more,
})
const UUID = '2be1964e-6e4d-42a8-a951-37753df3104f'
const long = Array.from({ length: 3000 }, (_, at) => row(`r${at}`, { quantity: at / 7, unit: `unit ${at % 400}` }))
const BODIES = [
  {
    billing_events: [row('a'), row('b', { endpoint_id: `of ${SECRET}`, unit: SECRET })],
    next_cursor: 'c1',
    has_more: true,
  },
  { billing_events: [] },
  { has_more: false, billing_events: [row(`fal-ai/flux#${UUID.toUpperCase()}`), row(UUID), row('\ud800 half')] },
  {
    billing_events: [row('late', { timestamp: '2026-03-01T00:00:00Z' }), row('dear', { cost_estimate_nano_usd: 1e21 })],
  },
  { billing_events: [row('mine', { auth_method_structured: { api_key_id: ` ${UUID} `, login_username: SECRET } })] },
  { billing_events: long, next_cursor: 'c2' },
  { billing_events: [row('x', { currency: 'CNY' })] },
  { other: 1 },
].map((page) => JSON.stringify(page))
const ODD = [
  '',
  'null',
  '<html>',
  '{"billing_events":[{]}',
  `{"billing_events":[${JSON.stringify(row('k')).replace('}', ',"x":1,"x":2}')}]}`,
]

describe('pages that a second thread reads', () => {
  it.each([0, 1, 400, 100_000])('are those that the first one reads, from %i bytes on', async (least) => {
    const bodies = [...BODIES, ...ODD, ...BODIES]
    const wanted = await readAll(pagesOf(), bodies)
    const { seen, words } = await readAll(pagesOf(least), bodies)
    expect(seen).toEqual(wanted.seen)
    expect(words).toEqual(wanted.words)
    expect(words).toEqual(expect.arrayContaining(['of [redacted]', '[redacted]']))
    expect(seen.filter((each) => (each as { status?: string }).status === 'failed').length).toBeGreaterThan(4)
  })

  it('are the same where many are on their way at once', async () => {
    const bodies = Array.from({ length: 40 }, (_, at) => BODIES[at % BODIES.length] ?? '')
    const wanted = await readAll(pagesOf(), bodies)
    expect((await readAll(pagesOf(0), bodies, true)).seen).toEqual(wanted.seen)
  })

  it('are the same in any order, one bill after another', async () => {
    const words = new EventWords()
    const here = pagesOf(undefined, new EventWords())
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...BODIES, ...ODD), { maxLength: 6 }), async (bodies) => {
        // Each time with the words that there are by then.
        const there = await readAll(pagesOf(0, words), bodies)
        expect(there.seen).toEqual((await readAll(here, bodies)).seen)
        expect(there.words).toEqual(here.words.texts.since(0))
      }),
      { numRuns: 40 },
    )
  })

  it('tell of the next page before they are read', async () => {
    const { pages } = pagesOf(0)
    let head: PageHead | undefined
    const early = await pages.during(async () => {
      const reading = pages.read(Buffer.from(BODIES[0] ?? ''), span, (told) => {
        head = told
      })
      const seen = head
      await reading
      return seen
    })
    expect(early).toEqual({ next_cursor: 'c1', has_more: true })
  })
})

describe('a second thread that is gone', () => {
  it('ends the reading with an error, and the next one has a new thread', async () => {
    const { pages } = pagesOf(0)
    const reading = pages.during(async () => {
      const answer = pages.read(Buffer.from(BODIES[5] ?? ''), span, () => undefined)
      void thread.thread.close()
      return answer
    })
    await expect(reading).rejects.toThrow('before its work was done')
    expect((await readAll(pagesOf(0), BODIES)).seen).toEqual((await readAll(pagesOf(), BODIES)).seen)
  })
})
