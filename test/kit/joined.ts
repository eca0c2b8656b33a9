import type { Owner, SharedBill, Who } from '../../src/audit/bills/whose-bill.ts'
import { delayTeller } from '../../src/audit/requests/delays.ts'
import type { RequestEvidence } from '../../src/audit/requests/request-evidence.ts'
import { type JoinScope, joinRequests, type RequestJoin } from '../../src/audit/requests/requests.ts'
import type { BillingEvent } from '../../src/fal/reader.ts'
import type { TaskRow } from '../../src/ledger/reader.ts'
import { billingEvent, planOf, taskRow } from './rows.ts'

// Tasks and events of one bill, joined by request id.

export const bill = (ownerOf: (who: Who) => Owner = () => ({ accountId: 5 }), stranger?: string) =>
  ({ ownerOf, isStranger: ({ keyId }: Who) => keyId === stranger }) as unknown as SharedBill

const accountOf = (apiKey: string): number | undefined =>
  apiKey.startsWith('key-') ? Number(apiKey.slice(4)) : undefined
/** A task of account 5 with a number of its own. */
export const task = (rowId: number, overrides: Partial<TaskRow> = {}): TaskRow =>
  taskRow({ rowId, taskId: `task-${rowId}`, requestId: `request-${rowId}`, apiKey: 'key-5', ...overrides })
export const event = (requestId: string, overrides: Partial<BillingEvent> = {}): BillingEvent =>
  billingEvent({ requestId, ...overrides })

export const scopeOf = (overrides: Partial<JoinScope> = {}): JoinScope => ({
  plan: planOf(),
  accountOf,
  audited: new Set([5, 6, 8]),
  sharesBill: () => false,
  eventsRead: (accountId) => [5, 6, 9].includes(accountId),
  tellsDelay: delayTeller({ fixed: true, occursTwice: () => false }),
  ...overrides,
})

export interface Given {
  readonly tasks?: readonly TaskRow[]
  readonly otherTasks?: readonly TaskRow[]
  readonly events?: readonly BillingEvent[]
  readonly unanswered?: readonly string[]
  readonly bill?: SharedBill
}

function evidenceOf({ tasks = [], otherTasks = [], events = [], unanswered = [], bill: own = bill() }: Given) {
  const read: RequestEvidence = {
    tasks,
    otherTasks,
    events: new Map<SharedBill, readonly BillingEvent[] | null>([
      [bill(), null],
      [own, events],
    ]),
    unanswered: new Set(unanswered),
    gaps: new Map(),
    sharedSearched: true,
    repeated: [],
  }
  return read
}
export const joined = (given: Given, scope = scopeOf()): RequestJoin => joinRequests(evidenceOf(given), scope)
