import { describe, expect, it } from 'vitest'
import { DelayTally } from '../../../src/audit/requests/delays.ts'

/** Different delays that are counted to the millisecond. */
const EXACT_MAX = 200_000

function tallyOf(delays: Iterable<number>): DelayTally {
  const tally = new DelayTally()
  for (const delay of delays) tally.add(delay)
  return tally
}
const medianOf = (...delays: readonly number[]): number => tallyOf(delays).median()

describe('the median of delays', () => {
  it.each([
    ['none', [], 0],
    ['one', [7], 7],
    ['an odd number', [9, 1, 5], 5],
    ['an even number: the mean of the middle two', [4, 1, 3, 2], 2.5],
    ['some alike', [5, 5, 5, 1, 9, 9], 5],
    ['many alike on one side', [1, 1, 1, 1, 8, 9, 10], 1],
    ['two alike in the middle', [1, 4, 4, 9], 4],
    ['negative ones: billed before the task ended', [-3000, -1000, 10], -1000],
  ])('of %s', (_, delays, median) => {
    expect(medianOf(...delays)).toBe(median)
    expect(medianOf(...delays.reverse())).toBe(median)
    expect(tallyOf(delays).count).toBe(delays.length)
  })

  it('is exact to the millisecond up to 200,000 different delays, however often each comes', () => {
    const tally = tallyOf(new Array(EXACT_MAX).keys())
    for (let again = 0; again < 1000; again++) tally.add(123_456)
    expect([tally.count, tally.median()]).toEqual([EXACT_MAX + 1000, 100_499.5])
  })

  it('goes by whole seconds beyond, those counted before included', () => {
    const tally = tallyOf(new Array(EXACT_MAX + 1).keys())
    expect([tally.count, tally.median()]).toEqual([EXACT_MAX + 1, 100_000])
    // One that comes later is counted by its second as well, and before the moment of the task it is rounded down.
    for (let again = 0; again <= EXACT_MAX; again++) tally.add(-1)
    expect([tally.count, tally.median()]).toEqual([2 * EXACT_MAX + 2, -500])
    tally.add(-999)
    expect(tally.median()).toBe(-1000)
  })

  it('is the same whatever the order, also where the change to seconds comes sooner or later', () => {
    const delays = [...new Array(EXACT_MAX + 1).keys()].map((index) => (index * 7919) % 1_000_003)
    const alike = new Array<number>(5000).fill(499_999)
    const medians = [
      tallyOf([...alike, ...delays]),
      tallyOf([...delays, ...alike]),
      tallyOf([...delays, ...alike].reverse()),
    ].map((tally) => tally.median())
    expect(new Set(medians).size).toBe(1)
    expect((medians[0] ?? 1) % 1000).toBe(0)
  })
})
