import { describe, expect, it } from 'vitest'
import { KEY, never, openLine, workspace } from './line.ts'

describe('billing', () => {
  it.each([
    ['12.5', 12_500_000_000n],
    ['-3', -3_000_000_000n],
    [null, null],
  ])('reads a balance of %s', async (balance, balanceNanoUsd) => {
    const { client, double } = await openLine({ workspaces: [workspace({ balance })] })
    expect(await client.billing(KEY, never())).toEqual({
      status: 'complete',
      value: { username: 'acme', balanceNanoUsd },
    })
    expect(double.requests[0]?.query).toEqual({ expand: ['credits'] })
  })

  it.each([
    [{ username: 'a', credits: null }, { status: 'complete' }],
    [{ username: 'a', credits: { current_balance: null, currency: 'USD' } }, { status: 'complete' }],
    [
      { username: 'a', credits: { current_balance: '7.10', currency: 'USD' } },
      { value: { balanceNanoUsd: 7_100_000_000n } },
    ],
    [{ username: 'a', credits: { current_balance: 1, currency: 'EUR' } }, { failure: 'bad-answer' }],
    [{ username: '' }, { failure: 'bad-answer' }],
    [{}, { failure: 'bad-answer' }],
  ])('takes %j', async (body, expected) => {
    const { client } = await openLine({ faults: [{ kind: 'body', text: JSON.stringify(body) }] })
    expect(await client.billing(KEY, never())).toMatchObject(expected)
  })
})

