import { afterEach, describe, expect, it } from 'vitest'
import { apiKeyOf, keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import { falGetUsageTool } from '../../tools/fal-get-usage.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { openWorld, type RealParts, type RealWorld } from '../kit/real-audit.ts'
import { call } from './call.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06' }

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

describe('fal-get-usage of rows that name no key', () => {
  const keyless = { billed: { keyId: undefined as never } }
  const UNNAMED = { kind: 'status', status: 403, path: '/account/billing' } as const
  const usageOf = async (
    world: MiniWorld,
    group_by: string,
    faults: NonNullable<RealParts['double']>['faults'] = [],
  ) => {
    const real = await openWorld(world.build(), { store: 'embedded', double: { faults } })
    open.push(real)
    return call(falGetUsageTool, { ...DAY, group_by }, real.dependencies())
  }

  it('leaves what its other rows name to the accounts that share it: their models have sums', async () => {
    const world = new MiniWorld()
      .account(5, { workspace: 'acme' })
      .account(6, { workspace: 'acme' })
      .task({ account: 5, model: 'x', cost: '1' })
      .task({ account: 6, model: 'y', cost: '4', ...keyless })
    const { costUsd, rows } = await usageOf(world, 'model')
    expect([costUsd, ...rows.map((row) => `${row.model} ${row.costUsd}`)]).toEqual(['5', 'y 4', 'x 1'])
  })

  it('shows no figure of a bill without a name that may be one that is shown', async () => {
    const world = new MiniWorld()
      .account(5, { workspace: 'acme' })
      .account(7, { workspace: 'acme' })
      .task({ account: 5, cost: '1', ...keyless })
      .task({ account: 7, cost: '2', ...keyless })
    const { costUsd, rows } = await usageOf(world, 'account', [{ ...UNNAMED, keyId: keyIdOfAccount(7) }])
    expect(costUsd).toBeNull()
    const shown = rows.map(({ accountId, workspace, costUsd: cost }) => [accountId ?? workspace, cost])
    expect(shown).toEqual([
      ['acme', '3'],
      [7, null],
      [5, null],
      ['unknown (account 7)', null],
    ])
  })

  it('tells accounts apart that stand alone in workspaces without a name, and that fal did not name them', async () => {
    const world = new MiniWorld()
      .account(5)
      .account(6)
      .task({ model: 'x', cost: '1', ...keyless })
      .task({ account: 6, model: 'y', cost: '2', ...keyless })
    const { complete, rows, sources } = await usageOf(world, 'key', [UNNAMED])
    expect(rows.map(({ accountId, costUsd }) => [accountId, costUsd])).toEqual([
      [6, '2'],
      [5, '1'],
    ])
    expect(complete).toBe(false)
    expect(sources.filter(({ status }) => status !== 'complete')).toEqual(
      [5, 6].map((accountId) => expect.objectContaining({ source: 'fal-balance', accountId, status: 'failed' })),
    )
  })
})

it('fal-get-usage trusts ids that no account row holds where what an account recorded cost nothing', async () => {
  const world = (cost: string) =>
    new MiniWorld()
      .account(5)
      .task({ cost, billed: false })
      .event({ cost: '2', timestamp: '2026-02-06T05:00:00Z', keyId: '99999999-0000-4000-8000-000000000000' })
  const costs = async (cost: string) => {
    const given = { ...DAY, group_by: 'account' }
    const { rows } = await call(falGetUsageTool, given, memoryDependencies(world(cost).build(), {}))
    return rows.map(({ accountId = null, costUsd }) => [accountId, costUsd])
  }
  expect(await costs('0')).toEqual([
    [null, '2'],
    [5, '0'],
  ])
  expect(await costs('0.000000001')).toEqual([[5, '2']])
})

it('fal-get-usage of FAL_KEY ends at the moment of reading, as that of the table does', async () => {
  const today = new MiniWorld()
    .account(5)
    .event({ cost: '1', timestamp: '2026-02-09T03:59:59.999Z' })
    .event({ cost: '2', timestamp: '2026-02-09T04:00:00Z' })
  const dependencies = memoryDependencies(today.build(), { settings: { falKey: apiKeyOf(5) } })
  const given = { start: '2026-02-09', end: '2026-02-09' }
  for (const ledger of [dependencies.ledger, undefined]) {
    expect(await call(falGetUsageTool, given, { ...dependencies, ledger })).toMatchObject({ costUsd: '1' })
  }
})
