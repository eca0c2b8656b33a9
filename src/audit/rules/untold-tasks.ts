import { count } from '../../units/exact.ts'
import type { Points } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import { type Books, type Evidence, type Reason, type RuleOutcome, unknown } from './books.ts'
import type { TaskFact } from './facts.ts'
import { joinEvidence, taskName } from './task-subject.ts'

/** Tasks that do not tell something of themselves (NULL): a charge, a cost, or whose they are. */
export interface UntoldTasks {
  readonly count: number
  readonly evidence: Evidence
}

/** Tasks of the window that the filters leave and that do not tell something; absent: none. */
export interface UntoldBook {
  /** By account; null: keys in no account row. */
  readonly costs: ReadonlyMap<number | null, UntoldTasks>
  readonly charges?: UntoldTasks
  /**
   * The same of tasks of the window, whatever the filter by user, whose end cannot be read, so that nobody can tell whether they
   * ended long enough ago for what is due after that.
   */
  readonly ends?: ReadonlyMap<number | null, UntoldTasks>
  /**
   * Tasks that name no user, and what they were charged by day, of the days up to the window's end on which they were, and so late
   * that rows of the window may have paid it; null: one of them does not tell.
   */
  readonly owners?: UntoldTasks & {
    readonly chargedByDate: ReadonlyMap<CalendarDate, Points | null>
    readonly payablePoints: Points | null
    readonly refunded: number
  }
  /** Tasks that were not refunded and may have cost something while nothing was charged, by what keeps them from being told of. */
  readonly free?: Readonly<Partial<Record<UntoldCode, UntoldTasks>>>
}

/** How many of some tasks tell no cost, and no charge: they are in no sum of these. */
export interface UntoldAmounts {
  readonly costs: number
  readonly charges: number
}

/** Tasks of one account and model that do not tell something, and so are in no sum of it. */
export interface UntoldRecord {
  /** Tasks that failed or still run, of the window or of before it and billed within it, that tell no cost: fal bills some. */
  readonly unended: number
  /** Successes of the window that tell no cost and could have been billed within the window alone. */
  readonly within: number
  /** The others of these, which could have been billed outside the window. Absent: none. */
  readonly across?: number
  /** Those of both that need not wait for their bill for certain. Absent: none. */
  readonly old?: number
  /** Tasks outside the window that could have been billed within it, and tell no cost. */
  readonly crossingIn: UntoldTasks
  /** Settled tasks of the window, not refunded, that are due if what they do not tell is above 0. Absent: none. */
  readonly due?: UntoldTasks & {
    readonly code: UntoldCode
    /** How many others there are, which do not tell something else. Absent: none. */
    readonly besides?: number
    /** Whether each of all could have been billed outside the window. */
    readonly onlyCrossing: boolean
  }
}

/** How many tasks are due if what they do not tell is above 0, whatever that is. */
export const untoldDueIn = (due: UntoldRecord['due']): number => (due?.count ?? 0) + (due?.besides ?? 0)

export type UntoldCode = 'cost-untold' | 'charge-untold' | 'user-untold' | 'end-untold'

export const joinTasks = (all: readonly UntoldTasks[]): UntoldTasks => ({
  count: count(all, (each) => each.count),
  evidence: joinEvidence(all.map(({ evidence }) => evidence)),
})

/** Tasks of them that are named. */
const NAMED_MAX = 5

/** Why nothing is said that hangs on what such tasks do not tell. */
export function tasksUntold(code: UntoldCode, untold?: UntoldTasks): Reason {
  if (untold === undefined) return unknown(code).reason
  const { count, evidence } = untold
  const named = evidence.ids.slice(0, NAMED_MAX)
  const more = count > named.length ? ', …' : ''
  return unknown(code, { count, ...(named.length > 0 && { tasks: `${named.join(', ')}${more}` }) }).reason
}

/**
 * What a rule says of accounts with tasks that it does not judge since they tell no cost, or no end that can be read; null: keys in
 * no account row.
 */
export const untoldOfAccounts = (
  code: 'cost-untold' | 'end-untold',
  accounts: ReadonlySet<number | null>,
  untold?: UntoldBook,
): RuleOutcome['notEvaluated'] =>
  [...accounts].map((accountId) => ({
    subject: accountId === null ? {} : { accountId },
    reason: tasksUntold(code, (code === 'cost-untold' ? untold?.costs : untold?.ends)?.get(accountId)),
  }))

/** Why nothing is said that hangs on the charge of one task. */
export const chargeUntold = (task: TaskFact): Reason => unknown('charge-untold', { tasks: taskName(task) }).reason

/** Why nothing is said that hangs on how long ago one task ended. */
export const endUntold = (task: TaskFact): Reason => unknown('end-untold', { tasks: taskName(task) }).reason

/** What a rule about users says once where tasks of the window name none: they are nobody's, and of nobody it can say anything. */
export const ownersUntold = ({ untold }: Pick<Books, 'untold'>): RuleOutcome['notEvaluated'] =>
  (untold?.owners?.count ?? 0) === 0 ? [] : [{ subject: {}, reason: tasksUntold('user-untold', untold?.owners) }]
