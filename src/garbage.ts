import { constants, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** Garbage beside what lives, in bytes, until it is collected. */
const GARBAGE = 32 * 1024 * 1024
/** What lives and garbage together, in bytes, beyond which less of it is left. */
const HEAP = 140 * 1024 * 1024
/** In percent of what lives: V8 cannot do with less, and a small heap needs no more. */
const PERCENT_LEAST = 10
const PERCENT_MOST = 150

/**
 * Holds garbage to about so much, and to less where very much lives. By itself V8 lets it grow to several times of that where a
 * machine has much memory; a share of what lives would be collected all the time while little does, and be much while much
 * does.
 */
export function limitGarbage(): void {
  limitTo(PERCENT_MOST)
  const observer = new PerformanceObserver((list) => {
    if (list.getEntries().some(({ detail }) => isMajor(detail))) limitTo(percentOf(getHeapStatistics().used_heap_size))
  })
  observer.observe({ type: 'gc' })
}

/** How far a heap of which so many bytes live may grow. */
export const percentOf = (live: number): number =>
  Math.round(Math.min(PERCENT_MOST, Math.max(PERCENT_LEAST, (100 * Math.min(GARBAGE, HEAP - live)) / live)))

const limitTo = (percent: number): void => setFlagsFromString(`--heap-growing-percent=${percent}`)

const isMajor = (detail: unknown): boolean =>
  typeof detail === 'object' &&
  detail !== null &&
  'kind' in detail &&
  detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
