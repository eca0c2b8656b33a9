import { afterEach, describe, expect, it } from 'vitest'
import { apiKeyOf, keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { parseUsd } from '../../src/units/nano-usd.ts'
import { parseDate } from '../../src/units/zone.ts'
import { falBalanceTool } from '../../tools/fal-balance.ts'
import { memoryDependencies, settingsFor } from '../kit/audit-world.ts'
import { openWorld, type RealParts, type RealWorld } from '../kit/real-audit.ts'
import { twoNames } from '../kit/two-names.ts'
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

/** Read at 2026-02-09T04:00:00Z: the 7 days begin on the 2nd, the 30 days on the 10th of January, both at 04:00 UTC. */
const WEEK = '2026-02-02T04:00:00.000Z'
const MONTH = '2026-01-10T04:00:00.000Z'
const before = (time: string): string => new Date(Date.parse(time) - 1).toISOString()

const bought = (name: string, usd: string, since: string) =>
  new Map([[name, { nanoUsd: parseUsd(usd)!, since: parseDate(since)! }]])

/** acme has two accounts and spends 0.7 in 7 days and 3 in 30; account 7 stands alone, and fal tells no credits of it. */
function world(): World {
  return new MiniWorld()
    .account(5, { workspace: 'acme', live: '12.3' })
    .account(6, { workspace: 'acme', live: '12.3' })
    .account(7, { balance: '4.5' })
    .event({ cost: '100', timestamp: before(MONTH) })
    .event({ cost: '1.3', timestamp: MONTH })
    .event({ cost: '1', timestamp: before(WEEK) })
    .event({ cost: '0.3', timestamp: WEEK })
    .event({ cost: '0.4', timestamp: '2026-02-09T03:59:59.999Z', keyId: undefined, login: 'mallory@example.com' })
    .event({ cost: '100', timestamp: '2026-02-09T04:00:00.000Z' })
    .event({ cost: '2', timestamp: '2026-02-05T00:00:00Z' }, apiKeyOf(7))
    .event({ cost: '0.000000001', timestamp: '2026-01-20T00:00:00Z' }, apiKeyOf(7))
    .event({ cost: '5', timestamp: '2025-12-31T16:00:00Z' }, apiKeyOf(7))
    .event({ cost: '50', timestamp: '2025-12-31T15:59:59Z' }, apiKeyOf(7))
    .build()
}

const ACME = {
  workspace: 'acme',
  accountIds: [5, 6],
  balanceUsd: '12.3',
  remainingUsd: '12.3',
  remainingSource: 'live',
  last7Days: { spentUsd: '0.7', perDayUsd: '0.1', daysLeft: '123.0' },
  last30Days: { spentUsd: '3', perDayUsd: '0.1', daysLeft: '123.0' },
}
const SEVEN = {
  workspace: 'workspace-7',
  accountIds: [7],
  balanceUsd: null,
  balanceReason: expect.stringContaining('no credits'),
  remainingUsd: null,
  remainingSource: 'unknown',
  last7Days: { spentUsd: '2', perDayUsd: '0.285714286', daysLeft: null },
  last30Days: { spentUsd: '2.000000001', perDayUsd: '0.066666667', daysLeft: null },
}

describe('fal-balance', () => {
  it('shows each workspace once: credits, spend to the instant, and days left', async () => {
    const { double, dependencies } = await real(world())
    const result = await call(falBalanceTool, {}, dependencies(), world())
    expect(result).toMatchObject({
      asOf: '2026-02-09T12:00:00+08:00',
      timezone: 'Asia/Shanghai',
      scope: 'accounts',
      complete: true,
      dashboard: 'https://fal.ai/dashboard/billing',
      notes: [expect.stringMatching(/365 days.*promotional/)],
    })
    expect(result.workspaces).toEqual([ACME, SEVEN])
    expect(double.requests.filter(({ path }) => path === '/models/usage')).toHaveLength(4)
  })

  it('where fal tells no credits takes those bought since a day of the zone, less all usage since', async () => {
    const { dependencies } = await real(world())
    const creditsBought = bought('workspace-7', '10', '2026-01-01')
    const { workspaces, notes } = await call(
      falBalanceTool,
      { ids: [7] },
      dependencies({ settings: { creditsBought } }),
    )
    expect(workspaces).toEqual([
      {
        ...SEVEN,
        remainingUsd: '2.999999999',
        remainingSource: 'bought-minus-spent',
        creditsBoughtUsd: '10',
        boughtSince: '2026-01-01',
        spentSinceUsd: '7.000000001',
        last7Days: { ...SEVEN.last7Days, daysLeft: '10.4' },
        last30Days: { ...SEVEN.last30Days, daysLeft: '44.9' },
      },
    ])
    expect(notes.join()).toContain('bought-minus-spent')
  })

  it('a live balance needs no bought credits, and those of another workspace do not count', async () => {
    const { double, dependencies } = await real(world())
    const creditsBought = new Map([...bought('acme', '10', '2026-01-01'), ...bought('other', '10', '2026-01-01')])
    const { workspaces } = await call(falBalanceTool, {}, dependencies({ settings: { creditsBought } }))
    expect(workspaces).toEqual([ACME, SEVEN])
    expect(double.requests.filter(({ path }) => path === '/models/usage')).toHaveLength(4)
  })

  it('a day of purchase that has not come is no zero spend', async () => {
    const { dependencies } = await real(world())
    const creditsBought = bought('workspace-7', '10', '2026-02-10')
    const result = await call(falBalanceTool, { ids: [7] }, dependencies({ settings: { creditsBought } }))
    expect(result).toMatchObject({ complete: false })
    expect(result.workspaces[0]).toMatchObject({
      remainingUsd: null,
      remainingSource: 'unknown',
      spentSinceUsd: null,
      spendReason: expect.stringContaining('not come'),
      last7Days: { spentUsd: '2' },
    })
  })

  it.each([
    ['0.7', '7.0', '0.1'],
    ['0.699999999', '6.9', '0.1'],
    ['0.000000001', '0.0', '0.1'],
    ['0', '0.0', '0.1'],
    ['-3', '0.0', '0.1'],
  ])('of a balance of %s, %s days are left', async (live, daysLeft, perDayUsd) => {
    const alone = new MiniWorld().account(5, { live }).event({ cost: '0.7', timestamp: WEEK }).build()
    const { workspaces } = await call(falBalanceTool, {}, memoryDependencies(alone, {}), alone)
    expect(workspaces[0]).toMatchObject({ balanceUsd: live, last7Days: { spentUsd: '0.7', perDayUsd, daysLeft } })
  })

  it('says no days left where nothing was spent, and lists what ends first at the top', async () => {
    const built = new MiniWorld()
      .account(5, { live: '10' })
      .account(6, { live: '10' })
      .account(7, { live: '10' })
      .event({ cost: '1', timestamp: WEEK }, apiKeyOf(6))
      .event({ cost: '2', timestamp: WEEK }, apiKeyOf(7))
      .build()
    const { workspaces } = await call(falBalanceTool, {}, memoryDependencies(built, {}), built)
    expect(workspaces.map(({ accountIds, last7Days }) => [accountIds?.[0], last7Days.daysLeft])).toEqual([
      [7, '35.0'],
      [6, '70.0'],
      [5, null],
    ])
    expect(workspaces[2]?.last7Days).toEqual({ spentUsd: '0', perDayUsd: '0', daysLeft: null })
  })

  it('usage that cannot be read is null with its reason, and the balance stands', async () => {
    const faults = [{ kind: 'status', status: 403, path: '/models/usage', keyId: keyIdOfAccount(7) }] as const
    const { dependencies } = await real(world(), { faults })
    const creditsBought = bought('workspace-7', '10', '2026-01-01')
    const result = await call(falBalanceTool, {}, dependencies({ settings: { creditsBought } }), world())
    expect(result.complete).toBe(false)
    expect(result.workspaces).toEqual([
      ACME,
      {
        ...SEVEN,
        creditsBoughtUsd: '10',
        boughtSince: '2026-01-01',
        spentSinceUsd: null,
        last7Days: { spentUsd: null, perDayUsd: null, daysLeft: null },
        last30Days: { spentUsd: null, perDayUsd: null, daysLeft: null },
        spendReason: expect.stringMatching(/403.*billing/),
      },
    ])
    expect(result.sources).toContainEqual(
      expect.objectContaining({ source: 'fal-usage', accountId: 7, status: 'failed', reason: expect.any(String) }),
    )
  })

  it('a balance that cannot be read is null with its reason, and the spend stands', async () => {
    const faults = [{ kind: 'status', status: 403, path: '/account/billing', keyId: keyIdOfAccount(7) }] as const
    const { dependencies } = await real(world(), { faults })
    const result = await call(falBalanceTool, { ids: [7] }, dependencies(), world())
    expect(result.complete).toBe(false)
    const { workspace: _, ...nameless } = SEVEN
    expect(result.workspaces).toEqual([{ ...nameless, balanceReason: expect.stringContaining('403') }])
  })

  it('a key whose workspace fal does not tell joins the workspace that has its bill', async () => {
    const faults = [{ kind: 'status', status: 403, path: '/account/billing', keyId: keyIdOfAccount(6) }] as const
    const { dependencies } = await real(world(), { faults })
    const result = await call(falBalanceTool, { ids: [5, 6] }, dependencies(), world())
    expect(result.workspaces).toEqual([ACME])
    expect(result.complete).toBe(false)
  })

  it('nothing readable at all is null, never zero', async () => {
    const { dependencies } = await real(world(), { faults: [{ kind: 'html' }] })
    const result = await call(falBalanceTool, {}, dependencies(), world())
    expect(result.complete).toBe(false)
    expect(result.workspaces).toHaveLength(3)
    for (const row of result.workspaces) {
      expect(row).toMatchObject({ balanceUsd: null, remainingUsd: null, last7Days: { spentUsd: null, daysLeft: null } })
    }
  })

  it('works with FAL_KEY alone', async () => {
    const { dependencies } = await real(world())
    const keyed = { ...dependencies(), ledger: undefined, settings: settingsFor({ falKey: apiKeyOf(5) }) }
    const result = await call(falBalanceTool, {}, keyed, world())
    const { accountIds: _, ...nobody } = ACME
    expect(result).toMatchObject({ scope: 'fal-key', complete: true })
    expect(result.workspaces).toEqual([nobody])
    expect(result.sources.map(({ source }) => source)).toEqual(['fal-balance', 'fal-usage'])
    const neither = await refusal(falBalanceTool, {}, { ...keyed, settings: settingsFor() })
    expect(neither).toMatchObject({ kind: 'configuration', message: expect.stringMatching(/DATABASE_URL.*FAL_KEY/) })
    expect(await refusal(falBalanceTool, { ids: [5] }, keyed)).toMatchObject({ kind: 'input', field: 'ids' })
  })

  it.each([
    [{ ids: [99] }, 'ids', /7, 6, 5/],
    [{ ids: ['5'] }, 'ids.0', /number/],
    [{ days: 7 }, 'days', /ids/],
  ])('%j: the error names the field and what is accepted', async (given, field, accepted) => {
    const error = await refusal(falBalanceTool, given, memoryDependencies(world(), {}))
    expect(error).toMatchObject({ kind: 'input', field })
    expect(error.accepted).toMatch(accepted)
  })
})

describe('one workspace under two usernames', () => {
  const shared = (keyId: string | undefined): World =>
    twoNames(
      new MiniWorld()
        .account(5, { workspace: 'acme', live: '5' })
        .account(7, { workspace: 'acme' })
        .event({ cost: '0.7', timestamp: WEEK, keyId })
        .build(),
    )

  it('of which no key tells is said to be one, perhaps: its spend stands in two rows', async () => {
    const { dependencies } = await real(shared(undefined))
    const result = await call(falBalanceTool, {}, dependencies())
    expect(result.workspaces.map(({ last7Days }) => last7Days.spentUsd)).toEqual(['0.7', '0.7'])
    expect(result.notes).toContainEqual(
      expect.stringMatching(/^The bills of person-7 and person-5 look alike.*counted twice here/),
    )
  })

  it('is one where a key tells', async () => {
    const { dependencies } = await real(shared(keyIdOfAccount(5)))
    const result = await call(falBalanceTool, {}, dependencies())
    expect(result.workspaces.map(({ accountIds }) => accountIds)).toEqual([[5, 7]])
    expect(result.notes.join()).not.toMatch(/look alike/)
  })
})
