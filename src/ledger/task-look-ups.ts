import { LIMITS } from '../limits.ts'
import type { InstantRange } from '../units/instant.ts'
import type { BatcherFactory } from './batches.ts'
import type { decodersOf } from './decode.ts'
import { type IdSample, isMostIn } from './id-order.ts'
import type { LedgerQueries, NaiveBounds, Statement } from './queries.ts'
import type { LedgerSnapshot, TaskRow } from './reader.ts'

export interface TaskLookUpParts {
  /** Tasks by ids, so many a query as may be named. */
  find<Id>(ids: Iterable<Id>, statementOf: (ids: readonly Id[]) => Statement): Promise<TaskRow[]>
  rowIdsOf(statement: Statement, batches: BatcherFactory<readonly number[]>): Promise<number[]>
  /** What lies outside a range of which each task was handed out by a stream; undefined where none did so. */
  outsideOf(taken: InstantRange | undefined): NaiveBounds | undefined
  /** Whether blanks may stand around the id of a task: some of those that were read had them, or none was read. */
  mayBePadded(): boolean
  sample(): Promise<IdSample | undefined>
  bareRequestId(stored: string): string
  readonly queries: LedgerQueries
  readonly decoders: ReturnType<typeof decodersOf>
}

type TaskLookUps = Pick<LedgerSnapshot, 'tasksByTaskIds' | 'tasksByRequestIds' | 'tasksByEitherId'>

/** How tasks of any time are found by their ids. */
export function taskLookUps(parts: TaskLookUpParts): TaskLookUps {
  const { find, rowIdsOf, queries, decoders } = parts
  const wantedRequests = (ids: readonly string[]): ReadonlySet<string> =>
    new Set(ids.map(parts.bareRequestId).filter((id) => id !== ''))
  const byRowIds = async (rowIds: readonly number[]): Promise<TaskRow[]> =>
    sortedByRow(await find(rowIds, queries.tasksByRowIds))

  /**
   * What is left to look through, where the most was streamed: otherwise an index on the ids may serve, which tells no times, and
   * to leave out what was streamed would spare little.
   */
  const outsideOfMost = async (taken: InstantRange | undefined): Promise<NaiveBounds | undefined> => {
    const outside = parts.outsideOf(taken)
    const sample = outside && (await parts.sample())
    return taken !== undefined && sample !== undefined && isMostIn(taken, sample) ? outside : undefined
  }

  const lookUps: TaskLookUps = {
    async tasksByTaskIds(ids) {
      const wanted = wantedIds(ids)
      // MySQL's collations call ABC and abc equal; an id is not.
      const found = (await find(wanted, queries.tasksByTaskIds)).filter(({ taskId }) => wanted.has(taskId))
      const known = new Set(found.map(({ taskId }) => taskId))
      const missing = new Set([...wanted].filter((id) => !known.has(id)))
      if (missing.size === 0 || !parts.mayBePadded()) return sortedByRow(found)
      const padded = await byRowIds(await rowIdsOf(queries.ownTaskIds(), decoders.ownTaskRow(missing)))
      return sortedByRow([...found, ...padded])
    },
    /**
     * A request id may be stored bare, in an URL or behind endpoint#: only bareRequestId can tell, and no index helps. One
     * pass over the ids (0.7 s a million tasks) costs less than scans that search for each form in SQL (2.5 s).
     */
    async tasksByRequestIds(ids, taken) {
      const wanted = wantedRequests(ids)
      if (wanted.size === 0) return []
      const outside = await outsideOfMost(taken)
      return byRowIds(await rowIdsOf(queries.keysOf('tasks', outside), decoders.requestedRow(wanted)))
    },
    /** One pass over both ids where little is left to pass over; an index may know the task ids where there is more. */
    async tasksByEitherId(ids, taken) {
      const wanted = wantedIds(ids)
      if (wanted.size === 0) return []
      const outside = await outsideOfMost(taken)
      if (outside !== undefined) {
        return byRowIds(await rowIdsOf(queries.taskKeys(outside), decoders.eitherRow(wanted, wantedRequests(ids))))
      }
      const found = new Map((await lookUps.tasksByTaskIds(ids)).map((task) => [task.rowId, task]))
      for (const task of await lookUps.tasksByRequestIds(ids)) found.set(task.rowId, task)
      return sortedByRow([...found.values()])
    },
  }
  return lookUps
}

export const sortedByRow = <Row extends { readonly rowId: number }>(rows: Row[]): Row[] =>
  rows.sort((a, b) => a.rowId - b.rowId)

export const wantedIds = (ids: readonly string[]): ReadonlySet<string> =>
  new Set(ids.map((id) => id.trim()).filter((id) => id !== ''))

/** Ids, as many at a time as one query binds. */
export function* partsOf<Id>(ids: readonly Id[]): Generator<readonly Id[]> {
  for (let from = 0; from < ids.length; from += LIMITS.lookupIds) yield ids.slice(from, from + LIMITS.lookupIds)
}
