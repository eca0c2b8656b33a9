/** Ids of rows, users and accounts: those that a number holds whole. */
export const ACCEPTED_IDS = `a whole number of at most ${Number.MAX_SAFE_INTEGER}`

const WHOLE = /^[+-]?\d+(?:\.0*)?$/

/** The id that a text names by its digits; undefined for any other text, and for digits that a number would round. */
export function rowIdOf(text: string): number | undefined {
  const read = WHOLE.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(read) ? read : undefined
}
