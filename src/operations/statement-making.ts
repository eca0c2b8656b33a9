import type { Statement } from '../../schemas/billing-statements.ts'
import { type AuditPlan, planWindow } from '../audit/plan.ts'
import {
  canonicalJson,
  contentHash,
  parseContent,
  restate,
  type StatementContent,
  statementContent,
} from '../billing/statement.ts'
import { type StatementId, statementId } from '../billing/statement-id.ts'
import type { BillingStore, SettlementRecord } from '../billing/store.ts'
import { AuditError } from '../errors.ts'
import type { LedgerSnapshot } from '../ledger/reader.ts'
import { cleanText } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { isoInstant } from '../units/instant.ts'
import type { Window } from '../units/window.ts'
import { type Coverage, coverageOf } from './billing-coverage.ts'
import { tallyFor } from './billing-usage.ts'
import { instantsOf, type MonthNumber, parseMonth } from './months.ts'
import { priceReader } from './price-reading.ts'
import { readVerdicts } from './task-verdicts.ts'

/** One call for statements: a plan of today, which has the zone and the clock, and what is read from. */
export interface StatementCall {
  readonly today: AuditPlan
  readonly snapshot: LedgerSnapshot
  readonly dependencies: Dependencies
  readonly context: CallContext
}

/** A month made up from what can be read now. */
export interface MadeStatement {
  readonly content: StatementContent
  /** The content as canonical JSON, and its hash. */
  readonly canonical: string
  readonly hash: string
  readonly coverage: Coverage
  readonly findings: Statement['findings']
  readonly monthOver: boolean
  /** Whether a bill may still come that would change it. */
  readonly isPending: boolean
}

export type Standing = Pick<Statement, 'status' | 'status_reason' | 'settled_at'>

/** The month's window in the audit's zone. */
export function monthWindow(month: MonthNumber, { window: { zone } }: AuditPlan): Window {
  return { ...instantsOf({ from: month, to: month }, zone), zone }
}

/** Audits the month at depth requests, and adds it up. */
export async function makeStatement(id: StatementId, call: StatementCall): Promise<MadeStatement> {
  const { today, snapshot, dependencies, context } = call
  const { asOf, settings, accountLimit } = today
  const window = monthWindow(parseMonth(id.period) ?? 0, today)
  const filters = { ids: [], userIds: id.userId === null ? [] : [id.userId], depth: 'requests' } as const
  const plan = planWindow(window, filters, asOf, settings, accountLimit)
  const tally = tallyFor(plan, ['model'])
  const prices = priceReader(dependencies, context)
  const reading = await readVerdicts(plan, snapshot, dependencies.fal, context, tally, prices)
  const book = tally.close()
  const { report, userNames } = reading
  const userName = id.userId === null ? undefined : userNames.get(id.userId)
  const subject = {
    ...id,
    invoiceId: statementId(id),
    timezone: window.zone.id,
    userName: userName === undefined ? null : cleanText(userName),
  }
  const content = statementContent(subject, book, moneyTerms(dependencies))
  const canonical = canonicalJson(content)
  return {
    content,
    canonical,
    hash: contentHash(canonical),
    coverage: coverageOf(report, book),
    findings: report.summary.ofUsers ?? report.summary.bySeverity,
    monthOver: asOf >= window.end,
    isPending: book.pendingCount > 0 || book.namesPending,
  }
}

export const moneyTerms = ({ settings }: Dependencies) => ({
  currency: settings.billing.currency,
  pointsPerUsd: settings.pointsPerUsd,
})

const draft = (reason: Statement['status_reason']): Standing => ({
  status: 'draft',
  status_reason: reason,
  settled_at: null,
})

export const DRAFT = {
  running: draft('running'),
  incomplete: draft('incomplete'),
  pending: draft('pending'),
  notReconciled: draft('not-reconciled'),
  unrecorded: draft('unrecorded'),
} as const

export const settledBy = ({ settledAt }: SettlementRecord): Standing => ({
  status: 'settled',
  status_reason: null,
  settled_at: isoInstant(settledAt),
})

/** Settlements by statement; null where there is one whose record was damaged. */
export type Settlements = ReadonlyMap<string, SettlementRecord | null>

/** The settlements there are; undefined where the store cannot be read, so that nothing is known of any. */
export async function readSettled(
  store: BillingStore,
  invoiceIds: readonly string[],
): Promise<Settlements | undefined> {
  const records = await orUndefined(store.settled(invoiceIds))
  return records && new Map(records.map((record) => [record.invoiceId, isSound(record) ? record : null]))
}

/** Whether a record is what was recorded: of a damaged one nobody knows what was settled. */
const isSound = ({ content, hash }: SettlementRecord): boolean =>
  contentHash(content) === hash && parseContent(content) !== undefined

/**
 * The settlement of a statement that can be settled, recorded where there is none yet; how the statement stands otherwise.
 * What was settled once stays settled, whatever is read later.
 */
export async function settle(
  made: MadeStatement,
  known: SettlementRecord | undefined,
  { today, dependencies }: StatementCall,
): Promise<{ readonly standing: Standing; readonly record: SettlementRecord | undefined }> {
  if (known !== undefined) return { standing: settledBy(known), record: known }
  const open = openReason(made)
  if (open !== undefined) return { standing: open, record: undefined }
  const { content, canonical, hash } = made
  const settlement = { invoiceId: content.invoice_id, settledAt: today.asOf, content: canonical, hash }
  const record = await orUndefined(dependencies.billing.recordSettled(settlement))
  if (record === undefined || !isSound(record)) return { standing: DRAFT.unrecorded, record: undefined }
  return { standing: settledBy(record), record }
}

function openReason({ monthOver, coverage, isPending }: MadeStatement): Standing | undefined {
  if (!monthOver) return DRAFT.running
  if (!coverage.complete) return DRAFT.incomplete
  return isPending ? DRAFT.pending : undefined
}

/** What changed since the settlement; null where nothing did. */
export function restatementOf(made: MadeStatement, record: SettlementRecord | undefined): Statement['restatement'] {
  if (record === undefined || record.hash === made.hash) return null
  const settled = parseContent(record.content)
  if (settled === undefined) return null
  // Balances, usage rows and ledgers are in no figure.
  const billsRead = made.coverage.sources.every(
    ({ source, status }) => source !== 'fal-events' || status === 'complete',
  )
  const lines = restate(settled, made.content, billsRead)
  if (lines.length === 0) return null
  return { settled_at: isoInstant(record.settledAt), settled_hash: record.hash, lines }
}

/** A statement is worth having though the store of settlements fails. */
async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof AuditError && (error.kind === 'configuration' || error.kind === 'source')) return undefined
    throw error
  }
}
