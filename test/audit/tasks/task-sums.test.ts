import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyForm } from '../../../src/audit/bills/account-keys.ts'
import type { AuditPlan } from '../../../src/audit/plan.ts'
import { floatTolerance } from '../../../src/audit/rules/b3-amount.ts'
import { compareIds, EvidenceList } from '../../../src/audit/rules/evidence-list.ts'
import { CellTally, isOfUsers, isShown, type TaskCell } from '../../../src/audit/tasks/cell-tally.ts'
import { canonicalModel } from '../../../src/audit/tasks/model-name.ts'
import { TaskTally } from '../../../src/audit/tasks/task-book.ts'
import {
  couldBeBilledAcross,
  isDue,
  isPending,
  mayBeOverdue,
  mustCross,
} from '../../../src/audit/tasks/task-standing.ts'
import { SHANGHAI } from '../../../src/demo/mini-world.ts'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { TaskWords } from '../../../src/rows/task-records.ts'
import { TaskWriter, taskRecordsOf } from '../../../src/rows/task-writer.ts'
import { sum } from '../../../src/units/exact.ts'
import { wholeOf } from '../../../src/units/exact-sums.ts'
import { DAY, HOUR, type Instant, MINUTE, within } from '../../../src/units/instant.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import { points } from '../../../src/units/points.ts'
import { at, chargesOf, later } from '../../kit/books.ts'
import { accountRow } from '../../kit/evidence.ts'
import { planOf, taskRow } from '../../kit/rows.ts'

/** Sums as they are defined, one at a time over all tasks, against those of one pass. */

const ACCOUNTS = [5, 6, 9].map((id) => accountRow(id, { apiKey: `key-${id}` }))
const AUDITED = new Set([5, 6])
const KEYS = ['key-5', 'KEY-5', 'key-6', 'key-9', 'unknown', '']
const MODELS = ['fal-ai/b', 'B', 'c']

// The window of planOf and everything near which a task stands differently, to the millisecond.
const [start, end] = [at('2026-02-06 00:00:00'), at('2026-02-07 00:00:00')]
const times: fc.Arbitrary<Instant> = fc
  .record({
    edge: fc.constantFrom(start, end, at('2026-02-06 12:00:00'), at('2026-02-09 12:00:00')),
    span: fc.constantFrom(0, -DAY, DAY, -HOUR, HOUR, -10 * MINUTE, 10 * MINUTE, -20 * DAY),
    off: fc.constantFrom(-1, 0, 1),
  })
  .map(({ edge, span, off }) => later(edge, span + off))
const amounts = fc.oneof(
  fc.constantFrom(0n, 1n, 5n, 100n, 123_456_789n),
  fc.constantFrom(-7n, 2n ** 31n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n + 1n),
)
const tasks: fc.Arbitrary<TaskRow[]> = fc
  .array(
    fc.record({
      createdAt: times,
      completedAt: fc.option(times),
      status: fc.constantFrom('success', 'success', 'failed', 'unfinished'),
      userId: fc.constantFrom(1, 2, 3, 2 ** 40),
      apiKey: fc.constantFrom(...KEYS),
      model: fc.constantFrom(...MODELS),
      chargedPoints: amounts.map(points),
      costNanoUsd: amounts.map(nanoUsd),
      refunded: fc.boolean(),
    }),
    { maxLength: 50, size: 'max' },
  )
  .map((rows) => rows.map((row, rowId) => taskRow({ ...row, rowId, taskId: `task-${rowId}` })))
const plans = fc
  .record({
    ids: fc.constantFrom([], [5, 6]),
    userIds: fc.constantFrom([], [1, 2]),
    // Of one whole day, and of two half ones.
    start: fc.constantFrom('2026-02-06', '2026-02-05T12:00:00+08:00'),
    end: fc.constantFrom('2026-02-06', '2026-02-06T12:00:00+08:00'),
  })
  .map((request) => planOf(request))

const accountOf = ({ apiKey }: TaskRow): number | null =>
  ACCOUNTS.find((account) => account.apiKey === apiKey.toLowerCase())?.accountId ?? null

/** The tasks by what they have in common, in the order in which the first of each comes. */
function grouped<Key>(rows: readonly TaskRow[], keyOf: (task: TaskRow) => Key): [Key, TaskRow[]][] {
  const groups = new Map<Key, TaskRow[]>()
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row])
  return [...groups]
}
const costOf = (rows: readonly TaskRow[]): bigint => sum(rows, ({ costNanoUsd }) => costNanoUsd)
const chargedOf = (rows: readonly TaskRow[]): bigint => sum(rows, ({ chargedPoints }) => chargedPoints)
/** Of rules A5 and A6: charged is what lies above 0. */
const chargedAboveZeroOf = (rows: readonly TaskRow[]): bigint =>
  chargedOf(rows.filter(({ chargedPoints }) => chargedPoints > 0n))
const idsOf = (rows: readonly TaskRow[]) => ({
  total: rows.length,
  ids: rows
    .map(({ taskId }) => taskId)
    .sort(compareIds)
    .slice(0, 10),
})
const dateOf = ({ createdAt }: TaskRow) => SHANGHAI.dateOf(createdAt)

