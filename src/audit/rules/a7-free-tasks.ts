import { formatUsd } from '../../units/nano-usd.ts'
import type { FindingDraft, Rule } from './books.ts'
import { ofUsers } from './unplaced-tasks.ts'
import { tasksUntold, type UntoldCode, type UntoldTasks } from './untold-tasks.ts'

/**
 * A7, per user: tasks with money = 0 and cost_money > 0, not refunded; the difference is their count.
 * Tasks that do not tell one of them, or whose they are, are counted apart, and nothing is said of a user whose only such tasks have
 * no time that can be read. Source: rule A7 of the audit skill.
 */
export const a7FreeTasks: Rule = {
  id: 'A7',
  severity: 'MEDIUM',
  perWindow: true,
  evaluate({ users, untold, unplaced }) {
    const findings: FindingDraft[] = []
    for (const { userId, free } of users) {
      if (free.count === 0) continue
      findings.push({
        subject: { userId },
        expected: 0n,
        actual: BigInt(free.count),
        unit: 'count',
        count: free.count,
        evidence: free.evidence,
        detail: { costUsd: formatUsd(free.costNanoUsd) },
      })
    }
    const open = Object.entries(untold?.free ?? {}) as [UntoldCode, UntoldTasks][]
    const found = new Set(findings.map(({ subject }) => subject.userId))
    const notEvaluated = [
      ...open.map(([code, tasks]) => ({ subject: {}, reason: tasksUntold(code, tasks) })),
      ...ofUsers(unplaced, found, ({ free }) => free > 0),
    ]
    return { examined: users.length, findings, notEvaluated }
  },
}
