/** Below every row id. */
const NO_ROW = Number.NEGATIVE_INFINITY

/** Ids of rows, each with its user behind it. */
interface OwnedRows {
  readonly count: number
  readonly pairs: { readonly [at: number]: number }
}

/**
 * Of each user the last row id below its limit, in one pass over ids and users: for many users that takes the server less
 * than to group them. And for ids that are texts, of which some may be no numbers: those have no place in the order.
 */
export async function lastBelow(
  limits: ReadonlyMap<number, number>,
  batches: AsyncIterable<OwnedRows>,
): Promise<Map<number, number>> {
  const last = new Map<number, number>()
  for await (const { count, pairs } of batches) {
    for (let row = 0; row < count; row++) {
      const id = pairs[2 * row] ?? NO_ROW
      const userId = pairs[2 * row + 1] ?? NO_ROW
      if (id < (limits.get(userId) ?? NO_ROW) && id > (last.get(userId) ?? NO_ROW)) last.set(userId, id)
    }
  }
  return last
}

/** Of so many limits that they cannot be arguments of one call. */
export const largestOf = (limits: ReadonlyMap<number, number>): number =>
  [...limits.values()].reduce((largest, each) => Math.max(largest, each))
