import { describe, expect, it } from 'vitest'
import { output } from '../../schemas/falai-usage.ts'
import type { FalDoubleOptions } from '../../src/demo/fal-double.ts'
import type { FalEvent } from '../../src/demo/stored-world.ts'
import { AuditError } from '../../src/errors.ts'
import { falaiUsage } from '../../src/operations/falai-usage.ts'
import { openZone } from '../../src/units/zone.ts'
import { event, KEY, KEY_ID, type Line, NOW, OTHER_KEY, openLine, SECRET, workspace } from '../fal/line.ts'
import { memoryDependencies, quietContext } from '../kit/audit-world.ts'

const DASHBOARD = 'https://fal.ai/dashboard/billing'
const KLING = { endpointId: 'fal-ai/kling' }

/** Read at 2026-02-10T00:00:00Z. r1 is billed twice, and r2 for several units: neither is two requests. */
const EVENTS: readonly FalEvent[] = [
  event('old', { timestamp: '2026-02-08T23:59:59.999Z', cost: '7' }),
  event('r1', { timestamp: '2026-02-09T00:00:00Z', cost: '0.1' }),
  event('r1', { timestamp: '2026-02-09T00:00:01Z', cost: '0.05' }),
  event('r2', { timestamp: '2026-02-09T12:00:00Z', cost: '0.075', quantity: '15', ...KLING }),
  event('r3', { timestamp: '2026-02-09T23:59:59.999Z', cost: '0.000000001' }),
]

const lineOf = (events: readonly FalEvent[], over: Partial<FalDoubleOptions> = {}): Promise<Line> =>
  openLine({ workspaces: [workspace({ events })], ...over })

const dependenciesOf = ({ client }: Pick<Line, 'client'>, zoneId = 'UTC') => {
  const { settings } = memoryDependencies({ tables: NO_TABLES, workspaces: [] }, { zone: openZone(zoneId)! })
  return { clock: () => NOW, fal: client, settings }
}
const NO_TABLES = { accounts: [], tasks: [], users: [], points: [], cash: [] }

/** Asks as the route does, and holds the answer to its schema and to saying nothing of the key. */
async function ask(line: Line, given: Record<string, unknown>, zoneId?: string) {
  const answer = await falaiUsage(given, dependenciesOf(line, zoneId), quietContext())
  const text = JSON.stringify(answer)
  for (const secret of [KEY, SECRET, KEY_ID]) expect(text).not.toContain(secret)
  return output.parse(answer)
}

async function refused(line: Line, given: unknown): Promise<AuditError> {
  const error = await falaiUsage(given, dependenciesOf(line), quietContext()).then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof AuditError)) throw error
  const told = JSON.stringify([error.message, error.field, error.value, error.accepted, error.next, error.stack])
  for (const secret of [KEY, SECRET]) expect(told).not.toContain(secret)
  expect(error.cause).toBeUndefined()
  return error
}

