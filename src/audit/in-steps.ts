/** Tasks or rows that are gone through before others may have their turn. */
const ROWS_AT_ONCE = 50_000

/** Goes through many rows some at a time, and lets others have their turn in between. */
export function* inSteps(
  count: number,
  take: (from: number, until: number) => void,
): Generator<undefined, void, undefined> {
  for (let from = 0; from < count; from += ROWS_AT_ONCE) {
    if (from > 0) yield
    take(from, Math.min(count, from + ROWS_AT_ONCE))
  }
}
