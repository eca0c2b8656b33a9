import { placeAbove } from '../units/sorted.ts'

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

/** The same of users of whom each may have several limits: the last row ids below all of them, each once. */
export async function eachLastBelow(
  limits: readonly { readonly userId: number; readonly rowId: number }[],
  batches: AsyncIterable<OwnedRows>,
): Promise<Set<number>> {
  const ofUsers = new Map<number, { readonly limits: number[]; readonly last: number[] }>()
  for (const { userId, rowId } of [...limits].sort((a, b) => a.rowId - b.rowId)) {
    const own = ofUsers.get(userId) ?? { limits: [], last: [] }
    ofUsers.set(userId, own)
    own.limits.push(rowId)
    own.last.push(NO_ROW)
  }
  for await (const { count, pairs } of batches) {
    for (let row = 0; row < count; row++) {
      const id = pairs[2 * row] ?? NO_ROW
      const own = ofUsers.get(pairs[2 * row + 1] ?? NO_ROW)
      if (own === undefined) continue
      const at = placeAbove(own.limits, id, (limit) => limit)
      if (id > (own.last[at] ?? Number.POSITIVE_INFINITY)) own.last[at] = id
    }
  }
  const found = new Set<number>()
  // Where there is none above the limit before, it is the one that was found below that.
  for (const { last } of ofUsers.values()) for (const id of last) if (id > NO_ROW) found.add(id)
  return found
}

/** Of so many limits that they cannot be arguments of one call. */
export const largestOf = (limits: Iterable<number>): number =>
  [...limits].reduce((largest, each) => Math.max(largest, each))
