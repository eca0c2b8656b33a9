import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../../schemas/report.ts'
import { known } from '../../../src/audit/rules/books.ts'
import { consume, evaluate, linked, points, refund, user } from '../../kit/books.ts'

describe('a row without an amount', () => {
  const none = { amountPoints: points(0), amountUntold: true } as const
  const of = (rule: RuleId, fact: Parameters<typeof linked>[0], ...entries: Parameters<typeof linked>[1]) => {
    const { examined, findings, notEvaluated } = evaluate(rule, {
      ...{ taskLedgers: known([linked(fact, entries)]), users: [user(101, { charged: 1000, paid: 0 })] },
    })
    return [examined, findings.length, notEvaluated.map(({ reason }) => reason.code).join()]
  }
  const open = [0, 0, 'amount-untold']

  it('leaves open what its task was paid', () => {
    expect(of('B10', {}, { ...consume(1, 0), ...none })).toEqual(open)
    expect(of('B10', {}, consume(1, 1000), { ...consume(2, 0), ...none })).toEqual(open)
    expect(of('B10', {}, consume(1, 1000), { ...refund(2, 0), ...none })).toEqual([1, 0, ''])
    expect(of('B10', {}, consume(1, 0))).toEqual([1, 1, ''])
    expect(of('B9', {}, { ...consume(1, 0), ...none }, refund(2, 1000))).toEqual(open)
  })

  it('leaves open what its task got back, where that decides', () => {
    const failed = { status: 'failed' } as const
    const untold = { ...refund(2, 0), ...none }
    expect(of('B7', failed, consume(1, 1000), untold)).toEqual(open)
    expect(of('B8', { refunded: true }, consume(1, 1000), untold)).toEqual(open)
    expect(of('B8', {}, consume(1, 1000), untold)).toEqual(open)
    expect(of('B8', {}, consume(1, 1000), untold, refund(3, 1))).toEqual([1, 1, ''])
    expect(of('B9', {}, consume(1, 1000), untold)).toEqual(open)
    expect(of('B9', {}, consume(1, 1000), untold, refund(3, 1000))).toEqual(open)
    expect(of('B9', {}, consume(1, 1000), untold, refund(3, 1001))).toEqual([1, 1, ''])
    expect(of('B7', failed, consume(1, 1000), refund(2, 0))).toEqual([1, 1, ''])
    // What consume rows gave back is no refund: nothing is certain of one that does not tell its amount.
    expect(of('B9', {}, consume(1, -100), untold)).toEqual(open)
    expect(of('B9', {}, consume(1, -100), refund(2, 0))).toEqual([0, 0, ''])
  })

  it('leaves open whether it is the second of another, where both come to too much', () => {
    const untold = { ...consume(2, 0), ...none }
    expect(of('B6', {}, consume(1, 1000), untold)).toEqual(open)
    expect(of('B6', {}, consume(1, 501), untold)).toEqual(open)
    expect(of('B6', {}, consume(1, 500), untold)).toEqual([1, 0, ''])
    expect(of('B6', {}, consume(1, 1000), { ...untold, book: 'cash' })).toEqual([1, 0, ''])
    expect(of('B6', {}, untold)).toEqual([1, 0, ''])
    expect(of('B6', {}, untold, { ...untold, rowId: 3 })).toEqual(open)
    expect(of('B6', {}, consume(1, 400), consume(3, 400), { ...untold, book: 'cash' })).toEqual(open)
    expect(of('B6', {}, consume(1, 501), consume(3, 501), untold)).toEqual([1, 1, ''])
    expect(of('B6', {}, consume(1, 1000), refund(3, 1000), { ...refund(4, 0), ...none })).toEqual(open)
  })

  it('leaves it open beside another such row, which may have taken any amount', () => {
    const untold = { ...consume(2, 0), ...none }
    const cash = { ...untold, rowId: 3, book: 'cash' } as const
    // 400 and 400, and 201 in cash, are too much for 1000; 400, 300 and 300 are not.
    expect(of('B6', {}, consume(1, 400), untold, cash)).toEqual(open)
    expect(of('B6', {}, consume(1, 400), untold)).toEqual([1, 0, ''])
    expect(of('B6', {}, consume(1, 400), cash)).toEqual([1, 0, ''])
    // One row of each ledger repeats nothing.
    expect(of('B6', {}, untold, cash)).toEqual([1, 0, ''])
  })

  it('or of no known type likewise', () => {
    const kindless = { count: 1, outPoints: points(0), inPoints: points(0) }
    const kinds = (...entries: Parameters<typeof linked>[1]) => {
      const taskLedgers = known([{ ...linked({}, entries), kindless }])
      const { examined, findings, notEvaluated } = evaluate('B6', { taskLedgers })
      return [examined, findings.length, notEvaluated.map(({ reason }) => reason.code).join()]
    }
    expect(kinds(consume(1, 1000))).toEqual([0, 0, 'kind-untold'])
    expect(kinds(consume(1, 500))).toEqual([1, 0, ''])
    expect(kinds(consume(1, 1000), consume(2, 1000))).toEqual([1, 1, ''])
    const untold = { ...consume(2, 0), ...none, book: 'cash' } as const
    expect(kinds(consume(1, 500), untold)).toEqual([0, 0, 'kind-untold'])
    expect(kinds(untold)).toEqual([0, 0, 'kind-untold'])
    expect(kinds()).toEqual([0, 0, ''])
  })
})
