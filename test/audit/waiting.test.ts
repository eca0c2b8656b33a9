import { afterEach, describe, expect, it, vi } from 'vitest'
import { rowsTeller, tellingSeconds } from '../../src/audit/waiting.ts'

afterEach(() => {
  vi.useRealTimers()
})

const teller = () => {
  const told: unknown[] = []
  return { told, tell: (...update: unknown[]) => void told.push(update) }
}

describe('work of which nothing is known but that it takes time', () => {
  it('is told of at once, and then every second, until it is done', async () => {
    vi.useFakeTimers()
    const { told, tell } = teller()
    let finish = (_: string) => {}
    const work = tellingSeconds(tell, 'looking', () => new Promise<string>((resolve) => (finish = resolve)))
    await vi.advanceTimersByTimeAsync(999)
    expect(told).toEqual([['looking, seconds', 0]])
    await vi.advanceTimersByTimeAsync(2001)
    finish('found')
    expect(await work).toBe('found')
    await vi.advanceTimersByTimeAsync(5000)
    expect(told).toEqual([0, 1, 2, 3].map((seconds) => ['looking, seconds', seconds]))
  })

  it('is not told of any more when it fails', async () => {
    vi.useFakeTimers()
    const { told, tell } = teller()
    const work = tellingSeconds(tell, 'looking', () => Promise.reject(new RangeError('gone')))
    await expect(work).rejects.toThrow('gone')
    await vi.advanceTimersByTimeAsync(5000)
    expect(told).toEqual([['looking, seconds', 0]])
  })
})

describe('rows of about so many', () => {
  it('never are more than they are of', () => {
    const { told, tell } = teller()
    const known = rowsTeller(tell, 'rows', 10)
    for (const rows of [9, 10, 11]) known(rows)
    rowsTeller(tell, 'others', undefined)(5)
    expect(told).toEqual([
      ['rows', 9, 10],
      ['rows', 10, 10],
      ['rows', 11, 11],
      ['others', 5],
    ])
  })
})
