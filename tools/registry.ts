import type { Tool } from '../src/tool.ts'
import { auditReconcileTool } from './audit-reconcile.ts'
import { falBalanceTool } from './fal-balance.ts'
import { falEstimateCostTool } from './fal-estimate-cost.ts'
import { falGetUsageTool } from './fal-get-usage.ts'
import { falListAccountsTool } from './fal-list-accounts.ts'
import { falListInvoicesTool } from './fal-list-invoices.ts'
import { taskTraceTool } from './task-trace.ts'
import { tasksByUserTool } from './tasks-by-user.ts'
import { userLedgerTool } from './user-ledger.ts'

/** Every operation, in the order in which an audit uses them. MCP tools, REST routes and commands are derived from it. */
export const TOOLS: readonly Tool[] = Object.freeze([
  falGetUsageTool,
  falListInvoicesTool,
  tasksByUserTool,
  userLedgerTool,
  auditReconcileTool,
  taskTraceTool,
  falListAccountsTool,
  falBalanceTool,
  falEstimateCostTool,
])
