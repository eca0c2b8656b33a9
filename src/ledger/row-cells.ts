import { type Span, spanOfText } from '../rows/record-list.ts'
import type { Whole } from '../units/exact-sums.ts'
import { isInTextOrder, parseWall, type WallMillis } from '../units/wall.ts'
import {
  type Cell,
  type CellType,
  flagOf,
  idOf,
  integerOf,
  isPaddedText,
  type Place,
  textOf,
  usdReader,
  wholeOrNull,
  withoutId,
  wordOf,
} from './cells.ts'

/** Gives a text that many rows repeat its code. */
export type CodeOf = (text: string) => number

/**
 * One row of a result, read column by column in whatever form it came; columns begin at 0. The next row comes in the same
 * place, and so does what is read of it.
 */
export interface RowCells {
  /** Every column as it is; the same array for each row. */
  cells(): readonly Cell[]
  /** The id of a row, a user or an account; 0 for NULL. Throws where no number holds it whole. */
  id(column: number, place: Place): number
  /** A code; 0 for NULL. */
  integer(column: number): number
  /** Set for 1 alone, and not for NULL. Throws where it is a word that says neither. */
  flag(column: number, place: Place): boolean
  isNull(column: number): boolean
  /** Points, cents or a count; null for NULL. Throws where the value is no whole number. */
  whole(column: number, place: Place): Whole | null
  /** An amount of USD in nano-USD; null for NULL. Throws where it is none. */
  usd(column: number, place: Place): Whole | null
  /** A naive DATETIME; NaN for NULL, and where it is no real time. */
  wall(column: number): WallMillis
  /** Whether the database compares such a DATETIME by the time it tells: not a text in any other form than that of DATETIME. */
  isComparable(column: number): boolean
  /** Trimmed; '' for NULL. */
  text(column: number): string
  /** The text of a code, which a BIT tells as its number; '' for NULL. */
  code(column: number): string
  /** Whether blanks stand around a text, which then is another one to a database that looks for it. */
  isPadded(column: number): boolean
  /** The code of a text that many rows repeat, trimmed. One column is always asked with the same codes. */
  word(column: number, codeOf: CodeOf): number
  /** The bytes of a text, trimmed; none for NULL. */
  span(column: number): Span
}

/** Whether a stored DATETIME is a text that comes where its time does. */
export const isComparableTime = (cell: Cell | undefined): boolean => typeof cell === 'string' && isInTextOrder(cell)

/** The id of a row, its first column. Throws where it has none. */
export function rowIdIn(row: RowCells, place: Place): number {
  const id = row.id(0, place)
  if (id === 0 && row.text(0) === '') throw withoutId(place)
  return id
}

/** The id of the user whom a row names; null where it names nobody: NULL, or a text that is empty. A user may have the id 0. */
export function ownerOf(row: RowCells, column: number, place: Place): number | null {
  const id = row.id(column, place)
  return id === 0 && row.text(column) === '' ? null : id
}

/** A row whose values the driver has made already. */
export class CellRow implements RowCells {
  readonly #types: readonly CellType[]
  readonly #usdReaders = new Map<number, (cell: Cell | undefined) => Whole | null>()
  #cells: readonly Cell[] = []

  /** `types`: of the columns, as far as they are known. */
  constructor(types: readonly CellType[] = []) {
    this.#types = types
  }

  of(cells: readonly Cell[]): this {
    this.#cells = cells
    return this
  }

  cells(): readonly Cell[] {
    return this.#cells
  }

  id(column: number, place: Place): number {
    return idOf(this.#cells[column], place)
  }

  integer(column: number): number {
    return integerOf(this.#cells[column])
  }

  flag(column: number, place: Place): boolean {
    return flagOf(this.#cells[column], place)
  }

  isNull(column: number): boolean {
    const cell = this.#cells[column]
    return cell === null || cell === undefined
  }

  whole(column: number, place: Place): Whole | null {
    return wholeOrNull(this.#cells[column], place)
  }

  usd(column: number, place: Place): Whole | null {
    let reader = this.#usdReaders.get(column)
    if (reader === undefined) {
      reader = usdReader(this.#types[column] ?? 'other', place)
      this.#usdReaders.set(column, reader)
    }
    return reader(this.#cells[column])
  }

  wall(column: number): WallMillis {
    const cell = this.#cells[column]
    return cell === null || cell === undefined ? Number.NaN : parseWall(textOf(cell))
  }

  isComparable(column: number): boolean {
    return isComparableTime(this.#cells[column])
  }

  text(column: number): string {
    return textOf(this.#cells[column])
  }

  code(column: number): string {
    return wordOf(this.#cells[column])
  }

  isPadded(column: number): boolean {
    return isPaddedText(this.#cells[column])
  }

  word(column: number, codeOf: CodeOf): number {
    return codeOf(textOf(this.#cells[column]))
  }

  span(column: number): Span {
    return spanOfText(textOf(this.#cells[column]))
  }
}
