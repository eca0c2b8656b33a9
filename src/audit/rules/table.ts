import { a1CostDeviation } from './a1-cost-deviation.ts'
import { a2BilledNothing } from './a2-billed-nothing.ts'
import { a3RecordedNothing } from './a3-recorded-nothing.ts'
import { a4PaidNotCharged } from './a4-paid-not-charged.ts'
import { a5RefundShare } from './a5-refund-share.ts'
import { a6UsageSpike } from './a6-usage-spike.ts'
import { a7FreeTasks } from './a7-free-tasks.ts'
import { a8LowBalance } from './a8-low-balance.ts'
import { b1Unrecorded } from './b1-unrecorded.ts'
import { b2Unbilled } from './b2-unbilled.ts'
import { b3Amount } from './b3-amount.ts'
import { b4DuplicateTask } from './b4-duplicate-task.ts'
import { b5DuplicateBill } from './b5-duplicate-bill.ts'
import { b6DuplicateRow } from './b6-duplicate-row.ts'
import { b7FailedButCharged } from './b7-failed-but-charged.ts'
import { b8RefundNotPosted } from './b8-refund-not-posted.ts'
import { b9OverRefund } from './b9-over-refund.ts'
import { b10ChargeMismatch } from './b10-charge-mismatch.ts'
import { b11LedgerArithmetic } from './b11-ledger-arithmetic.ts'
import { b12LedgerContinuity } from './b12-ledger-continuity.ts'
import { b13NegativeBalance } from './b13-negative-balance.ts'
import { b14UnknownKey } from './b14-unknown-key.ts'
import { b15LeakedKey } from './b15-leaked-key.ts'
import { b16NegativeMargin } from './b16-negative-margin.ts'
import { b17PriceChange } from './b17-price-change.ts'
import { b18Stuck } from './b18-stuck.ts'
import { b19BillDisagrees } from './b19-bill-disagrees.ts'
import { b20LossOnRefund } from './b20-loss-on-refund.ts'
import { b21UnattributedSpend } from './b21-unattributed-spend.ts'
import { b22ExpectedCharge } from './b22-expected-charge.ts'
import type { Rule } from './books.ts'
import { tzMisconfigured } from './tz-misconfigured.ts'

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
  b1Unrecorded,
  b2Unbilled,
  b3Amount,
  b4DuplicateTask,
  b5DuplicateBill,
  b6DuplicateRow,
  b7FailedButCharged,
  b8RefundNotPosted,
  b9OverRefund,
  b10ChargeMismatch,
  b11LedgerArithmetic,
  b12LedgerContinuity,
  b13NegativeBalance,
  b14UnknownKey,
  b15LeakedKey,
  b16NegativeMargin,
  b17PriceChange,
  b18Stuck,
  b19BillDisagrees,
  b20LossOnRefund,
  b21UnattributedSpend,
  b22ExpectedCharge,
  tzMisconfigured,
])
