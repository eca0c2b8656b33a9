import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { falBillingEvents } from '../../schemas/fal.ts'
import { eventOfWire, eventPageReader } from '../../src/fal/event-page.ts'
import { instant } from '../../src/units/instant.ts'

const ALL_TIME = { start: instant(-8e15), end: instant(8e15) }
const read = (page: unknown) => eventPageReader(ALL_TIME)(JSON.stringify(page), () => undefined)

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
    const answer = eventPageReader(span)(JSON.stringify({ billing_events: wires, next_cursor: 'c' }), () => undefined)
    expect(answer).toMatchObject({ value: { rows: [{ requestId: 'in' }], wires: [wires[1]], next_cursor: 'c' } })
  })
})
