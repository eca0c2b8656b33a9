import { type Instant, later } from './instant.ts'

/** When a key was last used; null where the newest time of its tasks is not told, undefined where none of them has one. */
export type KeyUse = Instant | null | undefined

/** Of two uses of one key the later one. */
export const laterUse = (one: KeyUse, other: KeyUse): KeyUse => {
  if (one === null || other === null) return null
  if (one === undefined || other === undefined) return one ?? other
  return later(one, other)
}
