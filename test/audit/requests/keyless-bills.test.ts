import { describe, expect, it } from 'vitest'
import { KeylessBills } from '../../../src/audit/requests/keyless-bills.ts'
import type { RequestGroup } from '../../../src/audit/requests/request-group.ts'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { HOUR } from '../../../src/units/instant.ts'
import { at, later, usd } from '../../kit/books.ts'
import { planOf, taskRow } from '../../kit/rows.ts'

// What is told of tasks without a key that fal billed to the key of an account. The window is 2026-02-06, read three days later.
const PLAN = planOf()
const MODEL = taskRow().model

const group = (own: Partial<TaskRow>, billed: Partial<RequestGroup> = {}) =>
  ({ claimedBy: taskRow({ apiKey: '', ...own }), owner: { accountId: 6 }, ...billed }) as RequestGroup

function told(groups: readonly RequestGroup[], plan = PLAN) {
  const bills = new KeylessBills(plan)
  for (const each of groups) bills.add(each)
  return bills.list()
}

const NO_COST = { costNanoUsd: usd('0'), costUntold: true } as const
const NO_END = { completedAt: null, endUntold: true } as const
const LATE = { createdAt: at('2026-02-06 23:30:00'), completedAt: at('2026-02-06 23:31:00') } as const

describe('tasks without a key', () => {
  it('are added up by account and model, with what they cost and how many are due', () => {
    const groups = [
      ...[group({}), group({ refunded: true }), group({ model: 'kling', costNanoUsd: usd('3') })],
      group({}, { owner: { accountId: 7 } }),
    ]
    const short = told(groups).map(({ accountId, model, taskCount, costNanoUsd, dueCount }) => [
      ...[accountId, model, taskCount, costNanoUsd, dueCount],
    ])
    expect(short).toEqual([
      [6, MODEL.replace('fal-ai/', ''), 2, usd('2'), 1],
      [6, 'kling', 1, usd('3'), 1],
      [7, MODEL.replace('fal-ai/', ''), 1, usd('1'), 1],
    ])
  })

  it('are of none where they name a key, are of another time, or it is not told whose bill or task it is', () => {
    const outside = [at('2026-02-05 23:59:59'), at('2026-02-07 00:00:00')].map((createdAt) => group({ createdAt }))
    const open = [{ owner: 'unattributed' }, { owner: 'undivided' }, { elsewhere: [] }, { sharing: [] }] as const
    const others = [...outside, group({ apiKey: 'key' }), ...open.map((each) => group({}, each as never))]
    expect(told([...others, group({}, { claimedBy: null })])).toEqual([])
  })

  it('that tell no cost are told apart as they are where all tasks are added up', () => {
    const sums = (own: Partial<TaskRow>, plan = PLAN) => {
      const [bill] = told([group({ ...NO_COST, ...own })], plan)
      return [bill?.untoldCosts, bill?.untoldWithin, bill?.untoldAcross, bill?.untoldOld, bill?.costNanoUsd]
    }
    expect(sums({})).toEqual([1, 1, 0, 1, 0n])
    expect(sums(LATE)).toEqual([1, 0, 1, 1, 0n])
    expect(sums(NO_END)).toEqual([1, 1, 0, 1, 0n])
    expect(sums({ status: 'failed' })).toEqual([1, 0, 0, 0, 0n])
    const soon = planOf({}, {}, later(LATE.completedAt, HOUR))
    expect(sums(LATE, soon)).toEqual([1, 0, 1, 0, 0n])
  })

  it('that need not be billed yet are told of with what they cost', () => {
    const soon = planOf({}, {}, later(LATE.completedAt, HOUR))
    expect(told([group(LATE)], soon)).toMatchObject([{ youngNanoUsd: usd('1'), dueCount: 0 }])
    expect(told([group(LATE)])).toMatchObject([{ youngNanoUsd: 0n, dueCount: 1 }])
  })
})
