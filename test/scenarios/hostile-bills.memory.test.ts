import { describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { auditWith, base, breaksOf, noKey, refused } from '../kit/audit-with.ts'
import { auditWorld, inShort } from '../kit/audit-world.ts'

// Worlds in which a careless audit accuses somebody of nothing, or misses what is there.
const R = { depth: 'requests' as const }

describe('a bill that does not tell its accounts apart', () => {
  const shared = () =>
    new MiniWorld()
      .account(5, { workspace: 'w' })
      .account(6, { workspace: 'w' })
      .task({ account: 5, cost: '1', billed: noKey })
      .task({ account: 6, cost: '1', model: 'wan', billed: { ...noKey, endpointId: 'fal-ai/wan/v2' } })
      .build()

  it.each([{}, { ids: [6] }, { settings: { accountLimit: 1 } }])('accuses nobody with %j', async (options) => {
    expect(breaksOf(await auditWorld(shared(), { ...R, ...options }))).toEqual([])
  })

  it.each([
    ['an audited one', {}],
    ['one outside the filter', { ids: [6] }],
  ])('is not given to one account while the workspace of another, %s, is unknown', async (_, options) => {
    const report = await auditWith(
      shared(),
      (fal) => ({ billing: async (key, signal) => (key === apiKeyOf(5) ? refused : fal.billing(key, signal)) }),
      { ...R, ...options },
    )
    expect(breaksOf(report)).toEqual([])
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'A1', subject: { accountId: 6 } }))
  })

  it('of two workspaces without a name is not taken for one because the rows are alike', async () => {
    const world = new MiniWorld().account(5).account(6).task({ billed: noKey }).task({ account: 6, billed: noKey })
    for (const depth of ['summary', 'requests'] as const) {
      const report = await auditWith(world.build(), () => ({ billing: async () => refused }), { depth })
      expect(breaksOf(report), depth).toEqual([])
    }
  })
})

describe('keys', () => {
  it('two accounts with one key id are not told apart by it', async () => {
    const [id] = apiKeyOf(5).split(':')
    const [one, two] = [`${id}:${'a'.repeat(32)}`, `${id}:${'b'.repeat(32)}`]
    const world = new MiniWorld()
      .account(5, { apiKey: one, workspace: 'w' })
      .account(6, { apiKey: two, workspace: 'w' })
      .task({ apiKey: one, cost: '1' })
      .task({ apiKey: two, cost: '1', model: 'fal-ai/other' })
    for (const depth of ['summary', 'requests'] as const)
      expect(breaksOf(await auditWorld(world.build(), { depth }))).toEqual([])
  })

  it('a key of another form is not taken for unbilled because the bill names an id', async () => {
    const world = new MiniWorld()
      .account(5)
      .account(6, { apiKey: 'plainkeywithoutcolon' })
      .task({ cost: '1' })
      .task({ apiKey: 'plainkeywithoutcolon', cost: '2', billed: { keyId: 'deadbeef-0000-4000-8000-000000000000' } })
    expect(breaksOf(await auditWorld(world.build(), R))).toEqual([])
  })

  it('a key that the tasks write in capitals is the same key, and an empty one is none', async () => {
    const world = new MiniWorld()
      .account(5)
      .account(6, { apiKey: '' })
      .task({ apiKey: apiKeyOf(5).toUpperCase(), billed: {} })
    world.event({ requestId: requestIdOf(1), cost: '0.05', timestamp: '2026-02-06T04:01:00Z' })
    expect(inShort(await auditWorld(world.build(), R)).filter((text) => text.startsWith('B14'))).toEqual([])
    const empty = new MiniWorld().account(5).account(6, { apiKey: '' }).task({ apiKey: '', billed: false })
    const report = await auditWorld(empty.build(), R)
    expect(inShort(report).filter((text) => text.startsWith('B14'))).toEqual([])
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'B14', subject: {} }))
  })

  it('an unknown key that some tasks write in capitals is one finding', async () => {
    const apiKey = 'abcdefgh-1:x'
    const found = async (...keys: string[]) => {
      const world = keys.reduce((made, key) => made.task({ apiKey: key, billed: false }), base())
      return (await auditWorld(world.build(), R)).findings
        .filter(({ rule }) => rule === 'B14')
        .map(({ subject: { keyId }, actual, fingerprint }) => [keyId, actual, fingerprint])
    }
    const [one = []] = await found(apiKey)
    expect(await found(apiKey, apiKey.toUpperCase())).toEqual([['abcdefgh…', '2', one[2]]])
  })

  it('two unknown keys that look alike when shortened are two findings', async () => {
    const world = base().task({ apiKey: 'abcdefgh-1:x', billed: false }).task({ apiKey: 'abcdefgh-2:y', billed: false })
    const found = (await auditWorld(world.build(), R)).findings.filter(({ rule }) => rule === 'B14')
    expect(new Set(found.map(({ fingerprint }) => fingerprint)).size).toBe(2)
  })
})

