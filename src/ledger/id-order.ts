import { DAY, type Instant, type InstantRange, later, type Millis, plus, within } from '../units/instant.ts'

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

/** Ids looked for in one query by primary key: some milliseconds, whatever the size of the table. */
const IDS_SAMPLED = 1024
/** Fewer found tell too little: the ids have wide gaps. */
const ROWS_FOUND_LEAST = 100
/** Rows are made nearly in the order of their ids, but not quite: transactions take their time, and clocks differ. */
const DISORDER_MAX: Millis = DAY

const GOLDEN = (Math.sqrt(5) - 1) / 2

/** Ids evenly over a table, but in no step: where ids grow by three, every third would hit all of them or none. */
export function idsToSample(least: number, greatest: number): number[] {
  const span = greatest - least + 1
  if (span <= IDS_SAMPLED) return Array.from({ length: span }, (_, index) => least + index)
  const step = span / IDS_SAMPLED
  return Array.from({ length: IDS_SAMPLED }, (_, index) => least + Math.floor((index + ((index * GOLDEN) % 1)) * step))
}

/**
 * The id below which no row lies in time after the start; undefined where the sample does not bear that out, or it would spare
 * nothing. Every sampled row must follow the ones before it, but for the disorder allowed, and what is left out ends as long
 * before the start. A row that was added later with an older time has a higher id: those are never left out. So what would be
 * missed is only a row that was given a time more than a day past its neighbours', if no sampled one was.
 */
export function lowestIdFrom(start: Instant, { rows }: IdSample): number | undefined {
  const timed = rows.flatMap(({ id, at }) => (at === null ? [] : [{ id, at }]))
  if (timed.length < ROWS_FOUND_LEAST) return undefined
  let latest = timed[0]?.at ?? start
  let lowest: number | undefined
  for (const { id, at } of timed) {
    if (at < plus(latest, -DISORDER_MAX)) return undefined
    latest = later(latest, at)
    if (latest < plus(start, -DISORDER_MAX)) lowest = id
  }
  return lowest
}

/** About how many rows of the table lie in a range; undefined where too few were found to say. */
export function rowsExpectedIn(range: InstantRange, { ids, asked, rows }: IdSample): number | undefined {
  if (ids === null) return 0
  const inRange = rows.filter(({ at }) => at !== null && within(at, range)).length
  if (asked > ids.greatest - ids.least) return inRange
  if (rows.length < ROWS_FOUND_LEAST) return undefined
  return Math.round((inRange / asked) * (ids.greatest - ids.least + 1))
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
