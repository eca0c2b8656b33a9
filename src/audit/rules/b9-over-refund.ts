import { sum } from '../../units/exact.ts'
import type { FindingDraft, Rule } from './books.ts'
import type { TaskLedger } from './facts.ts'
import {
  consumedBounds,
  consumedPoints,
  refundedBounds,
  refundRows,
  rowEvidence,
  untoldAmount,
} from './linked-entries.ts'
import { notRead } from './request-book.ts'
import {
  consumedTogether,
  groupNames,
  isUntoldTogether,
  judgeTasks,
  refundedTogether,
  refundRowsTogether,
  type TaskGroup,
  type Verdict,
} from './shared-tasks.ts'
import { taskContext, taskSubject } from './task-subject.ts'
import { doubtsOfPayment, SHARED } from './unlinked-rows.ts'

/**
 * B9, per task: its rows, points and cash together, gave back more than they ever took. A task whose rows took nothing is
 * not judged where the user's rows that link to no task come to as much: they may have paid it; nor is one whose rows do not tell
 * how much they took, or gave back where that decides. Tasks that share an id are judged together where rows name it: what
 * is more than all of them took was owed to none. Points. Source: rule B9 of the specification.
 */
export const b9OverRefund: Rule = {
  id: 'B9',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'ledgers',
  evaluate({ taskLedgers, users, window: { zone } }) {
    if (!taskLedgers.known) return notRead(taskLedgers.reason)
    const doubtOf = doubtsOfPayment({ users })
    const verdictOf = (ledger: TaskLedger): Verdict | undefined => {
      const { task, accountId, entries } = ledger
      const refunded = refundedBounds(ledger)
      const refundUntold = untoldAmount(ledger, 'refund')
      if (refunded.most <= 0n && refundUntold === undefined) return undefined
      const consumed = consumedBounds(ledger)
      const isOver = refunded.least > consumed.most
      const untold = untoldAmount(ledger, 'consume') ?? (isOver ? undefined : refundUntold)
      const doubt = untold ?? (consumed.least > 0n ? undefined : doubtOf(task.userId, refunded.least - consumed.most))
      const isShared = !isOver && refunded.most > consumed.least
      if (doubt !== undefined || isShared) return { open: doubt ?? SHARED }
      if (!isOver) return 'well'
      const rows = refundRows(entries)
      return {
        finding: {
          subject: taskSubject(task),
          expected: consumed.most,
          actual: refunded.least,
          unit: 'points',
          count: rows.length,
          evidence: rowEvidence(rows),
          detail: { userId: task.userId },
          context: taskContext(task, accountId, zone),
        },
      }
    }
    const breakOf = (group: TaskGroup<TaskLedger>): FindingDraft | undefined => {
      const expected = consumedTogether(group)
      const actual = refundedTogether(group)
      if (actual <= 0n || actual <= expected || isUntoldTogether(group, 'consume')) return undefined
      if (!isPaidByOwnRows(group) && doubtOf(group.members[0].task.userId, actual - expected) !== undefined)
        return undefined
      const evidence = refundRowsTogether(group)
      return { ...groupNames(group, zone), expected, actual, unit: 'points', count: evidence.total, evidence }
    }
    return judgeTasks(taskLedgers.value, verdictOf, breakOf)
  },
}

/**
 * Whether no row without a task is needed to pay any of several tasks: rows took something for each, or for all together
 * exactly what they charged, and for none more than that.
 */
function isPaidByOwnRows(group: TaskGroup<TaskLedger>): boolean {
  const { members } = group
  if (members.every((ledger) => consumedBounds(ledger).least > 0n)) return true
  const charged = sum(members, ({ task }) => task.chargedPoints)
  return (
    consumedTogether(group) === charged &&
    members.every(({ task, entries }) => consumedPoints(entries) <= task.chargedPoints)
  )
}
