import type { LedgerRow, OfficialModel, OfficialRow, Report } from '../../../schemas/report.ts'
import type { UsageRow } from '../../fal/reader.ts'
import { cleanText } from '../../render/clean.ts'
import { shortKeyId } from '../../units/api-key.ts'
import { addDecimals, type Decimal, formatDecimal, parseDecimal, ZERO_DECIMAL } from '../../units/decimal.ts'
import { count, jsonPoints, sum } from '../../units/exact.ts'
import { addNanoUsd, formatUsd, type NanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import type { SharedBill } from '../bills/whose-bill.ts'
import type { AccountEvidence, Evidence } from '../evidence.ts'
import type { LedgerBook } from '../ledgers/ledger-book.ts'
import type { Ownership } from '../requests/placement-sums.ts'
import type { RequestSums } from '../requests/request-totals.ts'
import { judgePayment } from '../rules/a4-paid-not-charged.ts'
import type { UserBook } from '../rules/books.ts'
import type { CellTotals, TaskLayerSums } from '../tasks/cell-tally.ts'
import { endpointName } from '../tasks/model-name.ts'
import { balanceOf, billFigures } from './books.ts'

/** Layer 1: what fal billed, by account; then, by workspace, what no account row answers for. */
export function officialLayer(evidence: Evidence, requests: RequestSums | null): Report['official'] {
  const { attribution } = evidence
  const rows: OfficialRow[] = []
  const models: OfficialModel[] = []
  const costs: NanoUsd[] = []
  const counts: (number | null)[] = []
  const ofUndivided = membersOfUndivided(attribution.workspaces)
  const addBill = (head: OfficialHead, bill: readonly UsageRow[], belongs: (whose: Ownership) => boolean) => {
    const { costNanoUsd, byModel } = billFigures(bill, endpointName)
    const counted = requests !== null && eventsRead(evidence, requests, head)
    const requestCount = counted ? countRequests(requests, belongs) : null
    costs.push(costNanoUsd)
    counts.push(requestCount)
    rows.push({ ...head, costUsd: formatUsd(costNanoUsd), modelCount: byModel.size, requestCount })
    models.push(...modelRows(head.accountId, head.workspace, bill))
  }
  for (const entry of evidence.bills.accounts) {
    const { account } = entry
    const balance = balanceOf(entry)
    const workspace = workspaceOf(entry, evidence)
    const head = {
      accountId: account.accountId,
      accountName: cleanText(account.name),
      keyId: shortKeyId(account.apiKey),
      ...(workspace !== undefined && { workspace: cleanText(workspace) }),
      balanceUsd: balance === null ? null : formatUsd(balance.nanoUsd),
      ...(balance === null ? {} : { balanceSource: balance.source }),
    }
    const bill = attribution.byAccount.get(account.accountId)
    const { accountId } = account
    const isMine = ({ owner }: Ownership): boolean => typeof owner === 'object' && owner.accountId === accountId
    if (bill?.known === true) addBill(head, bill.value, isMine)
    else rows.push({ ...head, ...UNREAD_BILL, ...(ofUndivided.has(accountId) && { undivided: true }) })
  }
  for (const shared of attribution.workspaces) {
    const { label, source, members, undivided, unattributed } = shared
    const bill = [...(undivided ?? []), ...unattributed]
    if (bill.length === 0) continue
    const workspace = cleanText(label)
    // Of a bill read in part there may be more.
    if (source.usage.status !== 'complete') {
      rows.push({ accountId: null, workspace, balanceUsd: null, ...UNREAD_BILL })
      continue
    }
    const isTheirs = ({ bill: own, owner }: Ownership): boolean =>
      own === shared && (typeof owner === 'string' || (undivided !== null && members.includes(owner.accountId)))
    const isUndivided = (undivided ?? []).length > 0
    addBill({ accountId: null, workspace, ...(isUndivided && { undivided: true }), balanceUsd: null }, bill, isTheirs)
  }
  rows.sort((a, b) => (a.accountId ?? Infinity) - (b.accountId ?? Infinity))
  models.sort((a, b) => (a.accountId ?? Infinity) - (b.accountId ?? Infinity) || compareText(modelKey(a), modelKey(b)))
  const maybeTwice = attribution.workspaces.some((shared) => shared.maybeTwice)
  const totalNanoUsd = nanoUsd(sum(costs, (cost) => cost))
  return {
    rows,
    models,
    totals: {
      costUsd: costs.length === 0 || maybeTwice ? null : formatUsd(totalNanoUsd),
      requestCount: maybeTwice ? null : totalCount(counts),
    },
  }
}

const UNREAD_BILL = { costUsd: null, modelCount: null, requestCount: null }

/** By its name; where fal does not tell it to this key, as the bill is called that other keys read as well. */
function workspaceOf({ account, workspace }: AccountEvidence, { bills, attribution }: Evidence): string | undefined {
  const told = bills.workspaces[workspace]?.name ?? undefined
  const isShared = ({ members }: SharedBill): boolean => members.length > 1 && members.includes(account.accountId)
  return told ?? attribution.workspaces.find(isShared)?.label
}

/** Accounts whose bill was read, and stands whole with their workspace. */
const membersOfUndivided = (workspaces: Evidence['attribution']['workspaces']): ReadonlySet<number> =>
  new Set(
    workspaces.flatMap(({ undivided, source, members }) =>
      undivided !== null && undivided.length > 0 && source.usage.status === 'complete' ? members : [],
    ),
  )

type OfficialHead = Omit<OfficialRow, 'costUsd' | 'modelCount' | 'requestCount'>

/** Whether the requests of a row are known: its account's events, or its workspace's, were read whole. */
function eventsRead(
  { attribution, requests }: Evidence,
  { scope }: RequestSums,
  { accountId, workspace }: OfficialHead,
): boolean {
  if (accountId !== null) return scope.eventsRead(accountId)
  const shared = attribution.workspaces.find(({ label }) => cleanText(label) === workspace)
  return shared !== undefined && requests?.readBills.has(shared) === true
}

/** Distinct requests with an event within the window. */
const countRequests = ({ placements }: RequestSums, belongs: (whose: Ownership) => boolean): number =>
  count(placements.filter(belongs), ({ requests }) => requests)

/** A sum with an unknown part is unknown. */
function totalCount(counts: readonly (number | null)[]): number | null {
  let total = 0
  for (const count of counts) {
    if (count === null) return null
    total += count
  }
  return counts.length === 0 ? null : total
}

function modelRows(
  accountId: number | null,
  workspace: string | undefined,
  bill: readonly UsageRow[],
): OfficialModel[] {
  const groups = new Map<string, { model: string; unit: string; quantity: Decimal; costNanoUsd: NanoUsd }>()
  for (const { model, unit, quantity, costNanoUsd } of bill) {
    const key = JSON.stringify([model, unit])
    const group = groups.get(key) ?? { model, unit, quantity: ZERO_DECIMAL, costNanoUsd: ZERO_NANO_USD }
    group.quantity = addDecimals(group.quantity, parseDecimal(quantity) ?? ZERO_DECIMAL)
    group.costNanoUsd = addNanoUsd(group.costNanoUsd, costNanoUsd)
    groups.set(key, group)
  }
  return [...groups.values()].map((group) => ({
    accountId,
    ...(accountId === null && workspace !== undefined ? { workspace } : {}),
    model: cleanText(group.model),
    unit: cleanText(group.unit),
    quantity: formatDecimal(group.quantity),
    costUsd: formatUsd(group.costNanoUsd),
  }))
}

/** Layer 2: tasks of the window by account, user and model. */
export function taskLayer(
  { cells, totals, omitted }: TaskLayerSums,
  outside: Evidence['tasks']['outside'],
  userNames: ReadonlyMap<number, string>,
): Report['tasks'] {
  return {
    // Each figure named: of what is spread, V8 makes a class of its own for each of tens of thousands.
    rows: cells.map((cell) => ({
      accountId: cell.accountId,
      userId: cell.userId,
      userName: cell.userId === null ? undefined : nameOf({ userNames }, cell.userId),
      model: cleanText(cell.model),
      taskCount: cell.taskCount,
      chargedPoints: jsonPoints(cell.chargedPoints),
      costUsd: formatUsd(cell.costNanoUsd),
      refundCount: cell.refundCount,
      refundedPoints: jsonPoints(cell.refundedPoints),
      untoldCharges: someOf(cell.untoldCharges),
      untoldCosts: someOf(cell.untoldCosts),
    })),
    totals: {
      ...sumsOf(totals),
      outsideAccounts: {
        taskCount: outside.taskCount,
        chargedPoints: jsonPoints(outside.chargedPoints),
        costUsd: formatUsd(outside.costNanoUsd),
        untoldCharges: someOf(outside.untoldCharges),
        untoldCosts: someOf(outside.untoldCosts),
      },
      ...(omitted > 0 && { omittedRows: omitted }),
    },
  }
}

/** Undefined where there are none: JSON leaves that out. */
const someOf = (count: number | undefined): number | undefined => (count === 0 ? undefined : count)

const sumsOf = ({ taskCount, chargedPoints, costNanoUsd, refundCount, refundedPoints, ...untold }: CellTotals) => ({
  taskCount,
  chargedPoints: jsonPoints(chargedPoints),
  costUsd: formatUsd(costNanoUsd),
  refundCount,
  refundedPoints: jsonPoints(refundedPoints),
  ...(untold.untoldCharges > 0 && { untoldCharges: untold.untoldCharges }),
  ...(untold.untoldCosts > 0 && { untoldCosts: untold.untoldCosts }),
})

/** Layer 3: what each user with tasks of the window was charged and paid. */
export function ledgerLayer(
  evidence: { readonly ledger: Pick<LedgerBook, 'users'>; readonly userNames: ReadonlyMap<number, string> },
  users: readonly UserBook[],
): Report['ledger'] {
  const rows = users.map((user): LedgerRow => {
    const ledger = evidence.ledger.users.get(user.userId)
    const read = (amount: bigint | null | undefined) => (amount == null ? null : jsonPoints(amount))
    const paid = user.payment
    const payment = paid.known ? paid.value : undefined
    const standing = standingOf(paid)
    const isOpen = payment?.bound?.open
    return {
      userId: user.userId,
      userName: nameOf(evidence, user.userId),
      chargedPoints: jsonPoints(user.chargedPoints),
      untoldCharges: someOf(user.untoldCharges),
      pointsConsumed: isOpen?.points === true ? null : read(payment?.pointsConsumed),
      cashConsumed: isOpen?.cash === true ? null : read(payment?.cashConsumed),
      pointsRefunded: read(ledger?.pointsRefunded),
      cashRefunded: read(ledger?.cashRefunded),
      pointsRecharged: read(ledger?.pointsRecharged),
      cashRecharged: read(ledger?.cashRecharged),
      ...standing,
    }
  })
  return { rows }
}

function standingOf(payment: UserBook['payment']): Pick<LedgerRow, 'differencePoints' | 'status' | 'timing'> {
  const verdict = judgePayment(payment)
  if (!verdict.known) return { differencePoints: null, status: 'UNVERIFIED' }
  const differencePoints = jsonPoints(verdict.value.differencePoints)
  // Between two amounts, both of which differ from the charge: that it does is known, and not by how much.
  if (payment.known && payment.value.bound !== undefined) return { differencePoints: null, status: 'DIFF' }
  if (differencePoints === 0) return { differencePoints, status: 'OK' }
  // As A4 has it.
  return { differencePoints, status: 'DIFF', ...(payment.known && payment.value.explainedByEdge && { timing: true }) }
}

/** Undefined where the user has none: JSON leaves that out. */
function nameOf({ userNames }: Pick<Evidence, 'userNames'>, userId: number): string | undefined {
  const name = userNames.get(userId)
  return name === undefined ? undefined : cleanText(name)
}

const modelKey = ({ workspace, model, unit }: OfficialModel): string => JSON.stringify([workspace ?? '', model, unit])

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
