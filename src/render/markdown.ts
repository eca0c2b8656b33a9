import type { Report } from '../../schemas/report.ts'
import type { Table } from './table.ts'
import { type Block, type Line, reportView, type ViewOptions } from './view.ts'

/** Writes a report as GitHub Markdown, with the same content as the text view. */
export function renderMarkdown(report: Report, options: ViewOptions): string {
  return `${reportView(report, options).map(blockMarkdown).join('\n\n')}\n`
}

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case 'frame':
      return [`# ${block.title}`, '', ...block.facts.map(item)].join('\n')
    case 'heading':
      return `## ${block.text}`
    case 'table':
      return tableMarkdown(block.table)
    case 'list':
      return [...(block.title === '' ? [] : [`**${block.title}**`, '']), ...block.lines.map(item)].join('\n')
    case 'alerts':
      return block.lines.map(item).join('\n')
    case 'closing':
      return ['---', '', ...block.lines.flatMap((line) => [line, ''])].join('\n').trimEnd()
  }
}

const item = ({ lead, text }: Line): string => (text === '' ? `- ${lead}` : `- ${lead} ${escapeMarkdown(text)}`)

function tableMarkdown({ columns, rows, footer }: Table): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const cells = (values: readonly string[]): string[] => columns.map((_, index) => escapeMarkdown(values[index] ?? ''))
  const lines = [
    row(columns.map((column) => column.title)),
    row(columns.map((column) => (column.align === 'right' ? '---:' : ':---'))),
    ...rows.map((values) => row(cells(values))),
  ]
  const total = footer === undefined ? [] : [row(cells(footer).map((cell) => (cell === '' ? '' : `**${cell}**`)))]
  return [...lines, ...total].join('\n')
}

// GitHub turns these into links and mentions after it has undone escapes, so only a code span stops them.
const LINKS_ITSELF = /:\/\/|www\.|mailto:|@|#\d|\bGH-\d/i
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * Makes clean text stand as itself in a table cell or after other text on a line: no structure, link, mention or HTML of
 * its own. Marks that only count at the start of a line, such as -, stay as they are: amounts begin with them. Text that GitHub would link whatever its escapes becomes a code span, with ' for backticks and ¦ for pipes.
 */
export function escapeMarkdown(text: string): string {
  if (LINKS_ITSELF.test(text)) return `\`${text.replaceAll('`', "'").replaceAll('|', '¦')}\``
  return text
    .replace(/[\\`*_{}[\]|~$]/g, '\\$&')
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? '')
    .replace(/^#/, '\\#')
}