describe('falai-usage', () => {
  it('tells the last 24 hours in the shape of the seed: distinct requests, exact cost', async () => {
    const line = await lineOf(EVENTS)
    expect(await ask(line, { api_key: KEY })).toEqual({
      ok: true,
      usage: {
        total_requests: 3,
        total_cost: 0.225000001,
        total_cost_usd: '0.225000001',
        period: '24 horas',
        endpoints: {
          'fal-ai/flux': { count: 2, cost: 0.150000001, cost_usd: '0.150000001' },
          'fal-ai/kling': { count: 1, cost: 0.075, cost_usd: '0.075' },
        },
        page: 1,
        page_size: 100,
        pages: 1,
      },
      message: 'Estadísticas obtenidas exitosamente',
    })
    expect(line.double.requests.map(({ path, query }) => [path, query.start, query.end])).toEqual([
      ['/models/billing-events', ['2026-02-09T00:00:00Z'], ['2026-02-10T00:00:00Z']],
    ])
  })

  it('sums without floats', async () => {
    const events = Array.from({ length: 10 }, (_, at) =>
      event(`r${at}`, { timestamp: '2026-02-09T10:00:00Z', cost: '0.1' }),
    )
    const answer = await ask(await lineOf(events), { api_key: KEY })
    expect(answer).toMatchObject({ usage: { total_requests: 10, total_cost: 1, total_cost_usd: '1' } })
  })

  it.each([
    [{ start_date: '2026-02-08', end_date: '2026-02-09' }, 'UTC', '7.225000001', '2026-02-08T00:00:00+00:00'],
    [{ start_date: '2026-02-09T00:00:00Z' }, 'UTC', '0.225000001', '2026-02-09T00:00:00+00:00'],
    [{ end_date: '2026-02-09T00:00:00Z' }, 'UTC', '7', '2026-02-08T00:00:00+00:00'],
    [{ start_date: '2026-02-09T00:00:00.001Z', end_date: '2026-02-09T23:59:59.999Z' }, 'UTC', '0.125', '2026-02-09T00'],
    [{ start_date: '2026-02-09', end_date: '2026-02-09' }, 'Asia/Shanghai', '7.225', '2026-02-09T00:00:00+08:00'],
    [{ endpoint_id: 'fal-ai/kling' }, 'UTC', '0.075', '24 horas'],
  ])('%j in %s: %s', async (given, zoneId, total, period) => {
    const answer = await ask(await lineOf(EVENTS), { api_key: KEY, ...given }, zoneId)
    expect(answer).toMatchObject({ usage: { total_cost_usd: total, period: expect.stringContaining(period) } })
  })

  it('pages the endpoints, costliest first, under totals of all', async () => {
    const line = await lineOf(EVENTS)
    const total = { total_requests: 3, total_cost_usd: '0.225000001', page_size: 1, pages: 2 }
    const endpoints = async (page: number | string) => {
      const answer = await ask(line, { api_key: KEY, page, page_size: '1' })
      expect(answer).toMatchObject({ usage: { ...total, page: Number(page) } })
      return answer.ok ? Object.keys(answer.usage.endpoints) : []
    }
    expect(await endpoints(1)).toEqual(['fal-ai/flux'])
    expect(await endpoints('2')).toEqual(['fal-ai/kling'])
    expect(await endpoints(3)).toEqual([])
  })

  it('takes a form as it comes: empty fields are none, and blanks around the key no part of it', async () => {
    const form = { api_key: ` ${KEY}\n`, start_date: '', end_date: '', endpoint_id: '', page: '', page_size: '50' }
    expect(await ask(await lineOf(EVENTS), form)).toMatchObject({
      ok: true,
      usage: { total_requests: 3, page_size: 50 },
    })
  })

  it('nothing used is an honest zero', async () => {
    expect(await ask(await lineOf([]), { api_key: KEY })).toMatchObject({
      ok: true,
      usage: { total_requests: 0, total_cost: 0, total_cost_usd: '0', endpoints: {}, pages: 1 },
      message: 'Estadísticas obtenidas exitosamente',
    })
  })

  it('asks about an endpoint that no event is of, and about no other', async () => {
    const messageOf = async (endpoint_id: string) =>
      (await ask(await lineOf(EVENTS), { api_key: KEY, endpoint_id })).message
    expect(await messageOf('fal-ai/klin')).toMatch(/^Estadísticas obtenidas exitosamente\. .*revise que el nombre/)
    expect(await messageOf('fal-ai/kling')).toBe('Estadísticas obtenidas exitosamente')
  })
})

describe('falai-usage, without permission', () => {
  it.each([401, 403])('%i: says what to do, with the address of the dashboard', async (status) => {
    const faults = [{ kind: 'status', status, message: `no: ${KEY}` }] as const
    const answer = await ask(await lineOf(EVENTS, { faults }), { api_key: KEY })
    expect(answer).toEqual({ ok: false, message: expect.stringContaining(DASHBOARD) })
    expect(!answer.ok && answer.message).toMatch(new RegExp(`Admin.*${status}`))
  })

  it('so too where fal knows no such key', async () => {
    const answer = await ask(await lineOf(EVENTS), { api_key: OTHER_KEY })
    expect(answer).toMatchObject({ ok: false })
    expect(JSON.stringify(answer)).not.toContain('cafecafe')
  })
})

describe('falai-usage, where fal fails', () => {
  it.each([{ kind: 'status', status: 500 }, { kind: 'html' }, { kind: 'wrong-shape' }] as const)(
    '%j: an error of the source, and no figure',
    async (fault) => {
      const error = await refused(await lineOf(EVENTS, { faults: [fault] }), { api_key: KEY })
      expect(error).toMatchObject({ kind: 'source', next: expect.stringContaining(DASHBOARD) })
    },
  )

  it('half of the events are no statistics', async () => {
    const many = Array.from({ length: 4 }, (_, at) => event(`r${at}`, { timestamp: '2026-02-09T10:00:00Z' }))
    const double = { workspaces: [workspace({ events: many })], faults: [{ kind: 'html', page: 2 }] as const }
    const line = await openLine(double, { limits: { eventPageRows: 2 } })
    expect((await refused(line, { api_key: KEY })).kind).toBe('source')
  })

  it('a cancelled call is cancelled', async () => {
    const line = await lineOf(EVENTS)
    const signal = AbortSignal.abort()
    const asking = falaiUsage({ api_key: KEY }, dependenciesOf(line), { signal, progress: () => undefined })
    await expect(asking).rejects.toMatchObject({ kind: 'cancelled' })
  })
})

