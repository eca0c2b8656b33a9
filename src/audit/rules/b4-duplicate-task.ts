import { sum } from '../../units/exact.ts'
import type { Zone } from '../../units/zone.ts'
import type { FindingContext, FindingDraft, Rule } from './books.ts'
import type { RequestBook, TaskFact } from './facts.ts'
import { notRead } from './request-book.ts'
import { hasTime, namesIn, taskContext, taskEvidence, userOf } from './task-subject.ts'
import { tasksUntold } from './untold-tasks.ts'

/**
 * B4, per request: several charged tasks bear its id, so users paid more than once for what fal did once.
 * The difference is a count of tasks. Placeholder ids count as none. Source: rule B4 of the specification.
 */
export const b4DuplicateTask: Rule = {
  id: 'B4',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'requests',
  evaluate({ requests, window, untold }) {
    if (!requests.known) return notRead(requests.reason)
    const findings: FindingDraft[] = []
    let isOpen = false
    for (const { requestId, accountId, tasks, ownUntold } of requests.value.shared) {
      const charged = tasks.filter(({ chargedPoints }) => chargedPoints > 0n)
      if (requestId === '') continue
      if (charged.length < 2 || ownUntold) {
        const mayBeCharged = tasks.filter(
          ({ chargedPoints, chargeUntold }) => chargedPoints > 0n || chargeUntold === true,
        )
        isOpen ||= mayBeCharged.length > 1 && mayBeCharged.length > charged.length
        continue
      }
      const evidence = taskEvidence(charged)
      const users = new Set(charged.flatMap((task) => userOf(task).userId ?? []))
      findings.push({
        subject: { requestId },
        expected: 1n,
        actual: BigInt(charged.length),
        unit: 'count',
        count: charged.length,
        evidence,
        detail: {
          taskIds: namesIn(evidence),
          chargedPoints: String(sum(charged, ({ chargedPoints }) => chargedPoints)),
        },
        context: contextOf(charged, accountId, window.zone),
        ...(users.size > 1 && { users: [...users] }),
      })
    }
    const notEvaluated = isOpen ? [{ subject: {}, reason: tasksUntold('charge-untold', untold?.charges) }] : []
    return { examined: requestCount(requests.value), findings, notEvaluated }
  },
}

/** What all of the tasks have in common; the date is that of the first which has a time. */
function contextOf(tasks: readonly TaskFact[], accountId: number | null, zone: Zone): FindingContext | undefined {
  const first = tasks.find(hasTime) ?? tasks[0]
  if (first === undefined) return undefined
  const { userId, model, ...rest } = taskContext(first, accountId, zone)
  return {
    ...rest,
    ...(userId !== undefined &&
      tasks.every((task) => task.userId === userId && task.userUntold !== true) && { userId }),
    ...(tasks.every((task) => task.model === model) && { model }),
  }
}

/** Request ids of the window's tasks, each counted once, whatever task claims it: that may be one that is not judged here. */
function requestCount({ tasks, plain }: RequestBook): number {
  const ids = new Set<string>()
  for (const { task, selected } of tasks) if (selected && task.requestId !== '') ids.add(task.requestId)
  return ids.size + (plain?.count ?? 0)
}
