import { lotOf } from '../../src/audit/bills/event-lot.ts'
import { attributeBills, type SharedBill } from '../../src/audit/bills/whose-bill.ts'
import type { AccountEvidence, Bills, Evidence } from '../../src/audit/evidence.ts'
import type { LedgerBook } from '../../src/audit/ledgers/ledger-book.ts'
import { ledgerInOnePiece } from '../../src/audit/ledgers/ledger-source.ts'
import type { AuditPlan } from '../../src/audit/plan.ts'
import { ledgerBooks, openBooks } from '../../src/audit/report/books.ts'
import type { RepeatedEvent } from '../../src/audit/requests/answered-events.ts'
import { frameOf, type RequestReconciliation, reconcilePiece } from '../../src/audit/requests/request-books.ts'
import { inOnePiece } from '../../src/audit/requests/request-source.ts'
import { type RequestSums, RequestTotals } from '../../src/audit/requests/request-totals.ts'
import { type Books, known } from '../../src/audit/rules/books.ts'
import { NO_PRICES } from '../../src/audit/rules/prices.ts'
import { layerOf } from '../../src/audit/tasks/cell-tally.ts'
import { TaskTally } from '../../src/audit/tasks/task-book.ts'
import { apiKeyOf, keyIdOfAccount } from '../../src/demo/mini-world.ts'
import type { AccountBilling, BillingEvent, Fetched, UsageRow } from '../../src/fal/reader.ts'
import type { AccountRow, TaskRow } from '../../src/ledger/reader.ts'
import { taskRecordsOf } from '../../src/rows/task-writer.ts'
import { at, date, MODEL, usd } from './books.ts'
import { billingEvent, planOf, taskRow } from './rows.ts'

/** What an audit read, by hand: accounts 5 and 6 are audited, 9 is known, and each has a workspace unless said. */

export const whole = <T>(value: T): Fetched<T> => ({ status: 'complete', value })
export const part = <T>(value: T, reason = 'too long'): Fetched<T> => ({
  status: 'partial',
  value,
  failure: 'page-limit',
  reason,
})
export const failed = (reason = 'refused'): Extract<Fetched<never>, { status: 'failed' }> => ({
  status: 'failed',
  failure: 'forbidden',
  reason,
})

export const accountRow = (accountId: number, overrides: Partial<AccountRow> = {}): AccountRow => ({
  accountId,
  name: `account-${accountId}`,
  apiKey: apiKeyOf(accountId),
  balanceNanoUsd: null,
  disabled: false,
  ...overrides,
})

/** A task of an account with a number of its own, and the request of that number. */
export const taskOf = (accountId: number, rowId: number, overrides: Partial<TaskRow> = {}): TaskRow =>
  taskRow({
    rowId,
    taskId: `task-${rowId}`,
    requestId: `request-${rowId}`,
    apiKey: apiKeyOf(accountId),
    ...overrides,
  })

const keyOf = (accountId: number | null) => (accountId === null ? null : keyIdOfAccount(accountId))

/** An event that names the key of an account; with null it names nobody. */
export const eventOf = (
  accountId: number | null,
  requestId: string,
  overrides: Partial<BillingEvent> = {},
): BillingEvent => billingEvent({ requestId, keyId: keyOf(accountId), ...overrides })

/** A usage row of the day that names the key of an account; with null it names nobody. */
export const usageOf = (accountId: number | null, cost: string, overrides: Partial<UsageRow> = {}): UsageRow => ({
  bucketStart: at('2026-02-06 00:00:00'),
  date: date('2026-02-06'),
  model: MODEL,
  unit: 'videos',
  quantity: '1',
  unitPrice: '1',
  percentDiscount: null,
  costNanoUsd: usd(cost),
  keyId: keyOf(accountId),
  login: null,
  ...overrides,
})

export interface GivenSpace {
  readonly name?: string | null
  readonly members: readonly number[]
  readonly usage?: Fetched<readonly UsageRow[]>
  readonly events?: Fetched<readonly BillingEvent[]> | null
  /** What fal says of the balance; it refuses by default. */
  readonly billing?: Fetched<AccountBilling>
}

export interface GivenEvidence {
  readonly plan?: AuditPlan
  /** Zone of the stored times: UTC where absent. */
  readonly databaseZoneId?: string
  readonly spaces?: readonly GivenSpace[]
  readonly accounts?: readonly AccountRow[]
  readonly audited?: readonly number[]
  /** Accounts whose workspace fal did not tell. */
  readonly unplaced?: readonly number[]
  readonly tasks?: readonly TaskRow[]
  /** Tasks of any other time that were looked up. */
  readonly otherTasks?: readonly TaskRow[]
  /** By the name of the workspace: why questions by id were not answered. */
  readonly gaps?: Readonly<Record<string, string>>
  readonly unanswered?: readonly string[]
  readonly repeated?: readonly RepeatedEvent[]
  readonly ledger?: Partial<LedgerBook>
}

const LEDGER: LedgerBook = {
  mode: 'order',
  chargedTasks: 0,
  linkedTasks: 0,
  users: new Map(),
  taskEntries: [],
  everyOrder: true,
  balances: null,
}

