import { afterEach, describe, expect, it } from 'vitest'
import { keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { falGetUsageTool } from '../../tools/fal-get-usage.ts'
import { falListInvoicesTool } from '../../tools/fal-list-invoices.ts'
import { auditWith, noKey } from '../kit/audit-with.ts'
import { inShort } from '../kit/audit-world.ts'
import { openWorld, type RealParts, type RealWorld } from '../kit/real-audit.ts'
import { serverlessLine } from '../kit/serverless-line.ts'
import { twoNames } from '../kit/two-names.ts'
import { call } from './call.ts'

// Bills that name no keys, told under the names of two persons: what usage tells of their keys decides whether they are one.
const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

const acme = (keyless = false): World => {
  const billed = keyless ? { billed: noKey } : {}
  return new MiniWorld()
    .account(5, { workspace: 'acme', live: '10' })
    .account(7, { workspace: 'acme', live: '10' })
    .task({ account: 5, cost: '1', ...billed })
    .task({ account: 7, cost: '2', ...billed })
    .build()
}

const ONE = twoNames(acme())
const TWO = twoNames(acme(), (accountId, keyId) => keyId === keyIdOfAccount(accountId))
const UNTOLD = twoNames(acme(true))
/** Two workspaces. */
const APART = new MiniWorld()
  .account(5, { workspace: 'person-5', live: '10' })
  .account(7, { workspace: 'person-7', live: '10' })
  .task({ account: 5, cost: '1', billed: noKey })
  .task({ account: 7, cost: '2', billed: noKey })
  .build()
const UNREAD = [{ kind: 'status', status: 403, path: '/models/usage' }] as const
const HALF_READ = [{ ...UNREAD[0], keyId: keyIdOfAccount(7) }] as const

type Double = NonNullable<RealParts['double']>

const each = <T>(...bills: readonly [T, T]) => ({ 'person-5': bills[0], 'person-7': bills[1] })
const WARNING = /The bills of person-[57] and person-[57] look alike.*counted twice here.*ids/

async function real(world: World, double: RealParts['double']): Promise<RealWorld> {
  const opened = await openWorld(world, { store: 'embedded', double, client: { failureBudget: 3000 } })
  open.push(opened)
  return opened
}

describe('serverless usage', () => {
  const same = each([serverlessLine()], [serverlessLine()])
  const read = async (world: World, serverless: Double['serverless'], faults: Double['faults'] = []) => {
    const { double, dependencies } = await real(world, { serverless, faults })
    const apps = await call(
      falGetUsageTool,
      { start: '2026-02-06', end: '2026-02-06', group_by: 'app' },
      dependencies(),
    )
    const asked = double.requests.filter(({ path }) => path === '/models/usage').length
    return { sums: [apps.costUsd, ...apps.rows.map(({ app, costUsd }) => `${app} ${costUsd}`)], note: apps.note, asked }
  }

  it('is one bill where usage of both names the keys of both', async () => {
    const { sums, note } = await read(ONE, same)
    expect(sums).toEqual(['3', 'x 3'])
    expect(note).not.toMatch(/same lines/)
    // One that names a key which opens the other is enough.
    expect((await read(ONE, same, HALF_READ)).sums).toEqual(['3', 'x 3'])
  })

  it('is two where usage of each names its own', async () => {
    const { sums, note } = await read(TWO, same)
    expect(sums).toEqual(['6', 'x 6'])
    expect(note).not.toMatch(/same lines/)
  })

  it.each([
    ['names none', UNTOLD, []],
    ['could not be read', ONE, UNREAD],
  ] as const)('counts as two where usage %s, with a warning', async (_, world, faults) => {
    const { sums, note } = await read(world, same, faults)
    expect(sums).toEqual(['6', 'x 6'])
    expect(note).toMatch(WARNING)
  })

  it('asks for no usage where the bills hold other lines, or nothing', async () => {
    expect(await read(ONE, each([serverlessLine()], [serverlessLine('y', '4')]))).toMatchObject({
      sums: ['7', 'y 4', 'x 3'],
      asked: 0,
    })
    expect(await read(ONE, each([], []))).toMatchObject({ sums: ['0'], asked: 0 })
  })
})

describe('invoice reports', () => {
  const HEADER = 'BilledCost,BillingCurrency,BillingPeriodStart,InvoiceId,ServiceName'
  const report = (invoiceId: string) => ({ '2026-02': `${HEADER}\n3,USD,2026-02-01,${invoiceId},flux\n` })
  const same = each(report('INV-1'), report('INV-1'))
  const read = async (world: World, focus: Double['focus'], faults: Double['faults'] = []) => {
    const { dependencies } = await real(world, { focus, faults })
    const { invoices, note } = await call(falListInvoicesTool, { from: '2026-02' }, dependencies())
    return { rows: invoices.map(({ accountIds, costUsd }) => `${accountIds} ${costUsd}`), note }
  }

  it('are one where usage of both names the keys of both, and two where that of each names its own', async () => {
    expect((await read(ONE, same)).rows).toEqual(['5,7 3'])
    const two = await read(TWO, same)
    expect(two.rows).toEqual(['5 3', '7 3'])
    expect(two.note).not.toMatch(/same lines/)
  })

  it('and a sum of usage are one bill where usage names the keys of both', async () => {
    expect((await read(ONE, { 'person-5': report('INV-1') })).rows).toEqual(['5,7 3'])
    expect((await read(TWO, { 'person-5': report('INV-1') })).rows).toEqual(['5 3', '7 2'])
  })

  it('of the same lines count as two where no keys tell, with a warning', async () => {
    for (const { rows, note } of [await read(UNTOLD, same), await read(ONE, same, UNREAD)]) {
      expect(rows).toEqual(['5 3', '7 3'])
      expect(note).toMatch(WARNING)
    }
  })

  it('of other lines are not doubted', async () => {
    const { rows, note } = await read(UNTOLD, each(report('INV-1'), report('INV-2')))
    expect(rows).toEqual(['5 3', '7 3'])
    expect(note).not.toMatch(/same lines/)
  })
})

describe('usage that names no keys', () => {
  const DAY = { start: '2026-02-06', end: '2026-02-06' }

  it('has no total where its lines amount to the same; where it names them, or they do not, it has one', async () => {
    const usageOf = async (world: World) => {
      const { dependencies } = await real(world, {})
      return call(falGetUsageTool, DAY, dependencies())
    }
    const untold = await usageOf(UNTOLD)
    expect([untold.costUsd, untold.note]).toEqual([null, expect.stringMatching(/may be one bill or several.*ids/)])
    expect(untold.rows.map(({ costUsd, reason }) => [costUsd, reason])).toEqual([
      [null, expect.stringMatching(/may be one bill or several/)],
    ])
    for (const world of [ONE, TWO, APART]) {
      const told = await usageOf(world)
      expect([told.costUsd, told.note]).toEqual(['3', undefined])
    }
  })

  it('is nobody accused of at depth summary, where it may be one bill or two', async () => {
    const report = await auditWith(UNTOLD, () => ({}), DAY)
    expect(inShort(report)).toEqual([])
    expect(report.official.totals.costUsd).toBeNull()
    const open = report.notEvaluated.filter(({ rule }) => rule === 'A1')
    expect(open.map(({ subject }) => subject.accountId ?? subject.workspace)).toEqual(['person-5', 'person-7', 5, 7])
    for (const { reason } of open) expect(reason).toContain('may be one bill or several')
  })

  it('is judged where each bills what is its own', async () => {
    const report = await auditWith(APART, () => ({}), DAY)
    expect(inShort(report)).toEqual([])
    expect(report.official.totals.costUsd).toBe('3')
    expect(report.notEvaluated.filter(({ rule }) => rule === 'A1')).toEqual([])
  })

  it('is one bill where both bill the same requests: nobody is accused of all of it', async () => {
    const report = await auditWith(UNTOLD, () => ({}), { ...DAY, depth: 'requests' })
    expect(inShort(report)).toEqual([])
    expect(report.official.totals.costUsd).toBe('3')
    expect(report.tieOut).toMatchObject({ eventsTotal: '3', eventsResidual: '0', bridgeResidual: '0' })
  })
})
