import { afterEach, describe, expect, it } from 'vitest'
import { apiKeyOf, keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { falGetUsageTool } from '../../tools/fal-get-usage.ts'
import { memoryDependencies, settingsFor } from '../kit/audit-world.ts'
import { openWorld, type RealParts, type RealWorld } from '../kit/real-audit.ts'
import { call, refusal } from './call.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06' }
const STRANGER = '99999999-0000-4000-8000-000000000000'

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

async function real(world: World, double: RealParts['double'] = {}): Promise<RealWorld> {
  const opened = await openWorld(world, { store: 'embedded', double, client: { failureBudget: 3000 } })
  open.push(opened)
  return opened
}

const costs = (rows: readonly { accountId?: number; costUsd: string | null }[]) =>
  rows.map(({ accountId = null, costUsd }) => [accountId, costUsd])

describe('fal-get-usage of an account whose key fal refuses, in a workspace whose bill another key reads', () => {
  const shared = () =>
    new MiniWorld()
      .account(5, { workspace: 'acme' })
      .account(6, { workspace: 'acme' })
      .task({ account: 5, cost: '1', model: 'x' })
      .task({ account: 5, cost: '2', model: 'z' })
      .task({ account: 6, cost: '3', model: 'x' })
      .task({ account: 6, cost: '7', model: 'y', at: '2026-02-05 12:00:00' })
      .build()
  const PERIOD = { start: '2026-02-05', end: '2026-02-06' }
  const REFUSED = { faults: [{ kind: 'status', status: 401, keyId: keyIdOfAccount(6) }] } as const

  it.each([
    ['model', 'model', { x: null, y: null, z: '2' }],
    ['day', 'date', { '2026-02-05': null, '2026-02-06': null }],
    ['key', 'keyId', { '00000005…': '3', '00000006…': null }],
    ['account', 'accountId', { 5: '3', 6: null }],
  ] as const)('what it has part of has no sum, by %s', async (group_by, name, sums) => {
    const { dependencies } = await real(shared(), REFUSED)
    const { complete, rows } = await call(falGetUsageTool, { ...PERIOD, group_by }, dependencies())
    expect(complete).toBe(false)
    expect(Object.fromEntries(rows.map((row) => [row[name], row.costUsd]))).toEqual(sums)
    for (const { costUsd, reason } of rows) expect(reason?.includes('401') === true).toBe(costUsd === null)
  })

  it('is added up where fal reads it, and nobody’s where it is not asked for', async () => {
    const byModel = async (double: RealParts['double'], given: object) => {
      const { dependencies } = await real(shared(), double)
      const { complete, rows } = await call(falGetUsageTool, { ...PERIOD, ...given }, dependencies())
      return [complete, ...rows.map(({ model, costUsd }) => [model, costUsd])]
    }
    expect(await byModel({}, {})).toEqual([true, ['y', '7'], ['x', '4'], ['z', '2']])
    expect(await byModel(REFUSED, { ids: [5] })).toEqual([true, ['z', '2'], ['x', '1']])
  })
})

/** Account 5 spent 1 USD on model x; a key of no account row spent 2 USD on model y. */
const world = (billed: { keyId?: string } = {}) =>
  new MiniWorld()
    .account(5)
    .task({ model: 'x', cost: '1', billed })
    .event({ requestId: 'stranger', endpointId: 'y', cost: '2', timestamp: '2026-02-06T05:00:00Z', keyId: STRANGER })

const usageReads = ({ double }: RealWorld) => double.requests.filter(({ path }) => path === '/models/usage')

