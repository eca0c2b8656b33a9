import type { z } from 'zod'
import type { input, output, Statement, StatementItem } from '../../schemas/billing-statements.ts'
import type { SourceStatus } from '../../schemas/report.ts'
import { unknownUser } from '../audit/ledgers/asked-users.ts'
import { DateReader } from '../audit/tasks/date-reader.ts'
import { mayBeOfUsers, unreadTimeReason, withUnreadTimes } from '../audit/tasks/unread-times.ts'
import { tasksTeller } from '../audit/waiting.ts'
import { chargeText } from '../billing/charge-money.ts'
import { parseContent, type StatementContent } from '../billing/statement.ts'
import { parseStatementId, type StatementId, statementId } from '../billing/statement-id.ts'
import type { SettlementRecord } from '../billing/store.ts'
import { chargeFigures, tokensFigure } from '../billing/usage-figures.ts'
import { UsageSums } from '../billing/usage-sums.ts'
import { AuditError, inputError, shortened } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { collecting, withPlan } from '../operation.ts'
import { notEvaluatedText } from '../render/messages.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import type { Instant } from '../units/instant.ts'
import { ZERO_NANO_USD } from '../units/nano-usd.ts'
import type { Zone } from '../units/zone.ts'
import { statementsNext } from './billing-next.ts'
import type { InputCheck } from './input-check.ts'
import { formatMonth, instantsOf, type MonthNumber, monthsOf, parseMonth } from './months.ts'
import {
  DRAFT,
  type MadeStatement,
  makeStatement,
  moneyTerms,
  monthWindow,
  readSettled,
  restatementOf,
  type Standing,
  type StatementCall,
  settle,
  settledBy,
} from './statement-making.ts'

type StatementsInput = z.output<typeof input>
type StatementsOutput = z.input<typeof output>

const ID_FORM = 'inv_YYYYMM for all users together, or inv_YYYYMM_uUSER'

interface Head {
  readonly asOf: string
  readonly timezone: string
}

/** The list, or with invoice_id one statement in detail. */
export async function billingStatements(
  given: StatementsInput,
  dependencies: Dependencies,
  context: CallContext,
): Promise<StatementsOutput> {
  const { invoice_id: invoiceId, ...listed } = given
  if (invoiceId !== undefined && given.user_id !== undefined)
    throw inputError('user_id', given.user_id, 'either invoice_id or user_id; the id of a statement has its user')
  const told: StatementsOutput =
    invoiceId === undefined
      ? await listStatements(listed, dependencies, context)
      : await readStatement(invoiceId, dependencies, context)
  return { ...told, next: statementsNext(told) }
}

/**
 * Monthly statements of the operator as a whole or of one user, newest first: months with tasks, or once settled. A month
 * that is over and was read whole is settled the first time it is seen so, and stays settled.
 */
export function listStatements(
  { user_id: userId, limit }: Pick<StatementsInput, 'user_id' | 'limit'>,
  dependencies: Dependencies,
  context: CallContext,
): Promise<Head & Pick<StatementsOutput, 'unknown_user_id' | 'sources'> & Listed> {
  return calling(dependencies, context, async (call) => {
    const { items, tasks } = await list(userId ?? null, limit, call)
    const listed = { ...(tasks.reason !== undefined && { sources: [tasks] }), items }
    if (userId === undefined || items.length > 0) return listed
    const unknownId = await unknownUser(userId, call.snapshot, context.signal)
    return { ...(unknownId !== undefined && { unknown_user_id: unknownId }), ...listed }
  })
}

interface Listed {
  readonly items: StatementItem[]
}

/** One statement, made from what can be read now. Throws kind 'not-found' where there is none. */
export function readStatement(
  invoiceId: string,
  dependencies: Dependencies,
  context: CallContext,
): Promise<Head & { statement: Statement }> {
  const use = async (call: StatementCall) => ({ statement: await detail(invoiceId, call) })
  return calling(dependencies, context, use, knowing(invoiceId))
}

/** Throws kind 'not-found' where there is no such statement; from the task table and the settlements alone. */
export async function requireStatement(
  invoiceId: string,
  dependencies: Dependencies,
  context: CallContext,
): Promise<void> {
  const use = async (call: StatementCall) => {
    const { id, month } = knownId(invoiceId, call)
    const settled = await readSettled(dependencies.billing, [invoiceId])
    if (settled?.get(invoiceId)) return {}
    const sums = await monthlySums(id.userId, month, month, call)
    if (!sums.has(id.period)) throw noTasks(invoiceId, id, call)
    return {}
  }
  await calling(dependencies, context, use, knowing(invoiceId))
}

