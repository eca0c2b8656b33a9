import { describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld } from '../../src/demo/mini-world.ts'
import type { FalReader, Fetched, UsageRow } from '../../src/fal/reader.ts'
import { firstWhole } from '../../src/operations/workspaces.ts'
import { parseUsd } from '../../src/units/nano-usd.ts'
import { parseDate } from '../../src/units/zone.ts'
import { falBalanceTool } from '../../tools/fal-balance.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { call } from './call.ts'

/** Read at 2026-02-09T04:00:00Z: the last 7 days begin on the 2nd, and the 30 days on the 10th of January. */
const LAST_WEEK = Date.parse('2026-02-02T04:00:00Z')
const spends = () =>
  new MiniWorld()
    .account(5, { live: '10' })
    .event({ cost: '0.7', timestamp: '2026-02-08T00:00:00Z' })
    .event({ cost: '2.3', timestamp: '2026-01-20T00:00:00Z' })

/** The workspaces where some answers about usage break off: what came of them is a part. */
async function balances(breaksOff: (start: number) => boolean, bought?: string) {
  const creditsBought = new Map(
    bought === undefined ? [] : [['workspace-5', { nanoUsd: parseUsd('10')!, since: parseDate(bought)! }]],
  )
  const dependencies = memoryDependencies(spends().build(), { settings: { creditsBought } })
  const { fal } = dependencies
  const usage: FalReader['usage'] = async (apiKey, query, signal) => {
    const read = await fal.usage(apiKey, query, signal)
    if (read.status !== 'complete' || !breaksOff(query.range.start)) return read
    return { ...read, status: 'partial', failure: 'unreachable', reason: 'it broke off' }
  }
  const billing: FalReader['billing'] = async (apiKey, signal) => {
    const read = await fal.billing(apiKey, signal)
    if (bought === undefined || read.status !== 'complete') return read
    return { ...read, value: { ...read.value, balanceNanoUsd: null } }
  }
  const result = await call(falBalanceTool, {}, { ...dependencies, fal: { ...fal, usage, billing } })
  return { complete: result.complete, row: result.workspaces[0], sources: result.sources }
}

describe('usage that was read in part', () => {
  const WEEK = { spentUsd: '0.7', perDayUsd: '0.1', daysLeft: '100.0' }
  const MONTH = { spentUsd: '3', perDayUsd: '0.1', daysLeft: '100.0' }
  const NONE = { spentUsd: null, perDayUsd: null, daysLeft: null }

  it('is no sum of what was spent, of whichever days it is', async () => {
    const shown = async (breaksOff: (start: number) => boolean) => {
      const { complete, row, sources } = await balances(breaksOff)
      const { status } = sources.find(({ source }) => source === 'fal-usage')!
      return [complete, status, row?.last7Days, row?.last30Days, row?.spendReason]
    }
    expect(await shown(() => false)).toEqual([true, 'complete', WEEK, MONTH, undefined])
    expect(await shown((start) => start === LAST_WEEK)).toEqual([false, 'partial', NONE, NONE, 'it broke off'])
    expect(await shown((start) => start < LAST_WEEK)).toEqual([false, 'partial', WEEK, NONE, 'it broke off'])
  })

  it('leaves it open what is left of credits bought', async () => {
    const since = '2026-01-15'
    const isSince = (start: number): boolean => start === Date.parse('2026-01-14T16:00:00Z')
    expect((await balances(() => false, since)).row).toMatchObject({ spentSinceUsd: '3', remainingUsd: '7' })
    const { row, complete } = await balances(isSince, since)
    expect(complete).toBe(false)
    expect(row).toMatchObject({ spentSinceUsd: null, remainingUsd: null, remainingSource: 'unknown', last7Days: {} })
    expect(row?.last7Days).toEqual({ ...WEEK, daysLeft: null })
  })
})

describe('workspaces', () => {
  it('tell the balance that any of their keys is told', async () => {
    const two = new MiniWorld()
      .account(5, { workspace: 'acme', live: '10' })
      .account(6, { workspace: 'acme', live: '10' })
      .event({ cost: '0.7', timestamp: '2026-02-08T00:00:00Z' })
    const dependencies = memoryDependencies(two.build(), {})
    for (const silent of [5, 6]) {
      const billing: FalReader['billing'] = async (apiKey, signal) => {
        const read = await dependencies.fal.billing(apiKey, signal)
        if (read.status !== 'complete' || apiKey !== apiKeyOf(silent)) return read
        return { ...read, value: { ...read.value, balanceNanoUsd: null } }
      }
      const fal = { ...dependencies.fal, billing }
      const { workspaces } = await call(falBalanceTool, {}, { ...dependencies, fal })
      expect(workspaces).toMatchObject([{ accountIds: [5, 6], balanceUsd: '10', remainingSource: 'live' }])
    }
  })

  it('are in order of when they end at the faster of both paces', async () => {
    const two = spends()
      .account(6, { live: '10' })
      .event({ cost: '3.3', timestamp: '2026-01-20T00:00:00Z' }, apiKeyOf(6))
      .account(7, { live: '9' })
      .event({ cost: '0.7', timestamp: '2026-02-08T00:00:00Z' }, apiKeyOf(7))
    const { workspaces } = await call(falBalanceTool, {}, memoryDependencies(two.build(), {}))
    expect(
      workspaces.map(({ accountIds, last7Days, last30Days }) => [
        accountIds?.[0],
        last7Days.daysLeft,
        last30Days.daysLeft,
      ]),
    ).toEqual([
      [7, '90.0', '385.7'],
      [6, null, '90.9'],
      [5, '100.0', '100.0'],
    ])
  })
})

describe('several keys of one bill', () => {
  const failed = (failure: 'forbidden' | 'server-error') => ({ status: 'failed', failure, reason: failure }) as const
  const partial = { status: 'partial', value: [], failure: 'unreachable', reason: 'it broke off' } as const
  const told = async (...reads: readonly Fetched<readonly UsageRow[]>[]) => {
    const left = [...reads]
    const read = await firstWhole(
      reads.map((_, index) => `key ${index}`),
      async () => left.shift()!,
    )
    return 'reason' in read ? read.reason : read.status
  }

  it('are refused only where all are, and a part is better than nothing', async () => {
    const [refused, down] = [failed('forbidden'), failed('server-error')]
    expect(await told(refused, down)).toBe('server-error')
    expect(await told(down, refused)).toBe('server-error')
    expect(await told(refused, refused)).toBe('forbidden')
    expect(await told(partial, down)).toBe('it broke off')
    expect(await told(down, partial, refused)).toBe('it broke off')
    expect(await told(refused, { status: 'complete', value: [] })).toBe('complete')
  })
})
