import type { z } from 'zod'
import type { input, output } from '../../schemas/audit-reconcile.ts'
import {
  type Finding,
  type NotEvaluated,
  type Report,
  RULE_IDS,
  type RuleId,
  SEVERITIES,
} from '../../schemas/report.ts'
import { labelOfUnnamed } from '../audit/bills/whose-bill.ts'
import { inputError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { parseDate } from '../units/zone.ts'

type FilterInput = Pick<z.output<typeof input>, 'rule' | 'severity' | 'account_id' | 'user_id' | 'date' | 'fingerprint'>
type Matching = NonNullable<z.input<typeof output>['matching']>

/** Which findings are wanted; what is undefined decides nothing. */
export interface FindingFilter {
  readonly rule: RuleId | undefined
  readonly severity: Finding['severity'] | undefined
  readonly accountId: number | undefined
  readonly userId: number | undefined
  readonly date: string | undefined
  readonly fingerprint: string | undefined
}

/** The filter of a call; undefined where it names none. Throws an input error that names the field. */
export function filterOf(given: FilterInput): FindingFilter | undefined {
  const { severity, account_id: accountId, user_id: userId, fingerprint } = given
  const filter = { rule: ruleOf(given), severity, accountId, userId, date: dateOf(given), fingerprint }
  return Object.values(filter).every((value) => value === undefined) ? undefined : filter
}

function ruleOf({ rule }: FilterInput): RuleId | undefined {
  if (rule === undefined) return undefined
  const wanted = rule.trim().toUpperCase()
  const known = RULE_IDS.find((id) => id === wanted)
  if (known === undefined) throw inputError('rule', rule, `one of: ${RULE_IDS.join(', ')}`)
  return known
}

function dateOf({ date }: FilterInput): string | undefined {
  if (date !== undefined && parseDate(date) === undefined) throw inputError('date', date, 'a day as YYYY-MM-DD')
  return date
}

/**
 * Findings by what they are about, or by whose they are besides; all where nothing is filtered. What is said of a workspace
 * as a whole is said of each of its accounts.
 */
export function matchingFindings({ findings, official }: Report, filter: FindingFilter | undefined): Finding[] {
  if (filter === undefined) return [...findings]
  const row = official.rows.find(({ accountId }) => accountId !== null && accountId === filter.accountId)
  const workspace = row?.workspace ?? (row?.accountId == null ? undefined : labelOfUnnamed(row.accountId))
  return findings.filter((finding) => matches(finding, filter, workspace))
}

/** Findings that would match, and concern more users than they name: the one who is filtered for may be among the others. */
export function unnamedFindings(report: Report, filter: FindingFilter | undefined): Finding[] {
  if (filter?.userId === undefined) return []
  const named = new Set(matchingFindings(report, filter))
  // No more users than tasks.
  const isCut = ({ context = {}, count }: Finding): boolean =>
    count > LIMITS.usersOfFinding && (context.userIds ?? []).length === LIMITS.usersOfFinding
  return matchingFindings(report, { ...filter, userId: undefined }).filter((each) => isCut(each) && !named.has(each))
}

/** `workspace`: that of the account which is filtered for. */
function matches(finding: Finding, filter: FindingFilter, workspace: string | undefined): boolean {
  const { rule, severity, fingerprint, ...about } = filter
  if (rule !== undefined && finding.rule !== rule) return false
  if (severity !== undefined && finding.severity !== severity) return false
  if (fingerprint !== undefined && finding.fingerprint !== fingerprint) return false
  const { subject, context = {} } = finding
  const isOf = (key: keyof typeof about): boolean =>
    about[key] === undefined || subject[key] === about[key] || context[key] === about[key]
  const isOfWorkspace = workspace !== undefined && (subject.workspace ?? context.workspace) === workspace
  const isOfUsers = filter.userId !== undefined && context.userIds?.includes(filter.userId) === true
  return (isOf('accountId') || isOfWorkspace) && (isOf('userId') || isOfUsers) && isOf('date')
}

/**
 * Checks that could not be made where the filter looks: those of the rule, and of no other account, user or day. One that
 * names none concerns them all: missing evidence is not innocence, so it is kept.
 */
export function matchingNotEvaluated(
  checks: readonly NotEvaluated[],
  filter: FindingFilter | undefined,
): NotEvaluated[] {
  if (filter === undefined) return [...checks]
  return checks.filter(({ rule, subject }) => {
    if (filter.rule !== undefined && rule !== filter.rule) return false
    const concerns = (key: 'accountId' | 'userId' | 'date'): boolean =>
      filter[key] === undefined || subject[key] === undefined || subject[key] === filter[key]
    return concerns('accountId') && concerns('userId') && concerns('date')
  })
}

/**
 * Findings that the report counts and does not list, by rule; with a filter, those that it might have left. What they are
 * about is not known, only that none is graver than what is listed of its rule.
 */
export function unlistedFindings(
  { rules, findings }: Pick<Report, 'rules' | 'findings'>,
  filter: FindingFilter | undefined,
): { readonly rule: RuleId; readonly count: number }[] {
  const { rule: wanted, severity, fingerprint } = filter ?? {}
  if (fingerprint !== undefined && findings.some((finding) => finding.fingerprint === fingerprint)) return []
  return rules.flatMap(({ rule, omitted: count = 0 }) => {
    if (count === 0 || (wanted !== undefined && wanted !== rule)) return []
    const isLesser = (finding: Finding): boolean =>
      finding.rule === rule &&
      severity !== undefined &&
      SEVERITIES.indexOf(finding.severity) > SEVERITIES.indexOf(severity)
    return findings.some(isLesser) ? [] : [{ rule, count }]
  })
}

/** `unlisted`: how many findings that the report does not list might match too. */
export function matchingCounts(left: readonly Finding[], { findings }: Report, unlisted: number): Matching {
  const count = (severity: Finding['severity']): number =>
    left.filter((finding) => finding.severity === severity).length
  return {
    findings: left.length,
    ofFindings: findings.length,
    high: count('HIGH'),
    medium: count('MEDIUM'),
    low: count('LOW'),
    ...(unlisted > 0 && { unlisted }),
  }
}
