import { cleanText } from '../clean.ts'
import { graphemesOf } from '../width.ts'
import type { Face } from './face.ts'

/** Sums of widths differ in their last bits from what a column was measured by, in points. */
const SLACK = 0.01
const MARKED = /\P{M}\p{M}+/gu
const BREAKS_AFTER = /^[\s/\-_.,:;|，。、；：）)\]]$/u
// Ideographs and kana: a line may end beside each of them.
const IDEOGRAPHIC = /^[\p{Ideographic}\p{Script=Hiragana}\p{Script=Katakana}]/u
const NEVER_FIRST = /^[\s，。、；：）)\]！？!?…」』》]/u

/**
 * A text of others as it may stand in a document: clean, on one line. Letters with their marks become one character where
 * there is one, since the font has no place for loose marks. Ideographs stay as they are.
 */
export const printable = (text: string, charsMax?: number): string =>
  cleanText(text, charsMax).replace(MARKED, (letter) => letter.normalize('NFC'))

/** Breaks a text into at most `linesMax` lines of a width in points; a cut text ends in '…'. */
export function wrap(text: string, face: Face, size: number, width: number, linesMax: number): string[] {
  const graphemes = graphemesOf(text)
  const lines: string[] = []
  let start = 0
  while (start < graphemes.length) {
    const rest = graphemes.slice(start)
    if (lines.length === linesMax - 1) {
      lines.push(cut(rest, face, size, width))
      break
    }
    const count = lineCount(rest, face, size, width)
    lines.push(rest.slice(0, count).join('').trimEnd())
    start += count
    while (graphemes[start] === ' ') start++
  }
  return lines
}

/** How many graphemes go onto the next line: at least one. */
function lineCount(graphemes: readonly string[], face: Face, size: number, width: number): number {
  let used = 0
  let breakAfter = 0
  for (const [index, grapheme] of graphemes.entries()) {
    used += face.widthOf(grapheme, size)
    // A blank at the end of a line takes no room.
    if (used > width + SLACK && grapheme !== ' ') return breakAfter > 0 ? breakAfter : Math.max(1, index)
    if (mayBreak(grapheme, graphemes[index + 1] ?? '')) breakAfter = index + 1
  }
  return graphemes.length
}

const mayBreak = (grapheme: string, next: string): boolean =>
  !NEVER_FIRST.test(next) && (BREAKS_AFTER.test(grapheme) || IDEOGRAPHIC.test(grapheme) || IDEOGRAPHIC.test(next))

function cut(graphemes: readonly string[], face: Face, size: number, width: number): string {
  const whole = graphemes.join('')
  if (face.widthOf(whole, size) <= width + SLACK) return whole
  let kept = ''
  let used = face.widthOf('…', size)
  for (const grapheme of graphemes) {
    used += face.widthOf(grapheme, size)
    if (used > width + SLACK) break
    kept += grapheme
  }
  return `${kept.trimEnd()}…`
}

/** Breaks a figure where it must: all its characters are kept, on as many lines as it takes. */
export function wrapFigure(figure: string, face: Face, size: number, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const character of figure) {
    if (line !== '' && face.widthOf(line + character, size) > width + SLACK) {
      lines.push(line)
      line = ''
    }
    line += character
  }
  return [...lines, line]
}
