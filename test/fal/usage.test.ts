import { describe, expect, it } from 'vitest'
import { nanoUsd } from '../../src/units/nano-usd.ts'
import {
  event,
  FEBRUARY,
  KEY,
  KEY_ID,
  never,
  OTHER_KEY,
  OTHER_KEY_ID,
  openLine,
  range,
  workspace,
  zone,
} from './line.ts'

const UTC_DAYS = { range: FEBRUARY, zone: zone('UTC'), timeframe: 'day' } as const
const seriesOf = (row: object, more: object = {}): string =>
  JSON.stringify({ time_series: [{ bucket: '2026-02-02T00:00:00Z', results: [row] }], ...more })

describe('usage', () => {
  it('asks for exactly the window, in the zone, with attribution, and never for the summary', async () => {
    const { client, double } = await openLine()
    const window = range('2026-01-31T16:00:00Z', '2026-02-07T16:00:00Z')
    await client.usage(KEY, { range: window, zone: zone('Asia/Shanghai'), timeframe: 'day' }, never())
    expect(double.requests).toEqual([
      {
        method: 'GET',
        path: '/models/usage',
        workspace: 'acme',
        query: {
          start: ['2026-01-31T16:00:00Z'],
          end: ['2026-02-07T16:00:00Z'],
          bound_to_timeframe: ['false'],
          timeframe: ['day'],
          timezone: ['Asia/Shanghai'],
          expand: ['time_series', 'auth_method', 'auth_method_structured'],
          limit: ['1000'],
        },
      },
    ])
  })

  it('tells where a bucket is no day of the zone that was asked for', async () => {
    const window = range('2026-02-01T10:00:00Z', '2026-02-07T16:00:00Z')
    const told = async (bucket: string, zoneId = 'Asia/Shanghai') => {
      const text = seriesOf({ endpoint_id: 'm', quantity: '1', cost_total: '1' }).replace(
        /"bucket":"[^"]*"/,
        `"bucket":"${bucket}"`,
      )
      const { client } = await openLine({ faults: [{ kind: 'body', text }] })
      const answer = await client.usage(KEY, { range: window, zone: zone(zoneId), timeframe: 'day' }, never())
      return answer.status === 'failed' ? answer.reason : answer.value.map(({ isNoDay }) => isNoDay === true)
    }
    expect(await told('2026-02-03T00:00:00Z')).toEqual([true])
    expect(await told('2026-02-02T15:59:59Z')).toEqual([true])
    expect(await told('2026-02-02T16:00:00Z')).toEqual([false])
    expect(await told('2026-02-03T00:00:00+08:00')).toEqual([false])
    expect(await told('2026-02-03')).toEqual([false])
    expect(await told('2026-02-03T00:00:00Z', 'UTC')).toEqual([false])
    // The first begins with what was asked for.
    expect(await told('2026-02-01T10:00:00Z')).toEqual([false])
  })

  it('keeps rows apart by key, price and discount, exact to the nano-dollar', async () => {
    const events = [
      event('r1', { cost: '0.000000001' }),
      event('r2', { cost: '0.1' }),
      event('r3', { cost: '0.2' }),
      event('r4', { unitPrice: '0.06', cost: '0.06' }),
      event('r5', { percentDiscount: '10', cost: '0.045' }),
      event('r6', { keyId: OTHER_KEY_ID.toUpperCase() }),
      event('r7', { keyId: undefined, login: 'somebody' }),
    ]
    const { client } = await openLine({ workspaces: [workspace({ events })] })
    const answer = await client.usage(KEY, UTC_DAYS, never())
    expect(answer.status).toBe('complete')
    const rows = answer.status === 'complete' ? answer.value : []
    expect(
      rows.map((row) => [row.keyId, row.login, row.quantity, row.unitPrice, row.percentDiscount, row.costNanoUsd]),
    ).toEqual([
      [KEY_ID, null, '3', '0.05', null, 300_000_001n],
      [KEY_ID, null, '1', '0.06', null, 60_000_000n],
      [KEY_ID, null, '1', '0.05', '10', 45_000_000n],
      [OTHER_KEY_ID, null, '1', '0.05', null, 50_000_000n],
      [null, 'somebody', '1', '0.05', null, 50_000_000n],
    ])
    expect(rows[0]).toMatchObject({ model: 'fal-ai/flux', unit: 'image', date: '2026-02-02' })
  })

  it.each([
    ['Asia/Shanghai', 1, 'Asia/Shanghai'],
    ['+08:00', 1, 'Etc/GMT-8'],
    ['+05:30', 3, 'UTC'],
    ['-03:30', 3, 'UTC'],
  ])('puts an event just before and just after midnight of %s on its own day', async (id, questions, name) => {
    const days = zone(id)
    const start = days.startOfDate('2026-02-01' as never)
    const midnight = days.startOfDate('2026-02-02' as never)
    const end = days.startOfDate('2026-02-04' as never)
    const events = [
      event('before', { timestamp: new Date(midnight - 1).toISOString(), cost: '1' }),
      event('after', { timestamp: new Date(midnight).toISOString(), cost: '2' }),
      event('late', { timestamp: new Date(midnight + 23 * 3_600_000).toISOString(), cost: '4' }),
      event('edge', { timestamp: new Date(end).toISOString(), cost: '8' }),
    ]
    const { client, double } = await openLine({ workspaces: [workspace({ events })] })
    const answer = await client.usage(KEY, { range: { start, end }, zone: days, timeframe: 'day' }, never())
    const byDate = new Map<string, bigint>()
    for (const row of answer.status === 'complete' ? answer.value : []) {
      byDate.set(row.date, (byDate.get(row.date) ?? 0n) + row.costNanoUsd)
      expect(row.bucketStart).toBe(days.startOfDate(row.date))
    }
    expect([...byDate]).toEqual([
      ['2026-02-01', 1_000_000_000n],
      ['2026-02-02', 6_000_000_000n],
    ])
    expect(double.requests).toHaveLength(questions)
    expect(double.requests[0]?.query.timezone).toEqual([name])
  })

  it('does not widen a window that begins in the middle of a day', async () => {
    const events = [
      event('out', { timestamp: '2026-02-02T09:59:59Z' }),
      event('in', { timestamp: '2026-02-02T10:00:00Z' }),
    ]
    const { client } = await openLine({ workspaces: [workspace({ events })] })
    const window = range('2026-02-02T10:00:00Z', '2026-02-02T11:00:00Z')
    const answer = await client.usage(KEY, { ...UTC_DAYS, range: window }, never())
    expect(answer).toMatchObject({ status: 'complete', value: [{ quantity: '1', date: '2026-02-02' }] })
  })

  it('asks for more than 50 endpoints in parts, and for none not at all', async () => {
    const { client, double } = await openLine()
    const endpointIds = [...Array.from({ length: 50 }, (_, index) => `fal-ai/m${index}`), 'fal-ai/flux', 'fal-ai/flux']
    const answer = await client.usage(KEY, { ...UTC_DAYS, endpointIds }, never())
    expect(answer).toMatchObject({ status: 'complete', value: [{ model: 'fal-ai/flux' }] })
    expect(double.requests.map(({ query }) => query.endpoint_id?.length)).toEqual([50, 1])
    expect(await client.usage(KEY, { ...UTC_DAYS, endpointIds: [] }, never())).toEqual({
      status: 'complete',
      value: [],
    })
    expect(double.requests).toHaveLength(2)
  })

  it('asks nothing for an empty window', async () => {
    const { client, double } = await openLine()
    const empty = { start: FEBRUARY.start, end: FEBRUARY.start }
    expect(await client.usage(KEY, { ...UTC_DAYS, range: empty }, never())).toEqual({ status: 'complete', value: [] })
    expect(double.requests).toHaveLength(0)
  })

  it("asks again without a limit where fal refuses ours, and goes on so over fal's pages", async () => {
    const events = Array.from({ length: 101 }, (_, index) => event(`r${index}`, { endpointId: `m${index}` }))
    const { client, double } = await openLine({
      workspaces: [workspace({ events })],
      faults: [{ kind: 'status', status: 422, times: 1 }],
    })
    const answer = await client.usage(KEY, UTC_DAYS, never())
    expect(answer.status === 'complete' && answer.value.length).toBe(101)
    expect(double.requests.map(({ query }) => query.limit)).toEqual([['1000'], undefined, undefined])
  })

  it('reads an older answer that has cost alone, absent fields, and unknown ones', async () => {
    const row = { endpoint_id: 'm', quantity: '2.50', cost: '1e-7', novelty: { deep: true } }
    const { client } = await openLine({ faults: [{ kind: 'body', text: seriesOf(row, { novelty: 1 }) }] })
    const answer = await client.usage(KEY, UTC_DAYS, never())
    expect(answer).toEqual({
      status: 'complete',
      value: [
        {
          bucketStart: Date.parse('2026-02-02T00:00:00Z'),
          date: '2026-02-02',
          model: 'm',
          unit: '',
          quantity: '2.5',
          unitPrice: null,
          percentDiscount: null,
          keyId: null,
          login: null,
          costNanoUsd: nanoUsd(100n),
        },
      ],
    })
  })

  it('counts rows of two days that are alike but for the day, wherever the edge of a page lies', async () => {
    const row = { endpoint_id: 'm', quantity: 1, cost_total: 1 }
    const page = (day: string, more: object): string =>
      JSON.stringify({ time_series: [{ bucket: day, results: [row] }], ...more })
    const { client } = await openLine({
      faults: [
        { kind: 'body', text: page('2026-02-02', { next_cursor: 'MC8y', has_more: true }), times: 1 },
        { kind: 'body', text: page('2026-02-03', {}), times: 1 },
      ],
    })
    const answer = await client.usage(KEY, UTC_DAYS, never())
    expect(answer).toMatchObject({ status: 'complete', value: [{ date: '2026-02-02' }, { date: '2026-02-03' }] })
  })

  it('passes negative and absurd values through', async () => {
    const row = { endpoint_id: 'm', quantity: -1e21, unit_price: 1e-9, cost_total: -1e12, cost: 5, currency: 'usd' }
    const { client } = await openLine({ faults: [{ kind: 'body', text: seriesOf(row) }] })
    const answer = await client.usage(KEY, UTC_DAYS, never())
    expect(answer).toMatchObject({
      value: [{ quantity: '-1000000000000000000000', unitPrice: '0.000000001', costNanoUsd: -(10n ** 21n) }],
    })
  })

  it.each([
    ['currency', { endpoint_id: 'm', quantity: 1, cost_total: 1, currency: 'EUR' }],
    ['cost_total', { endpoint_id: 'm', quantity: 1 }],
    ['quantity', { endpoint_id: 'm', quantity: 'many', cost_total: 1 }],
    ['endpoint_id', { quantity: 1, cost_total: 1 }],
  ])('refuses a row for its %s, and names it', async (field, row) => {
    const { client } = await openLine({ faults: [{ kind: 'body', text: seriesOf(row) }] })
    const answer = await client.usage(KEY, UTC_DAYS, never())
    expect(answer).toMatchObject({ status: 'failed', failure: 'bad-answer' })
    expect(answer.status === 'failed' && answer.reason).toContain(`time_series[0].results[0].${field}`)
  })

  it('answers each key for its own workspace', async () => {
    const other = workspace({ username: 'other', apiKeys: [OTHER_KEY], events: [] })
    const { client, double } = await openLine({ workspaces: [workspace(), other] })
    expect(await client.usage(OTHER_KEY, UTC_DAYS, never())).toEqual({ status: 'complete', value: [] })
    expect(double.requests[0]?.workspace).toBe('other')
  })
})

