import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Answer, complete } from '../../src/fal/answer.ts'
import { eachPage, type Paging, type RowPage } from '../../src/fal/pages.ts'
import type { BillingEvent } from '../../src/fal/reader.ts'
import { pageByJson, pageReader } from './event-pages.ts'
import { never } from './line.ts'

const wireOf = (index: number, unit = 'image') => ({
  request_id: `request-${index}`,
  endpoint_id: 'fal-ai/flux',
  timestamp: new Date(1_770_000_000_000 + index * 1000).toISOString(),
  unit,
  unit_price: '0.10',
  cost_estimate_nano_usd: index,
})
const wiresFrom = (count: number, unit?: string) => Array.from({ length: count }, (_, index) => wireOf(index, unit))

type EventPage = RowPage<BillingEvent>
type Read = (text: string, onHead: Parameters<Paging<EventPage>['ask']>[1]) => EventPage

const wholeOf = (answer: Answer<EventPage>): EventPage => {
  if (answer.status === 'failed') throw new Error(answer.reason)
  return answer.value
}

const reader = (): Read => {
  const read = pageReader()
  return (text, onHead) => wholeOf(read(text, onHead))
}

/** The page as the JSON of the whole text says. */
const wholeReader = (): Read => (text) => wholeOf(pageByJson(text))

/** The first page, and behind each cursor a last one whose event names the cursor. */
async function readAll(first: string, read: Read) {
  const ids: string[] = []
  const { fetched } = await eachPage<EventPage>({
    pagesMax: 10,
    signal: never(),
    take: ({ rows }) => {
      for (const { requestId } of rows) ids.push(requestId)
    },
    ask: async (cursor, onHead) => {
      await Promise.resolve()
      const last = () => JSON.stringify({ billing_events: [{ ...wireOf(-1), request_id: `behind ${cursor}` }] })
      return complete(read(cursor === undefined ? first : last(), onHead))
    },
  })
  return { ids, fetched }
}

describe('a long page with a list behind the events', () => {
  const events = `{"billing_events":${JSON.stringify(wiresFrom(2000))}`

  it.each([
    ',"next_cursor":"c1","has_more":true,"warnings":[]}',
    ',"next_cursor":"c1","warnings":[],"has_more":true}',
    ',"next_cursor":"c1","warnings":["a]","},{"]}',
    ',"warnings":[],"next_cursor":"c1","meta":{"of":[[1],[]]}}',
    ',"next_cursor":"c0","warnings":[],"next_cursor":"c1"}',
  ])('is followed by the page that it names: %s', async (tail) => {
    const { ids, fetched } = await readAll(events + tail, reader())
    expect(fetched).toEqual(complete(null))
    expect([ids.length, ids.at(-1)]).toEqual([2001, 'behind c1'])
  })

  it('is the last one where it says so behind the events, whatever stands before them', async () => {
    const text = `{"next_cursor":"c0","billing_events":${JSON.stringify(wiresFrom(2000))},"next_cursor":null,"warnings":[]}`
    const { ids, fetched } = await readAll(text, reader())
    expect([ids.length, fetched.status]).toEqual([2000, 'complete'])
  })
})

const texts = fc.constantFrom(
  '',
  'a',
  ']',
  '[',
  '}',
  '{',
  '},{',
  '"',
  '\\',
  '],"next_cursor":"x"',
  '"billing_events":[',
)
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    texts,
    fc.constantFrom<unknown>(null, true, 7),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(texts, fc.constantFrom('billing_events', 'next_cursor', 'has_more')), tie('value'), {
      maxKeys: 3,
    }),
  ),
})).value
const memberOf = (key: fc.Arbitrary<string>, value: fc.Arbitrary<unknown>) =>
  fc.tuple(key, value).map(([name, held]) => `${JSON.stringify(name)}:${JSON.stringify(held)}`)
const members = fc.array(
  fc.oneof(
    memberOf(fc.constantFrom('warnings', 'meta', 'x', ']', '},{', '"'), values),
    memberOf(fc.constant('next_cursor'), fc.constantFrom<unknown>('c1', 'c2', ']', '', null)),
    memberOf(fc.constant('has_more'), fc.constantFrom<unknown>(true, true, false, null)),
  ),
  { maxLength: 5 },
)

describe('a long page with anything around the events', () => {
  const list = `"billing_events":${JSON.stringify(wiresFrom(20, 'image'.repeat(1500)))}`

  it('has the rows, the head and what follows that the JSON of the whole has', async () => {
    const seen = { followed: 0, ended: 0, partial: 0 }
    await fc.assert(
      fc.asyncProperty(members, members, async (before, after) => {
        const text = `{${[...before, list, ...after].join(',')}}`
        const read = reader()(text, () => undefined)
        const whole = wholeReader()(text, () => undefined)
        expect(read.rows).toEqual(whole.rows)
        expect([read.next_cursor, read.has_more]).toEqual([whole.next_cursor, whole.has_more])
        const all = await readAll(text, reader())
        expect(all).toEqual(await readAll(text, wholeReader()))
        if (all.fetched.status !== 'complete') seen.partial += 1
        else seen[all.ids.length > 20 ? 'followed' : 'ended'] += 1
      }),
      { numRuns: 500 },
    )
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(20)
  })
})
