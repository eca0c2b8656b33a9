import { describe, expect, it } from 'vitest'
import { type MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld, type WorldAudit } from '../kit/audit-world.ts'

/**
 * Tasks without a request id at an edge of the window: none of them can be joined with what fal billed for it on the other side,
 * which then looks like a bill that no task recorded, or like a task that was not billed. The window is 2026-02-06.
 */

const rare = 'fal-ai/rare'
const events: WorldAudit = { depth: 'requests' }

/** Ten tasks of 0.10 USD in the middle of the window, and what is added. */
function busy(): MiniWorld {
  const world = new MiniWorld().account(5)
  for (let task = 0; task < 10; task++) world.task({ cost: '0.1' })
  return world
}

const withoutId = (world: MiniWorld, at: string, task: MiniTask = {}): MiniWorld =>
  world.task({ model: rare, cost: '0.5', at, requestId: '', ...task })

async function said(world: MiniWorld, options: WorldAudit = events): Promise<string[]> {
  const report = await auditWorld(world.build(), options)
  expect(await auditWorld(world.build(), { ...options, pieceRows: 1 })).toEqual(report)
  const isOf = ({ rule }: { readonly rule: string }): boolean => ['A1', 'A2', 'A3'].includes(rule)
  return [
    ...report.findings.filter(isOf).map(({ rule, classification }) => `${rule} ${classification}`),
    ...report.notEvaluated
      .filter(isOf)
      .map(({ rule, subject: { model } }) => `${rule} open${model ? ` ${model}` : ''}`),
  ].sort()
}

describe('beside a task without created_at', () => {
  /** What A1 says of a task without a request id at an edge, where another has no time, and where that one is of the window. */
  const ofA1 = async (at: string, task: MiniTask): Promise<string[][]> => {
    const { tables, ...world } = withoutId(busy(), at).task(task).build()
    const said = async (cells: object): Promise<string[]> => {
      const tasks = tables.tasks.map((row) => (row.id === 12 ? { ...row, ...cells } : row))
      const { findings, notEvaluated } = await auditWorld({ ...world, tables: { ...tables, tasks } }, events)
      return [
        ...findings.flatMap(({ rule, classification }) => (rule === 'A1' ? [classification] : [])),
        ...notEvaluated.flatMap(({ rule }) => (rule === 'A1' ? ['open'] : [])),
      ]
    }
    return [await said({ createdAt: null }), await said({ createdAt: '2026-02-06 12:00:00' })]
  }
  const [before, last] = ['2026-02-05 23:59:30', '2026-02-06 23:59:50']

  it.each([before, last])('at %s it is timing, as it is whenever that one was made', async (at) => {
    expect(await ofA1(at, { cost: '0.001' })).toEqual([['TIMING'], ['TIMING']])
    expect(await ofA1(at, { cost: '0.001', billed: false })).toEqual([['TIMING'], ['TIMING']])
  })

  it('it is open where that one would make a break of it', async () => {
    for (const at of [before, last]) expect(await ofA1(at, { cost: '5', billed: false })).toEqual([['open'], ['BREAK']])
    // Of the window it makes the record exceed the bill by more than the other explains.
    expect(await ofA1(last, { cost: '0.3', billed: false })).toEqual([['open'], ['BREAK']])
    expect(await ofA1(before, { cost: '0.3', billed: false })).toEqual([['TIMING'], ['TIMING']])
    expect(await ofA1(before, { cost: '0.05', billed: { cost: '3' } })).toEqual([['open'], ['BREAK']])
  })
})