describe('serverlessUsage', () => {
  it('adds up compute seconds per app and machine type', async () => {
    const line = {
      app: 'acme/app',
      machineType: 'H100',
      timestamp: '2026-02-02T01:00:00Z',
      quantity: '12.5',
      cost: '0.02',
    }
    const { client } = await openLine({ serverless: { acme: [line, line, { ...line, machineType: 'A100' }] } })
    const answer = await client.serverlessUsage(KEY, UTC_DAYS, never())
    expect(answer).toMatchObject({
      status: 'complete',
      value: [
        {
          app: 'acme/app',
          gpuClass: 'H100',
          unit: 'second',
          quantity: '25',
          costNanoUsd: 40_000_000n,
          date: '2026-02-02',
        },
        { gpuClass: 'A100', quantity: '12.5' },
      ],
    })
  })

  it.each([
    [
      { endpoint_id: 'e', gpu_class: 'L40' },
      { app: 'e', gpuClass: 'L40' },
    ],
    [{ app: 'a' }, { app: 'a', gpuClass: '' }],
    [
      { app: 'a', endpoint_id: 'e', machine_type: 'H100', gpu_class: 'L40' },
      { app: 'a', gpuClass: 'H100' },
    ],
  ])('takes %o', async (names, expected) => {
    const { client } = await openLine({
      faults: [{ kind: 'body', text: seriesOf({ ...names, quantity: 1, cost: 1 }) }],
    })
    expect(await client.serverlessUsage(KEY, UTC_DAYS, never())).toMatchObject({ value: [expected] })
  })
})