function recordOf(rows: readonly TaskRow[], plan: AuditPlan) {
  const inside = rows.filter(({ createdAt }) => within(createdAt, plan.window))
  const crossing = rows.filter((task) => couldBeBilledAcross(task, plan))
  const [out, into] = [inside, rows.filter((task) => !inside.includes(task))].map((side) =>
    side.filter((task) => crossing.includes(task)),
  ) as [TaskRow[], TaskRow[]]
  const due = inside.filter((task) => isDue(task, plan))
  const endOpen = costOf(crossing.filter((task) => inside.includes(task) && !mustCross(task, plan)))
  const young = costOf(inside.filter((task) => isPending(task, plan)))
  // Ends that lie in the future by no more than zones differ.
  const ahead = inside.filter((task) => mayBeOverdue(task, plan))
  const dearest = inside.reduce((most, { costNanoUsd }) => (costNanoUsd > most ? costNanoUsd : most), nanoUsd(0n))
  return {
    model: rows.map(({ model }) => model).sort()[0],
    taskCount: inside.length,
    costNanoUsd: costOf(inside),
    crossingOutNanoUsd: costOf(out),
    crossingInNanoUsd: costOf(into),
    roundingNanoUsd: sum([...inside, ...into], ({ costNanoUsd }) => floatTolerance(costNanoUsd)),
    ...(dearest > 0n && { dearestNanoUsd: dearest }),
    untoldCosts: 0,
    ...(ahead.length > 0 && {
      untold: {
        ...{ unended: 0, within: 0, crossingIn: { count: 0, evidence: { total: 0, ids: [] } } },
        due: {
          ...{ code: 'end-untold', count: ahead.length, evidence: idsOf(ahead) },
          onlyCrossing: ahead.every((task) => crossing.includes(task)),
        },
      },
    }),
    due: {
      ...{ count: due.length, costNanoUsd: costOf(due), chargedPoints: chargedOf(due), evidence: idsOf(due) },
      crossingCount: due.filter((task) => crossing.includes(task)).length,
    },
    ...(young !== 0n && { youngNanoUsd: young }),
    ...(endOpen !== 0n && { endOpenOutNanoUsd: endOpen }),
  }
}

function expectedBook(rows: readonly TaskRow[], plan: AuditPlan) {
  const inside = rows.filter(({ createdAt }) => within(createdAt, plan.window))
  const isSelected = (task: TaskRow): boolean =>
    isOfUsers(plan, task.userId) && (plan.ids.size === 0 || AUDITED.has(accountOf(task) ?? 0))
  const shown = (task: TaskRow): boolean => isShown(plan, AUDITED, accountOf(task))
  const selected = inside.filter(isSelected)
  const outside = inside.filter((task) => isOfUsers(plan, task.userId) && !shown(task))
  // Of an account, or of no key at all: a key that is in no account row records nothing.
  const isRecorded = (task: TaskRow): boolean => accountOf(task) !== null || task.apiKey.trim() === ''
  const recorded = rows.filter((task) => isRecorded(task) && task.createdAt >= plan.ranges.crossingSince)
  const isLeft = (task: TaskRow): boolean => shown(task) || task.apiKey.trim() === ''
  const unknown = inside.filter((task) => isOfUsers(plan, task.userId) && isLeft(task) && accountOf(task) === null)
  const charged = rows.filter((task) => isSelected(task) && task.createdAt < plan.window.end)
  const firstDate = SHANGHAI.dateOf(plan.window.start)
  const early = charged.filter((task) => task.createdAt < plan.window.start && dateOf(task) === firstDate)
  return {
    taken: selected.map(({ rowId }) => rowId),
    outside: {
      ...{ taskCount: outside.length, chargedPoints: chargedOf(outside), costNanoUsd: costOf(outside) },
      ...{ untoldCharges: 0, untoldCosts: 0 },
    },
    layerCostNanoUsd: costOf(inside.filter(shown)),
    records: grouped(recorded, accountOf).map(([accountId, own]) => [
      accountId,
      grouped(own, ({ model }) => canonicalModel(model, new Map())).map(([model, each]) => [
        model,
        recordOf(each, plan),
      ]),
    ]),
    users: grouped(selected, ({ userId }) => userId)
      .sort(([a], [b]) => a - b)
      .map(([userId, own]) => {
        const free = own.filter((task) => task.chargedPoints === 0n && task.costNanoUsd > 0n && !task.refunded)
        const days = grouped(
          charged.filter((task) => task.userId === userId),
          dateOf,
        ).map(([date, each]) => [date, chargedAboveZeroOf(each)] as const)
        return {
          ...{ userId, taskCount: own.length, chargedPoints: chargedOf(own) },
          ...{ freeCount: free.length, freeCostNanoUsd: costOf(free), freeEvidence: idsOf(free) },
          chargedByDate: new Map(days.flatMap(([date, points]) => (points === 0n ? [] : [[date, wholeOf(points)]]))),
          chargedEarly: wholeOf(chargedAboveZeroOf(early.filter((task) => task.userId === userId))),
        }
      }),
    days: grouped(selected, dateOf).map(([date, own]) => {
      const refunded = own.filter((task) => task.refunded)
      const sums = {
        chargedPoints: chargedAboveZeroOf(own),
        refundedPoints: chargedAboveZeroOf(refunded),
        untoldKept: 0,
        untoldRefunded: 0,
        refundedCount: refunded.length,
      }
      return [date, { ...sums, evidence: idsOf(refunded) }]
    }),
    unknownKeys: grouped(unknown, ({ apiKey }) => keyForm(apiKey)).map(([key, own]) => [
      key,
      {
        apiKey: own.map(({ apiKey }) => apiKey).sort()[0],
        taskCount: own.length,
        costNanoUsd: costOf(own),
        evidence: idsOf(own),
      },
    ]),
  }
}

