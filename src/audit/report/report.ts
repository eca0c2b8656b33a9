import type { LedgerRow, Report, SourceStatus } from '../../../schemas/report.ts'
import type { UnreadBecause } from '../../fal/reader.ts'
import type { TimedTable, UnreadTimesOf } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import { cleanText } from '../../render/clean.ts'
import { failureText } from '../../render/failure-words.ts'
import type { Lang } from '../../render/vocabulary.ts'
import type { Thresholds } from '../../settings.ts'
import { HOUR } from '../../units/instant.ts'
import { formatUsd } from '../../units/nano-usd.ts'
import { formatRatio } from '../../units/ratio.ts'
import { breathe } from '../breathe.ts'
import type { Evidence } from '../evidence.ts'
import { linkedShare } from '../ledgers/link-mode.ts'
import { withOwnerless } from '../ledgers/ownerless-rows.ts'
import { withTooLarge, withUnknownKinds } from '../ledgers/unknown-kinds.ts'
import type { RequestSums } from '../requests/request-totals.ts'
import type { UntoldTasks } from '../rules/untold-tasks.ts'
import { tableStatus } from '../table-status.ts'
import { canonicalModel, endpointName } from '../tasks/model-name.ts'
import { withUnreadTimes, withUntoldEnds } from '../tasks/unread-times.ts'
import { type FindingCounts, type Judgement, withUnknownUsers, wordOutcomes } from './findings.ts'
import { type JudgedEvidence, type JudgeOptions, judgeEvidence, NEVER } from './judge-evidence.ts'
import { ledgerLayer, officialLayer, taskLayer } from './layers.ts'

/** Users of layer 3 that are written down before others have their turn. */
const USERS_AT_ONCE = 10_000

export interface ReportOptions extends JudgeOptions {
  readonly told?: ToldTasks
}

/** What rows of tables may leave open of the tasks that are told of, once all were taken. */
export interface ToldTasks {
  /**
   * Whether such rows, which have no place in time, may be theirs or matter to what is told of them. Absent: all that rules judge are
   * told of. Otherwise whether tables were read whole is said of those that were taken and told of.
   */
  hangOn?(table: TimedTable, rows: UnreadTimesOf): boolean
  /** Those of which a bill may still come since their end is not told. */
  openEnds(): UntoldTasks
}

/** From evidence to report: attribution, books, rules, figures. The same evidence gives the same bytes. */
export async function buildReport(evidence: Evidence, lang: Lang, options: ReportOptions = {}): Promise<Report> {
  const { signal = NEVER, progress = () => undefined } = options
  const judged = await judgeEvidence(evidence, options)
  let done = 0
  const next = (): Promise<void> => {
    progress('parts of the report made', ++done)
    return breathe(signal)
  }
  const worded = withUnknownUsers(wordOutcomes(judged.outcomes, judged.books, lang), evidence, lang)
  await next()
  return reportOf(evidence, lang, { ...judged, told: options.told }, worded, next)
}

async function reportOf(
  evidence: Evidence,
  lang: Lang,
  { outcomes, requests, books, users, told }: JudgedEvidence & Pick<ReportOptions, 'told'>,
  { findings, notEvaluated, rules: tallies, counts }: Judgement,
  next: () => Promise<void>,
): Promise<Report> {
  const { plan } = evidence
  const sources = sourcesOf(evidence, outcomes, lang, told)
  const ledger: Report['ledger'] = { rows: [] }
  for (let from = 0; from < books.users.length; from += USERS_AT_ONCE) {
    const some = books.users.slice(from, from + USERS_AT_ONCE)
    ledger.rows.push(...ledgerLayer({ ledger: { users }, userNames: evidence.userNames }, some).rows)
    await next()
  }
  const official = officialLayer(evidence, requests)
  await next()
  const tasks = taskLayer(evidence.layer, evidence.tasks.outside, evidence.userNames)
  await next()
  return {
    schemaVersion: 1,
    asOf: plan.window.zone.format(plan.asOf),
    window: {
      start: plan.window.zone.format(plan.window.start),
      end: plan.window.zone.format(plan.window.end),
      timezone: plan.window.zone.id,
    },
    coverage: { complete: sources.every(({ status }) => status === 'complete'), sources },
    official,
    tasks,
    ledger,
    ...requestSection(evidence, requests),
    settings: settingsOf(evidence, requests),
    rules: tallies,
    findings,
    notEvaluated,
    summary: {
      ok: ledger.rows.filter((row) => isOk(row, counts)).length,
      warning: counts.breaks,
      critical: counts.bySeverity.high,
      bySeverity: counts.bySeverity,
      ...(plan.userIds.size > 0 && { ofUsers: counts.ofUsers }),
      byRule: counts.byRule,
    },
  }
}

/** Whether a user paid what was charged, no finding concerns the user, and no rule left open whether one should. */
const isOk = ({ status, userId }: LedgerRow, { users, openUsers }: FindingCounts): boolean =>
  status === 'OK' && !users.has(userId) && !openUsers.has(userId)

/** Why questions about single requests of an account were not answered, where any was not. */
function gapOf({ requests }: Evidence, accountId: number): UnreadBecause | undefined {
  for (const [bill, why] of requests?.gaps ?? []) if (bill.members.includes(accountId)) return why
  return undefined
}

