import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordsOf } from '../../../src/audit/tasks/model-records.ts'
import { TaskTally } from '../../../src/audit/tasks/task-book.ts'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { taskRecordsOf } from '../../../src/rows/task-writer.ts'
import { HOUR, type Instant } from '../../../src/units/instant.ts'
import { AS_OF, at, later, points, usd } from '../../kit/books.ts'
import { accountRow } from '../../kit/evidence.ts'
import { planOf, taskRow } from '../../kit/rows.ts'

const ACCOUNTS = [5, 6].map((id) => accountRow(id, { apiKey: `key-${id}` }))

/** What tasks recorded on one account, or on several. `asOf`: when they were read. */
function recorded(tasks: readonly TaskRow[], accountIds: readonly number[], asOf = AS_OF) {
  const tally = new TaskTally(planOf({}, {}, asOf), ACCOUNTS, new Set([5, 6]))
  const records = taskRecordsOf(tasks)
  for (const index of tasks.keys()) tally.add(records, index)
  return recordsOf(tally.close(), accountIds)
}

// The window of planOf, right before it, and right at its edges.
const times: fc.Arbitrary<Instant> = fc.constantFrom(
  ...[-HOUR / 2, HOUR / 12, 12 * HOUR, 23.5 * HOUR].map((span) => later(at('2026-02-06 00:00:00'), span)),
)
const rarely = fc.constantFrom(undefined, undefined, true)

const tasks: fc.Arbitrary<TaskRow[]> = fc
  .array(
    fc.record({
      account: fc.constantFrom(5, 6),
      createdAt: times,
      took: fc.constantFrom(null, HOUR / 60),
      status: fc.constantFrom('success', 'success', 'success', 'failed', 'unfinished'),
      requestId: fc.constantFrom('request', ''),
      cost: fc.constantFrom('0', '0', '1', '1.5'),
      charge: fc.constantFrom(0, 0, 100),
      costUntold: rarely,
      chargeUntold: rarely,
      endUntold: rarely,
    }),
    { maxLength: 6, size: 'max' },
  )
  .map((drawn) =>
    drawn.map(({ account, took, cost, charge, costUntold, chargeUntold, endUntold, ...row }, rowId) =>
      taskRow({
        ...{ ...row, rowId, taskId: `task-${rowId}`, apiKey: `key-${account}` },
        completedAt: took === null ? null : later(row.createdAt, took),
        costNanoUsd: usd(costUntold ? '0' : cost),
        chargedPoints: points(chargeUntold ? 0 : charge),
        ...(costUntold && { costUntold }),
        ...(chargeUntold && { chargeUntold }),
        ...(endUntold && { endUntold, completedAt: null }),
      }),
    ),
  )

describe('what several accounts recorded together', () => {
  it('is what one would have recorded with the tasks of all', () => {
    fc.assert(
      // Read three days later, or before all of them are settled.
      fc.property(tasks, fc.constantFrom(AS_OF, at('2026-02-07 06:00:00')), (rows, asOf) => {
        const ofOne = rows.map((row) => ({ ...row, apiKey: 'key-5' }))
        expect(recorded(rows, [5, 6], asOf)).toEqual(recorded(ofOne, [5], asOf))
      }),
      { numRuns: 200 },
    )
  })

  it('names first the tasks that tell no cost, then those that tell no charge, then those whose end cannot be read', () => {
    const none = { requestId: '', completedAt: null, chargedPoints: points(0), costNanoUsd: usd('0') }
    const [cost, charge, end] = [
      { ...none, taskId: 'cost', costUntold: true },
      { ...none, taskId: 'charge', chargeUntold: true },
      { ...none, taskId: 'end', costNanoUsd: usd('1'), endUntold: true },
    ] as const
    const named = (...given: Partial<TaskRow>[]) => {
      const rows = given.map((row, index) => taskRow({ ...row, rowId: index, apiKey: `key-${5 + index}` }))
      return [...recorded(rows, [5, 6]).values()].map(({ untold }) => untold?.due?.evidence.ids.join())
    }
    for (const [first, second] of [
      [cost, charge],
      [cost, end],
      [charge, end],
    ] as const) {
      expect([named(first, second), named(second, first)]).toEqual([[first.taskId], [first.taskId]])
    }
  })

  it('is under the name that comes first, where they store it in two ways', () => {
    const stored = ['FAL-AI/Veo3', 'fal-ai/veo3']
    for (const [five, six] of [stored, stored.toReversed()]) {
      const rows = [taskRow({ model: five, apiKey: 'key-5' }), taskRow({ model: six, apiKey: 'key-6' })]
      expect([...recorded(rows, [5, 6])].map(([, { model, taskCount }]) => [model, taskCount])).toEqual([
        [stored[0], 2],
      ])
    }
  })
})
