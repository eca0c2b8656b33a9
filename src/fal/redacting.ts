import type { Fetched } from './reader.ts'

/** Blanks out what is secret in a text. */
export type Redact = (text: string) => string

type TextKey<Row> = { [Key in keyof Row]: Row[Key] extends string | null ? Key : never }[keyof Row]

/** The same answer, its rows' texts redacted. */
export function redactedRows<Row>(
  fetched: Fetched<Row[]>,
  keys: readonly TextKey<Row>[],
  redact: Redact,
): Fetched<Row[]> {
  return fetched.status === 'failed' ? fetched : { ...fetched, value: redactedTexts(fetched.value, keys, redact) }
}

/** The same rows, their texts redacted. Rows without a secret stay the same objects: there may be a million. */
export function redactedTexts<Row>(rows: readonly Row[], keys: readonly TextKey<Row>[], redact: Redact): Row[] {
  const clean = (row: Row): Row => {
    let redacted = row
    for (const key of keys) {
      const text = row[key]
      const shown = typeof text === 'string' ? redact(text) : text
      if (shown !== text) redacted = { ...redacted, [key]: shown }
    }
    return redacted
  }
  return rows.map(clean)
}
