import { describe, expect, it } from 'vitest'
import { MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import type { BillingEvent, Fetched } from '../../src/fal/reader.ts'
import { vocabulary } from '../../src/render/messages.ts'
import { DEFAULT_THRESHOLDS } from '../../src/settings.ts'
import { HOUR } from '../../src/units/instant.ts'
import { auditWith, noKey, refused } from '../kit/audit-with.ts'
import { auditWorld, inShort, type WorldAudit } from '../kit/audit-world.ts'
import { NOTHING_LEFT } from '../kit/tie-out.ts'

// fal's usage tells of cost of which its events tell nothing: the two contradict each other, and only one can be right.
const R = { depth: 'requests' as const, start: '2026-02-06', end: '2026-02-06' }
const MODEL = 'fal-ai/flux/schnell'
const OTHER = 'fal-ai/kling/v2'

const clean = (tasks = 6) => {
  const world = new MiniWorld().account(5).account(6).task({ account: 6, user: 102, cost: '1' })
  for (let each = 0; each < tasks; each++) world.task({ cost: '0.25', at: `2026-02-06 1${each}:00:00` })
  return world
}

/** Audits a world of which fal keeps only some events; its usage stays whole. */
const keeping = (world: MiniWorld, keeps: (event: BillingEvent) => boolean, options: WorldAudit = {}) =>
  auditWith(
    world.build(),
    (fal) => ({
      events: async (key, query, signal) => {
        const answer = await fal.events(key, query, signal)
        return answer.status === 'failed' ? answer : { ...answer, value: answer.value.filter(keeps) }
      },
    }),
    { ...R, ...options },
  )

type Audited = Awaited<ReturnType<typeof keeping>>
const openOf = ({ notEvaluated }: Audited) =>
  notEvaluated
    .filter(({ reason }) => reason.includes('contradicts itself'))
    .map(({ rule, subject }) => [rule, ...Object.values(subject)].join(' '))
    .sort()

const isOf5 = ({ keyId }: BillingEvent) => keyId?.startsWith('00000005') === true
const B19 = `B19 accountId=5 model=${MODEL} date=2026-02-06`

describe('events that fal does not keep, though its usage tells of their cost', () => {
  it('accuse nobody but fal, and leave open what hangs on them', async () => {
    const report = await keeping(clean(), (event) => !isOf5(event))
    expect(inShort(report)).toEqual([B19])
    expect(openOf(report)).toEqual(['A1 5', `A2 5 ${MODEL}`, `B2 5 ${MODEL}`])
    expect(report.notEvaluated.find(({ rule }) => rule === 'B2')?.reason).toContain('by 1.5 USD')
  })

  it('are told as not evaluated by the tie-out too, to the nano-dollar', async () => {
    const world = clean().task({ model: OTHER, cost: '0.010000001', billed: false })
    const report = await keeping(world, (event) => !isOf5(event))
    expect(report.tieOut).toMatchObject({
      ...NOTHING_LEFT,
      ...{ recordedTotal: '2.510000001', recordedMatched: '1', recordedUnbilled: '0.010000001' },
      recordedNotEvaluated: '1.5',
    })
    const benign = await keeping(world, () => true)
    expect(benign.tieOut).toMatchObject({ ...NOTHING_LEFT, recordedUnbilled: '0.010000001', recordedNotEvaluated: '0' })
  })

  it('are so whoever the audit is asked about, for all of the account', async () => {
    const world = clean().task({ user: 103, cost: '0.5' })
    const report = await keeping(world, (event) => !isOf5(event), { userIds: [103] })
    expect(report.requests).toMatchObject({ unbilled: 0, verdicts: { 'not-evaluated': 7 } })
    expect(report.tieOut).toMatchObject({ ...NOTHING_LEFT, recordedUnbilled: '0', recordedNotEvaluated: '2' })
  })

  it('are so but for what is so much that they cannot explain it', async () => {
    const world = new MiniWorld().account(5)
    for (const cost of ['0.25', '0.067108864', '0.067108863', '0.01']) world.task({ cost, billed: false })
    world.task({ cost: '0.0001' }).task({ cost: '0.0001' })
    const report = await keeping(world, () => false)
    // Two hundred times what is missing are 0.04 USD, and 2^26 nano-dollars the first amount with more digits than that.
    expect(inShort(report).filter((text) => text.startsWith('B2'))).toHaveLength(2)
    expect(report.requests).toMatchObject({ unbilled: 2, verdicts: { unbilled: 2, 'not-evaluated': 4 } })
    expect(report.tieOut).toMatchObject({
      ...NOTHING_LEFT,
      ...{ recordedUnbilled: '0.317108864', recordedNotEvaluated: '0.077308863' },
    })
  })

  it('say so in Chinese', async () => {
    const report = await keeping(clean(), (event) => !isOf5(event), { lang: 'zh' })
    expect(report.notEvaluated.find(({ rule }) => rule === 'A2')?.reason).toBe(
      vocabulary('zh').reasons['events-short']((name) => (name === 'usd' ? '1.5' : undefined)),
    )
  })

  it('leave open each task without one where some are there, and no model that has any', async () => {
    const report = await keeping(
      clean(),
      (event) => !isOf5(event) || event.at >= clean().instant('2026-02-06 13:00:00'),
    )
    expect(inShort(report)).toEqual([B19])
    expect(openOf(report)).toEqual(['A1 5', `B2 5 ${MODEL}`])
  })

  it('do not hide a break of another model, nor of another account', async () => {
    const world = clean()
      .task({ model: OTHER, cost: '0.01', billed: false })
      .task({ account: 6, user: 102, cost: '0.02', billed: false })
    const report = await keeping(world, (event) => !isOf5(event))
    expect(inShort(report).sort()).toEqual([
      `A2 accountId=5 model=${OTHER}`,
      B19,
      ...['8', '9'].map((id) => `B2 taskId=task-${id} requestId=${id.padStart(8, '0')}-aaaa-4aaa-8aaa-aaaaaaaaaaaa`),
    ])
  })

  it('do not hide an event that is there and that no task records', async () => {
    const world = clean()
    world.event({ requestId: 'leak', cost: '0.01', timestamp: world.iso('2026-02-06 20:00:00') })
    const report = await keeping(world, (event) => !isOf5(event) || event.requestId === 'leak')
    expect(inShort(report)).toEqual([B19, 'B1 requestId=leak'])
  })

  it('leave a model open that no task records, by whatever name its tasks go', async () => {
    const named = () => clean(1).task({ model: 'sora-2/i2v', cost: '1', billed: { endpointId: OTHER } })
    const report = await keeping(named(), (event) => event.model !== OTHER)
    expect(inShort(report)).toEqual([`B19 accountId=5 model=${OTHER} date=2026-02-06`])
    expect(openOf(report)).toEqual(['A1 5', 'A2 5 sora-2/i2v', `A3 5 ${OTHER}`, 'B2 5 sora-2/i2v'])
    const modelAliases = new Map([['sora-2/i2v', OTHER]])
    const aliased = await keeping(named(), (event) => event.model !== OTHER, { settings: { modelAliases } })
    expect(openOf(aliased)).toEqual(['A1 5', 'A2 5 sora-2/i2v', 'B2 5 sora-2/i2v'])
  })

  it('do not hide that the record is far from both', async () => {
    const world = clean().task({ cost: '40', billed: { cost: '4' } })
    const few = await keeping(world, ({ requestId }) => !requestId.startsWith('00000003'))
    expect(inShort(few).filter((text) => text.startsWith('A1'))).toEqual(['A1 accountId=5'])
  })

  it.each([
    ['the tolerance', 1000n, [], 7],
    ['a nano-dollar more, which is nothing beside what was recorded', 1001n, ['A1 5'], 7],
    ['what may be the bill of it', 1_000_000_000n, ['A1 5', `A2 5 ${MODEL}`, `B2 5 ${MODEL}`], 0],
  ])('count from B19’s tolerance on: %s', async (_, beyond, open, found) => {
    const report = await auditWith(
      clean().build(),
      (fal) => ({
        events: async () => ({ status: 'complete', value: [] }),
        usage: async (key, query, signal) => {
          const answer = await fal.usage(key, query, signal)
          if (answer.status === 'failed') return answer
          return {
            ...answer,
            value: answer.value.map((row) => ({ ...row, costNanoUsd: beyond as typeof row.costNanoUsd })),
          }
        },
      }),
      { ...R, ids: [5] },
    )
    expect(openOf(report)).toEqual(open)
    expect(inShort(report).filter((text) => /^(A2|B2)/.test(text))).toHaveLength(found)
  })
})

describe('usage that agrees with the events', () => {
  it('leaves A2 and B2 firing', async () => {
    const world = clean().task({ model: OTHER, cost: '1', billed: false }).task({ cost: '1', billed: false })
    expect(inShort(await auditWorld(world.build(), R)).map((text) => text.slice(0, 2))).toEqual([
      'A1',
      'A2',
      'B2',
      'B2',
    ])
  })

  // Two accounts share a bill that names no key, and one request is billed as a model and as a check beside it.
  it('contradicts nothing where a request is billed under two endpoints, also where a workspace is judged as one', async () => {
    const anonymous = { keyId: undefined as never }
    const shared = (checked: string) => {
      const world = new MiniWorld().account(5, { workspace: 'team' }).account(6, { workspace: 'team' })
      world
        .task({ cost: '1.5', billed: { cost: '1', ...anonymous } })
        .task({ account: 6, cost: '1', billed: anonymous })
      const check = { requestId: requestIdOf(1), endpointId: 'fal-ai/nsfw', cost: '0.5', ...anonymous }
      return world.event({ ...check, timestamp: world.iso(checked) })
    }
    for (const at of ['2026-02-06 12:01:00', '2026-02-06 11:59:00']) {
      const report = await auditWorld(shared(at).build(), R)
      expect([openOf(report), inShort(report)]).toEqual([[], []])
    }
    const lost = await keeping(shared('2026-02-06 12:01:00'), ({ model }) => model !== 'fal-ai/nsfw')
    expect(openOf(lost)).toEqual(['A1 team', 'A3 team fal-ai/nsfw'])
    // The check came a day late: what it cost is in neither.
    const late = await auditWorld(shared('2026-02-07 00:01:00').build(), R)
    expect([openOf(late), inShort(late).filter((text) => !text.includes('TIMING'))]).toEqual([[], []])
  })

  it.each(['failed', 'partial'] as const)(
    'is all there is where events of a workspace that is judged as one were not read whole: %s',
    async (status) => {
      const none: Fetched<BillingEvent[]> = status === 'failed' ? refused : { ...refused, status, value: [] }
      const world = new MiniWorld().account(5, { workspace: 'team' }).account(6, { workspace: 'team' })
      world.task({ cost: '100', billed: noKey }).task({ account: 6, cost: '1', billed: noKey })
      const unread = (given: World) => auditWith(given, () => ({ events: async () => none }), R)
      const fine = await unread(world.build())
      expect([openOf(fine), inShort(fine)]).toEqual([[], []])
      world.event({ endpointId: OTHER, cost: '2', timestamp: world.iso('2026-02-06 12:00:00'), ...noKey })
      const report = await unread(world.build())
      expect([openOf(report), inShort(report)]).toEqual([[], [`A3 workspace=team model=${OTHER}`]])
    },
  )

  it('a day late on the neighbouring days silences nothing', async () => {
    const world = new MiniWorld().account(5)
    world.task({ cost: '9', at: '2026-02-05 12:00:00' }).task({ cost: '9', at: '2026-02-06 12:00:00' })
    world.task({ cost: '1', at: '2026-02-06 12:00:00', billed: false })
    const options = { ...R, start: '2026-02-04', end: '2026-02-06' }
    const late = (day: string) => (day === '2026-02-05' ? '2026-02-04' : day)
    const report = await auditWith(
      world.build(),
      (fal) => ({
        usage: async (key, query, signal) => {
          const answer = await fal.usage(key, query, signal)
          if (answer.status === 'failed') return answer
          return { ...answer, value: answer.value.map((row) => ({ ...row, date: late(row.date) as typeof row.date })) }
        },
      }),
      options,
    )
    expect(openOf(report)).toEqual([])
    expect(inShort(report).map((text) => text.split(' ').slice(0, 2).join(' '))).toEqual([
      'B2 taskId=task-3',
      ...['B19 TIMING', 'B19 TIMING'],
    ])
  })

  it('of days that are not over yet is not held against the events', async () => {
    const world = clean().task({ cost: '1', at: '2026-02-06 09:00:00', billed: false })
    const now = world.instant('2026-02-06 23:00:00')
    const thresholds = { ...DEFAULT_THRESHOLDS, settlementLagMillis: HOUR }
    const report = await keeping(world, (event) => !isOf5(event), { now, thresholds })
    expect(openOf(report)).toEqual([])
    expect(inShort(report)).toContain(`A2 accountId=5 model=${MODEL}`)
  })
})
