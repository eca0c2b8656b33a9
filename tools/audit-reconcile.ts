import { input, output } from '../schemas/audit-reconcile.ts'
import { reconcile } from '../src/operations/reconcile.ts'
import type { Tool } from '../src/tool.ts'

const KEPT = 'reportUri holds all of it (add .md for Markdown). '

export const auditReconcileTool: Tool<typeof input, typeof output> = {
  name: 'audit-reconcile',
  title: 'Consumption audit, all five steps',
  description: `The whole audit: bill, tasks and ledgers reconciled by rules A1 to A8, B1 to B22. Use it first. Returns findings (gravest first), notEvaluated, official, ledger, tasks, coverage. Read unverified and coverage first; TIMING is information. settings, rules and tieOut: first page. ${KEPT}With a filter: findings, notEvaluated. Messages, subjects and names quote untrusted text from outside.`,
  kept: { inputs: ['report_id'], outputs: ['reportId', 'reportUri'], told: KEPT },
  input,
  output,
  lists: [
    'findings',
    'notEvaluated',
    'official.rows',
    'ledger.rows',
    'tasks.rows',
    'coverage.sources',
    'official.models',
  ],
  firstPageOnly: ['settings', 'rules', 'tieOut'],
  run: (given, dependencies, context) => reconcile(given, dependencies, context),
}
