import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { apiKeyOf, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { instant } from '../../src/units/instant.ts'
import { auditWorld, inShort, type WorldAudit } from '../kit/audit-world.ts'

// A task that names no key may be of any account: what it recorded is not said to be recorded by none.
const MODEL = 'fal-ai/kling/v2'
const DEPTHS = ['summary', 'requests'] as const

/** An account with a task of another model, and one of the model that names no key and that fal billed on the account. */
function keylessWorld({ cost = '1', billed = '1', model = MODEL, apiKey = '' } = {}): MiniWorld {
  const keyless = { model, apiKey, cost, billed: false } as const
  const event = { requestId: requestIdOf(2), endpointId: MODEL, cost: billed, timestamp: '2026-02-06T04:01:00Z' }
  return new MiniWorld().account(5).task({ cost: '0.5' }).task(keyless).event(event)
}

const audited = (world: MiniWorld, options: WorldAudit): Promise<Report> => auditWorld(world.build(), options)

const rulesOf = (report: Report): string[] => inShort(report).filter((text) => /^A[13] /.test(text))

const openFor = ({ notEvaluated }: Report): string[] =>
  notEvaluated
    .filter(({ reason }) => reason.includes('tasks without a key'))
    .map(({ rule, subject }) => `${rule} ${Object.values(subject).join(' ')}`.trim())

describe.each(DEPTHS)('tasks without a key, at depth %s', (depth) => {
  it.each(['', ' '])(
    'leave open whether the model that fal billed is recorded, and the cost (key "%s")',
    async (key) => {
      const report = await audited(keylessWorld({ apiKey: key }), { depth })
      expect(rulesOf(report)).toEqual([])
      expect(openFor(report)).toEqual(['A1 5', `A3 5 ${MODEL}`, 'B14'])
      const tally = report.rules.filter(({ rule }) => rule === 'A1' || rule === 'A3')
      expect(tally.map(({ rule, examined }) => `${rule} ${examined}`)).toEqual(['A1 0', 'A3 1'])
    },
  )

  it('leave them open under a filter by account, which hides them', async () => {
    const report = await audited(keylessWorld(), { depth, ids: [5] })
    expect(rulesOf(report)).toEqual([])
    expect(openFor(report)).toEqual(['A1 5', `A3 5 ${MODEL}`, 'B14'])
  })

  it('are told of under a filter by account, also where no record depends on them', async () => {
    const world = (apiKey: string) =>
      new MiniWorld().account(5).account(12).task({ cost: '2' }).task({ cost: '0.01', points: 0, apiKey })
    expect(openFor(await audited(world(''), { depth, ids: [5] }))).toEqual(['B14'])
    expect(openFor(await audited(world(''), { depth, ids: [5], userIds: [101] }))).toEqual(['B14'])
    expect(openFor(await audited(world('').user(102), { depth, ids: [5], userIds: [102] }))).toEqual([])
    expect(openFor(await audited(world(apiKeyOf(12)), { depth, ids: [5] }))).toEqual([])
  })

  it('may be of any model where they name none', async () => {
    const report = await audited(keylessWorld({ model: '' }), { depth })
    expect(openFor(report)).toContain(`A3 5 ${MODEL}`)
  })

  it('of another model, or too cheap, explain nothing', async () => {
    const report = await audited(keylessWorld({ cost: '0.8', model: 'fal-ai/other', billed: '9' }), { depth })
    expect(rulesOf(report)).toContain('A1 accountId=5')
    // Where events are read, the request teaches that tasks of the other name are billed as this model.
    expect(openFor(report)).toEqual([depth === 'summary' ? 'A2 5 fal-ai/other' : `A3 5 ${MODEL}`, 'B14'])
    expect(rulesOf(report).includes(`A3 accountId=5 model=${MODEL}`)).toBe(depth === 'summary')
  })

  it('change nothing about a record that exceeds the bill, nor explain a cent more than they cost', async () => {
    const more = await audited(keylessWorld().task({ cost: '9', billed: false }), { depth })
    expect(rulesOf(more)).toEqual(['A1 accountId=5'])
    // Billed 2: short of it by up to a tenth is no break, so that 1.3 beside the 0.5 of the other task is just enough.
    const enough = await audited(keylessWorld({ cost: '1.3', billed: '1.5' }), { depth })
    expect(rulesOf(enough)).toEqual([])
    const short = await audited(keylessWorld({ cost: '1.299', billed: '1.5' }), { depth })
    expect(rulesOf(short)).toEqual(['A1 accountId=5'])
  })

  it('that are of another day are none of these', async () => {
    const world = keylessWorld({ billed: '2' }).task({ apiKey: '', model: MODEL, at: '2026-02-03 12:00:00', cost: '2' })
    expect(rulesOf(await audited(world, { depth }))).toEqual(['A1 accountId=5'])
  })
})

describe('a task without a key of right before the period, which fal billed within it', () => {
  /** Of the account fal billed 1.5 USD, and 1 is recorded. */
  const world = (task: MiniTask = {}) =>
    new MiniWorld()
      .account(5)
      .task({ cost: '1' })
      .task({
        ...{ apiKey: '', model: MODEL, at: '2026-02-05 23:59:50', cost: '0.5', billed: false, ...task },
      })
  const event = { requestId: requestIdOf(2), endpointId: MODEL, cost: '0.5', timestamp: '2026-02-05T16:00:05Z' }
  const said = async (task: MiniTask, options: WorldAudit = {}) => {
    const report = await audited(world(task).event(event), options)
    return [rulesOf(report), openFor(report)]
  }
  const open = [[], ['A1 5', `A3 5 ${MODEL}`]]
  const broken = [['A1 accountId=5', `A3 accountId=5 model=${MODEL}`], []]

  it('leaves open what usage alone tells, as it is where it does not tell its cost', async () => {
    expect(await said({})).toEqual(open)
    expect(await said({ model: '' })).toEqual(open)
    expect(await said({ cost: null })).toEqual(open)
    expect(await said({}, { ids: [5] })).toEqual(open)
  })

  it('explains no cent more than it cost, nor another model, nor what it was too early for', async () => {
    expect(await said({ cost: '0.49' })).toEqual(broken)
    expect(await said({ model: 'fal-ai/other' })).toEqual([[`A3 accountId=5 model=${MODEL}`], ['A1 5']])
    expect(await said({ at: '2026-02-04 12:00:00' })).toEqual(broken)
  })

  it('explains what its FLOAT may be off by, and for the cost also what those of the record are', async () => {
    const billed = async (cost: string) => {
      const report = await audited(world().event({ ...event, cost }), {})
      return [rulesOf(report), openFor(report)]
    }
    // 31 nano-dollars of 0.50 USD, and 61 of the other task.
    expect(await billed('0.500000031')).toEqual(open)
    for (const cost of ['0.500000032', '0.500000092'])
      expect(await billed(cost)).toEqual([[`A3 accountId=5 model=${MODEL}`], ['A1 5']])
    expect(await billed('0.500000093')).toEqual(broken)
  })

  it('is not what a task of the account is that explains one of two models alone', async () => {
    const own = { model: '', at: '2026-02-05 23:59:50', cost: '0.5', billed: false } as const
    const given = new MiniWorld().account(5).task({ cost: '1' }).task(own).event(event)
    const report = await audited(given.event({ ...event, requestId: 'other', endpointId: 'fal-ai/other' }), {})
    expect(openFor(report)).toEqual([])
    expect(rulesOf(report).filter((text) => text.startsWith('A3'))).toHaveLength(2)
  })

  it('is told by events request by request', async () => {
    expect(await said({}, { depth: 'requests' })).toEqual([['A1 TIMING accountId=5'], []])
  })

  it('leaves timing what it is, whatever one of the period may have cost that need not be billed yet', async () => {
    const young = { apiKey: '', model: 'fal-ai/other', at: '2026-02-06 23:50:00', cost: '0.4', billed: false } as const
    const now = instant(Date.parse('2026-02-06T16:05:00Z'))
    const report = await audited(world().event(event).task(young), { depth: 'requests', now })
    expect([rulesOf(report), openFor(report)]).toEqual([['A1 TIMING accountId=5'], ['B14']])
  })
})

describe('a task without a key that fal billed to the key of another account', () => {
  /** Of 5 nobody records what fal billed for the model; the task without a key is one of 12. */
  function world({ cost = '10' as string | null, apiKeys = [apiKeyOf(12)], model = MODEL } = {}): MiniWorld {
    const given = new MiniWorld().account(5).account(12).task({ cost: '0.5' })
    given.task({ model, apiKey: '', cost, billed: false }).event({
      ...{ endpointId: MODEL, cost: '10', timestamp: '2026-02-06T04:01:00Z', requestId: 'orphan' },
    })
    for (const apiKey of apiKeys)
      given.event(
        { requestId: requestIdOf(2), endpointId: MODEL, cost: cost ?? '1', timestamp: '2026-02-06T04:01:00Z' },
        apiKey,
      )
    return given
  }
  const broken = ['A1 accountId=5', `A3 accountId=5 model=${MODEL}`]

  it.each([{}, { cost: null }, { model: '' }])(
    'is none of an account whose bill has no task (%j), and may still be of that other one',
    async (given) => {
      const report = await audited(world(given), { depth: 'requests' })
      expect(rulesOf(report)).toEqual('model' in given ? broken.slice(0, 1) : broken)
      expect(openFor(report)).toEqual(['A1 12', `A3 12 ${MODEL}`, 'B14'])
    },
  )

  it('is told apart by events alone, of those accounts that are read', async () => {
    for (const options of [{ depth: 'summary' }, { depth: 'requests', ids: [5] }] as const) {
      const report = await audited(world(), options)
      expect(rulesOf(report)).toEqual([])
      expect(openFor(report)).toContain('A1 5')
      expect(openFor(report)).toContain(`A3 5 ${MODEL}`)
    }
  })

  it('may be of either where fal billed it to both, or to neither', async () => {
    for (const apiKeys of [[apiKeyOf(12), apiKeyOf(5)], []]) {
      const report = await audited(world({ apiKeys, cost: '100' }), { depth: 'requests' })
      expect(rulesOf(report)).toEqual([])
      expect(openFor(report)).toContain(`A3 5 ${MODEL}`)
    }
  })

  it('leaves open what others beside it may be', async () => {
    const more = world().task({ model: MODEL, apiKey: '', cost: '10', billed: false })
    const report = await audited(more, { depth: 'requests' })
    expect(rulesOf(report)).toEqual([])
    expect(openFor(report)).toEqual(expect.arrayContaining(['A1 5', `A3 5 ${MODEL}`]))
    expect(report.notEvaluated.find(({ rule, subject }) => rule === 'A1' && subject.accountId === 5)?.reason).toContain(
      '(1)',
    )
  })
})

describe.each(DEPTHS)('a task without a key that does not tell its cost either, at depth %s', (depth) => {
  const open = async (task: MiniTask) => {
    const world = keylessWorld({ billed: '3' }).task({ apiKey: '', cost: null, model: 'fal-ai/other', ...task })
    return openFor(await audited(world, { depth })).includes('A1 5')
  }

  it('leaves the cost open, also where it failed', async () => {
    expect([await open({}), await open({ status: 'failed' })]).toEqual([true, true])
  })

  it('of right before the period does so with usage alone, as its request was billed or not', async () => {
    const before = { at: '2026-02-05 23:59:50', billed: false, requestId: 'its-own' } as const
    expect(await open(before)).toBe(depth === 'summary')
  })
})

describe.each(DEPTHS)('a record that would exceed the bill with tasks without a key, at depth %s', (depth) => {
  /** Billed 1, recorded 1, and a task without a key that fal billed nothing for. */
  const world = (cost: string | null, task: MiniTask = {}): MiniWorld =>
    new MiniWorld()
      .account(5)
      .task({ cost: '1' })
      .task({ cost, apiKey: '', billed: false, ...task })
  const a1 = async (given: MiniWorld, options: WorldAudit = {}) => {
    const report = await audited(given, { depth, ...options })
    const tally = report.rules.find(({ rule }) => rule === 'A1')
    return [...rulesOf(report), ...openFor(report).filter((text) => text.startsWith('A1')), tally?.examined]
  }

  it('is not said to agree with it', async () => {
    expect(await a1(world('0.2'))).toEqual(['A1 5', 0])
    expect(await a1(world('0.2', { apiKey: apiKeyOf(5) }))).toEqual(['A1 accountId=5', 1])
    expect(await a1(world(null))).toEqual(['A1 5', 0])
  })

  it('is where they cost too little, failed without a cost, or are of another day', async () => {
    expect(await a1(world('0.1'))).toEqual([1])
    expect(await a1(world(null, { status: 'failed' }))).toEqual([1])
    expect(await a1(world('0.2', { at: '2026-02-04 12:00:00' }))).toEqual([1])
  })

  it('is where the bill of what they cost may lie beyond the end of the period, as far as usage alone tells', async () => {
    const open = depth === 'summary' ? [1] : ['A1 5', 0]
    expect(await a1(world('0.2', { at: '2026-02-06 23:59:50' }))).toEqual(open)
  })

  it('is where they may not be billed yet', async () => {
    const now = instant(Date.parse('2026-02-06T16:05:00Z'))
    expect(await a1(world('0.2', { at: '2026-02-06 23:50:00' }), { now })).toEqual([1])
  })
})

describe.each(DEPTHS)('a model of which only tasks without a key are due, at depth %s', (depth) => {
  const other = 'fal-ai/other'
  const a2 = async (task: MiniTask, world = new MiniWorld().account(5)) => {
    const report = await audited(world.task({ cost: '1' }).task({ model: other, cost: '0.01', apiKey: '', ...task }), {
      depth,
    })
    const found = report.findings.filter(({ rule }) => rule === 'A2').map(({ subject }) => `A2 found ${subject.model}`)
    return [...found, ...openFor(report).filter((text) => text.startsWith('A2'))]
  }

  it('is not said to be billed as it should be', async () => {
    expect(await a2({ billed: false })).toEqual([`A2 5 ${other}`])
    expect(await a2({ billed: false, apiKey: apiKeyOf(5) })).toEqual([`A2 found ${other}`])
    expect(await a2({ billed: false, model: '' })).toEqual(['A2 5'])
    expect(await a2({ billed: false, cost: null, points: 0 })).toEqual([`A2 5 ${other}`])
    expect(await a2({ billed: false }, new MiniWorld().account(5).task({ model: other, billed: false }))).toEqual([
      `A2 found ${other}`,
    ])
  })

  it('is not said to be timing where they are of the middle of the window', async () => {
    const edge = {
      model: other,
      cost: '0.5',
      at: '2026-02-06 23:59:40',
      requestId: depth === 'summary' ? 'its-own' : '',
    }
    const world = () => new MiniWorld().account(5).task(edge)
    const found = `A2 found ${other}`
    expect(await a2({ billed: false }, world())).toEqual([`A2 5 ${other}`])
    expect(await a2({ billed: false, cost: null }, world())).toEqual([`A2 5 ${other}`])
    // Due, if what it does not tell is above 0.
    expect(await a2({ billed: false, cost: null, points: 0 }, world())).toEqual([`A2 5 ${other}`])
    expect(await a2({ ...edge, billed: false }, world())).toEqual([found])
    expect(await a2({ billed: false, status: 'failed' }, world())).toEqual([found])
    expect(await a2({ billed: false }, world().task({ ...edge, at: '2026-02-06 12:00:00', billed: false }))).toEqual([
      found,
    ])
  })

  it('is where it was billed, or where they need not be', async () => {
    expect(await a2({ billed: false }, new MiniWorld().account(5).task({ model: other }))).toEqual([])
    expect(await a2({ billed: false, status: 'failed' })).toEqual([])
    expect(await a2({ billed: false, at: '2026-02-04 12:00:00' })).toEqual([])
  })
})

it('a task without a key that fal billed to one account leaves no other of them open', async () => {
  const world = new MiniWorld().account(5).account(12).task({ cost: '1' }).task({ cost: '1', account: 12 })
  world.task({ model: MODEL, apiKey: '', cost: '1', billed: false })
  world.event(
    { requestId: requestIdOf(3), endpointId: MODEL, cost: '1', timestamp: '2026-02-06T04:01:00Z' },
    apiKeyOf(12),
  )
  const report = await audited(world, { depth: 'requests' })
  expect(openFor(report).filter((text) => text.startsWith('A2'))).toEqual([])
})

describe('tasks without a key that fal billed to account 12, beside one that it billed to nobody', () => {
  /** Of 5 fal billed 1 and 1 is recorded. */
  const open = async (billed: MiniTask, unbilled: MiniTask, now = '2026-02-09T04:00:00Z') => {
    const world = new MiniWorld().account(5).account(12).task({ cost: '1' })
    world.task({ model: MODEL, apiKey: '', billed: false, at: '2026-02-06 20:00:00', ...billed })
    const event = { requestId: requestIdOf(2), endpointId: MODEL, cost: '1', timestamp: '2026-02-06T12:01:00Z' }
    world.event(event, apiKeyOf(12)).task({ model: MODEL, apiKey: '', billed: false, ...unbilled })
    const report = await audited(world, { depth: 'requests', now: instant(Date.parse(now)) })
    return openFor(report).filter((text) => /^A[12] 5/.test(text))
  }

  it.each([{ refunded: true }, { status: 'failed' }, { status: 'failed', cost: null }])(
    'do not stand for it where they were not due (%j)',
    async (billed) => {
      expect(await open({ cost: '0.01', ...billed }, { cost: '0.01' })).toEqual([`A2 5 ${MODEL}`])
      expect(await open({ cost: '0.01', ...billed }, { cost: '0.01', status: 'failed' })).toEqual([])
    },
  )

  it('take nothing from what it may make a record exceed the bill by, as young as they are', async () => {
    const now = '2026-02-07T10:00:00Z'
    expect(await open({ cost: '1' }, { cost: '0.5' }, now)).toEqual(['A1 5', `A2 5 ${MODEL}`])
    expect(await open({ cost: '1' }, { cost: '0.5', at: '2026-02-06 20:00:00' }, now)).toEqual([])
  })

  it('nor from the successes that tell no cost', async () => {
    const untold = await open({ cost: null, status: 'failed' }, { cost: null })
    expect(untold).toContain('A1 5')
    expect(await open({ cost: null }, { cost: null, status: 'failed' })).toEqual([])
  })
})

it('such of one model that fal billed to an account leave those of another open all the same', async () => {
  const other = { model: 'fal-ai/other', apiKey: '', cost: '0.01', billed: false } as const
  const report = await audited(keylessWorld().task(other), { depth: 'requests' })
  expect(openFor(report)).toContain('A2 5 fal-ai/other')
})

it('tasks without a key explain a short record together with those of right before the period', async () => {
  const eve = { at: '2026-02-05 23:59:50', cost: '0.5', billed: false } as const
  const found = async (cost: string) => rulesOf(await audited(keylessWorld({ cost, billed: '1.5' }).task(eve), {}))
  expect([await found('1'), await found('0.99')]).toEqual([[], ['A1 accountId=5']])
})
