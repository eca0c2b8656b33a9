import type { z } from 'zod'
import type { input, output, SECTIONS } from '../../schemas/audit-reconcile.ts'
import type { Finding, Report, SourceStatus } from '../../schemas/report.ts'
import { AuditError, shortened } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { runAudit } from '../operation.ts'
import { accountsInNameDoubt } from '../render/name-doubt.ts'
import { reasonsOnce } from '../render/reasons-once.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { count } from '../units/exact.ts'
import { beyondReach } from './filter-reach.ts'
import {
  type FindingFilter,
  filterOf,
  matchingCounts,
  matchingFindings,
  matchingNotEvaluated,
  unlistedFindings,
  unnamedFindings,
} from './finding-filter.ts'
import { refuseUnused } from './kept-inputs.ts'
import { thresholdsOf } from './thresholds.ts'

type ReconcileInput = z.output<typeof input>
type ReconcileOutput = z.input<typeof output>
type Section = (typeof SECTIONS)[number]

/** What could not be read, as said on every page: so many lines, so many characters each. */
const UNVERIFIED_SHOWN = 8
const UNVERIFIED_CHARS = 160
/** About as many findings as go on a page. */
const FINDINGS_OF_A_PAGE = 20
/** More aliases than this are left to the resource: they stand outside every list and could not be cut. */
const ALIASES_SHOWN = 20

/** What some findings are asked for with, of a kept report or by a filter, unless sections are asked for. */
const FINDING_SECTIONS: readonly Section[] = ['findings', 'not_evaluated']

/**
 * The five steps, or with report_id a report that was made before. The whole report is kept as a resource; the result has
 * the sections that were asked for, and of the findings those that the filter leaves.
 */
