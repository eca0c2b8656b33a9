import { afterEach, describe, expect, it } from 'vitest'
import { apiKeyOf, keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import type { FalReader, Fetched } from '../../src/fal/reader.ts'
import { nanoUsd } from '../../src/units/nano-usd.ts'
import { falBalanceTool } from '../../tools/fal-balance.ts'
import { falEstimateCostTool } from '../../tools/fal-estimate-cost.ts'
import { falGetUsageTool } from '../../tools/fal-get-usage.ts'
import { falListInvoicesTool } from '../../tools/fal-list-invoices.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { openWorld, type RealParts, type RealWorld } from '../kit/real-audit.ts'
import { serverlessLine } from '../kit/serverless-line.ts'
import { twoNames } from '../kit/two-names.ts'
import { call } from './call.ts'

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

/** fal does not tell the workspace of account 7. */
const UNTOLD = [{ kind: 'status', status: 403, keyId: keyIdOfAccount(7), path: '/account/billing' }] as const
const MODEL = 'fal-ai/flux/schnell'
const DOUBT = 'may be one bill or several'

async function read(
  world: World,
  double: RealParts['double'] = {},
  change: (fal: FalReader) => Partial<FalReader> = () => ({}),
) {
  const opened = await openWorld(world, { store: 'embedded', double, client: { failureBudget: 3000 } })
  open.push(opened)
  const dependencies = opened.dependencies()
  const given = { ...dependencies, fal: { ...dependencies.fal, ...change(dependencies.fal) } }
  const event = { participants: 1, uses_per_head: 1, model: MODEL }
  return {
    invoices: await call(falListInvoicesTool, { from: '2026-02' }, given),
    balance: await call(falBalanceTool, {}, given),
    estimate: await call(falEstimateCostTool, event, given),
    apps: await call(falGetUsageTool, { start: '2026-02-06', end: '2026-02-06', group_by: 'app' }, given),
  }
}

type Answers = Awaited<ReturnType<typeof read>>

const inShort = ({ invoices, balance, estimate, apps }: Answers) => ({
  invoices: invoices.invoices.map(({ workspace, costUsd }) => [workspace, costUsd]),
  balance: balance.workspaces.map(({ workspace, last7Days, last30Days }) => [
    workspace,
    last7Days.spentUsd,
    last30Days.spentUsd,
  ]),
  billed: estimate.models[0]?.billed?.map(({ costUsd }) => costUsd) ?? null,
  available: estimate.availableUsd,
  apps: [apps.costUsd, ...apps.rows.map(({ app, costUsd }) => `${app} ${costUsd}`)],
  complete: [invoices.complete, balance.complete, estimate.complete, apps.complete],
})

const NOT_COMPLETE = [false, false, false, false]

/** Keys 5 and 7, whose bills name no keys: 3 USD each, of the same model or not. */
const keyless = (workspaces: readonly [string, string], models: readonly [string, string] = [MODEL, MODEL]): World => {
  const built = new MiniWorld()
    .account(5, { workspace: workspaces[0], live: '10' })
    .account(7, { workspace: workspaces[1], live: '10' })
  const keyId = undefined as never
  built.event(
    { requestId: 'a', endpointId: models[0], cost: '3', timestamp: '2026-02-06T04:00:30Z', keyId },
    apiKeyOf(5),
  )
  if (workspaces[0] === workspaces[1]) return built.build()
  built.event(
    { requestId: 'b', endpointId: models[1], cost: '3', timestamp: '2026-02-06T04:00:30Z', keyId },
    apiKeyOf(7),
  )
  return built.build()
}

/** What the key of account 7 reads has grown by a thousandth of a dollar, and by one line. */
const ticking = (fal: FalReader): Partial<FalReader> => {
  const grow = <Row extends { readonly costNanoUsd: bigint; readonly unit: string }>(read: Fetched<Row[]>) => {
    const [first, ...rest] = read.status === 'complete' ? read.value : []
    if (first === undefined || read.status === 'failed') return read
    const more = { ...first, costNanoUsd: nanoUsd(1_000_000n) }
    const grown = { ...first, costNanoUsd: nanoUsd(first.costNanoUsd + 1_000_000n) }
    return { ...read, value: [grown, ...rest, { ...more, unit: 'seconds', gpuClass: 'GPU-A100' }] }
  }
  const late = (apiKey: string) => apiKey === apiKeyOf(7)
  return {
    usage: async (apiKey, ...question) => {
      const fetched = await fal.usage(apiKey, ...question)
      return late(apiKey) ? grow(fetched) : fetched
    },
    serverlessUsage: async (apiKey, ...question) => {
      const fetched = await fal.serverlessUsage(apiKey, ...question)
      return late(apiKey) ? grow(fetched) : fetched
    },
  }
}

describe('a key whose workspace fal does not tell, and bills that name no keys', () => {
  it.each([
    [
      'two workspaces with equal bills',
      keyless(['acme', 'beta']),
      { acme: [serverlessLine()], beta: [serverlessLine()] },
      undefined,
    ],
    ['one workspace', keyless(['acme', 'acme']), { acme: [serverlessLine()] }, undefined],
    [
      'one workspace that spends between the two readings',
      keyless(['acme', 'acme']),
      { acme: [serverlessLine()] },
      ticking,
    ],
  ])(
    'may be of another workspace or not: nothing is added, nothing merged (%s)',
    async (_, world, serverless, change) => {
      const answers = await read(world, { serverless, faults: UNTOLD }, change)
      expect(inShort(answers)).toEqual({
        invoices: [
          [undefined, null],
          ['acme', '3'],
        ],
        balance: [
          ['acme', '3', '3'],
          [undefined, null, null],
        ],
        billed: null,
        available: null,
        apps: [null, 'x null'],
        complete: NOT_COMPLETE,
      })
      const { invoices, balance, estimate, apps } = answers
      expect(invoices.invoices[0]?.reason).toContain(DOUBT)
      expect(balance.workspaces[1]?.spendReason).toContain(DOUBT)
      expect(estimate.models[0]?.billedReason).toContain(DOUBT)
      expect(estimate.availableReason).toMatch(/may be 2 or fewer.*ids/)
      expect(apps.note).toContain(DOUBT)
      expect(apps.rows[0]?.reason).toContain(DOUBT)
    },
  )

  it('is of another one where their bills have no line in common: both are counted', async () => {
    const serverless = { acme: [serverlessLine()], beta: [serverlessLine('y', '4')] }
    const answers = await read(keyless(['acme', 'beta'], [MODEL, 'other']), { serverless, faults: UNTOLD })
    expect(inShort(answers)).toEqual({
      invoices: [
        [undefined, '3'],
        ['acme', '3'],
      ],
      balance: [
        ['acme', '3', '3'],
        [undefined, '3', '3'],
      ],
      billed: ['3'],
      available: null,
      apps: ['7', 'y 4', 'x 3'],
      complete: NOT_COMPLETE,
    })
    expect(answers.estimate.availableReason).toMatch(/^2 workspaces have a balance each/)
  })

  it('needs no guess where fal tells it', async () => {
    const serverless = { acme: [serverlessLine()], beta: [serverlessLine()] }
    const two = inShort(await read(keyless(['acme', 'beta']), { serverless }))
    expect(two).toMatchObject({ billed: ['6'], apps: ['6', 'x 6'], complete: [true, true, true, true] })
    expect(two.invoices).toHaveLength(2)
    const one = inShort(await read(keyless(['acme', 'acme']), { serverless }))
    expect(one).toMatchObject({ billed: ['3'], apps: ['3', 'x 3'], available: '10' })
    expect(one.invoices).toEqual([['acme', '3']])
  })
})

describe('a key whose workspace fal does not tell, and bills that name keys', () => {
  const keyed = (other: string) =>
    new MiniWorld()
      .account(5, { workspace: 'acme', live: '10' })
      .account(7, { workspace: other, live: '10' })
      .task({ account: 5, cost: '1' })
      .task({ account: 7, cost: '2' })
      .build()

  it.each([
    ['at one moment', undefined],
    ['at two, between which it spends', ticking],
  ])('is of the workspace that its key spends in, read %s', async (_, change) => {
    expect(inShort(await read(keyed('acme'), { faults: UNTOLD }, change))).toMatchObject({
      invoices: [['acme', '3']],
      balance: [['acme', '3', '3']],
      billed: ['3'],
      available: '10',
    })
  })

  it('is of another one where each bill names its own keys', async () => {
    expect(inShort(await read(keyed('beta'), { faults: UNTOLD }))).toMatchObject({
      invoices: [
        [undefined, '2'],
        ['acme', '1'],
      ],
      billed: ['3'],
      available: null,
    })
  })
})

describe('a bill that fal tells under the names of two persons', () => {
  const DAY = { start: '2026-02-06', end: '2026-02-06' }
  const acme = new MiniWorld()
    .account(5, { workspace: 'acme', live: '10' })
    .account(7, { workspace: 'acme', live: '10' })
    .task({ account: 5, cost: '1' })
    .task({ account: 7, cost: '2' })
    .build()
  it.each(['summary', 'requests'] as const)('is counted once, and accuses nobody, by %s', async (depth) => {
    const world = twoNames(acme)
    expect(inShort(await read(world))).toMatchObject({
      invoices: [['person-7', '3']],
      balance: [['person-7', '3', '3']],
      billed: ['3'],
      available: '10',
    })
    const report = await auditWorld(world, { ...DAY, depth })
    expect(report.findings).toEqual([])
    expect(report.coverage.complete).toBe(true)
    expect(report.official.totals.costUsd).toBe('3')
    expect(report.official.rows.map(({ accountId, costUsd }) => [accountId, costUsd])).toEqual([
      [5, '1'],
      [7, '2'],
    ])
  })

  it('is two, where each names its own keys', async () => {
    const world = twoNames(acme, (accountId, keyId) => keyId === keyIdOfAccount(accountId))
    expect(inShort(await read(world))).toMatchObject({
      invoices: [
        ['person-5', '1'],
        ['person-7', '2'],
      ],
      billed: ['3'],
      available: null,
    })
    expect((await auditWorld(world, DAY)).official.totals.costUsd).toBe('3')
  })
})

describe('a key whose workspace fal does not tell, and invoice reports', () => {
  const HEADER = 'BilledCost,BillingCurrency,BillingPeriodStart,InvoiceId,ServiceName'
  const report = (invoiceId: string) => ({ '2026-02': `${HEADER}\n3,USD,2026-02-01,${invoiceId},flux\n` })

  it.each([
    [
      'the same invoice',
      { acme: report('INV-1'), beta: report('INV-1') },
      [
        ['acme', '3'],
        [undefined, null],
      ],
    ],
    [
      'another invoice',
      { acme: report('INV-1'), beta: report('INV-2') },
      [
        [undefined, '3'],
        ['acme', '3'],
      ],
    ],
    [
      'an invoice beside a sum of usage',
      { beta: report('INV-2') },
      [
        [undefined, null],
        ['acme', '3'],
      ],
    ],
  ])('with %s', async (_, focus, rows) => {
    const { invoices } = inShort(await read(keyless(['acme', 'beta']), { focus, faults: UNTOLD }))
    expect([...invoices].sort()).toEqual([...rows].sort())
  })
})