describe('questions by id', () => {
  it('that fal does not answer leave the source partial, and nobody accused', async () => {
    const world = base().task({ cost: '2', billed: false }).build()
    const report = await auditWith(
      world,
      (fal) => ({
        events: async (key, query, signal) =>
          query.requestIds === undefined ? fal.events(key, query, signal) : refused,
      }),
      R,
    )
    expect(report.coverage.complete).toBe(false)
    expect(report.coverage.sources).toContainEqual(
      expect.objectContaining({ source: 'fal-events', accountId: 5, status: 'partial' }),
    )
    expect(breaksOf(report)).toEqual([])
  })

  it('find a late bill of a task that recorded no cost', async () => {
    const world = base().task({ model: 'fal-ai/late', cost: '0', points: 100 })
    world.event({ requestId: requestIdOf(2), endpointId: 'fal-ai/late', cost: '1', timestamp: '2026-02-08T20:00:00Z' })
    expect(breaksOf(await auditWorld(world.build(), R))).toEqual([`B3 taskId=task-2 requestId=${requestIdOf(2)}`])
  })

  it('tell of every event that is billed twice', async () => {
    const world = base().task({ cost: '6', billed: false })
    for (const cost of ['1', '1', '2', '2'])
      world.event({ requestId: requestIdOf(2), cost, timestamp: '2026-02-06T05:00:00Z' })
    const found = (await auditWorld(world.build(), R)).findings.filter(({ rule }) => rule === 'B5')
    expect(found).toMatchObject([{ expected: '3', actual: '6', count: 4 }])
  })

  it('are judged of the users that were asked for, and one verdict stands whoever was', async () => {
    const world = base().task({ cost: '2', billed: false, user: 102 }).task({ user: 103 })
    for (let count = 0; count < 2; count++)
      world.event({ requestId: requestIdOf(2), cost: '1', timestamp: '2026-02-06T05:00:00Z' })
    world.event({ requestId: requestIdOf(9), cost: '5', timestamp: '2026-02-06T05:00:00Z' })
    const told = async (userIds: readonly number[]) => {
      const { rules, requests } = await auditWorld(world.build(), { ...R, userIds })
      return [rules.find(({ rule }) => rule === 'B5'), requests?.verdicts]
    }
    const [, verdicts] = await told([])
    expect(verdicts).toMatchObject({ duplicate: 1, unrecorded: 1 })
    expect(await told([])).toEqual([{ rule: 'B5', examined: 4, findings: 1 }, verdicts])
    expect(await told([102])).toEqual([{ rule: 'B5', examined: 2, findings: 1 }, verdicts])
    // It had said of all that they were looked at, and that none is billed twice.
    expect(await told([103])).toEqual([{ rule: 'B5', examined: 2, findings: 0 }, verdicts])
  })

  it('events are judged where the usage cannot be read', async () => {
    const world = base()
      .event({ requestId: requestIdOf(9), cost: '5', timestamp: '2026-02-06T05:00:00Z' })
      .build()
    const report = await auditWith(world, () => ({ usage: async () => refused }), R)
    expect(inShort(report)).toContain(`B1 requestId=${requestIdOf(9)}`)
    expect(report.official.rows[0]?.costUsd).toBeNull()
  })
})

describe('what pages say twice', () => {
  it('and fal does not settle, leaves the bill unread instead of doubled', async () => {
    const world = base()
    for (let count = 0; count < 3; count++)
      world.event({ requestId: requestIdOf(50), cost: '60', timestamp: '2026-02-06T05:00:00Z' })
    const report = await auditWith(
      world.build(),
      (fal) => ({
        events: async (key, query, signal) =>
          query.requestIds === undefined ? fal.events(key, query, signal) : refused,
      }),
      R,
    )
    expect(breaksOf(report).filter((text) => !text.startsWith('A'))).toEqual([])
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'B1', subject: { accountId: 5 } }))
    expect(report.coverage.complete).toBe(false)
  })
})

