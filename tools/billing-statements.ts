import { input, output, type StatementItem } from '../schemas/billing-statements.ts'
import { billingStatements } from '../src/operations/billing-statements.ts'
import type { Tool } from '../src/tool.ts'

export const billingStatementsTool: Tool<typeof input, typeof output> = {
  name: 'billing-statements',
  title: 'Monthly statements',
  description:
    'Monthly statements of what all users or one were charged: the list, or with invoice_id one by model with fal cost, margin and changes since it was settled. A month that is over is settled in the local billing store when first seen whole.',
  input,
  output,
  records: true,
  lists: ['items', 'statement.breakdown', 'statement.restatement.lines', 'statement.coverage.sources'],
  verdictOf: ({ items = [], sources = [], statement }) =>
    statement?.coverage.complete === false ||
    sources.some(({ status }) => status !== 'complete') ||
    [...items, ...(statement === undefined ? [] : [statement])].some(isUnread)
      ? 'unverified'
      : 'clean',
  notFound: 'There is no such statement',
  run: (given, dependencies, context) => billingStatements(given, dependencies, context),
}

type Told = Pick<StatementItem, 'status_reason' | 'charged_points' | 'refunded_points'>

/** Months that still run, or wait for a bill or their turn, lack nothing that could have been read but charges that no task tells. */
const isUnread = ({ status_reason, charged_points, refunded_points }: Told): boolean =>
  status_reason === 'incomplete' ||
  status_reason === 'unrecorded' ||
  charged_points === null ||
  refunded_points === null
