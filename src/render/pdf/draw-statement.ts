import type { Statement, StatementLine } from '../../../schemas/billing-statements.ts'
import type { SourceStatus } from '../../../schemas/report.ts'
import { LIMITS } from '../../limits.ts'
import { vocabulary } from '../messages.ts'
import { UNKNOWN } from '../money.ts'
import type { Lang } from '../vocabulary.ts'
import { type Face, openFace } from './face.ts'
import { drawFacts, drawHeading, drawNote, drawTotals } from './sections.ts'
import { COLORS, MARGIN, Sheet } from './sheet.ts'
import { type Cell, drawTable, fitTable, setTable, squeezed, type Table } from './table.ts'
import { type FigureField, type StatementWords, statementWords } from './words.ts'
import { printable } from './wrap.ts'

const TOKEN_FIELDS = ['input_tokens', 'output_tokens', 'total_tokens'] as const
const COLUMN_FIELDS = [
  'request_count',
  ...TOKEN_FIELDS,
  'charged_points',
  'refunded_points',
  'net_points',
  'total_cost',
  'fal_cost_usd',
  'margin_usd',
] as const satisfies readonly FigureField[]
/** Names of models are shown whole, as the JSON has them: two that begin alike would otherwise look the same. */
const MODEL_CHARS = 150
const MODEL_LINES_MAX = 12

/** Lays out a statement and writes it as a PDF; see renderStatementPdf. */
export async function drawStatement(statement: Statement, lang: Lang): Promise<Uint8Array> {
  const face = await openFace()
  const words = statementWords(lang)
  const table = breakdownTable(statement, words)
  const { orientation, setting } = setTable(table, face)
  const name = subjectOf(statement, words)
  const id = printable(statement.invoice_id)
  const sheet = new Sheet(face, {
    title: `${words.title} ${id}`,
    lang,
    createdAt: createdAt(statement),
    orientation,
    runningHead: `${words.title} ${id} – ${printable(statement.period)}`,
    pageOf: words.pageOf,
    watermark: statement.status === 'draft' ? words.statuses.draft : '',
  })
  const { high, medium, low } = statement.findings
  drawTitle(sheet, statement, words)
  drawNote(sheet, face, words.basis)
  sheet.y += 6
  drawFacts(sheet, face, [
    [words.subject, name],
    [words.period, printable(statement.period)],
    [words.timezone, printable(statement.timezone)],
    [words.currency, printable(statement.currency)],
    [words.status, statusOf(statement, words)],
    [words.settledAt, statement.settled_at === null ? UNKNOWN : printable(statement.settled_at)],
    [words.findings, words.severities(high, medium, low)],
    [words.contentHash, printable(statement.content_hash)],
  ])
  sheet.y += 4
  if (statement.restatement !== null) drawNote(sheet, face, words.restated, COLORS.draft)
  drawTotals(sheet, face, words.totals, totalsOf(statement, words))
  if (holdsUnknown(statement)) drawNote(sheet, face, words.unknown)
  drawHeading(sheet, words.breakdown)
  if (statement.breakdown.length === 0) drawNote(sheet, face, words.noModels)
  else await drawTable(sheet, table, setting, face)
  await drawRestatement(sheet, face, statement, words)
  await drawCoverage(sheet, face, statement, words, lang)
  return sheet.bytes()
}

const holdsUnknown = (statement: Statement): boolean =>
  [statement, ...statement.breakdown].some((figures) => COLUMN_FIELDS.some((field) => figures[field] === null))

/** A date from the data: when it was settled, or else its first day. */
function createdAt({ settled_at, period }: Statement): Date {
  const millis = [settled_at ?? '', `${period}-01T00:00:00Z`].map(Date.parse).find((each) => !Number.isNaN(each))
  return new Date(millis ?? 0)
}

function drawTitle(sheet: Sheet, statement: Statement, words: StatementWords): void {
  const settled = statement.status === 'settled'
  sheet.text(words.title, MARGIN, sheet.y + 20, { size: 22, bold: true, color: COLORS.accent })
  const right = MARGIN + sheet.width
  sheet.text(printable(statement.invoice_id), right, sheet.y + 8, { size: 10, bold: true, anchor: 'right' })
  const color = settled ? COLORS.settled : COLORS.draft
  sheet.text(words.statuses[statement.status], right, sheet.y + 22, { size: 10, bold: true, color, anchor: 'right' })
  sheet.rule(MARGIN, sheet.y + 31, sheet.width, { color: COLORS.accent, thickness: 1.4 })
  sheet.y += 42
}

function subjectOf({ kind, user_id, user_name }: Statement, words: StatementWords): string {
  if (kind === 'operator') return words.operator
  return words.user(user_id === null ? UNKNOWN : String(user_id), printable(user_name ?? ''))
}

function statusOf({ status, status_reason }: Statement, words: StatementWords): string {
  const reason = status_reason === null ? '' : ` – ${words.reasons[status_reason]}`
  return `${words.statuses[status]}${reason}`
}

/** A figure as it stands in the JSON. */
const figure = (value: number | string | null): string =>
  value === null ? UNKNOWN : typeof value === 'number' ? String(value) : printable(value)

