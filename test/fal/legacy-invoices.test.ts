import { describe, expect, it } from 'vitest'
import { AuditError } from '../../src/errors.ts'
import { createFalClient } from '../../src/fal/client.ts'
import { createSecrets } from '../../src/secrets.ts'
import { KEY, never, OTHER_KEY, openLine, SECRET } from './line.ts'

const PATH = '/billing/invoices'
const EMPTY = { invoiceId: '', month: '', amountNanoUsd: null, currency: '', status: '' }

/** What is read of one invoice. */
async function decoded(invoice: object) {
  const { client } = await openLine({ legacyInvoices: { acme: [invoice] } })
  const answer = await client.legacyInvoices(KEY, never())
  return answer.status === 'complete' ? answer.value[0] : answer
}

describe('the unconfirmed /billing/invoices', () => {
  it('is never asked unless its address is configured', async () => {
    const { client, double } = await openLine()
    expect(await client.legacyInvoices(KEY, never())).toMatchObject({ status: 'failed', failure: 'not-configured' })
    expect(double.requests).toEqual([])
  })

  it('is asked once, with the key', async () => {
    const { client, double } = await openLine({ legacyInvoices: { acme: [] } })
    expect(await client.legacyInvoices(KEY, never())).toEqual({ status: 'complete', value: [] })
    expect(double.requests).toEqual([{ method: 'GET', path: PATH, query: {}, workspace: 'acme' }])
  })

  it.each([
    [
      { id: 'INV-1', period: '2026-01', amount: '12.300000001', currency: 'usd', status: 'paid' },
      { invoiceId: 'INV-1', month: '2026-01', amountNanoUsd: 12_300_000_001n, currency: 'USD', status: 'paid' },
    ],
    [
      { invoice_id: 7, month: '2026-12' },
      { invoiceId: '7', month: '2026-12' },
    ],
    [
      { number: 'N', date: '2026-01-31' },
      { invoiceId: 'N', month: '2026-01' },
    ],
    [
      { created_at: '2026-02-01T00:00:00Z', total: 0.1 },
      { month: '2026-02', amountNanoUsd: 100_000_000n },
    ],
    [{ id: null, number: 'N' }, { invoiceId: 'N' }],
    [{ amount_due: -1 }, { amountNanoUsd: -1_000_000_000n }],
    [{ total_amount: 3, amount_due: 0 }, { amountNanoUsd: 3_000_000_000n }],
    [{ amount: '1.50', total: 1.5 }, { amountNanoUsd: 1_500_000_000n }],
  ])('reads %j', async (wire, expected) => {
    expect(await decoded(wire)).toEqual({ ...EMPTY, ...expected })
  })

  it.each([
    [{}, {}],
    [{ id: {}, period: { start: '2026-01' }, created_at: '2026-02-01', amount: '$1', total: '1', status: 3 }, {}],
    [{ id: 2 ** 60, date: 1767225600, amount: true }, {}],
    [{ period: '2026-13', amount: '' }, {}],
    [{ date: '2026-011', amount: '1,5' }, {}],
    [{ amount: 1250, total: '12.50' }, {}],
    [{ amount: 1, currency: 'EUR' }, { currency: 'EUR' }],
    [{ amount: 1, currency: 'US dollar' }, {}],
    [{ amount: 1, currency: 5 }, {}],
  ])('keeps %j, and guesses nothing', async (wire, expected) => {
    expect(await decoded(wire)).toEqual({ ...EMPTY, ...expected })
  })

  it('may be of each month of a year, and of no other', async () => {
    const invoices = Array.from({ length: 14 }, (_, month) => ({ period: `2026-${String(month).padStart(2, '0')}` }))
    const { client } = await openLine({ legacyInvoices: { acme: invoices } })
    const answer = await client.legacyInvoices(KEY, never())
    const read = answer.status === 'complete' ? answer.value.map(({ month }) => month) : []
    expect(read).toEqual(['', ...invoices.slice(1, 13).map(({ period }) => period), ''])
  })

  it('may have blanks around its texts', async () => {
    const wire = { id: ' INV-1 ', period: ' 2026-01 ', amount: ' 1 ', currency: ' USD ', status: ' paid ' }
    const read = { invoiceId: 'INV-1', month: '2026-01', currency: 'USD', status: 'paid' }
    expect(await decoded(wire)).toEqual({ ...read, amountNanoUsd: 1_000_000_000n })
  })

  it('may come in an envelope; where that tells of more, it is not the whole', async () => {
    const read = async (body: object) => {
      const { client } = await openLine({ legacyInvoices: { acme: body } })
      return client.legacyInvoices(KEY, never())
    }
    const invoices = [{ id: 'a' }, { id: 'a' }]
    const value = invoices.map(({ id }) => ({ ...EMPTY, invoiceId: id }))
    expect(await read({ invoices, has_more: false, next_cursor: null })).toEqual({ status: 'complete', value })
    expect(await read({ invoices, has_more: true })).toMatchObject({ status: 'partial', value })
    expect(await read({ invoices, next_cursor: 'c' })).toMatchObject({ status: 'partial', failure: 'page-limit' })
    for (const more of [
      { hasMore: 'true' },
      { next_page: 2 },
      { next: '/billing/invoices?page=2' },
      { total_count: 3 },
    ]) {
      expect(await read({ invoices, ...more })).toMatchObject({ status: 'partial', value })
    }
    expect(await read({ invoices, page: 1, total_pages: 2 })).toMatchObject({ status: 'partial', value })
    expect(await read({ invoices, total_pages: 2 })).toMatchObject({ status: 'partial', value })
    expect(await read({ invoices: [] })).toEqual({ status: 'complete', value: [] })
    for (const all of [
      { next_page: 0, total_pages: 1 },
      { next: null, total_count: 2 },
      { page: 1, total_pages: 1 },
      { next_page: '', hasMore: false },
    ]) {
      expect(await read({ invoices, ...all })).toEqual({ status: 'complete', value })
    }
  })

  it.each(['{"data":[]}', '["a"]', '[null]', '{"invoices":{}}', 'null', '[{', '<html></html>'])(
    'refuses %s',
    async (text) => {
      const { client } = await openLine({ legacyInvoices: {}, faults: [{ kind: 'body', text }] })
      expect(await client.legacyInvoices(KEY, never())).toMatchObject({
        status: 'failed',
        failure: 'bad-answer',
        reason: expect.stringMatching(/^unconfirmed address \/billing\/invoices: /),
      })
    },
  )

  it('that is not there names the setting to mend', async () => {
    const { client } = await openLine({ legacyInvoices: {} })
    const answer = await client.legacyInvoices(KEY, never())
    expect(answer).toMatchObject({ failure: 'not-found', reason: expect.stringContaining('legacyBillingBaseUrl') })
    expect(answer).not.toMatchObject({ reason: expect.stringContaining('FAL_API_BASE_URL') })
  })

  it('that is down costs the key nothing at the Platform API', async () => {
    const faults = [{ kind: 'status', status: 500, path: PATH }] as const
    const { client } = await openLine({ legacyInvoices: {}, faults }, { failureBudget: 1000 })
    for (let call = 0; call < 3; call++) {
      expect(await client.legacyInvoices(KEY, never())).toMatchObject({ failure: 'server-error' })
    }
    expect((await client.billing(KEY, never())).status).toBe('complete')
  })

  it('shows no secret', async () => {
    const secrets = createSecrets()
    secrets.add(OTHER_KEY)
    const body = [{ id: `x ${OTHER_KEY}`, status: `y ${OTHER_KEY}` }]
    const { client } = await openLine({ legacyInvoices: { acme: body } }, { redact: secrets.redact })
    const value = [{ ...EMPTY, invoiceId: 'x [redacted]', status: 'y [redacted]' }]
    expect(await client.legacyInvoices(KEY, never())).toEqual({ status: 'complete', value })
    const faults = [{ kind: 'status', status: 400, message: KEY }] as const
    const refusing = await openLine({ legacyInvoices: {}, faults })
    expect(JSON.stringify(await refusing.client.legacyInvoices(KEY, never()))).not.toContain(SECRET)
  })

  it.each(['', 'ftp://fal.ai', 'https://user:pass@fal.ai', 'https://fal.ai?x=1'])(
    'has no base URL %j',
    (legacyBillingBaseUrl) => {
      const create = () => createFalClient({ baseUrl: 'https://api.fal.ai/v1', legacyBillingBaseUrl })
      expect(create).toThrow(AuditError)
      expect(create).toThrow(/^legacyBillingBaseUrl(?!.*pass)/)
    },
  )
})
