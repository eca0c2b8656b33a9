import { setImmediate } from 'node:timers/promises'
import type { Face } from './face.ts'
import { COLORS, contentWidth, MARGIN, type Orientation, type Sheet } from './sheet.ts'
import { wrap, wrapFigure } from './wrap.ts'

/** A column of names grows into the room there is; one of figures is as wide as its widest figure. */
export interface Column {
  readonly label: string
  readonly kind: 'name' | 'figure'
  /** How much of the room a column of names gets, beside others; 1 unless told. */
  readonly share?: number
  /** Lines that a name may take before it is cut; 2 unless told. */
  readonly linesMax?: number
}

/** What a cell says, and a smaller line below it, '' for none. Only names have one. */
export interface Cell {
  readonly text: string
  readonly below?: string
}

export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
  /** Sums, set apart from the rows. */
  readonly totals?: readonly Cell[]
}

/** How a table is set: its size of letters and the width of each column, in points. */
export interface Setting {
  readonly size: number
  readonly widths: readonly number[]
}

const SIZES = [8, 7.5, 7, 6.5, 6, 5.5] as const
const SIZE_MIN = 5.5
/** Below this size a portrait page is turned. */
const PORTRAIT_SIZE_MIN = 7
const NAME_WIDTH_MIN = { portrait: 140, landscape: 120 } as const
/** Room that one share of names takes beside columns of figures. */
const NAME_WIDTH_MAX = 180
const PADDING = 4.5
/** Above and below the lines of a row. */
const PADDING_Y = 3.5
const LEADING = 1.32
const NAME_LINES_MAX = 2
const LABEL_LINES_MAX = 3
/** What the smaller line of a cell is of its size. */
const BELOW_SIZE = 0.86

/** The orientation in which a table can be read, and how it is set there. Figures are made smaller, never cut. */
export function setTable(table: Table, face: Face): { orientation: Orientation; setting: Setting } {
  for (const orientation of ['portrait', 'landscape'] as const) {
    const setting = fitTable(table, face, orientation)
    if (setting !== undefined && (orientation === 'landscape' || setting.size >= PORTRAIT_SIZE_MIN)) {
      return { orientation, setting }
    }
  }
  return { orientation: 'landscape', setting: squeezed(table, face) }
}

/** The largest setting in which every figure has its room; undefined where there is none. */
export function fitTable(table: Table, face: Face, orientation: Orientation): Setting | undefined {
  for (const size of SIZES) {
    const widths = naturalWidths(table, face, size)
    const shares = table.columns.map(({ kind, share = 1 }) => (kind === 'name' ? share : 0))
    const sharesTotal = shares.reduce((sum, share) => sum + share, 0)
    const room = contentWidth(orientation) - widths.reduce((sum: number, width) => sum + (width ?? 0), 0)
    if (room < sharesTotal * NAME_WIDTH_MIN[orientation]) continue
    // What names do not need sets figures apart from each other, unless a table is mostly of names.
    const figures = shares.filter((share) => share === 0).length
    const perShare = figures * 2 < shares.length ? room / sharesTotal : Math.min(room / sharesTotal, NAME_WIDTH_MAX)
    const spare = (room - perShare * sharesTotal) / Math.max(1, figures)
    return {
      size,
      widths: widths.map((width, index) => (width === undefined ? perShare * (shares[index] ?? 0) : width + spare)),
    }
  }
  return undefined
}

/** For figures beyond all measure: narrower columns, in which they go on in the next line. */
export function squeezed(table: Table, face: Face, orientation: Orientation = 'landscape'): Setting {
  const wanted = naturalWidths(table, face, SIZE_MIN).map((width) => width ?? NAME_WIDTH_MIN.landscape)
  const shrink = contentWidth(orientation) / wanted.reduce((sum, width) => sum + width, 0)
  return { size: SIZE_MIN, widths: wanted.map((width) => width * shrink) }
}

/** What each column of figures takes; undefined for those of names. */
function naturalWidths({ columns, rows, totals }: Table, face: Face, size: number): (number | undefined)[] {
  return columns.map(({ label, kind }, index) => {
    if (kind === 'name') return undefined
    const figures = [...rows, totals ?? []].map((cells) => face.widthOf(cells[index]?.text ?? '', size))
    const words = label.split(' ').map((word) => face.widthOf(word, size))
    // A label without blanks takes up to three lines, of at least this width.
    const labelWidth = /[ -~]{4}/.test(label) ? Math.max(...words) : Math.min(Math.max(...words), size * 4.2)
    return figures.reduce((widest, width) => Math.max(widest, width), labelWidth) + 2 * PADDING
  })
}

