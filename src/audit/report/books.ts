import type { UsageRow } from '../../fal/reader.ts'
import type { TaskRow } from '../../ledger/reader.ts'
import type { Depth } from '../../settings.ts'
import { keyDigest, shortKeyId } from '../../units/api-key.ts'
import { addNanoUsd, type NanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { accountFinder } from '../bills/account-keys.ts'
import { billsThatHang, unattributedOf, withOpenBills } from '../bills/unattributed.ts'
import type { SharedBill } from '../bills/whose-bill.ts'
import type { Evidence } from '../evidence.ts'
import type { LedgerPiece } from '../ledgers/ledger-source.ts'
import { type LedgerUsers, userBook } from '../ledgers/user-book.ts'
import { billedWithoutId } from '../requests/billed-without-id.ts'
import { periodBill } from '../requests/period-bill.ts'
import type { Ownership } from '../requests/placement-sums.ts'
import type { RequestSums } from '../requests/request-totals.ts'
import { twinsOf } from '../requests/twin-tasks.ts'
import { missingEvents } from '../rules/bill-days.ts'
import {
  type AccountBook,
  type BillComparison,
  type BillFigures,
  type Books,
  known,
  type PeriodBill,
  type Reason,
  unknown,
} from '../rules/books.ts'
import type { TaskLedger } from '../rules/facts.ts'
import type { UnplacedTasks } from '../rules/unplaced-tasks.ts'
import { isShown } from '../tasks/cell-tally.ts'
import { dayBooks } from '../tasks/day-books.ts'
import { endpointName, NO_MATCHES } from '../tasks/model-name.ts'
import { recordsOf } from '../tasks/model-records.ts'
import { eachUnplaced, unplacedTasks } from '../tasks/unread-times.ts'

const MATCHES_FOR_CLOCK = 20

/** Lays the evidence out as the rules see it: `requests` and `ledger` as all their pieces add up. */
export function openBooks(evidence: Evidence, requests: RequestSums | null, ledger: LedgerUsers): Books {
  const { attribution, tasks } = evidence
  const { unplaced, ...frame } = framedBooks(evidence)
  const byModel = recordsOf(tasks, [null])
  const keyless = byModel.size > 0 ? { byModel, ...(requests && { billed: requests.keylessBilled }) } : undefined
  const unattributed = unattributedOf(evidence, requests)
  const openBills = billsThatHang({ unattributed, unplaced, keyless })
  return {
    ...frame,
    ...(keyless !== undefined && { keyless }),
    ...(unplaced !== undefined && {
      unplaced: { ...withUnpaid(unplaced, evidence, ledger), ...(requests && { links: requests.undated.links }) },
    }),
    comparisons: comparisonsOf(evidence, requests, openBills),
    modelMatches: requests?.modelMatches ?? NO_MATCHES,
    accounts: evidence.bills.accounts.map((entry): AccountBook => {
      const { accountId, disabled } = entry.account
      const bill = attribution.byAccount.get(accountId)
      const isRead = bill?.known === true && !openBills.has(accountId)
      const billNanoUsd = isRead ? billFigures(bill.value, endpointName).costNanoUsd : null
      return { accountId, disabled, billNanoUsd, balance: balanceOf(entry) }
    }),
    users: tasks.users.map((user) => userBook(user, { ledger, tasks })),
    days: dayBooks(tasks),
    unknownKeys: [...tasks.unknownKeys].map(([form, key]) => ({
      keyId: form === '' ? '' : shortKeyId(key.apiKey),
      identity: keyDigest(form),
      taskCount: key.taskCount,
      costNanoUsd: key.costNanoUsd,
      ...(key.untoldCosts !== undefined && { untoldCosts: key.untoldCosts }),
      evidence: key.evidence.view(),
    })),
    unattributed,
    requests: requests === null ? unknown('depth-summary') : known(withOpenBills(requests.book, openBills)),
    balances: balancesOf(evidence),
    clockOffset: requests === null ? null : clockOffset(requests.delays),
  }
}

/** Adds who did not pay what was charged, as far as that is told of each. */
function withUnpaid(unplaced: UnplacedTasks, { unreadTimes = {} }: Evidence, { users }: LedgerUsers): UnplacedTasks {
  if (eachUnplaced(unreadTimes) === null) return unplaced
  const owners = unplaced.owners ?? []
  const userIds = owners.flatMap(({ userId }) => (userId === null ? [] : [userId]))
  const isOpen = (userId: number): boolean => {
    const payment = users.get(userId)?.payment
    return payment === undefined || (!payment.known && payment.reason.code === unplaced.reason.code)
  }
  return { ...unplaced, unpaid: new Set(userIds.filter(isOpen)) }
}

/** What is alike in all books of one audit, and nothing else. */
export function framedBooks(evidence: Evidence): Books {
  const { plan, ledger, requests, priceRules, tasks } = evidence
  const unplaced = unplacedTasks(evidence)
  return {
    window: plan.window,
    asOf: plan.asOf,
    comparisons: [],
    modelMatches: NO_MATCHES,
    accounts: [],
    users: [],
    days: [],
    unknownKeys: [],
    unattributed: known([]),
    requests: unknown('depth-summary'),
    priceRules,
    taskLedgers: taskLedgersUnread(plan.depth, ledger.mode) ?? known([]),
    settledTasks: 0,
    ...(ledger.ownerless?.told !== undefined && { ownerless: ledger.ownerless.told }),
    ...(ledger.foreign !== undefined && { foreign: ledger.foreign }),
    balances: unknown('depth-summary'),
    lookedUp: {
      everyOrder: ledger.mode === null || ledger.everyOrder,
      everyRequest: requests?.sharedSearched ?? true,
    },
    clockOffset: null,
    ...(unplaced !== undefined && { unplaced }),
    untold: tasks.untold,
  }
}

/** Why tasks and their ledger rows are not held against each other one by one, where they are not. */
export function taskLedgersUnread(
  depth: Depth,
  mode: 'order' | 'total' | null,
): Extract<Books['taskLedgers'], { known: false }> | undefined {
  if (depth === 'summary') return unknown('depth-summary')
  if (mode === null) return unknown('ledger-unread')
  return mode === 'total' ? unknown('links-total') : undefined
}

/** Users and tasks of one piece after another, as the rules see them that judge tasks by their ledger rows. */
export function ledgerBooks(evidence: Evidence, requests: RequestSums | null): (piece: LedgerPiece) => Books {
  const frame = framedBooks(evidence)
  const accountOf = accountFinder(evidence.allAccounts)
  const tallies = new Map(evidence.tasks.users.map((user) => [user.userId, user]))
  return (piece) => ({
    ...frame,
    users: [...piece.users.keys()].flatMap((userId) => {
      const user = tallies.get(userId)
      return user === undefined ? [] : [userBook(user, { ledger: piece, tasks: evidence.tasks })]
    }),
    settledTasks: piece.settledTasks,
    taskLedgers: frame.taskLedgers.known
      ? known(piece.openEntries().map((ledger) => ({ ...billOf(ledger.task, requests, accountOf), ...ledger })))
      : frame.taskLedgers,
  })
}

function billOf(
  task: TaskRow,
  requests: RequestSums | null,
  accountOf: (apiKey: string) => number | undefined,
): Pick<TaskLedger, 'accountId' | 'billedNanoUsd'> {
  const accountId = accountOf(task.apiKey) ?? null
  if (requests === null || !isShown(requests.scope.plan, requests.scope.audited, accountId))
    return { accountId: null, billedNanoUsd: null }
  return { accountId, billedNanoUsd: task.status === 'failed' ? requests.billedOfFailed(task, accountId) : null }
}

function balancesOf({ ledger, plan }: Evidence): Books['balances'] {
  if (plan.depth === 'summary') return unknown('depth-summary')
  return ledger.balances === null ? unknown('ledger-unread', { book: 'points' }) : known(ledger.balances)
}

const clockOffset = (delays: RequestSums['delays']): Books['clockOffset'] =>
  delays.count < MATCHES_FOR_CLOCK ? null : { medianMillis: delays.median(), matched: delays.count }

/** The live balance where it was read, else the table's. */
export function balanceOf({ account, billing }: Evidence['bills']['accounts'][number]): AccountBook['balance'] {
  const live = billing.status === 'failed' ? null : billing.value.balanceNanoUsd
  if (live !== null) return { nanoUsd: live, source: 'live' }
  return account.balanceNanoUsd === null ? null : { nanoUsd: account.balanceNanoUsd, source: 'table' }
}

/** `openBills`: accounts of which it is not known what they were billed, and why. */
function comparisonsOf(
  evidence: Evidence,
  requests: RequestSums | null,
  openBills: ReadonlyMap<number, Reason>,
): BillComparison[] {
  const { attribution, plan } = evidence
  const comparisons: BillComparison[] = []
  const missing = missingEvents(
    requests?.book.dailyBills ?? [],
    plan.settings.thresholds.b19NanoUsdPerRow,
    plan.window.zone,
    endpointName,
  )
  const late = lateUndivided(requests)
  for (const { account } of evidence.bills.accounts) {
    const ofAccount = missing.get(account.accountId)
    const { accountId } = account
    const isLate = [...late].some(({ members }) => members.includes(accountId))
    const open = openBills.get(accountId)
    const told = attribution.byAccount.get(accountId) ?? unknown('bill-unread')
    const own = open === undefined || !told.known ? told : ({ known: false, reason: open } as const)
    const isOwn = ({ owner }: Ownership): boolean => typeof owner === 'object' && owner.accountId === accountId
    const rows = own.known && isLate ? unknown('no-key-ids') : own
    comparisons.push({
      subject: { accountId },
      bill: rows.known ? known(billFigures(rows.value, endpointName)) : rows,
      ...sidesOf(evidence, requests, [accountId], isOwn),
      ...(ofAccount !== undefined && { missing: ofAccount }),
      ...twinsOf(requests, [accountId]),
    })
  }
  for (const bill of attribution.workspaces) {
    const { label, members, membersKnown, maybeTwice } = bill
    const undivided = bill.undivided ?? (late.has(bill) ? rowsTogether(evidence, members) : null)
    if (undivided === null) continue
    const together = ({ bill: other, owner }: Ownership): boolean =>
      other === bill && (owner === 'undivided' || (typeof owner === 'object' && members.includes(owner.accountId)))
    comparisons.push({
      subject: { workspace: label },
      bill: !membersKnown
        ? unknown(maybeTwice ? 'bill-maybe-twice' : 'no-key-ids')
        : billIsWhole(evidence, members)
          ? known(billFigures(undivided, endpointName))
          : unknown('bill-unread'),
      ...sidesOf(evidence, requests, members, together),
      members,
      ...missingTogether(undivided, members, requests, together),
      ...twinsOf(requests, members),
    })
  }
  return comparisons
}

/**
 * Bills whose rows and pages all name an account, but of which fal, asked for a request by its id, told an event that names none: it
 * was billed long after the window, and it is not known whose it is.
 */
const lateUndivided = (requests: RequestSums | null): ReadonlySet<SharedBill> =>
  new Set(
    requests?.placements.flatMap(({ bill, owner }) => (owner === 'undivided' && bill.undivided === null ? bill : [])),
  )

const rowsTogether = ({ attribution }: Evidence, members: readonly number[]): readonly UsageRow[] =>
  members.flatMap((accountId) => {
    const rows = attribution.byAccount.get(accountId)
    return rows?.known === true ? rows.value : []
  })

/** What the usage of a workspace tells beyond its events, where all were read, over a window of whole days that are over. */
function missingTogether(
  undivided: readonly UsageRow[],
  members: readonly number[],
  requests: RequestSums | null,
  together: (whose: Ownership) => boolean,
): Pick<BillComparison, 'missing'> {
  if (requests === null || !members.every((id) => requests.scope.eventsRead(id))) return {}
  const { window, asOf, settings } = requests.scope.plan
  const { zone } = window
  const isWhole = [window.start, window.end].every((at) => zone.startOfDate(zone.dateOf(at)) === at)
  if (!isWhole || window.end > zone.startOfDate(zone.dateOf(asOf))) return {}
  const missing = new Map<string, NanoUsd>()
  const tolerated = new Map<string, NanoUsd>()
  const add = (to: Map<string, NanoUsd>, model: string, nano: NanoUsd): void =>
    void to.set(endpointName(model), addNanoUsd(to.get(endpointName(model)) ?? ZERO_NANO_USD, nano))
  for (const row of undivided) {
    add(missing, row.model, row.costNanoUsd)
    add(tolerated, row.model, settings.thresholds.b19NanoUsdPerRow)
  }
  const rounded = new Map<string, NanoUsd>()
  for (const sum of requests.placements.filter(together)) {
    add(missing, sum.endpoint, nanoUsd(-sum.billedNanoUsd))
    add(rounded, sum.endpoint, nanoUsd(BigInt(sum.roundedEvents)))
  }
  for (const [model, nano] of missing) {
    // Half a nano-dollar for each, as for the bill of one account.
    if (nano <= (tolerated.get(model) ?? 0n) + (rounded.get(model) ?? 0n) / 2n) missing.delete(model)
  }
  return missing.size === 0 ? {} : { missing }
}

/** What some accounts recorded, and their bill by task period. */
function sidesOf(
  { tasks }: Evidence,
  requests: RequestSums | null,
  accountIds: readonly number[],
  belongs: (whose: Ownership) => boolean,
): Pick<BillComparison, 'period' | 'recordByModel'> {
  const recordByModel = recordsOf(tasks, accountIds)
  const records = { own: recordByModel, keyless: recordsOf(tasks, [null]) }
  return { period: periodOf(requests, accountIds, belongs, records), recordByModel }
}

/** The bill by task period, where every event of these accounts is known. */
function periodOf(
  requests: RequestSums | null,
  accountIds: readonly number[],
  belongs: (whose: Ownership) => boolean,
  { own, keyless }: Readonly<Record<'own' | 'keyless', BillComparison['recordByModel']>>,
): PeriodBill | null {
  if (requests === null || !accountIds.every((id) => requests.scope.eventsRead(id))) return null
  let youngNanoUsd = ZERO_NANO_USD
  let runningNanoUsd = ZERO_NANO_USD
  let endOpenNanoUsd = ZERO_NANO_USD
  let untoldNanoUsd = ZERO_NANO_USD
  let untoldUnbilled = 0
  let namelessOpen = 0
  for (const accountId of accountIds) {
    const young = requests.youngOf(accountId)
    if (young === null) return null
    youngNanoUsd = addNanoUsd(youngNanoUsd, young)
    runningNanoUsd = addNanoUsd(runningNanoUsd, requests.runningOf(accountId))
    endOpenNanoUsd = addNanoUsd(endOpenNanoUsd, requests.endOpenOf(accountId))
    untoldNanoUsd = addNanoUsd(untoldNanoUsd, requests.untoldOf(accountId))
    untoldUnbilled += requests.untoldUnbilledOf(accountId)
    namelessOpen += requests.namelessOpenOf(accountId)
  }
  return {
    ...periodBill(requests.placements, belongs, endpointName),
    ...billedWithoutId(own, keyless, requests.placements.filter(belongs), requests.modelMatches, endpointName),
    undatedTasks: requests.undated.of(belongs, accountIds, requests.scope),
    ...{ youngNanoUsd, runningNanoUsd, endOpenNanoUsd, untoldNanoUsd, untoldUnbilled },
    namelessOpen,
  }
}

/** Whether the bill that these accounts share was read to its end. */
function billIsWhole(evidence: Evidence, members: readonly number[]): boolean {
  return evidence.bills.accounts.some(
    ({ account, usage }) => members.includes(account.accountId) && usage.status === 'complete',
  )
}

export function billFigures(rows: readonly UsageRow[], nameOf: (endpoint: string) => string): BillFigures {
  // By the name as it is told first: of very many rows there are few models.
  const byEndpoint = new Map<string, NanoUsd>()
  let costNanoUsd = ZERO_NANO_USD
  for (const row of rows) {
    costNanoUsd = addNanoUsd(costNanoUsd, row.costNanoUsd)
    byEndpoint.set(row.model, addNanoUsd(byEndpoint.get(row.model) ?? ZERO_NANO_USD, row.costNanoUsd))
  }
  const byModel = new Map<string, { model: string; costNanoUsd: NanoUsd }>()
  for (const [model, cost] of byEndpoint) {
    const known = byModel.get(nameOf(model))
    if (known === undefined) byModel.set(nameOf(model), { model, costNanoUsd: cost })
    else {
      known.costNanoUsd = addNanoUsd(known.costNanoUsd, cost)
      if (model < known.model) known.model = model
    }
  }
  return { costNanoUsd, byModel }
}
