import { sum } from '../../units/exact.ts'
import type { FindingDraft, Reason, Rule } from './books.ts'
import type { LinkedEntry, TaskLedger } from './facts.ts'
import { groupBy } from './group-by.ts'
import {
  type Bounds,
  consumedBounds,
  consumedPoints,
  givenBack,
  lessTakenBack,
  paidIn,
  refundedBounds,
  refundedPoints,
  rowEvidence,
  sharedReason,
  untoldAmount,
} from './linked-entries.ts'
import { OWNERLESS } from './ownerless-rows.ts'
import { notRead } from './request-book.ts'
import { groupsOf, refundedTogether } from './shared-tasks.ts'
import { namesIn, taskContext, taskSubject } from './task-subject.ts'
import { OpenUsers } from './unlinked-rows.ts'
import { chargeUntold, ownersUntold } from './untold-tasks.ts'

/**
 * B6, per task: one ledger holds the same row twice, of the same type and amount, and together the rows of that type
 * come to more than the task's charge. A charge that was split over points and cash is none. A row that does not tell its amount,
 * its type or its user may be the second of another, and is not said to be none; nor is one that names several tasks, where all of
 * them together took more than these charged, or gave more back. Points.
 * Source: rule B6 of the specification.
 */
export const b6DuplicateRow: Rule = {
  id: 'B6',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'ledgers',
  evaluate({ taskLedgers, settledTasks, window, untold }) {
    if (!taskLedgers.known) return notRead(taskLedgers.reason)
    const findings: FindingDraft[] = []
    const unclear = new OpenUsers()
    let examined = settledTasks
    const asCharged = refundedAsCharged(taskLedgers.value)
    for (const ledger of taskLedgers.value) {
      const isShared = mayBeShared(ledger, asCharged)
      const ownerless = ledger.shared?.ownerless?.rows ?? []
      const isBare = ledger.entries.length === 0 && ownerless.length === 0 && !isShared
      if (isBare && !isSeveral(ledger.kindless)) continue
      examined += 1
      // One subject is one finding: where both types repeat, what was taken says more than what was given back.
      const excess = excessOf(ledger, 'consume') ?? excessOf(ledger, 'refund')
      const { task, accountId } = ledger
      if (excess === undefined) {
        // A row that tells no user may be the second of the task's, or one of somebody else.
        const all = ownerless.length === 0 ? undefined : { ...ledger, entries: [...ledger.entries, ...ownerless] }
        const isNobodys = all !== undefined && (excessOf(all, 'consume') ?? excessOf(all, 'refund')) !== undefined
        const doubt = isNobodys ? OWNERLESS : (repeatDoubt(ledger, 'consume') ?? repeatDoubt(ledger, 'refund'))
        const open = doubt ?? (isShared ? sharedReason(ledger) : undefined)
        if (open === undefined) continue
        examined -= 1
        unclear.note(task.userId, open)
        continue
      }
      if (task.chargeUntold === true) {
        examined -= 1
        unclear.note(task.userId, chargeUntold(task))
        continue
      }
      const evidence = rowEvidence(excess.rows)
      findings.push({
        subject: taskSubject(task),
        expected: task.chargedPoints,
        actual: excess.total,
        unit: 'points',
        count: excess.beyondFirst,
        evidence,
        detail: {
          userId: task.userId,
          rowIds: namesIn(evidence),
          kind: excess.kind,
          ...(excess.kind === 'consume' && givenBack(ledger)),
        },
        context: taskContext(task, accountId, window.zone),
      })
    }
    return { examined, findings, notEvaluated: [...ownersUntold({ untold }), ...unclear.list()] }
  },
}

/** Tasks that share ids and of which all rows together gave back no more than they charged. */
const refundedAsCharged = (ledgers: readonly TaskLedger[]): ReadonlySet<TaskLedger> =>
  new Set(
    groupsOf(ledgers)
      .filter((group) => refundedTogether(group) <= sum(group.members, ({ task }) => task.chargedPoints))
      .flatMap(({ members }) => members),
  )