function totalsOf(statement: Statement, words: StatementWords): [label: string, figure: string][] {
  const labels = words.figures(printable(statement.currency))
  const order = [
    'total_cost',
    'charged_points',
    'refunded_points',
    'net_points',
    'request_count',
    'input_tokens',
    'output_tokens',
    'total_tokens',
    'fal_cost_usd',
    'margin_usd',
  ] as const satisfies readonly FigureField[]
  return order.map((field) => [labels[field], figure(statement[field])])
}

function breakdownTable(statement: Statement, words: StatementWords): Table {
  const labels = words.figures(printable(statement.currency))
  const untold = (field: keyof StatementLine): boolean => statement.breakdown.every((line) => line[field] === null)
  // Most models have no tokens: three columns of nothing would make all others small. The totals say that they are unknown.
  const withoutTokens = TOKEN_FIELDS.every((field) => untold(field) && statement[field] === null)
  const fields = COLUMN_FIELDS.filter((field) => !withoutTokens || !TOKEN_FIELDS.some((token) => token === field))
  const figures = (from: Pick<StatementLine, FigureField>): Cell[] =>
    fields.map((field) => ({ text: figure(from[field]) }))
  return {
    columns: [
      { label: words.model, kind: 'name', linesMax: MODEL_LINES_MAX },
      ...fields.map((field) => ({ label: labels[field], kind: 'figure' as const })),
    ],
    rows: statement.breakdown.map((line) => [modelCell(line), ...figures(line)]),
    totals: [{ text: words.total }, ...figures(statement)],
  }
}

/** The id that sums are kept by, and the stored name where it is another. */
function modelCell({ model_id, model_name }: StatementLine): Cell {
  const id = printable(model_id, MODEL_CHARS)
  const name = printable(model_name, MODEL_CHARS)
  return { text: id === '' ? UNKNOWN : id, below: name === id ? '' : name }
}

async function drawRestatement(sheet: Sheet, face: Face, statement: Statement, words: StatementWords): Promise<void> {
  const { restatement } = statement
  if (restatement === null) return
  const labels: Readonly<Record<string, string>> = words.figures(printable(statement.currency))
  drawHeading(sheet, words.restatement)
  drawNote(sheet, face, words.restatedBasis(printable(restatement.settled_at)), COLORS.ink)
  drawNote(sheet, face, `${words.settledHash}: ${printable(restatement.settled_hash)}`)
  const named = (field: string): string => (Object.hasOwn(labels, field) ? (labels[field] ?? '') : printable(field))
  const table: Table = {
    columns: [
      { label: words.restatedLine, kind: 'name', linesMax: MODEL_LINES_MAX },
      { label: words.restatedField, kind: 'name' },
      { label: words.restatedSettled, kind: 'figure' },
      { label: words.restatedNow, kind: 'figure' },
    ],
    rows: restatement.lines.map(({ line, model_id, field, settled, now }) => [
      { text: line === 'total' && model_id === undefined ? words.total : printable(line, MODEL_CHARS) },
      { text: named(field) },
      { text: figure(settled) },
      { text: figure(now) },
    ]),
  }
  await drawFitted(sheet, face, table)
}

async function drawCoverage(
  sheet: Sheet,
  face: Face,
  { coverage }: Statement,
  words: StatementWords,
  lang: Lang,
): Promise<void> {
  drawHeading(sheet, words.coverage)
  const unread = coverage.sources.filter(({ status }) => status !== 'complete')
  const summary = coverage.complete ? words.coverageComplete : words.coverageIncomplete
  drawNote(sheet, face, summary, coverage.complete ? COLORS.ink : COLORS.draft)
  drawNote(sheet, face, words.sourcesRead(coverage.sources.length - unread.length))
  if (unread.length === 0) return
  await drawFitted(sheet, face, sourcesTable(unread.slice(0, LIMITS.sourcesNamed), words, lang))
  if (unread.length > LIMITS.sourcesNamed) {
    drawNote(sheet, face, words.sourcesLeftOut(unread.length - LIMITS.sourcesNamed))
  }
}

function sourcesTable(sources: readonly SourceStatus[], words: StatementWords, lang: Lang): Table {
  const { sourceNames, sourceStatuses } = vocabulary(lang)
  return {
    columns: [
      { label: words.source, kind: 'name' },
      { label: words.account, kind: 'figure' },
      { label: words.state, kind: 'name', share: 0.6 },
      { label: words.detail, kind: 'name', share: 1.6, linesMax: 4 },
    ],
    rows: sources.map(({ source, accountId, status, reason }) => [
      { text: sourceNames[source] },
      { text: accountId === undefined ? '' : String(accountId) },
      { text: sourceStatuses[status] },
      { text: printable(reason ?? '', LIMITS.reasonChars) },
    ]),
  }
}

async function drawFitted(sheet: Sheet, face: Face, table: Table): Promise<void> {
  const { orientation } = sheet
  sheet.y += 4
  await drawTable(sheet, table, fitTable(table, face, orientation) ?? squeezed(table, face, orientation), face)
}
