import { input, output } from '../schemas/audit-reconcile.ts'
import { reconcile } from '../src/operations/reconcile.ts'
import type { Tool } from '../src/tool.ts'

export const auditReconcileTool: Tool<typeof input, typeof output> = {
  name: 'audit-reconcile',
  title: 'Consumption audit, all five steps',
  description:
    "The whole audit of a window: fal's bill, recorded tasks and users' ledgers, reconciled by rules A1 to A8 and B1 to B21. Use it first. Comes back with findings (gravest first), notEvaluated, official, ledger, tasks and coverage. Read unverified and coverage first: null means not read; TIMING is information. reportUri is the whole report (add .md for Markdown). Filters narrow findings; report_id pages through those of an earlier report.",
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
