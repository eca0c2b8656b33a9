/** The place of the first of some values, in ascending order, that lies above a limit: their number where none does. */
export function placeAbove<Each>(values: ArrayLike<Each>, limit: number, numberOf: (each: Each) => number): number {
  let [from, until] = [0, values.length]
  while (from < until) {
    const middle = (from + until) >>> 1
    if (numberOf(values[middle] as Each) > limit) until = middle
    else from = middle + 1
  }
  return from
}
