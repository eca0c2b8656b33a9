import { describe, expect, it, onTestFinished } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { keyIdOfAccount, type MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import { exitCodeOf } from '../../src/faces/exit-code.ts'
import { runAudit } from '../../src/operation.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { auditInput, inShort, quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { openOf } from '../kit/null-world.ts'
import { openWorld, STORES, type StoreKind } from '../kit/real-audit.ts'
import { call } from '../tools/call.ts'

// Read on 2026-02-09 at noon.
const DAY = '2026-02-08'
const UNREAD = [`'${DAY}T17:21:58Z'`, `'${DAY} 25:00:00'`, "'soon'", "'2026-02-00 00:00:00'"] as const
const NONE = ['NULL', "''", "'0000-00-00 00:00:00'"] as const
const AN_HOUR_AGO = "'2026-02-09 11:00:00'"
const WORDS = 'whose end (completed_at) cannot be read, or lies in the future'

/** Two tasks of another model, which are billed and paid as they ought to be, and one of 30 hours ago. */
const withTask = (task: MiniTask): MiniWorld =>
  new MiniWorld()
    .account(5)
    .task({ at: `${DAY} 01:00:00`, model: 'fal-ai/veo3', cost: '0.5', points: 200 })
    .task({ at: `${DAY} 02:00:00`, model: 'fal-ai/veo3', cost: '0.5', points: 200 })
    .task({ at: `${DAY} 06:00:00`, ...task })

async function opened(store: StoreKind, world: MiniWorld, end: string, ids = 'id = 3') {
  const built = world.build()
  const real = await openWorld(built, { store })
  onTestFinished(real.close)
  if (store === 'mariadb') await real.exec('ALTER TABLE ts_fal_tasks MODIFY completed_at VARCHAR(40)')
  await real.exec(`UPDATE ts_fal_tasks SET completed_at = ${end} WHERE ${ids}`)
  return { real, built }
}

const window = { start: DAY, end: DAY } as const

async function audited(
  store: StoreKind,
  world: MiniWorld,
  end: string,
  { ids, ...options }: { ids?: string } & Omit<WorldAudit, 'ids'> = {},
): Promise<Report> {
  const { real } = await opened(store, world, end, ids)
  return runAudit(auditInput({ depth: 'requests', ...window, ...options }), real.dependencies(), quietContext())
}

const tasksOf = ({ coverage }: Report) => coverage.sources.find(({ source }) => source === 'tasks')
const rulesOf = (report: Report): string[] => inShort(report).map((text) => text.split(' ')[0] ?? '')

const UNBILLED = withTask({ billed: false })
const FAILED = withTask({ status: 'failed', cost: '0' })
const REFUNDED = withTask({ status: 'failed', cost: '0', refunded: true })

describe.each(STORES)('an end that cannot be read, on %s', (store) => {
  it.each(UNREAD)('settles no task: here %s', async (end) => {
    const report = await audited(store, UNBILLED, end)
    expect(inShort(report)).toEqual([])
    expect(openOf(report, WORDS)).toEqual(['A2 5 fal-ai/flux/schnell', 'B2 5'])
    expect(report.requests).toMatchObject({ matched: 2, pending: 1, unbilled: 0 })
    expect(tasksOf(report)).toEqual({
      source: 'tasks',
      status: 'partial',
      reason: `tasks ${WORDS}, 1 of the period ("task-3"): whether they ended long enough ago is not known`,
    })
    expect(exitCodeOf(report, 'high')).toBe(3)
  })

  it.each(NONE)('is another matter than none: here %s', async (end) => {
    const report = await audited(store, UNBILLED, end)
    expect(rulesOf(report)).toEqual(['A2', 'B2'])
    expect(report.coverage.complete).toBe(true)
  })

  it('is pending for certain where the task was made within the lag, and no matter where it is billed or not due', async () => {
    const young = withTask({ at: `${DAY} 12:00:01`, billed: false })
    const free = withTask({ cost: '0', points: 0 })
    const running = withTask({ status: 'running', at: `${DAY} 13:00:00`, billed: false })
    for (const [world, end] of [
      [young, UNREAD[0]],
      [UNBILLED, AN_HOUR_AGO],
      [withTask({}), UNREAD[1]],
      [free, UNREAD[1]],
      [running, UNREAD[1]],
    ] as const) {
      const report = await audited(store, world, end)
      expect([inShort(report), openOf(report, WORDS)]).toEqual([[], []])
      expect(tasksOf(report)).toEqual({ source: 'tasks', status: 'complete' })
    }
    const old = withTask({ at: `${DAY} 11:59:59`, billed: false })
    expect(openOf(await audited(store, old, UNREAD[0]), WORDS)).toEqual(['A2 5 fal-ai/flux/schnell', 'B2 5'])
  })

  it('makes no refund overdue', async () => {
    for (const [world, rule] of [
      [FAILED, 'B7'],
      [REFUNDED, 'B8'],
    ] as const) {
      const report = await audited(store, world, UNREAD[2])
      expect([inShort(report), openOf(report, WORDS)]).toEqual([[], [`${rule} 101`]])
      expect(exitCodeOf(report, 'high')).toBe(3)
      expect(rulesOf(await audited(store, world, 'NULL'))).toEqual([rule])
      const late = await audited(store, world, AN_HOUR_AGO)
      expect([inShort(late), late.coverage.complete]).toEqual([[], true])
    }
    const given = withTask({ status: 'failed', cost: '0', refunded: true }).points(101, 100, {
      orderId: 'task-3',
      at: `${DAY} 07:00:00`,
      sourceType: 'refund',
    })
    const report = await audited(store, given, UNREAD[2])
    expect([inShort(report), report.coverage.complete]).toEqual([[], true])
  })

  it('leaves open a refund that is due at the very moment of reading, no sooner, and no bill', async () => {
    const open = 'tasks whose end (completed_at) cannot be read, or lies in the future, 1 of the period ("task-3"): '
    const failed = (at: string) => audited(store, withTask({ at, status: 'failed', cost: '0' }), UNREAD[2])
    const due = await failed(`${DAY} 12:00:00`)
    expect([openOf(due, WORDS), tasksOf(due)?.reason?.startsWith(open)]).toEqual([['B7 101'], true])
    const young = await failed(`${DAY} 12:00:01`)
    expect([openOf(young, WORDS), tasksOf(young)?.status]).toEqual([[], 'complete'])
    const unbilled = await audited(store, withTask({ at: `${DAY} 12:00:00`, billed: false }), UNREAD[2])
    expect([openOf(unbilled, WORDS), tasksOf(unbilled)?.status]).toEqual([[], 'complete'])
  })

  it('leaves open whether the record exceeds the bill', async () => {
    const world = (cost: string) => withTask({ model: 'fal-ai/veo3', cost, billed: false })
    const open = openOf(await audited(store, world('0.11'), UNREAD[0]), WORDS)
    expect(open).toEqual(['A1 5', 'B2 5'])
    expect(openOf(await audited(store, world('0.1'), UNREAD[0]), WORDS)).toEqual(['B2 5'])
    expect(rulesOf(await audited(store, world('0.11'), 'NULL'))).toEqual(['A1', 'B2'])
  })

  it('leaves open whether the record is short of the bill', async () => {
    // Without the third task 1.50 of 1.80 USD.
    const world = (cost: string) =>
      withTask({ model: 'fal-ai/veo3', cost, billed: false }).task({
        at: `${DAY} 07:00:00`,
        model: 'fal-ai/veo3',
        cost: '0.5',
        billed: { cost: '0.8' },
      })
    for (const enough of ['0.13', '0.5']) {
      const report = await audited(store, world(enough), UNREAD[0])
      expect([rulesOf(report), openOf(report, WORDS)]).toEqual([['B3'], ['A1 5', 'B2 5']])
    }
    const short = await audited(store, world('0.11'), UNREAD[0])
    expect([rulesOf(short), openOf(short, WORDS)]).toEqual([['A1', 'B3'], ['B2 5']])
    expect(rulesOf(await audited(store, world('0.13'), AN_HOUR_AGO))).toEqual(['A1', 'B3'])
  })

  it('leaves open whether the record exceeds the bill where the cost is not told either', async () => {
    const opens = async (end: string) => {
      const { notEvaluated } = await audited(store, withTask({ cost: null, billed: false }), end)
      return notEvaluated.filter(({ rule }) => rule === 'A1').map(({ reason }) => reason)
    }
    const open = ['tasks that hold no cost (NULL), 1 of the period ("task-3"): that is no cost of 0']
    expect([await opens(UNREAD[0]), await opens('NULL'), await opens(AN_HOUR_AGO)]).toEqual([open, open, []])
  })

  it('leaves open whether fal owes a bill where the cost or the charge alone may be above 0', async () => {
    const opens = async (task: MiniTask) =>
      openOf(await audited(store, withTask({ ...task, billed: false }), UNREAD[0]), WORDS)
    const a2 = 'A2 5 fal-ai/flux/schnell'
    expect(await opens({ cost: null, points: 0 })).toEqual([a2, 'B2 5'])
    expect(await opens({ cost: '0.01', points: 0 })).toEqual([a2, 'B2 5'])
    expect(await opens({ cost: '0', points: 100 })).toEqual([a2])
  })

  it('leaves open whose record exceeds the bill where no key is told', async () => {
    const keyless = withTask({ model: 'fal-ai/veo3', apiKey: '', cost: '0.11', billed: false })
    const open = async (end: string) => openOf(await audited(store, keyless, end), 'tasks without a key')
    expect(await open(UNREAD[0])).toEqual(['A1 5', 'B14'])
    expect(await open('NULL')).toEqual(['A1 5', 'B14'])
    expect(await open(AN_HOUR_AGO)).toEqual(['B14'])
  })

  it('leaves open whose record exceeds the bill where neither a key nor a cost is told', async () => {
    const keyless = withTask({ model: 'fal-ai/veo3', apiKey: '', cost: null })
    const open = async (end: string) => openOf(await audited(store, keyless, end), 'tasks without a key')
    expect([await open(UNREAD[0]), await open('NULL')]).toEqual([
      ['A1 5', 'B14'],
      ['A1 5', 'B14'],
    ])
    expect(await open(AN_HOUR_AGO)).toEqual(['B14'])
  })

  it('may be later than the pages of the bill reach, so that fal is asked by id', async () => {
    const day = { start: '2026-02-06', end: '2026-02-06' } as const
    const late = { at: `${day.start} 06:00:00`, completed: '2026-02-08 12:00:00' } as const
    for (const end of [UNREAD[0], 'NULL']) {
      const report = await audited(store, withTask({ ...late, billed: { cost: '0.07' } }), end, day)
      expect([inShort(report).map((text) => text.slice(0, 2)), openOf(report, WORDS)]).toEqual([['A1', 'B3'], []])
      expect(report.requests).toMatchObject({ matched: 1, pending: 0 })
      expect(report.coverage.complete).toBe(true)
    }
    const unbilled = await audited(store, withTask({ ...late, billed: false }), UNREAD[0], day)
    expect([unbilled.requests?.pending, openOf(unbilled, WORDS)]).toEqual([1, ['A2 5 fal-ai/flux/schnell', 'B2 5']])
  })

  it('leaves open whether the record is short of a bill that holds an event of no task', async () => {
    const world = (cost: string) =>
      withTask({ model: 'fal-ai/veo3', cost, billed: false }).event({
        ...{ requestId: 'stray', endpointId: 'fal-ai/veo3', cost: '0.2' },
        ...{ timestamp: `${DAY}T01:00:00Z`, keyId: keyIdOfAccount(5) },
      })
    // 1 of 1.2 USD is short by more than a tenth; with 0.08 besides it is not, with 0.07 it still is.
    const report = await audited(store, world('0.08'), UNREAD[0])
    expect([rulesOf(report), openOf(report, WORDS)]).toEqual([['B1'], ['A1 5', 'B2 5']])
    const short = await audited(store, world('0.07'), UNREAD[0])
    expect([rulesOf(short), openOf(short, WORDS)]).toEqual([['A1', 'B1'], ['B2 5']])
    // A task that names no key explains what is left.
    const keyless = {
      apiKey: '',
      cost: '0.01',
      points: 0,
      requestId: null,
      billed: false,
      at: `${DAY} 07:00:00`,
    } as const
    expect(openOf(await audited(store, world('0.07').task(keyless), UNREAD[0]), WORDS)).toEqual(['A1 5', 'B2 5'])
    expect(rulesOf(await audited(store, world('0.08'), AN_HOUR_AGO))).toEqual(['A1', 'B1'])
    expect(rulesOf(await audited(store, world('0.08'), 'NULL'))).toEqual(['B1', 'B2'])
  })

  it('may be anywhere at depth summary, so that nobody is accused', async () => {
    const report = await audited(store, UNBILLED, UNREAD[2], { depth: 'summary' })
    expect(report.findings.filter(({ classification }) => classification === 'BREAK')).toEqual([])
    expect(openOf(report, WORDS)).toEqual(['A2 5 fal-ai/flux/schnell'])
    expect(tasksOf(report)).toMatchObject({ status: 'partial' })
  })

  it('is told by task-trace, in both languages', async () => {
    const { real, built } = await opened(store, UNBILLED, UNREAD[1])
    const trace = (lang: 'en' | 'zh') => call(taskTraceTool, { id: 'task-3', lang }, real.dependencies(), built)
    const told = await trace('en')
    expect(told).toMatchObject({ verdict: 'pending', findings: [], tasks: [{ completedAtUnread: true }] })
    expect(told.tasks[0]).not.toHaveProperty('completedAt')
    expect(told.sentence).toBe(
      'when the task ended (completed_at) cannot be read, so it may be less than 24 hours ago, and fal bills nothing for it so far',
    )
    expect((await trace('zh')).sentence).toBe(
      '任务的结束时间（completed_at）无法读取，可能结束不到 24 小时；fal 目前未计费',
    )
  })
})