describe('fal-get-usage of some endpoints', () => {
  it('names those that no row is of, and no other', async () => {
    const { dependencies } = await real(world().build())
    const told = async (given: object) => {
      const { endpointIdsWithoutRows, costUsd, next } = await call(
        falGetUsageTool,
        { ...DAY, ...given },
        dependencies(),
      )
      return { endpointIdsWithoutRows, costUsd, next: next?.split(' ')[0] }
    }
    expect(await told({ endpoint_ids: ['x', 'fal-ai/flx'] })).toEqual({
      endpointIdsWithoutRows: ['fal-ai/flx'],
      costUsd: '1',
      next: 'see',
    })
    expect(await told({ endpoint_ids: ['z'], group_by: 'day' })).toMatchObject({
      endpointIdsWithoutRows: ['z'],
      costUsd: '0',
    })
    // One that a stranger alone spent on, one that is asked for in other words, and none asked for.
    for (const given of [{ endpoint_ids: ['y'], ids: [5] }, { endpoint_ids: [' x,y '] }, {}]) {
      expect(await told(given)).toMatchObject({ endpointIdsWithoutRows: undefined, next: 'tasks-by-user' })
    }
  })

  it('names them of FAL_KEY too, and refuses an empty one, which would be all', async () => {
    const opened = await real(world().build())
    const settings = settingsFor({ falKey: apiKeyOf(5) })
    const dependencies = { ...opened.dependencies(), ledger: undefined, settings }
    const usage = await call(falGetUsageTool, { ...DAY, endpoint_ids: ['z'] }, dependencies)
    expect(usage).toMatchObject({ endpointIdsWithoutRows: ['z'], costUsd: '0', complete: true })
    // Of a bill that was not read nobody can say so.
    const refused = { ...dependencies, settings: settingsFor({ falKey: apiKeyOf(77) }) }
    const unread = await call(falGetUsageTool, { ...DAY, endpoint_ids: ['z'] }, refused)
    expect(unread).toMatchObject({ costUsd: null, complete: false, next: expect.stringMatching(/^doctor/) })
    expect(unread.endpointIdsWithoutRows).toBeUndefined()
    for (const endpoint_ids of [[' '], ['x', ','], ['x,']]) {
      expect(await refusal(falGetUsageTool, { ...DAY, endpoint_ids }, dependencies)).toMatchObject({
        kind: 'input',
        field: 'endpoint_ids',
      })
    }
  })

  it.each([
    [
      [],
      [
        [null, '2'],
        [5, '1'],
      ],
      1,
    ],
    [['x'], [[5, '1']], 1],
    [
      ['x', 'y'],
      [
        [null, '2'],
        [5, '1'],
      ],
      1,
    ],
    [
      ['y'],
      [
        [null, '2'],
        [5, '0'],
      ],
      2,
    ],
  ])('%j gives a stranger’s spend to no account', async (endpoint_ids, rows, reads) => {
    const opened = await real(world().build())
    const given = { ...DAY, endpoint_ids, group_by: 'account' }
    const usage = await call(falGetUsageTool, given, opened.dependencies())
    expect(usage.complete).toBe(true)
    expect(costs(usage.rows)).toEqual(rows)
    expect(usageReads(opened)).toHaveLength(reads)
  })

  it('shows a foreign key as nobody’s', async () => {
    const { dependencies } = await real(world().build())
    const given = { ...DAY, endpoint_ids: ['y'], group_by: 'key' }
    const { rows } = await call(falGetUsageTool, given, dependencies())
    expect(rows).toEqual([
      { keyId: '99999999…', workspace: 'workspace-5', costUsd: '2', quantities: [{ unit: 'units', quantity: '2' }] },
    ])
  })

  it('gives it to no account either where a filter leaves out accounts that may show what ids say, as an audit', async () => {
    const two = world({ keyId: STRANGER }).account(6).task({ account: 6, model: 'z', cost: '4' }).build()
    const { dependencies } = await real(two)
    const costsOf = async (given: object) =>
      costs((await call(falGetUsageTool, { ...DAY, group_by: 'account', ...given }, dependencies())).rows)
    expect(await costsOf({})).toEqual([
      [6, '4'],
      [null, '3'],
      [5, '0'],
    ])
    for (const endpoint_ids of [[], ['y'], ['x', 'y']]) {
      expect((await costsOf({ ids: [5], endpoint_ids })).find(([accountId]) => accountId === 5)).toEqual([5, null])
    }
    // Its own ids are known, of whatever model.
    const own = await real(world().account(6).build())
    const given = { ...DAY, group_by: 'account', ids: [5], endpoint_ids: ['y'] }
    expect(costs((await call(falGetUsageTool, given, own.dependencies())).rows)).toEqual([
      [null, '2'],
      [5, '0'],
    ])
  })

  it('trusts ids that another workspace of the run shows to be known', async () => {
    const two = world({ keyId: STRANGER }).account(6).task({ account: 6, model: 'z', cost: '4' }).build()
    const opened = await real(two)
    const given = { ...DAY, endpoint_ids: ['y'], group_by: 'account' }
    expect(costs((await call(falGetUsageTool, given, opened.dependencies())).rows)).toEqual([
      [null, '2'],
      [6, '0'],
      [5, '0'],
    ])
    expect(usageReads(opened)).toHaveLength(4)
  })

  it('still gives the account what stands under ids that say nothing anywhere', async () => {
    const { dependencies } = await real(world({ keyId: STRANGER }).build())
    for (const [endpoint_ids, costUsd] of [
      [[], '3'],
      [['y'], '2'],
      [['x'], '1'],
    ] as const) {
      const usage = await call(falGetUsageTool, { ...DAY, endpoint_ids, group_by: 'account' }, dependencies())
      expect(costs(usage.rows)).toEqual([[5, costUsd]])
    }
  })

  it('asks for nothing more where no account recorded cost', async () => {
    const none = new MiniWorld()
      .account(5)
      .event({ endpointId: 'y', cost: '2', timestamp: '2026-02-06T05:00:00Z', keyId: STRANGER })
    const opened = await real(none.build())
    const usage = await call(
      falGetUsageTool,
      { ...DAY, endpoint_ids: ['y'], group_by: 'account' },
      opened.dependencies(),
    )
    expect(costs(usage.rows)).toEqual([
      [null, '2'],
      [5, '0'],
    ])
    expect(usageReads(opened)).toHaveLength(1)
  })

  it('leaves it open where the whole bill cannot be read', async () => {
    const given = world().build()
    const dependencies = memoryDependencies(given, {})
    const usage: FalReader['usage'] = async (apiKey, query, signal) =>
      query.endpointIds === undefined
        ? { status: 'failed', failure: 'server-error', reason: 'down' }
        : dependencies.fal.usage(apiKey, query, signal)
    const partly = { ...dependencies, fal: { ...dependencies.fal, usage } }
    const result = await call(falGetUsageTool, { ...DAY, endpoint_ids: ['y'], group_by: 'account' }, partly)
    expect(costs(result.rows)).toEqual([
      [null, '2'],
      [5, null],
    ])
    expect(result.rows[1]?.reason).toContain(
      'the bill names keys that are not in the account table and may yet be those of its accounts',
    )
    expect(result).toMatchObject({ complete: false, costUsd: '2' })
    expect(result.sources).toContainEqual({
      source: 'fal-usage',
      accountId: 5,
      status: 'failed',
      reason: expect.stringContaining('all endpoints'),
    })
    const byKey = await call(falGetUsageTool, { ...DAY, endpoint_ids: ['y'], group_by: 'key' }, partly)
    expect(costs(byKey.rows)).toEqual([[null, '2']])
  })
})