function calling<T extends object>(
  dependencies: Dependencies,
  context: CallContext,
  use: (call: StatementCall) => Promise<T>,
  check: InputCheck = () => undefined,
): Promise<Head & T> {
  const asked = { ids: [], userIds: [], depth: 'requests', check } as const
  return withPlan(asked, dependencies, context, async (today, snapshot) => {
    const { zone } = today.window
    const head = { asOf: zone.format(today.asOf), timezone: zone.id }
    return { ...head, ...(await use({ today, snapshot, dependencies, context })) }
  })
}

/** Which month of whose an id names. Throws kind 'not-found' for none that has begun. */
const knownId = (invoiceId: string, { today: { window, asOf } }: StatementCall): KnownId =>
  idAsOf(invoiceId, window.zone, asOf)

/** Of an id no more than that is known without the database. */
const knowing =
  (invoiceId: string): InputCheck =>
  (zone, asOf) =>
    idAsOf(invoiceId, zone, asOf)

interface KnownId {
  readonly id: StatementId
  readonly month: MonthNumber
}

function idAsOf(invoiceId: string, zone: Zone, asOf: Instant): KnownId {
  const id = parseStatementId(invoiceId)
  const month = id === undefined ? undefined : parseMonth(id.period)
  if (id === undefined || month === undefined) throw notFound(invoiceId, `ids have the form ${ID_FORM}`)
  if (month > monthAt(zone, asOf)) throw notFound(invoiceId, `${id.period} has not begun`)
  return { id, month }
}

async function detail(invoiceId: string, call: StatementCall): Promise<Statement> {
  const { id } = knownId(invoiceId, call)
  const records = await readSettled(call.dependencies.billing, [invoiceId])
  const made = await makeStatement(id, call)
  const known = records?.get(invoiceId) ?? undefined
  if (made.content.request_count === 0 && known === undefined) throw noTasks(invoiceId, id, call)
  const { standing, record } = await settle(made, known, call)
  const { breakdown, ...head } = made.content
  return {
    ...head,
    ...standing,
    breakdown,
    coverage: made.coverage,
    findings: made.findings,
    content_hash: made.hash,
    restatement: restatementOf(made, record),
  }
}

/** Of the tasks read for it none is of that month; with tasks that could not be placed it is said that they may be. */
function noTasks(invoiceId: string, { period, userId }: StatementId, { snapshot }: StatementCall): AuditError {
  const none = `there is no task of ${period}${userId === null ? '' : ' by that user'}`
  const unplaced = unreadTimeReason(snapshot.unreadTimes?.() ?? {}, ['tasks'], userId ?? undefined)
  if (unplaced === undefined) return notFound(invoiceId, none)
  return notFound(invoiceId, `${none}; ${notEvaluatedText(unplaced.code, unplaced.params ?? {}, 'en')}`)
}

function notFound(invoiceId: string, reason: string): AuditError {
  const shown = shortened(invoiceId, 40)
  return new AuditError('not-found', `invoice_id: there is no statement "${shown}": ${reason}`, {
    field: 'invoice_id',
    value: shown,
    accepted: ID_FORM,
    next: 'list the statements: billing-statements without invoice_id',
  })
}

const monthAt = (zone: Zone, asOf: Instant): MonthNumber => parseMonth(zone.dateOf(asOf).slice(0, 7)) ?? 0

