import { sum } from '../../units/exact.ts'
import type { FindingDraft, Rule } from './books.ts'
import type { TaskLedger } from './facts.ts'
import { groupBy } from './group-by.ts'
import {
  consumedBounds,
  consumedPoints,
  refundedBounds,
  refundRows,
  rowEvidence,
  sharedReason,
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
import { type Doubt, doubtsOfPayment } from './unlinked-rows.ts'
import { ownersUntold } from './untold-tasks.ts'

/**
 * B9, per task: its rows, points and cash together, gave back more than they ever took. A task whose rows took nothing is
 * not judged where the user's rows that link to no task come to as much: they may have paid it, and once; nor is one whose
 * rows do not tell how much they took, or gave back where that decides. Tasks that share an id are judged together where rows
 * name it: what is more than all of them took was owed to none. Points. Source: rule B9 of the specification.
 */
export const b9OverRefund: Rule = {
  id: 'B9',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'ledgers',
  evaluate({ taskLedgers, users, window: { zone }, untold: untoldTasks, ownerless }) {
    if (!taskLedgers.known) return notRead(taskLedgers.reason)
    const doubtOf = doubtsOfPayment({ users, ...(ownerless && { ownerless }) })
    const paidOtherwise = mayBePaidOtherwise(taskLedgers.value, doubtOf)
    const verdictOf = (ledger: TaskLedger): Verdict | undefined => {
      const { task, accountId, entries } = ledger
      const refunded = refundedBounds(ledger)
      const refundUntold = untoldAmount(ledger, 'refund')
      if (refunded.most <= 0n && refundUntold === undefined) return undefined
      const consumed = consumedBounds(ledger)
      // Rows that come to nothing given back are no refund, whatever consume rows gave back.
      const isOver = refunded.least > 0n && refunded.least > consumed.most
      const untold = untoldAmount(ledger, 'consume') ?? (isOver ? undefined : refundUntold)
      const unpaid = () => (isOver ? paidOtherwise.get(ledger) : doubtOf(task.userId, 0n))
      const doubt = untold ?? (consumed.least > 0n ? undefined : unpaid())
      const isShared = !isOver && refunded.most > consumed.least
      if (doubt !== undefined || isShared) return { open: doubt ?? sharedReason(ledger) }
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
    const outcome = judgeTasks(taskLedgers.value, verdictOf, breakOf)
    return { ...outcome, notEvaluated: [...ownersUntold({ untold: untoldTasks }), ...outcome.notEvaluated] }
  },
}

/** What rows gave back for a task beyond what they may have taken. */
const excessOf = (ledger: TaskLedger): bigint => refundedBounds(ledger).least - consumedBounds(ledger).most

/**
 * Tasks whose rows took nothing, and gave back what the user's rows without a task may have taken: as many as these may have
 * paid all together, and of so many those that come to most. What is left is the least that is certain.
 */
function mayBePaidOtherwise(
  ledgers: readonly TaskLedger[],
  doubtOf: ReturnType<typeof doubtsOfPayment>,
): ReadonlyMap<TaskLedger, Doubt> {
  const doubts = new Map<TaskLedger, Doubt>()
  const over = ledgers.filter(
    (ledger) =>
      excessOf(ledger) > 0n &&
      refundedBounds(ledger).least > 0n &&
      consumedBounds(ledger).least <= 0n &&
      untoldAmount(ledger, 'consume') === undefined,
  )
  for (const [userId, own] of groupBy(over, ({ task }) => task.userId)) {
    const inOrder = own.map((ledger) => ({ ledger, excess: excessOf(ledger) })).sort(smallestFirst)
    for (const { ledger, excess } of paidOf(inOrder, (total) => doubtOf(userId, total) !== undefined)) {
      doubts.set(ledger, doubtOf(userId, excess))
    }
  }
  return doubts
}

/** The most of them that fit together, and of so many those that come to most, as far as one at a time is exchanged. */
function paidOf(smallestFirst: readonly Excess[], fits: (total: bigint) => boolean): Excess[] {
  const paid: Excess[] = []
  let total = 0n
  for (const each of smallestFirst) {
    if (!fits(total + each.excess)) break
    total += each.excess
    paid.push(each)
  }
  const left = smallestFirst.slice(paid.length).reverse()
  for (let place = paid.length - 1; place >= 0; place--) {
    const { excess } = paid[place] as Excess
    const larger = left.findIndex((each) => each.excess > excess && fits(total - excess + each.excess))
    const [other] = larger < 0 ? [] : left.splice(larger, 1)
    if (other === undefined) continue
    total += other.excess - excess
    paid[place] = other
  }
  return paid
}

interface Excess {
  readonly ledger: TaskLedger
  readonly excess: bigint
}

const smallestFirst = (a: Excess, b: Excess): number =>
  a.excess === b.excess ? a.ledger.task.rowId - b.ledger.task.rowId : a.excess < b.excess ? -1 : 1

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
