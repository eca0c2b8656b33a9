import { createHash } from 'node:crypto'
import {
  type Finding,
  type NotEvaluated,
  type Report,
  type RuleId,
  SEVERITIES,
  type Severity,
  type SeverityCounts,
  type Subject,
} from '../../../schemas/report.ts'
import { LIMITS } from '../../limits.ts'
import { cleanText } from '../../render/clean.ts'
import { findingMessage, notEvaluatedText } from '../../render/messages.ts'
import type { Lang } from '../../render/vocabulary.ts'
import { formatDecimal, subtractDecimals } from '../../units/decimal.ts'
import { abs } from '../../units/exact.ts'
import { formatUsd, type NanoUsd } from '../../units/nano-usd.ts'
import type { Evidence } from '../evidence.ts'
import { type Books, type FindingDraft, type Rule, type RuleOutcome, unknown } from '../rules/books.ts'
import { foreignChecks } from '../rules/foreign-orders.ts'
import { COMPARES_TIMES, isClockWrong } from '../rules/tz-misconfigured.ts'
import { usersOf } from './outcomes.ts'

const SEVERITY_KEYS = { HIGH: 'high', MEDIUM: 'medium', LOW: 'low' } as const satisfies Record<
  Severity,
  keyof SeverityCounts
>
const UNIT_ORDER: readonly Finding['unit'][] = ['USD', 'points', 'count']
const FINGERPRINT_CHARS = 16
/** Ids are kept whole, so that they can be looked up: no column for them is wider. */
const ID_CHARS = 255
const ID_KEYS: ReadonlySet<string> = new Set(['taskId', 'requestId'])

export interface Judgement {
  readonly findings: Finding[]
  readonly notEvaluated: NotEvaluated[]
  readonly rules: Report['rules']
  readonly counts: FindingCounts
}

/** How many findings there are, in the report or not. */
export interface FindingCounts {
  /** Findings that are not TIMING, and how many of each severity they are. */
  readonly breaks: number
  readonly bySeverity: SeverityCounts
  /** The same of those alone that concern any user: what is said of a bill concerns none. */
  readonly ofUsers: SeverityCounts
  /** Breaks by rule; rules without any are absent. */
  readonly byRule: Readonly<Record<string, number>>
  /** Users whom any finding concerns. */
  readonly users: ReadonlySet<number>
  /** Users of whom a rule cannot tell something, since evidence is missing or contradicts itself: nothing found them fine. */
  readonly openUsers: ReadonlySet<number>
}

/** Words what rules found, sorted by severity, then amount, then day. `books` as all pieces add up. Pure. */
export function wordOutcomes(outcomes: ReadonlyMap<Rule, RuleOutcome>, books: Books, lang: Lang): Judgement {
  const ranked: { finding: Finding; amount: bigint }[] = []
  const notEvaluated: NotEvaluated[] = []
  const tallies: Report['rules'] = []
  const kept = new Map<Rule, RuleOutcome>()
  for (const [rule, given] of outcomes) {
    const outcome = withinWhatIsKnown(rule, given, books)
    kept.set(rule, outcome)
    for (const draft of outcome.findings) ranked.push(wordFinding(rule, draft, books, lang))
    for (const { subject, reason } of outcome.notEvaluated) {
      notEvaluated.push({
        rule: rule.id,
        subject: cleaned(subject),
        reason: notEvaluatedText(reason.code, reason.params ?? {}, lang),
      })
    }
    const omitted = (outcome.omitted?.breaks ?? 0) + (outcome.omitted?.timing ?? 0)
    tallies.push({
      rule: rule.id,
      examined: outcome.examined,
      findings: outcome.findings.length + omitted,
      ...(omitted > 0 && { omitted }),
    })
  }
  ranked.sort(compareRanked)
  notEvaluated.sort(byKey)
  return { findings: ranked.map(({ finding }) => finding), notEvaluated, rules: tallies, counts: countFindings(kept) }
}

