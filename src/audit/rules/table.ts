import { a1CostDeviation } from './a1-cost-deviation.ts'
import { a2BilledNothing } from './a2-billed-nothing.ts'
import { a3RecordedNothing } from './a3-recorded-nothing.ts'
import { a4PaidNotCharged } from './a4-paid-not-charged.ts'
import { a5RefundShare } from './a5-refund-share.ts'
import { a6UsageSpike } from './a6-usage-spike.ts'
import { a7FreeTasks } from './a7-free-tasks.ts'
import { a8LowBalance } from './a8-low-balance.ts'
import type { Rule } from './books.ts'

/** Every rule, in the order of its id: the one place that says which there are. */
export const RULES: readonly Rule[] = Object.freeze([
  a1CostDeviation,
  a2BilledNothing,
  a3RecordedNothing,
  a4PaidNotCharged,
  a5RefundShare,
  a6UsageSpike,
  a7FreeTasks,
  a8LowBalance,
])
