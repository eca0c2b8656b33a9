import { describe, expect, it } from 'vitest'
import { atOnce } from '../../../src/audit/breathe.ts'
import { LinkScans } from '../../../src/audit/ledgers/link-scans.ts'
import { StrayRows, strayRow } from '../../../src/audit/ledgers/stray-rows.ts'
import type { Rule } from '../../../src/audit/rules/books.ts'
import type { ForeignBook } from '../../../src/audit/rules/foreign-orders.ts'
import type { LedgerEntry } from '../../../src/ledger/reader.ts'
import { LIMITS } from '../../../src/limits.ts'
import { entryRecordsOf } from '../../../src/rows/entry-records.ts'
import { points as pointsOf } from '../../../src/units/points.ts'
import { at, books, points, settings } from '../../kit/books.ts'
import { judgeBooks } from '../../kit/judge-books.ts'
import { type GivenLedgers, numbers, pays, settledLedgers, tallyOf, paidTask as task } from '../../kit/ledger-spools.ts'

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

  it.each([1, 7, 1_000_000])('count by the first task where several bear an id (%i rows each)', async (pieceRows) => {
    // Tasks of three users bear one request id: what was taken by it is not given back by what names the last of them.
    const same = tasks.map((each) => ([3, 4, 5].includes(each.rowId) ? { ...each, requestId: 'same' } : each))
    const took = pays(31, { userId: 999, orderId: 'same' })
    const back = (orderId: string) => pays(32, { userId: 999, orderId, kind: 'refund', amountPoints: points(100) })
    const rest = async (orderId: string) => {
      const given = { entries: [...entries, took, back(orderId)], pieceRows }
      const orders = [
        await foreignIn({ tasks: same, ...given }),
        await foreignIn({ tasks: [...same].reverse(), ...given }),
      ]
      return orders.map((each) => each?.users.map(({ takenPoints }) => takenPoints))
    }
    expect(await rest('task-3')).toEqual([[], []])
    expect(await rest('task-5')).toEqual([[100n], [100n]])
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

describe('a row of a user without any task', () => {
  const tasks = numbers(30).map((id) => task(id))
  const entries = numbers(30).map((id) => pays(id))
  const large = { userId: 999, amountPoints: pointsOf(-9_007_199_254_740_993n) }

  it('is no reason not to read the ledger, though no sum holds what it took', async () => {
    const { source, failures } = await settledLedgers({ tasks, entries: [...entries, pays(31, large)] })
    expect([failures, source.mode, source.foreign]).toEqual([[], 'order', { users: [], isCut: false }])
  })

  it('tells no sum then where its order is a task of somebody else, nor where so much is given back', () => {
    const task = new Map([['task-3', ['task-3']]])
    const told = (took: LedgerEntry, back?: LedgerEntry) => {
      const rows = new StrayRows(at('2026-02-06 00:00:00'))
      rows.add(strayRow(entryRecordsOf([took]), 0))
      expect(rows.keepOf(task)).toEqual(['task-3'])
      if (back !== undefined) rows.giveBack(back)
      return rows.close().users.map(({ takenPoints }) => takenPoints)
    }
    const took = { userId: 999, orderId: 'task-3' }
    const back = pays(32, { ...took, kind: 'refund', amountPoints: pointsOf(9_007_199_254_740_993n) })
    expect(told(pays(31, { ...large, ...took }))).toEqual([null])
    expect(told(pays(31, took), back)).toEqual([null])
    expect(told(pays(31, took))).toEqual([100n])
  })
})

describe('the ids by which rows may have given back what a task took', () => {
  it('are all of its own, each once, and none where it bears none', () => {
    const rows = new StrayRows(at('2026-02-06 00:00:00'))
    const ids = [
      ['task-1', ''],
      ['task-2', 'request-2'],
    ] as const
    for (const orderId of ['task-1', 'request-2', 'task-2']) rows.add({ userId: 101, orderId, takenPoints: 1 })
    const names = rows.keepOf(new Map(ids.flatMap((own) => own.map((id) => [id, own]))))
    expect(names.join()).toBe('task-1,request-2,task-2')
  })
})

describe('rows of one user with more orders than are looked into', () => {
  it('are taken up to one more, and told to be too many', () => {
    const most = LIMITS.lookupIdsTotal
    const rows = numbers(most + 5).map((id) => pays(id, { userId: 101, orderId: `shop-${id}` }))
    const tally = tallyOf([task(1)], [pays(0, { userId: 101, orderId: 'task-1' }), ...rows])
    const scans = new LinkScans()
    for (const piece of [0, 1]) atOnce(scans.taking(piece, tally))
    expect(scans.strayRows().rows).toHaveLength(most + 1)
    expect(scans.strayRows().isCut).toBe(true)
    // Where the first piece has fewer when it is taken again, what was left out of the second is still left out.
    atOnce(scans.taking(0, tallyOf([task(1)])))
    expect(scans.strayRows()).toEqual({ rows: [], isCut: true })
    scans.restart()
    expect(scans.strayRows().isCut).toBe(false)
  })
})

describe('more rows than are looked into', () => {
  const row = (orderId: string) => ({ userId: 101, orderId, takenPoints: 1 })
  const filled = (count: number) => {
    const rows = new StrayRows(at('2026-02-06 00:00:00'))
    for (let each = 0; each < count; each++) rows.add(row(`order-${each}`))
    return rows
  }

  it('are told to be too many, and the first of them are looked into', () => {
    const limit = LIMITS.lookupIdsTotal
    const tasks = new Map(['order-0', `order-${limit}`].map((id) => [id, [id]]))
    const close = (rows: StrayRows) => {
      rows.keepOf(tasks)
      return rows.close()
    }
    const first = { userId: 101, orders: 1, orderId: 'order-0', takenPoints: 1n }
    expect(close(filled(limit))).toEqual({ users: [first], isCut: false })
    expect(close(filled(limit + 1))).toEqual({ users: [first], isCut: true })
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
    return judgeBooks([b10!, b9!], given, settings(), lang)
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
