import type { Report, SourceStatus } from '../../schemas/report.ts'
import { LIMITS } from '../limits.ts'
import { type Instant, instant, parseInstant, SECOND } from '../units/instant.ts'
import { openZone, type Zone } from '../units/zone.ts'
import { alertBlocks } from './alerts.ts'
import { cleanText } from './clean.ts'
import { ledgerBlocks, officialBlocks, taskBlocks } from './layers.ts'
import { aliasApart, vocabulary } from './messages.ts'
import type { Table } from './table.ts'
import { joined, type Lang } from './vocabulary.ts'
import type { Vocabulary } from './words-en.ts'

/** How a person wants to see a report. */
export interface ViewOptions {
  readonly lang: Lang
  /** Also the models of each account, with quantity, unit and cost. */
  readonly modelsPerAccount?: boolean
  /** Rows shown of each table; the largest ones where there are more. */
  readonly rowsMax?: number
  /**
   * Blanks out secrets in texts of others, before a format escapes them, cuts them or fills them up to a width: after that
   * a secret may not be known again, or what stands in its place no longer fits.
   */
  readonly redact?: (text: string) => string
}

/** One line: `lead` is the program's own, `text` may hold cleaned text of others and is escaped where that matters. */
export interface Line {
  readonly lead: string
  readonly text: string
  /** Whether it stands for what the report has as JSON, and this view leaves out. */
  readonly standsForMore?: true
}

/** A report in the order it is read, without the syntax of any format. All text is clean and on one line. */
export type Block =
  | { readonly kind: 'frame'; readonly title: string; readonly facts: readonly Line[] }
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'list'; readonly title: string; readonly lines: readonly Line[] }
  | { readonly kind: 'alerts'; readonly lines: readonly Line[] }
  | { readonly kind: 'closing'; readonly lines: readonly string[] }

const ROWS_MAX_DEFAULT = 20

/** Turns a report into blocks; the text and the Markdown views write the same ones down. */
export function reportView(report: Report, options: ViewOptions): Block[] {
  const words = vocabulary(options.lang)
  const rowsMax = Math.max(1, Math.floor(options.rowsMax ?? ROWS_MAX_DEFAULT))
  const { ok, warning, critical } = report.summary
  const blocks: Block[] = [
    frame(report, words),
    ...incompleteness(report, words),
    basis(report, words),
    ...officialBlocks(report, words, rowsMax, options.modelsPerAccount ?? false),
    ...taskBlocks(report, words, rowsMax),
    ...ledgerBlocks(report, words, rowsMax),
    ...alertBlocks(report, options.lang),
  ]
  if (blocks.some(leavesOut)) {
    blocks.push({ kind: 'list', title: words.leftOutHere, lines: [{ lead: words.wholeAsJson, text: '' }] })
  }
  const done = report.coverage.complete ? words.done : words.doneIncomplete
  blocks.push({ kind: 'closing', lines: [done, words.summary(ok, warning, critical)] })
  const { redact } = options
  return redact === undefined ? blocks : blocks.map((block) => redacted(block, redact))
}

function redacted(block: Block, redact: (text: string) => string): Block {
  switch (block.kind) {
    case 'table': {
      const { columns, rows, footer } = block.table
      const cells = (values: readonly string[]): string[] => values.map(redact)
      const table = { columns, rows: rows.map(cells), ...(footer !== undefined && { footer: cells(footer) }) }
      return { ...block, table }
    }
    case 'frame':
      return { ...block, facts: redactedLines(block.facts, redact) }
    case 'list':
    case 'alerts':
      return { ...block, lines: redactedLines(block.lines, redact) }
    case 'heading':
    case 'closing':
      return block
  }
}

const redactedLines = (lines: readonly Line[], redact: (text: string) => string): Line[] =>
  lines.map((line) => ({ ...line, text: redact(line.text) }))

const leavesOut = (block: Block): boolean =>
  (block.kind === 'list' || block.kind === 'alerts') && block.lines.some(({ standsForMore }) => standsForMore === true)

/** A line of a label and a value that may hold text of others. */
const fact = (label: string, text: string): Line => ({ lead: `${label}:`, text })

function frame(report: Report, words: Vocabulary): Block {
  const zone = openZone(report.window.timezone)
  return {
    kind: 'frame',
    title: words.title,
    facts: [fact(words.auditDate, auditDate(report.asOf, zone)), fact(words.auditPeriod, period(report.window, zone))],
  }
}

