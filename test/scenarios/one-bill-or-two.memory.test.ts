import { describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { renderText } from '../../src/render/text.ts'
import { falGetUsageTool } from '../../tools/fal-get-usage.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { auditWith, noKey, refused } from '../kit/audit-with.ts'
import { auditWorld, inShort, memoryDependencies } from '../kit/audit-world.ts'
import { twoNames } from '../kit/two-names.ts'
import { call } from '../tools/call.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06' }

/** The bill of accounts 5 and 6, who share a workspace or not, names no keys. */
const world = (workspaces: readonly [string, string] = ['w', 'w'], ofSix = '3'): World => {
  const [five, six] = workspaces
  const cost = five === six ? { account5: '1', account6: '2' } : { account5: '3', account6: ofSix }
  return new MiniWorld()
    .account(5, { workspace: five })
    .account(6, { workspace: six })
    .account(7)
    .task({ account: 5, cost: cost.account5, billed: noKey })
    .task({ account: 6, cost: cost.account6, billed: noKey, user: 102 })
    .task({ account: 7, cost: '4', model: 'fal-ai/kling', billed: noKey, user: 103 })
    .build()
}

const unnamed = (): Partial<FalReader> => ({ billing: async () => refused })

describe('two keys that read the same rows, of workspaces that fal does not name', () => {
  it.each([
    ['one workspace', world()],
    ['two workspaces', world(['v', 'w'])],
  ])('have no total, since they may be one bill or two: %s', async (_, given) => {
    const report = await auditWith(given, unnamed, {})
    expect(inShort(report)).toEqual([])
    expect(report.official.rows.map(({ accountId, costUsd }) => [accountId, costUsd])).toEqual([
      [5, null],
      [6, null],
      [7, '4'],
      [null, '3'],
      [null, '3'],
    ])
    expect(report.official.totals).toEqual({ costUsd: null, requestCount: null })
  })

  it('say so in words, where a sum would stand and where accounts are not judged', async () => {
    const report = await auditWith(world(), unnamed, {})
    const en = renderText(report, { lang: 'en', modelsPerAccount: true })
    const zh = renderText(report, { lang: 'zh', modelsPerAccount: true })
    expect(en.match(/No total: bills read with several keys hold the same/g)).toHaveLength(2)
    expect(zh.match(/无合计：不同密钥读到的账单内容相同/g)).toHaveLength(2)
    expect(en).not.toContain('The total covers only')
    const official = en.slice(0, en.indexOf('Layer 2')).split('\n')
    const totals = official.filter((line) => line.includes('Total'))
    expect(totals).toHaveLength(2)
    for (const line of totals) expect(line).not.toMatch(/\d/)
    const reasons = report.notEvaluated.filter(({ rule }) => rule === 'A1').map(({ reason }) => reason)
    expect(reasons).toHaveLength(4)
    for (const reason of reasons) expect(reason).toContain('may be one bill or several')
  })

  it.each([
    ['one bill, counted once', world(), '7'],
    ['two bills, both counted', world(['v', 'w']), '10'],
  ])('are told apart by their billing events: %s', async (_, given, total) => {
    const report = await auditWith(given, unnamed, { depth: 'requests' })
    expect(inShort(report)).toEqual([])
    expect(report.official.totals).toEqual({ costUsd: total, requestCount: 3 })
    expect(report.tieOut).toMatchObject({ eventsTotal: total, eventsResidual: '0', bridgeResidual: '0' })
    expect(renderText(report, { lang: 'en', modelsPerAccount: true })).not.toContain('No total')
  })

  it('have no total at depth requests either, where the events of one of them were not read', async () => {
    const half = (fal: FalReader): Partial<FalReader> => ({
      ...unnamed(),
      events: async (apiKey, query, signal) => (apiKey === apiKeyOf(5) ? refused : fal.events(apiKey, query, signal)),
    })
    const report = await auditWith(world(), half, { depth: 'requests' })
    expect(report.official.totals).toEqual({ costUsd: null, requestCount: null })
    expect(inShort(report)).toEqual([])
  })

  it('have a total where fal names their workspace', async () => {
    expect((await auditWorld(world())).official.totals.costUsd).toBe('7')
    expect((await auditWorld(world(['v', 'w'], '2'))).official.totals.costUsd).toBe('9')
  })

  it('have none where fal names two, of which both amount to the same', async () => {
    const report = await auditWorld(world(['v', 'w']))
    expect(report.official.totals.costUsd).toBeNull()
    expect(inShort(report)).toEqual([])
  })
})

