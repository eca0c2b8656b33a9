import type { Fetched } from './reader.ts'

/** Blanks out what is secret in a text. */
export type Redact = (text: string) => string

/** The same answer, its rows' texts redacted. Rows without a secret stay the same objects: there may be a million. */
export function redactedRows<Row>(
  fetched: Fetched<Row[]>,
  keys: readonly { [Key in keyof Row]: Row[Key] extends string | null ? Key : never }[keyof Row][],
  redact: Redact,
): Fetched<Row[]> {
  if (fetched.status === 'failed') return fetched
  const clean = (row: Row): Row => {
    let redacted = row
    for (const key of keys) {
      const text = row[key]
      const shown = typeof text === 'string' ? redact(text) : text
      if (shown !== text) redacted = { ...redacted, [key]: shown }
    }
    return redacted
  }
  return { ...fetched, value: fetched.value.map(clean) }
}
