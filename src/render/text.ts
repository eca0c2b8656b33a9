import type { Report } from '../../schemas/report.ts'
import { renderTable } from './table.ts'
import { type Block, type Line, reportView, type ViewOptions } from './view.ts'

const FRAME = '='.repeat(60)

/** Writes a report for a terminal: plain text without colours, columns aligned with Chinese text, ends in a newline. */
export function renderText(report: Report, options: ViewOptions): string {
  const blocks = reportView(report, options)
  const lines = blocks.flatMap((block, index) => {
    const written = blockLines(block)
    return index > 0 && standsApart(block) ? ['', ...written] : written
  })
  return `${lines.join('\n')}\n`
}

const standsApart = (block: Block): boolean =>
  block.kind === 'heading' || block.kind === 'closing' || (block.kind === 'list' && block.title !== '')

function blockLines(block: Block): string[] {
  switch (block.kind) {
    case 'frame':
      return [FRAME, block.title, ...block.facts.map(lineText), FRAME]
    case 'heading':
      return [block.text]
    case 'table':
      return renderTable(block.table)
    case 'list':
      return [...(block.title === '' ? [] : [block.title]), ...block.lines.map((line) => `  ${lineText(line)}`)]
    case 'alerts':
      return block.lines.map(lineText)
    case 'closing':
      return [FRAME, ...block.lines, FRAME]
  }
}

const lineText = ({ lead, text }: Line): string => (text === '' ? lead : `${lead} ${text}`)
