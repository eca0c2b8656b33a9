import { input, output } from '../schemas/audit-reconcile.ts'
import { reconcile } from '../src/operations/reconcile.ts'
import type { Tool } from '../src/tool.ts'

export const auditReconcileTool: Tool<typeof input, typeof output> = {
  name: 'audit-reconcile',
  title: 'Consumption audit, all five steps',
  description:
    "The whole consumption audit of a window of time: fal's bill, recorded tasks and users' ledgers, reconciled by rules A1 to A8. Use it first when someone asks for an audit, a reconciliation or anomalies. Comes back with findings (gravest first), notEvaluated, official, ledger, tasks and coverage; sections narrows that, thresholds apply to this call only. Read unverified and coverage before any figure: null means not read. TIMING findings are information. reportUri is the whole report as a resource (add .md for Markdown).",
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
  run: (given, dependencies, context) => reconcile(given, dependencies, context),
}
