import { afterEach, describe, expect, it } from 'vitest'
import { keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { AuditError } from '../../src/errors.ts'
import { falListAccountsTool } from '../../tools/fal-list-accounts.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { openWorld, type RealParts, type RealWorld, STORES } from '../kit/real-audit.ts'
import { call, refusal } from './call.ts'

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

async function real(world: World, parts: RealParts): Promise<RealWorld> {
  const opened = await openWorld(world, parts)
  open.push(opened)
  return opened
}

function world(): World {
  return new MiniWorld()
    .account(5, { workspace: 'acme', live: '12.3', balance: '12.345' })
    .account(6, { workspace: 'acme', live: '12.3', balance: null, name: 'six\u001b[2J\u202e!' })
    .account(7, { status: 0, balance: '0.1' })
    .task({ account: 5, at: '2026-02-06 12:00:00' })
    .task({ account: 5, at: '2026-02-07 00:00:01', status: 'failed' })
    .task({ account: 6, at: '2025-11-30 23:59:59' })
    .build()
}

describe.each(STORES)('fal-list-accounts, on %s', (store) => {
  it('lists each account with what is stored and what fal says', async () => {
    const { dependencies } = await real(world(), { store })
    const result = await call(falListAccountsTool, {}, dependencies(), world())
    expect(result).toMatchObject({
      asOf: '2026-02-09T12:00:00+08:00',
      timezone: 'Asia/Shanghai',
      complete: true,
      accountLimit: 20,
      counts: { accounts: 3, audited: 3, disabled: 1, unread: 0 },
    })
    const ok = { audited: true, billing: 'ok', usage: 'ok', events: 'ok' }
    expect(result.accounts).toEqual([
      {
        ...ok,
        accountId: 7,
        name: 'account-7',
        keyId: '00000007…',
        status: 'disabled',
        workspace: 'workspace-7',
        tableBalanceUsd: '0.1',
        liveBalanceUsd: null,
      },
      {
        ...ok,
        accountId: 6,
        name: 'six!',
        keyId: '00000006…',
        status: 'normal',
        workspace: 'acme',
        tableBalanceUsd: null,
        liveBalanceUsd: '12.3',
        lastUsedAt: '2025-11-30T23:59:59+08:00',
      },
      {
        ...ok,
        accountId: 5,
        name: 'account-5',
        keyId: '00000005…',
        status: 'normal',
        workspace: 'acme',
        tableBalanceUsd: '12.345',
        liveBalanceUsd: '12.3',
        lastUsedAt: '2026-02-07T00:00:01+08:00',
      },
    ])
  })

  it('tells the last use of a key however tasks write it, and none of an empty one', async () => {
    const { dependencies, exec } = await real(world(), { store })
    await exec("UPDATE ts_fal_tasks SET api_key = UPPER(api_key) WHERE created_at > '2026-02-07'")
    await exec("UPDATE ts_fal_tasks SET api_key = '' WHERE created_at < '2026-01-01'")
    await exec("UPDATE ts_fal_account SET api_key = '' WHERE id = 6")
    const { accounts } = await call(falListAccountsTool, {}, dependencies(), world())
    expect(accounts.map(({ accountId, lastUsedAt }) => [accountId, lastUsedAt])).toEqual([
      [7, undefined],
      [6, undefined],
      [5, '2026-02-07T00:00:01+08:00'],
    ])
  })

  it('tells the last use by one way to write a key where tasks of another have no time', async () => {
    const { dependencies, exec } = await real(world(), { store })
    await exec("UPDATE ts_fal_tasks SET api_key = UPPER(api_key), created_at = NULL WHERE created_at > '2026-02-07'")
    const { accounts, sources } = await call(falListAccountsTool, {}, dependencies(), world())
    expect(accounts.find(({ accountId }) => accountId === 5)?.lastUsedAt).toEqual(expect.any(String))
    expect(sources).toContainEqual({ source: 'tasks', status: 'complete' })
  })

  it('says of a key whose newest task has no time that is read that its last use is not told, not that it has no task', async () => {
    const { dependencies, exec } = await real(world(), { store })
    await exec(`UPDATE ts_fal_tasks SET created_at = NULL WHERE created_at < '2026-01-01'`)
    const result = await call(falListAccountsTool, {}, dependencies(), world())
    expect(result.accounts.map(({ accountId, lastUsedAt }) => [accountId, lastUsedAt])).toEqual([
      [7, undefined],
      [6, null],
      [5, '2026-02-07T00:00:01+08:00'],
    ])
    expect(result.complete).toBe(false)
    expect(result.sources.filter(({ status }) => status !== 'complete')).toEqual([
      {
        source: 'tasks',
        status: 'partial',
        reason: 'the newest task has a time that cannot be read, or none has a time, for the key of 1 account',
      },
    ])
  })

  it('says what a key may not read, and why; the others are read', async () => {
    const faults = [
      { kind: 'status', status: 403, keyId: keyIdOfAccount(6), path: '/models/usage' },
      { kind: 'status', status: 403, keyId: keyIdOfAccount(5), path: '/models/billing-events' },
      { kind: 'status', status: 401, keyId: keyIdOfAccount(7) },
    ] as const
    const { dependencies } = await real(world(), { store, double: { faults }, client: { failureBudget: 3000 } })
    const result = await call(falListAccountsTool, {}, dependencies(), world())
    expect(result).toMatchObject({ complete: false, counts: { unread: 3 } })
    const told = result.accounts.map(({ billing, usage, events, reason }) => [
      billing,
      usage,
      events,
      reason?.slice(0, 16),
    ])
    expect(told).toEqual([
      ['failed', 'failed', 'failed', 'fal answered 401'],
      ['ok', 'failed', 'ok', 'fal answered 403'],
      ['ok', 'ok', 'failed', 'fal answered 403'],
    ])
    const unread = result.sources.filter(({ status }) => status !== 'complete')
    expect(unread.map(({ source, accountId }) => [source, accountId])).toEqual([
      ['fal-balance', 7],
      ['fal-usage', 7],
      ['fal-events', 7],
      ['fal-usage', 6],
      ['fal-events', 5],
    ])
  })

  it('accounts beyond the limit are listed and not asked, unless ids name them', async () => {
    const { dependencies, double } = await real(world(), { store })
    const settings = { accountLimit: 1 }
    const all = await call(falListAccountsTool, {}, dependencies({ settings }), world())
    const asked = all.accounts.map(({ accountId, audited, billing, usage, events }) => [
      accountId,
      audited,
      billing,
      usage,
      events,
    ])
    expect(asked).toEqual([
      [7, true, 'ok', 'ok', 'ok'],
      [6, false, 'not-asked', 'not-asked', 'not-asked'],
      [5, false, 'not-asked', 'not-asked', 'not-asked'],
    ])
    expect(all).toMatchObject({ complete: true, accountLimit: 1, counts: { accounts: 3, audited: 1 } })
    expect(new Set(double.requests.map(({ workspace }) => workspace))).toEqual(new Set(['workspace-7']))
    const some = await call(falListAccountsTool, { ids: [5] }, dependencies({ settings }), world())
    expect(some.accounts).toMatchObject([{ accountId: 5, audited: false, billing: 'ok', liveBalanceUsd: '12.3' }])
  })
})

describe('fal-list-accounts, in memory', () => {
  it('last use that cannot be read is null, not absent', async () => {
    const memory = memoryDependencies(world(), {})
    const lastUse = async () => {
      throw new AuditError('source', 'ts_fal_tasks: no grant')
    }
    const ledger = {
      snapshot: async (signal: AbortSignal) => ({ ...(await memory.ledger!.snapshot(signal)), lastUse }),
    }
    const result = await call(falListAccountsTool, {}, { ...memory, ledger }, world())
    expect(result.complete).toBe(false)
    expect(result.accounts.map(({ lastUsedAt }) => lastUsedAt)).toEqual([null, null, null])
    expect(result.sources).toContainEqual({ source: 'tasks', status: 'failed', reason: 'ts_fal_tasks: no grant' })
  })

  it('unknown ids and a missing database are told by name', async () => {
    const memory = memoryDependencies(world(), {})
    expect(await refusal(falListAccountsTool, { ids: [99] }, memory)).toMatchObject({ kind: 'input', field: 'ids' })
    const error = await refusal(falListAccountsTool, {}, { ...memory, ledger: undefined })
    expect(error).toMatchObject({ kind: 'configuration', field: 'DATABASE_URL' })
  })
})
