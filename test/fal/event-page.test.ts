import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { falBillingEvents } from '../../schemas/fal.ts'
import { eventOfWire } from '../../src/fal/event-page.ts'
import { instant } from '../../src/units/instant.ts'
import { eventPageReader, hashesOf, listed, pageReader } from './event-pages.ts'

const read = (page: unknown) => pageReader()(JSON.stringify(page))

const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values)
const decimals = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  oneOf<unknown>(null, '', ' 1.50 ', '+3', '1e-7', '-0', '1.', '.5', '0x1', 'NaN', true, [], 0.1, '00012.3400'),
)
const texts = oneOf<unknown>(null, '', ' Key-1 ', 'key-1', 7, { a: 1 })
const times = fc.oneof(
  oneOf<unknown>(
    ...['2026-02-02T10:00:00Z', '2026-02-02T10:00:00.1Z', '2026-02-02T10:00:00.123999Z', '2026-02-02 10:00:00.999Z'],
    ...[
      '2026-02-02T10:00:00+08:00',
      '2026-02-02T10:00:00',
      '2026-02-02T24:00:00Z',
      '2026-02-30T10:00:00Z',
      '2026-02-02',
    ],
    ...[
      '0050-01-01T00:00:00Z',
      '2026-02-02T10:00:00.Z',
      '2026-02-02T10:00:00.1x3Z',
      '2026-02-02T10:00Z',
      'now',
      7,
      null,
    ],
    ...['2026-02-02T10:00:60Z', '2026-02-02t10:00:00z', '2026-02-02T10:00:00.1234567890123Z', '2026-02-02T10:00:00ZZ'],
  ),
  fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString()),
)
const maybe = (values: fc.Arbitrary<unknown>) => fc.option(values, { nil: undefined, freq: 3 })
const rows = fc.record({
  request_id: fc.oneof({ weight: 9, arbitrary: oneOf<unknown>('r1', 'r2') }, { weight: 1, arbitrary: texts }),
  endpoint_id: fc.oneof({ weight: 9, arbitrary: fc.constant<unknown>('m') }, { weight: 1, arbitrary: texts }),
  timestamp: times,
  output_units: maybe(decimals),
  quantity: maybe(decimals),
  unit: maybe(oneOf<unknown>('image', null, 5, '')),
  unit_price: maybe(decimals),
  percent_discount: maybe(decimals),
  cost_total: maybe(decimals),
  cost_estimate_nano_usd: maybe(oneOf<unknown>(5, -0, 1e21, 9007199254740994, 0.5, '12', '-7', '1.0', '', null, '+3')),
  currency: maybe(oneOf<unknown>('USD', 'usd', null, 'CNY', 'ＵＳＤ', 3)),
  auth_method_structured: maybe(
    fc.oneof(
      oneOf<unknown>(null, [], 'x'),
      fc.record({ api_key_id: maybe(texts), login_username: maybe(texts), more: maybe(texts) }),
    ),
  ),
  new_field: maybe(decimals),
})

