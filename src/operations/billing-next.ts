import type { z } from 'zod'
import type { Statement, output as statementsOutput } from '../../schemas/billing-statements.ts'
import type { input, output as usageOutput } from '../../schemas/billing-usage.ts'

type UsageGiven = Pick<z.output<typeof input>, 'group_by' | 'user_id'>
type UsageTold = Pick<z.input<typeof usageOutput>, 'totals' | 'coverage' | 'unknown_user_id'>
type StatementsTold = z.input<typeof statementsOutput>

const UNKNOWN_USER = 'see that user_id is right: no table has a row of it'
const SAY_UNREAD = 'say first what was not read (coverage.sources)'
const NO_TASKS =
  'see that the period is the one in question (without one it is this month): no task asked for lies in it'
const READ_KEYS =
  'billing-usage with the same inputs and group_by key: fal cost and margin of the keys whose bill was read'
// One bill that was not read leaves each model and day without a cost that has a task of its account.
const READ_ACCOUNTS =
  'billing-usage with the same inputs, group_by model or day, and each account_id with a fal_cost_usd in ids: cost and margin of these accounts'
const WHY_UNREAD = 'fal-list-accounts: which keys may read the bill'
const BY_PART = 'billing-usage with the same inputs and group_by model, day or key: what makes it up'

/** Who or what is behind a row of each grouping. */
const BEHIND = {
  day: 'billing-usage with period custom, a date as start_date and end_date, timezone of window and group_by model (and user_id and ids as here): what that day was spent on',
  model:
    'tasks-by-user with start, end and timezone of window, and a model_name as model (and ids as here): who used it',
  key: 'tasks-by-user with start, end and timezone of window, and an account_id in ids: who used it',
} as const

/** The calls that are of use after billing-usage. */
export function usageNext(
  { group_by: groupBy, user_id: userId }: UsageGiven,
  { totals, coverage, unknown_user_id }: UsageTold,
): string {
  if (unknown_user_id !== undefined) return UNKNOWN_USER
  const steps = coverage.complete ? [] : [SAY_UNREAD]
  if (totals.request_count === 0) return [...steps, NO_TASKS].join('; ')
  if (totals.unread_request_count === totals.request_count) steps.push(WHY_UNREAD)
  else if (totals.unread_request_count > 0) steps.push(groupBy === 'key' ? READ_ACCOUNTS : READ_KEYS)
  if (groupBy === 'none') steps.push(BY_PART)
  else if (userId === undefined || groupBy === 'day') steps.push(BEHIND[groupBy])
  if (userId !== undefined)
    steps.push(`user-ledger with user_ids ${userId}, start, end and timezone of window: what the user paid for it`)
  return steps.join('; ')
}

/** The calls that are of use after a list of statements, or one of them. */
export function statementsNext({
  timezone,
  unknown_user_id,
  sources = [],
  items = [],
  statement,
}: StatementsTold): string {
  if (unknown_user_id !== undefined) return UNKNOWN_USER
  if (statement !== undefined) return [...afterOne(statement, timezone), otherMonths(statement)].join('; ')
  const steps = sources.some(({ status }) => status !== 'complete') ? ['say first what was not read (sources)'] : []
  if (items.length === 0) return [...steps, NO_MONTHS].join('; ')
  const open = (reason: string) => items.find(({ status_reason }) => status_reason === reason)?.invoice_id
  const [waiting, unread] = [open('not-reconciled'), open('incomplete')]
  if (waiting !== undefined) steps.push(`billing-statements with invoice_id ${waiting}: it is reconciled then`)
  if (unread !== undefined) steps.push(`billing-statements with invoice_id ${unread}: what was not read of it`)
  return [...steps, ONE_MONTH].join('; ')
}

const NO_MONTHS = 'billing-statements with a greater limit (36 at most): none of these months has a task asked for'
const ONE_MONTH =
  'billing-statements with an invoice_id: that month by model, with fal cost, margin and what changed since it was settled'

const otherMonths = ({ user_id: userId }: Statement): string =>
  `billing-statements without invoice_id${userId === null ? '' : `, with user_id ${userId}`}: the other months`

function afterOne({ coverage, findings, period, user_id: userId }: Statement, timezone: string): string[] {
  const steps = coverage.complete ? [] : ['say first what was not read (statement.coverage.sources)']
  if (findings.high + findings.medium + findings.low === 0) return steps
  const user = userId === null ? '' : `, user_ids ${userId} and user_id ${userId}`
  const days = `start ${period}-01, end ${lastDate(period)} and timezone ${timezone}`
  return [...steps, `audit-reconcile with ${days}${user}: the findings counted here`]
}

/** Of a month YYYY-MM: day 0 of the one after it. */
const lastDate = (period: string): string =>
  new Date(Date.UTC(Number(period.slice(0, 4)), Number(period.slice(5)), 0)).toISOString().slice(0, 10)
