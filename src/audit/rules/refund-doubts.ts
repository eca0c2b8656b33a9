import { LIMITS } from '../../limits.ts'
import type { Thresholds } from '../../settings.ts'
import { sum } from '../../units/exact.ts'
import { type Books, type Evidence, type Reason, type UnlinkedRows, unknown } from './books.ts'
import type { TaskFact, TaskLedger } from './facts.ts'
import { groupBy } from './group-by.ts'
import { consumedPoints, refundedBounds, untoldAmount } from './linked-entries.ts'
import { besidesOwnerless, OWNERLESS, type OwnerlessRows } from './ownerless-rows.ts'
import { couldBeGivenBack, type Debt, leastOf, mayBeGivenBack } from './refund-pot.ts'
import { consumedTogether, groupsOf, isUnrefundedTogether, type TaskGroup } from './shared-tasks.ts'
import { isEndUntold, taskEnd } from './task-end.ts'
import { evidenceOf, namesIn, taskName } from './task-subject.ts'
import { type Doubt, UNLINKED, unlinkedOf } from './unlinked-rows.ts'

const { reason: LATE } = unknown('refunds-late', { limit: LIMITS.lookupIdsTotal })
const { reason: TOO_MANY } = unknown('lookup-limit', { limit: LIMITS.lookupIdsTotal })

/** Whether what a task was charged may have been given back by rows that name no task. */
export interface RefundDoubts {
  ofTask(task: TaskFact): Doubt
  /**
   * Of some tasks, for one of which at least nothing was given back: which others' refund rows that name no task may be, that may be
   * theirs as well; for the detail of a finding.
   */
  insteadOf(tasks: readonly TaskFact[]): { readonly orRefunded?: string }
  /** The same of several tasks, of any of them. */
  ofGroup(group: TaskGroup<TaskLedger>): Doubt
}

/** How long ago a task ended, at least, whose refund is overdue. */
export const isRefundDue = (
  task: TaskFact,
  { asOf }: Pick<Books, 'asOf'>,
  { refundLagMillis }: Pick<Thresholds, 'refundLagMillis'>,
): boolean => asOf - taskEnd(task, asOf) >= refundLagMillis

/** Whether it is its end alone, which is not told, that leaves open whether its refund is overdue. */
export const isRefundDueOpen = (
  task: Parameters<typeof taskEnd>[0],
  { asOf }: Pick<Books, 'asOf'>,
  { refundLagMillis }: Pick<Thresholds, 'refundLagMillis'>,
): boolean => isEndUntold(task, asOf) && asOf - task.createdAt >= refundLagMillis

/**
 * Holds all rows that name no task, and may be refunds, those of a user and then those that tell no user, against all of the
 * user's charges that were to be given back: a row is the refund of one task, so that the other tasks have none. Tasks that are
 * marked as refunded come first.
 */
export function doubtsOfRefunds(books: Books, thresholds: Thresholds): RefundDoubts {
  const rowsOf = unlinkedOf(books)
  const { ownerless } = books
  const own = givenBack(books, thresholds, rowsOf)
  const given = { own, all: ownerless === undefined ? own : givenBack(books, thresholds, rowsOf, ownerless) }
  const ofTask = (task: TaskFact): Doubt => {
    const rows = rowsOf(task.userId)
    if (rows === undefined) return undefined
    if (!rows.known) return rows.reason
    const { refundsOpenPoints, refundUntold, lateOpen } = rows.value
    if (refundUntold || given.own.tasks.has(task)) return UNLINKED
    const untold = given.own.untold.get(task)
    if (untold !== undefined) return untold
    if (ownerless?.refundUntold || given.all.tasks.has(task) || given.all.untold.has(task)) return OWNERLESS
    const { refundedPoints } = besidesOwnerless(rows.value, ownerless)
    const owed = given.own.owed.get(task) ?? task.chargedPoints
    const isOpen = refundsOpenPoints > 0n && refundedPoints + refundsOpenPoints >= owed
    if (isOpen) return TOO_MANY
    return lateOpen ? LATE : undefined
  }
  return {
    ofTask,
    insteadOf(tasks) {
      const others = tasks.flatMap((task) => given.own.instead.get(task) ?? given.all.instead.get(task) ?? []).at(0)
      return others === undefined ? {} : { orRefunded: namesIn(others) }
    },
    ofGroup(group) {
      const { members } = group
      for (const { task } of members) {
        const doubt = ofTask(task)
        if (doubt !== undefined) return doubt
      }
      const rows = rowsOf(members[0].task.userId)
      const charged = sum(members, ({ task }) => task.chargedPoints)
      const taken = consumedTogether(group)
      const owed = taken > 0n ? [charged, taken] : [charged]
      const isGivenBack = (loose: UnlinkedRows): boolean => owed.some((amount) => isGivenBackInCash(loose, amount))
      if (rows?.known !== true) return undefined
      if (isGivenBack(rows.value)) return UNLINKED
      return isGivenBack(besidesOwnerless(rows.value, ownerless)) ? OWNERLESS : undefined
    },
  }
}

/** What rows that name no task may have given back. */
interface GivenBack {
  readonly tasks: Set<TaskFact>
  /** Of those that ought to have been given back, what has to come back at the least. */
  readonly owed: Map<TaskFact, bigint>
  /** Of those why it is not told what rows took, so that anything that came in may be as much. */
  readonly untold: Map<TaskFact, Reason>
  /** Of tasks that they did not, since they did others: these others, where they could have. */
  readonly instead: Map<TaskFact, Evidence>
}

/**
 * The tasks that rows which name none may have given back: what comes in once is given back once. `ownerless`: rows that tell no
 * user count for each.
 */
