import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgePayment } from '../../../src/audit/rules/a4-paid-not-charged.ts'
import type { LedgerEntry, TaskRow } from '../../../src/ledger/reader.ts'
import { MINUTE } from '../../../src/units/instant.ts'
import { at, later, points } from '../../kit/books.ts'
import { closeTally, tallyOf } from '../../kit/ledger-spools.ts'
import { entryRow, taskRow } from '../../kit/rows.ts'

/** What a user paid where rows name an id that a task of yesterday bears as well. */

const start = at('2026-02-06 00:00:00')
const end = at('2026-02-07 00:00:00')
const ID = 'aaaaaaaa-0000-4000-8000-000000000001'

const task = (rowId: number, charged: number, overrides: Partial<TaskRow> = {}): TaskRow =>
  taskRow({ rowId, taskId: `task-${rowId}`, requestId: '', chargedPoints: points(charged), ...overrides })
const yesterday = task(2, 100, { requestId: ID, createdAt: later(start, -MINUTE) })
const today = (charged: number) => [task(1, charged, { requestId: ID }), yesterday]
const row = (amount: number, orderId = ID, overrides: Partial<LedgerEntry> = {}) =>
  entryRow(1, -amount, { orderId, ...overrides })
const cash = { book: 'cash' } as const

const paymentOf = (tasks: readonly TaskRow[], rows: readonly LedgerEntry[]) => {
  const user = closeTally(tallyOf(tasks, rows), 'order').users.get(101)
  if (user === undefined) throw new RangeError('no such user')
  return user.payment
}

/** The difference and which way it is bounded, or why there is none. */
function said(tasks: readonly TaskRow[], rows: readonly LedgerEntry[]): string {
  const payment = paymentOf(tasks, rows)
  const verdict = judgePayment(payment)
  if (!payment.known || !verdict.known) return verdict.known ? '' : verdict.reason.code
  const { bound } = payment.value
  const books = Object.entries(bound?.open ?? {}).flatMap(([book, isOpen]) => (isOpen ? [book] : []))
  return [verdict.value.differencePoints, bound?.paid ?? 'exact', ...books].join(' ')
}

describe('what was paid lies between two amounts', () => {
  it.each<[string, number, number[], string]>([
    ['less than the charge at the most', 101, [100], '-1 most points'],
    ['the charge at the most', 100, [100], 'links-shared'],
    ['more than the charge at the most', 99, [100], 'links-shared'],
    ['the charge at the least', 0, [100], 'links-shared'],
    ['by several rows', 201, [100, 100], '-1 most points'],
    ['by several rows that come to the charge', 200, [100, 100], 'links-shared'],
    ['with a row that gave back', 101, [100, -100], '-1 most points'],
    ['with a row that gave back, about the charge', 100, [100, -100], 'links-shared'],
    ['by rows of nothing', 1, [0], '-1 exact'],
  ])('%s', (_, charged, rows, expected) => {
    expect(
      said(
        today(charged),
        rows.map((amount) => row(amount)),
      ),
    ).toBe(expected)
  })

  it('and above the charge', () => {
    const over = (own: number, ...rows: readonly LedgerEntry[]) => said(today(100), [row(own, 'task-1'), ...rows])
    expect(over(101, row(50))).toBe('1 least points')
    expect(over(100, row(50))).toBe('links-shared')
    expect(over(99, row(50))).toBe('links-shared')
    expect(over(101, row(-1))).toBe('links-shared')
    expect(over(102, row(-1))).toBe('1 least points')
    expect(over(99, row(-1))).toBe('-1 most points')
    expect(over(101, row(50, ID, cash))).toBe('1 least cash')
    expect(over(101, row(50, ID, cash), row(1))).toBe('1 least points cash')
  })

  it('together with rows that name no task, as long as these are needed', () => {
    const tasks = [...today(100), task(3, 1000)]
    const loose = (amount: number) => row(amount, '')
    expect(said(tasks, [row(100), loose(999)])).toBe('-1 most points')
    expect(said(tasks, [row(100), loose(1000)])).toBe('links-shared')
    expect(said(tasks, [row(100), loose(1001)])).toBe('links-shared')
    // Of the task of today alone: if the row is its own, they are of other products.
    const over = [...today(100), task(3, 100)]
    expect(said(over, [row(10), row(700, 'task-3'), loose(50)])).toBe('500 least points')
    expect(said(over, [row(10), row(200, 'task-3'), loose(50)])).toBe('links-shared')
    expect(said(over, [row(10), row(700, 'task-3'), loose(91)])).toBe('links-shared')
  })

  it('unless rows right after the end may be what is missing', () => {
    const tasks = (charged: number) =>
      today(charged).map((each, index) => (index === 0 ? { ...each, createdAt: later(end, -MINUTE) } : each))
    const after = row(40, '', { at: later(end, MINUTE) })
    expect(said(tasks(139), [row(100), after])).toBe('links-shared')
    expect(said(tasks(140), [row(100), after])).toBe('links-shared')
    expect(said(tasks(141), [row(100), after])).toBe('-41 most points')
    const early = (charged: number) => said(today(charged), [row(100), after])
    expect([139, 140].map(early)).toEqual(['-39 most points', '-40 most points'])
  })

  it('and a charge below 0 leaves open what lies between', () => {
    const negative = (charged: number) => [...today(charged), task(3, -50)]
    expect(said(negative(151), [row(100)])).toBe('-1 most points')
    expect(said(negative(150), [row(100)])).toBe('links-shared')
  })

  it('is left open where an amount is not told', () => {
    expect(said(today(1000), [row(0, ID, { amountUntold: true })])).toBe('amount-untold')
  })
})