/** Whether rows that name other tasks too may be such as repeat, and too much: which of them are the task's is not known. */
function mayBeShared(ledger: TaskLedger, asCharged: ReadonlySet<TaskLedger>): boolean {
  const { task, shared } = ledger
  // Of rows that tell no user it is told already.
  if (shared?.group === undefined || shared.ownerless !== undefined) return false
  const isOver = ({ least, most }: Bounds): boolean => least < most && most > task.chargedPoints
  if (!shared.addsUp && isOver(consumedBounds(ledger))) return true
  return !asCharged.has(ledger) && isOver(refundedBounds(ledger))
}

interface Excess {
  readonly kind: LinkedEntry['kind']
  readonly total: bigint
  /** The rows that repeat, the first of each group included. */
  readonly rows: readonly LinkedEntry[]
  readonly beyondFirst: number
}

function excessOf(
  { task, entries, kindless }: Pick<TaskLedger, 'task' | 'entries' | 'kindless'>,
  kind: LinkedEntry['kind'],
): Excess | undefined {
  const total = totalOf(entries, kind)
  if (lessTakenBack(total, kind, [kindless]) <= task.chargedPoints) return undefined
  // Rows that took the same back again make the sum no larger.
  const repeated = repeatedOf(amountsOf(entries, kind).filter((entry) => amountOf(entry) > 0n))
  if (repeated.length === 0) return undefined
  const same = repeated.flat()
  return { kind, total, rows: same, beyondFirst: same.length - repeated.length }
}

/**
 * Why it is not told whether rows of a type repeat, or come to too much: one of them does not tell its amount, or what it is. Those
 * that tell no user may be the task's as well.
 */
function repeatDoubt({ task, shared, kindless, ...own }: TaskLedger, kind: LinkedEntry['kind']): Reason | undefined {
  const isNobodysOpen = shared?.ownerless?.open.has(kind) === true
  const rows = { entries: own.entries, ...(kindless && { kindless }) }
  const reason = isNobodysOpen ? OWNERLESS : untoldAmount(rows, kind)
  if (reason === undefined || isSeveral(kindless)) return reason
  const isAnyLike = isNobodysOpen || kindless !== undefined
  const entries = [...own.entries, ...(shared?.ownerless?.rows ?? [])]
  const told = amountsOf(entries, kind)
  const untold = entries.filter((entry) => entry.kind === kind && entry.amountUntold === true)
  const isLike = ({ book }: LinkedEntry): boolean => isAnyLike || untold.some((entry) => entry.book === book)
  const total = totalOf(entries, kind)
  // Where one may be the second, another may take any amount.
  const nobodys = isNobodysOpen ? nobodysUntold(shared, kind) : 0
  const isMore = untold.length + nobodys + (kindless === undefined ? 0 : 1) > 1
  if (isMore && isAnyLike) return reason
  const isSecond = (entry: LinkedEntry): boolean =>
    isLike(entry) && (isMore || total + amountOf(entry) > task.chargedPoints)
  return repeatedOf(told).length > 0 || repeatedOf(untold).length > 0 || told.some(isSecond) ? reason : undefined
}

/** Of rows that tell no user and leave a sum open, how many do not tell their amount or their type: one at least. */
function nobodysUntold({ ownerless, kindless }: NonNullable<TaskLedger['shared']>, kind: LinkedEntry['kind']): number {
  const untold = ownerless?.rows.filter((row) => row.kind === kind && row.amountPoints === 0n) ?? []
  return Math.max(1, untold.length + (kindless?.count ?? 0))
}

const isSeveral = (kindless: TaskLedger['kindless']): boolean => kindless !== undefined && kindless.count > 1

/** Rows of nothing may repeat without harm. */
const amountsOf = (entries: readonly LinkedEntry[], kind: LinkedEntry['kind']): LinkedEntry[] =>
  entries.filter((entry) => entry.kind === kind && entry.amountPoints !== 0n)

/** Groups of rows that are the same. */
const repeatedOf = (rows: readonly LinkedEntry[]): LinkedEntry[][] =>
  [...groupBy(rows, ({ book, amountPoints }) => `${book} ${amountPoints}`).values()].filter(({ length }) => length > 1)

const totalOf = (entries: readonly LinkedEntry[], kind: LinkedEntry['kind']): bigint =>
  kind === 'consume' ? consumedPoints(entries) : refundedPoints(entries)

const amountOf = (entry: LinkedEntry): bigint => (entry.kind === 'consume' ? paidIn(entry) : entry.amountPoints)