export async function reconcile(
  given: ReconcileInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<ReconcileOutput> {
  const filter = filterOf(given)
  const { report_id: keptId, sections: asked = [] } = given
  const isForFindings = asked.length === 0 && (keptId !== undefined || filter !== undefined)
  const sections = isForFindings ? FINDING_SECTIONS : asked
  if (keptId !== undefined) {
    const report = dependencies.reports.get(keptId)
    if (report === undefined) throw unknownReport(keptId, dependencies.reports.kept)
    refuseUnused(given, report)
    // The grounds of the report were told with it, and would take room from its findings on every page; so would what was read.
    const { settings: _settings, rules: _rules, tieOut: _tieOut, ...shown } = present(report, keptId, sections, filter)
    return { ...shown, coverage: { ...report.coverage, sources: report.coverage.sources.filter(isUnread) } }
  }
  const { start, end, timezone, ids = [], user_ids: userIds = [], depth, lang } = given
  const thresholds = thresholdsOf(given)
  const report = await runAudit({ start, end, timezone, ids, userIds, depth, lang, thresholds }, dependencies, context)
  return present(report, dependencies.reports.put(report, lang), sections, filter)
}

function unknownReport(reportId: string, kept: number): AuditError {
  const shown = shortened(reportId, 80)
  return new AuditError('input', `report_id: no report "${shown}" is kept, or not any more`, {
    field: 'report_id',
    value: shown,
    accepted: `the reportId of one of the last ${kept} audits of this process`,
    next: 'Call audit-reconcile without report_id, with start and end: it audits again and returns a new reportId.',
  })
}

function present(
  report: Report,
  reportId: string,
  sections: readonly Section[],
  filter: FindingFilter | undefined,
): ReconcileOutput {
  const wanted = (section: Section): boolean => sections.length === 0 || sections.includes(section)
  const {
    official,
    tasks,
    ledger,
    coverage,
    settings,
    findings: _findings,
    notEvaluated: allChecks,
    ...always
  } = report
  const findings = matchingFindings(report, filter)
  const checks = matchingNotEvaluated(allChecks, filter)
  const notEvaluated = reasonsOnce(checks, coverage.sources)
  const unverified = unverifiedOf(coverage.sources)
  const unlisted = unlistedFindings(report, filter)
  const cuts = [
    ...doubtSteps(report),
    ...beyondReach(report, findings, filter),
    ...unlistedSteps(unlisted, filter),
    ...unnamedSteps(unnamedFindings(report, filter)),
    ...ofAllUsersSteps(report, filter),
    ...(wanted('findings') ? manySteps(findings) : []),
    ...(wanted('tasks') ? omittedRowSteps(tasks.totals) : []),
    ...(wanted('official') || wanted('tasks') ? beyondLimitSteps(report) : []),
  ]
  return {
    reportId,
    reportUri: `audit://reports/${reportId}`,
    ...always,
    ...(unverified.length > 0 && { unverified }),
    coverage: { ...coverage, sources: [...coverage.sources].sort(unreadFirst) },
    settings: settingsShown(settings),
    ...(filter !== undefined && { matching: matchingCounts(findings, report, unlistedCount(unlisted)) }),
    ...(wanted('findings') && { findings }),
    ...(wanted('not_evaluated') && { notEvaluated }),
    ...(wanted('official') && { official }),
    ...(wanted('ledger') && { ledger }),
    ...(wanted('tasks') && { tasks }),
    next: nextOf(
      { ...report, findings: wanted('findings') ? findings : [], notEvaluated },
      cuts,
      wanted('not_evaluated'),
    ),
  }
}

const isUnread = ({ status }: SourceStatus): boolean => status !== 'complete'

const unreadFirst = (a: SourceStatus, b: SourceStatus): number => Number(isUnread(b)) - Number(isUnread(a))

/** Sources of one account that were not read for one reason are told in one line. */
function unverifiedOf(sources: readonly SourceStatus[]): string[] {
  const alike = new Map<string, { told: SourceStatus; names: string[] }>()
  for (const told of sources.filter(isUnread)) {
    const key = JSON.stringify([told.accountId, told.status, told.reason])
    const group = alike.get(key) ?? { told, names: [] }
    group.names.push(told.source)
    alike.set(key, group)
  }
  const lines = [...alike.values()].map(({ told: { accountId, status, reason }, names }) => {
    const where = `${names.join(', ')}${accountId === undefined ? '' : ` of account ${accountId}`}`
    return { sources: names.length, text: `${where}: ${status}${reason === undefined ? '' : `, ${reason}`}` }
  })
  const shown = lines.slice(0, UNVERIFIED_SHOWN).map(({ text }) => shortenedToClause(text, UNVERIFIED_CHARS))
  const more = lines.slice(UNVERIFIED_SHOWN).reduce((count, { sources: left }) => count + left, 0)
  return more > 0 ? [...shown, `and ${more} more, see coverage.sources`] : shown
}

const CLAUSE_END = /[.;](?=\s)|[；。]/g

/** As `shortened`, back to where the last clause ends, unless half of the room would be lost with it. */
function shortenedToClause(text: string, chars: number): string {
  const short = shortened(text, chars)
  if (short === text) return text
  const end = [...short.matchAll(CLAUSE_END)].at(-1)?.index ?? 0
  return end > chars / 2 ? `${short.slice(0, end)}…` : short
}

function settingsShown({ modelAliases, ...settings }: Report['settings']): ReconcileOutput['settings'] {
  return Object.keys(modelAliases).length > ALIASES_SHOWN ? settings : { ...settings, modelAliases }
}

type Unlisted = ReturnType<typeof unlistedFindings>

const unlistedCount = (unlisted: Unlisted): number => count(unlisted, (each) => each.count)

/** What to do about findings that the report counts and does not list. */
function unlistedSteps(unlisted: Unlisted, filter: FindingFilter | undefined): string[] {
  if (unlisted.length === 0) return []
  const rules = unlisted.map(({ rule, count }) => `${rule} ${count}`).join(', ')
  const filtered = filter === undefined ? '' : ', and some of them may match the filter'
  return [
    `say that ${unlistedCount(unlisted)} lesser findings are counted and not listed (${rules})${filtered}: to see them, audit a shorter window, or with ids or user_ids`,
  ]
}

/** What to do about findings of so many users that they do not name them all. */
function unnamedSteps(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return []
  const rules = [...new Set(findings.map(({ rule }) => rule))].join(', ')
  return [
    `say that ${findings.length} more may concern this user: of more than ${LIMITS.usersOfFinding} users a finding names the first alone (rule ${rules}, without user_id, lists them; tasks-by-user and task-trace tell whose a request is)`,
  ]
}

/** What is said of a report of some users, unless the findings of one are looked at. */
const ofAllUsersSteps = ({ settings }: Report, filter: FindingFilter | undefined): string[] =>
  settings.filters.userIds.length === 0 || filter?.userId !== undefined
    ? []
    : [
        'say that official, requests and tieOut are of all users, since a bill names none: user_id leaves the findings of one user',
      ]

/** What to do about more findings than go on a page: a leak of a thousand requests comes before all that is lesser. */
function manySteps(findings: readonly Finding[]): string[] {
  const rules = new Set(findings.map(({ rule }) => rule))
  return findings.length <= FINDINGS_OF_A_PAGE || rules.size === 1
    ? []
    : [
        'rule, one of summary.byRule (with report_id, where a reportId is told), for the findings of one rule alone: paging through all of them takes many calls',
      ]
}

const omittedRowSteps = ({ omittedRows }: Report['tasks']['totals']): string[] =>
  omittedRows === undefined
    ? []
    : [
        `say that ${omittedRows} rows of tasks, those of least cost, are counted and not listed: tasks-by-user lists all`,
      ]

/** What is in no figure of the report for being of older accounts, but for what users paid. */
const beyondLimitSteps = ({ settings: { accountsBeyondLimit } }: Report): string[] =>
  accountsBeyondLimit === undefined
    ? []
    : [
        `say that of ${accountsBeyondLimit} accounts beyond AUDIT_ACCOUNT_LIMIT official has nothing, and tasks what totals.outsideAccounts counts, though ledger has all: ids of these accounts (fal-list-accounts) audit them`,
      ]

/** What is to be mended before findings are believed that hang on it: neither need be among those on the page. */
function doubtSteps(report: Report): string[] {
  const { byRule } = report.summary
  const steps: string[] = []
  if (byRule.TZ_MISCONFIGURED !== undefined)
    steps.push(
      'say that stored times are read in a wrong zone (rule TZ_MISCONFIGURED tells by how much): days are shifted, so set DB_TIMEZONE and audit again',
    )
  const accounts = accountsInNameDoubt(report)
  if (accounts === 'all')
    steps.push(
      'say that A2 and A3 may come from other names of the same model: depth requests learns them, or set modelAliases',
    )
  else if (accounts.length > 0)
    steps.push(
      `say that A2 and A3 of accounts ${accounts.join(', ')} may come from other names of the same model, since their billing events, by which names are learned, were not read whole: set modelAliases`,
    )
  return steps
}

/** `cuts`: what the report leaves out or does not reach, to be said as soon as what was not verified. */
function nextOf(
  { coverage, findings, notEvaluated, settings }: Report,
  cuts: readonly string[],
  tellsChecks: boolean,
): string {
  const steps = coverage.complete ? [] : ['say first what was not verified (unverified, coverage.sources)']
  steps.push(...cuts)
  if (findings.some(({ subject }) => subject.taskId !== undefined || subject.requestId !== undefined)) {
    const asked = settings.filters.ids.length === 0 ? '' : ' and the same ids'
    steps.push(`task-trace with the taskId or requestId of a finding as id, and with the timezone of window${asked}`)
  }
  if (findings.some(({ subject }) => subject.userId !== undefined)) {
    steps.push(
      'user-ledger and tasks-by-user with start, end and timezone of window, and the userId of a finding as user_ids',
    )
  }
  if (findings.some(({ subject }) => subject.accountId !== undefined)) {
    steps.push('fal-get-usage with start, end and timezone of window, and the accountId of a finding as ids')
  }
  if (notEvaluated.length > 0)
    steps.push(
      tellsChecks
        ? 'name what notEvaluated could not judge: it is not fine either'
        : `say that ${notEvaluated.length} checks could not be made, which is not fine either: section not_evaluated names them`,
    )
  return steps.length === 0 ? 'report the result' : steps.join('; ')
}
