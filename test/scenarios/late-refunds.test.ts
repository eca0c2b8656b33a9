import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { READ_AT } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'
import { audited, foundIn } from '../kit/null-world.ts'
import { STORES } from '../kit/real-audit.ts'

/** A refund that names no task and comes more than a day after the window is one all the same, until the moment of reading. */

const failed = { user: 101, status: 'failed', billed: false, cost: '0' } as const
/** 30 hours after the end of the window, which is read on the 9th at noon. */
const late = { sourceType: 'refund', at: '2026-02-08 06:00:00' } as const
const said = (report: Report) => saidOf(report, 'B7', 'B8', 'B9')
/** Two tasks of different charges that failed. */
const twoFailed = (refunded: boolean) =>
  withLinkedTasks()
    .task({ ...failed, refunded })
    .task({ ...failed, refunded, points: 70 })

describe.each(STORES)('a refund without a task after the day that follows the window, on %s', (store) => {
  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)('may be the one that a task lacks (marked: %s)', async (refunded, rule) => {
    const of = (amount: number, row: object = {}) =>
      audited(store, twoFailed(refunded).points(101, amount, { ...late, ...row }), 'requests', {})
    const open = [`${rule} userId=101`]
    const [first, second] = [`${rule} taskId=task-41`, `${rule} taskId=task-42`]
    expect(said(await audited(store, twoFailed(refunded), 'requests', {}))).toEqual({
      findings: [first, second],
      open: [],
    })
    // Each way in which a number of its own may be written.
    for (const orderId of [null, '', 'RF-1']) {
      expect(said(await of(100, { orderId }))).toEqual({ findings: [second], open })
    }
    expect(said(await of(70))).toEqual({ findings: [first], open })
    expect(said(await of(170))).toEqual({ findings: [], open })
    expect(said(await of(169)).findings).toHaveLength(1)
    expect(said(await of(69))).toEqual({ findings: [first, second], open: [] })
    // A row that names another task, or takes something, is none.
    expect(said(await of(100, { orderId: 'task-1' })).findings).toEqual(expect.arrayContaining([first, second]))
    expect(said(await of(-100, { sourceType: 'consume' }))).toEqual({ findings: [first, second], open: [] })
    expect(said(await of(100, { sourceType: 'gift' }))).toEqual({ findings: [first, second], open: [] })
  })

  it('may be cash, or a row of no known type', async () => {
    const cash = (cents: number, orderId: string | null) =>
      audited(store, twoFailed(false).cash(101, cents, { at: late.at, orderId }), 'requests', {})
    expect(said(await cash(100, null))).toEqual({ findings: ['B7 taskId=task-42'], open: ['B7 userId=101'] })
    expect(said(await cash(99, null)).findings).toHaveLength(2)
    expect(said(await cash(100, 'topup-1')).findings).toHaveLength(2)
    const unknown = twoFailed(false).points(101, 100, { ...late, sourceType: 'giveback' })
    expect(said(await audited(store, unknown, 'requests', {})).findings).toEqual(['B7 taskId=task-42'])
  })

  it('may be of somebody where it tells no user, and does not tell how much', async () => {
    const world = () => twoFailed(false).points(101, 100, late)
    const lastRow = (over: object) => ({ points: (row: { id: number }) => (row.id === 43 ? over : {}) })
    const nobodys = await audited(store, world(), 'requests', lastRow({ userId: null }))
    expect(said(nobodys)).toEqual({ findings: ['B7 taskId=task-42'], open: ['B7 userId=101'] })
    const untold = await audited(store, world(), 'requests', lastRow({ points: null }))
    expect(said(untold)).toEqual({ findings: [], open: ['B7 userId=101'] })
    const ofAnother = await audited(store, world(), 'requests', lastRow({ userId: 900 }))
    expect(said(ofAnother)).toEqual({ findings: ['B7 taskId=task-41', 'B7 taskId=task-42'], open: [] })
  })

  it('is looked for until now, and no longer', async () => {
    const at = (time: string) =>
      audited(store, twoFailed(false).points(101, 100, { ...late, at: time }), 'requests', {})
    expect(READ_AT).toBe(Date.parse('2026-02-09T12:00:00+08:00'))
    // The last row of the day that was read anyway, and the first behind it.
    for (const time of ['2026-02-07 23:59:59', '2026-02-08 00:00:00', '2026-02-09 11:59:59']) {
      expect(foundIn(await at(time))).toEqual(['B7 taskId=task-42'])
    }
    expect(foundIn(await at('2026-02-10 00:00:00'))).toEqual(['B7 taskId=task-41', 'B7 taskId=task-42'])
  })
})
