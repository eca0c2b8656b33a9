import type { ImportTable } from './columns.ts'

const QUOTE = 34
/** Of a single one, a title say, the quotes may be its own. */
const FIELDS_MIN = 2

/**
 * Columns of texts whose every field stands in quotes, in a file whose form knows none: whoever wrote it encloses texts, and
 * read as they stand they would keep the quotes. NULLs and empty fields tell nothing.
 */
export class EnclosedColumns {
  readonly #table: ImportTable
  /** Slots of texts of which each field so far stood in quotes. */
  readonly #slots: Set<number>
  /** By slot, the line of the first such field, and how many they are. */
  readonly #seen = new Map<number, { readonly line: number; fields: number }>()

  constructor(table: ImportTable) {
    this.#table = table
    const isText = (slot: number): boolean => ['text', 'secret'].includes(table.columns[slot]?.kind ?? '')
    this.#slots = new Set([...table.columns.keys()].filter(isText))
  }

  observe(line: number, values: readonly (string | null)[]): void {
    for (const slot of this.#slots) {
      const text = values[slot] ?? ''
      if (text === '') continue
      const last = text.length - 1
      if (last === 0 || text.charCodeAt(0) !== QUOTE || text.charCodeAt(last) !== QUOTE) {
        this.#slots.delete(slot)
        continue
      }
      const seen = this.#seen.get(slot) ?? { line, fields: 0 }
      this.#seen.set(slot, seen)
      seen.fields += 1
    }
  }

  /** Tells of each such column, at its first field. */
  tell(bad: (line: number, problem: string) => void): void {
    const found = [...this.#slots].flatMap((slot) => {
      const seen = this.#seen.get(slot)
      return seen === undefined ? [] : [{ ...seen, name: this.#table.columns[slot]?.name ?? '' }]
    })
    if (found.reduce((sum, { fields }) => sum + fields, 0) < FIELDS_MIN) return
    for (const { line, name } of found) {
      bad(
        line,
        `${name}: every field of the column stands in quotes, which would be part of its texts in a file of this form; put the names of the first line in quotes, too, or export the file with commas, or texts without quotes`,
      )
    }
  }
}
