import { UNKNOWN } from '../money.ts'
import type { Face } from './face.ts'
import { COLORS, MARGIN, type Sheet } from './sheet.ts'
import { wrap, wrapFigure } from './wrap.ts'

const LABEL_SIZE = 8
const FACT_SIZE = 9
const FACT_LEADING = 13
const FACT_LINES_MAX = 3
const NOTE_SIZE = 8.5
const NOTE_LEADING = 12.5
const NOTE_LINES_MAX = 6
const HEADING_HEIGHT = 30
/** What a heading needs below it on its page. */
const HEADING_COMPANY = 40

const CARD_HEIGHT = 38
const CARD_GAP = 6
const CARDS_PER_ROW = 5
const CARD_PADDING = 7
const CARD_SIZES = [12, 11, 10, 9, 8, 7, 6] as const
const CARD_SIZE_MIN = 6
const CARD_LABEL_SIZE = 7.5

/** The title of a section; it never stands alone at the foot of a page. */
export function drawHeading(sheet: Sheet, text: string): void {
  sheet.ensure(HEADING_HEIGHT + HEADING_COMPANY)
  sheet.text(text, MARGIN, sheet.y + 20, { size: 11, bold: true, color: COLORS.accent })
  sheet.y += HEADING_HEIGHT
}

/** A sentence over the whole width. */
export function drawNote(sheet: Sheet, face: Face, text: string, color: string = COLORS.soft): void {
  for (const line of wrap(text, face, NOTE_SIZE, sheet.width, NOTE_LINES_MAX)) {
    sheet.ensure(NOTE_LEADING)
    sheet.text(line, MARGIN, sheet.y + NOTE_SIZE, { size: NOTE_SIZE, color })
    sheet.y += NOTE_LEADING
  }
}

/** Labels and what they say, one below the other. */
export function drawFacts(sheet: Sheet, face: Face, facts: readonly (readonly [label: string, text: string])[]): void {
  const labels = facts.map(([label]) => face.widthOf(label, LABEL_SIZE))
  const left = MARGIN + Math.max(...labels) + 14
  const width = MARGIN + sheet.width - left
  for (const [label, text] of facts) {
    sheet.text(label, MARGIN, sheet.y + FACT_SIZE, { size: LABEL_SIZE, color: COLORS.soft })
    const lines = wrap(text === '' ? UNKNOWN : text, face, FACT_SIZE, width, FACT_LINES_MAX)
    for (const line of lines) {
      sheet.text(line, left, sheet.y + FACT_SIZE, { size: FACT_SIZE })
      sheet.y += FACT_LEADING
    }
  }
}

/** Figures as cards under a heading, the first of them set off. Long ones are set smaller, never cut. */
export function drawTotals(
  sheet: Sheet,
  face: Face,
  heading: string,
  totals: readonly (readonly [label: string, figure: string])[],
): void {
  drawHeading(sheet, heading)
  const width = (sheet.width - (CARDS_PER_ROW - 1) * CARD_GAP) / CARDS_PER_ROW
  for (const [index, [label, figure]] of totals.entries()) {
    const column = index % CARDS_PER_ROW
    if (column === 0) sheet.ensure(CARD_HEIGHT)
    const x = MARGIN + column * (width + CARD_GAP)
    const room = width - 2 * CARD_PADDING
    const first = index === 0
    sheet.box(x, sheet.y, width, CARD_HEIGHT, first ? COLORS.accent : COLORS.panel, 3)
    const [shown = ''] = wrap(label, face, CARD_LABEL_SIZE, room, 1)
    const soft = first ? '#dbe6f0' : COLORS.soft
    sheet.text(shown, x + CARD_PADDING, sheet.y + 13, { size: CARD_LABEL_SIZE, color: soft })
    const size = CARD_SIZES.find((each) => face.widthOf(figure, each) <= room) ?? CARD_SIZE_MIN
    const color = first ? '#ffffff' : COLORS.ink
    for (const [line, part] of wrapFigure(figure, face, size, room).entries()) {
      sheet.text(part, x + CARD_PADDING, sheet.y + 29 + line * CARD_SIZE_MIN * 1.2, { size, color, bold: true })
    }
    if (column === CARDS_PER_ROW - 1 || index === totals.length - 1) sheet.y += CARD_HEIGHT + CARD_GAP
  }
}
