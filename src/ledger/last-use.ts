import type { Instant } from '../units/instant.ts'
import { type KeyUse, laterUse } from '../units/key-use.ts'

/** The greatest time of some tasks of a key, as the database sorts them; null where it is none, or one that cannot be read. */
export interface LastUse {
  readonly apiKey: string
  readonly at: Instant | null
  /** Such a time stands before others that can be read: which of them is the newest is not told. */
  readonly isUnread: boolean
}

/** When each key was last used. Stored keys may differ by blanks around them: then the later one counts. */
export function lastUseOf(uses: Iterable<LastUse>): Map<string, KeyUse> {
  const last = new Map<string, KeyUse>()
  for (const { apiKey, at, isUnread } of uses) {
    last.set(apiKey, laterUse(last.get(apiKey), isUnread ? null : (at ?? undefined)))
  }
  return last
}
