import type { UsageRow } from '../fal/reader.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { addPoints } from '../units/points.ts'
import type { Evidence } from './evidence.ts'
import { EvidenceList } from './evidence-list.ts'
import { canonicalModel } from './model-name.ts'
import {
  type AccountBook,
  type BillComparison,
  type BillFigures,
  type Books,
  type DayBook,
  known,
  type ModelRecord,
  NO_EVIDENCE,
  type UserBook,
  unknown,
} from './rules/books.ts'
import type { ModelTally, UserTally } from './task-book.ts'
import { type Attribution, attributeBills } from './whose-bill.ts'

/** Whose bill is whose, decided from the whole evidence. */
export function attributionOf(evidence: Evidence): Attribution {
  const { recordByAccount } = evidence.tasks
  const recorded = (accountId: number): boolean =>
    [...(recordByAccount.get(accountId)?.values() ?? [])].some(({ costNanoUsd }) => costNanoUsd > 0n)
  return attributeBills(evidence.bills, evidence.allAccounts, recorded)
}

/** Lays the evidence out as the rules see it. */
export function openBooks(evidence: Evidence, attribution: Attribution): Books {
  const { plan } = evidence
  return {
    window: plan.window,
    asOf: plan.asOf,
    depth: plan.depth,
    comparisons: comparisonsOf(evidence, attribution),
    accounts: evidence.bills.accounts.map((entry): AccountBook => {
      const { accountId } = entry.account
      return { accountId, balance: balanceOf(entry) }
    }),
    users: evidence.tasks.users.map((user) => userBook(user, evidence)),
    days: [...evidence.tasks.days].map(
      ([date, day]): DayBook => ({
        date,
        chargedPoints: day.chargedPoints,
        refundedPoints: day.refundedPoints,
        refundedCount: day.refundedCount,
        evidence: day.evidence.view(),
      }),
    ),
  }
}

/** The live balance where it was read, else the table's. */
export function balanceOf({ account, billing }: Evidence['bills']['accounts'][number]): AccountBook['balance'] {
  const live = billing.status === 'failed' ? null : billing.value.balanceNanoUsd
  if (live !== null) return { nanoUsd: live, source: 'live' }
  return account.balanceNanoUsd === null ? null : { nanoUsd: account.balanceNanoUsd, source: 'table' }
}

function comparisonsOf(evidence: Evidence, attribution: Attribution): BillComparison[] {
  const aliases = evidence.plan.settings.modelAliases
  const comparisons: BillComparison[] = []
  for (const { account } of evidence.bills.accounts) {
    const rows = attribution.byAccount.get(account.accountId) ?? unknown('bill-unread')
    comparisons.push({
      subject: { accountId: account.accountId },
      bill: rows.known ? known(billFigures(rows.value, aliases)) : rows,
      recordByModel: recordsOf(evidence, [account.accountId]),
    })
  }
  attribution.workspaces.forEach(({ name, members, undivided }) => {
    if (undivided === null) return
    comparisons.push({
      subject: { workspace: name ?? 'unknown' },
      bill: billIsWhole(evidence, members) ? known(billFigures(undivided, aliases)) : unknown('bill-unread'),
      recordByModel: recordsOf(evidence, members),
    })
  })
  return comparisons
}

/** Whether the bill that these accounts share was read to its end. */
function billIsWhole(evidence: Evidence, members: readonly number[]): boolean {
  return evidence.bills.accounts.some(
    ({ account, usage }) => members.includes(account.accountId) && usage.status === 'complete',
  )
}

export function billFigures(rows: readonly UsageRow[], aliases: ReadonlyMap<string, string>): BillFigures {
  const byModel = new Map<string, { model: string; costNanoUsd: NanoUsd }>()
  let costNanoUsd = ZERO_NANO_USD
  for (const row of rows) {
    costNanoUsd = addNanoUsd(costNanoUsd, row.costNanoUsd)
    const canonical = canonicalModel(row.model, aliases)
    const known = byModel.get(canonical)
    if (known === undefined) byModel.set(canonical, { model: row.model, costNanoUsd: row.costNanoUsd })
    else {
      known.costNanoUsd = addNanoUsd(known.costNanoUsd, row.costNanoUsd)
      if (row.model < known.model) known.model = row.model
    }
  }
  return { costNanoUsd, byModel }
}

function recordsOf(evidence: Evidence, accountIds: readonly number[]): ReadonlyMap<string, ModelRecord> {
  const records = new Map<string, ModelRecord>()
  for (const accountId of accountIds) {
    for (const [canonical, tally] of evidence.tasks.recordByAccount.get(accountId) ?? []) {
      const record = modelRecord(tally)
      const other = records.get(canonical)
      records.set(canonical, other === undefined ? record : mergeRecords(other, record))
    }
  }
  return records
}

const modelRecord = (tally: ModelTally): ModelRecord => ({
  model: tally.model,
  taskCount: tally.taskCount,
  costNanoUsd: tally.costNanoUsd,
  crossingOutNanoUsd: tally.crossingOutNanoUsd,
  crossingInNanoUsd: tally.crossingInNanoUsd,
  due: {
    count: tally.dueCount,
    costNanoUsd: tally.dueCostNanoUsd,
    chargedPoints: tally.dueChargedPoints,
    crossingCount: tally.dueCrossingCount,
    evidence: tally.dueEvidence.view(),
  },
})

function mergeRecords(a: ModelRecord, b: ModelRecord): ModelRecord {
  const evidence = new EvidenceList()
  for (const id of [...a.due.evidence.ids, ...b.due.evidence.ids]) evidence.add(id)
  return {
    model: a.model < b.model ? a.model : b.model,
    taskCount: a.taskCount + b.taskCount,
    costNanoUsd: addNanoUsd(a.costNanoUsd, b.costNanoUsd),
    crossingOutNanoUsd: addNanoUsd(a.crossingOutNanoUsd, b.crossingOutNanoUsd),
    crossingInNanoUsd: addNanoUsd(a.crossingInNanoUsd, b.crossingInNanoUsd),
    due: {
      count: a.due.count + b.due.count,
      costNanoUsd: addNanoUsd(a.due.costNanoUsd, b.due.costNanoUsd),
      chargedPoints: addPoints(a.due.chargedPoints, b.due.chargedPoints),
      crossingCount: a.due.crossingCount + b.due.crossingCount,
      evidence: { total: a.due.evidence.total + b.due.evidence.total, ids: evidence.view().ids },
    },
  }
}

function userBook(user: UserTally, evidence: Evidence): UserBook {
  const ledger = evidence.ledger.users.get(user.userId)
  const payment: UserBook['payment'] = ledger?.payment ?? unknown('ledger-unread')
  return {
    userId: user.userId,
    taskCount: user.taskCount,
    chargedPoints: user.chargedPoints,
    payment,
    unpaid: ledger?.unpaid.view() ?? NO_EVIDENCE,
    free: { count: user.freeCount, costNanoUsd: user.freeCostNanoUsd, evidence: user.freeEvidence.view() },
    chargedByDate: user.chargedByDate,
  }
}
