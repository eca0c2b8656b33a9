import { displayWidth, padEndWidth, padStartWidth, truncateWidth } from './width.ts'

export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
  /** Display width that cells of this column are cut to; uncut where absent. */
  readonly widthMax?: number
}

/** A table of finished cells: clean, formatted, one line each. Missing cells are blank. */
export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
  readonly footer?: readonly string[]
}

const INDENT = '  '
const GAP = '  '
const RULE = '─'

/**
 * Lays a table out for a terminal, one string a line: titles, a rule, the rows and, after another rule, the footer.
 * Widths follow the content; every line has the same display width.
 */
export function renderTable(table: Table): string[] {
  const { columns } = table
  const cut = (cells: readonly string[]): string[] =>
    columns.map((column, index) => {
      const cell = cells[index] ?? ''
      return column.widthMax === undefined ? cell : truncateWidth(cell, column.widthMax)
    })
  const titles = columns.map((column) => column.title)
  const rows = table.rows.map(cut)
  const footer = table.footer === undefined ? undefined : cut(table.footer)
  const widths = columns.map((_, index) =>
    [titles, ...rows, footer ?? []].reduce((widest, cells) => Math.max(widest, displayWidth(cells[index] ?? '')), 0),
  )
  const line = (cells: readonly string[]): string =>
    INDENT +
    columns
      .map((column, index) => {
        const pad = column.align === 'right' ? padStartWidth : padEndWidth
        return pad(cells[index] ?? '', widths[index] ?? 0)
      })
      .join(GAP)
  const rule = INDENT + widths.map((width) => RULE.repeat(width)).join(GAP)
  const body = [line(titles), rule, ...rows.map(line)]
  return footer === undefined ? body : [...body, rule, line(footer)]
}