describe('what fal billed to people, in a bill that two keys read', () => {
  /** Accounts 5 and 6, of which the events of 5 are not read, and fal names the workspace of those `named` alone. */
  async function spent(people: readonly [string, string], named: readonly number[], workspaces = ['w', 'w']) {
    const given = new MiniWorld().account(5, { workspace: workspaces[0] }).account(6, { workspace: workspaces[1] })
    for (const account of [5, 6]) given.task({ account, cost: '3', billed: noKey, user: 100 + account })
    for (const [index, login] of people.entries())
      given.event(
        { ...noKey, requestId: requestIdOf(80 + index), cost: '1.2', login, timestamp: '2026-02-06T05:00:00Z' },
        apiKeyOf(5 + index),
      )
    const half = (fal: FalReader): Partial<FalReader> => ({
      billing: async (apiKey, signal) =>
        named.some((id) => apiKeyOf(id) === apiKey) ? fal.billing(apiKey, signal) : refused,
      events: async (apiKey, query, signal) => (apiKey === apiKeyOf(5) ? refused : fal.events(apiKey, query, signal)),
    })
    const report = await auditWith(given.build(), half, { depth: 'requests' })
    const open = report.notEvaluated.filter(({ rule }) => rule === 'B21').map(({ subject }) => subject.workspace)
    return { findings: inShort(report).sort(), open, totals: report.official.totals }
  }

  it.each([
    [[], 'unknown (account 6)', 'unknown (account 5)'],
    [[6], 'w', 'unknown (account 5)'],
    [[5], 'w', 'unknown (account 6)'],
  ])('is told once: %j named', async (named, told, open) => {
    expect(await spent(['ann', 'ann'], named)).toEqual({
      findings: [`B21 workspace=${told}`],
      open: [open],
      totals: { costUsd: null, requestCount: null },
    })
  })

  it('is told of both where each bill names another person, or fal names both workspaces', async () => {
    const unnamed = await spent(['ann', 'bob'], [], ['v', 'w'])
    expect(unnamed.findings).toEqual(['B21 workspace=unknown (account 5)', 'B21 workspace=unknown (account 6)'])
    const named = await spent(['ann', 'bob'], [5, 6], ['v', 'w'])
    expect(named).toMatchObject({ findings: ['B21 workspace=v', 'B21 workspace=w'], open: [] })
  })
})

describe('fal-get-usage', () => {
  const usageOf = async (given: World, groupBy: string, change: () => Partial<FalReader> = unnamed) => {
    const dependencies = memoryDependencies(given, {})
    const changed = { ...dependencies, fal: { ...dependencies.fal, ...change() } }
    return call(falGetUsageTool, { ...DAY, group_by: groupBy }, changed, given)
  }

  it.each([
    ['account', ['7: 4', '6: null', '5: null', ': null', ': null']],
    ['model', [': 4', ': null']],
    ['day', [': null']],
    ['key', ['7: 4', ': null', ': null']],
  ])('by %s adds up no bills that may be one', async (groupBy, rows) => {
    const usage = await usageOf(world(), groupBy)
    expect(usage).toMatchObject({ costUsd: null, quantities: [] })
    expect(usage.note).toContain('may be one bill or several')
    expect(usage.rows.map(({ accountId = '', costUsd }) => `${accountId}: ${costUsd}`)).toEqual(rows)
    for (const row of usage.rows.filter(({ costUsd }) => costUsd === null)) expect(row.reason).toBeTruthy()
  })

  it('adds them up where fal names their workspaces', async () => {
    const named = await usageOf(world(), 'day', () => ({}))
    expect(named).toMatchObject({ costUsd: '7', rows: [{ date: '2026-02-06', costUsd: '7' }] })
    expect(named.note).toBeUndefined()
  })
})

