import type { Progress } from '../tool.ts'

/** One line of progress, without a newline. */
export const progressLine = ({ message, done, total }: Progress): string =>
  total === undefined || total === 0 ? `${message} ${done}` : `${message} ${done}/${total}`

/** Least time between two reports of one call. */
const EVERY_MILLIS = 250
/** Time without one after which it is said that the call goes on: clients give up one that they hear nothing of. */
const QUIET_MILLIS = 1500
/** What the figure grows by meanwhile, since it has to: less than one even for the longest call. */
const BEAT = 1 / 1024

export interface PacedProgress {
  tell(update: Progress): void
  /** Nothing is reported from now on. */
  stop(): void
}

/** Reports what a call tells of, strictly growing, as the protocol demands, not too often, and never nothing for long. */
export function pacedProgress(report: (sum: Progress) => void): PacedProgress {
  const sums = new ProgressSums()
  let reportedAt = Number.NEGATIVE_INFINITY
  let isOpen = true
  const say = (sum: Progress): void => {
    sums.reported(sum)
    reportedAt = performance.now()
    timer.refresh()
    report(sum)
  }
  const timer = setTimeout(() => say(sums.beat()), QUIET_MILLIS)
  timer.unref()
  return {
    tell: (update) => {
      const sum = sums.add(update)
      if (isOpen && sum !== undefined && performance.now() - reportedAt >= EVERY_MILLIS) say(sum)
    },
    stop: () => {
      isOpen = false
      clearTimeout(timer)
    },
  }
}

/** One figure for all that a call tells of, one thing after another or in turn, each in units of its own. */
export class ProgressSums {
  readonly #told = new Map<string, Progress>()
  #reported = -1
  #latest: Progress = { message: 'waiting', done: 0 }

  /** What to report: strictly growing sums over all so far, without a total while one is not known; undefined where nothing grew. */
  add(update: Progress): Progress | undefined {
    if (update.done >= (this.#told.get(update.message)?.done ?? 0)) this.#told.set(update.message, update)
    const all = [...this.#told.values()]
    const done = sumOf(all.map((each) => each.done)) ?? 0
    const total = sumOf(all.map((each) => each.total))
    this.#latest = { message: progressLine(update), done, ...(total !== undefined && { total }) }
    return done <= this.#reported ? undefined : this.#latest
  }

  /** What to report where nothing new was told for a while: the latest, and where that was reported a little more than it. */
  beat(): Progress {
    const { message, done, total } = this.#latest
    if (done > this.#reported) return this.#latest
    const grown = this.#reported + BEAT
    return {
      message: `${message}, still at work`,
      done: grown,
      ...(total !== undefined && grown <= total && { total }),
    }
  }

  /** Notes what was reported. */
  reported({ done }: Progress): void {
    this.#reported = done
  }
}

/** Undefined where one of them is not known. */
const sumOf = (counts: readonly (number | undefined)[]): number | undefined =>
  counts.reduce((sum, count) => (sum === undefined || count === undefined ? undefined : sum + count), 0)