function givenBack(
  books: Books,
  thresholds: Thresholds,
  userRowsOf: ReturnType<typeof unlinkedOf>,
  ownerless?: OwnerlessRows,
): GivenBack {
  const rowsOf = (userId: number): UnlinkedRows | undefined => {
    const rows = userRowsOf(userId)
    return rows?.known === true ? besidesOwnerless(rows.value, ownerless) : undefined
  }
  const given: GivenBack = { tasks: new Set(), owed: new Map(), untold: new Map(), instead: new Map() }
  if (!books.taskLedgers.known) return given
  const mayHaveRows = books.taskLedgers.value.filter(({ task }) => {
    const rows = rowsOf(task.userId)
    return rows !== undefined && (rows.refunds.length + rows.cashIn.length > 0 || rows.refundsOpenPoints > 0n)
  })
  const isDue = (task: TaskFact): boolean => isRefundDue(task, books, thresholds)
  for (const [userId, debts] of groupBy(unrefunded(mayHaveRows, isDue), ({ task }) => task.userId)) {
    const rows = rowsOf(userId)
    if (rows === undefined) continue
    for (const debt of debts) {
      given.owed.set(debt.task, leastOf(debt))
      if (debt.untold !== undefined) given.untold.set(debt.task, debt.untold)
    }
    const due = debts.filter(({ task }) => isDue(task))
    const covered = mayBeGivenBack(rows, {
      likely: due.filter(({ task }) => task.refunded),
      possible: due.filter(({ task }) => !task.refunded),
      others: debts.filter(({ task }) => !isDue(task)),
    })
    for (const { task } of covered) given.tasks.add(task)
    const left = due.filter(({ task }) => !given.tasks.has(task))
    if (covered.length === 0 || left.length === 0) continue
    const others = evidenceOf(covered.map(({ task }) => taskName(task)))
    const couldBe = couldBeGivenBack(rows)
    for (const debt of left) if (couldBe(debt)) given.instead.set(debt.task, others)
  }
  return given
}

/** Those that were charged, failed or are marked as refunded, and got nothing back by rows that name them. */
function unrefunded(ledgers: readonly TaskLedger[], isDue: (task: TaskFact) => boolean): TaskDebt[] {
  const all = groupsOf(ledgers)
  const takenTogether = new Map(all.flatMap(takenOfEach))
  // Of others that share ids nothing is said of the whole group, and of those whom rows of the group may concern nothing at all.
  const groups = all.filter(
    (group) =>
      isUnrefundedTogether(group) &&
      group.members.every(({ task }) => isDue(task) && task.refunded === group.members[0].task.refunded),
  )
  const together = new Set(groups.flatMap(({ members }) => members))
  const isUnrefunded = (ledger: TaskLedger): boolean => {
    if (together.has(ledger)) return true
    const { least, most } = refundedBounds(ledger)
    return least <= 0n && most <= 0n && untoldAmount(ledger, 'refund') === undefined
  }
  return ledgers
    .filter((ledger) => {
      const { chargedPoints, refunded, status } = ledger.task
      return chargedPoints > 0n && (refunded || status === 'failed') && isUnrefunded(ledger)
    })
    .map((ledger) => debtOf(ledger, takenTogether.get(ledger)))
}

interface TaskDebt extends Debt {
  readonly task: TaskFact
  /** Why it is not told what rows took. */
  readonly untold: Doubt
}

/**
 * What rows took for each of some tasks that share them: all its own ones did, and of the others what it lacks, or its part of that
 * where they took less; and of what is more than all were charged as much as its part of the charges is, since nobody can tell.
 */
function takenOfEach(group: TaskGroup<TaskLedger>): [TaskLedger, bigint][] {
  const { members } = group
  if (!members.every(({ task }) => task.chargedPoints > 0n)) return []
  const own = members.map(({ entries }) => consumedPoints(entries))
  const lacks = members.map(({ task }, place) => larger(task.chargedPoints - (own[place] ?? 0n), 0n))
  const shared = consumedTogether(group) - sum(own, (points) => points)
  const lacking = sum(lacks, (points) => points)
  const parts = shared < lacking ? divided(shared, lacks) : lacks
  const charges = members.map(({ task }) => task.chargedPoints)
  const surplus = divided(larger(shared - lacking, 0n), charges)
  return members.map((ledger, place) => [ledger, (own[place] ?? 0n) + (parts[place] ?? 0n) + (surplus[place] ?? 0n)])
}

/** An amount in proportion to some shares, none of it lost: the last has what is left. */
function divided(amount: bigint, shares: readonly bigint[]): bigint[] {
  const all = sum(shares, (share) => share)
  let left = amount
  return shares.map((share, place) => {
    const part = place === shares.length - 1 ? left : all === 0n ? 0n : (amount * share) / all
    left -= part
    return part
  })
}

const larger = (one: bigint, other: bigint): bigint => (one > other ? one : other)

/** What is owed for a task. `taken`: what rows took for it, with those that it shares. */
function debtOf(ledger: TaskLedger, taken = consumedPoints(ledger.entries)): TaskDebt {
  const { task } = ledger
  const { chargedPoints, createdAt, rowId } = task
  const isOther = taken > 0n && taken !== chargedPoints
  const untold = untoldAmount(ledger, 'consume')
  return { task, untold, createdAt, rowId, chargedPoints, ...(isOther && { takenPoints: taken }) }
}

/** Whether cash that came in makes up a charge to the point, an amount or all of them, alone or with what was refunded. */
function isGivenBackInCash({ refundedPoints, cashIn }: UnlinkedRows, charge: bigint): boolean {
  if (cashIn.length === 0) return false
  const all = sum(cashIn, ({ points }) => points)
  return [all, ...cashIn.map(({ points }) => points)].some(
    (cash) => cash === charge || cash + refundedPoints === charge,
  )
}
