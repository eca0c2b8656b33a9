import { describe, expect, it } from 'vitest'
import { FEBRUARY, KEY, never, openLine, zone } from './line.ts'

const ROW = { endpoint_id: 'm', quantity: 1, cost_total: 1 }
const EVENT = { request_id: 'r', endpoint_id: 'm', timestamp: '2026-02-02T00:00:00Z', cost_total: 1 }
const USAGE = { range: FEBRUARY, zone: zone('UTC'), timeframe: 'day' } as const

/** A field that nobody knows, in all that fal is asked for: so many lists, or objects, within one another. */
async function answersWith(levels: number, begin: string, end: string, mark = '') {
  const strange = `"new":${begin.repeat(levels)}1${end.repeat(levels)}`
  const with_ = (row: object): string => JSON.stringify(row).replace(/}$/, `,${strange}}`)
  const text = `${mark}{"username":"acme","time_series":[{"bucket":"2026-02-02T00:00:00Z","results":[${with_(ROW)}]}],"billing_events":[${with_(EVENT)}],${strange}}`
  const { client } = await openLine({ faults: [{ kind: 'body', text }] })
  return [
    await client.usage(KEY, USAGE, never()),
    await client.events(KEY, { range: FEBRUARY }, never()),
    await client.billing(KEY, never()),
  ]
}

const NESTS = [
  ['[', ']'],
  ['{"a":', '}'],
] as const

describe('an answer that is nested', () => {
  it.each(NESTS)('too deep to be gone through is a bad one, and no fault of the program: %s', async (begin, end) => {
    for (const levels of [101, 5000, 100_000]) {
      for (const answer of await answersWith(levels, begin, end)) {
        expect(answer).toMatchObject({ status: 'failed', failure: 'bad-answer' })
        expect(answer.status === 'failed' && answer.reason).toContain('nested deeper than 100 levels')
      }
    }
  })

  it.each(NESTS)('as deep as one may be is read: %s', async (begin, end) => {
    for (const levels of [1, 49, 50, 51, 90]) {
      const [usage, events, billing] = await answersWith(levels, begin, end)
      expect(usage).toMatchObject({ status: 'complete', value: [{ model: 'm' }] })
      expect(events).toMatchObject({ status: 'complete', value: [{ requestId: 'r' }] })
      expect(billing).toMatchObject({ status: 'complete', value: { username: 'acme' } })
    }
  })
})

describe('a byte order mark', () => {
  it('before an answer is no part of it', async () => {
    for (const answer of await answersWith(1, '[', ']', '\uFEFF')) expect(answer.status).toBe('complete')
  })

  it('is one, and what follows a second is broken JSON', async () => {
    for (const answer of await answersWith(1, '[', ']', '\uFEFF\uFEFF')) {
      expect(answer).toMatchObject({ status: 'failed', failure: 'bad-answer' })
    }
  })
})