/** Requests in numbers, and the identities that hold them together; null where no events were read. */
function requestSection(
  { requests: source, tasks }: Evidence,
  requests: RequestSums | null,
): Pick<Report, 'requests' | 'tieOut'> {
  if (requests === null || source === null || source.readBills.size === 0) return { requests: null, tieOut: null }
  return { requests: requests.counts, tieOut: requests.tieOut(tasks.layerCostNanoUsd) }
}

/** The sources that this run's depth needs, tables first, then each account's. */
function sourcesOf(
  evidence: Evidence,
  outcomes: JudgedEvidence['outcomes'],
  lang: Lang,
  told?: ToldTasks,
): SourceStatus[] {
  const tables = evidence.tables.map((table) => tableStatus(table, lang))
  const timed = withUnreadTimes(tables, evidence.unreadTimes ?? {}, lang, told?.hangOn)
  const reasons = [...outcomes.values()].flatMap(({ notEvaluated }) => notEvaluated.map(({ reason }) => reason))
  const waiting = told?.openEnds()
  const ofTold = told?.hangOn && waiting
  const ended = withUntoldEnds(timed, evidence.tasks.untold, reasons, lang, { told: ofTold, waiting })
  const placed = withOwnerless(ended, evidence.ledger.ownerless?.counts ?? {}, lang)
  const named = withUnknownKinds(placed, evidence.unknownKinds ?? {}, reasons, lang)
  const sources = withTooLarge(named, reasons, lang)
  const said = ({ failure, reason }: UnreadBecause): string =>
    cleanText(failureText(failure, reason, lang), LIMITS.reasonChars)
  const byId = [...evidence.bills.accounts].sort((a, b) => a.account.accountId - b.account.accountId)
  for (const { account, usage, events, billing } of byId) {
    for (const [source, fetched] of [
      ['fal-usage', usage],
      ['fal-events', events],
      ['fal-balance', billing],
    ] as const) {
      if (fetched === null) continue
      const { accountId } = account
      const gap = source === 'fal-events' ? gapOf(evidence, accountId) : undefined
      if (fetched.status !== 'complete') {
        sources.push({ source, accountId, status: fetched.status, reason: said(fetched) })
      } else if (gap !== undefined) sources.push({ source, accountId, status: 'partial', reason: said(gap) })
      else sources.push({ source, accountId, status: 'complete' })
    }
  }
  return sources
}

function settingsOf(
  { plan, allAccounts, ledger, databaseZoneId, consistency, readFrom = {} }: Evidence,
  requests: RequestSums | null,
): Report['settings'] {
  const { settings } = plan
  const beyondLimit = plan.ids.size > 0 ? 0 : allAccounts.length - plan.accountLimit
  return {
    depth: plan.depth,
    dbTimezone: databaseZoneId,
    ...(consistency !== undefined && { snapshot: consistency }),
    ...(Object.keys(readFrom).length > 0 && { readFrom }),
    ledgerLink: ledger.mode,
    ledgerLinkedRatio: linkedShare(ledger, settings),
    ledgerLookup: ledger.mode === null ? null : ledger.everyOrder ? 'every-order' : 'open-orders',
    accountLimit: plan.accountLimit,
    ...(beyondLimit > 0 && { accountsBeyondLimit: beyondLimit }),
    pointsPerUsd: settings.pointsPerUsd === undefined ? null : formatRatio(settings.pointsPerUsd),
    filters: { ids: [...plan.ids].sort((a, b) => a - b), userIds: [...plan.userIds].sort((a, b) => a - b) },
    modelAliases: Object.fromEntries(settings.modelAliases),
    learnedAliases: learnedAliases(requests, settings.modelAliases),
    thresholds: thresholdTexts(settings.thresholds),
  }
}

/**
 * Stored names that the bill calls otherwise, by their matches, since A2 and A3 go by them; several endpoints, their own among
 * them, with commas between them.
 */
function learnedAliases(requests: RequestSums | null, configured: ReadonlyMap<string, string>): Record<string, string> {
  const aliases: Record<string, string> = {}
  for (const [stored, models] of requests?.matchedNames ?? []) {
    const own = canonicalModel(stored, configured)
    if (own === '' || models.every((model) => endpointName(model) === own)) continue
    aliases[cleanText(stored)] = models.map((model) => cleanText(model)).join(', ')
  }
  return aliases
}

/** Every threshold in human units, under the names that the configuration uses. */
export function thresholdTexts(thresholds: Thresholds): Record<string, string> {
  return {
    a1DeviationRatio: formatRatio(thresholds.a1DeviationRatio),
    a5RefundRatio: formatRatio(thresholds.a5RefundRatio),
    a6Multiple: formatRatio(thresholds.a6Multiple),
    a6ActiveDays: String(thresholds.a6ActiveDays),
    a6Method: thresholds.a6Method,
    a8BalanceUsd: formatUsd(thresholds.a8BalanceNanoUsd),
    b3AmountRatio: formatRatio(thresholds.b3AmountRatio),
    b15UsdMin: formatUsd(thresholds.b15NanoUsdMin),
    b15Ratio: formatRatio(thresholds.b15Ratio),
    b19UsdPerRow: formatUsd(thresholds.b19NanoUsdPerRow),
    b21UsdMin: formatUsd(thresholds.b21NanoUsdMin),
    b22TolerancePoints: String(thresholds.b22TolerancePoints),
    ledgerLinkRatio: formatRatio(thresholds.ledgerLinkRatio),
    settlementLagHours: String(thresholds.settlementLagMillis / HOUR),
    refundLagHours: String(thresholds.refundLagMillis / HOUR),
    stuckHours: String(thresholds.stuckMillis / HOUR),
  }
}
