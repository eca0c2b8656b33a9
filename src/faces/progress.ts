import type { Progress } from '../tool.ts'

/** One line of progress, without a newline. */
export const progressLine = ({ message, done, total }: Progress): string =>
  total === undefined || total === 0 ? `${message} ${done}` : `${message} ${done}/${total}`

/** One figure for all that a call tells of, one thing after another or in turn, each in units of its own. */
export class ProgressSums {
  readonly #told = new Map<string, Progress>()
  #reported = -1

  /** What to report: strictly growing sums over all so far, without a total while one is not known; undefined where nothing grew. */
  add(update: Progress): Progress | undefined {
    if (update.done >= (this.#told.get(update.message)?.done ?? 0)) this.#told.set(update.message, update)
    const all = [...this.#told.values()]
    const done = sumOf(all.map((each) => each.done)) ?? 0
    if (done <= this.#reported) return undefined
    const total = sumOf(all.map((each) => each.total))
    return { message: progressLine(update), done, ...(total !== undefined && { total }) }
  }

  /** Notes what was reported. */
  reported({ done }: Progress): void {
    this.#reported = done
  }
}

/** Undefined where one of them is not known. */
const sumOf = (counts: readonly (number | undefined)[]): number | undefined =>
  counts.reduce((sum, count) => (sum === undefined || count === undefined ? undefined : sum + count), 0)
