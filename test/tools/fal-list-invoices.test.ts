import { afterEach, describe, expect, it } from 'vitest'
import { apiKeyOf, keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { falGetUsageTool } from '../../tools/fal-get-usage.ts'
import { falListInvoicesTool } from '../../tools/fal-list-invoices.ts'
import { memoryDependencies, settingsFor } from '../kit/audit-world.ts'
import { openWorld, type RealParts, type RealWorld } from '../kit/real-audit.ts'
import { call, refusal } from './call.ts'

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

async function real(world: World, double: RealParts['double'] = {}): Promise<RealWorld> {
  const opened = await openWorld(world, { store: 'embedded', double, client: { failureBudget: 3000 } })
  open.push(opened)
  return opened
}

/** acme has two accounts; the bill of one event at 16:30 UTC on the last of January belongs to February in Shanghai. */
function world(): World {
  const built = new MiniWorld().account(5, { workspace: 'acme' }).account(6, { workspace: 'acme' }).account(7)
  return built
    .event({ cost: '1', timestamp: '2025-12-10T00:00:00Z' })
    .event({ cost: '0.5', timestamp: '2026-01-31T15:30:00Z' })
    .event({ cost: '0.25', timestamp: '2026-01-31T16:30:00Z' })
    .event({ cost: '0.125', timestamp: '2026-02-03T00:00:00Z', keyId: undefined, login: 'mallory@example.com' })
    .event({ cost: '4', timestamp: '2026-01-05T00:00:00Z' }, apiKeyOf(7))
    .build()
}

const HEADER = 'BilledCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,InvoiceId,ServiceName'
const FOCUS = {
  'workspace-7': {
    '2026-01': `${HEADER}\n10.5,USD,2026-01-01,2025-12-01,INV-7,flux\n0.000000001,USD,2026-01-01,2025-12-01,INV-7,kling\n`,
    '2026-02': `${HEADER}\n3,USD,2026-02-01,2026-01-01,INV-8,flux\n`,
  },
}

const short = (rows: readonly { billingMonth: string; workspace?: string; costUsd: string | null }[]) =>
  rows.map(({ billingMonth, workspace, costUsd }) => [billingMonth, workspace, costUsd])

describe('fal-list-invoices', () => {
  it('lists invoices where fal has them, and elsewhere monthly sums that are called so', async () => {
    const { double, dependencies } = await real(world(), { focus: FOCUS })
    const result = await call(falListInvoicesTool, {}, dependencies(), world())
    expect(result).toMatchObject({
      months: { from: '2025-12', to: '2026-02', timezone: 'Asia/Shanghai' },
      scope: 'accounts',
      complete: true,
    })
    expect(result.invoices).toEqual([
      {
        source: 'derived-from-usage',
        billingMonth: '2026-02',
        workspace: 'acme',
        accountIds: [5, 6],
        costUsd: '0.375',
        partial: true,
      },
      {
        source: 'focus',
        billingMonth: '2026-02',
        chargeMonths: '2026-01',
        workspace: 'workspace-7',
        accountIds: [7],
        invoiceId: 'INV-8',
        costUsd: '3',
        lines: 1,
      },
      expect.objectContaining({ billingMonth: '2026-01', workspace: 'acme', costUsd: '0.5' }),
      expect.objectContaining({ source: 'focus', invoiceId: 'INV-7', costUsd: '10.500000001', lines: 2 }),
      expect.objectContaining({ billingMonth: '2025-12', workspace: 'acme', costUsd: '1' }),
    ])
    expect(result.invoices[2]).not.toHaveProperty('partial')
    expect(result.note).toMatch(/no invoices.*\/billing\/invoices was not asked/)
    // Of the invoice of February January's usage was billed: that of February says nothing of it.
    expect(result.note).toContain('billingMonth of source focus is the month of issue')
    expect(result.next).toMatch(
      /^fal-get-usage with the first and last day of the month in which it was spent .* the timezone of months/,
    )
    expect(result.sources).toContainEqual(
      expect.objectContaining({
        ...{ source: 'fal-focus', accountId: 5, status: 'not-configured' },
        // Whole: what the words in front of it say is not said again, so that it is not cut.
        reason: expect.stringMatching(
          /^no invoice report: fal opens FOCUS to enterprise accounts only \(fal answered 403: .*; fal says: "[^"…]*"\)$/,
        ),
      }),
    )
    const asked = double.requests.map(({ path }) => path)
    expect(asked.filter((path) => path === '/models/usage')).toHaveLength(1)
    expect(asked).not.toContain('/billing/invoices')
  })

  it('says in which timezone usage of a month is held against the invoice, whose months are of UTC', async () => {
    const given = new MiniWorld()
      .account(7, { workspace: 'workspace-7' })
      .event({ requestId: 'r-1', cost: '2', timestamp: '2026-01-10T05:00:00Z' }, apiKeyOf(7))
      .event({ requestId: 'r-2', cost: '1', timestamp: '2026-01-31T17:00:00Z' }, apiKeyOf(7))
      .build()
    const report = `${HEADER}\n3,USD,2026-02-01T00:00:00Z,2026-01-01T00:00:00Z,INV-9,x\n`
    const { dependencies } = await real(given, { focus: { 'workspace-7': { '2026-02': report } } })
    const { invoices, next, note } = await call(falListInvoicesTool, { from: '2026-02' }, dependencies(), given)
    expect(invoices).toMatchObject([{ source: 'focus', chargeMonths: '2026-01', costUsd: '3' }])
    expect(next).toContain('of focus chargeMonths, and timezone UTC')
    expect(note).toContain('Its months are of UTC')
    const usageIn = async (timezone: string) =>
      call(falGetUsageTool, { start: '2026-01-01', end: '2026-01-31', timezone }, dependencies(), given)
    expect((await usageIn('UTC')).costUsd).toBe('3')
    expect((await usageIn('Asia/Shanghai')).costUsd).toBe('2')
  })

  it('adds lines up before it rounds, where they are finer than a nano-dollar', async () => {
    const costs = ['0.0000000004', '4e-10', '-0.0000000001', '1', '2.00000000020']
    const report = `${HEADER}\n${costs.map((cost) => `${cost},USD,2026-02-01,2026-01-01,INV-9,${cost}\n`).join('')}`
    const { dependencies } = await real(world(), { focus: { 'workspace-7': { '2026-02': report } } })
    const given = { from: '2026-02', ids: [7] }
    const { invoices } = await call(falListInvoicesTool, given, dependencies(), world())
    expect(invoices).toMatchObject([{ invoiceId: 'INV-9', costUsd: '3.000000001', lines: 5 }])
  })

  it('adds what an unconfirmed address tells, marked as such, once a workspace', async () => {
    const legacyInvoices = {
      acme: [
        { id: 'U-1', month: '2026-01', total: '0.75', currency: 'USD', status: 'paid\u001b[31m' },
        { id: 'U-2', total: 'much' },
        { id: 'U-3', month: '2025-11', total: '9' },
        { id: 'U-4', month: '2026-02', total: '9', currency: 'EUR' },
      ],
      'workspace-7': { invoices: [] },
    }
    const { double, dependencies } = await real(world(), { focus: FOCUS, legacyInvoices })
    const { invoices, sources, note, complete } = await call(falListInvoicesTool, {}, dependencies(), world())
    const head = { source: 'unconfirmed-billing-invoices', workspace: 'acme', accountIds: [5, 6] }
    expect(invoices.filter(({ source }) => source === head.source)).toEqual([
      { ...head, billingMonth: '2026-02', invoiceId: 'U-4', costUsd: null, currency: 'EUR' },
      { ...head, billingMonth: '2026-01', invoiceId: 'U-1', costUsd: '0.75', currency: 'USD', status: 'paid' },
      { ...head, billingMonth: '', invoiceId: 'U-2', costUsd: null },
    ])
    expect(invoices).toHaveLength(3 + 5)
    expect(complete).toBe(true)
    expect(sources).toContainEqual({ source: 'fal-billing-invoices', accountId: 6, status: 'complete' })
    expect(note).toMatch(/are unconfirmed/)
    expect(note).not.toMatch(/was not asked/)
    expect(double.requests.filter(({ path }) => path === '/billing/invoices')).toHaveLength(2)
  })

  it('an unconfirmed address that fails is named, and takes nothing from the rest', async () => {
    const { dependencies } = await real(world(), { legacyInvoices: {} })
    const given = { from: '2026-01', to: '2026-01', ids: [7] }
    const { invoices, sources, complete } = await call(falListInvoicesTool, given, dependencies(), world())
    expect(short(invoices)).toEqual([['2026-01', 'workspace-7', '4']])
    expect(complete).toBe(false)
    expect(sources).toContainEqual({
      source: 'fal-billing-invoices',
      accountId: 7,
      status: 'failed',
      reason: expect.stringContaining('404'),
    })
  })

  it('tells months that fal answers 404 from an account without invoices', async () => {
    const missing = Object.fromEntries(['2025-09', '2025-10', '2025-11', '2025-12'].map((month) => [month, null]))
    const given = { from: '2025-09', to: '2026-02', ids: [7] }
    const some = await real(world(), { focus: { 'workspace-7': { ...FOCUS['workspace-7'], ...missing } } })
    const told = await call(falListInvoicesTool, given, some.dependencies(), world())
    const costs = told.invoices.map(({ source, costUsd }) => [source, costUsd])
    expect(costs).toEqual(['3', '10.500000001', null, null, null, null].map((cost) => ['focus', cost]))
    expect(told.complete).toBe(false)
    const none = { ...missing, '2026-01': null, '2026-02': null }
    const all = await real(world(), { focus: { 'workspace-7': none } })
    const derived = await call(falListInvoicesTool, given, all.dependencies(), world())
    expect(derived.invoices.map(({ source }) => source)).toEqual(Array(6).fill('derived-from-usage'))
    expect(derived.complete).toBe(true)
  })

  it('takes the months asked for, and the accounts', async () => {
    const { dependencies } = await real(world())
    const given = { from: '2026-01', to: '2026-01', ids: [7] }
    const { invoices } = await call(falListInvoicesTool, given, dependencies(), world())
    expect(short(invoices)).toEqual([['2026-01', 'workspace-7', '4']])
    const utc = { from: '2026-02', ids: [5], timezone: 'UTC' }
    expect(short((await call(falListInvoicesTool, utc, dependencies(), world())).invoices)).toEqual([
      ['2026-02', 'acme', '0.125'],
    ])
  })

  it('what could not be read is null and named, never zero', async () => {
    const faults = [{ kind: 'status', status: 401, keyId: keyIdOfAccount(7) }] as const
    const { dependencies } = await real(world(), { faults })
    const given = { from: '2026-01', to: '2026-01' }
    const { invoices, sources, complete } = await call(falListInvoicesTool, given, dependencies(), world())
    expect(complete).toBe(false)
    expect(short(invoices)).toEqual([
      ['2026-01', undefined, null],
      ['2026-01', 'acme', '0.5'],
    ])
    expect(sources).toContainEqual(
      expect.objectContaining({ source: 'fal-usage', accountId: 7, status: 'failed', reason: expect.any(String) }),
    )
  })

  it('an invoice report that fails for another reason is a gap', async () => {
    const faults = [{ kind: 'status', status: 500, path: '/account/focus', keyId: keyIdOfAccount(7) }] as const
    const { dependencies } = await real(world(), { focus: FOCUS, faults })
    const result = await call(falListInvoicesTool, { ids: [7] }, dependencies(), world())
    expect(result.complete).toBe(false)
    expect(result.sources).toContainEqual(expect.objectContaining({ source: 'fal-focus', status: 'failed' }))
  })

  it.each([5, 6])(
    'has no invoices for sure only where every key was refused: that of account %i failed',
    async (failed) => {
      const faults = [{ kind: 'status', status: 500, path: '/account/focus', keyId: keyIdOfAccount(failed) }] as const
      const { dependencies } = await real(world(), { faults })
      const { complete, sources } = await call(falListInvoicesTool, { ids: [5, 6] }, dependencies(), world())
      expect(complete).toBe(false)
      expect(sources).toContainEqual(expect.objectContaining({ source: 'fal-focus', accountId: 5, status: 'failed' }))
    },
  )

  it('takes the month that a line names where fal sends every line for every month', async () => {
    const lines = ['10,USD,2025-12-01,,INV-12,x', '20,USD,2026-01-01,,INV-01,x', '30,USD,2026-02-01,,INV-02,x']
    const every = `${HEADER}\n${lines.join('\n')}\n`
    const focus = { 'workspace-7': { '2025-12': every, '2026-01': every, '2026-02': every } }
    const { dependencies } = await real(world(), { focus })
    const all = await call(falListInvoicesTool, { ids: [7] }, dependencies(), world())
    expect(all.complete).toBe(true)
    expect(all.invoices.map(({ billingMonth, invoiceId, costUsd }) => [billingMonth, invoiceId, costUsd])).toEqual([
      ['2026-02', 'INV-02', '30'],
      ['2026-01', 'INV-01', '20'],
      ['2025-12', 'INV-12', '10'],
    ])
    const one = await call(falListInvoicesTool, { ids: [7], from: '2026-01', to: '2026-01' }, dependencies(), world())
    expect(short(one.invoices)).toEqual([['2026-01', 'workspace-7', '20']])
    expect(one.complete).toBe(true)
    expect(one.note).not.toMatch(/billing period/)
  })

  it('an invoice tells the first and the last month in which it was spent, where its lines tell any', async () => {
    const lines = ['2025-11-01', '2025-12-31', '2025-12-01', ''].map((day) => `1,USD,2026-01-01,${day},INV-1,x`)
    const told = { 'workspace-7': { '2026-01': `${HEADER}\n${lines.join('\n')}\n` } }
    const given = { ids: [7], from: '2026-01', to: '2026-01' }
    const invoiceOf = async (focus: typeof told) =>
      (await call(falListInvoicesTool, given, (await real(world(), { focus })).dependencies(), world())).invoices[0]
    expect(await invoiceOf(told)).toMatchObject({ chargeMonths: '2025-11 to 2025-12', costUsd: '4', lines: 4 })
    // The billing period is that of the issue, and no answer to when it was spent.
    for (const period of ['', '2026-01-01']) {
      const untold = { 'workspace-7': { '2026-01': `${HEADER}\n1,USD,${period},,INV-1,x\n` } }
      expect(await invoiceOf(untold)).not.toHaveProperty('chargeMonths')
    }
  })

  it('a month of the invoice report that cannot be read is null with its reason', async () => {
    const bad = { ...FOCUS['workspace-7'], '2026-01': `${HEADER}\nx,USD,,,,\n` }
    const { dependencies } = await real(world(), { focus: { 'workspace-7': bad } })
    const { invoices, complete } = await call(falListInvoicesTool, { ids: [7] }, dependencies(), world())
    expect(complete).toBe(false)
    const head = { source: 'focus', workspace: 'workspace-7', accountIds: [7] }
    expect(invoices).toEqual([
      { ...head, billingMonth: '2026-02', chargeMonths: '2026-01', invoiceId: 'INV-8', costUsd: '3', lines: 1 },
      { ...head, billingMonth: '2026-01', costUsd: null, reason: expect.stringContaining('no decimal number') },
    ])
  })

  it('lines that agree with no month leave it open, and those that name none are said to', async () => {
    const odd = await real(world(), {
      focus: { 'workspace-7': { '2026-01': `${HEADER}\n5,USD,2025-11-01,,INV-1,x\n` } },
    })
    const given = { ids: [7], from: '2026-01', to: '2026-01' }
    const late = { focus: { 'workspace-7': { '2026-01': `${HEADER}\n5,USD,2025-12-01,,INV-1,x\n` } } }
    const issued = await call(falListInvoicesTool, given, (await real(world(), late)).dependencies(), world())
    expect(short(issued.invoices)).toEqual([['2026-01', 'workspace-7', '5']])
    expect(issued).toMatchObject({ complete: true, note: expect.stringContaining('other than the month of issue') })
    const open = await call(falListInvoicesTool, given, odd.dependencies(), world())
    expect(open.complete).toBe(false)
    expect(open.invoices).toEqual([
      expect.objectContaining({
        billingMonth: '2026-01',
        costUsd: null,
        reason: expect.stringContaining('contradicts'),
      }),
    ])
    const heeded = await call(falListInvoicesTool, { ...given, from: '2025-12' }, odd.dependencies(), world())
    expect(short(heeded.invoices)).toEqual([['2026-01', 'workspace-7', '5']])
    expect(heeded).toMatchObject({ complete: true, note: expect.stringContaining('other than the month of issue') })
    const bare = { '2026-01': `${HEADER}\n5,USD,,,INV-1,x\n` }
    const unnamed = await real(world(), { focus: { 'workspace-7': bare } })
    const told = await call(falListInvoicesTool, given, unnamed.dependencies(), world())
    expect(short(told.invoices)).toEqual([['2026-01', 'workspace-7', '5']])
    expect(told).toMatchObject({ complete: true, note: expect.stringContaining('name no billing period') })
  })

  it('lines without a period that come for several months have no month, nor without an invoice a cost', async () => {
    const same = `${HEADER}\n5,USD,,,INV-1,x\n1,USD,,,,x\n`
    const focus = { 'workspace-7': { '2026-01': same, '2026-02': same } }
    const { dependencies } = await real(world(), { focus })
    const result = await call(falListInvoicesTool, { ids: [7], from: '2026-01' }, dependencies(), world())
    expect(result.complete).toBe(false)
    expect(result.invoices.map(({ billingMonth, costUsd, reason }) => [billingMonth, costUsd, reason])).toEqual([
      ['', null, expect.stringContaining('neither invoice nor billing period')],
      ['', '5', undefined],
    ])
    expect(result.sources).toContainEqual(
      expect.objectContaining({ source: 'fal-focus', reason: expect.stringContaining('2 lines') }),
    )
  })

  it('counts a workspace once where fal does not tell that two keys share it', async () => {
    const faults = [{ kind: 'status', status: 403, path: '/account/billing', keyId: keyIdOfAccount(6) }] as const
    const { dependencies } = await real(world(), { faults })
    const given = { from: '2026-01', to: '2026-01', ids: [5, 6] }
    const { invoices } = await call(falListInvoicesTool, given, dependencies(), world())
    expect(invoices).toEqual([expect.objectContaining({ workspace: 'acme', accountIds: [5, 6], costUsd: '0.5' })])
  })

  it('with FAL_KEY alone lists its workspace', async () => {
    const { dependencies } = await real(world())
    const keyed = { ...dependencies(), ledger: undefined, settings: settingsFor({ falKey: apiKeyOf(7) }) }
    const result = await call(falListInvoicesTool, { from: '2026-01', to: '2026-01' }, keyed, world())
    expect(result).toMatchObject({ scope: 'fal-key', complete: true })
    expect(short(result.invoices)).toEqual([['2026-01', 'workspace-7', '4']])
    expect(await refusal(falListInvoicesTool, { ids: [7] }, keyed)).toMatchObject({ field: 'ids' })
  })

  it.each([
    [{ from: '2026-13' }, 'from', /YYYY-MM/],
    [{ from: '2026-1' }, 'from', /YYYY-MM/],
    [{ to: '2026-03' }, 'to', /2026-02/],
    [{ from: '2026-02', to: '2026-01' }, 'from', /2026-01/],
    [{ from: '2024-01', to: '2026-01' }, 'from', /2024-02 to 2026-01, at most 24/],
    [{ timezone: 'nowhere' }, 'timezone', /IANA/],
  ])('%j is refused by name', async (given, field, accepted) => {
    const error = await refusal(falListInvoicesTool, given, memoryDependencies(world(), {}))
    expect(error).toMatchObject({ kind: 'input', field })
    expect(error.accepted).toMatch(accepted)
  })

  it('takes 24 months, and no fewer characters of a hostile invoice id than are safe', async () => {
    const evil = `INV\u001b[31m-\u202e1`
    const csv = `${HEADER}\n1,USD,2026-01-01,,${evil},flux\n`
    const { dependencies } = await real(world(), { focus: { 'workspace-7': { '2026-01': csv } } })
    const given = { from: '2024-02', to: '2026-01', ids: [7] }
    const { invoices } = await call(falListInvoicesTool, given, dependencies(), world())
    expect(invoices.map(({ invoiceId }) => invoiceId)).toEqual(['INV-1'])
  })
})
