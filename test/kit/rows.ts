import { type AuditPlan, type AuditRequest, planAudit } from '../../src/audit/plan.ts'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import type { BillingEvent } from '../../src/fal/reader.ts'
import type { LedgerEntry, TaskRow } from '../../src/ledger/reader.ts'
import { AS_OF, at, MODEL, points, type Settings, settings, usd } from './books.ts'

/** Rows by hand, as the readers give them: the day and the defaults of `books.ts`. */

const KEY_5 = '00000005-0000-4000-8000-000000000000:key-of-five'

export const taskRow = (overrides: Partial<TaskRow> = {}): TaskRow => ({
  rowId: 1,
  userId: 101,
  taskId: 'task-1',
  requestId: 'request-1',
  model: MODEL,
  apiKey: KEY_5,
  status: 'success',
  chargedPoints: points(1000),
  costNanoUsd: usd('1'),
  refunded: false,
  createdAt: at('2026-02-06 12:00:00'),
  completedAt: at('2026-02-06 12:00:30'),
  ...overrides,
})

/** A consume row of user 101 that names no order. */
export const entryRow = (rowId: number, amount: number, overrides: Partial<LedgerEntry> = {}): LedgerEntry => ({
  book: 'points',
  rowId,
  userId: 101,
  amountPoints: points(amount),
  orderId: '',
  kind: 'consume',
  balanceBefore: null,
  balanceAfter: null,
  at: at('2026-02-06 12:00:00'),
  title: '',
  ...overrides,
})

export const billingEvent = (overrides: Partial<BillingEvent> = {}): BillingEvent => ({
  requestId: 'request-1',
  model: MODEL,
  at: at('2026-02-06 12:01:00'),
  quantity: '1',
  unit: 'videos',
  unitPrice: '1',
  percentDiscount: null,
  costNanoUsd: usd('1'),
  keyId: null,
  login: null,
  ...overrides,
})

/** The plan of the one day, read three days later. */
export const planOf = (request: Partial<AuditRequest> = {}, given: Settings = {}, asOf = AS_OF): AuditPlan =>
  planAudit(
    { start: '2026-02-06', end: '2026-02-06', ids: [], userIds: [], depth: 'requests', ...request },
    SHANGHAI,
    asOf,
    settings(given),
    20,
  )
