import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTidying } from '../../src/faces/http/tidying.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const burst = (tidying: { ended(inFlight: number): void }, requests: number): void => {
  for (let count = requests - 1; count >= 0; count--) tidying.ended(count)
}

describe('the memory of a burst', () => {
  it('is given back once the server is quiet, and not again and again', () => {
    const collect = vi.fn()
    const tidying = createTidying(collect)
    burst(tidying, 300)
    expect(collect).not.toHaveBeenCalled()
    vi.runAllTimers()
    expect(collect).toHaveBeenCalledTimes(3)
    burst(tidying, 10)
    vi.runAllTimers()
    expect(collect).toHaveBeenCalledTimes(3)
  })

  it('is not looked for while requests are being answered', () => {
    const collect = vi.fn()
    const tidying = createTidying(collect)
    burst(tidying, 300)
    tidying.ended(1)
    vi.runAllTimers()
    expect(collect).not.toHaveBeenCalled()
    tidying.ended(0)
    vi.runAllTimers()
    expect(collect).toHaveBeenCalledTimes(3)
  })

  it('is left alone once the server stops', () => {
    const collect = vi.fn()
    const tidying = createTidying(collect)
    burst(tidying, 300)
    tidying.stop()
    vi.runAllTimers()
    expect(collect).not.toHaveBeenCalled()
  })

  it('is collected by V8 itself', () => {
    const tidying = createTidying()
    burst(tidying, 300)
    expect(() => vi.runAllTimers()).not.toThrow()
  })
})
