import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { apiKeyOf, keyIdOfAccount, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { auditWith, breaksOf, refused } from '../kit/audit-with.ts'
import { auditWorld, inShort } from '../kit/audit-world.ts'

const requests = { depth: 'requests' as const }
const ENDPOINT = 'fal-ai/sora-2/i2v'
const billed = { endpointId: ENDPOINT }
const lost = (at = '2026-02-06T08:00:00Z') => ({
  ...{ requestId: requestIdOf(777), endpointId: ENDPOINT, cost: '0.2', timestamp: at },
})

/** Account 5 was billed for one name what account 6 is billed for another. */
const two = () => new MiniWorld().account(5).account(6).task({ model: 'alias', cost: '1', billed })

/** Billing events of account 6 are not told, so that its usage rows alone are held against its tasks. */
const sixUnread = (fal: FalReader): Partial<FalReader> => ({
  events: async (apiKey, query, signal) => (apiKey === apiKeyOf(6) ? refused : fal.events(apiKey, query, signal)),
})

/** Questions by id are not answered, so that no bill is told by the period of its tasks. */
const idsUnanswered = (fal: FalReader): Partial<FalReader> => ({
  events: async (apiKey, query, signal) =>
    'requestIds' in query && query.requestIds !== undefined ? refused : fal.events(apiKey, query, signal),
})

describe('a name that the matches of one account teach', () => {
  it('does not rename what another account is billed, with usage alone', async () => {
    const world = two().task({ account: 6, model: 'sora-2/i2v', cost: '2', billed, user: 102 })
    expect(inShort(await auditWith(world.build(), sixUnread, requests))).toEqual([])
  })

  it('names the bill of an account whose own events are not told', async () => {
    const world = two().task({ account: 6, model: 'alias', cost: '2', billed, user: 102 })
    expect(inShort(await auditWith(world.build(), sixUnread, requests))).toEqual([])
  })

  it('leaves it a break that another account is billed nothing for it', async () => {
    const world = two()
      .task({ account: 6, cost: '9', user: 102 })
      .task({ account: 6, model: 'alias', cost: '2', billed: false, user: 102 })
    expect(breaksOf(await auditWith(world.build(), sixUnread, requests))).toEqual([
      'A1 accountId=6',
      'A2 accountId=6 model=alias',
    ])
    expect(inShort(await auditWorld(world.build(), requests))).toContain('A2 accountId=6 model=alias')
  })

  it('leaves it a break that another account is billed for it without any task of that name', async () => {
    const world = two().task({ account: 6, cost: '9', user: 102 }).event(lost(), apiKeyOf(6))
    expect(inShort(await auditWith(world.build(), sixUnread, requests))).toEqual([`A3 accountId=6 model=${ENDPOINT}`])
    expect(inShort(await auditWorld(world.build(), requests))).toEqual([
      `A3 accountId=6 model=${ENDPOINT}`,
      `B1 requestId=${requestIdOf(777)}`,
    ])
  })

  it('is that of a model which others record too: a lost request is no model without tasks', async () => {
    const world = two()
      .task({ account: 6, model: 'other-alias', cost: '20', billed, user: 102 })
      .event(lost(), apiKeyOf(6))
    expect(inShort(await auditWorld(world.build(), requests))).toEqual([`B1 requestId=${requestIdOf(777)}`])
  })

  it('holds beside the endpoint itself, on one account, where one question by id is not answered', async () => {
    const world = new MiniWorld()
      .account(5)
      .task({ model: 'alias', cost: '1', billed })
      .task({ model: 'sora-2/i2v', cost: '5', billed })
      .task({ model: 'sora-2/i2v', cost: '0.01', billed: false })
    expect(inShort(await auditWith(world.build(), idsUnanswered, requests))).toEqual([])
  })

  it('may be another one from the window on', async () => {
    const renamed = (model: string) =>
      new MiniWorld()
        .account(5)
        .task({ cost: '50' })
        .task({ model: 'a-old', cost: '1', at: '2026-02-05 23:59:50', billed })
        .task({ model, cost: '1', ...(model === 'b-new' && { billed }) })
        .event(lost())
    expect(inShort(await auditWorld(renamed('b-new').build(), requests))).toEqual([`B1 requestId=${requestIdOf(777)}`])
    // Its tasks of the day before record nothing of today.
    expect(inShort(await auditWorld(renamed('fal-ai/wan').build(), requests))).toContain(
      `A3 accountId=5 model=${ENDPOINT}`,
    )
  })

  it('is shown with all that it was billed as, since all of it counts', async () => {
    const world = new MiniWorld()
      .account(5)
      .task({ model: 'sora-2/i2v', billed })
      .task({ model: 'sora-2/i2v', billed: { endpointId: 'fal-ai/sora-2/pro' } })
      .task({ model: 'wan', billed: { endpointId: 'fal-ai/wan' } })
    const report = await auditWorld(world.build(), requests)
    expect(inShort(report)).toEqual([])
    expect(report.settings.learnedAliases).toEqual({ 'sora-2/i2v': 'fal-ai/sora-2/i2v, fal-ai/sora-2/pro' })
  })
})

describe('an alias', () => {
  const modelAliases = new Map([
    ['old', ENDPOINT],
    // Tasks store the name of one endpoint for what they order from another.
    [ENDPOINT, 'fal-ai/sora-2/pro'],
    ['fal-ai/sora-2/pro', ENDPOINT],
  ])
  const pro = { endpointId: 'fal-ai/sora-2/pro' }
  const audit = (world: MiniWorld, depth: 'summary' | 'requests') =>
    auditWorld(world.build(), { depth, settings: { modelAliases } })

  it('is of a name that tasks store, and renames no endpoint that fal bills under that name', async () => {
    const ofOne = () => new MiniWorld().account(5).task({ model: 'old', cost: '1', billed })
    const swapped = () => new MiniWorld().account(5).task({ model: 'fal-ai/sora-2/pro', cost: '1', billed })
    for (const depth of ['summary', 'requests'] as const) {
      expect(inShort(await audit(ofOne(), depth))).toEqual([])
      expect(inShort(await audit(swapped(), depth))).toEqual([])
    }
    expect((await audit(swapped(), 'requests')).settings.learnedAliases).toEqual({})
  })

  it('leaves it a break that fal bills the endpoint of that name alone', async () => {
    const world = new MiniWorld().account(5).task({ cost: '20' }).task({ model: ENDPOINT, cost: '1', billed: false })
    world.event(lost(), apiKeyOf(5))
    for (const depth of ['summary', 'requests'] as const) {
      const found = inShort(await audit(world, depth))
      expect(found).toContain(`A2 accountId=5 model=${ENDPOINT}`)
      expect(found).toContain(`A3 accountId=5 model=${ENDPOINT}`)
    }
  })

  it('leaves endpoints two models of the bill', async () => {
    const world = new MiniWorld().account(5).task({ model: 'old', billed }).task({ model: ENDPOINT, billed: pro })
    const report = await auditWorld(world.build(), {
      settings: { modelAliases: new Map([[pro.endpointId, ENDPOINT]]) },
    })
    expect(report.official.rows.map(({ modelCount }) => modelCount)).toEqual([2])
  })
})

describe('figures by model', () => {
  it('stay those of the endpoint on the bill, and of the stored name in the record', async () => {
    const world = two()
      .task({ account: 6, model: 'sora-2/i2v', cost: '2', billed, user: 102 })
      .task({ account: 6, model: 'other-alias', cost: '3', billed, user: 102 })
    const report = await auditWorld(world.build(), requests)
    expect(inShort(report)).toEqual([])
    expect(report.official.models.map(({ accountId, model, costUsd }) => [accountId, model, costUsd])).toEqual([
      [5, ENDPOINT, '1'],
      [6, ENDPOINT, '5'],
    ])
    expect(report.official.rows.map(({ modelCount }) => modelCount)).toEqual([1, 1])
    expect(report.tasks.rows.map(({ model, costUsd }) => `${model} ${costUsd}`).sort()).toEqual([
      'alias 1',
      'other-alias 3',
      'sora-2/i2v 2',
    ])
    expect(report.tieOut).toMatchObject({
      eventsTotal: '6',
      eventsMatched: '6',
      eventsResidual: '0',
      bridgeResidual: '0',
    })
  })
})

describe('a task of another account that names no model', () => {
  const kling = { endpointId: 'fal-ai/kling', cost: '0.4' }
  const toSix = { ...kling, keyId: keyIdOfAccount(6) }
  const both = () => {
    const world = new MiniWorld().account(5, { workspace: 'w' }).account(6, { workspace: 'w' })
    for (let each = 0; each < 5; each++) world.task({ cost: '1' }).task({ account: 6, cost: '1', user: 102 })
    return world
  }
  const said = async (world: MiniWorld, fal: (reader: FalReader) => Partial<FalReader> = () => ({})) => {
    const report = await auditWith(world.build(), fal, requests)
    const isOpen = ({ rule, subject, reason }: Report['notEvaluated'][number]): boolean =>
      rule === 'A3' && subject.accountId === 6 && reason.includes('without a model')
    const open = report.notEvaluated.filter(isOpen)
    const found = inShort(report).filter((text) => text.startsWith('A3'))
    return [...found, ...open.map(({ subject }) => `open ${subject.accountId} ${subject.model}`)]
  }
  const OPEN = ['open 6 fal-ai/kling']
  const FOUND = ['A3 accountId=6 model=fal-ai/kling']

  it('may be of one that an account records, which its bill would tell: A3 is left open', async () => {
    expect(await said(both().task({ cost: '0.4', billed: toSix }))).toEqual([])
    expect(await said(both().task({ model: '', cost: '0.4', billed: toSix }))).toEqual(OPEN)
  })

  it('may be so too where the bill of that account is known by usage alone, or is of other requests', async () => {
    const leak = (world: MiniWorld) =>
      world.event({ ...kling, requestId: requestIdOf(777), timestamp: '2026-02-06T08:00:00Z' }, apiKeyOf(6))
    const own = (task: MiniTask) => leak(both().task({ ...task, cost: '0.4', billed: kling }))
    for (const fal of [undefined, sixUnread]) {
      expect(await said(own({}), fal)).toEqual([])
      expect(await said(own({ model: '' }), fal)).toEqual(OPEN)
      expect(await said(own({ model: 'fal-ai/kling' }), fal)).toEqual(FOUND)
    }
  })

  it('tells no name where the account has no tasks, nor of what it was not billed as', async () => {
    const leak = (world: MiniWorld) =>
      world.event({ ...kling, requestId: requestIdOf(777), timestamp: '2026-02-06T08:00:00Z' }, apiKeyOf(6))
    const alone = new MiniWorld().account(5).account(6).task({ cost: '1' })
    expect(await said(leak(alone.task({ model: '', cost: '0.4', billed: kling })))).toEqual(FOUND)
    const other = both().task({ model: '', cost: '0.4', billed: { endpointId: 'fal-ai/wan' } })
    expect(await said(leak(other))).toEqual(FOUND)
  })

  it('may be what a model of an account is called that fal did not bill under its own name: A2 is left open', async () => {
    const a2 = async (task: MiniTask, onSix: MiniTask = { model: 'fal-ai/kling', billed: { cost: '1.05' } }) => {
      const world = both()
        .task({ account: 6, cost: '1', ...onSix })
        .task({ account: 6, model: 'alias', billed: false })
      const report = await auditWorld(world.task({ cost: '0.4', billed: kling, ...task }).build(), requests)
      const open = report.notEvaluated.filter(({ rule, subject }) => rule === 'A2' && subject.model === 'alias')
      return [
        ...inShort(report).filter((text) => text.startsWith('A2')),
        ...open.map(({ subject }) => subject.accountId),
      ]
    }
    expect(await a2({ model: 'alias' })).toEqual([])
    expect(await a2({ model: '' })).toEqual([6])
    // Of another name, or where account 6 was billed for no kling, or for none but what it records.
    const found = ['A2 accountId=6 model=alias']
    expect(await a2({ model: 'fal-ai/kling' })).toEqual(found)
    expect(await a2({ model: '' }, { model: 'fal-ai/wan' })).toEqual(found)
    expect(await a2({ model: '' }, { model: 'fal-ai/kling' })).toEqual(found)
  })
})