/** One pass over the tasks of the months, and fal only for the few months that are not settled yet. */
async function list(
  userId: number | null,
  limit: number,
  call: StatementCall,
): Promise<Listed & { readonly tasks: SourceStatus }> {
  const { window, asOf } = call.today
  const now = monthAt(window.zone, asOf)
  const from = Math.max(0, now - limit + 1)
  call.snapshot.forgetMet?.()
  const sums = await monthlySums(userId, from, now, call)
  const unread = call.snapshot.unreadTimes?.() ?? {}
  const [tasks = TASKS_READ] = withUnreadTimes(
    [TASKS_READ],
    unread,
    'en',
    (_, rows) => userId === null || mayBeOfUsers(rows, new Set([userId])),
  )
  const newestFirst = monthsOf({ from, to: now }).reverse()
  const idOf = (month: MonthNumber): StatementId => ({ period: formatMonth(month), userId })
  const records = await readSettled(
    call.dependencies.billing,
    newestFirst.map((month) => statementId(idOf(month))),
  )
  const items: StatementItem[] = []
  let left: number = LIMITS.monthsReconciledPerList
  for (const month of newestFirst) {
    const id = idOf(month)
    const own = sums.get(id.period)
    const record = records === undefined ? null : records.get(statementId(id))
    if (own === undefined && !record) continue
    const known = knownStanding(month, record, left, call)
    if (known !== undefined) {
      items.push(itemOf(id, own ?? new UsageSums(), known, record ?? undefined, undefined, call))
      continue
    }
    left -= 1
    const made = await makeStatement(id, call)
    const { standing, record: recorded } = await settle(made, undefined, call)
    items.push(itemOf(id, own ?? new UsageSums(), standing, recorded, made, call))
  }
  return { items, tasks }
}

const TASKS_READ: SourceStatus = { source: 'tasks', status: 'complete' }

/**
 * How a month stands, where that is known without reconciling it; otherwise one more may be reconciled. `record`: null where it is
 * not known whether it was settled.
 */
function knownStanding(
  month: MonthNumber,
  record: SettlementRecord | null | undefined,
  left: number,
  { today }: StatementCall,
): Standing | undefined {
  if (record) return settledBy(record)
  if (monthWindow(month, today).end > today.asOf) return DRAFT.running
  if (record === null) return DRAFT.unrecorded
  return left === 0 ? DRAFT.notReconciled : undefined
}

/** Charges by month, from the task table alone. */
async function monthlySums(
  userId: number | null,
  from: MonthNumber,
  to: MonthNumber,
  { today, snapshot, context }: StatementCall,
): Promise<Map<string, UsageSums>> {
  const { zone } = today.window
  const dates = new DateReader(zone)
  const months = new Map<string, UsageSums>()
  const range = instantsOf({ from, to }, zone)
  const tell = await tasksTeller(collecting(context).progress, snapshot, range)
  let rows = 0
  for await (const batch of snapshot.tasks(range)) {
    for (const task of batch.rows()) {
      if (userId !== null && (task.userId !== userId || task.userUntold === true)) continue
      const period = dates.dateOf(task.createdAt).slice(0, 7)
      const own = months.get(period) ?? new UsageSums()
      months.set(period, own)
      const { inputTokens = null, outputTokens = null, apiKey } = task
      const unread = { accountId: null, standing: 'not-evaluated', events: [], billedNanoUsd: ZERO_NANO_USD } as const
      own.add({ task, ...unread, selected: true, apiKey, inputTokens, outputTokens })
    }
    rows += batch.count
    tell(rows)
  }
  return months
}

function itemOf(
  id: StatementId,
  sums: UsageSums,
  standing: Standing,
  record: SettlementRecord | undefined,
  made: MadeStatement | undefined,
  { dependencies }: StatementCall,
): StatementItem {
  const terms = moneyTerms(dependencies)
  const settled = record === undefined ? undefined : parseContent(record.content)
  const { total_cost, charged_points, refunded_points } = chargeFigures(sums, chargeText(sums.netPoints, terms))
  const charges = {
    total_cost,
    charged_points,
    refunded_points,
    request_count: sums.requestCount,
    currency: terms.currency,
  }
  const restated = settled !== undefined && CHARGE_FIELDS.some((field) => settled[field] !== charges[field])
  return {
    invoice_id: statementId(id),
    period: id.period,
    total_tokens: made === undefined ? tokensOf(sums, restated ? undefined : settled) : made.content.total_tokens,
    ...charges,
    ...standing,
    restated,
  }
}

const CHARGE_FIELDS = ['total_cost', 'charged_points', 'refunded_points', 'request_count', 'currency'] as const

/**
 * Tokens as the columns tell them now, where they do of all tasks; the bills of a settled month are not read again, so that what
 * they told counts on. What columns told then and do not tell now is not known.
 */
function tokensOf({ totalTokens }: UsageSums, settled: StatementContent | undefined): number | null {
  if (totalTokens !== null || settled === undefined) return tokensFigure(totalTokens)
  const byColumns = settled.input_tokens !== null && settled.output_tokens !== null
  return byColumns ? null : settled.total_tokens
}
