import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AuditError } from '../../src/errors.ts'
import { guardOf } from '../../src/ledger/guard.ts'
import { SECOND } from '../../src/units/instant.ts'

const LIMIT = 10 * SECOND
const OVERDUE = 'reading the database took longer than the limit of 10 s'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function watched(guard: ReturnType<typeof guardOf>) {
  const reasons: AuditError[] = []
  return { reasons, end: guard.watch((reason) => reasons.push(reason)) }
}

test('a read ends at the limit of all reads together, and only reading counts', () => {
  const guard = guardOf(new AbortController().signal, LIMIT)
  const first = watched(guard)
  vi.advanceTimersByTime(6 * SECOND)
  guard.check()
  first.end()
  // Fal is asked meanwhile.
  vi.advanceTimersByTime(60 * SECOND)
  guard.check()
  const second = watched(guard)
  vi.advanceTimersByTime(4 * SECOND - 1)
  expect(second.reasons).toEqual([])
  guard.check()
  vi.advanceTimersByTime(1)
  expect(second.reasons).toMatchObject([{ kind: 'source', message: OVERDUE }])
  expect(() => guard.check()).toThrow(OVERDUE)
  expect(first.reasons).toEqual([])
  // A read that begins after it ends at once.
  const third = watched(guard)
  vi.advanceTimersByTime(1)
  expect(third.reasons).toMatchObject([{ message: OVERDUE }])
})

test('a read ends once when it is given up, and none that has ended already', () => {
  const caller = new AbortController()
  const guard = guardOf(caller.signal, LIMIT)
  const ended = watched(guard)
  ended.end()
  const running = watched(guard)
  caller.abort()
  expect([ended.reasons.length, running.reasons.length]).toEqual([0, 1])
  expect(() => guard.check()).toThrow()
  vi.advanceTimersByTime(2 * LIMIT)
  expect([ended.reasons.length, running.reasons.length]).toEqual([0, 1])
})
