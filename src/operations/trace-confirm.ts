import type { Finding, NotEvaluated, RuleId } from '../../schemas/report.ts'
import { accountFinder } from '../audit/bills/account-keys.ts'
import { collectEvidence } from '../audit/collect.ts'
import { type AuditPlan, planWindow } from '../audit/plan.ts'
import { hasOwnWindow, judgeTrace, type TraceJudgement } from '../audit/report/task-trace.ts'
import { COMPARES_TIMES } from '../audit/rules/tz-misconfigured.ts'
import { AuditError } from '../errors.ts'
import type { AccountRow, TaskRow } from '../ledger/reader.ts'
import { collecting, withPlan, withSpoolFile } from '../operation.ts'
import type { Lang } from '../render/vocabulary.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { planOf } from './bill-scope.ts'
import { matchingNotEvaluated } from './finding-filter.ts'
import { priceReader } from './price-reading.ts'
import { planDays } from './trace-evidence.ts'

/** What is asked of an audit: a window, and the requests that are traced. */
export interface AuditQuestion {
  readonly plan: AuditPlan
  readonly allAccounts: readonly AccountRow[]
  /** Accounts whose bills the trace asked for, whatever the tasks. */
  readonly audited: readonly AccountRow[]
  readonly tasks: readonly TaskRow[]
  readonly requestIds: ReadonlySet<string>
  readonly lang: Lang
  /** As the caller gave it. */
  readonly timezone: string | undefined
}

/** Rules that judge ledger rows by the tasks they name, where those of the whole window do name tasks. */
const LEANS_ON_LINKS: ReadonlySet<RuleId> = new Set<RuleId>(['B6', 'B8', 'B9', 'B10'])

/**
 * Whether an audit may take a finding back for what the rest of its window shows, which a few tasks and users alone do not:
 * clocks that disagree (COMPARES_TIMES), for B2 usage that tells of more than the events, of that day or the next, and how the
 * ledgers are linked.
 */
function leansOnWindow({ rule }: Finding, { settings }: AuditPlan): boolean {
  if (hasOwnWindow(rule)) return false
  return COMPARES_TIMES.has(rule) || (settings.ledgerLink === 'auto' && LEANS_ON_LINKS.has(rule))
}

/**
 * Has the audit of the same window itself judge what rests on more than the traced tasks, before a trace accuses anybody of it:
 * what the audit does not say is not evaluated here. Asks nothing where there is no such finding.
 */
export async function confirmed(
  judgement: TraceJudgement,
  question: AuditQuestion,
  dependencies: Dependencies,
  context: CallContext,
): Promise<TraceJudgement> {
  const doubtful = judgement.findings.filter((finding) => leansOnWindow(finding, question.plan))
  if (doubtful.length === 0) return judgement
  const said = new Map<string, Finding>()
  const silent = new Map<Finding, string>()
  const hold = async (findings: readonly Finding[], asked: AuditQuestion): Promise<void> => {
    if (findings.length === 0) return
    const word = await askAudit(asked, dependencies, context)
    const isError = word instanceof AuditError
    if (!isError) for (const finding of word.findings) said.set(finding.fingerprint, finding)
    for (const finding of findings) {
      const open = isError ? word.message : reasonFor(finding, word.notEvaluated)
      const isSaid = !isError && word.findings.some(({ fingerprint }) => fingerprint === finding.fingerprint)
      if (!isSaid) silent.set(finding, open ?? NOT_SAID[question.lang])
    }
  }
  await hold(
    doubtful.filter(({ rule }) => rule !== 'B2'),
    question,
  )
  await hold(
    doubtful.filter(({ rule }) => rule === 'B2'),
    withNextDay(question),
  )
  const kept = without(judgement, silent)
  // Without a request id fal was not asked, and only the audit knows whether the account's bill could be read at all.
  const asSaid = (finding: Finding): Finding =>
    finding.subject.requestId === undefined ? (said.get(finding.fingerprint) ?? finding) : finding
  return { ...kept, findings: kept.findings.map(asSaid) }
}

/** Why the audit could not judge what a finding is about: a check of another account, user or day says nothing of it. */
function reasonFor({ rule, subject, context }: Finding, checks: readonly NotEvaluated[]): string | undefined {
  const { accountId, userId, date } = { ...context, ...subject }
  const about = { rule, severity: undefined, accountId, userId, date, fingerprint: undefined }
  return matchingNotEvaluated(checks, about)[0]?.reason
}

