import type { Report, RuleId } from '../../schemas/report.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'

/** A world in which rows link to tasks by their order, whatever is added: 40 tasks of user 900 with their rows. */
export function withLinkedTasks(world = new MiniWorld().account(5)): MiniWorld {
  for (let task = 0; task < 40; task++) world.task({ user: 900 })
  return world
}

/** What a report says of some rules, in short: findings by the task or user, and whom it did not judge. */
export function saidOf(report: Report, ...rules: readonly RuleId[]) {
  const findings = report.findings.filter(({ rule }) => rules.includes(rule))
  const open = report.notEvaluated.filter(({ rule }) => rules.includes(rule))
  return {
    findings: findings.map(({ rule, subject: { taskId, userId } }) =>
      taskId === undefined ? `${rule} userId=${userId}` : `${rule} taskId=${taskId}`,
    ),
    open: open.map(({ rule, subject: { userId } }) => `${rule} userId=${userId}`),
  }
}
