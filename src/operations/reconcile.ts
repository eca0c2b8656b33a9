import type { z } from 'zod'
import type { input, output, SECTIONS } from '../../schemas/audit-reconcile.ts'
import type { Report, SourceStatus } from '../../schemas/report.ts'
import { runAudit } from '../operation.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { thresholdsOf } from './thresholds.ts'

type ReconcileInput = z.output<typeof input>
type ReconcileOutput = z.input<typeof output>
type Section = (typeof SECTIONS)[number]

/** What could not be read, as said on every page: so many sources, so many characters each. */
const UNVERIFIED_SHOWN = 8
const UNVERIFIED_CHARS = 160
/** More aliases than this are left to the resource: they stand outside every list and could not be cut. */
const ALIASES_SHOWN = 20

/** The five steps. The whole report is kept as a resource; the result has the sections that were asked for. */
export async function reconcile(
  given: ReconcileInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<ReconcileOutput> {
  const { start, end, timezone, ids = [], user_ids: userIds = [], depth, lang, sections = [] } = given
  const thresholds = thresholdsOf(given)
  const report = await runAudit({ start, end, timezone, ids, userIds, depth, lang, thresholds }, dependencies, context)
  const reportId = dependencies.reports.put(report)
  const wanted = (section: Section): boolean => sections.length === 0 || sections.includes(section)
  const { findings, notEvaluated, official, tasks, ledger, coverage, settings, ...always } = report
  const unverified = unverifiedOf(coverage.sources)
  return {
    reportId,
    reportUri: `audit://reports/${reportId}`,
    ...always,
    ...(unverified.length > 0 && { unverified }),
    coverage: { ...coverage, sources: [...coverage.sources].sort(unreadFirst) },
    settings: settingsShown(settings),
    ...(wanted('findings') && { findings }),
    ...(wanted('not_evaluated') && { notEvaluated }),
    ...(wanted('official') && { official }),
    ...(wanted('ledger') && { ledger }),
    ...(wanted('tasks') && { tasks }),
    next: nextOf(report),
  }
}

const isUnread = ({ status }: SourceStatus): boolean => status !== 'complete'

const unreadFirst = (a: SourceStatus, b: SourceStatus): number => Number(isUnread(b)) - Number(isUnread(a))

function unverifiedOf(sources: readonly SourceStatus[]): string[] {
  const unread = sources.filter(isUnread)
  const shown = unread.slice(0, UNVERIFIED_SHOWN).map(({ source, accountId, status, reason }) => {
    const where = accountId === undefined ? source : `${source} of account ${accountId}`
    const text = `${where}: ${status}${reason === undefined ? '' : `, ${reason}`}`
    return text.length > UNVERIFIED_CHARS ? `${text.slice(0, UNVERIFIED_CHARS - 1)}…` : text
  })
  const more = unread.length - shown.length
  return more > 0 ? [...shown, `and ${more} more, see coverage.sources`] : shown
}

function settingsShown({ modelAliases, ...settings }: Report['settings']): ReconcileOutput['settings'] {
  return Object.keys(modelAliases).length > ALIASES_SHOWN ? settings : { ...settings, modelAliases }
}

function nextOf({ coverage, findings, notEvaluated }: Report): string {
  const steps = coverage.complete ? [] : ['say first what was not verified (unverified, coverage.sources)']
  if (findings.some(({ subject }) => subject.userId !== undefined)) {
    steps.push('user-ledger and tasks-by-user with the userId of a finding as user_ids')
  }
  if (findings.some(({ subject }) => subject.accountId !== undefined)) {
    steps.push('fal-get-usage with the accountId of a finding as ids')
  }
  if (notEvaluated.length > 0) steps.push('name what notEvaluated could not judge: it is not fine either')
  return steps.length === 0 ? 'report the result' : steps.join('; ')
}
