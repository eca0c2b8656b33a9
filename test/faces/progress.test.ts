import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ProgressSums, pacedProgress, progressLine } from '../../src/faces/progress.ts'
import type { Progress } from '../../src/tool.ts'

/** What is reported of some updates, each as soon as it comes. */
function reportsOf(updates: readonly Progress[]) {
  const sums = new ProgressSums()
  return updates.map((update) => {
    const sum = sums.add(update)
    if (sum !== undefined) sums.reported(sum)
    return sum && [sum.done, sum.total, sum.message]
  })
}

describe('progress of several things', () => {
  it('grows from one to the next, with what each has done in its line', () => {
    expect(
      reportsOf([
        { message: 'tasks read', done: 1000, total: 2000 },
        { message: 'fal accounts read', done: 1, total: 20 },
        { message: 'tasks read', done: 2000, total: 2000 },
        { message: 'tasks linked', done: 10, total: 2000 },
        { message: 'rows looked up, seconds', done: 1 },
        { message: 'tasks linked', done: 20, total: 2000 },
      ]),
    ).toEqual([
      [1000, 2000, 'tasks read 1000/2000'],
      [1001, 2020, 'fal accounts read 1/20'],
      [2001, 2020, 'tasks read 2000/2000'],
      [2011, 4020, 'tasks linked 10/2000'],
      [2012, undefined, 'rows looked up, seconds 1'],
      [2022, undefined, 'tasks linked 20/2000'],
    ])
  })

  it('says nothing of what does not grow, or begins anew', () => {
    expect(
      reportsOf([
        { message: 'tasks read', done: 0 },
        { message: 'tasks read', done: 0 },
        { message: 'tasks read', done: 5 },
        { message: 'tasks read', done: 3 },
        { message: 'tasks read', done: 6 },
      ]),
    ).toEqual([
      [0, undefined, 'tasks read 0'],
      undefined,
      [5, undefined, 'tasks read 5'],
      undefined,
      [6, undefined, 'tasks read 6'],
    ])
  })

  it('is held back no longer than until it is reported', () => {
    const sums = new ProgressSums()
    expect(sums.add({ message: 'a', done: 1 })?.done).toBe(1)
    expect(sums.add({ message: 'b', done: 1 })?.done).toBe(2)
  })

  it('as a line tells of how many where that is known', () => {
    expect(
      [{ done: 3, total: 9 }, { done: 3 }, { done: 0, total: 0 }].map((one) => progressLine({ message: 'm', ...one })),
    ).toEqual(['m 3/9', 'm 3', 'm 0'])
  })
})

describe('the progress of one call', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is heard at least every 2 s and grows, though the call tells nothing', () => {
    const heard: Progress[] = []
    const { tell, stop } = pacedProgress((sum) => heard.push(sum))
    vi.advanceTimersByTime(4000)
    expect(heard.map(({ message }) => message)).toEqual(['waiting', 'waiting, still at work'])
    tell({ message: 'reading tasks', done: 2, total: 2 })
    const before = heard.length
    vi.advanceTimersByTime(60_000)
    expect(heard.length - before).toBeGreaterThanOrEqual(30)
    expect(heard.at(-1)?.message).toBe('reading tasks 2/2, still at work')
    // It is no part of what there is to do.
    expect(heard.filter(({ done, total }) => total !== undefined && done > total)).toEqual([])
    tell({ message: 'reading tasks', done: 3, total: 4 })
    vi.advanceTimersByTime(2000)
    const done = heard.map((each) => each.done)
    expect(done).toEqual([...new Set(done)].sort((a, b) => a - b))
    expect(heard.at(-1)).toEqual({ message: 'reading tasks 3/4', done: 3, total: 4 })
    stop()
    vi.advanceTimersByTime(60_000)
    expect(heard.at(-1)?.done).toBe(3)
  })

  it('comes to what was told last, though that was too soon to be reported', () => {
    const heard: Progress[] = []
    const { tell, stop } = pacedProgress((sum) => heard.push(sum))
    tell({ message: 'reading tasks', done: 1 })
    tell({ message: 'reading tasks', done: 2 })
    expect(heard.map(({ done }) => done)).toEqual([1])
    vi.advanceTimersByTime(2000)
    expect(heard.map(({ message }) => message)).toEqual(['reading tasks 1', 'reading tasks 2'])
    stop()
    vi.advanceTimersByTime(2000)
    tell({ message: 'reading tasks', done: 3 })
    expect(heard).toHaveLength(2)
  })
})
