import { expect, it } from 'vitest'
import { mayBePaidYet } from '../../../src/audit/rules/paid-yet.ts'
import { MINUTE } from '../../../src/units/instant.ts'
import { AS_OF, later } from '../../kit/books.ts'

it('a task is paid within ten minutes, and by a clock that goes ahead made as much after the moment of reading', () => {
  const around = (span: number) => [-1, 0].map((more) => mayBePaidYet(later(AS_OF, span + more), AS_OF))
  expect(around(-10 * MINUTE)).toEqual([false, true])
  expect(around(0)).toEqual([true, true])
  expect(around(10 * MINUTE)).toEqual([true, false])
})
