import { describe, expect, it, onTestFinished } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { exitCodeOf } from '../../src/faces/exit-code.ts'
import { openEmbeddedHandle } from '../../src/ledger/embedded-handle.ts'
import { runAudit } from '../../src/operation.ts'
import { userLedgers } from '../../src/operations/user-ledgers.ts'
import { tasksByUser } from '../../src/operations/user-tasks.ts'
import { renderText } from '../../src/render/text.ts'
import { auditInput, inShort, quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { openWorld } from '../kit/real-audit.ts'

const DAY = '2026-02-06'
const FORMS = [`'${DAY} 25:00:00'`, `'${DAY}T12:00:00Z'`, "'2026/02/06 12:00:00'", '1770350400'] as const

/** Thirty clean tasks of account 5, one a minute. */
function cleanWorld(): MiniWorld {
  const world = new MiniWorld().account(5)
  for (let minute = 10; minute < 40; minute++) world.task({ at: `${DAY} 12:${minute}:00` })
  return world
}

/** A world in an embedded database, changed by a statement of somebody else's program. */
async function opened(world: MiniWorld, sql?: string) {
  const real = await openWorld(world.build(), { store: 'embedded' })
  onTestFinished(real.close)
  if (sql !== undefined) {
    const handle = await openEmbeddedHandle(real.url.slice('file:'.length))
    handle.exec(sql)
    handle.close()
  }
  return real
}

async function audited(world: MiniWorld, sql: string | undefined, options: WorldAudit = {}): Promise<Report> {
  const real = await opened(world, sql)
  return runAudit(auditInput({ depth: 'requests', ...options }), real.dependencies(options), quietContext())
}

const sourceOf = ({ coverage }: Report, name: string) => coverage.sources.find(({ source }) => source === name)
const rulesLeftOpen = ({ notEvaluated }: Report): string[] => [...new Set(notEvaluated.map(({ rule }) => rule))]

describe('tasks whose time cannot be read', () => {
  it.each(FORMS)('make the table one that was read in part, here %s', async (form) => {
    const report = await audited(cleanWorld(), `UPDATE ts_fal_tasks SET created_at = ${form} WHERE id = 5`)
    expect(report.tasks.totals.taskCount).toBe(29)
    expect(report.coverage.complete).toBe(false)
    expect(sourceOf(report, 'tasks')).toEqual({
      source: 'tasks',
      status: 'partial',
      reason:
        '1 row has a time that cannot be read, first of all row 5; whether they belong to the period is not known',
    })
    expect(exitCodeOf(report, 'high')).toBe(3)
    expect(inShort(report)).toEqual([])
    expect(renderText(report, { lang: 'en' }).split('\n').slice(0, 12).join('\n')).toMatch(/1 row has a time/)
  })

  it('are told in Chinese too', async () => {
    const report = await audited(
      cleanWorld(),
      `UPDATE ts_fal_tasks SET created_at = '${DAY} 25:00:00' WHERE id IN (7, 5)`,
      { lang: 'zh' },
    )
    expect(sourceOf(report, 'tasks')?.reason).toBe('有 2 行的时间无法读取（首行 id 5），无法判断是否属于该时段')
  })

  it('are those of a column that holds no times at all: then there is no report', async () => {
    const sql = 'UPDATE ts_fal_tasks SET created_at = 1770350400'
    await expect(audited(cleanWorld(), sql)).rejects.toThrow('ts_fal_tasks.created_at is of the type number')
  })

  it.each(FORMS.slice(0, 3))('accuse nobody, though they are all of them: %s', async (form) => {
    for (const depth of ['summary', 'requests'] as const) {
      const report = await audited(cleanWorld(), `UPDATE ts_fal_tasks SET created_at = ${form}`, { depth })
      expect(report.tasks.totals.taskCount).toBe(0)
      expect(sourceOf(report, 'tasks')?.reason).toMatch(/^30 rows have times/)
      expect(inShort(report)).toEqual([])
      // Request by request what fal billed for them is carried over to another time.
      expect(rulesLeftOpen(report)).toEqual(expect.arrayContaining(depth === 'summary' ? ['A1', 'A3'] : ['A1']))
      expect(exitCodeOf(report, 'low')).toBe(3)
    }
  })

  it('are none where all is well', async () => {
    const report = await audited(cleanWorld(), undefined)
    expect(report.coverage.complete).toBe(true)
    expect(sourceOf(report, 'tasks')).toEqual({ source: 'tasks', status: 'complete' })
  })

  it.each(['NULL', "'0000-00-00 00:00:00'", "''"])('are told apart from those without a time, of %s', async (none) => {
    const undated = `UPDATE ts_fal_tasks SET created_at = ${none} WHERE id IN (5, 7)`
    const alone = await audited(cleanWorld(), undated)
    expect(alone.coverage.complete).toBe(true)
    const reason = '2 tasks without created_at, first of all row 5: of no period, and in no sum here'
    expect(sourceOf(alone, 'tasks')).toEqual({ source: 'tasks', status: 'complete', reason })
    expect([inShort(alone), exitCodeOf(alone, 'low')]).toEqual([[], 0])
    expect(renderText(alone, { lang: 'en' })).toContain(reason)
    const unread = `UPDATE ts_fal_tasks SET created_at = '${DAY} 25:00:00' WHERE id = 6`
    const both = await audited(cleanWorld(), `${undated}; ${unread}`)
    expect(sourceOf(both, 'tasks')).toEqual({
      source: 'tasks',
      status: 'partial',
      reason: `1 row has a time that cannot be read, first of all row 6; whether they belong to the period is not known; ${reason}`,
    })
  })

  it('keep no accusation that they cannot explain: a request of no task, a record beyond the bill', async () => {
    const world = cleanWorld()
      .event({ requestId: 'stolen', cost: '9', timestamp: `${DAY}T04:30:00Z` })
      .task({ at: `${DAY} 13:00:00`, cost: '500', billed: false })
    const sql = `UPDATE ts_fal_tasks SET created_at = '${DAY} 25:00:00' WHERE id = 5`
    const found = inShort(await audited(world, sql))
    expect(found).toEqual(expect.arrayContaining(['B1 requestId=stolen', 'A1 accountId=5']))
    expect(found.some((each) => each.startsWith('B2 '))).toBe(true)
  })

  it('leave open what they may explain: a bill beyond the record, a day of refunds', async () => {
    const world = new MiniWorld().account(5)
    world.task({ at: `${DAY} 12:00:00`, cost: '1' })
    world.task({ at: `${DAY} 12:01:00`, cost: '5', model: 'fal-ai/other', points: 200 })
    world.task({ at: `${DAY} 12:02:00`, cost: '1', refunded: true })
    const sql = `UPDATE ts_fal_tasks SET created_at = '${DAY} 25:00:00' WHERE id = 2`
    const without = await audited(world, 'DELETE FROM ts_fal_tasks WHERE id = 2', { depth: 'summary' })
    expect(inShort(without).map((each) => each.split(' ')[0])).toEqual(expect.arrayContaining(['A1', 'A3', 'A5']))
    const report = await audited(world, sql, { depth: 'summary' })
    expect(inShort(report).filter((each) => /^A[135]/.test(each))).toEqual([])
    expect(rulesLeftOpen(report)).toEqual(expect.arrayContaining(['A1', 'A3', 'A5']))
    expect(report.notEvaluated.find(({ rule }) => rule === 'A3')).toMatchObject({
      subject: { accountId: 5, model: 'fal-ai/other' },
      reason: expect.stringMatching(/^task table: 1 row has a time/),
    })
  })

  it('are told by the tools that read tasks', async () => {
    const real = await opened(cleanWorld(), `UPDATE ts_fal_tasks SET created_at = '${DAY} 25:00:00' WHERE id = 5`)
    const input = { start: DAY, end: DAY, sort: 'tasks', entries: false } as const
    const partial = { source: 'tasks', status: 'partial', reason: expect.stringMatching(/^1 row has a time.*row 5/) }
    const tasks = await tasksByUser(input, real.dependencies(), quietContext())
    expect(tasks).toMatchObject({ complete: false, sources: expect.arrayContaining([partial]) })
    const ledger = await userLedgers(input, real.dependencies(), quietContext())
    expect(ledger).toMatchObject({ complete: false, sources: expect.arrayContaining([partial]) })
  })
})

describe('ledger rows whose time cannot be read', () => {
  // A row without a time took what it says as well.
  const TIMES = [`'${DAY} 25:00:00'`, 'NULL', "''", "'0000-00-00 00:00:00'"] as const
  const unreadAs = (time: string): string => `UPDATE ts_points_detail SET created_at = ${time} WHERE id = 5`
  const unread = unreadAs(TIMES[0])

  it.each(TIMES)(
    'make their ledger one that was read in part, and are found by the id of their task: %s',
    async (time) => {
      const report = await audited(cleanWorld(), unreadAs(time))
      expect(sourceOf(report, 'points')).toMatchObject({ status: 'partial', reason: expect.stringMatching(/row 5/) })
      expect(sourceOf(report, 'tasks')).toEqual({ source: 'tasks', status: 'complete' })
      expect([report.coverage.complete, inShort(report)]).toEqual([false, []])
      expect(report.ledger.rows.every(({ status }) => status === 'OK')).toBe(true)
    },
  )

  it.each(TIMES)('leave open what users paid where rows name no task: %s', async (time) => {
    const unlink = `UPDATE ts_points_detail SET order_id = '';`
    const whole = await audited(cleanWorld(), unlink)
    expect(whole.ledger.rows.map(({ status }) => status)).toEqual(['OK'])
    const report = await audited(cleanWorld(), `${unlink} ${unreadAs(time)}`)
    expect(report.ledger.rows.map(({ status }) => status)).toEqual(['UNVERIFIED'])
    expect(inShort(report).filter((each) => each.startsWith('A4'))).toEqual([])
    expect(report.notEvaluated).toContainEqual({
      rule: 'A4',
      subject: { userId: 101 },
      reason: expect.stringMatching(/^points ledger: 1 row has a time/),
    })
  })

  it.each(TIMES)('leave open whether the balances of their user are right, whatever they say: %s', async (time) => {
    const world = cleanWorld().task({ user: 102, at: `${DAY} 12:50:00` })
    const trail = (report: Report) =>
      report.notEvaluated.flatMap(({ rule, subject, reason }) =>
        /^B1[123]$/.test(rule) ? [`${rule} ${JSON.stringify(subject)} ${reason}`] : [],
      )
    const broken = 'UPDATE ts_points_detail SET points = points - 5, balance_after = -5 WHERE id = 5'
    const dated = await audited(world, broken)
    expect(inShort(dated)).toEqual(expect.arrayContaining(['B11 userId=101 rowId=5', 'B13 userId=101 rowId=5']))
    expect(trail(dated)).toEqual([])
    const report = await audited(world, `${broken}; ${unreadAs(time)}`)
    expect(inShort(report).filter((each) => /^B1[13]/.test(each))).toEqual([])
    expect(trail(report)).toEqual(
      ['B11', 'B12', 'B13'].map((rule) =>
        expect.stringMatching(
          new RegExp(`^${rule} {"userId":101} points ledger: 1 row has a time that cannot be read`),
        ),
      ),
    )
    // Of somebody else nothing is left open.
    const ofOther = await audited(world, `${broken}; ${unreadAs(time)}`, { userIds: [102] })
    expect(trail(ofOther)).toEqual([])
  })

  it.each([...TIMES])('of cash accuse nobody either: %s', async (time) => {
    const world = new MiniWorld().account(5)
    for (let minute = 10; minute < 20; minute++) {
      world.task({ user: minute === 15 ? 102 : 101, at: `${DAY} 12:${minute}:00`, paid: { cash: 100, orderId: null } })
    }
    for (const depth of ['summary', 'requests'] as const) {
      const sql = `UPDATE ts_financial_transactions SET time = ${time} WHERE user_id = 102`
      const report = await audited(world, sql, { depth })
      expect(sourceOf(report, 'cash')).toMatchObject({ status: 'partial', reason: expect.stringMatching(/row 6/) })
      expect(report.ledger.rows.map(({ userId, status }) => `${userId} ${status}`)).toEqual([
        '101 OK',
        '102 UNVERIFIED',
      ])
      expect(inShort(report).filter((each) => each.startsWith('A4'))).toEqual([])
    }
  })

  it('are told by user-ledger, which lists the others', async () => {
    const real = await opened(cleanWorld(), unread)
    const input = { start: DAY, end: DAY, user_ids: [101], entries: true }
    const result = await userLedgers(input, real.dependencies(), quietContext())
    expect(result.entries).toHaveLength(29)
    expect(result).toMatchObject({
      complete: false,
      sources: expect.arrayContaining([expect.objectContaining({ source: 'points', status: 'partial' })]),
    })
  })
})