interface SetRow {
  readonly height: number
  readonly cells: readonly { readonly lines: readonly string[]; readonly below: readonly string[] }[]
}

/** Draws a table from where the sheet stands, with its head on each page it goes on to. */
export async function drawTable(sheet: Sheet, table: Table, { size, widths }: Setting, face: Face): Promise<void> {
  const head = setHead(table, size, widths, face)
  const totals = table.totals === undefined ? undefined : setRow(table, table.totals, size, widths, face)
  let headed = false
  for (const [index, cells] of table.rows.entries()) {
    const row = setRow(table, cells, size, widths, face)
    // The sums never stand alone on a page, and neither does the head.
    const last = index === table.rows.length - 1 ? (totals?.height ?? 0) : 0
    if (!sheet.fits(row.height + last + (headed ? 0 : head.height))) {
      sheet.newPage()
      headed = false
      // A statement of thousands of models takes seconds; others are served meanwhile.
      await setImmediate()
    }
    if (!headed) drawHead(sheet, table, head, size, widths)
    headed = true
    drawRow(sheet, table, row, size, widths, false)
    sheet.rule(MARGIN, sheet.y, sheet.width, { thickness: 0.4 })
  }
  if (totals === undefined) return
  sheet.rule(MARGIN, sheet.y, sheet.width, { color: COLORS.accent, thickness: 1 })
  drawRow(sheet, table, totals, size, widths, true)
  sheet.rule(MARGIN, sheet.y, sheet.width, { color: COLORS.accent, thickness: 1 })
}

function setHead({ columns }: Table, size: number, widths: readonly number[], face: Face): SetRow {
  const cells = columns.map(({ label }, index) => ({
    lines: wrap(label, face, size, inner(widths[index]), LABEL_LINES_MAX),
    below: [],
  }))
  return { cells, height: heightOf(cells, size) }
}

function setRow({ columns }: Table, row: readonly Cell[], size: number, widths: readonly number[], face: Face): SetRow {
  const cells = columns.map(({ kind, linesMax = NAME_LINES_MAX }, index) => {
    const { text, below = '' } = row[index] ?? { text: '' }
    const width = inner(widths[index])
    if (kind === 'figure') return { lines: wrapFigure(text, face, size, width), below: [] }
    return {
      lines: wrap(text, face, size, width, linesMax),
      below: wrap(below, face, size * BELOW_SIZE, width, linesMax),
    }
  })
  return { cells, height: heightOf(cells, size) }
}

const inner = (width = 0): number => width - 2 * PADDING

function heightOf(cells: SetRow['cells'], size: number): number {
  const tallest = Math.max(1, ...cells.map(({ lines, below }) => lines.length + below.length * BELOW_SIZE))
  return tallest * size * LEADING + 2 * PADDING_Y
}

function drawHead(sheet: Sheet, table: Table, head: SetRow, size: number, widths: readonly number[]): void {
  sheet.box(MARGIN, sheet.y, sheet.width, head.height, COLORS.accent)
  drawRow(sheet, table, head, size, widths, true, '#ffffff')
}

function drawRow(
  sheet: Sheet,
  { columns }: Table,
  { cells, height }: SetRow,
  size: number,
  widths: readonly number[],
  bold: boolean,
  color: string = COLORS.ink,
): void {
  let x = MARGIN
  for (const [index, { lines, below }] of cells.entries()) {
    const width = widths[index] ?? 0
    const right = columns[index]?.kind === 'figure'
    const edge = right ? x + width - PADDING : x + PADDING
    const anchor = right ? 'right' : 'left'
    let baseline = sheet.y + PADDING_Y + size
    for (const line of lines) {
      sheet.text(line, edge, baseline, { size, bold, color, anchor })
      baseline += size * LEADING
    }
    for (const line of below) {
      sheet.text(line, edge, baseline, { size: size * BELOW_SIZE, color: COLORS.soft, anchor })
      baseline += size * BELOW_SIZE * LEADING
    }
    x += width
  }
  sheet.y += height
}
