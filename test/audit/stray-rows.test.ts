import { describe, expect, it } from 'vitest'
import { judge } from '../../src/audit/findings.ts'
import type { Rule } from '../../src/audit/rules/books.ts'
import type { ForeignBook } from '../../src/audit/rules/foreign-orders.ts'
import { StrayRows } from '../../src/audit/stray-rows.ts'
import { LIMITS } from '../../src/limits.ts'
import { books, points, settings } from '../kit/books.ts'
import { type GivenLedgers, numbers, pays, settledLedgers, paidTask as task } from '../kit/ledger-spools.ts'

const foreignIn = async (given: GivenLedgers) => (await settledLedgers(given)).source.foreign

describe('rows whose order is a task of another user', () => {
  const tasks = numbers(30).map((id) => task(id))
  const entries = numbers(30).map((id) => pays(id))
  /** User 101 paid for task 3 as well as its own, and so did 999, who has no task. */
  const more = [
    pays(31, { userId: 101, orderId: 'task-3', amountPoints: points(-896) }),
    pays(32, { userId: 999, orderId: 'request-3', amountPoints: points(-4) }),
  ]
  const told = [
    { userId: 101, orders: 1, orderId: 'task-3', takenPoints: 896n },
    { userId: 999, orders: 1, orderId: 'request-3', takenPoints: 4n },
  ]

  it.each([1, 7, 1_000_000])('are found wherever the pieces end (%i rows each)', async (pieceRows) => {
    expect(await foreignIn({ tasks, entries: [...entries, ...more], pieceRows })).toEqual({ users: told, isCut: false })
    expect(await foreignIn({ tasks, entries, pieceRows })).toEqual({ users: [], isCut: false })
  })

  it('are each counted once, though pieces are gone through again for rows of other times', async () => {
    const unpaid = tasks.map((each) => ({ ...each, refunded: each.rowId % 3 === 0 }))
    const given = { tasks: unpaid, entries: [...entries, ...more], otherTasks: [task(77, { userId: 101 })] }
    expect(await foreignIn({ ...given, pieceRows: 1 })).toEqual({ users: told, isCut: false })
  })

  it('are none where that task names no user: it may be their own', async () => {
    const nobodys = tasks.map((each) => (each.rowId === 3 ? { ...each, userId: 0, userUntold: true as const } : each))
    expect(await foreignIn({ tasks: nobodys, entries: [...entries, ...more] })).toEqual({ users: [], isCut: false })
  })

  it('tell no sum where one of them does not tell its amount', async () => {
    const [first, second] = more.map((row) => ({ ...row, userId: 101 }))
    const untold = { ...first!, amountPoints: points(0), amountUntold: true as const }
    const { users } = (await foreignIn({ tasks, entries: [...entries, untold, second!] }))!
    expect(users).toEqual([{ userId: 101, orders: 2, orderId: 'request-3', takenPoints: null }])
  })
})

describe('more rows than are looked into', () => {
  const row = (orderId: string) => ({ userId: 101, orderId, takenPoints: 1 })
  const filled = (count: number) => {
    const rows = new StrayRows()
    for (let each = 0; each < count; each++) rows.add(row(`order-${each}`))
    return rows
  }

  it('are told to be too many, and the first of them are looked into', () => {
    const limit = LIMITS.lookupIdsTotal
    const tasks = new Set(['order-0', `order-${limit}`])
    const first = { userId: 101, orders: 1, orderId: 'order-0', takenPoints: 1n }
    expect(filled(limit).close(tasks)).toEqual({ users: [first], isCut: false })
    expect(filled(limit + 1).close(tasks)).toEqual({ users: [first], isCut: true })
  })
})

describe('what B10 says of them', () => {
  const [b10, b9] = (['B10', 'B9'] as const).map(
    (id): Rule => ({
      ...{ id, severity: 'MEDIUM', perWindow: false },
      evaluate: () => ({ examined: 1, findings: [], notEvaluated: [] }),
    }),
  )
  const said = (foreign: Partial<ForeignBook>, everyOrder = true, lang: 'en' | 'zh' = 'en') => {
    const given = books({
      foreign: { users: [], isCut: false, ...foreign },
      lookedUp: { everyOrder, everyRequest: true },
    })
    return judge([b10!, b9!], given, settings(), lang)
  }
  const orders = { userId: 101, orders: 1, orderId: 'task-"3"', takenPoints: null }

  it('is whom they took from, and once that there are too many of them', () => {
    const { notEvaluated, counts } = said({ users: [orders] })
    expect(notEvaluated).toMatchObject([{ rule: 'B10', subject: { userId: 101 } }])
    expect(notEvaluated[0]?.reason).toMatch(/^ledger rows took from this user for orders .* such as "task-'3'"\)/)
    // Nobody found that user fine.
    expect([...counts.openUsers]).toEqual([101])
    const limit = { rule: 'B10', subject: {}, reason: expect.stringContaining(String(LIMITS.lookupIdsTotal)) }
    expect(said({ isCut: true }).notEvaluated).toEqual([limit])
    expect(said({ isCut: true }, false).notEvaluated).toEqual([limit, { ...limit, rule: 'B9' }])
    expect(said({}).notEvaluated).toEqual([])
  })

  it('names up to 50 users; more are told of together', () => {
    const users = (count: number) => numbers(count).map((userId) => ({ ...orders, userId, takenPoints: points(2) }))
    const named = said({ users: users(50) }).notEvaluated
    expect(named.map(({ subject }) => subject.userId)).toEqual(numbers(50))
    expect(named[0]?.reason).toContain('took 2 points from this user')
    const { notEvaluated, counts } = said({ users: users(51) })
    expect(notEvaluated).toMatchObject([{ rule: 'B10', subject: {} }])
    expect(notEvaluated[0]?.reason).toMatch(/^ledger rows took 102 points from 51 users for orders .* \(51, such as/)
    expect([...counts.openUsers]).toEqual([])
    const [untold] = said({ users: [orders, ...users(51)] }).notEvaluated
    expect(untold?.reason).toMatch(/^ledger rows took from 52 users/)
    const inChinese = said({ users: users(51) }, true, 'zh').notEvaluated[0]
    expect(inChinese?.reason).toContain('有流水从 51 个用户扣费 102 积分')
  })
})
