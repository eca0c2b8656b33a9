import { SPANS } from '../../limits.ts'
import { type Instant, type Millis, NO_REAL_TIME, plus } from '../../units/instant.ts'

interface Times {
  readonly createdAt: Instant
  readonly completedAt: Instant | null
  /** It cannot be read; then there is no completedAt. */
  readonly endUntold?: boolean | undefined
}

/**
 * When a task ended; null where that was not stored, or cannot be: before the task was made, or in the future by more than clocks
 * differ.
 */
export const toldEnd = ({ completedAt, createdAt }: Times, asOf: Instant): Instant | null =>
  completedAt === null || completedAt > asOf + SPANS.skew || completedAt < createdAt ? null : completedAt

/**
 * Whether something is stored that does not tell when a task ended, but that it did: it cannot be read, or lies in the future by no
 * more than zones differ, so that it may be told in another one. It is past a day later, and nothing stays open by it. What lies
 * further on, such as 9999, tells nothing at all.
 */
export const isEndUntold = ({ completedAt, endUntold }: Omit<Times, 'createdAt'>, asOf: Instant): boolean =>
  endUntold === true ||
  (completedAt !== null && completedAt > asOf + SPANS.skew && completedAt <= asOf + SPANS.zonesApart)

/** When a task ended; where that is not told, when it was made; where neither is, or `isEndUntold`, it may have been just now. */
export const taskEnd = (task: Times, asOf: Instant): Instant =>
  toldEnd(task, asOf) ?? (task.createdAt === NO_REAL_TIME || isEndUntold(task, asOf) ? asOf : task.createdAt)

/** Whether it is its end alone, `isEndUntold`, that leaves open whether a task ended longer ago than so much. */
export const isEndOpen = (task: Times, asOf: Instant, lag: Millis): boolean =>
  isEndUntold(task, asOf) && task.createdAt < plus(asOf, -lag)