describe('right before the window, billed within it', () => {
  const before = '2026-02-05 23:59:30'

  it('it is timing, as it is with usage alone', async () => {
    expect(await said(withoutId(busy(), before))).toEqual(['A1 TIMING', 'A3 TIMING'])
    expect(await said(withoutId(busy(), before), {})).toEqual(['A1 TIMING', 'A3 TIMING'])
    expect(await said(withoutId(busy(), before, { requestId: null }))).toEqual(['A1 TIMING', 'A3 TIMING'])
  })

  it('a bill beyond what it cost is a break', async () => {
    const beyond = withoutId(busy(), before).event({
      ...{ endpointId: rare, cost: '0.2', timestamp: new MiniWorld().iso('2026-02-06 09:00:00') },
    })
    expect(await said(beyond)).toEqual(['A1 BREAK', 'A3 BREAK'])
    expect(await said(withoutId(busy(), before, { billed: { cost: '0.51' } }))).toEqual(['A1 TIMING', 'A3 BREAK'])
  })

  it('so is one of another model, or of a time that it cannot have been billed at', async () => {
    const other = withoutId(busy(), before, { billed: { endpointId: 'fal-ai/other' } })
    expect(await said(other)).toEqual(['A1 BREAK', 'A3 BREAK'])
    expect(await said(withoutId(busy(), '2026-02-05 22:30:00', { billed: false }))).toEqual([])
    const early = withoutId(busy(), '2026-02-05 22:30:00', {
      billed: { timestamp: new MiniWorld().iso('2026-02-06 09:00:00') },
    })
    expect(await said(early)).toEqual(['A1 BREAK', 'A3 BREAK'])
  })

  it('one with an id that fal did not bill explains nothing', async () => {
    const world = busy().task({ model: rare, cost: '0.5', at: before, billed: { requestId: 'another' } })
    expect(await said(world)).toEqual(['A1 BREAK', 'A3 BREAK'])
  })

  it('one that names no model may be of any', async () => {
    const nameless = withoutId(busy(), before, { model: '', billed: { endpointId: rare } })
    expect(await said(nameless)).toEqual(['A1 TIMING', 'A3 TIMING'])
    expect(await said(nameless, {})).toEqual(['A1 TIMING', 'A3 TIMING'])
  })

  it('one that tells no cost may explain any bill of its model', async () => {
    const timestamp = new MiniWorld().iso('2026-02-06 00:00:05')
    const untold = withoutId(busy(), before, { cost: null }).event({ endpointId: rare, cost: '0.5', timestamp })
    expect(await said(untold)).toEqual(['A1 open', `A3 open ${rare}`])
    const other = withoutId(busy(), before, { cost: null, model: 'fal-ai/other' })
    expect(await said(other.event({ endpointId: rare, cost: '0.5', timestamp }))).toEqual(['A1 BREAK', 'A3 BREAK'])
  })

  it('tasks of several models explain no more together than was billed as each', async () => {
    const two = withoutId(withoutId(busy(), before), before, { model: 'fal-ai/other', cost: '0.3' })
    expect(await said(two)).toEqual(['A1 TIMING', 'A3 TIMING', 'A3 TIMING'])
    const one = withoutId(busy(), before, { cost: '0.7', billed: { cost: '0.3' } })
    const timestamp = new MiniWorld().iso('2026-02-06 09:00:00')
    expect(await said(one.event({ endpointId: 'fal-ai/other', cost: '0.4', timestamp }))).toEqual([
      'A1 BREAK',
      'A3 BREAK',
      'A3 TIMING',
    ])
  })

  it('so do those of the accounts of one workspace', async () => {
    const world = new MiniWorld().account(5, { workspace: 'acme' }).account(6, { workspace: 'acme' })
    for (let task = 0; task < 10; task++) world.task({ cost: '0.1' })
    withoutId(world, before, { cost: '0.3' })
    withoutId(world, before, { cost: '0.2', account: 6 })
    const { tables, workspaces } = world.build()
    const keyless = workspaces.map((each) => ({ ...each, events: each.events.map(({ keyId: _, ...event }) => event) }))
    const report = await auditWorld({ tables, workspaces: keyless }, events)
    const found = report.findings.filter(({ rule }) => rule === 'A1' || rule === 'A3')
    expect(found.map(({ rule, classification, subject }) => [rule, classification, subject.workspace])).toEqual([
      ['A1', 'TIMING', 'acme'],
      ['A3', 'TIMING', 'acme'],
    ])
  })
})

describe('right before the window, together with tasks that name no key', () => {
  const before = '2026-02-05 23:59:30'
  const timestamp = new MiniWorld().iso('2026-02-06 00:00:05')
  const keyless = (world: MiniWorld, task: MiniTask = {}): MiniWorld =>
    withoutId(world, before, { apiKey: '', billed: false, ...task }).event({ endpointId: rare, cost: '0.5', timestamp })

  it('one without either leaves open whose it is, as it does with usage alone', async () => {
    const open = ['A1 open', `A3 open ${rare}`]
    for (const task of [{}, { cost: null }, { model: '' }]) {
      expect(await said(keyless(busy(), task))).toEqual(open)
      expect(await said(keyless(busy(), task), {})).toEqual(open)
    }
    expect(await said(keyless(withoutId(busy(), before, { cost: '0.3', billed: false }), { cost: '0.2' }))).toEqual(
      open,
    )
  })

  it('explains nothing where it cost less, is of another model or time, or bears an id', async () => {
    const broken = ['A1 BREAK', 'A3 BREAK']
    expect(await said(keyless(busy(), { cost: '0.3' }))).toEqual(broken)
    expect(await said(keyless(busy(), { model: 'fal-ai/other' }))).toEqual(broken)
    expect(await said(keyless(busy(), { at: '2026-02-05 22:30:00' }))).toEqual(broken)
    expect(await said(keyless(busy(), { requestId: 'its-own' }))).toEqual(broken)
  })

  it('those of the window may explain what is left, to the threshold', async () => {
    /** Of 2.4 fal billed 0.5 for a task without a key, and 0.9 for one without an id. */
    const short = (cost: string | null): MiniWorld => {
      const world = busy().task({ cost: '0.5', apiKey: '', billed: false })
      return withoutId(world, before, { cost, billed: false }).event({ endpointId: rare, cost: '0.9', timestamp })
    }
    const own = (world: MiniWorld) => world.event({ endpointId: 'fal-ai/flux/schnell', cost: '0.5', timestamp })
    const a1 = async (world: MiniWorld) => (await said(own(world))).filter((text) => text.startsWith('A1'))
    expect(await a1(short('0.9'))).toEqual(['A1 open'])
    expect(await a1(short('0.8'))).toEqual(['A1 open'])
    expect(await a1(short(null))).toEqual(['A1 open'])
    expect(await a1(short('0.7'))).toEqual(['A1 BREAK'])
  })
})

