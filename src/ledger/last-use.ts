import { type Instant, later } from '../units/instant.ts'

/** The greatest time of some tasks of a key, as the database sorts them; null where it is none, or one that cannot be read. */
export interface LastUse {
  readonly apiKey: string
  readonly at: Instant | null
  /** Such a time stands before others that can be read: which of them is the newest is not told. */
  readonly isUnread: boolean
}

/** When a key was last used; null where the newest time of its tasks is not told, undefined where none of them has one. */
export type KeyUse = Instant | null | undefined

/** Of two uses of one key the later one. */
export const laterUse = (one: KeyUse, other: KeyUse): KeyUse => {
  if (one === null || other === null) return null
  if (one === undefined || other === undefined) return one ?? other
  return later(one, other)
}

/** When each key was last used. Stored keys may differ by blanks around them: then the later one counts. */
export function lastUseOf(uses: Iterable<LastUse>): Map<string, KeyUse> {
  const last = new Map<string, KeyUse>()
  for (const { apiKey, at, isUnread } of uses) {
    last.set(apiKey, laterUse(last.get(apiKey), isUnread ? null : (at ?? undefined)))
  }
  return last
}
