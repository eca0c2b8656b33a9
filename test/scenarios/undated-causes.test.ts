import { describe, expect, it } from 'vitest'
import { apiKeyOf, keyIdOfAccount, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { runAudit } from '../../src/operation.ts'
import { ratio } from '../../src/units/ratio.ts'
import { auditInput, memoryDependencies, quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { audited, clean, foundIn, openOf } from '../kit/null-world.ts'

// A task without created_at may be of the period as well as not. Where it would make a rule speak that is silent without it, what
// it would speak of is open; and nothing besides.
const FLUX = 'fal-ai/flux/schnell'
const OTHER = 'fal-ai/kling/v2'
const NO_TIME = 'without created_at'
type Depth = 'summary' | 'requests'
/** Read at noon of the 9th: it ended within the 24 hours before. */
const YOUNG = '2026-02-09 11:00:00'

/** What is found and what is left open by one rule, where the last tasks, from the 41st on, have no time. */
async function said(rule: string, world: MiniWorld, depth: Depth, options: WorldAudit = {}) {
  const change = { tasks: (row: { readonly id: number }) => (row.id > 40 ? { createdAt: null } : {}) }
  const report = await audited('embedded', world, depth, change, options)
  const ofRule = (texts: readonly string[]) => texts.filter((text) => text.startsWith(`${rule} `) || text === rule)
  return [...ofRule(foundIn(report)).map((text) => `! ${text}`), ...ofRule(openOf(report, NO_TIME))]
}
const LATE = { timestamp: '2026-02-09T01:00:00Z' }
const one = (task: MiniTask, world = clean()): MiniWorld => world.task({ user: 104, ...task })
/** After the period, so that by event time it is in no sum. */
const billedAt = (cost: string) => ({ cost, timestamp: '2026-02-06T16:05:00Z' })

describe('A1, of 20 USD recorded and billed', () => {
  const A1 = (task: MiniTask, depth: Depth, options?: WorldAudit) => said('A1', one(task), depth, options)

  it.each(['summary', 'requests'] as const)(
    'is open where one that was not billed cost a tenth more, at depth %s',
    async (depth) => {
      expect(await A1({ cost: '2.000000001', billed: false }, depth)).toEqual(['A1 5'])
      expect(await A1({ cost: '2', billed: false }, depth)).toEqual([])
      expect(await A1({ cost: null, billed: false }, depth)).toEqual(['A1 5'])
      expect(await said('A1', one({ account: 6, cost: '9', billed: false }, clean().account(6)), depth)).not.toContain(
        'A1 5',
      )
    },
  )

  it.each(['summary', 'requests'] as const)(
    'stands where it may not be billed yet, or tells no cost that it failed to have: %s',
    async (depth) => {
      expect(await A1({ cost: '9', billed: false, completed: YOUNG }, depth)).toEqual([])
      expect(await A1({ cost: null, billed: false, status: 'failed' }, depth)).toEqual([])
      expect(await A1({ cost: null, billed: false, status: 'running', completed: null }, depth)).toEqual([])
      expect(await A1({ cost: '9', billed: false, status: 'failed' }, depth)).toEqual(['A1 5'])
      const today = { start: '2026-02-09', end: '2026-02-09' }
      expect(await A1({ cost: '9', billed: false, completed: null }, depth, today)).toEqual([])
    },
  )

  it('is open where fal billed it at another amount, beyond what its own bill allows', async () => {
    expect(await A1({ cost: '10', billed: billedAt('10') }, 'requests')).toEqual([])
    expect(await A1({ cost: '4.2', billed: billedAt('2') }, 'requests')).toEqual([])
    expect(await A1({ cost: '4.200000001', billed: billedAt('2') }, 'requests')).toEqual(['A1 5'])
    expect(await A1({ cost: '7', billed: billedAt('10') }, 'requests')).toEqual([])
    expect(await A1({ cost: '6.999999999', billed: billedAt('10') }, 'requests')).toEqual(['A1 5'])
  })

  it('stands and fires where what tells no cost was billed, which its cost is held to be', async () => {
    const billed = (cost: string) => ({ requestId: requestIdOf(41), cost, timestamp: '2026-02-06T16:05:00Z' })
    const LEAK = { requestId: 'leak', cost: '3', timestamp: '2026-02-06T05:00:00Z' }
    for (const status of ['completed', 'failed', 'running']) {
      const A1 = (...events: readonly { cost: string; timestamp: string }[]) => {
        const world = one({ cost: null, billed: false, status })
        for (const event of events) world.event(event)
        return said('A1', world, 'requests')
      }
      expect(await A1(billed('0.3'))).toEqual([])
      expect(await A1(billed('0.3'), LEAK)).toEqual(['! A1 accountId=5'])
      // 3 USD of 23 and of what was billed for it: a tenth of 30 at the most.
      expect(await A1(billed('6.999999999'), LEAK)).toEqual(['! A1 accountId=5'])
      expect(await A1(billed('7'), LEAK)).toEqual(['A1 5'])
    }
    const two = one({ cost: null, billed: false }).task({ cost: null, billed: false }).event(billed('0.3'))
    expect(await said('A1', two, 'requests')).toEqual(['A1 5'])
  })

  it('is open where those that would, would not together', async () => {
    const world = one({ cost: '3', billed: false }).task({ user: 104, cost: '1', billed: billedAt('4') })
    expect(await said('A1', world, 'requests')).toEqual(['A1 5'])
  })
})

describe('A2', () => {
  const A2 = (task: MiniTask, depth: Depth, world = clean()) =>
    said('A2', one({ model: OTHER, cost: '0.1', ...task }, world), depth)
  const OPEN = [`A2 5 ${OTHER}`]

  it.each(['summary', 'requests'] as const)('is open of a model that fal did not bill, at depth %s', async (depth) => {
    expect(await A2({ billed: false }, depth)).toEqual(OPEN)
    expect(await A2({ billed: false, cost: '0', points: 1 }, depth)).toEqual(OPEN)
    expect(await A2({ billed: false, cost: null, points: 0 }, depth)).toEqual(OPEN)
    const other = clean().account(6)
    expect(await A2({ billed: false, account: 6 }, depth, other)).toEqual([`A2 6 ${OTHER}`])
  })

  it.each(['summary', 'requests'] as const)(
    'is silent of what fal need not have billed, and of a model that it did, at depth %s',
    async (depth) => {
      for (const task of [
        { cost: '0', points: 0 },
        { refunded: true },
        { status: 'failed' },
        { completed: YOUNG },
        { model: 'fal-ai/flux/schnell' },
        { apiKey: '99999999-0000-4000-8000-000000000000:secret' },
      ]) {
        expect(await A2({ billed: false, ...task }, depth)).toEqual([])
      }
    },
  )

  it('is silent of one that was billed itself, and not of another beside it', async () => {
    const at = '2026-02-07T00:05:00+08:00'
    expect(await A2({ billed: { timestamp: at } }, 'requests')).toEqual([])
    expect(await A2({ billed: LATE }, 'requests')).toEqual([])
    const two = one({ model: OTHER, cost: '0.1', billed: { timestamp: at } })
    expect(await said('A2', two.task({ user: 104, model: OTHER, cost: '0.1', billed: false }), 'requests')).toEqual(
      OPEN,
    )
  })
})

describe('A1 and A2 of an account, where one without a time names no key and may be its own', () => {
  const two = () => clean().account(6)
  const keyless = { apiKey: '', cost: '2.000000001', billed: false } as const
  const STRANGE = '99999999-0000-4000-8000-000000000000:f'

  it.each(['summary', 'requests'] as const)('are open as for one of its own, at depth %s', async (depth) => {
    expect(await said('A1', one(keyless, two()), depth)).toEqual(['A1 5'])
    expect(await said('A1', one({ ...keyless, cost: '2' }, two()), depth)).toEqual([])
    expect(await said('A1', one({ ...keyless, apiKey: STRANGE }, two()), depth)).toEqual([])
    expect(await said('A2', one({ ...keyless, model: OTHER }, two()), depth)).toEqual([
      `A2 5 ${OTHER}`,
      `A2 6 ${OTHER}`,
    ])
    expect(await said('A2', one({ ...keyless, model: OTHER, apiKey: STRANGE }, two()), depth)).toEqual([])
    expect(await said('A2', one({ ...keyless, model: OTHER, completed: YOUNG }, two()), depth)).toEqual([])
  })

  it('are silent of one that fal billed to another', async () => {
    for (const [cost, model] of [['2.000000001'], [null], ['2.000000001', OTHER]] as const) {
      const world = one({ ...keyless, cost, model }, two())
      world.event({ ...billedAt('9'), requestId: requestIdOf(41), endpointId: model ?? FLUX }, apiKeyOf(6))
      expect(await said('A1', world, 'requests')).not.toContain('A1 5')
      expect(await said('A2', world, 'requests')).toEqual([])
    }
  })
})

describe('A3', () => {
  const A3 = (billed: MiniTask['billed'], world = clean()) =>
    said('A3', one({ model: OTHER, cost: '0.1', billed }, world.account(6)), 'requests')
  const OTHERS = { keyId: keyIdOfAccount(6) }

  it('is open of a model that fal billed to another account than the task names', async () => {
    expect(await A3({ ...OTHERS, ...LATE })).toEqual([`A3 6 ${OTHER}`])
    expect(await A3({ ...OTHERS, endpointId: 'fal-ai/other' })).toEqual(['A3 6 fal-ai/other'])
  })

  it('is silent of one that it billed to the same, or not at all, and where tasks record the model', async () => {
    expect(await A3(LATE)).toEqual([])
    expect(await A3(false)).toEqual([])
    expect(await A3({ ...OTHERS, ...LATE, cost: '0' })).toEqual([])
    const task = { account: 6, user: 101, model: OTHER, cost: '0.1', at: '2026-02-06 12:00:00' }
    const recorded = clean().account(6).task(task)
    const change = { tasks: (row: { readonly id: number }) => (row.id === 42 ? { createdAt: null } : {}) }
    const world = one({ model: OTHER, cost: '0.1', billed: { ...OTHERS, ...LATE } }, recorded)
    const report = await audited('embedded', world, 'requests', change)
    expect([...foundIn(report), ...openOf(report, NO_TIME)].filter((text) => text.startsWith('A3'))).toEqual([])
  })
})

describe('a workspace of two accounts, whose bill names no key but for what has no time', () => {
  /** Twenty USD recorded and billed, and 10 USD for a task of the first account under the key of the second. */
  const of = async (cost: string) => {
    const world = new MiniWorld().account(5, { workspace: 'shared' }).account(6, { workspace: 'shared' })
    for (let each = 0; each < 40; each++) world.task({ cost: '0.5', billed: { keyId: undefined as never } })
    const billed = { ...billedAt('10'), keyId: keyIdOfAccount(6) }
    const task = { cost, billed, model: OTHER }
    return [...(await said('A1', one(task, world), 'requests')), ...(await said('A3', one(task, world), 'requests'))]
  }

  it('answers for it as a whole', async () => {
    const ofWorkspace = async (cost: string) => (await of(cost)).filter((text) => text.includes('shared'))
    expect(await ofWorkspace('10')).toEqual([])
    expect(await ofWorkspace('7')).toEqual([])
    expect(await ofWorkspace('6.999999999')).toEqual(['A1 shared'])
  })
})

describe('A5, of 4000 points charged', () => {
  const A5 = (points: number, task: MiniTask = {}, options?: WorldAudit) =>
    said('A5', one({ points, refunded: true, cost: '0', billed: false, ...task }), 'summary', options)

  it('is open where refunds of no day may be above the share, to the point', async () => {
    expect(await A5(1715)).toEqual(['A5 2026-02-06'])
    expect(await A5(1714)).toEqual([])
    expect(await A5(9999, { refunded: false })).toEqual([])
  })

  it('is open for those whom the filters leave', async () => {
    const [theirs, others] = [{ userIds: [104] }, { userIds: [101] }]
    expect(await A5(429, {}, theirs)).toEqual(['A5 2026-02-06'])
    expect(await A5(428, {}, theirs)).toEqual([])
    expect(await A5(9999, {}, others)).toEqual([])
  })

  it('is open of days without tasks, which one alone would be above', async () => {
    expect(await A5(1, {}, { start: '2026-02-05' })).toEqual(['A5'])
    // A day that has not come has none.
    expect(await A5(1, {}, { end: '2026-02-08', now: undefined })).toEqual(['A5'])
    expect(await A5(0, {}, { start: '2026-02-05' })).toEqual([])
  })
})

describe('A7', () => {
  const A7 = (task: MiniTask, options?: WorldAudit) =>
    said('A7', one({ points: 0, cost: '0.1', billed: false, ...task }), 'summary', options)

  it('is open for the user of one that cost something and charged nothing', async () => {
    expect(await A7({})).toEqual(['A7 104'])
    expect(await A7({ user: 199 })).toEqual(['A7 199'])
    expect(await A7({ cost: null })).toEqual(['A7 104'])
    expect(await A7({}, { userIds: [104] })).toEqual(['A7 104'])
  })

  it('is silent of one that was charged, refunded or cost nothing, and of users who were not asked for', async () => {
    expect(await A7({ points: 1 })).toEqual([])
    expect(await A7({ refunded: true })).toEqual([])
    expect(await A7({ cost: '0' })).toEqual([])
    expect(await A7({ cost: null, status: 'failed' })).toEqual([])
    expect(await A7({}, { userIds: [101] })).toEqual([])
  })
})

describe('B16', () => {
  const B16 = (task: MiniTask, pointsPerUsd: string, world = clean()) =>
    said('B16', one(task, world), 'requests', { settings: { pointsPerUsd: ratio(pointsPerUsd) } })
  const DAY = 'B16 fal-ai/flux/schnell 2026-02-06'

  it('is open where one lost as much as the day gained, to the nano-dollar', async () => {
    // 4000 points at 100 a USD, for 20 USD.
    expect(await B16({ points: 0, cost: '20' }, '100')).toEqual([])
    expect(await B16({ points: 0, cost: '20.000000001' }, '100')).toEqual([DAY])
    expect(await B16({ points: 1, cost: '20.010000001' }, '100')).toEqual([DAY])
    expect(await B16({ points: 1, cost: '20.01' }, '100')).toEqual([])
    expect(await B16({ points: 5000, refunded: true, cost: '20.000000001' }, '100')).toEqual([DAY])
    expect(await B16({ points: 0, cost: '30', billed: false }, '100')).toEqual([])
  })

  it('fires though they charged much, but for what was billed, and gained as much as the day lost', async () => {
    // 4000 points at 400 a USD, for 20 USD.
    const FOUND = ['! B16 model=fal-ai/flux/schnell date=2026-02-06']
    expect(await B16({ points: 4040, cost: '0.1' }, '400')).toEqual([DAY])
    expect(await B16({ points: 4040, cost: '0.1', billed: LATE }, '400')).toEqual([DAY])
    expect(await B16({ points: 4039, cost: '0.1' }, '400')).toEqual(FOUND)
    // One that names no model may be of this one.
    const nameless = { model: '', cost: '0.1', billed: { endpointId: OTHER } }
    expect(await B16({ ...nameless, points: 4040 }, '400')).toEqual([DAY])
    expect(await B16({ ...nameless, points: 4039 }, '400')).toEqual(FOUND)
    expect(await B16({ points: 99_999, cost: '0.1', billed: false }, '400')).toEqual(FOUND)
    expect(await B16({ points: 99_999, cost: '0.1', refunded: true }, '400')).toEqual(FOUND)
    expect(await B16({ points: 99_999, cost: '0.1', model: OTHER }, '400')).toEqual(FOUND)
  })

  it('is open of a model of which nothing else was billed', async () => {
    expect(await B16({ points: 9, cost: '0.1', model: OTHER }, '100')).toEqual([`B16 ${OTHER}`])
    expect(await B16({ points: 10, cost: '0.1', model: OTHER }, '100')).toEqual([])
  })
})

describe('B20', () => {
  const B20 = (task: MiniTask, options?: WorldAudit, world = clean()) =>
    said('B20', one({ cost: '0.1', refunded: true, ...task }, world), 'requests', options)

  it('is open for the user of one that was refunded and billed', async () => {
    expect(await B20({})).toEqual(['B20 104'])
    expect(await B20({}, { userIds: [104] })).toEqual(['B20 104'])
    // So late that only an answer about its id tells of it.
    expect(await B20({ billed: LATE })).toEqual(['B20 104'])
  })

  it('is open where fal did not answer what it was asked of it', async () => {
    const { tables, ...world } = one({ cost: '0.1', refunded: true, billed: false }).build()
    const tasks = tables.tasks.map((row) => (row.id > 40 ? { ...row, createdAt: null as never } : row))
    const dependencies = memoryDependencies({ ...world, tables: { ...tables, tasks } }, {})
    const said = async (fal: FalReader) => {
      const report = await runAudit(auditInput({ depth: 'requests' }), { ...dependencies, fal }, quietContext())
      return openOf(report, NO_TIME).filter((text) => text.startsWith('B20'))
    }
    const { fal } = dependencies
    expect(await said(fal)).toEqual([])
    const failed = { status: 'failed', failure: 'forbidden', reason: 'fal answered 403' } as const
    const events: FalReader['events'] = async (key, query, signal) =>
      query.requestIds === undefined ? fal.events(key, query, signal) : failed
    expect(await said({ ...fal, events })).toEqual(['B20 104'])
  })

  it('is silent of one that was not, and of users who were not asked for', async () => {
    expect(await B20({ billed: false })).toEqual([])
    expect(await B20({ refunded: false })).toEqual([])
    expect(await B20({}, { userIds: [101] })).toEqual([])
  })
})

describe('B21', () => {
  const STRANGE = '99999999-0000-4000-8000-000000000000'
  /** One USD billed to a key that no account has, beside a task without a time. */
  const B21 = async (task: MiniTask, event: object = {}, dated = false, byPerson = '0') => {
    const world = new MiniWorld().account(5).task({ billed: false, ...task })
    if (dated) world.task({ cost: '1', billed: { keyId: STRANGE } })
    const timestamp = world.iso('2026-02-06 13:00:00')
    world.event({ requestId: 'loose', endpointId: OTHER, cost: '1', keyId: STRANGE, timestamp, ...event } as never)
    if (byPerson !== '0') world.event({ cost: byPerson, timestamp, keyId: undefined as never, login: 'somebody' })
    const lost = { tasks: ({ id }: { readonly id: number }) => (id === 1 ? { createdAt: null } : {}) }
    const report = await audited('embedded', world, 'summary', lost)
    return [...foundIn(report), ...openOf(report, NO_TIME)].filter((text) => text.startsWith('B21'))
  }
  const [FOUND, OPEN] = [['B21 workspace=workspace-5'], ['B21 workspace-5']]

  it('is open where not one id is known, and the only cost that was recorded has no time', async () => {
    expect(await B21({ cost: '0.1' })).toEqual(OPEN)
    expect(await B21({ cost: null })).toEqual(OPEN)
    expect(await B21({ cost: '0.1', apiKey: '' })).toEqual(OPEN)
  })

  it('fires where ids say what they say, with such tasks or without', async () => {
    expect(await B21({ cost: '0' })).toEqual(FOUND)
    expect(await B21({ cost: '0.1', apiKey: 'of-nobody' })).toEqual(FOUND)
    expect(await B21({ cost: '0.1', billed: {} })).toEqual(FOUND)
  })

  it('fires for what was billed to a person, and for nothing beside it that may be an account’s', async () => {
    expect(await B21({ cost: '0.1' }, {}, false, '0.999999999')).toEqual(OPEN)
    expect(await B21({ cost: '0.1' }, {}, false, '1')).toEqual([...FOUND, ...OPEN])
    expect(await B21({ cost: '0' }, {}, false, '0.5')).toEqual(FOUND)
  })

  it('is silent below its threshold, and where cost was recorded with a time', async () => {
    expect(await B21({ cost: '0.1' }, { cost: '0.999999999' })).toEqual([])
    expect(await B21({ cost: '0.1' }, {}, true)).toEqual([])
  })
})
