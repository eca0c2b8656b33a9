import { describe, expect, it, onTestFinished } from 'vitest'
import { type FalDoubleOptions, startFalDouble } from '../../src/demo/fal-double.ts'
import { event, KEY, KEY_ID, manyEvents, NOW, OTHER_KEY, workspace } from '../fal/line.ts'

/** Whatever an answer may hold, as far as these tests look. */
interface Body {
  billing_events: { request_id: string; auth_method_structured?: { api_key_id: string } }[]
  time_series: { bucket: string; results: { quantity: number }[] }[]
  summary: { auth_method_structured: object; cost_total: number }[]
  has_more: boolean
  next_cursor: string | null
}

/** Asks the double as any HTTP client would. */
async function open(options: Partial<FalDoubleOptions> = {}) {
  const double = await startFalDouble({ workspaces: [workspace()], clock: () => NOW, ...options })
  onTestFinished(() => double.close())
  const get = async (path: string, key = KEY): Promise<{ status: number; body: Body; text: string }> => {
    const response = await fetch(`${double.url}${path}`, { headers: { authorization: `Key ${key}` } })
    const text = await response.text()
    return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) : undefined }
  }
  return { double, get }
}

const WEEK = 'start=2026-02-01T00:00:00Z&end=2026-02-08T00:00:00Z'

