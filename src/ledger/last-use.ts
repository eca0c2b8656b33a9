import { type Instant, later } from '../units/instant.ts'

/** The greatest time of some tasks of a key, as the database sorts them; null where it is none, or one that cannot be read. */
export interface LastUse {
  readonly apiKey: string
  readonly at: Instant | null
  /** Such a time stands before others that can be read: which of them is the newest is not told. */
  readonly isUnread: boolean
}

/** When each key was last used; null where that is not told. Stored keys may differ by blanks around them: then the later one counts. */
export function lastUseOf(uses: Iterable<LastUse>): Map<string, Instant | null> {
  const last = new Map<string, Instant | null>()
  const unread = new Set<string>()
  for (const { apiKey, at, isUnread } of uses) {
    const known = last.get(apiKey) ?? at
    last.set(apiKey, at === null || known === null ? known : later(at, known))
    if (isUnread) unread.add(apiKey)
  }
  for (const apiKey of unread) last.set(apiKey, null)
  return last
}
