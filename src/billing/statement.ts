import { createHash } from 'node:crypto'
import type { RestatedLine, Statement, StatementLine } from '../../schemas/billing-statements.ts'
import type { MoneyTerms } from './charge-money.ts'
import { usageFigures } from './usage-figures.ts'
import type { UsageBook } from './usage-tally.ts'

/** What a statement says of its month, and nothing of when it was made or how it stands. */
export type StatementContent = Omit<
  Statement,
  'status' | 'status_reason' | 'settled_at' | 'coverage' | 'findings' | 'content_hash' | 'restatement'
>

export interface StatementSubject {
  readonly invoiceId: string
  /** YYYY-MM */
  readonly period: string
  readonly timezone: string
  /** null: the operator as a whole. */
  readonly userId: number | null
  /** Fit to be shown; null where it is not known. */
  readonly userName: string | null
}

/** The content of one statement. Pure; the lines add up to the totals, in whatever currency. */
export function statementContent(subject: StatementSubject, book: UsageBook, terms: MoneyTerms): StatementContent {
  const lines = usageFigures(
    book.models.map(({ sums }) => sums),
    terms,
  )
  const [total] = usageFigures([book.total], terms)
  if (total === undefined) throw new Error('a statement has a total')
  const { invoiceId, period, timezone, userId, userName } = subject
  return {
    invoice_id: invoiceId,
    kind: userId === null ? 'operator' : 'user',
    user_id: userId,
    user_name: userName,
    period,
    timezone,
    currency: terms.currency,
    ...shown(total),
    breakdown: book.models.flatMap(({ modelId, modelName }, index): StatementLine[] => {
      const figures = lines[index]
      return figures === undefined ? [] : [{ model_id: modelId, model_name: modelName, ...shown(figures) }]
    }),
  }
}

/** Counts of matched requests change while bills come in; a statement is about money. */
function shown({
  matched_request_count: _matched,
  unmatched_request_count: _unmatched,
  unread_request_count: _unread,
  ...figures
}: ReturnType<typeof usageFigures>[number]) {
  return figures
}

/** JSON with keys in order and no blanks: equal contents are equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(',')}}`
}

/** SHA-256, in hex, of the canonical JSON. */
export const contentHash = (canonical: string): string => createHash('sha256').update(canonical).digest('hex')

/** A content out of a record; undefined where the text is none of ours. */
export function parseContent(text: string): StatementContent | undefined {
  try {
    const content: unknown = JSON.parse(text)
    const isOurs = typeof content === 'object' && content !== null && 'breakdown' in content
    return isOurs && Array.isArray(content.breakdown) ? (content as StatementContent) : undefined
  } catch {
    return undefined
  }
}

const TOTAL = 'total'
/** What the operator's own table tells, whether or not fal answers. */
const TABLE_FIELDS: readonly string[] = [
  'charged_points',
  'refunded_points',
  'net_points',
  'request_count',
  'total_cost',
  'currency',
  'timezone',
]

/**
 * What changed since a statement was settled, line by line: the whole first, then its models in order; of one that came or
 * went, every figure. Where the bills were not read whole now, only what the task table tells is compared, and only as a
 * whole: what could not be read has not changed for that. Nor has a user's name that is not known now.
 */
export function restate(settled: StatementContent, now: StatementContent, billsRead: boolean): RestatedLine[] {
  const { breakdown: settledLines, ...settledTotal } = settled
  const { breakdown: nowLines, ...nowTotal } = now
  const total = changed(TOTAL, settledTotal, { ...nowTotal, user_name: now.user_name ?? settled.user_name })
  if (!billsRead) return total.filter(({ field }) => TABLE_FIELDS.includes(field))
  const settledBy = new Map(settledLines.map((line) => [line.model_id, line]))
  const nowBy = new Map(nowLines.map((line) => [line.model_id, line]))
  const models = [...new Set([...settledBy.keys(), ...nowBy.keys()])].sort()
  return [
    ...total,
    ...models.flatMap((model) => changed(model, settledBy.get(model) ?? {}, nowBy.get(model) ?? {}, true)),
  ]
}

function changed(line: string, settled: object, now: object, isModel = false): RestatedLine[] {
  const before = new Map(Object.entries(settled))
  const after = new Map(Object.entries(now))
  const fields = [...new Set([...before.keys(), ...after.keys()])].filter((field) => field !== 'model_id').sort()
  return fields.flatMap((field) => {
    const [was, is] = [textOf(before.get(field)), textOf(after.get(field))]
    const named = isModel && line === TOTAL ? { model_id: line } : {}
    return was === is ? [] : [{ line, ...named, field, settled: was, now: is }]
  })
}

const textOf = (value: unknown): string | null => (value === undefined || value === null ? null : String(value))