describe('the double', () => {
  it('knows its keys, and logs no key', async () => {
    const { double, get } = await open()
    expect(await get('/account/billing', OTHER_KEY)).toMatchObject({
      status: 401,
      body: { error: { type: 'authorization_error', message: expect.any(String) } },
    })
    expect((await get('/nowhere')).status).toBe(404)
    expect(double.requests).toEqual([
      { method: 'GET', path: '/account/billing', query: {}, workspace: null },
      { method: 'GET', path: '/nowhere', query: {}, workspace: 'acme' },
    ])
    expect(JSON.stringify(double.requests)).not.toContain(KEY_ID)
  })

  it('looks back 24 h unless told', async () => {
    const events = [
      event('old', { timestamp: '2026-02-08T23:59:59Z' }),
      event('first', { timestamp: '2026-02-09T00:00:00Z' }),
      event('now', { timestamp: '2026-02-10T00:00:00Z' }),
    ]
    const { get } = await open({ workspaces: [workspace({ events })] })
    const { body } = await get('/models/billing-events?request_id=old,first,now')
    expect(body.billing_events.map((row) => row.request_id)).toEqual(['first'])
    const usage = await get('/models/usage?bound_to_timeframe=false')
    expect(usage.body.time_series).toHaveLength(1)
    expect(usage.body.time_series[0]?.results[0]?.quantity).toBe(1)
  })

  it('has an exclusive end', async () => {
    const { get } = await open()
    const until = (end: string) => get(`/models/billing-events?start=2026-02-01&end=${end}`)
    expect((await until('2026-02-02T10:00:00Z')).body.billing_events).toHaveLength(0)
    expect((await until('2026-02-02T10:00:01Z')).body.billing_events).toHaveLength(1)
  })

  it('widens a window to its buckets unless told not to', async () => {
    const { get } = await open()
    const query = 'start=2026-02-02T11:00:00Z&end=2026-02-02T12:00:00Z&timeframe=day'
    expect((await get(`/models/usage?${query}`)).body.time_series).toHaveLength(1)
    expect((await get(`/models/usage?${query}&bound_to_timeframe=false`)).body.time_series).toHaveLength(0)
  })

  it.each([
    ['minute', 'UTC', '2026-02-02T17:42:00+00:00'],
    ['hour', 'UTC', '2026-02-02T17:00:00+00:00'],
    ['hour', 'Asia/Kolkata', '2026-02-02T23:00:00+05:30'],
    ['day', 'UTC', '2026-02-02T00:00:00+00:00'],
    ['day', 'Asia/Shanghai', '2026-02-03T00:00:00+08:00'],
    ['day', 'Etc/GMT-8', '2026-02-03T00:00:00+08:00'],
    ['week', 'America/New_York', '2026-02-02T00:00:00-05:00'],
    ['month', 'Asia/Shanghai', '2026-02-01T00:00:00+08:00'],
  ])('has buckets of a %s in %s with its offset', async (timeframe, timezone, bucket) => {
    const events = [event('r1', { timestamp: '2026-02-02T17:42:31Z' })]
    const { get } = await open({ workspaces: [workspace({ events })] })
    const { body } = await get(`/models/usage?${WEEK}&timeframe=${timeframe}&timezone=${encodeURIComponent(timezone)}`)
    expect(body.time_series.map((one) => one.bucket)).toEqual([bucket])
  })

  it('splits rows by price, discount and, where asked, who caused them; sums are exact', async () => {
    const events = [
      event('r1', { cost: '0.1' }),
      event('r2', { cost: '0.2', keyId: undefined, login: 'somebody' }),
      event('r3', { unitPrice: '0.04', percentDiscount: '25', cost: '0.03' }),
    ]
    const { get } = await open({ workspaces: [workspace({ events })] })
    const plain = await get(`/models/usage?${WEEK}`)
    expect(plain.body.time_series[0]?.results).toEqual([
      {
        endpoint_id: 'fal-ai/flux',
        unit: 'image',
        unit_price: 0.05,
        percent_discount: null,
        quantity: 2,
        cost_subtotal: 0.1,
        cost_discount: -0.2,
        cost_total: 0.3,
        cost: 0.3,
        currency: 'USD',
      },
      expect.objectContaining({ cost_subtotal: 0.04, cost_discount: 0.01, cost_total: 0.03, percent_discount: 25 }),
    ])
    expect(plain.body.summary).toBeUndefined()
    const asked = await get(`/models/usage?${WEEK}&expand=summary&expand=auth_method,auth_method_structured`)
    expect(asked.body.time_series).toBeUndefined()
    expect(asked.body.summary.map((row) => [row.auth_method_structured, row.cost_total])).toEqual([
      [{ detail: `Key ${KEY_ID}`, api_key_id: KEY_ID }, 0.1],
      [{ detail: 'User somebody', login_username: 'somebody' }, 0.2],
      [{ detail: `Key ${KEY_ID}`, api_key_id: KEY_ID }, 0.03],
    ])
  })

  it('has events with their cost as an integer of nano-dollars', async () => {
    const { get } = await open({ workspaces: [workspace({ events: [event('r1', { cost: '0.000000007' })] })] })
    const { body } = await get(`/models/billing-events?${WEEK}`)
    expect(body).toMatchObject({
      billing_events: [{ request_id: 'r1', cost_estimate_nano_usd: 7, cost_total: 7e-9, output_units: 1, quantity: 1 }],
      has_more: false,
      next_cursor: null,
    })
    expect(body.billing_events[0]?.auth_method_structured).toBeUndefined()
    const asked = await get(`/models/billing-events?${WEEK}&expand=auth_method_structured`)
    expect(asked.body.billing_events[0]?.auth_method_structured?.api_key_id).toBe(KEY_ID)
  })

  it.each([
    ['request_id=r1&request_id=r3', ['r1', 'r3']],
    ['request_id=r1,r3', ['r1', 'r3']],
    ['endpoint_id=m', ['r2']],
    [`api_key_id=${KEY_ID}`, ['r1', 'r2']],
  ])('filters by %s', async (query, ids) => {
    const events = [event('r1'), event('r2', { endpointId: 'm' }), event('r3', { keyId: undefined })]
    const { get } = await open({ workspaces: [workspace({ events })] })
    const { body } = await get(`/models/billing-events?${WEEK}&${query}`)
    expect(body.billing_events.map((row) => row.request_id)).toEqual(ids)
  })

  const fiftyOne = Array.from({ length: 51 }, (_, index) => `r${index}`).join(',')
  it.each([
    [`/models/billing-events?${WEEK}&request_id=${fiftyOne}`],
    [`/models/billing-events?${WEEK}&request_id=`],
    [`/models/billing-events?${WEEK}&limit=10001`],
    [`/models/billing-events?${WEEK}&limit=0`],
    [`/models/billing-events?${WEEK}&cursor=nonsense`],
    ['/models/billing-events?start=2026-01-01T00:00:00Z&end=2026-04-01T00:00:01Z'],
    ['/models/billing-events?start=tomorrow'],
    ['/models/usage?start=2026-02-02&end=2026-02-01'],
    [`/models/usage?${WEEK}&expand=auth_method_structured`],
    [`/models/usage?${WEEK}&expand=time_series,everything`],
    [`/models/usage?${WEEK}&timezone=Mars`],
    [`/models/usage?${WEEK}&timezone=%2B08:00`],
    [`/models/usage?${WEEK}&timeframe=year`],
  ])('does not accept %s', async (path) => {
    const { get } = await open()
    expect(await get(path)).toMatchObject({ status: 422, body: { error: { type: 'validation_error' } } })
  })

  it('takes 90 days and 50 values', async () => {
    const { get } = await open()
    const fifty = fiftyOne.slice(0, fiftyOne.lastIndexOf(','))
    const window = 'start=2026-01-01T00:00:00Z&end=2026-04-01T00:00:00Z'
    expect((await get(`/models/billing-events?${window}&request_id=${fifty}&limit=10000`)).status).toBe(200)
  })

  it('pages with opaque cursors', async () => {
    const { get } = await open({ workspaces: [workspace({ events: manyEvents(5) })] })
    const ids: string[] = []
    let cursor = ''
    for (let page = 1; page <= 3; page++) {
      const { body } = await get(`/models/billing-events?${WEEK}&limit=2${cursor}`)
      ids.push(...body.billing_events.map((row) => row.request_id))
      expect(body.has_more).toBe(page < 3)
      cursor = `&cursor=${body.next_cursor}`
    }
    expect(ids).toEqual(['r1', 'r2', 'r3', 'r4', 'r5'])
  })

  it('tells credits only when asked', async () => {
    const { get } = await open()
    expect((await get('/account/billing')).body).toEqual({ username: 'acme' })
    expect((await get('/account/billing?expand=credits')).body).toEqual({
      username: 'acme',
      credits: { current_balance: 12.5, currency: 'USD' },
    })
  })

  it('has invoices for those that have any', async () => {
    expect((await (await open()).get('/account/focus?source=invoice&billing_month=2026-02')).status).toBe(403)
    const { get } = await open({ focus: { acme: { '2026-02': 'BilledCost,X\n1,2\n' } } })
    expect((await get('/account/focus?billing_month=2026-02')).text).toBe('BilledCost,X\n1,2\n')
    expect((await get('/account/focus?billing_month=2026-03')).text).toBe('BilledCost,X\n')
  })

  it('fails as told: for one key, on one path, so many times', async () => {
    const { get } = await open({
      workspaces: [workspace(), workspace({ username: 'other', apiKeys: [OTHER_KEY] })],
      faults: [{ kind: 'status', status: 429, retryAfter: '3', keyId: KEY_ID, path: '/account/billing', times: 1 }],
    })
    expect((await get('/account/billing', OTHER_KEY)).status).toBe(200)
    expect((await get(`/models/usage?${WEEK}`)).status).toBe(200)
    expect(await get('/account/billing')).toMatchObject({ status: 429, body: { error: { type: 'rate_limited' } } })
    expect((await get('/account/billing')).status).toBe(200)
  })

  it('closes with requests under way', async () => {
    const double = await startFalDouble({ workspaces: [], faults: [{ kind: 'hang' }] })
    const asked = fetch(`${double.url}/account/billing`).catch(() => 'dropped')
    while (double.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await double.close()
    expect(await asked).toBe('dropped')
  })

  it('will not serve a world whose amounts are none', async () => {
    await expect(
      startFalDouble({ workspaces: [workspace({ events: [event('r', { cost: 'free' })] })] }),
    ).rejects.toThrow('free')
  })
})