/** What a task was billed may be among the events that the day after it lacks. */
function withNextDay(question: AuditQuestion): AuditQuestion {
  const { start, end, zone } = question.plan.window
  if (end > question.plan.asOf) return question
  return { ...question, plan: planDays(question.plan, zone.dateOf(start), zone.dateOf(end), []) }
}

/**
 * Has the audit say whose a request is that no task records and that is billed to a key id of no account row: that such ids mean
 * somebody else shows only in the whole bill, see whose-bill.ts.
 */
export async function confirmedOwner(
  judgement: TraceJudgement,
  question: AuditQuestion,
  dependencies: Dependencies,
  context: CallContext,
): Promise<TraceJudgement> {
  const [group] = judgement.groups
  const [first] = group?.events ?? []
  if (group?.owner !== 'unattributed' || first === undefined || first.login !== null) return judgement
  const { zone } = question.plan.window
  const date = zone.dateOf(first.at)
  const plan = planDays(question.plan, date, date, [])
  const word = await askAudit({ ...question, plan }, dependencies, context)
  if (word instanceof AuditError) {
    const open = { rule: 'B1', subject: { requestId: group.requestId }, reason: word.message } as const
    const groups = [{ ...group, owner: 'undivided' } as const]
    return { ...judgement, groups, findings: [], notEvaluated: [...judgement.notEvaluated, open] }
  }
  const said = word.groups.find(({ requestId }) => requestId === group.requestId)
  if (said === undefined || said.owner === 'unattributed') return judgement
  const concerned = word.findings.filter(({ subject }) => subject.requestId === group.requestId)
  return { ...judgement, groups: [{ ...group, owner: said.owner }], unrecorded: word.unrecorded, findings: concerned }
}

const NOT_SAID: Readonly<Record<Lang, string>> = {
  en: 'an audit of the day does not say so',
  zh: '当天的审计没有这样的结论',
}

function without(judgement: TraceJudgement, silent: ReadonlyMap<Finding, string>): TraceJudgement {
  const { verdicts, findings, notEvaluated } = judgement
  const open = new Map(judgement.open)
  for (const [{ rule, subject }, reason] of silent) {
    if (rule !== 'B2') continue
    for (const { task } of verdicts) {
      const isIt = task.taskId === (subject.taskId ?? '') && task.requestId === (subject.requestId ?? '')
      if (isIt) open.set(task.rowId, reason)
    }
  }
  return {
    ...judgement,
    open,
    findings: findings.filter((finding) => !silent.has(finding)),
    notEvaluated: [
      ...notEvaluated,
      ...[...silent].map(([{ rule, subject }, reason]) => ({ rule, subject: { ...subject }, reason })),
    ],
  }
}

/** The same audit's word on the traced tasks and requests; an error where it could not be made. */
async function askAudit(
  { plan, allAccounts, audited, tasks, requestIds, lang, timezone }: AuditQuestion,
  dependencies: Dependencies,
  context: CallContext,
): Promise<TraceJudgement | AuditError> {
  const accountLimit = limitFor(plan, allAccounts, audited, tasks)
  const input = { ...planOf({ timezone }), depth: 'requests' } as const
  try {
    return await withPlan(input, dependencies, context, (now, snapshot) =>
      withSpoolFile(async (file) => {
        const filters = { ids: [], userIds: [], depth: 'requests' } as const
        const same = planWindow(plan.window, filters, now.asOf, plan.settings, accountLimit)
        const reading = { ...collecting(context), prices: priceReader(dependencies, context) }
        const evidence = await collectEvidence(same, snapshot, dependencies.fal, file, reading)
        return judgeTrace(evidence, lang, { requestIds, signal: context.signal })
      }),
    )
  } catch (cause) {
    if (cause instanceof AuditError && !context.signal.aborted) return cause
    throw cause
  }
}

/** As many of the newest accounts as hold those asked and the tasks', where some are beyond the limit. */
function limitFor(
  { accountLimit }: AuditPlan,
  allAccounts: readonly AccountRow[],
  audited: readonly AccountRow[],
  tasks: readonly TaskRow[],
): number {
  const accountOf = accountFinder(allAccounts)
  const newestFirst = allAccounts.map(({ accountId }) => accountId).sort((a, b) => b - a)
  const asked = [
    ...audited.map(({ accountId }) => accountId),
    ...tasks.flatMap(({ apiKey }) => accountOf(apiKey) ?? []),
  ]
  const places = asked.map((accountId) => newestFirst.indexOf(accountId) + 1)
  return places.reduce((most, place) => Math.max(most, place), accountLimit)
}
