import { type Instant, NO_REAL_TIME } from '../../units/instant.ts'

interface Times {
  readonly createdAt: Instant
  readonly completedAt: Instant | null
  readonly endUntold?: boolean | undefined
}

/** When a task ended; null where that was not stored, or cannot be: in the future, or before the task was made. */
export const toldEnd = ({ completedAt, createdAt }: Times, asOf: Instant): Instant | null =>
  completedAt === null || completedAt > asOf || completedAt < createdAt ? null : completedAt

/** When a task ended; where that is not told, when it was made; where neither can be read, or its end cannot, it may have been just now. */
export const taskEnd = (task: Times, asOf: Instant): Instant =>
  toldEnd(task, asOf) ?? (task.createdAt === NO_REAL_TIME || task.endUntold === true ? asOf : task.createdAt)

/** Whether it is its end alone, which cannot be read, that leaves open whether a task ended before an instant. */
export const isEndOpen = ({ createdAt, endUntold }: Times, before: Instant): boolean =>
  endUntold === true && createdAt < before