/** The same, with a word about users who were asked for and are not known: no rule saw them, and none found them fine. */
export function withUnknownUsers(
  judgement: Judgement,
  { unknownUsers }: Pick<Evidence, 'unknownUsers'>,
  lang: Lang,
): Judgement {
  if (unknownUsers === undefined || unknownUsers.userIds.size === 0) return judgement
  const { code, params = {} } = unknownUsers.reason
  const reason = notEvaluatedText(code, params, lang)
  const checks = [...unknownUsers.userIds].map((userId): NotEvaluated => ({ rule: 'A4', subject: { userId }, reason }))
  return { ...judgement, notEvaluated: [...judgement.notEvaluated, ...checks].sort(byKey) }
}

function countFindings(outcomes: ReadonlyMap<Rule, RuleOutcome>): FindingCounts {
  let all = 0
  const bySeverity = { high: 0, medium: 0, low: 0 }
  const ofUsers = { high: 0, medium: 0, low: 0 }
  const byRule = new Map<string, number>()
  const users = new Set<number>()
  const openUsers = new Set<number>()
  for (const [rule, { findings, omitted, notEvaluated }] of outcomes) {
    for (const { subject, reason, userId = subject.userId } of notEvaluated) {
      if (userId !== undefined && !NO_DOUBT.has(reason.code)) openUsers.add(userId)
    }
    let breaks = omitted?.breaks ?? 0
    const { critical = 0, medium = 0 } = omitted ?? {}
    for (const counts of omitted?.users.size ? [bySeverity, ofUsers] : [bySeverity]) {
      counts.high += critical
      counts.medium += medium
      counts.low += breaks - critical - medium
    }
    for (const userId of omitted?.users ?? []) users.add(userId)
    for (const finding of findings) {
      const { timing, severity } = finding
      const concerned = usersOf(finding)
      if (timing !== true) {
        breaks += 1
        const key = SEVERITY_KEYS[severity ?? rule.severity]
        bySeverity[key] += 1
        if (concerned.length > 0) ofUsers[key] += 1
      }
      for (const userId of concerned) users.add(userId)
    }
    all += breaks
    if (breaks > 0) byRule.set(rule.id, breaks)
  }
  return {
    breaks: all,
    bySeverity,
    ofUsers,
    byRule: Object.fromEntries([...byRule].sort(([a], [b]) => compareText(a, b))),
    users,
    openUsers,
  }
}

/** Why a rule does not judge a user of whom nothing is in doubt: what was asked for, how it is set up, and a short history. */
const NO_DOUBT: ReadonlySet<string> = new Set([
  ...['insufficient-history', 'depth-summary', 'links-total', 'ids-filter-total-link', 'rate-missing'],
])

/** What a rule says of the books; nothing, for that reason, where it would hold times against each other that do not agree. */
function withinWhatIsKnown(rule: Rule, outcome: RuleOutcome, books: Books): RuleOutcome {
  if (COMPARES_TIMES.has(rule.id) && isClockWrong(books.clockOffset)) {
    return { examined: 0, findings: [], notEvaluated: [{ subject: {}, reason: unknown('timezone').reason }] }
  }
  const { everyOrder, everyRequest } = books.lookedUp
  const foreign = rule.id === 'B10' ? books.foreign : undefined
  const isPartial =
    (!everyOrder && NEEDS_EVERY_ORDER.has(rule.id)) || (!everyRequest && rule.id === 'B4') || foreign?.isCut === true
  const open = foreign === undefined ? [] : [...foreignChecks(foreign)]
  if (isPartial) open.push({ subject: {}, reason: unknown('lookup-limit', { limit: LIMITS.lookupIdsTotal }).reason })
  return open.length === 0 ? outcome : { ...outcome, notEvaluated: [...outcome.notEvaluated, ...open] }
}

/** Rules that a ledger row of any time may speak to: past a number of tasks not all of them are looked for. */
const NEEDS_EVERY_ORDER: ReadonlySet<RuleId> = new Set(['A4', 'B6', 'B8', 'B9', 'B10'])

