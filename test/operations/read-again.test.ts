import { describe, expect, it, vi } from 'vitest'
import { AuditError, BoundContradicted } from '../../src/errors.ts'
import { readingAgain } from '../../src/operations/read-again.ts'
import type { CallContext } from '../../src/tool.ts'
import { quietContext } from '../kit/audit-world.ts'

const failing = (...causes: readonly Error[]) => {
  const left = [...causes]
  return vi.fn(async () => {
    const cause = left.shift()
    if (cause !== undefined) throw cause
    return 'read'
  })
}

describe('reading again', () => {
  it('happens once for each table whose ids do not follow time, and then that table is read whole', async () => {
    const readWhole = vi.fn()
    const run = failing(
      new BoundContradicted('points', 9),
      new BoundContradicted('tasks', 3),
      new BoundContradicted('cash', 1),
    )
    expect(await readingAgain({ readWhole }, quietContext(), run)).toBe('read')
    expect(readWhole.mock.calls).toEqual([['points'], ['tasks'], ['cash']])
    expect(run).toHaveBeenCalledTimes(4)
  })

  it('ends, whatever is told', async () => {
    const run = vi.fn(() => Promise.reject(new BoundContradicted('tasks', 3)))
    await expect(readingAgain({ readWhole: () => undefined }, quietContext(), run)).rejects.toThrow('row 3 of tasks')
    expect(run).toHaveBeenCalledTimes(4)
  })

  it('is for nothing else, and only where a snapshot can', async () => {
    const readWhole = vi.fn()
    const broken = failing(new AuditError('source', 'the connection is gone'))
    await expect(readingAgain({ readWhole }, quietContext(), broken)).rejects.toThrow('the connection is gone')
    await expect(readingAgain({}, quietContext(), failing(new BoundContradicted('tasks', 3)))).rejects.toThrow('row 3')
    expect(readWhole).not.toHaveBeenCalled()
    expect(broken).toHaveBeenCalledTimes(1)
  })

  it('does not begin once the call was cancelled', async () => {
    const calling = new AbortController()
    const run = vi.fn(async () => {
      calling.abort()
      throw new BoundContradicted('tasks', 3)
    })
    const context = { ...quietContext(), signal: calling.signal }
    await expect(readingAgain({ readWhole: () => undefined }, context, run)).rejects.toMatchObject({
      kind: 'cancelled',
    })
    expect(run).toHaveBeenCalledTimes(1)
  })

  it('tells every second that it goes on, since counts of rows begin anew', async () => {
    vi.useFakeTimers()
    try {
      const told: string[] = []
      const context: CallContext = {
        ...quietContext(),
        progress: ({ message, done }) => told.push(`${message} ${done}`),
      }
      let runs = 0
      const run = () =>
        runs++ === 0
          ? Promise.reject(new BoundContradicted('points', 9))
          : new Promise((resolve) => setTimeout(resolve, 2500))
      const reading = readingAgain({ readWhole: () => undefined }, context, run)
      await vi.advanceTimersByTimeAsync(2500)
      await reading
      expect(told).toEqual([
        'all read again, since ids of points do not follow time, seconds 0',
        'all read again, since ids of points do not follow time, seconds 1',
        'all read again, since ids of points do not follow time, seconds 2',
      ])
    } finally {
      vi.useRealTimers()
    }
  })
})
