import { type Answer, complete, failed, partial } from './answer.ts'
import { createOverlap, type Overlap } from './overlap.ts'
import type { Fetched } from './reader.ts'
import type { RowHashes } from './row-hash.ts'

/** What a page says of the next one. */
export interface PageHead {
  readonly next_cursor?: string | null | undefined
  readonly has_more?: boolean | null | undefined
}

/** A page in whatever form its rows are, with the hashes of those of the wire that they were made of. */
export interface Page extends PageHead {
  readonly hashes: RowHashes
}

/** A page whose rows are objects. */
export interface RowPage<Row> extends Page {
  readonly rows: readonly Row[]
}

export interface Paging<Told extends Page> {
  /**
   * Asks for a page. A head may be told before the rows are read, and need not be that of the page as it is read in the end:
   * only what is asked for ahead depends on it.
   */
  readonly ask: (
    cursor: string | undefined,
    onHead: (head: PageHead) => void,
    signal: AbortSignal,
  ) => Promise<Answer<Told>>
  readonly pagesMax: number
  readonly signal: AbortSignal
  /** Given each page, and the places of the rows in it that an earlier page delivered (pages may overlap: inferred). */
  readonly take: (page: Told, repeats: readonly number[]) => void
}

/** What follows a page: the next one, the end, or a reason why the rest cannot be had. */
type Turn = { readonly cursor: string } | { readonly end: Fetched<null> }

interface Asked<Told> {
  readonly cursor: string | undefined
  readonly answer: Promise<Answer<Told>>
  /** The page that seemed to be behind it, where it was asked for already. */
  next: Asked<Told> | undefined
}

const NONE: readonly number[] = []

/** How the pages ended, and what they delivered; no overlap where there was but one. */
export interface PagesRead {
  readonly fetched: Fetched<null>
  readonly overlap: Overlap | undefined
}

/**
 * Reads page after page until fal says there is no more; while one is read, the next is on its way. What ends the reading early
 * makes it partial, never silently short: a page that fails, a cursor that comes again, more announced without a cursor, or
 * the page limit.
 */
export async function eachPage<Told extends Page>(paging: Paging<Told>): Promise<PagesRead> {
  const { pagesMax, take } = paging
  const turns = createTurns(pagesMax)
  let ahead = new AbortController()
  let signal = AbortSignal.any([paging.signal, ahead.signal])
  let overlap: Overlap | undefined
  // Only the page that is waited for begins the next one: never more than one ahead.
  let waitedFor = 1
  const begin = (cursor: string | undefined, page: number): Asked<Told> => {
    const asked: Asked<Told> = {
      cursor,
      answer: paging.ask(
        cursor,
        (head) => {
          const turn = waitedFor === page ? turns.expect(page, head) : undefined
          if (turn !== undefined && 'cursor' in turn) asked.next ??= begin(turn.cursor, page + 1)
        },
        page === 1 ? paging.signal : signal,
      ),
      next: undefined,
    }
    // Where an earlier page ends the reading nobody waits for this one any more.
    asked.answer.catch(() => undefined)
    return asked
  }
  try {
    for (let asked = begin(undefined, 1); ; waitedFor++) {
      const page = waitedFor
      const answer = await asked.answer
      if (answer.status === 'failed') {
        if (page === 1) return { fetched: answer, overlap }
        const told = `page ${page} could not be read, what came before it was: ${answer.reason}`
        return { fetched: partial(null, failed(answer.failure, told)), overlap }
      }
      const turn = turns.take(page, answer.value)
      const single = page === 1 && 'end' in turn
      if (!single) overlap ??= createOverlap()
      take(answer.value, overlap?.repeatsOf(answer.value.hashes) ?? NONE)
      if ('end' in turn) return { fetched: turn.end, overlap }
      if (asked.next !== undefined && asked.next.cursor !== turn.cursor) {
        ahead.abort()
        ahead = new AbortController()
        signal = AbortSignal.any([paging.signal, ahead.signal])
        asked.next = undefined
      }
      asked = asked.next ?? begin(turn.cursor, page + 1)
    }
  } finally {
    ahead.abort()
  }
}

/** All rows of all pages. */
export async function readPages<Row>(paging: Omit<Paging<RowPage<Row>>, 'take'>): Promise<Fetched<Row[]>> {
  const rows: Row[] = []
  const take = (page: RowPage<Row>, repeats: readonly number[]): void => {
    const isRepeat = new Set(repeats)
    page.rows.forEach((row, at) => {
      if (!isRepeat.has(at)) rows.push(row)
    })
  }
  const { fetched } = await eachPage({ ...paging, take })
  return fetched.status === 'failed' ? fetched : { ...fetched, value: rows }
}

interface Turns {
  /** What seems to follow a page that is still being read. */
  expect(page: number, head: PageHead): Turn
  /** What follows a page that was read: once for each. */
  take(page: number, head: PageHead): Turn
}

function createTurns(pagesMax: number): Turns {
  /** Those that pages named as they were read. */
  const cursors = new Set<string>()
  const expect = (page: number, head: PageHead): Turn => {
    const next = head.next_cursor || undefined
    if (head.has_more === false || (next === undefined && head.has_more !== true)) return { end: complete(null) }
    if (next === undefined) {
      const told = `page ${page} announces more but names no cursor, so the rest cannot be asked for`
      return { end: partial(null, failed('bad-answer', told)) }
    }
    if (cursors.has(next)) {
      const told = `page ${page} repeats a cursor of an earlier page, so the rest cannot be reached`
      return { end: partial(null, failed('repeating-cursor', told)) }
    }
    if (page < pagesMax) return { cursor: next }
    const told = `there are more than ${pagesMax} pages; ask for a shorter window`
    return { end: partial(null, failed('page-limit', told)) }
  }
  return {
    expect,
    take(page, head) {
      const turn = expect(page, head)
      if (head.next_cursor) cursors.add(head.next_cursor)
      return turn
    },
  }
}