describe('falai-usage and the key', () => {
  it('takes it out where fal has it in its data', async () => {
    const events = [event('r1', { timestamp: '2026-02-09T10:00:00Z', endpointId: `fal-ai/${SECRET}` })]
    const answer = await ask(await lineOf(events), { api_key: KEY })
    expect(answer).toMatchObject({ usage: { endpoints: { 'fal-ai/[redacted]': { count: 1 } } } })
  })

  it('quotes it in no error, wherever it was put', async () => {
    const line = await lineOf(EVENTS)
    await refused(line, { api_key: KEY, start_date: KEY })
    await refused(line, { api_key: KEY, endpoint_id: `${SECRET} ?` })
    await refused(line, { api_key: KEY, [KEY]: '' })
    await refused(line, { api_key: KEY, [`${KEY}=`]: 'x' })
    await refused(line, { [KEY]: 'x' })
    await refused(line, { api_key: [KEY, KEY] })
    await refused(line, { api_key: { key: KEY } })
    await refused(line, { api_key: `${KEY} ${KEY}` })
    await refused(line, { api_key: KEY.repeat(20) })
    await refused(line, KEY)
    expect(line.double.requests).toHaveLength(0)
  })

  it.each([
    [{}, 'api_key', /missing/],
    [{ api_key: '' }, 'api_key', /missing/],
    [{ api_key: 5 }, 'api_key', /not accepted/],
    [{ api_key: 'with blank inside' }, 'api_key', /not accepted/],
    [{ api_key: KEY, start_date: 'yesterday' }, 'start_date', /yesterday.*YYYY-MM-DD/],
    [{ api_key: KEY, end_date: '2026-02-31' }, 'end_date', /YYYY-MM-DD/],
    [{ api_key: KEY, start_date: '2026-02-11' }, 'start_date', /until/],
    [{ api_key: KEY, end_date: '2026-02-20' }, 'end_date', /until/],
    [{ api_key: KEY, start_date: '2026-02-05', end_date: '2026-02-04' }, 'end_date', /after start_date/],
    [{ api_key: KEY, start_date: '2026-02-10T00:00:00Z' }, 'start_date', /after start_date/],
    [{ api_key: KEY, start_date: '2025-11-11T23:59:59Z' }, 'start_date', /90 days/],
    [{ api_key: KEY, endpoint_id: 'a,b' }, 'endpoint_id', /one endpoint/],
    [{ api_key: KEY, page: 0 }, 'page', /from 1/],
    [{ api_key: KEY, page: 'two' }, 'page', /from 1/],
    [{ api_key: KEY, page_size: 1001 }, 'page_size', /1000/],
    [{ api_key: KEY, page_size: '1001' }, 'page_size', /1000/],
    [{ api_key: KEY, days: 7 }, 'days', /api_key, start_date/],
  ])('%j: the error names the field and what is accepted', async (given, field, words) => {
    const error = await refused(await lineOf(EVENTS), given)
    expect(error).toMatchObject({ kind: 'input', field })
    expect(error.message).toMatch(words)
  })

  it('takes exactly 90 days', async () => {
    const given = { api_key: KEY, start_date: '2025-11-12T00:00:00Z' }
    expect(await ask(await lineOf(EVENTS), given)).toMatchObject({ usage: { total_cost_usd: '7.225000001' } })
  })

  it('takes 90 days of the calendar, of which one has 25 hours', async () => {
    const line = await lineOf(EVENTS)
    const upTo = (end_date: string) => ask(line, { api_key: KEY, start_date: '2025-10-26', end_date }, 'Europe/Berlin')
    expect(await upTo('2026-01-23')).toMatchObject({ ok: true, usage: { total_cost_usd: '0' } })
    await expect(upTo('2026-01-24')).rejects.toMatchObject({ field: 'start_date' })
  })
})
