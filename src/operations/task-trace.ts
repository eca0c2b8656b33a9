import type { z } from 'zod'
import type { Finding, NotEvaluated } from '../../schemas/report.ts'
import type { input, output, TracedEvent, TracedFinding, TracedTask, TraceVerdict } from '../../schemas/task-trace.ts'
import { chooseAccounts } from '../audit/collect.ts'
import type { AuditPlan } from '../audit/plan.ts'
import { hasOwnWindow, judgeTrace, type TraceJudgement } from '../audit/report/task-trace.ts'
import { inputError } from '../errors.ts'
import type { AccountRow, LedgerEntry, TaskRow } from '../ledger/reader.ts'
import { readAccounts, withPlan } from '../operation.ts'
import { cleanText } from '../render/clean.ts'
import { withFindings } from '../render/trace-words.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { shortenKeyId } from '../units/api-key.ts'
import { type Instant, NO_REAL_TIME } from '../units/instant.ts'
import { formatUsd } from '../units/nano-usd.ts'
import type { Zone } from '../units/zone.ts'
import { planOf } from './bill-scope.ts'
import { asLinked, entryRows } from './ledger-rows.ts'
import { priceReader } from './price-reading.ts'
import { askBill, LOOK_BACK_DAYS, type OwnedEvent, type TraceBill } from './trace-bill.ts'
import { confirmed, confirmedOwner } from './trace-confirm.ts'
import { completeDay, type DayEvidence, planDays, readDays, withoutTasks, worstSources } from './trace-evidence.ts'
import { notFound, searchLedgers, searchTasks, type TraceRole, type TraceSearch } from './trace-search.ts'
import { gravest, type Told, tasklessVerdict, tracedTask } from './trace-verdict.ts'

type TraceInput = z.output<typeof input>
type TraceOutput = z.input<typeof output>

/** All that was read of the operator's tables. */
interface Tables {
  readonly plan: AuditPlan
  readonly databaseZoneId: string
  readonly all: readonly AccountRow[]
  /** Those of an audit without ids, and those that the call names. */
  readonly audited: readonly AccountRow[]
  readonly search: TraceSearch
  readonly days: readonly DayEvidence[]
}

/**
 * One task, request or order in all three books side by side, with the audit's own verdict and findings on it. Throws an
 * input error for an id that is nowhere. What could not be read is named in sources and never taken for nothing.
 */