describe('a bill that was read in part', () => {
  const stranger = {
    keyId: 'deadbeef-0000-4000-8000-000000000000',
    requestId: 'stray',
    timestamp: '2026-02-06T05:00:00Z',
  }
  const withStranger = () =>
    new MiniWorld()
      .account(5, { workspace: 'w' })
      .task({})
      .event({ ...stranger, cost: '6' })
      .build()
  const billed = (status: 'complete' | 'partial') =>
    auditWith(
      withStranger(),
      (fal) => ({
        usage: async (key, query, signal) => {
          const read = await fal.usage(key, query, signal)
          return status === 'complete' || read.status === 'failed' ? read : { ...refused, status, value: read.value }
        },
      }),
      R,
    )
  const unowned = { accountId: null, workspace: 'w' }

  it('tells no sum of keys that no account row holds: there may be more of it', async () => {
    const { official, findings } = await billed('partial')
    expect(official.rows).toContainEqual(expect.objectContaining({ ...unowned, costUsd: null, modelCount: null }))
    expect(official).toMatchObject({ models: [], totals: { costUsd: null, requestCount: null } })
    // What was read is spent all the same.
    expect(findings.map(({ rule }) => rule)).toContain('B21')
  })

  it('tells it where it was read whole', async () => {
    const { official } = await billed('complete')
    expect(official.rows).toContainEqual(expect.objectContaining({ ...unowned, costUsd: '6', modelCount: 1 }))
    expect(official.totals.costUsd).toBe('6.05')
  })
})

describe('one workspace, two keys of different luck', () => {
  it.each(['partial', 'failed'] as const)('the better reading counts where the named one is %s', async (status) => {
    const world = new MiniWorld()
      .account(5, { workspace: 'w' })
      .account(6, { workspace: 'w' })
      .task({ account: 6, cost: '0.2' })
      .build()
    for (const depth of ['summary', 'requests'] as const) {
      const report = await auditWith(
        world,
        (fal) => ({
          billing: async (key, signal) => (key === apiKeyOf(6) ? refused : fal.billing(key, signal)),
          usage: async (key, query, signal) => {
            if (key === apiKeyOf(6)) return fal.usage(key, query, signal)
            return status === 'failed' ? refused : { ...refused, status: 'partial', value: [] }
          },
        }),
        { depth },
      )
      expect(breaksOf(report), depth).toEqual([])
      expect(report.official.rows.find(({ accountId }) => accountId === 6)?.costUsd).toBe('0.2')
    }
  })

  it('an account that cannot be read may spend though its tasks record no cost', async () => {
    const world = new MiniWorld()
      .account(5, { workspace: 'w' })
      .account(6, { workspace: 'w' })
      .task({ cost: '0.05', billed: noKey })
    world.task({ account: 6, cost: null, model: 'fal-ai/other' })
    world.event({
      ...noKey,
      requestId: requestIdOf(2),
      endpointId: 'fal-ai/other',
      cost: '1',
      timestamp: '2026-02-06T05:00:00Z',
    })
    const dark = (key: string, otherwise: () => Promise<never>) =>
      key === apiKeyOf(6) ? Promise.resolve(refused) : otherwise()
    for (const depth of ['summary', 'requests'] as const) {
      const report = await auditWith(
        world.build(),
        (fal) => ({
          billing: (key, signal) => dark(key, () => fal.billing(key, signal) as Promise<never>),
          usage: (key, query, signal) => dark(key, () => fal.usage(key, query, signal) as Promise<never>),
          events: (key, query, signal) => dark(key, () => fal.events(key, query, signal) as Promise<never>),
        }),
        { depth },
      )
      expect(breaksOf(report), depth).toEqual([])
      expect(report.official.rows.find(({ accountId }) => accountId === 5)?.costUsd).toBeNull()
    }
  })
})

describe('a task recorded on another key than the one that was billed', () => {
  it('is a break with or without a filter', async () => {
    const world = new MiniWorld().account(5).account(7).task({ cost: '0.1' })
    world.task({ account: 7, cost: '2', model: 'fal-ai/other', billed: { keyId: apiKeyOf(5).split(':')[0]! } })
    world.event({ requestId: requestIdOf(2), endpointId: 'fal-ai/other', cost: '2', timestamp: '2026-02-06T05:00:00Z' })
    const own = world.build()
    const moved = own.workspaces.map((space) => ({
      ...space,
      events: space.events.filter(
        ({ endpointId, keyId }) =>
          space.username === 'workspace-5' || keyId !== apiKeyOf(5).split(':')[0] || endpointId === '',
      ),
    }))
    for (const ids of [[], [5]]) {
      expect(breaksOf(await auditWorld({ ...own, workspaces: moved }, { ...R, ids })), String(ids)).toContain(
        'A1 accountId=5',
      )
    }
  })
})