describe('focus', () => {
  const HEADER = 'InvoiceId,BilledCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ServiceName'
  const february = `\uFEFF${HEADER}\r\nINV-1,12.30,USD,2026-02-01T00:00:00Z,2026-01-15T00:00:00Z,"Models, all\r\nof them"\r\n`
  const march = `${HEADER}\nINV-2,-1,USD,2026-03-01,,"say ""GPU"""\n`

  it('reads the invoice lines of each month of issue', async () => {
    const { client, double } = await openLine({ focus: { acme: { '2026-02': february, '2026-03': march } } })
    const answer = await client.focus(KEY, { from: '2025-12', to: '2026-03' }, never())
    const common = { currency: 'USD' }
    expect(answer).toEqual({
      status: 'complete',
      value: [
        {
          ...common,
          invoiceId: 'INV-1',
          billingMonth: '2026-02',
          period: '2026-02',
          chargeMonth: '2026-01',
          service: 'Models, all\r\nof them',
          billedCostNanoUsd: 12_300_000_000n,
        },
        {
          ...common,
          invoiceId: 'INV-2',
          billingMonth: '2026-03',
          period: '2026-03',
          chargeMonth: '',
          service: 'say "GPU"',
          billedCostNanoUsd: -1_000_000_000n,
        },
      ],
    })
    expect(double.requests.map(({ query }) => query)).toEqual(
      ['2025-12', '2026-01', '2026-02', '2026-03'].map((month) => ({ source: ['invoice'], billing_month: [month] })),
    )
  })

  it('counts a line once where fal does not heed the month', async () => {
    const { client } = await openLine({ faults: [{ kind: 'body', text: february }] })
    for (const months of [
      { from: '2026-02', to: '2026-03' },
      { from: '2026-01', to: '2026-03' },
    ]) {
      const answer = await client.focus(KEY, months, never())
      expect(answer).toMatchObject({ status: 'complete', value: [{ invoiceId: 'INV-1', billingMonth: '2026-02' }] })
      expect(answer.status === 'complete' && answer.value.length).toBe(1)
    }
  })

  it('reads a report that has no other columns than it needs, and its currency in any case', async () => {
    const report = 'Id,BilledCost,BillingCurrency\n7,12.30,usd\n'
    const { client } = await openLine({ focus: { acme: { '2026-02': report } } })
    expect(await client.focus(KEY, { from: '2026-02', to: '2026-02' }, never())).toEqual({
      status: 'complete',
      value: [
        {
          invoiceId: '',
          billingMonth: '2026-02',
          period: '',
          chargeMonth: '',
          service: '',
          currency: 'USD',
          billedCostNanoUsd: 12_300_000_000n,
        },
      ],
    })
  })

  it('keeps identical lines of one report', async () => {
    const { client } = await openLine({ focus: { acme: { '2026-03': `${march}${march.split('\n')[1]}` } } })
    const answer = await client.focus(KEY, { from: '2026-03', to: '2026-03' }, never())
    expect(answer.status === 'complete' && answer.value.length).toBe(2)
  })

  it('is not the whole where a line tells no month, be it one alone', async () => {
    const { client } = await openLine({ faults: [{ kind: 'body', text: `${HEADER}\nINV-1,1,USD,,,x\n` }] })
    const answer = await client.focus(KEY, { from: '2026-02', to: '2026-03' }, never())
    expect(answer).toMatchObject({
      status: 'partial',
      failure: 'bad-answer',
      reason: expect.stringContaining('sent 1 lines'),
      value: [{ invoiceId: 'INV-1', billingMonth: '' }],
    })
  })

  it('that contradicts itself says to ask for more months where one was asked for', async () => {
    const none = `${HEADER}\n`
    const { client } = await openLine({
      focus: { acme: { '2026-01': february, '2026-02': none, '2026-03': february } },
    })
    const hint = 'ask for several months'
    const several = await client.focus(KEY, { from: '2026-01', to: '2026-03' }, never())
    expect(several).toMatchObject({ status: 'partial', reason: expect.not.stringContaining(hint) })
    const one = await client.focus(KEY, { from: '2026-01', to: '2026-01' }, never())
    expect(one).toMatchObject({ status: 'partial', reason: expect.stringContaining(hint) })
  })

  it('reads lines that end with a carriage return alone', async () => {
    const { client } = await openLine({ faults: [{ kind: 'body', text: february.replaceAll('\n', '') }] })
    const answer = await client.focus(KEY, { from: '2026-02', to: '2026-02' }, never())
    expect(answer).toMatchObject({ status: 'complete', value: [{ invoiceId: 'INV-1' }] })
  })

  it('tells what fal says where it answers with an error in place of a report', async () => {
    const text = JSON.stringify({ error: { type: 'server_error', message: 'reports are down' } })
    const { client } = await openLine({ faults: [{ kind: 'body', text }] })
    const answer = await client.focus(KEY, { from: '2026-02', to: '2026-02' }, never())
    expect(answer).toMatchObject({ status: 'failed', reason: expect.stringContaining('"reports are down"') })
  })

  it('tells what fal says of invoices to accounts that are no enterprise', async () => {
    const { client } = await openLine()
    const answer = await client.focus(KEY, { from: '2026-02', to: '2026-02' }, never())
    expect(answer).toMatchObject({
      status: 'failed',
      failure: 'forbidden',
      reason: expect.stringMatching(/^fal answered 403: .*; fal says: "FOCUS is for enterprise accounts"$/),
    })
  })

  it.each([
    ['', 'empty'],
    ['{"data":[]}', 'BilledCost'],
    [`${HEADER}\nINV,1,EUR,,,x`, 'another currency'],
    [`${HEADER}\nINV,much,USD,,,x`, 'no decimal number'],
    [`${HEADER}\nINV,1,USD,,,x\nINV,1,USD`, 'line 3 has 3 fields instead of 6'],
    [`${HEADER}\n"INV`, 'never closed'],
    [`${HEADER}\nINV,1,USD,,,"x\nINV,2,USD,,,"y\n`, 'closed before its field ends'],
    [`${HEADER},BilledCost\nINV,1,USD,,,x,5`, 'column BilledCost comes 2 times'],
    [`${HEADER}, billingperiodstart\nINV,1,USD,,,x,2026-01-01`, 'column BillingPeriodStart comes 2 times'],
    ['<html></html>', 'HTML'],
  ])('refuses %j', async (text, word) => {
    const { client } = await openLine({ faults: [{ kind: 'body', text }] })
    const answer = await client.focus(KEY, { from: '2026-02', to: '2026-02' }, never())
    expect(answer).toMatchObject({ status: 'failed', failure: 'bad-answer', reason: expect.stringContaining(word) })
  })

  describe('a month that is answered 404', () => {
    const MONTHS = ['2025-09', '2025-10', '2025-11', '2025-12', '2026-01', '2026-02'] as const
    const asked = async (missing: readonly string[], options: Parameters<typeof openLine>[0] = {}) => {
      const acme = { '2026-03': march, ...Object.fromEntries(missing.map((month) => [month, null])) }
      const { client, double } = await openLine({ focus: { acme }, ...options })
      const answer = await client.focus(KEY, { from: '2025-09', to: '2026-03' }, never())
      const rows = answer.status === 'failed' ? [] : answer.value
      const read = rows.map(({ billingMonth, billedCostNanoUsd }) => `${billingMonth} ${billedCostNanoUsd}`)
      return { ...answer, value: read, questions: double.requests.length }
    }

    it.each([1, 4, 6])('hides none of the others: %i of them', async (count) => {
      const missing = MONTHS.slice(0, count)
      expect(await asked(missing)).toMatchObject({
        status: 'partial',
        failure: 'not-found',
        reason: expect.stringContaining('without an invoice'),
        value: [...missing.map((month) => `${month} null`), '2026-03 -1000000000'],
        questions: 7,
      })
    })

    it('is no report at all where all are, and nothing that is known where fal fails besides', async () => {
      const none = { status: 'failed', failure: 'not-found', questions: 7 }
      expect(await asked([...MONTHS, '2026-03'])).toMatchObject(none)
      const refused = { kind: 'status', status: 400, path: '/account/focus', times: 1 } as const
      const answer = await asked([...MONTHS, '2026-03'], { faults: [refused] })
      expect(answer).toMatchObject({ status: 'failed', failure: 'invalid' })
      expect(answer.questions).toBeLessThan(7)
    })
  })

  it.each([
    ['2016-03', '2026-02', 'complete'],
    ['2016-02', '2026-02', 'failed'],
    ['2026-03', '2026-02', 'failed'],
    ['2026-13', '2026-13', 'failed'],
    ['Feb', '2026-02', 'failed'],
  ])('from %s to %s: %s', async (from, to, status) => {
    const { client, double } = await openLine({ focus: { acme: {} } })
    expect((await client.focus(KEY, { from, to }, never())).status).toBe(status)
    expect(double.requests).toHaveLength(status === 'complete' ? 120 : 0)
  })
})