function billsOf(spaces: readonly GivenSpace[], audited: readonly AccountRow[], unplaced: readonly number[]): Bills {
  const workspaces = spaces.map(({ name, members, usage = whole([]), events = whole([]) }, lot) => ({
    ...{ name: name === undefined ? `team-${members[0]}` : name, members, usage, apiKey: 'key of the bill' },
    events: events === null || events.status === 'failed' ? events : { ...events, value: lotOf(events.value, lot) },
  }))
  const readOf = (fetched: Fetched<unknown>): Fetched<null> =>
    fetched.status === 'failed' ? fetched : { ...fetched, value: null }
  const accounts = workspaces.flatMap(({ members, usage, events }, workspace) =>
    audited
      .filter(({ accountId }) => members.includes(accountId))
      .map(
        (account): AccountEvidence => ({
          account,
          billing: spaces[workspace]?.billing ?? failed(),
          workspace,
          usage: readOf(usage),
          events: events === null ? null : readOf(events),
        }),
      ),
  )
  return { accounts, workspaces, unplaced }
}

export function evidenceOf(given: GivenEvidence): Evidence {
  const { plan = planOf(), spaces = [], accounts = [5, 6, 9].map((id) => accountRow(id)), tasks = [] } = given
  const { audited = [5, 6], gaps = {}, unanswered = [], repeated = [], otherTasks = [] } = given
  const bills = billsOf(
    spaces,
    accounts.filter(({ accountId }) => audited.includes(accountId)),
    given.unplaced ?? [],
  )
  const attribution = attributeBills(bills, accounts, () => true)
  const tally = new TaskTally(plan, accounts, new Set(audited))
  const records = taskRecordsOf(tasks)
  for (let task = 0; task < records.count; task++) tally.add(records, task)
  const shared = (name: string): SharedBill => {
    const bill = attribution.workspaces.find(({ label }) => label === name)
    if (bill === undefined) throw new RangeError(`no such workspace: ${name}`)
    return bill
  }
  const gapOf = new Map(
    Object.entries(gaps).map(([name, reason]) => [shared(name), { failure: 'server-error' as const, reason }]),
  )
  return {
    plan,
    databaseZoneId: given.databaseZoneId ?? 'UTC',
    allAccounts: accounts,
    bills,
    attribution,
    requests:
      plan.depth === 'summary'
        ? null
        : inOnePiece({
            tasks,
            otherTasks,
            events: new Map(
              attribution.workspaces.map((bill) => {
                const { events } = bill.source
                const isRead = events?.status === 'complete' && !gapOf.has(bill)
                return [bill, isRead ? lotEvents(spaces, events.value.lot) : null]
              }),
            ),
            unanswered: new Set(unanswered),
            gaps: gapOf,
            repeated,
            sharedSearched: true,
          }),
    tasks: tally.close(),
    layer: layerOf(plan, accounts, new Set(audited), records),
    ledger: ledgerInOnePiece({ ...LEDGER, ...given.ledger }),
    userNames: new Map(),
    priceRules: known(NO_PRICES),
    tables: [],
  }
}

/** The events of one of the spaces. */
export function lotEvents(spaces: readonly GivenSpace[], lot: number): readonly BillingEvent[] {
  const events = spaces[lot]?.events
  return events == null || events.status === 'failed' ? [] : events.value
}

function reconcile(evidence: Evidence): { reconciliation: RequestReconciliation; sums: RequestSums } | null {
  if (evidence.requests === null) return null
  const frame = frameOf(evidence, evidence.requests)
  const totals = new RequestTotals(frame, evidence.requests)
  const [piece] = evidence.requests.pieces()
  if (piece === undefined) throw new RangeError('there is always a piece')
  const reconciliation = reconcilePiece(frame, piece)
  totals.absorb(reconciliation)
  return { reconciliation, sums: totals.close() }
}

/** What the requests of some evidence add up to; null at depth summary. */
export const sumsOf = (evidence: Evidence): RequestSums | null => reconcile(evidence)?.sums ?? null

/** The requests of what was read: single ones, and what they add up to. Throws at depth summary, which has none. */
export function reconciled(given: GivenEvidence): RequestReconciliation & { readonly sums: RequestSums } {
  const requests = reconcile(evidenceOf(given))
  if (requests === null) throw new RangeError('no requests at this depth')
  const { reconciliation, sums } = requests
  const { tasks, ...book } = { ...sums.book }
  return { ...reconciliation, book: { ...book, tasks: [...tasks, ...reconciliation.book.tasks] }, sums }
}

/** What the rules see of what was read: sums, and the tasks with their ledger rows. */
export function booksOf(given: GivenEvidence): Books {
  const evidence = evidenceOf(given)
  const sums = sumsOf(evidence)
  const [piece] = evidence.ledger.pieces()
  if (piece === undefined) throw new RangeError('there is always a piece')
  const { taskLedgers } = ledgerBooks(evidence, sums)(piece)
  return { ...openBooks(evidence, sums, piece), taskLedgers }
}