function auditDate(asOf: string, zone: Zone | undefined): string {
  const at = parseInstant(asOf)
  return at === undefined || zone === undefined ? cleanText(asOf).slice(0, 10) : zone.dateOf(at)
}

/** First and last second of a half-open window, in the zone of the audit. */
function period(window: Report['window'], zone: Zone | undefined): string {
  const start = parseInstant(window.start)
  const end = parseInstant(window.end)
  const zoneName = cleanText(window.timezone)
  if (start === undefined || end === undefined || zone === undefined) {
    return `[${cleanText(window.start)}, ${cleanText(window.end)}) (${zoneName})`
  }
  return `${zone.toNaive(start)} ~ ${zone.toNaive(lastSecond(start, end))} (${zoneName})`
}

function lastSecond(start: Instant, end: Instant): Instant {
  return instant(Math.max(start, end - SECOND))
}

function incompleteness(report: Report, words: Vocabulary): Block[] {
  if (report.coverage.complete) return []
  const unread = report.coverage.sources.filter((source) => source.status !== 'complete')
  const lines = unread.slice(0, LIMITS.sourcesNamed).map((source) => sourceLine(source, words))
  if (unread.length === 0) lines.push({ lead: words.incompleteUnnamed, text: '' })
  if (unread.length > lines.length) {
    lines.push({ lead: words.leftOutSources(unread.length - LIMITS.sourcesNamed), text: '', standsForMore: true })
  }
  return [{ kind: 'list', title: words.incomplete, lines }]
}

function sourceLine(source: SourceStatus, words: Vocabulary): Line {
  const who = source.accountId === undefined ? '' : words.subject.accountId(String(source.accountId))
  const status = words.sourceStatuses[source.status]
  const reason = cleanText(source.reason ?? '', LIMITS.reasonChars)
  return {
    lead: `${joined([who, words.sourceNames[source.source]], ' ')}: ${status}${reason === '' ? '' : ':'}`,
    text: reason,
  }
}

/** What the figures rest on: zones, link mode, depth, filters and limits. */
function basis(report: Report, words: Vocabulary): Block {
  const { settings } = report
  const linkMode = words.ledgerLinkModes[settings.ledgerLink ?? 'none']
  const linked = settings.ledgerLinkedRatio
  const link = linked === null ? linkMode : `${linkMode}${words.comma}${words.linkedRatio} ${cleanText(linked)}`
  const ids = settings.filters.ids.join(' ')
  const userIds = settings.filters.userIds.join(' ')
  const filters = joined([ids && `${words.accounts} ${ids}`, userIds && `${words.users} ${userIds}`], words.comma)
  const beyondLimit = settings.accountsBeyondLimit ?? 0
  const beyond = beyondLimit > 0 ? words.accountsBeyondLimit(beyondLimit) : ''
  const lines = [
    fact(words.dbTimezone, cleanText(settings.dbTimezone)),
    fact(words.snapshot, snapshotText(settings.snapshot, words)),
    fact(words.readFrom, readFromText(settings.readFrom, words)),
    fact(words.ledgerLink, link),
    fact(words.depth, words.depths[settings.depth]),
    fact(words.accountLimit, joined([String(settings.accountLimit), beyond], words.comma)),
    fact(words.filters, filters),
    fact(words.modelAliases, aliasText(settings.modelAliases, words)),
    fact(words.learnedAliases, aliasText(settings.learnedAliases, words)),
    fact(words.pointsPerUsd, cleanText(settings.pointsPerUsd ?? '')),
  ]
  return { kind: 'list', title: words.basis, lines: lines.filter((line) => line.text !== '') }
}

function snapshotText(snapshot: Report['settings']['snapshot'], words: Vocabulary): string {
  return snapshot === undefined || snapshot === 'consistent' ? '' : words.snapshots[snapshot]
}

function readFromText(readFrom: Report['settings']['readFrom'], words: Vocabulary): string {
  const tables = (['tasks', 'points', 'cash'] as const).flatMap((table) =>
    readFrom?.[table] === undefined ? [] : [`${words.sourceNames[table]} < ${readFrom[table]}`],
  )
  return tables.length === 0 ? '' : words.readFromIds(tables, LIMITS.idsSampled)
}

function aliasText(aliases: Readonly<Record<string, string>>, words: Vocabulary): string {
  const pairs = Object.entries(aliases).map(([stored, endpoints]) => aliasApart(stored, endpoints, words))
  return cleanText(pairs.join(words.comma), LIMITS.reasonChars)
}