describe('fal-get-usage, where a bill does not name whose its rows are', () => {
  const keyless = (task: boolean) => {
    const built = new MiniWorld().account(5).account(6)
    built.task({ model: 'x', cost: '1', billed: { keyId: undefined as never } })
    if (task) built.task({ account: 6, model: 'y', cost: '1', billed: false })
    return built.build()
  }
  const faults = [{ kind: 'status', status: 401, keyId: keyIdOfAccount(6) }] as const

  it.each([
    [
      'is not given it while an account that has tasks may belong there too',
      true,
      [
        [null, '1'],
        [5, null],
        [6, null],
      ],
    ],
    [
      'is given it where the other has no tasks',
      false,
      [
        [5, '1'],
        [6, null],
      ],
    ],
  ])('the one account that is known %s', async (_, task, rows) => {
    const { dependencies } = await real(keyless(task), { faults })
    const usage = await call(falGetUsageTool, { ...DAY, group_by: 'account' }, dependencies())
    expect(costs(usage.rows).sort()).toEqual([...rows].sort())
  })
})

describe('fal-get-usage of a bill that breaks off', () => {
  const many = () => {
    const built = new MiniWorld().account(5, { workspace: 'acme' }).account(6, { workspace: 'beta' })
    built.task({ cost: '1', model: 'own' }).task({ account: 6, cost: '8', model: 'm1' })
    for (let at = 0; at < 250; at++) {
      const timestamp = '2026-02-06T05:00:00Z'
      built.event({ requestId: `s${at}`, endpointId: `m${at}`, cost: '1', timestamp, keyId: STRANGER })
    }
    return built.build()
  }
  const faults = [{ kind: 'has-more-without-cursor', path: '/models/usage', keyId: keyIdOfAccount(5) }] as const

  it.each([
    ['account', ['8']],
    ['model', []],
    ['day', []],
    ['key', ['8']],
  ])('by %s shows no figure of it, and all of the others', async (group_by, figures) => {
    const { dependencies } = await real(many(), { faults })
    const usage = await call(falGetUsageTool, { ...DAY, group_by }, dependencies())
    expect(usage).toMatchObject({ complete: false, costUsd: '8' })
    expect(usage.rows.flatMap(({ costUsd }) => costUsd ?? [])).toEqual(figures)
    const open = usage.rows.filter(({ costUsd }) => costUsd === null)
    expect(open.length).toBeGreaterThan(0)
    for (const { reason, quantities } of open) {
      expect(reason).toContain('announces more but names no cursor')
      expect(quantities).toEqual([])
    }
  })

  it('has no total where nothing else was read, with FAL_KEY too', async () => {
    const { dependencies } = await real(many(), { faults })
    const alone = await call(falGetUsageTool, { ...DAY, ids: [5], group_by: 'day' }, dependencies())
    expect(alone).toMatchObject({ complete: false, costUsd: null })
    const keyed = { ...dependencies(), ledger: undefined, settings: settingsFor({ falKey: apiKeyOf(5) }) }
    for (const usage of [alone, await call(falGetUsageTool, { ...DAY, group_by: 'day' }, keyed)]) {
      expect(usage.costUsd).toBeNull()
      expect(usage.rows).toEqual([expect.objectContaining({ date: '2026-02-06', costUsd: null })])
    }
  })

  it('shows every figure where it is whole', async () => {
    const { dependencies } = await real(many())
    for (const group_by of ['account', 'model', 'day', 'key']) {
      const usage = await call(falGetUsageTool, { ...DAY, group_by }, dependencies())
      expect(usage).toMatchObject({ complete: true, costUsd: '259' })
      expect(usage.rows.filter(({ costUsd }) => costUsd === null)).toEqual([])
    }
  })
})

it('two workspaces that fal does not name are two, by the names that an audit gives them', async () => {
  const world = new MiniWorld().account(5).account(6).task().task({ account: 6 })
  const login = { keyId: undefined, login: 'p@x', timestamp: world.iso('2026-02-06 12:00:00') }
  world.event({ ...login, cost: '1.5' }).event({ ...login, cost: '2.25' }, apiKeyOf(6))
  const faults = [{ kind: 'status', status: 403, path: '/account/billing' }] as const
  const { dependencies } = await real(world.build(), { faults })
  const { rows } = await call(falGetUsageTool, { ...DAY, group_by: 'key' }, dependencies())
  expect(rows.slice(0, 2).map(({ workspace, costUsd }) => [workspace, costUsd])).toEqual([
    ['unknown (account 6)', '2.25'],
    ['unknown (account 5)', '1.5'],
  ])
})
