import type { Thresholds } from '../../settings.ts'
import { sum } from '../../units/exact.ts'
import type { Books, FindingDraft, Reason, Rule } from './books.ts'
import type { TaskLedger } from './facts.ts'
import {
  consumedPoints,
  refundedBounds,
  refundedPoints,
  refundRows,
  rowEvidence,
  sharedReason,
  untoldAmount,
} from './linked-entries.ts'
import { doubtsOfRefunds, isRefundDue, isRefundDueOpen, type RefundDoubts } from './refund-doubts.ts'
import { notRead } from './request-book.ts'
import {
  groupNames,
  isUnrefundedTogether,
  judgeTasks,
  leastRefundedTogether,
  refundedTogether,
  refundRowsTogether,
  type TaskGroup,
  type Verdict,
} from './shared-tasks.ts'
import { taskContext, taskEvidence, taskSubject } from './task-subject.ts'
import { chargeUntold, endUntold, ownersUntold } from './untold-tasks.ts'

/**
 * B8, per task: marked as refunded without a refund row of any time, once that is overdue; or a refund row whose task is
 * not marked. Rows that come to nothing given back are no refund. Where rows name an id of several tasks it is certain of
 * all of them together where each is marked and nothing was given back, or none is and something was. Points.
 * Source: rule B8 of the specification.
 */
export const b8RefundNotPosted: Rule = {
  id: 'B8',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'ledgers',
  evaluate(books, { thresholds }) {
    const { taskLedgers, window } = books
    if (!taskLedgers.known) return notRead(taskLedgers.reason)
    const doubts = doubtsOfRefunds(books, thresholds)
    const verdictOf = (ledger: TaskLedger): Verdict | undefined => {
      const { task, accountId } = ledger
      const { least, most } = refundedBounds(ledger)
      const isPosted = least > 0n
      const untold = untoldAmount(ledger, 'refund') ?? untoldCharge(ledger)
      if (most <= 0n && untold === undefined && !(task.refunded && task.chargedPoints > 0n)) return undefined
      const unlinked = () => untold ?? (most > 0n ? sharedReason(ledger) : doubts.ofTask(task))
      const doubt = isPosted ? undefined : unlinked()
      if (doubt !== undefined) return { open: doubt }
      if (!isPosted && isRefundDueOpen(task, books, thresholds)) return { open: endUntold(task) }
      const amounts = isPosted ? unmarked(ledger) : unposted(ledger, books, thresholds)
      if (amounts === undefined) return 'well'
      const detail = { ...amounts.detail, ...(!isPosted && doubts.insteadOf([task])) }
      const context = taskContext(task, accountId, window.zone)
      return { finding: { ...amounts, detail, subject: taskSubject(task), unit: 'points', count: 1, context } }
    }
    const breakOf = (group: TaskGroup<TaskLedger>): FindingDraft | undefined => {
      const amounts = unmarkedTogether(group) ?? unpostedTogether(group, books, thresholds, doubts)
      if (amounts === undefined) return undefined
      const { detail, ...names } = groupNames(group, window.zone)
      return { ...names, ...amounts, unit: 'points', count: 1, detail: { ...detail, ...amounts.detail } }
    }
    const outcome = judgeTasks(taskLedgers.value, verdictOf, breakOf)
    return { ...outcome, notEvaluated: [...ownersUntold(books), ...outcome.notEvaluated] }
  },
}

/** Why it is not told whether a task that is marked as refunded was charged: rows took something for it. */
const untoldCharge = ({ task, entries }: TaskLedger): Reason | undefined =>
  task.refunded && task.chargeUntold === true && consumedPoints(entries) > 0n ? chargeUntold(task) : undefined

type Amounts = Pick<FindingDraft, 'expected' | 'actual' | 'evidence' | 'detail'>

const unposted = ({ task, entries }: TaskLedger, books: Books, thresholds: Thresholds): Amounts | undefined =>
  isRefundDue(task, books, thresholds)
    ? {
        expected: task.chargedPoints,
        actual: refundedPoints(entries),
        evidence: taskEvidence([task]),
        detail: { userId: task.userId, case: refundRows(entries).length === 0 ? 'unposted' : 'returned' },
      }
    : undefined

const unmarked = ({ task, entries }: TaskLedger): Amounts | undefined =>
  task.refunded
    ? undefined
    : {
        expected: 0n,
        actual: refundedPoints(entries),
        evidence: rowEvidence(refundRows(entries)),
        detail: { userId: task.userId, case: 'unmarked' },
      }

/** Where nothing came back for all of them, some of them got nothing, whoever that is. */
const unpostedTogether = (
  group: TaskGroup<TaskLedger>,
  books: Books,
  thresholds: Thresholds,
  doubts: RefundDoubts,
): Amounts | undefined =>
  group.members.every(
    ({ task }) => task.refunded && task.chargeUntold !== true && isRefundDue(task, books, thresholds),
  ) &&
  isUnrefundedTogether(group) &&
  doubts.ofGroup(group) === undefined
    ? {
        expected: sum(group.members, ({ task }) => task.chargedPoints),
        actual: refundedTogether(group),
        evidence: taskEvidence(group.members.map(({ task }) => task)),
        detail: { case: 'returned', ...doubts.insteadOf(group.members.map(({ task }) => task)) },
      }
    : undefined

/** Where something came back and none is marked, it came back for one that is not. */
const unmarkedTogether = (group: TaskGroup<TaskLedger>): Amounts | undefined =>
  leastRefundedTogether(group) > 0n && group.members.every(({ task }) => !task.refunded)
    ? {
        expected: 0n,
        actual: refundedTogether(group),
        evidence: refundRowsTogether(group),
        detail: { case: 'unmarked' },
      }
    : undefined