describe('right before the end of the window, billed after it', () => {
  const last = '2026-02-06 23:59:40'

  it('it is timing, as it is with usage alone', async () => {
    expect(await said(withoutId(busy(), last))).toEqual(['A1 TIMING', 'A2 TIMING'])
    expect(await said(withoutId(busy(), last), {})).toEqual(['A1 TIMING', 'A2 TIMING'])
  })

  it('it is a break where fal billed nothing there, or another model, or less', async () => {
    expect(await said(withoutId(busy(), last, { billed: false }))).toEqual(['A1 BREAK', 'A2 BREAK'])
    const other = withoutId(busy(), last, { billed: { endpointId: 'fal-ai/other' } })
    expect(await said(other)).toEqual(['A1 BREAK', 'A2 BREAK'])
    expect(await said(withoutId(busy(), last, { billed: { cost: '0.2' } }))).toEqual(['A1 BREAK', 'A2 TIMING'])
  })

  it('and where another task of the model was made long before, or bears an id', async () => {
    const noon = withoutId(withoutId(busy(), last), '2026-02-06 12:00:00', { billed: false })
    expect(await said(noon)).toEqual(['A1 BREAK', 'A2 BREAK'])
    const withId = withoutId(busy(), last).task({ model: rare, cost: '0.01', at: last, billed: false })
    expect(await said(withId)).toEqual(['A1 TIMING', 'A2 BREAK'])
  })

  it('one that need not be billed yet explains nothing of what others recorded', async () => {
    const timestamp = new MiniWorld().iso('2026-02-07 00:00:10')
    const world = withoutId(busy(), last, { billed: false }).event({ endpointId: rare, cost: '0.5', timestamp })
    world.task({ model: rare, cost: '0.5', billed: false })
    const read = (naive: string) => ({ ...events, now: new MiniWorld().instant(naive) })
    expect(await said(world, read('2026-02-07 13:00:00'))).toEqual(['A1 BREAK', 'A2 BREAK'])
    // Once it must be billed, that is what fal billed after the window.
    expect(await said(world, read('2026-02-08 13:00:00'))).toEqual(['A1 BREAK', 'A2 BREAK'])
  })

  it('what tasks of after it were billed for is none of its bill', async () => {
    const world = withoutId(busy(), last, { billed: false }).task({
      model: rare,
      cost: '0.5',
      at: '2026-02-07 00:01:00',
    })
    expect(await said(world)).toEqual(['A1 BREAK', 'A2 BREAK'])
  })

  it('nor what tasks were billed for that were made so long after it that they are read for their ids alone', async () => {
    const later = (at: string, task: MiniTask = {}): MiniWorld =>
      withoutId(busy(), last, { billed: false, ...task }).task({ model: rare, cost: '0.5', at })
    expect(await said(later('2026-02-07 00:30:00'))).toEqual(['A1 BREAK', 'A2 BREAK'])
    expect(await said(later('2026-02-07 21:00:00', { completed: null }))).toEqual(['A1 BREAK', 'A2 BREAK'])
    // One that costs nothing explains no record, and its charge may be billed there as well.
    expect(await said(later('2026-02-07 00:30:00', { cost: '0' }))).toEqual(['A2 BREAK'])
  })

  it('what no task was billed for may be its bill, hours later too', async () => {
    const billedAt = (naive: string) =>
      said(withoutId(busy(), last, { billed: { timestamp: new MiniWorld().iso(naive) } }))
    expect(await billedAt('2026-02-07 00:30:00')).toEqual(['A1 TIMING', 'A2 TIMING'])
    expect(await billedAt('2026-02-07 02:00:00')).toEqual(['A1 TIMING', 'A2 TIMING'])
  })
})
