import { describe, expect, it } from 'vitest'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { NO_REAL_TIME } from '../../../src/units/instant.ts'
import { at, later, points, usd } from '../../kit/books.ts'
import { event, joined, scopeOf, task } from '../../kit/joined.ts'
import { planOf } from '../../kit/rows.ts'

const noon = at('2026-02-06 12:00:00')
const one = (rowId: number, overrides: Partial<TaskRow> = {}) => task(rowId, { requestId: 'one', ...overrides })
const billed = [event('one', { costNanoUsd: usd('2') })]

describe('what is charged besides for a request is held against its bill', () => {
  /** Whether the bill of the request counts here, beside a second task of the window that bears it. */
  const counts = (claiming: TaskRow, userIds: readonly number[] = [], events = billed) => {
    const second = one(9, { createdAt: later(noon, 9), status: 'failed', userId: 101 })
    const here = claiming.createdAt === noon
    const given = { tasks: here ? [claiming, second] : [second], otherTasks: here ? [] : [claiming], events }
    const { verdicts } = joined(given, scopeOf({ plan: planOf({ userIds: [...userIds] }) }))
    return verdicts.find((verdict) => verdict.task === second)?.requestBilled
  }

  it('where the task that claims it is told of: of the window, the accounts and the users', () => {
    expect(counts(one(1))).toBe(true)
    expect(counts(one(1, { userId: 102 }), [101, 102])).toBe(true)
  })

  it.each<[string, Partial<TaskRow>, number[]]>([
    ['made before the window', { createdAt: at('2026-02-05 12:00:00') }, []],
    ['of an account outside the audit', { apiKey: 'key-9' }, []],
    ['of another user', { userId: 102 }, [101]],
    ['of no user', { userId: 101, userUntold: true }, [101]],
  ])('and not where that one is %s', (_, overrides, userIds) => {
    expect(counts(one(1, overrides), userIds)).toBe(false)
  })

  it('and not where nothing was billed', () => {
    expect(counts(one(1), [], [])).toBe(false)
  })
})

describe('a task that names no user', () => {
  it('is of none that was asked for, whatever number stands in its stead', () => {
    const tasks = [task(1, { userId: 0, userUntold: true }), task(2, { userId: 0 })]
    const selected = (userIds: number[]) =>
      joined({ tasks }, scopeOf({ plan: planOf({ userIds }) })).verdicts.map((verdict) => verdict.selected)
    expect(selected([0])).toEqual([false, true])
    expect(selected([])).toEqual([true, true])
  })
})

describe('a request that a task without a time bears as well', () => {
  const dated = (rowId: number, overrides: Partial<TaskRow> = {}) =>
    one(rowId, { createdAt: later(noon, rowId), ...overrides })
  const lost = (rowId: number, overrides: Partial<TaskRow> = {}) =>
    one(rowId, { createdAt: NO_REAL_TIME, ...overrides })
  const failed = { status: 'failed' } as const
  /** Rows that may claim it, once it is billed; and those without a time that wait for no bill, where it is not. */
  const claims = (tasks: readonly TaskRow[], otherTasks: readonly TaskRow[]) => {
    const { groups, unclaiming: beside } = joined({ tasks, otherTasks, events: billed })
    expect(beside).toEqual([])
    const { unclaiming } = joined({ tasks, otherTasks })
    const may = groups[0]?.sharing?.filter(({ mayClaim }) => mayClaim)
    return [may?.map(({ task: { rowId } }) => rowId).sort(), unclaiming.map(({ rowId }) => rowId).sort()]
  }

  it.each<[string, TaskRow[], TaskRow[], number[], number[]]>([
    ['either, where both succeeded', [dated(1)], [lost(8)], [1, 8], [8]],
    ['either, where both failed', [dated(1, failed)], [lost(8, failed)], [1, 8], [8]],
    ['the first with a time, or any without', [dated(2), dated(1)], [lost(8), lost(9)], [1, 8, 9], [8, 9]],
    ['the success alone, which has a time', [dated(1)], [lost(8, failed)], [1], [8]],
    ['the success alone, which has none', [dated(1, failed)], [lost(8)], [8], []],
    ['a success, which a failure without a time is not', [dated(1)], [lost(8), lost(9, failed)], [1, 8], [8, 9]],
  ])('may be claimed by %s', (_, tasks, otherTasks, may, unclaiming) => {
    expect(claims(tasks, otherTasks)).toEqual([may, unclaiming])
  })

  it('is in no doubt where all have a time, or it has one task', () => {
    expect(claims([dated(1), dated(2)], [])).toEqual([undefined, []])
    expect(claims([], [lost(8)])).toEqual([undefined, []])
  })

  it('may be the bill of a task that lost it to one without a time, and of no other', () => {
    const tasks = [dated(1), dated(2)]
    const may = (otherTasks: TaskRow[], events = billed) =>
      joined({ tasks, otherTasks, events }).verdicts.map(({ standing, mayBeBilledNanoUsd }) => [
        standing,
        mayBeBilledNanoUsd,
      ])
    expect(may([lost(8)])).toEqual([
      ['duplicate', usd('2')],
      ['duplicate', undefined],
    ])
    expect(may([])).toEqual([
      ['matched', undefined],
      ['duplicate', undefined],
    ])
    expect(may([lost(8, failed)])).toEqual([
      ['matched', undefined],
      ['duplicate', undefined],
    ])
  })
})

describe('a request that several tasks were charged for', () => {
  const before = one(9, { createdAt: at('2026-02-05 12:00:00') })
  const free = { chargedPoints: points(0) }
  const untold = { ...free, chargeUntold: true as const }
  const shared = (tasks: TaskRow[], userIds: number[] = []) =>
    joined({ tasks, otherTasks: [before] }, scopeOf({ plan: planOf({ userIds }) })).shared

  it('concerns the period by a task that was charged, or does not tell whether it was', () => {
    expect(shared([one(1, free)])).toEqual([])
    expect(shared([one(1, { chargedPoints: points(1) })])).toMatchObject([{ accountId: 5 }])
    expect(shared([one(1, untold)])).toMatchObject([{ accountId: 5, ownUntold: true }])
  })

  it('is told for the account that was charged before that of which it is not known', () => {
    const [open, charged] = [one(1, { ...untold, apiKey: 'key-6' }), one(2)]
    for (const tasks of [
      [open, charged],
      [charged, open],
    ]) {
      expect(shared(tasks)).toMatchObject([{ accountId: 5 }])
      expect(shared(tasks)[0]).not.toHaveProperty('ownUntold')
    }
  })

  it('is of no user who was asked for where its task names none', () => {
    expect(shared([one(1, { userId: 0, userUntold: true })], [0])).toEqual([])
    expect(shared([one(1, { userId: 0 })], [0])).toHaveLength(1)
  })
})