describe('a page of events', () => {
  it('tells of costs that are finer than a nano-dollar where fal sends no whole number of them', () => {
    const row = { request_id: 'r1', endpoint_id: 'm', timestamp: '2026-02-02T10:00:00Z' }
    const costs = [
      [{ cost_total: 0.0500000005 }, 50_000_001n, true],
      [{ cost_total: '0.0500000004' }, 50_000_000n, true],
      [{ cost_total: '0.0500000000' }, 50_000_000n, undefined],
      [{ cost_total: 0.05 }, 50_000_000n, undefined],
      [{ cost_total: 0.0500000005, cost_estimate_nano_usd: 50_000_001 }, 50_000_001n, undefined],
      [{ cost_total: '0.0500000005', cost_estimate_nano_usd: null }, 50_000_001n, true],
    ] as const
    const events = costs.map(([cost]) => ({ ...row, ...cost }))
    const expected = costs.map(([, costNanoUsd, costRounded]) => [costNanoUsd, costRounded])
    const shown = (found: readonly { costNanoUsd: bigint; costRounded?: true }[]) =>
      found.map(({ costNanoUsd, costRounded }) => [costNanoUsd, costRounded])
    // By its bytes, and as JSON for a key that comes twice.
    for (const text of [
      JSON.stringify({ billing_events: events, has_more: false }),
      `{"has_more":true,"has_more":false,"billing_events":${JSON.stringify(events)}}`,
    ]) {
      const answer = pageReader()(text)
      if (answer.status === 'failed') throw new RangeError(answer.reason)
      expect(shown(answer.value.rows)).toEqual(expected)
    }
    expect(shown(falBillingEvents.parse({ billing_events: events }).billing_events.map(eventOfWire))).toEqual(expected)
  })

  it('tells quantity, and output_units where it is absent, in whichever way it is read', () => {
    const row = { request_id: 'r1', endpoint_id: 'm', timestamp: '2026-02-02T10:00:00Z', cost_total: 1 }
    const events = [
      { ...row, quantity: 2, output_units: 3 },
      { ...row, output_units: 3 },
      { ...row, quantity: 2 },
      { ...row, quantity: null, output_units: 3 },
      row,
    ]
    const expected = ['2', '3', '2', '3', null]
    for (const text of [
      JSON.stringify({ billing_events: events }),
      `{"has_more":true,"has_more":false,"billing_events":${JSON.stringify(events)}}`,
    ]) {
      expect(pageReader()(text)).toMatchObject({ value: { rows: expected.map((quantity) => ({ quantity })) } })
    }
    const bySchema = falBillingEvents.parse({ billing_events: events }).billing_events.map(eventOfWire)
    expect(bySchema.map(({ quantity }) => quantity)).toEqual(expected)
  })

  it('is read as the schema reads it, and refused as it refuses', () => {
    const seen = { taken: 0, refused: 0 }
    fc.assert(
      fc.property(fc.array(rows, { minLength: 1, maxLength: 3 }), (events) => {
        const page: unknown = JSON.parse(JSON.stringify({ billing_events: events, has_more: false }))
        const bySchema = falBillingEvents.safeParse(page)
        const answer = read(page)
        seen[bySchema.success ? 'taken' : 'refused']++
        expect(answer.status).toBe(bySchema.success ? 'complete' : 'failed')
        if (bySchema.success && answer.status === 'complete') {
          expect(answer.value.rows).toEqual(bySchema.data.billing_events.map(eventOfWire))
        }
      }),
      { numRuns: 4000 },
    )
    expect(seen.taken).toBeGreaterThan(100)
    expect(seen.refused).toBeGreaterThan(100)
  })

  it.each([{}, [], null, 7, { billing_events: {} }, { billing_events: [1] }, { billing_events: [], next_cursor: 7 }])(
    'is none that looks like %j',
    (page) => expect(read(page)).toMatchObject({ status: 'failed', failure: 'bad-answer' }),
  )

  it('holds what lies within the span, with the rows of the wire that it was made of', () => {
    const wire = (id: string, timestamp: string) => ({ request_id: id, endpoint_id: 'm', timestamp, cost_total: 1 })
    const wires = [
      wire('early', '2026-02-01T23:59:59Z'),
      wire('in', '2026-02-02T00:00:00Z'),
      wire('end', '2026-02-03T00:00:00Z'),
    ]
    const span = {
      start: instant(Date.parse('2026-02-02T00:00:00Z')),
      end: instant(Date.parse('2026-02-03T00:00:00Z')),
    }
    const body = Buffer.from(JSON.stringify({ billing_events: wires, next_cursor: 'c' }))
    const answer = eventPageReader().read(body, span, () => undefined)
    if (answer.status === 'failed') throw new Error(answer.reason)
    const { records, hashes, next_cursor } = answer.value
    expect([records.events().map(({ requestId }) => requestId), next_cursor]).toEqual([['in'], 'c'])
    expect(listed(hashes)).toEqual(listed(hashesOf([wires[1]])))
  })

  it('has bare ids in its records, and knows how fal wrote them', () => {
    const uuid = '2be1964e-6e4d-42a8-a951-37753df3104f'
    const written = [uuid, uuid.toUpperCase(), `fal-ai/flux#${uuid}`, ' r1 ', 'r1', '\ud800']
    const rows = written.map((id) => ({
      request_id: id,
      endpoint_id: 'm',
      timestamp: '2026-02-02T00:00:00Z',
      cost_total: 1,
    }))
    const span = { start: instant(0), end: instant(8e15) }
    const answer = eventPageReader().read(Buffer.from(JSON.stringify({ billing_events: rows })), span, () => undefined)
    if (answer.status === 'failed') throw new Error(answer.reason)
    const { records, requestIdAsWritten } = answer.value
    expect(written.map((_, at) => records.requestIdText(at))).toEqual([uuid, uuid, uuid, 'r1', 'r1', '\ufffd'])
    expect(written.map((_, at) => requestIdAsWritten(at))).toEqual(written)
  })

  it('may be written where an earlier one was, once that is given back', () => {
    const reader = eventPageReader()
    const page = (id: string, rows: number) => {
      const wire = { request_id: id, endpoint_id: 'm', timestamp: '2026-02-02T00:00:00Z', cost_total: 1 }
      const body = Buffer.from(JSON.stringify({ billing_events: Array.from({ length: rows }, () => wire) }))
      const answer = reader.read(body, { start: instant(0), end: instant(8e15) }, () => undefined)
      if (answer.status === 'failed') throw new Error(answer.reason)
      return answer.value
    }
    const [first, second] = [page('r1', 2), page('r2', 1)]
    expect(first.records.events().map(({ requestId }) => requestId)).toEqual(['r1', 'r1'])
    const { buffer } = first.records.bytes
    reader.takeBack(first)
    const third = page('r3', 3)
    expect(third.records.bytes.buffer).toBe(buffer)
    expect([third.hashes.length, third.records.event(2).requestId]).toEqual([3, 'r3'])
    expect([second.hashes.length, second.records.event(0).requestId]).toEqual([1, 'r2'])
  })

  it('knows nothing of how ids were written on one that was given back', () => {
    const read = pageReader()
    const idsOf = (written: string) => {
      const wire = { request_id: written, endpoint_id: 'm', timestamp: '2026-02-02T00:00:00Z', cost_total: 1 }
      const answer = read(JSON.stringify({ billing_events: [wire] }))
      return answer.status === 'complete' && answer.value.rows.map(({ requestId }) => requestId)
    }
    expect(idsOf('fal-ai/flux#r1')).toEqual(['fal-ai/flux#r1'])
    const uuid = '2be1964e-6e4d-42a8-a951-37753df3104f'
    expect(idsOf(uuid)).toEqual([uuid])
  })

  describe('that is long', () => {
    const wire = (index: number) => ({
      request_id: `request-${index}`,
      endpoint_id: 'fal-ai/flux},{',
      timestamp: new Date(1_770_000_000_000 + index * 1000).toISOString(),
      unit_price: '0.10',
      cost_estimate_nano_usd: index,
      auth_method_structured: { api_key_id: 'key', login_username: null },
    })
    const wires = Array.from({ length: 5000 }, (_, index) => wire(index))
    const heads: unknown[] = []
    const readText = (text: string) => {
      heads.length = 0
      return pageReader()(text, (head) => heads.push(head))
    }

    it('has the events, and the hashes, that it has as a whole', () => {
      const text = JSON.stringify({ billing_events: wires, next_cursor: 'c', has_more: true })
      expect(text.length).toBeGreaterThan(500_000)
      const answer = readText(text)
      if (answer.status === 'failed') throw new Error(answer.reason)
      expect(answer.value.rows).toEqual(falBillingEvents.parse(JSON.parse(text)).billing_events.map(eventOfWire))
      expect(listed(answer.value.hashes)).toEqual(listed(hashesOf(wires)))
      expect([heads, answer.value.next_cursor]).toEqual([[{ next_cursor: 'c', has_more: true }], 'c'])
    })

    it('is refused for a row at its end, which is named by its place', () => {
      const answer = readText(JSON.stringify({ billing_events: [...wires, { ...wire(1), timestamp: 'now' }] }))
      expect(answer).toMatchObject({
        status: 'failed',
        reason: expect.stringContaining('billing_events[5000].timestamp'),
      })
    })

    it('is broken where it was cut, and what follows it is not told', () => {
      const text = JSON.stringify({ billing_events: wires, next_cursor: 'c' })
      expect(readText(text.slice(0, -100))).toMatchObject({
        status: 'failed',
        reason: expect.stringContaining('broken'),
      })
      expect(heads).toEqual([])
      const hole = `${text.slice(0, 300_000)}${text.slice(300_010)}`
      expect(readText(hole)).toMatchObject({ status: 'failed' })
    })
  })
})