function wordFinding(rule: Rule, draft: FindingDraft, books: Books, lang: Lang): { finding: Finding; amount: bigint } {
  const known = draft.actual !== null && draft.expected !== null
  const difference = known ? (draft.actual as bigint) - (draft.expected as bigint) : null
  const timing = draft.timing === true
  const spoken = (value: bigint | null): string | null =>
    value === null ? null : draft.unit === 'USD' ? formatUsd(value as NanoUsd) : String(value)
  const { exactUsd } = draft
  const facts = {
    rule: rule.id,
    // Timing is information: it never warns.
    severity: timing ? ('LOW' as const) : (draft.severity ?? rule.severity),
    classification: timing ? ('TIMING' as const) : ('BREAK' as const),
    subject: draft.subject,
    expected: exactUsd === undefined ? spoken(draft.expected) : formatDecimal(exactUsd.expected),
    actual: exactUsd === undefined ? spoken(draft.actual) : formatDecimal(exactUsd.actual),
    difference:
      exactUsd === undefined ? spoken(difference) : formatDecimal(subtractDecimals(exactUsd.actual, exactUsd.expected)),
    unit: draft.unit,
    count: draft.count,
  }
  const finding: Finding = {
    ...facts,
    subject: cleaned(draft.subject),
    message: findingMessage({ ...facts, detail: draft.detail }, lang),
    ...contextOf(draft),
    evidence: { total: draft.evidence.total, ids: draft.evidence.ids.map((id) => cleanText(id, ID_CHARS)) },
    fingerprint: fingerprintOf(rule, draft, books),
  }
  return { finding, amount: abs(difference ?? 0n) }
}

/** Whose it is besides its subject; of very many users the first. */
function contextOf({ context, users = [] }: FindingDraft): Pick<Finding, 'context'> {
  if (context === undefined && users.length === 0) return {}
  const userIds = users.slice(0, LIMITS.usersOfFinding)
  return { context: { ...cleaned(context ?? {}), ...(userIds.length > 0 && { userIds }) } }
}

/** The same finding has the same fingerprint in every run: rule, subject, and the window's dates for sums over it. */
export function fingerprintOf(
  rule: Rule,
  { subject, identity }: Pick<FindingDraft, 'subject' | 'identity'>,
  { window }: Pick<Books, 'window'>,
): string {
  const keys = Object.keys(subject).sort() as (keyof Subject)[]
  const parts: unknown[] = [rule.id, keys.map((key) => [key, subject[key]])]
  if (identity !== undefined) parts.push(identity)
  if (rule.perWindow) parts.push(window.zone.format(window.start), window.zone.format(window.end))
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, FINGERPRINT_CHARS)
}

function compareRanked(a: { finding: Finding; amount: bigint }, b: { finding: Finding; amount: bigint }): number {
  return (
    SEVERITIES.indexOf(a.finding.severity) - SEVERITIES.indexOf(b.finding.severity) ||
    compareText(a.finding.classification, b.finding.classification) ||
    UNIT_ORDER.indexOf(a.finding.unit) - UNIT_ORDER.indexOf(b.finding.unit) ||
    (a.amount > b.amount ? -1 : a.amount < b.amount ? 1 : 0) ||
    compareText(a.finding.rule, b.finding.rule) ||
    compareText(dayOf(a.finding), dayOf(b.finding)) ||
    compareText(a.finding.fingerprint, b.finding.fingerprint)
  )
}

/** Of many alike, such as the requests of a leak, the earliest come first. */
const dayOf = ({ subject, context }: Finding): string => subject.date ?? context?.date ?? ''

const notEvaluatedKey = ({ rule, subject, reason }: NotEvaluated): string =>
  `${rule} ${String(subject.accountId ?? subject.userId ?? '').padStart(16, '0')} ${JSON.stringify(subject)} ${reason}`

const byKey = (a: NotEvaluated, b: NotEvaluated): number => compareText(notEvaluatedKey(a), notEvaluatedKey(b))

/** A subject as it leaves the program: its texts come from the database and from fal. */
function cleaned<T extends Subject>(subject: T): T {
  const entries = Object.entries(subject).map(([key, value]) => [
    key,
    typeof value === 'string' ? cleanText(value, ID_KEYS.has(key) ? ID_CHARS : undefined) : value,
  ])
  return Object.fromEntries(entries) as T
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
