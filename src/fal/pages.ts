import { hash } from 'node:crypto'
import { type Answer, complete, failed, partial } from './answer.ts'
import type { Fetched } from './reader.ts'

/** A row as the program knows it, with the row of the wire that it was made of. */
export interface Delivered<Row> {
  readonly row: Row
  readonly wire: unknown
}

export interface Page<Row> {
  readonly rows: readonly Delivered<Row>[]
  readonly next_cursor?: string | null | undefined
  readonly has_more?: boolean | null | undefined
}

/**
 * Reads page after page until fal says there is no more. What ends the reading early makes it partial, never silently short:
 * a page that fails, a cursor that comes again, more announced without a cursor, or the page limit.
 * Rows that a later page delivers again are dropped (pages may overlap: inferred), and told to `onRepeat`.
 */
export async function readPages<Row>(
  ask: (cursor: string | undefined) => Promise<Answer<Page<Row>>>,
  pagesMax: number,
  onRepeat: (row: Row) => void = () => undefined,
): Promise<Fetched<Row[]>> {
  const rows: Row[] = []
  const seenCursors = new Set<string>()
  const overlap = createOverlap()
  let cursor: string | undefined
  for (let pages = 1; pages <= pagesMax; pages++) {
    const answer = await ask(cursor)
    if (answer.status === 'failed') {
      if (pages === 1) return answer
      return partial(
        rows,
        failed(answer.failure, `page ${pages} could not be read, what came before it was: ${answer.reason}`),
      )
    }
    const page = answer.value
    const next = page.next_cursor || undefined
    const last = page.has_more === false || (next === undefined && page.has_more !== true)
    const fresh = last && pages === 1 ? page.rows : overlap.drop(page.rows, onRepeat)
    for (const { row } of fresh) rows.push(row)
    if (last) return complete(rows)
    if (next === undefined) {
      return partial(
        rows,
        failed('bad-answer', `page ${pages} announces more but names no cursor, so the rest cannot be asked for`),
      )
    }
    if (seenCursors.has(next)) {
      return partial(
        rows,
        failed('repeating-cursor', `page ${pages} repeats a cursor of an earlier page, so the rest cannot be reached`),
      )
    }
    seenCursors.add(next)
    cursor = next
  }
  return partial(rows, failed('page-limit', `there are more than ${pagesMax} pages; ask for a shorter window`))
}

/**
 * Tells rows that an earlier page delivered already. A row that comes several times within one page stays so: its number over
 * all pages is the largest of any page, not the sum.
 */
function createOverlap(): {
  drop<Row>(rows: readonly Delivered<Row>[], onRepeat: (row: Row) => void): Delivered<Row>[]
} {
  const delivered = new Map<string, number>()
  return {
    drop: (rows, onRepeat) => {
      const here = new Map<string, number>()
      const fresh = rows.filter(({ row, wire }) => {
        // A digest: whole rows as keys would hold hundreds of megabytes for a million events.
        const identity = hash('sha1', JSON.stringify(wire), 'base64')
        const count = (here.get(identity) ?? 0) + 1
        here.set(identity, count)
        const isFresh = count > (delivered.get(identity) ?? 0)
        if (!isFresh) onRepeat(row)
        return isFresh
      })
      for (const [identity, count] of here) delivered.set(identity, Math.max(count, delivered.get(identity) ?? 0))
      return fresh
    },
  }
}
