import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { apiKeyOf, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { exitCodeOf } from '../../src/faces/exit-code.ts'
import { SECOND } from '../../src/units/instant.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { auditWorld, inShort, memoryDependencies, READ_AT, type WorldAudit } from '../kit/audit-world.ts'
import { later } from '../kit/books.ts'
import { openOf } from '../kit/null-world.ts'
import { call } from '../tools/call.ts'

// Read on 2026-02-09 at noon. An end in the future cannot be one: it accuses nobody, and excuses nothing for ever.
const DAY = '2026-02-08'
const window = { start: DAY, end: DAY } as const
const JUST_AHEAD = '2026-02-09 12:10:00'
const AHEAD = ['2026-02-09 12:10:01', '2026-02-10 14:00:00'] as const
const BEYOND = ['2026-02-10 14:00:01', '2099-01-01 00:00:00'] as const
const WORDS = 'whose end (completed_at) cannot be read, or lies in the future'

/** Twenty tasks that are billed and paid as they ought to be, and one of 30 hours ago. */
function withTask(task: MiniTask): MiniWorld {
  const world = new MiniWorld().account(5)
  for (let each = 0; each < 20; each++)
    world.task({ at: `${DAY} 01:00:00`, user: 200, model: 'fal-ai/veo3', cost: '0.05' })
  return world.task({ at: `${DAY} 06:00:00`, ...task })
}

const audited = (task: MiniTask, options: WorldAudit = {}): Promise<Report> =>
  auditWorld(withTask(task).build(), { depth: 'requests', ...window, ...options })

const rulesOf = (report: Report): string[] => inShort(report).map((text) => text.split(' ')[0] ?? '')

const UNBILLED = { cost: '0.05', billed: false } as const
const FAILED = { status: 'failed', cost: '0', billed: false } as const
const REFUNDED = { ...FAILED, refunded: true } as const

describe('an end in the future', () => {
  it('by no more than clocks differ is one of just now', async () => {
    for (const task of [UNBILLED, FAILED, REFUNDED]) {
      const report = await audited({ ...task, completed: JUST_AHEAD })
      expect([inShort(report), openOf(report, WORDS), report.coverage.complete]).toEqual([[], [], true])
    }
    expect((await audited({ ...UNBILLED, completed: JUST_AHEAD })).requests).toMatchObject({ pending: 1, unbilled: 0 })
  })

  it.each(AHEAD)('by no more than zones differ leaves open whether anything is due: here %s', async (completed) => {
    const said = async (task: MiniTask) => {
      const report = await audited({ ...task, completed })
      expect(report.coverage.sources).toContainEqual({
        source: 'tasks',
        status: 'partial',
        reason: `tasks ${WORDS}, 1 of the period ("task-21"): whether they ended long enough ago is not known`,
      })
      return [inShort(report), openOf(report, WORDS), exitCodeOf(report, 'high')]
    }
    expect(await said(UNBILLED)).toEqual([[], ['A2 5 fal-ai/flux/schnell', 'B2 5'], 3])
    expect(await said(FAILED)).toEqual([[], ['B7 101'], 3])
    expect(await said(REFUNDED)).toEqual([[], ['B8 101'], 3])
    const summary = await audited({ ...UNBILLED, completed }, { depth: 'summary' })
    expect([inShort(summary), openOf(summary, WORDS)]).toEqual([[], ['A2 5 fal-ai/flux/schnell']])
  })

  it.each(BEYOND)('by more than that is none, so that it excuses nothing: here %s', async (completed) => {
    for (const [task, rules] of [
      [UNBILLED, ['A2', 'B2']],
      [FAILED, ['B7']],
      [REFUNDED, ['B8']],
    ] as const) {
      const [none, report] = [await audited({ ...task, completed: null }), await audited({ ...task, completed })]
      expect([rulesOf(none), none.coverage.complete]).toEqual([rules, true])
      expect([rulesOf(report), report.coverage.complete]).toEqual([rules, true])
    }
  })

  it('leaves nothing open that is young, billed, free or still running', async () => {
    for (const task of [
      { at: `${DAY} 12:00:01`, ...UNBILLED },
      { cost: '0.05', billed: { timestamp: `${DAY}T01:00:00Z` } },
      { cost: '0', points: 0 },
      { ...UNBILLED, status: 'running', at: `${DAY} 13:00:00` },
    ] as const) {
      const report = await audited({ ...task, completed: AHEAD[0] })
      expect([inShort(report), openOf(report, WORDS), report.coverage.complete]).toEqual([[], [], true])
    }
  })

  it('leaves open whether the record agrees with the bill', async () => {
    const excess = { model: 'fal-ai/veo3', cost: '0.11', billed: false } as const
    const open = async (completed: string | null) => {
      const report = await audited({ ...excess, completed })
      return [rulesOf(report), openOf(report, WORDS)]
    }
    expect(await open(AHEAD[1])).toEqual([[], ['A1 5', 'B2 5']])
    for (const completed of [BEYOND[0], null]) expect(await open(completed)).toEqual([['A1', 'B2'], []])
    expect(inShort(await audited({ ...excess, completed: JUST_AHEAD }))).toEqual(['A1 TIMING accountId=5'])
  })

  it('of a task without a key that fal billed to account 6 leaves open what another that tells no cost may be of 5', async () => {
    const model = 'fal-ai/other'
    const open = async (...others: readonly MiniTask[]) => {
      const world = new MiniWorld().account(5).account(6)
      world.task({ at: `${DAY} 01:00:00` }).task({ account: 6, at: `${DAY} 01:00:00` })
      world.task({ apiKey: '', model, at: `${DAY} 06:00:00`, completed: AHEAD[0], billed: false })
      const event = {
        requestId: requestIdOf(3),
        endpointId: model,
        cost: '0.05',
        timestamp: world.iso(`${DAY} 06:01:00`),
      }
      world.event(event, apiKeyOf(6))
      for (const task of others) world.task({ apiKey: '', model, at: `${DAY} 06:00:00`, billed: false, ...task })
      return openOf(await auditWorld(world.build(), { depth: 'requests', ...window }), 'without a key').filter((each) =>
        each.startsWith('A2'),
      )
    }
    expect(await open()).toEqual([])
    expect(await open({ cost: '0', points: 0 })).toEqual([])
    for (const untold of [{ cost: null, points: 0 }, { completed: AHEAD[0] }] as const)
      expect(await open(untold)).toEqual([`A2 5 ${model}`])
  })

  it('is told of in a later reading once it is past, and then holds', async () => {
    const at = async (seconds: number) => {
      const now = later(READ_AT, seconds * SECOND)
      const report = await audited({ ...UNBILLED, completed: AHEAD[1] }, { now })
      return [rulesOf(report), report.requests?.pending]
    }
    // Read at its hour, a day after it, and a second later.
    const ahead = 26 * 3600
    expect([await at(0), await at(ahead), await at(ahead + 24 * 3600), await at(ahead + 24 * 3600 + 1)]).toEqual([
      [[], 1],
      [[], 1],
      [[], 1],
      [['A2', 'B2'], 0],
    ])
  })

  it('is told by task-trace, in both languages', async () => {
    const trace = (lang: 'en' | 'zh', completed: string) => {
      const built = withTask({ ...UNBILLED, completed }).build()
      return call(taskTraceTool, { id: 'task-21', lang }, memoryDependencies(built, {}), built)
    }
    const told = await trace('en', AHEAD[1])
    expect(told).toMatchObject({
      verdict: 'pending',
      findings: [],
      tasks: [{ completedAt: '2026-02-10T14:00:00+08:00' }],
    })
    expect(told.sentence).toBe(
      'when the task ended (completed_at) lies in the future, so it may be less than 24 hours ago, and fal bills nothing for it so far',
    )
    expect((await trace('zh', AHEAD[1])).sentence).toBe(
      '任务的结束时间（completed_at）在未来，可能结束不到 24 小时；fal 目前未计费',
    )
    expect((await trace('en', JUST_AHEAD)).sentence).toContain('the task ended less than 24 hours ago')
    expect((await trace('en', BEYOND[0])).verdict).toBe('unbilled')
  })
})
