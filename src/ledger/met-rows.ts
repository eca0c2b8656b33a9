import type { recordsOf } from './decode-rows.ts'
import type { TimedTable, UnknownKinds, UnreadTimes, UnreadTimesOf } from './reader.ts'
import type { UnreadRows } from './unread-rows.ts'

type Noted = Pick<ReturnType<typeof recordsOf>, 'unread' | 'undatedTasks' | 'unknownKinds'>
type Draft<T> = { -readonly [Key in keyof T]: T[Key] }

/**
 * What the streams of a snapshot met. A table may be streamed more than once: the stream counts that met most such rows, since
 * others may have met the same.
 */
export function metRows(records: Noted) {
  let unread: Draft<Omit<UnreadTimes, 'undatedTasks'>> = {}
  let kinds: Draft<UnknownKinds> = {}
  let undated: UnreadTimes['undatedTasks']
  const most = (met: UnreadRows, known: UnreadTimesOf | undefined): UnreadTimesOf | undefined =>
    met.rows > (known?.rows ?? 0) ? met.told() : known
  const noteKinds = (book: keyof UnknownKinds): void => {
    const { rows, words } = records.unknownKinds[book]
    if (rows > (kinds[book]?.rows ?? 0)) kinds[book] = { rows, words: [...words] }
  }
  return {
    /** Notes what the last stream of a table met; `fromRowId`: it did not look at those with lower ids. */
    note(table: TimedTable, fromRowId?: number): void {
      const told = most(records.unread[table], unread[table])
      if (told !== undefined) unread[table] = told
      if (table !== 'tasks') {
        noteKinds(table)
        return
      }
      const { undatedTasks } = records
      if (undatedTasks.rows === 0 || undatedTasks.rows < (undated?.rows ?? 0)) return
      undated = { ...undatedTasks.told(), ...(fromRowId !== undefined && { fromRowId }) }
    },
    /** Of the streams so far nothing is told any more. */
    forget(): void {
      unread = {}
      kinds = {}
      undated = undefined
    },
    unreadTimes: (): UnreadTimes => ({
      ...unread,
      ...(undated !== undefined && { undatedTasks: undated }),
    }),
    unknownKinds: (): UnknownKinds => ({ ...kinds }),
  }
}
