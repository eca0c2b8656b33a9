import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { b6DuplicateRow } from '../../../src/audit/rules/b6-duplicate-row.ts'
import { b7FailedButCharged } from '../../../src/audit/rules/b7-failed-but-charged.ts'
import { b8RefundNotPosted } from '../../../src/audit/rules/b8-refund-not-posted.ts'
import { b9OverRefund } from '../../../src/audit/rules/b9-over-refund.ts'
import { b10ChargeMismatch } from '../../../src/audit/rules/b10-charge-mismatch.ts'
import { known } from '../../../src/audit/rules/books.ts'
import type { LedgerEntry, TaskRow } from '../../../src/ledger/reader.ts'
import { books, points } from '../../kit/books.ts'
import { closeTally, tallyOf } from '../../kit/ledger-spools.ts'
import { entryRow, planOf, taskRow } from '../../kit/rows.ts'

const RULES = [b6DuplicateRow, b7FailedButCharged, b8RefundNotPosted, b9OverRefund, b10ChargeMismatch]

const task = (rowId: number, overrides: Partial<TaskRow> = {}): TaskRow =>
  taskRow({ rowId, taskId: `task-${rowId}`, requestId: `request-${rowId}`, chargedPoints: points(100), ...overrides })
const row = (amount: number, overrides: Partial<LedgerEntry> = {}): LedgerEntry =>
  entryRow(1, amount, { orderId: 'task-1', ...overrides })
const cash = { book: 'cash' } as const
const refund = { kind: 'refund' } as const

const settledOf = (tasks: readonly TaskRow[], rows: readonly LedgerEntry[]) => {
  const { settledTasks, openEntries, taskEntries } = closeTally(tallyOf(tasks, rows), 'order')
  expect(taskEntries()).toHaveLength(settledTasks + openEntries().length)
  return settledTasks
}

describe('a task is settled', () => {
  it.each([
    ['where one row took its charge', {}, [row(-100)], 1],
    ['where rows of both ledgers did', {}, [row(-60), row(-40, cash)], 1],
    ['and not by a point less', {}, [row(-99)], 0],
    ['and not by a point more', {}, [row(-101)], 0],
    ['and not without a row', {}, [], 0],
    ['and not without a row where it was free', { chargedPoints: points(0) }, [], 0],
    ['where a row took nothing for a free one', { chargedPoints: points(0) }, [row(0)], 1],
    ['and not where anything was given back', {}, [row(-100), row(5, refund)], 0],
    ['even where that was nothing', {}, [row(-100), row(0, refund)], 0],
    ['or where cash came in for it', {}, [row(-100), row(5, { ...cash, kind: 'recharge' })], 0],
    ['and not where it failed', { status: 'failed' as const }, [row(-100)], 0],
    ['but where it is still running', { status: 'unfinished' as const }, [row(-100)], 1],
    ['and not where it is marked as refunded', { refunded: true }, [row(-100)], 0],
  ])('%s', (_, overrides, rows, settled) => {
    expect(settledOf([task(1, overrides)], rows)).toBe(settled)
  })

  it('where it is one of the window that the filters leave', () => {
    const filtered = closeTally(tallyOf([task(1)], [row(-100)], { selected: () => false }), 'order')
    const plan = planOf({ depth: 'summary' })
    const summary = closeTally(tallyOf([task(1)], [row(-100)], { plan }), 'order', { plan })
    expect([filtered, summary].map((piece) => [piece.settledTasks, piece.openEntries(), piece.taskEntries()])).toEqual([
      [0, [], []],
      [0, [], []],
    ])
  })
})

describe('the rules about ledger rows', () => {
  const tasks = fc.array(
    fc.record({
      charged: fc.integer({ min: -1, max: 2 }),
      status: fc.constantFrom('success' as const, 'failed' as const, 'unfinished' as const),
      refunded: fc.boolean(),
      paid: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  )
  const rows = fc.array(
    fc.record({
      of: fc.integer({ min: 1, max: 6 }),
      amount: fc.integer({ min: -2, max: 2 }),
      kind: fc.constantFrom('consume' as const, 'consume' as const, 'refund' as const, 'recharge' as const),
      book: fc.constantFrom('points' as const, 'cash' as const),
    }),
    { maxLength: 5 },
  )

  it('say the same without the settled tasks as with them', () => {
    let settled = 0
    fc.assert(
      fc.property(tasks, rows, (someTasks, someRows) => {
        const tally = tallyOf(
          someTasks.map(({ charged, status, refunded }, index) =>
            task(index + 1, { chargedPoints: points(charged), status, refunded }),
          ),
          [
            ...someRows.map(({ of, amount, ...overrides }, index) =>
              entryRow(index + 1, amount, { orderId: `task-${of}`, ...overrides }),
            ),
            ...someTasks.flatMap(({ paid, charged }, index) =>
              paid ? [entryRow(100 + index, -charged, { orderId: `task-${index + 1}` })] : [],
            ),
          ],
        )
        const piece = closeTally(tally, 'order')
        settled += piece.settledTasks
        const ledgers = (entries: ReturnType<typeof piece.taskEntries>, settledTasks: number) =>
          books({
            taskLedgers: known(entries.map((each) => ({ ...each, accountId: 5, billedNanoUsd: null }))),
            settledTasks,
          })
        const short = ledgers(piece.openEntries(), piece.settledTasks)
        const whole = ledgers(piece.taskEntries(), 0)
        const { settings } = planOf()
        for (const rule of RULES) expect(rule.evaluate(short, settings)).toEqual(rule.evaluate(whole, settings))
      }),
      { numRuns: 500 },
    )
    expect(settled).toBeGreaterThan(100)
  })
})