it('a request that two keys both tell is one request', async () => {
  const given = new MiniWorld()
    .account(5, { workspace: 'w' })
    .account(6, { workspace: 'w' })
    .task({ account: 5, cost: '1', billed: noKey })
    .event({ requestId: requestIdOf(77), cost: '9', timestamp: '2026-02-06T05:00:00Z', ...noKey })
    .build()
  const report = await auditWith(given, unnamed, { depth: 'requests' })
  expect(report.requests).toMatchObject({ matched: 1, unrecorded: 1 })
  expect(report.official.totals).toEqual({ costUsd: '10', requestCount: 2 })
})

it.each(['summary', 'requests'] as const)(
  'a bill without a name or keys accuses nobody beside one that broke off, at depth %s',
  async (depth) => {
    const shared = new MiniWorld()
      .account(5, { workspace: 'w' })
      .account(7, { workspace: 'w' })
      .task({ account: 5, cost: '1', billed: noKey })
      .task({ account: 7, cost: '1', model: 'fal-ai/kling', billed: noKey })
      .build()
    const cut = { status: 'partial', value: [], failure: 'bad-answer', reason: 'cut' } as const
    const half = (fal: FalReader): Partial<FalReader> => ({
      billing: async (apiKey, signal) => (apiKey === apiKeyOf(7) ? refused : fal.billing(apiKey, signal)),
      usage: async (apiKey, query, signal) =>
        apiKey === apiKeyOf(5) ? { ...cut, value: [] } : fal.usage(apiKey, query, signal),
      events: async (apiKey, query, signal) => (apiKey === apiKeyOf(7) ? refused : fal.events(apiKey, query, signal)),
    })
    expect(inShort(await auditWith(shared, half, { depth }))).toEqual([])
  },
)

it.each([
  ['of one', [7]],
  ['of both', [5, 7]],
])('a bill under two names is counted once where the usage %s is refused', async (_, refusing) => {
  const shared = new MiniWorld()
    .account(5, { workspace: 'w' })
    .account(7, { workspace: 'w' })
    .task({ account: 5, cost: '1' })
    .task({ account: 7, cost: '2' })
    .build()
  const keys = refusing.map(apiKeyOf)
  const half = (fal: FalReader): Partial<FalReader> => ({
    usage: async (apiKey, query, signal) => (keys.includes(apiKey) ? refused : fal.usage(apiKey, query, signal)),
  })
  const report = await auditWith(twoNames(shared), half, { depth: 'requests' })
  expect(inShort(report)).toEqual([])
  expect(report.requests).toMatchObject({ matched: 2, mismatched: 0 })
  expect(report.tieOut).toMatchObject({ eventsTotal: '3', differenceMatched: '0' })
})

it('a trace of a task counts a bill under two names once, with or without keys in it', async () => {
  for (const billed of [{}, noKey]) {
    const shared = new MiniWorld()
      .account(5, { workspace: 'w' })
      .account(7, { workspace: 'w' })
      .task({ account: 5, cost: '1', billed })
    const trace = await call(taskTraceTool, { id: requestIdOf(1) }, memoryDependencies(twoNames(shared.build()), {}))
    expect(trace).toMatchObject({ verdict: 'matched', tasks: [{ billedUsd: '1' }], findings: [] })
  }
})

it('a bill of its own key is not taken for another that bills one request too', async () => {
  const given = new MiniWorld().account(5).account(6).task({ account: 5, cost: '1' })
  for (const [task, cost] of [
    [1, '1'],
    [77, '4'],
    [78, '4'],
  ] as const)
    given.event({ requestId: requestIdOf(task), cost, timestamp: '2026-02-06T05:00:00Z' }, apiKeyOf(6))
  const billing: FalReader['billing'] = async (apiKey) =>
    apiKey === apiKeyOf(6) ? refused : { status: 'complete', value: { username: 'v', balanceNanoUsd: null } }
  const report = await auditWith(given.build(), () => ({ billing }), { depth: 'requests' })
  expect(report.official.rows.map(({ accountId, costUsd }) => [accountId, costUsd])).toEqual([
    [5, '1'],
    [6, '9'],
  ])
  expect(report.official.totals.costUsd).toBe('10')
  expect(inShort(report)).toEqual(expect.arrayContaining(['A1 accountId=6', 'B15 accountId=6']))
})