describe('rows of tasks of the window alone', () => {
  const twins = [task(1, 100, { requestId: ID }), task(2, 100, { requestId: ID })]
  const own = [row(100, 'task-1'), row(100, 'task-2')]

  it('lower what was paid where they gave back', () => {
    expect(said(twins, [...own, row(-30)])).toBe('-30 exact')
    expect(said(twins, [...own, row(-30), row(30)])).toBe('0 exact')
    expect(said([...twins, task(3, 50)], [...own, row(-30), row(50, '')])).toBe('-30 exact')
  })

  it('are held against what was charged, and not against what a charge below 0 left of it', () => {
    const below = [task(1, -50, { requestId: ID }), task(2, 100, { requestId: ID })]
    expect(said(below, [row(100, 'task-2'), row(10)])).toBe('60 exact')
  })
})

describe('any rows', () => {
  const amounts = fc.integer({ min: -3, max: 6 })
  const given = fc.record({
    charges: fc.tuple(fc.integer({ min: -2, max: 9 }), fc.integer({ min: 0, max: 9 })),
    late: fc.boolean(),
    own: fc.array(fc.record({ of: fc.constantFrom('task-1', 'task-3', ''), amount: amounts }), { maxLength: 4 }),
    open: fc.array(fc.record({ amount: amounts, book: fc.constantFrom('points' as const, 'cash' as const) }), {
      minLength: 1,
      maxLength: 3,
    }),
    after: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
  })

  it('are bounded by what is known however they are dealt out', () => {
    let bounded = 0
    fc.assert(
      fc.property(given, ({ charges, late, own, open, after }) => {
        const time = late ? { createdAt: later(end, -MINUTE) } : {}
        const tasks = [task(1, charges[0], { requestId: ID, ...time }), yesterday, task(3, charges[1])]
        const rows = [
          ...own.map(({ of, amount }) => row(amount, of)),
          ...after.map((amount, index) => row(amount, '', { at: later(end, (index + 1) * MINUTE) })),
        ]
        const payment = paymentOf(tasks, [...rows, ...open.map(({ amount, book }) => row(amount, ID, { book }))])
        const verdict = judgePayment(payment)
        if (!payment.known || !verdict.known || payment.value.bound === undefined) return
        bounded += 1
        const least = verdict.value.differencePoints
        expect(least > 0n).toBe(payment.value.bound.paid === 'least')
        expect(payment.value.explainedByEdge).toBe(false)
        for (let deal = 0; deal < 2 ** open.length; deal++) {
          const dealt = open.map(({ amount, book }, index) =>
            row(amount, (deal >> index) & 1 ? 'task-1' : 'task-2', { book }),
          )
          const one = paymentOf(tasks, [...rows, ...dealt])
          const exact = judgePayment(one)
          if (!one.known || !exact.known) continue
          const { differencePoints } = exact.value
          expect(one.value.explainedByEdge).toBe(false)
          expect(least > 0n ? differencePoints >= least : differencePoints <= least).toBe(true)
        }
      }),
      { numRuns: 3000 },
    )
    expect(bounded).toBeGreaterThan(100)
  })
})
