import type { Subject } from '../../../schemas/report.ts'
import { LIMITS } from '../../limits.ts'
import type { Instant } from '../../units/instant.ts'
import type { Zone } from '../../units/zone.ts'
import type { Evidence, FindingContext } from './books.ts'
import type { TaskFact } from './facts.ts'

/** Names a task: by the operator's id, or its row where it has none, and by fal's request id where there is one. */
export const taskSubject = ({ taskId, requestId, rowId }: TaskFact): Subject => ({
  ...(taskId === '' ? { rowId } : { taskId }),
  ...(requestId !== '' && { requestId }),
})

/** Whose task it is; the date is that of its creation in the audit's zone. */
export const taskContext = (task: TaskFact, accountId: number | null, zone: Zone): FindingContext => ({
  ...(accountId !== null && { accountId }),
  userId: task.userId,
  model: task.model,
  date: zone.dateOf(task.createdAt),
})

/** The same as a finding's extras. */
export const taskDetail = ({ userId, model }: TaskFact, accountId: number | null): Record<string, string | number> => ({
  ...(accountId !== null && { accountId }),
  userId,
  model,
})

/** When a task ended; where that was not stored, or lies in the future, when it was made. */
export const taskEnd = ({ completedAt, createdAt }: TaskFact, asOf: Instant): Instant =>
  completedAt === null || completedAt > asOf ? createdAt : completedAt

export const taskEvidence = (tasks: readonly TaskFact[]): Evidence =>
  evidenceOf(tasks.map(({ taskId, rowId }) => (taskId === '' ? String(rowId) : taskId)))

/** All ids are counted, the first few kept, in an order that does not depend on that of the rows. */
export const evidenceOf = (ids: readonly string[]): Evidence => ({
  total: ids.length,
  ids: [...ids].sort(compareIds).slice(0, LIMITS.evidenceIds),
})

/** Shorter first, so that counted ids come in their natural order. */
const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
