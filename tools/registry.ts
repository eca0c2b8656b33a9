import type { Tool } from '../src/tool.ts'
import { auditReconcileTool } from './audit-reconcile.ts'
import { billingEstimateTool } from './billing-estimate.ts'
import { billingRulesTool } from './billing-rules.ts'
import { billingRulesWriteTool } from './billing-rules-write.ts'
import { billingStatementsTool } from './billing-statements.ts'
import { billingUsageTool } from './billing-usage.ts'
import { doctorTool } from './doctor.ts'
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
  billingRulesTool,
  billingEstimateTool,
  billingUsageTool,
  billingStatementsTool,
  doctorTool,
])

/** Tools that write, which are only there where the configuration allows it (billing.allowWrite). */
export const WRITE_TOOLS: readonly Tool[] = Object.freeze([billingRulesWriteTool])