function bookOf(rows: readonly TaskRow[], plan: AuditPlan) {
  const tally = new TaskTally(plan, ACCOUNTS, AUDITED)
  const records = taskRecordsOf(rows)
  const taken = rows.filter((_, index) => tally.add(records, index)).map(({ rowId }) => rowId)
  const { outside, layerCostNanoUsd, recordByAccount, users, days, unknownKeys } = tally.close()
  const viewed = <Sums extends { readonly evidence: EvidenceList }>([key, sums]: [string, Sums]) => [
    key,
    { ...sums, evidence: sums.evidence.view() },
  ]
  return {
    ...{ taken, outside, layerCostNanoUsd },
    records: [...recordByAccount].map(([accountId, models]) => [accountId, [...models]]),
    users: users.map((user) => ({
      ...{ userId: user.userId, taskCount: user.taskCount, chargedPoints: user.chargedPoints },
      ...{ freeCount: user.freeCount, freeCostNanoUsd: user.freeCostNanoUsd, freeEvidence: user.freeEvidence.view() },
      chargedByDate: chargesOf(user.chargedByDate),
      chargedEarly: user.chargedEarly,
    })),
    days: [...days].map(viewed),
    unknownKeys: [...unknownKeys].map(viewed),
  }
}

describe('tasks added up in one pass', () => {
  it('give what each sum is defined as, to the millisecond and beyond what a number holds', () => {
    fc.assert(
      fc.property(tasks, plans, (rows, plan) => {
        expect(bookOf(rows, plan)).toEqual(expectedBook(rows, plan))
      }),
      { numRuns: 1500 },
    )
  })

  it('give the cells of layer 2, from records that are written over each other, as batches are', () => {
    fc.assert(
      fc.property(tasks, plans, (rows, plan) => {
        const tally = new CellTally(plan, ACCOUNTS, AUDITED)
        const shown = rows.filter(
          (task) =>
            within(task.createdAt, plan.window) &&
            isOfUsers(plan, task.userId) &&
            isShown(plan, AUDITED, accountOf(task)),
        )
        const writer = new TaskWriter(new TaskWords())
        for (const [, own] of grouped(rows, ({ userId }) => userId)) {
          for (const task of own) {
            writer.clear()
            writer.writeRow(task)
            tally.add(writer.written(), 0)
          }
          tally.endUsers()
        }
        const { cells, totals, omitted } = tally.close()
        const sumsOf = (own: readonly TaskRow[]) => {
          const refunded = own.filter((task) => task.refunded)
          const refunds = { refundCount: refunded.length, refundedPoints: chargedOf(refunded) }
          return { taskCount: own.length, chargedPoints: chargedOf(own), costNanoUsd: costOf(own), ...refunds }
        }
        const nameOf = (name: unknown, { userId, model }: Pick<TaskCell, 'userId' | 'model'>): string =>
          `${name} ${userId} ${model}`
        const expected = grouped(shown, (task) => nameOf(accountOf(task), task))
        const told = ({
          userId,
          model,
          taskCount,
          chargedPoints,
          costNanoUsd,
          refundCount,
          refundedPoints,
        }: TaskCell) => ({
          ...{ userId, model, taskCount, chargedPoints, costNanoUsd, refundCount, refundedPoints },
        })
        expect(new Map(cells.map((cell) => [nameOf(cell.accountId, cell), told(cell)]))).toEqual(
          new Map(
            expected.map(([name, own]) => [name, { userId: own[0]?.userId, model: own[0]?.model, ...sumsOf(own) }]),
          ),
        )
        expect([totals, omitted, cells.length]).toEqual([
          { ...sumsOf(shown), untoldCharges: 0, untoldCosts: 0 },
          0,
          expected.length,
        ])
      }),
      { numRuns: 800 },
    )
  })
})

describe('ids that prove something', () => {
  it('are all counted, and the smallest ten kept, in whatever order they come', () => {
    const ids = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '1'), maxLength: 3 }), {
      maxLength: 60,
      size: 'max',
    })
    fc.assert(
      fc.property(ids, (given) => {
        const list = new EvidenceList()
        for (const [index, id] of given.entries()) {
          list.add(id)
          const seen = given.slice(0, index + 1)
          expect(list.view()).toEqual({ total: seen.length, ids: [...seen].sort(compareIds).slice(0, 10) })
        }
      }),
    )
  })
})
