import { abs, sum } from '../../units/exact.ts'
import type { Zone } from '../../units/zone.ts'
import type { Evidence, FindingDraft, Reason, RuleOutcome } from './books.ts'
import type { LinkedEntry, SharedGroup, SharedLedger, TaskFact, TaskLedger } from './facts.ts'
import {
  consumedPoints,
  lessTakenBack,
  refundedPoints,
  refundRows,
  rowEvidence,
  untoldAmount,
} from './linked-entries.ts'
import { evidenceOf, joinEvidence, namesIn, taskContext, taskName, taskSubject, userOf } from './task-subject.ts'
import { OpenUsers } from './unlinked-rows.ts'

/** A task as a rule judges it, with what rows come to that others bear as well. */
interface Judged {
  readonly task: TaskFact
  readonly accountId: number | null
  readonly shared?: SharedLedger
}

/** Tasks that ids bind together, in order of their rows, all of them here. */
export interface TaskGroup<Each extends Judged> {
  readonly members: readonly [Each, ...Each[]]
  readonly shared: SharedGroup
}

/** What a rule finds out about a task: a break, why it cannot tell, or that all is well. */
export type Verdict = { readonly finding: FindingDraft } | { readonly open: Reason } | 'well'

/**
 * Judges tasks one by one (undefined: there is nothing to say of it), and those that share ids together as well: rows that
 * name such an id leave open whose they are, and not what they come to. `breakOf` finds what is certain whoever's they are:
 * where that is more than what is certain of the single tasks it is told once, instead of these.
 */
export function judgeTasks<Each extends Judged>(
  tasks: readonly Each[],
  verdictOf: (each: Each) => Verdict | undefined,
  breakOf: (group: TaskGroup<Each>) => FindingDraft | undefined,
): RuleOutcome {
  const verdicts = new Map<Each, Verdict>()
  for (const each of tasks) {
    const verdict = verdictOf(each)
    if (verdict !== undefined) verdicts.set(each, verdict)
  }
  const findings: FindingDraft[] = []
  let examined = 0
  for (const group of groupsOf(tasks)) {
    const finding = breakOf(group)
    const own = group.members.flatMap((each) => findingIn(verdicts.get(each)))
    if (finding === undefined || amountOf(finding) <= sum(own, amountOf)) continue
    examined += 1
    findings.push(finding)
    for (const each of group.members) verdicts.delete(each)
  }
  const unclear = new OpenUsers()
  for (const [{ task }, verdict] of verdicts) {
    if (verdict !== 'well' && 'open' in verdict) unclear.note(userOf(task).userId, verdict.open)
    else {
      examined += 1
      findings.push(...findingIn(verdict))
    }
  }
  return { examined, findings, notEvaluated: unclear.list() }
}

const findingIn = (verdict: Verdict | undefined): FindingDraft[] =>
  typeof verdict === 'object' && 'finding' in verdict ? [verdict.finding] : []

const amountOf = ({ expected, actual }: FindingDraft): bigint => abs((actual ?? 0n) - (expected ?? 0n))

/** Those of which all tasks are here. */
export function groupsOf<Each extends Judged>(tasks: readonly Each[]): TaskGroup<Each>[] {
  const groups = new Map<number, { readonly shared: SharedGroup; readonly members: Each[] }>()
  for (const each of tasks) {
    const shared = each.shared?.group
    if (shared === undefined) continue
    const known = groups.get(shared.firstRowId)
    if (known === undefined) groups.set(shared.firstRowId, { shared, members: [each] })
    else known.members.push(each)
  }
  return [...groups.values()].flatMap(({ shared, members }) => {
    const [first, ...others] = members.sort((a, b) => a.task.rowId - b.task.rowId)
    return first === undefined || members.length !== shared.taskCount ? [] : [{ shared, members: [first, ...others] }]
  })
}

/** Names several tasks by the first of them, and the others in the detail. */
export function groupNames({ members }: TaskGroup<Judged>, zone: Zone) {
  const [{ task, accountId }, ...others] = members
  return {
    subject: taskSubject(task),
    context: taskContext(task, accountId, zone),
    detail: { userId: task.userId, sharedWith: namesIn(evidenceOf(others.map((each) => taskName(each.task)))) },
  }
}

type LedgerGroup = TaskGroup<TaskLedger>

/** Points that all rows of several tasks took, points and cash together, each row once. */
export const consumedTogether = ({ members, shared }: LedgerGroup): bigint =>
  shared.paidPoints + sum(members, ({ entries }) => consumedPoints(entries))

/** The same of what they gave back. */
export const refundedTogether = ({ members, shared }: LedgerGroup): bigint =>
  shared.refundedPoints + sum(members, ({ entries }) => refundedPoints(entries))

/** The least of it that is certain. */
export const leastRefundedTogether = (group: LedgerGroup): bigint =>
  lessTakenBack(refundedTogether(group), 'refund', [
    group.shared.kindless,
    ...group.members.map(({ kindless }) => kindless),
  ])

export const refundRowsTogether = ({ members, shared }: LedgerGroup): Evidence =>
  joinEvidence([shared.refundRows, ...members.map(({ entries }) => rowEvidence(refundRows(entries)))])

/** Whether a row of theirs does not tell how much it took, or gave back. */
export const isUntoldTogether = ({ members }: LedgerGroup, kind: LinkedEntry['kind']): boolean =>
  members.some((ledger) => untoldAmount(ledger, kind) !== undefined)

/** Whether all of several tasks were charged and rows that name them gave nothing back. */
export const isUnrefundedTogether = (group: LedgerGroup): boolean =>
  refundedTogether(group) <= 0n &&
  !isUntoldTogether(group, 'refund') &&
  group.members.every(({ task }) => task.chargedPoints > 0n)
