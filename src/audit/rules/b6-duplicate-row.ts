import type { FindingDraft, Reason, Rule } from './books.ts'
import type { LinkedEntry, TaskLedger } from './facts.ts'
import { groupBy } from './group-by.ts'
import { consumedPoints, refundedPoints, rowEvidence } from './linked-entries.ts'
import { OWNERLESS } from './ownerless-rows.ts'
import { notRead } from './request-book.ts'
import { taskContext, taskSubject } from './task-subject.ts'
import { leftOpen } from './unlinked-rows.ts'
import { chargeUntold, ownersUntold } from './untold-tasks.ts'

/**
 * B6, per task: one ledger holds the same row twice, of the same type and amount, and together the rows of that type
 * come to more than the task's charge. A charge that was split over points and cash is none. Points.
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
    const unclear = new Map<number, Reason>()
    let examined = settledTasks
    for (const ledger of taskLedgers.value) {
      const ownerless = ledger.shared?.ownerless?.rows ?? []
      if (ledger.entries.length === 0 && ownerless.length === 0) continue
      examined += 1
      // One subject is one finding: where both types repeat, what was taken says more than what was given back.
      const excess = excessOf(ledger, 'consume') ?? excessOf(ledger, 'refund')
      const { task, accountId } = ledger
      if (excess === undefined) {
        // A row that tells no user may be the second of the task's, or one of somebody else.
        const all = ownerless.length === 0 ? undefined : { task, entries: [...ledger.entries, ...ownerless] }
        if (all === undefined || !(excessOf(all, 'consume') ?? excessOf(all, 'refund'))) continue
        examined -= 1
        unclear.set(task.userId, OWNERLESS)
        continue
      }
      if (task.chargeUntold === true) {
        examined -= 1
        unclear.set(task.userId, chargeUntold(task))
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
        detail: { userId: task.userId, rowIds: evidence.ids.join(', '), kind: excess.kind },
        context: taskContext(task, accountId, window.zone),
      })
    }
    return { examined, findings, notEvaluated: [...ownersUntold({ untold }), ...leftOpen(unclear)] }
  },
}

interface Excess {
  readonly kind: LinkedEntry['kind']
  readonly total: bigint
  /** The rows that repeat, the first of each group included. */
  readonly rows: readonly LinkedEntry[]
  readonly beyondFirst: number
}

function excessOf(
  { task, entries }: Pick<TaskLedger, 'task' | 'entries'>,
  kind: LinkedEntry['kind'],
): Excess | undefined {
  const total = kind === 'consume' ? consumedPoints(entries) : refundedPoints(entries)
  if (total <= task.chargedPoints) return undefined
  // Rows of nothing may repeat without harm.
  const rows = entries.filter((entry) => entry.kind === kind && entry.amountPoints !== 0n)
  const groups = groupBy(rows, ({ book, amountPoints }) => `${book} ${amountPoints}`)
  const repeated = [...groups.values()].filter((group) => group.length > 1)
  if (repeated.length === 0) return undefined
  const same = repeated.flat()
  return { kind, total, rows: same, beyondFirst: same.length - repeated.length }
}
