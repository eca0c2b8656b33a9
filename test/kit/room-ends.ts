import { expect } from 'vitest'

/** Rows of one size fill the room that a writer begins with, and what it grows by, several times over. */
const ROWS = 200
const CHARS_MAX = 160
const STEP = 7

/**
 * Has rows of many sizes written, so many of each that the room for them ends at some place within one: each is given again whole.
 * `rowsOf`: of so many characters more or less.
 */
export function expectWholeAtAnyEnd<Row>(
  rowsOf: (chars: number) => readonly Row[],
  writtenAndRead: (rows: readonly Row[]) => readonly Row[],
): void {
  for (let chars = 0; chars < CHARS_MAX; chars += STEP) {
    for (const row of rowsOf(chars)) {
      const read = writtenAndRead(new Array<Row>(ROWS).fill(row))
      expect([read.length, read[0], read.at(-1)]).toEqual([ROWS, row, row])
    }
  }
}
