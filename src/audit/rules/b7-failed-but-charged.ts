import { sum } from '../../units/exact.ts'
import { formatUsd, nanoUsd } from '../../units/nano-usd.ts'
import { type Books, type FindingDraft, known, type Reading, type Rule } from './books.ts'
import type { TaskLedger, TaskVerdict } from './facts.ts'
import { consumedPoints, refundedBounds, sharedReason, untoldAmount } from './linked-entries.ts'
import { doubtsOfRefunds, isRefundDue, isRefundDueOpen } from './refund-doubts.ts'
import { judgedTasks, notRead, unjudgedAccounts } from './request-book.ts'
import { groupNames, isUnrefundedTogether, judgeTasks, type TaskGroup, type Verdict } from './shared-tasks.ts'
import { taskContext, taskEvidence, taskSubject, userOf } from './task-subject.ts'
import { chargeUntold, endUntold, ownersUntold } from './untold-tasks.ts'

/**
 * B7, per task: failed, charged, neither marked as refunded nor given back in a ledger, however long ago a refund should
 * have come; what was taken back again was not given back. MEDIUM where fal billed the failure, as the operator lost as
 * well. Points. Without linked ledger rows the mark alone decides. Where rows name an id of several tasks, all of which are
 * to be refunded, and gave nothing back, that is certain of all of them together. Source: rule B7 of the specification.
 */
export const b7FailedButCharged: Rule = {
  id: 'B7',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'ledgers',
  evaluate(books, { thresholds }) {
    const candidates = candidatesOf(books)
    if (!candidates.known) return notRead(candidates.reason)
    const doubts = doubtsOfRefunds(books, thresholds)
    // By the mark alone it does not matter whose they are.
    const nobodys = books.taskLedgers.known ? ownersUntold(books) : []
    // Nor what rows gave back, and that is not said.
    const isByMark = !books.taskLedgers.known
    const isDue = ({ task }: Candidate): boolean => !task.refunded && isRefundDue(task, books, thresholds)
    const verdictOf = (each: Candidate): Verdict | undefined => {
      const { task, accountId } = each
      const { least, most } = refundedBounds(each)
      if (least > 0n) return undefined
      // Without rows it may have been free.
      if (isUntoldFailure(each) && consumedPoints(each.entries) > 0n) return { open: chargeUntold(task) }
      if (!isChargedFailure(each)) return undefined
      const unclear = untoldAmount(each, 'refund') ?? (most > 0n ? sharedReason(each) : undefined)
      const doubt = task.refunded ? undefined : (unclear ?? doubts.ofTask(task))
      if (doubt !== undefined) return { open: doubt }
      if (!task.refunded && isRefundDueOpen(task, books, thresholds)) return { open: endUntold(task) }
      if (!isDue(each)) return 'well'
      const { detail, ...amounts } = amountsOf([each])
      return {
        finding: {
          ...amounts,
          subject: taskSubject(task),
          detail: {
            ...userOf(task),
            model: task.model,
            ...detail,
            ...(isByMark && { case: 'mark' }),
            ...doubts.insteadOf([task]),
          },
          context: taskContext(task, accountId, books.window.zone),
        },
      }
    }
    const breakOf = (group: TaskGroup<Candidate>): FindingDraft | undefined => {
      const { members } = group
      if (!members.every((each) => isChargedFailure(each) && isDue(each))) return undefined
      if (!isUnrefundedTogether(group) || doubts.ofGroup(group) !== undefined) return undefined
      const { detail, ...names } = groupNames(group, books.window.zone)
      const amounts = amountsOf(members)
      const instead = doubts.insteadOf(members.map(({ task }) => task))
      return {
        ...names,
        ...amounts,
        detail: { ...detail, model: members[0].task.model, ...amounts.detail, ...instead },
      }
    }
    const outcome = judgeTasks(candidates.value, verdictOf, breakOf)
    return { ...outcome, notEvaluated: [...unjudged(books), ...nobodys, ...outcome.notEvaluated] }
  },
}

/** A task, and where there are any its rows. */
interface Candidate extends Pick<TaskLedger, 'task' | 'accountId' | 'billedNanoUsd' | 'entries' | 'shared'> {}

const isChargedFailure = ({ task }: Candidate): boolean => task.status === 'failed' && task.chargedPoints > 0n

const isUntoldFailure = ({ task }: Candidate): boolean =>
  task.status === 'failed' && !task.refunded && task.chargeUntold === true

function amountsOf(tasks: readonly Candidate[]): Omit<FindingDraft, 'subject' | 'context'> {
  const bills = tasks.flatMap(({ billedNanoUsd }) => billedNanoUsd ?? [])
  const isBillRead = bills.length === tasks.length
  const billed = nanoUsd(sum(bills, (bill) => bill))
  return {
    expected: 0n,
    actual: sum(tasks, ({ task }) => task.chargedPoints),
    unit: 'points',
    count: 1,
    // Where the bill was not read, the graver of the two is not said.
    ...(!(isBillRead && billed === 0n) && { severity: 'MEDIUM' }),
    evidence: taskEvidence(tasks.map(({ task }) => task)),
    detail: isBillRead ? { billedUsd: formatUsd(billed) } : {},
  }
}

function candidatesOf({ taskLedgers, requests }: Books): Reading<readonly Candidate[]> {
  // Rows that name no task say nothing of it; a ledger that could not be read may hold its refund.
  if (taskLedgers.known || taskLedgers.reason.code !== 'links-total' || !requests.known) return taskLedgers
  const billedOf = ({ mayBeBilledNanoUsd, billedNanoUsd }: TaskVerdict) =>
    mayBeBilledNanoUsd === undefined ? billedNanoUsd : null
  return known(
    judgedTasks(requests.value).map((verdict) => ({ ...verdict, billedNanoUsd: billedOf(verdict), entries: [] })),
  )
}

/** Tasks of unread accounts are judged with a ledger alone; without one they are left out, and that is said. */
const unjudged = ({ taskLedgers, requests }: Books) =>
  taskLedgers.known || !requests.known ? [] : unjudgedAccounts(requests.value)
