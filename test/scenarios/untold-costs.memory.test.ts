import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { type MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { breaksOf } from '../kit/audit-with.ts'
import { auditWorld, inShort, type WorldAudit } from '../kit/audit-world.ts'
import { openOf } from '../kit/null-world.ts'

// What a cost that is not told may decide of A1 to A3, and what it may not.
const MODEL = 'fal-ai/flux/schnell'
const OTHER = 'fal-ai/kling/v2'
const DEPTHS = ['summary', 'requests'] as const

/** Twenty clean tasks of 1 USD each. */
function twenty(): MiniWorld {
  const world = new MiniWorld().account(5)
  for (let each = 0; each < 20; each++) world.task({ cost: '1' })
  return world
}

/** A bill of the day that no task records, of some model. */
const leak = (world: MiniWorld, cost: string, endpointId = MODEL): MiniWorld =>
  world.event({ endpointId, cost, timestamp: world.iso('2026-02-06 15:00:00') })

/** What fal billed names no keys, and so stands whole with the workspace. */
function undivided(world: MiniWorld): World {
  const built = world.build()
  const workspaces = built.workspaces.map((space) => ({
    ...space,
    events: space.events.map(({ keyId: _, ...event }) => event),
  }))
  return { ...built, workspaces }
}

const audited = (world: MiniWorld, options: WorldAudit): Promise<Report> => auditWorld(world.build(), options)

/** What breaks of some rules there are, and for whom a cost that is not told left them open. */
async function told(world: MiniWorld, options: WorldAudit, rules = /^A[123]\b/) {
  const report = await audited(world, options)
  return [
    breaksOf(report).filter((text) => rules.test(text)),
    openOf(report, 'hold no cost').filter((text) => rules.test(text)),
  ]
}

describe.each(DEPTHS)('a success of no told cost that fal did not bill, at depth %s', (depth) => {
  it('may have cost what makes the record exceed the bill', async () => {
    expect(await told(twenty().task({ cost: null }), { depth })).toEqual([[], ['A1 5']])
    expect(await told(twenty().task({ cost: '0', billed: false }), { depth })).toEqual([[], []])
  })

  it('nor is a record short for certain', async () => {
    const other = leak(twenty().task({ cost: null }), '9', 'fal-ai/leak')
    expect(await told(other, { depth })).toEqual([['A3 accountId=5 model=fal-ai/leak'], ['A1 5']])
    const known = leak(twenty(), '9', 'fal-ai/leak')
    expect(await told(known, { depth })).toEqual([['A1 accountId=5', 'A3 accountId=5 model=fal-ai/leak'], []])
  })

  it('leaves a record that is too large whatever it cost a break', async () => {
    const world = twenty().task({ cost: null })
    expect(await told(world.task({ cost: '2.000000001', billed: false }), { depth })).toEqual([['A1 accountId=5'], []])
    const within = twenty().task({ cost: null })
    expect(await told(within.task({ cost: '2', billed: false }), { depth })).toEqual([[], ['A1 5']])
  })

  it('is none of a task that failed, or that still runs', async () => {
    for (const status of ['failed', 'running']) {
      expect(await told(twenty().task({ cost: null, status, completed: null }), { depth })).toEqual([[], []])
    }
  })

  it('is none of one that failed, either, whose request another task claims', async () => {
    const requestId = '00000031-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
    const beside = (status: string) =>
      twenty().task({ requestId }).task({ requestId, cost: null, status, points: 0, billed: false })
    expect(await told(beside('failed'), { depth }, /^A1/)).toEqual([[], []])
    expect(await told(beside('completed'), { depth }, /^A1/)).toEqual([[], ['A1 5']])
  })

  it('decides nothing where fal billed nothing at all', async () => {
    const world = new MiniWorld().account(5).task({ cost: null, points: 0 })
    expect(await told(world, { depth }, /^A1/)).toEqual([[], []])
  })

  it('of a workspace whose bill is not told apart is judged with it', async () => {
    const world = twenty().account(6, { workspace: 'workspace-5' }).task({ account: 6, cost: null })
    const report = await auditWorld(undivided(world), { depth })
    expect(breaksOf(report).filter((text) => /^A/.test(text))).toEqual([])
    expect(openOf(report, 'hold no cost').filter((text) => /^A/.test(text))).toEqual(['A1 workspace-5'])
  })
})

describe.each(DEPTHS)('a success of no told cost that fal billed, at depth %s', (depth) => {
  // 21 USD billed, of which one of a task that may not tell it; a tenth of it is none too much.
  const world = (cost: string | null, tooMuch: string) =>
    twenty()
      .task({ cost, billed: false })
      .event({ requestId: '00000021-aaaa-4aaa-8aaa-aaaaaaaaaaaa', cost: '1', timestamp: '2026-02-06T04:00:30Z' })
      .task({ model: OTHER, cost: tooMuch, billed: false })
  const of = (cost: string | null, tooMuch: string) => told(world(cost, tooMuch), { depth }, /^A1/)

  it('does not make up for what others recorded too much', async () => {
    expect(await of('1', '2.100000001')).toEqual([['A1 accountId=5'], []])
    expect(await of(null, '2.100000001')).toEqual([[], ['A1 5']])
    expect(await of(null, '2.1')).toEqual([[], []])
    expect(await of(null, '3.100000001')).toEqual([['A1 accountId=5'], []])
  })
})

describe('several successes of one model that tell no cost, with usage alone', () => {
  // 22 USD billed, of which 2 as a model of which `more` tasks tell no cost, and `others` cost 1 USD each.
  const of = (more: number, billed: readonly string[], others = 0) => {
    const world = twenty()
    for (let each = 0; each < others; each++) world.task({ model: OTHER, cost: '1' })
    for (let each = 0; each < more; each++) world.task({ model: OTHER, cost: null, billed: false })
    for (const cost of billed) leak(world, cost, OTHER)
    return told(world, { depth: 'summary' }, /^A1/)
  }

  it('may have cost anything but one, where what was billed may be for that one', async () => {
    expect(await of(1, ['2'])).toEqual([[], []])
    expect(await of(2, ['2'])).toEqual([[], ['A1 5']])
    expect(await of(2, ['1.9999999'], 1)).toEqual([[], ['A1 5']])
    // Where as much was for each as the dearest other cost, they were billed.
    expect(await of(2, ['1', '1'], 1)).toEqual([[], []])
    expect(await of(3, ['1', '1'], 1)).toEqual([[], ['A1 5']])
  })
})

describe('a success of no told cost and no end that fal did not bill', () => {
  /** For whom A1 is broken, and for whom left open: 20 USD billed, `beyond` recorded besides. */
  const of = async (depth: 'summary' | 'requests', task: MiniTask, beyond = '0', divided = true) => {
    const world = twenty()
      .task({ cost: beyond, billed: false })
      .task({ cost: null, completed: null, ...task })
    if (!divided) world.account(6, { workspace: 'workspace-5' })
    const report = await auditWorld(divided ? world.build() : undivided(world), { depth })
    const why = task.apiKey === '' ? 'tasks without a key' : 'hold no cost'
    const isA1 = (text: string) => text.startsWith('A1')
    return [breaksOf(report).filter(isA1), openOf(report, why).filter(isA1)]
  }
  const KEYLESS = { apiKey: '' } as const
  const YOUNG = { completed: '2026-02-09 11:00:00' } as const

  it('may have cost anything where events were read, also where it names no key', async () => {
    for (const task of [{}, KEYLESS, { ...KEYLESS, requestId: null }]) {
      expect(await of('requests', task)).toEqual([[], ['A1 5']])
      expect(await of('requests', task, '2')).toEqual([[], ['A1 5']])
      expect(await of('requests', task, '0', false)).toEqual([[], ['A1 workspace-5']])
      expect(await of('requests', task, '2.000000001')).toEqual([['A1 accountId=5'], []])
      expect(await of('requests', { ...task, ...YOUNG })).toEqual([[], []])
      expect(await of('requests', { ...task, status: 'failed' })).toEqual([[], []])
    }
  })

  it('is timing at most with usage alone, but beside a record that is beyond the bill already', async () => {
    // 21 FLOATs of 1 USD and less may be off by 61 nano-dollars each.
    for (const task of [{}, KEYLESS, { ...KEYLESS, ...YOUNG }]) {
      expect(await of('summary', task)).toEqual([[], []])
      expect(await of('summary', task, '0.000001')).toEqual([[], []])
      expect(await of('summary', task, '0.000002')).toEqual([[], ['A1 5']])
      expect(await of('summary', task, '0.000002', false)).toEqual([[], ['A1 workspace-5']])
      expect(await of('summary', { ...task, cost: '9', billed: false }, '0.000001')).toEqual([[], []])
    }
    expect(await of('summary', { cost: '9', billed: false }, '0.000002')).toEqual([['A1 accountId=5'], []])
    expect(await of('summary', { ...KEYLESS, cost: '9', billed: false }, '0.000002')).toEqual([[], ['A1 5']])
  })
})

describe('a cost that is not told, of a task that failed or still runs', () => {
  it('explains what fal billed for its model beyond the record, at either depth', async () => {
    for (const depth of DEPTHS) {
      for (const status of ['failed', 'running']) {
        const world = (cost: string, over = {}) => {
          const made = twenty().task({ cost: null, status, completed: '2026-02-06 12:00:20', ...over })
          return made.event({
            requestId: '00000021-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
            cost,
            timestamp: made.iso('2026-02-06 12:00:30'),
          })
        }
        // A tenth of the whole bill is none too many. One of the others cost 1 USD.
        expect(await told(world('2.222222222'), { depth })).toEqual([[], []])
        expect(await told(world('2.222222223'), { depth })).toEqual([[], ['A1 5']])
        expect(await told(world('2.222222223', { cost: '0' }), { depth })).toEqual([['A1 accountId=5'], []])
      }
    }
  })

  it('explains with usage alone no more than the dearest task of its model cost, each', async () => {
    const failed = { cost: null, status: 'failed' }
    const of = (world: MiniWorld) => told(world, { depth: 'summary' }, /^A1/)
    // Of 23.33 USD a tenth may be missing, and one of a failed task.
    expect(await of(leak(twenty().task(failed), '3.333333333'))).toEqual([[], ['A1 5']])
    expect(await of(leak(twenty().task(failed), '3.333333334'))).toEqual([['A1 accountId=5'], []])
    expect(await of(leak(twenty().task(failed).task(failed), '4.444444444'))).toEqual([[], ['A1 5']])
    expect(await of(leak(twenty().task(failed).task(failed), '4.444444445'))).toEqual([['A1 accountId=5'], []])
    // Whose model no task tells the cost of may have cost what it was billed for, and successes too.
    const alone = twenty().task({ ...failed, model: OTHER })
    expect(await of(leak(alone, '9', OTHER))).toEqual([[], ['A1 5']])
    expect(await of(leak(twenty().task({ cost: null }), '9'))).toEqual([[], ['A1 5']])
    // What fal billed for it by its request is known otherwise.
    const billed = leak(twenty().task(failed), '3.333333333')
    expect(await told(billed, { depth: 'requests' }, /^A1/)).toEqual([['A1 accountId=5'], []])
  })

  it('explains as much of the bill of a workspace, whichever of its accounts the dearest task is of', async () => {
    const of = async (account: number, cost: string) => {
      const world = twenty().account(6, { workspace: 'workspace-5' }).task({ account: 6, cost: '0.1' })
      const report = await auditWorld(undivided(leak(world.task({ account, cost: null, status: 'failed' }), cost)))
      return [breaksOf(report), openOf(report, 'hold no cost')]
    }
    for (const accountId of [5, 6]) {
      // Of 23.44 USD a tenth may be missing, and one.
      expect(await of(accountId, '3.344444444')).toEqual([[], ['A1 workspace-5']])
      expect(await of(accountId, '3.344444445')).toEqual([['A1 workspace=workspace-5'], []])
    }
  })

  it('explains nothing of another model, nor of one that fal did not bill', async () => {
    const failed = { cost: null, status: 'failed' }
    expect(await told(leak(twenty().task(failed), '9', OTHER), { depth: 'summary' })).toEqual([
      ['A1 accountId=5', `A3 accountId=5 model=${OTHER}`],
      [],
    ])
    expect(await told(leak(twenty().task({ ...failed, model: 'fal-ai/none' }), '9'), { depth: 'summary' })).toEqual([
      ['A1 accountId=5'],
      [],
    ])
  })
})

describe.each(DEPTHS)('a model that fal did not bill, at depth %s', (depth) => {
  const open = async (...tasks: Parameters<MiniWorld['task']>[0][]) => {
    const world = twenty()
    for (const task of tasks) world.task({ model: OTHER, billed: false, points: 0, ...task })
    const report = await audited(world, { depth })
    const of = (words: string) => openOf(report, words).filter((text) => text.startsWith('A2'))
    return [breaksOf(report).filter((text) => text.startsWith('A2')), of('hold no cost'), of('hold no charge')]
  }
  const A2 = [`A2 accountId=5 model=${OTHER}`]

  it('stays open where its only tasks tell no cost', async () => {
    expect(await open({ cost: null })).toEqual([[], [`A2 5 ${OTHER}`], []])
    expect(await open({ cost: '0' })).toEqual([[], [], []])
    expect(await open({ cost: null, points: 1 })).toEqual([A2, [], []])
    expect(await open({ cost: null }, { cost: '0.000000001' })).toEqual([A2, [], []])
  })

  it('is none of tasks that could not be due anyway', async () => {
    for (const over of [{ refunded: true }, { status: 'failed' }, { status: 'running', completed: null }]) {
      expect(await open({ cost: null, ...over })).toEqual([[], [], []])
    }
  })

  it('names the tasks', async () => {
    const report = await audited(twenty().task({ model: OTHER, cost: null, points: 0 }), { depth })
    expect(report.notEvaluated.find(({ rule }) => rule === 'A2')?.reason).toContain('task-21')
  })

  it('stays open where they tell no charge', async () => {
    const built = twenty().task({ model: OTHER, cost: '0', points: 0, billed: false }).build()
    const tasks = built.tables.tasks.map((row) => (row.id === 21 ? { ...row, money: null as never } : row))
    const report = await auditWorld({ ...built, tables: { ...built.tables, tasks } }, { depth })
    expect(openOf(report, 'hold no charge')).toContain(`A2 5 ${OTHER}`)
    expect(breaksOf(report)).toEqual([])
  })
})

describe('at an edge of the period, with usage alone', () => {
  const A2_OPEN = [[], [`A2 5 ${OTHER}`]]

  it('a task of no told cost makes a break of what were timing without it, unless it may be billed outside too', async () => {
    const late = { model: OTHER, cost: '2', at: '2026-02-06 23:59:58' }
    const noon = { model: OTHER, cost: null, points: 0 }
    const A2 = /^A2/
    expect(await told(twenty().task(late).task(noon), { depth: 'summary' }, A2)).toEqual(A2_OPEN)
    const alsoLate = twenty()
      .task(late)
      .task({ ...noon, at: '2026-02-06 23:59:59' })
    expect(await told(alsoLate, { depth: 'summary' }, A2)).toEqual([[], []])
  })

  /** A model that fal billed right after midnight, and whose only task was made before it. */
  const onEve = (cost: string | null, at: string, billed = '3') => {
    const world = twenty().task({ model: OTHER, cost, at, completed: at, billed: false })
    return world.event({ endpointId: OTHER, cost: billed, timestamp: world.iso('2026-02-06 00:00:10') })
  }
  const A3 = [`A3 accountId=5 model=${OTHER}`]

  it('a model whose only task lies before midnight and tells no cost is none that no task records', async () => {
    const of = async (world: MiniWorld) => told(world, { depth: 'summary' }, /^A3/)
    expect(await of(onEve(null, '2026-02-05 23:59:50'))).toEqual([[], [`A3 5 ${OTHER}`]])
    // Billed within an hour of its end, to the second.
    expect(await of(onEve(null, '2026-02-05 23:00:00'))).toEqual([[], [`A3 5 ${OTHER}`]])
    expect(await of(onEve(null, '2026-02-05 22:59:59'))).toEqual([A3, []])
    // One that tells too little is not enough, and one that tells enough is timing.
    expect(await of(onEve('2.9', '2026-02-05 23:59:50'))).toEqual([A3, []])
    expect(await of(onEve('3', '2026-02-05 23:59:50'))).toEqual([[], []])
    expect(
      await of(onEve('2.9', '2026-02-05 23:59:50').task({ model: OTHER, cost: null, at: '2026-02-05 23:59:51' })),
    ).toEqual([[], [`A3 5 ${OTHER}`]])
  })

  it('leaves open whether the record is short, and is named', async () => {
    const report = await audited(onEve(null, '2026-02-05 23:59:50'), { depth: 'summary' })
    expect(openOf(report, 'hold no cost')).toEqual(['A1 5', `A3 5 ${OTHER}`])
    expect(report.notEvaluated.find(({ rule }) => rule === 'A3')?.reason).toContain('task-21')
  })

  it('is carried over by its events, where there are any', async () => {
    const requestId = '00000021-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
    const world = twenty().task({ model: OTHER, cost: null, at: '2026-02-05 23:59:50' })
    world.event({ requestId, endpointId: OTHER, cost: '3', timestamp: world.iso('2026-02-06 00:00:10') })
    expect(await told(world, { depth: 'requests' })).toEqual([[], []])
  })
})

it('a success right at the end of the period may have cost what a short record lacks, also as usage alone tells', async () => {
  const of = async (late: MiniTask, depth: 'summary' | 'requests') => {
    const world = new MiniWorld().account(5).task({ cost: '1', billed: { cost: '1.4' } })
    world.task({ model: OTHER, cost: '2' }).task({ model: OTHER, at: '2026-02-06 23:50:00', billed: false, ...late })
    const report = await auditWorld(world.build(), { depth })
    const [found, open] = [inShort(report), openOf(report, 'no cost (NULL)')]
    return [...found, ...open].filter((text) => text.startsWith('A1'))
  }
  for (const depth of DEPTHS) {
    expect(await of({ cost: null }, depth)).toEqual(['A1 5'])
    expect(await of({ cost: '0.4' }, depth)).toEqual([])
    for (const none of [{ cost: '0.01' }, { cost: null, status: 'failed' }, { cost: null, at: '2026-02-07 00:10:00' }])
      expect(await of(none, depth)).toEqual(['A1 accountId=5'])
  }
})
