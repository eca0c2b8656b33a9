import type { Subject } from '../../../schemas/report.ts'
import { count } from '../../units/exact.ts'
import { NO_REAL_TIME } from '../../units/instant.ts'
import type { Zone } from '../../units/zone.ts'
import type { Evidence, FindingContext } from './books.ts'
import { EvidenceList } from './evidence-list.ts'
import type { TaskFact } from './facts.ts'

/** Names a task: by the operator's id, or its row where it has none, and by fal's request id where there is one. */
export const taskSubject = ({ taskId, requestId, rowId }: TaskFact): Subject => ({
  ...(taskId === '' ? { rowId } : { taskId }),
  ...(requestId !== '' && { requestId }),
})

/** The user of a task that names one. */
export const userOf = ({ userId, userUntold }: TaskFact): Pick<FindingContext, 'userId'> =>
  userUntold === true ? {} : { userId }

/** Whether it is known when a task was made. */
export const hasTime = ({ createdAt }: TaskFact): boolean => createdAt !== NO_REAL_TIME

/** Whose task it is; the date is that of its creation in the audit's zone, where that is known. */
export const taskContext = (task: TaskFact, accountId: number | null, zone: Zone): FindingContext => ({
  ...(accountId !== null && { accountId }),
  ...userOf(task),
  model: task.model,
  ...(hasTime(task) && { date: zone.dateOf(task.createdAt) }),
})

/** The same as a finding's extras. */
export const taskDetail = (task: TaskFact, accountId: number | null): Record<string, string | number> => ({
  ...(accountId !== null && { accountId }),
  ...userOf(task),
  model: task.model,
})

/** The operator's id of a task, or its row where it has none. */
export const taskName = ({ taskId, rowId }: TaskFact): string => (taskId === '' ? String(rowId) : taskId)

export const taskEvidence = (tasks: readonly TaskFact[]): Evidence => evidenceOf(tasks.map(taskName))

/** All ids are counted, the first few kept, in an order that does not depend on that of the rows. */
export function evidenceOf(ids: readonly string[]): Evidence {
  const list = new EvidenceList()
  for (const id of ids) list.add(id)
  return list.view()
}

/** Its ids in one line; where some are left out, how many there are. */
export const namesIn = ({ ids, total }: Evidence): string =>
  total > ids.length ? `${ids.join(', ')}, … (${total})` : ids.join(', ')

/** What all of these prove together, each of whose ids is in one alone. */
export function joinEvidence(all: readonly Evidence[]): Evidence {
  const total = count(all, (each) => each.total)
  return { total, ids: evidenceOf(all.flatMap(({ ids }) => ids)).ids }
}