export async function traceTask(
  given: TraceInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<TraceOutput> {
  if (given.id.trim() === '') throw inputError('id', given.id, 'a task id, a fal request id or a ledger order id')
  const tables = await readTables(given, dependencies, context)
  const { plan, search, all, audited } = tables
  const requestIds = requestIdsOf(search)
  const question = { requestIds, tasks: search.bearing, allAccounts: all, audited, asOf: plan.asOf }
  const bill = await askBill(question, dependencies.fal, context.signal)
  const sources = worstSources([
    ...search.sources,
    ...tables.days.flatMap((day) => day.tables.filter(({ source }) => source !== 'accounts')),
    ...bill.sources,
  ])
  const roles = rolesOf(search, bill)
  if (search.named.length === 0 && roles.length === 0) {
    throw notFound(search, sources, { days: LOOK_BACK_DAYS, unaskedAccounts: all.length - bill.bills.accounts.length })
  }
  const days = tables.days.length > 0 ? tables.days : [orphanDay(tables, bill)]
  const judgements: TraceJudgement[] = []
  for (const day of days) {
    const judged = await judgeTrace(completeDay(day, bill, search.bearing), given.lang)
    judgements.push(await againstAudit(judged, day, tables, given, dependencies, context))
  }
  const userNames = new Map(days.flatMap((day) => [...day.userNames]))
  return present(given, tables, bill, sources, roles, judgements, userNames)
}

/** What an audit of the same day would not say is not said. */
function againstAudit(
  judged: TraceJudgement,
  { plan, traced }: DayEvidence,
  { all, audited, search }: Tables,
  { lang, timezone }: TraceInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<TraceJudgement> {
  const requestIds = new Set(requestIdsOf(search))
  const question = { plan, allAccounts: all, audited, tasks: traced, requestIds, lang, timezone }
  return search.tasks.length > 0
    ? confirmed(judged, question, dependencies, context)
    : confirmedOwner(judged, question, dependencies, context)
}

function readTables(given: TraceInput, dependencies: Dependencies, context: CallContext): Promise<Tables> {
  const { id, kind, ids = [], timezone, lang } = given
  return withPlan({ ...planOf({ timezone }), depth: 'requests' }, dependencies, context, async (plan, snapshot) => {
    const { all, audited: newest } = await readAccounts(plan, snapshot)
    const named = ids.length === 0 ? [] : chooseAccounts(all, { ...plan, ids: new Set(ids) })
    const audited = [...new Set([...newest, ...named])]
    const found = await searchTasks(id, kind, snapshot)
    const days = await readDays(
      plan,
      snapshot,
      all,
      found.tasks,
      { ...context, lang },
      priceReader(dependencies, context),
    )
    const search = await searchLedgers(found, snapshot, context.signal)
    return { plan, databaseZoneId: snapshot.zone.id, all, audited, search, days }
  })
}

/** Requests that fal is asked about: those of the tasks; without a task the id itself, where it may be one. */
function requestIdsOf({ tasks, kind, bareId }: TraceSearch): string[] {
  if (tasks.length > 0) return [...new Set(tasks.map(({ requestId }) => requestId).filter((id) => id !== ''))]
  return (kind === 'auto' || kind === 'request') && bareId !== '' ? [bareId] : []
}

function rolesOf({ roles, bareId, kind }: TraceSearch, { owned }: TraceBill): TraceOutput['foundAs'] {
  const events =
    kind === 'task' || kind === 'order' ? 0 : owned.filter(({ event }) => event.requestId === bareId).length
  const found = new Map<TraceRole, number>(roles)
  if (events > 0) found.set('event', events)
  return [...found].map(([role, rows]) => ({ role, rows }))
}

function present(
  given: TraceInput,
  tables: Tables,
  bill: TraceBill,
  sources: TraceOutput['sources'],
  foundAs: TraceOutput['foundAs'],
  judgements: readonly TraceJudgement[],
  userNames: ReadonlyMap<number, string>,
): TraceOutput {
  const { plan, search } = tables
  const { zone } = plan.window
  const open = new Map(judgements.flatMap((judgement) => [...judgement.open]))
  const { asOf, settings } = plan
  const told: Told = { lang: given.lang, zone, asOf, thresholds: settings.thresholds, bill, open, userNames }
  const tasks = tasksOf(search, judgements, told)
  const findings = findingsOf(judgements)
  const whole = gravest(tasks.filter(({ named }) => named)) ?? tasklessVerdict(judgements[0], told)
  return {
    id: cleanText(search.id),
    asOf: zone.format(plan.asOf),
    timezone: zone.id,
    complete: sources.every(({ status }) => status === 'complete'),
    verdict: whole.verdict,
    sentence: withFindings(
      whole.sentence,
      findings.map(({ rule }) => rule),
      given.lang,
    ),
    foundAs,
    billing: bill.status,
    ...(bill.since !== null && { billingSince: zone.format(bill.since) }),
    tasks,
    ...(search.moreTasks > 0 && { moreTasks: search.moreTasks }),
    events: bill.owned.map((owned) => eventRow(owned, zone)),
    entries: entryRows(asLinked(search.entries, search.bearing), zone),
    findings,
    notEvaluated: notEvaluatedOf(judgements, tasks, bill),
    sources,
    next: nextOf(tables, bill, whole.verdict, given),
  }
}

function orphanDay({ plan, databaseZoneId, all }: Tables, { owned }: TraceBill): DayEvidence {
  const { zone } = plan.window
  const first = zone.dateOf(owned[0]?.event.at ?? plan.asOf)
  const last = zone.dateOf(owned.at(-1)?.event.at ?? plan.asOf)
  return withoutTasks(planDays(plan, first, last, []), databaseZoneId, all)
}

function tasksOf(search: TraceSearch, judgements: readonly TraceJudgement[], told: Told): TraceOutput['tasks'] {
  const judged = new Map(judgements.flatMap(({ verdicts }) => verdicts).map((verdict) => [verdict.task.rowId, verdict]))
  const claimedBy = (requestId: string): TaskRow | undefined =>
    search.tasks.find((task) => task.requestId === requestId && judged.get(task.rowId)?.standing !== 'duplicate')
  return search.tasks.map((task) => {
    const other = claimedBy(task.requestId)
    return tracedTask(task, judged.get(task.rowId), search.named.includes(task), other?.taskId ?? '', told)
  })
}

function eventRow({ event, owner, workspace }: OwnedEvent, zone: Zone): TracedEvent {
  const { quantity, unit, unitPrice, percentDiscount, keyId } = event
  return {
    requestId: cleanText(event.requestId),
    model: cleanText(event.model),
    at: zone.format(event.at),
    costUsd: formatUsd(event.costNanoUsd),
    ...(quantity !== null && { quantity }),
    ...(unit !== null && { unit: cleanText(unit) }),
    ...(unitPrice !== null && { unitPriceUsd: unitPrice }),
    ...(percentDiscount !== null && { percentDiscount }),
    ...(typeof owner === 'object' && { accountId: owner.accountId }),
    ...(keyId !== null && { keyId: cleanText(shortenKeyId(keyId)) }),
    ...(workspace !== null && { workspace: cleanText(workspace) }),
  }
}

/** Each finding once; those that sum up over a window without a fingerprint, as an audit's would be another one. */
function findingsOf(judgements: readonly TraceJudgement[]): TracedFinding[] {
  const distinct = new Map<string, Finding>()
  for (const { findings } of judgements) for (const finding of findings) distinct.set(finding.fingerprint, finding)
  return [...distinct.values()].map(({ evidence: _evidence, context: _context, fingerprint, ...finding }) => ({
    ...finding,
    ...(!hasOwnWindow(finding.rule) && { fingerprint }),
  }))
}

/**
 * Rules that could not be judged of these tasks' accounts; without a task only those that concern a bill alone, and where fal
 * billed the request to one of the accounts, that account's.
 */
function notEvaluatedOf(
  judgements: readonly TraceJudgement[],
  tasks: readonly Pick<TracedTask, 'accountId'>[],
  { owned }: TraceBill,
): TraceOutput['notEvaluated'] {
  const distinct = new Map<string, TraceOutput['notEvaluated'][number]>()
  const billed = owned.flatMap(({ owner }) => (typeof owner === 'object' ? [owner.accountId] : []))
  const accounts = new Set(tasks.length > 0 ? tasks.map(({ accountId }) => accountId) : billed)
  const isOfAny = tasks.length === 0 && billed.length < Math.max(owned.length, 1)
  const concerns = ({ rule, subject: { accountId } }: NotEvaluated): boolean =>
    (tasks.length > 0 || rule === 'B1' || rule === 'B5') &&
    (isOfAny || accountId === undefined || accounts.has(accountId))
  for (const each of judgements.flatMap(({ notEvaluated }) => notEvaluated)) {
    const { rule, reason } = each
    if (concerns(each)) distinct.set(`${rule} ${reason}`, { rule, reason })
  }
  return [...distinct.values()]
}

function nextOf(
  { plan, search: { tasks, entries } }: Tables,
  { status, owned }: TraceBill,
  verdict: TraceVerdict,
  { ids = [] }: TraceInput,
): string {
  const [task] = tasks
  const { zone } = plan.window
  const isUnread = status === 'unread' || status === 'partial'
  if (isUnread && (verdict === 'not-evaluated' || (task === undefined && verdict !== 'unrecorded')))
    return 'fal-list-accounts: which keys may read the bill'
  if (task === undefined || task.userUntold === true) {
    // An account beyond the limit is audited by name alone.
    const billed = ids.filter((id) => owned.some(({ owner }) => typeof owner === 'object' && owner.accountId === id))
    const named = billed.length === 0 ? '' : `, with ids ${billed.join(', ')}`
    return `audit-reconcile over its day (timezone ${zone.id})${named}: what else no task records`
  }
  const at = timeOf(task, plan.asOf, owned, entries)
  const day = `${at === undefined ? 'the day in question' : zone.dateOf(at)} (timezone ${zone.id})`
  return `user-ledger with user_ids ${task.userId}, start and end ${day}, and entries true: all rows of the user around it`
}

/** When a task was made; of one without a time that can be read, when it ended, was billed, or its user paid for it. */
function timeOf(
  { createdAt, completedAt, requestId, userId }: TaskRow,
  asOf: Instant,
  owned: TraceBill['owned'],
  entries: readonly LedgerEntry[],
): Instant | undefined {
  if (createdAt !== NO_REAL_TIME) return createdAt
  const billed = owned.find(({ event }) => event.requestId === requestId)?.event.at
  const paid = entries.find((entry) => entry.userId === userId && entry.at !== NO_REAL_TIME)?.at
  const ended = completedAt !== null && completedAt <= asOf ? completedAt : undefined
  return ended ?? billed ?? paid
}
