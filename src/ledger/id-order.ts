import { LIMITS } from '../limits.ts'
import { DAY, type Instant, type InstantRange, instant, later, type Millis, plus, within } from '../units/instant.ts'
import { placeAbove } from '../units/sorted.ts'

/** A row that was looked at to learn how a table's ids and times go together. */
export interface SampledRow {
  readonly id: number
  /** null: it has no real time. */
  readonly at: Instant | null
}

/** Rows from all over a table. */
export interface IdSample {
  /** The least and the greatest id; null for an empty table. */
  readonly ids: { readonly least: number; readonly greatest: number } | null
  /** Ids that were looked for. */
  readonly asked: number
  /** Those that there are, in order of id. */
  readonly rows: readonly SampledRow[]
}

/** Fewer found tell too little: the ids have wide gaps. */
const ROWS_FOUND_LEAST = 100
/** Rows are made nearly in the order of their ids, but not quite: transactions take their time, and clocks differ. */
const DISORDER_MAX: Millis = DAY

const GOLDEN = (Math.sqrt(5) - 1) / 2

/** Ids evenly over a table, but in no step: where ids grow by three, every third would hit all of them or none. */
export function idsToSample(least: number, greatest: number): number[] {
  const span = greatest - least + 1
  if (span <= LIMITS.idsSampled) return Array.from({ length: span }, (_, index) => least + index)
  const step = span / LIMITS.idsSampled
  return Array.from(
    { length: LIMITS.idsSampled },
    (_, index) => least + Math.floor((index + ((index * GOLDEN) % 1)) * step),
  )
}

/** Sampled rows of a table whose ids follow time. */
export interface IdOrder {
  readonly ids: readonly number[]
  /** The latest time of a sampled row up to each of the ids: it never falls. */
  readonly latest: readonly Instant[]
}

/** Undefined where the sample does not bear out that ids follow time: every row must follow those before it, but for the disorder allowed. */
export function idOrderOf({ rows }: IdSample): IdOrder | undefined {
  const timed = rows.flatMap(({ id, at }) => (at === null ? [] : [{ id, at }]))
  if (timed.length < ROWS_FOUND_LEAST) return undefined
  const ids: number[] = []
  const latest: Instant[] = []
  for (const { id, at } of timed) {
    const before = latest.at(-1) ?? at
    if (at < plus(before, -DISORDER_MAX)) return undefined
    ids.push(id)
    latest.push(later(before, at))
  }
  return { ids, latest }
}

/**
 * The id below which no row lies in time after the start; undefined where it would spare nothing. What is left out ends as
 * long before the start as the disorder allowed. A row that was added later with an older time has a higher id: those are
 * never left out. So what would be missed is only a row that was given a time more than a day past its neighbours', if no
 * sampled one was: id-bounds.ts finds those out that anything else leads to.
 */
export const startIn = ({ ids, latest }: IdOrder, start: Instant): number | undefined =>
  ids[latest.findLastIndex((at) => at < plus(start, -DISORDER_MAX))]

/** Ids between two sampled ones, and the latest time at which a row of these is not ahead of its neighbours. */
export interface IdStretch {
  readonly from: number
  /** Itself excluded. */
  readonly until: number
  readonly latest: Instant
}

/** The stretch that an id lies in. */
export function stretchAt({ ids, latest }: IdOrder, id: number): IdStretch {
  const from = placeAbove(ids, id, (each) => each)
  const next = latest[from]
  return {
    from: ids[from - 1] ?? Number.NEGATIVE_INFINITY,
    until: ids[from] ?? Number.POSITIVE_INFINITY,
    latest: next === undefined ? NEVER_AHEAD : plus(next, DISORDER_MAX),
  }
}

/** Behind the last sampled row nothing is left out. */
const NEVER_AHEAD = instant(Number.POSITIVE_INFINITY)

/** Whether some range that holds the time would be read from beyond the id on: the row is that far ahead of its neighbours. */
export const isAhead = (order: IdOrder, id: number, at: Instant): boolean => at > stretchAt(order, id).latest

/** About how many rows of the table lie in a range; undefined where too few were found to say. */
export function rowsExpectedIn(range: InstantRange, { ids, asked, rows }: IdSample): number | undefined {
  if (ids === null) return 0
  const inRange = rows.filter(({ at }) => at !== null && within(at, range)).length
  if (asked > ids.greatest - ids.least) return inRange
  if (rows.length < ROWS_FOUND_LEAST) return undefined
  return Math.round((inRange / asked) * (ids.greatest - ids.least + 1))
}

/** Whether at least half of the rows that were sampled lie in a range. */
export function isMostIn(range: InstantRange, { rows }: Pick<IdSample, 'rows'>): boolean {
  const inRange = rows.filter(({ at }) => at !== null && within(at, range)).length
  return inRange > 0 && 2 * inRange >= rows.length
}

/** Statements that one range is read by, at most: where ids have wide gaps, each goes through more of them. */
const SLICES_MAX = 5000

/** Stretches of ids of about the given width, in order, from one id to the greatest. */
export function* idSlices(
  from: number,
  greatest: number,
  width: number,
): Generator<{ fromId: number; untilId: number }> {
  const step = Math.max(width, Math.ceil((greatest - from + 1) / SLICES_MAX))
  for (let fromId = from; fromId <= greatest; fromId += step) yield { fromId, untilId: fromId + step }
}
