/** What the bench does, for whoever waits: on stderr, since stdout belongs to the table. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** A count with its thousands apart. */
export const spread = (count: number): string => String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')

export const seconds = (millis: number): string =>
  millis < 10_000 ? `${(millis / 1000).toFixed(2)} s` : `${(millis / 1000).toFixed(1)} s`

export const millis = (span: number): string => `${span < 10 ? span.toFixed(2) : span.toFixed(0)} ms`

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

/** The middle one; of an even number the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** Lowest and highest, as the spread of a median. */
export const range = (values: readonly number[], write: (value: number) => string): string =>
  `${write(Math.min(...values))} to ${write(Math.max(...values))}`

/** What went wrong, short enough for a table. */
export const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).replace(/\s+/g, ' ').slice(0, 500)
