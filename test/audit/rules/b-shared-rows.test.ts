import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../../schemas/report.ts'
import { known, unknown } from '../../../src/audit/rules/books.ts'
import type { LinkedEntry, SharedLedger, TaskFact } from '../../../src/audit/rules/facts.ts'
import { consume, evaluate, linked, points, refund, unlinkedRows, user } from '../../kit/books.ts'

/** Of a task of 1000 points: rows of its own, and what rows come to that name an id of it and of other tasks. */
interface Given {
  readonly rows?: readonly LinkedEntry[]
  readonly paid?: number
  readonly refunded?: number
  readonly addsUp?: boolean
  readonly fact?: Partial<TaskFact>
  /** What rows of the user took that name no task. */
  readonly unlinked?: number
}

function said(rule: RuleId, { rows = [], paid = 0, refunded = 0, addsUp = false, fact = {}, unlinked = 0 }: Given) {
  const shared: SharedLedger = { paidPoints: points(paid), refundedPoints: points(refunded), addsUp }
  const one = {
    ...user(101, { charged: 1000, paid: unlinked }),
    unlinked: known(unlinkedRows({ paidPoints: points(unlinked) })),
  }
  const taskLedgers = known([{ ...linked(fact, rows), shared }])
  const { findings, notEvaluated, examined } = evaluate(rule, { taskLedgers, users: [one] })
  if (notEvaluated.length > 0) {
    expect([findings, examined]).toEqual([[], 0])
    return notEvaluated.map(({ reason }) => reason.code).join()
  }
  const [finding] = findings
  return finding === undefined ? `passes ${examined}` : `${finding.expected} ${finding.actual}`
}

const failed = { status: 'failed' } as const
const marked = { refunded: true } as const
const paid = [consume(1, 1000)]

describe('rows that several tasks share', () => {
  it.each<[string, Given, string]>([
    ['gave nothing back', { rows: paid, fact: failed }, '0 1000'],
    ['gave a point back', { rows: paid, refunded: 1, fact: failed }, 'links-shared'],
    ['took a point back', { rows: paid, refunded: -1, fact: failed }, '0 1000'],
    [
      'may have taken its own refund back',
      { rows: [...paid, refund(2, 1)], refunded: -1, fact: failed },
      'links-shared',
    ],
    [
      'gave back, and its own come to nothing',
      { rows: [...paid, refund(2, 2), refund(3, -2)], refunded: 1, fact: failed },
      'links-shared',
    ],
    ['gave back, as did its own', { rows: [...paid, refund(2, 1)], refunded: 1, fact: failed }, 'passes 0'],
    ['gave back, of a success', { rows: paid, refunded: 1 }, 'passes 0'],
  ])('B7: %s', (_, given, expected) => {
    expect(said('B7', given)).toBe(expected)
  })

  it.each<[string, Given, string]>([
    ['gave nothing back of a marked task', { rows: paid, fact: marked }, '1000 0'],
    ['gave a point back of a marked task', { rows: paid, refunded: 1, fact: marked }, 'links-shared'],
    ['gave a point back of one without a mark', { rows: paid, refunded: 1 }, 'links-shared'],
    ['gave back, as did its own', { rows: [...paid, refund(2, 1)], refunded: 1 }, '0 1'],
    ['may have taken its own refund back', { rows: [...paid, refund(2, 1)], refunded: -1 }, 'links-shared'],
    ['took a part of its own back', { rows: [...paid, refund(2, 2)], refunded: -1 }, '0 2'],
  ])('B8: %s', (_, given, expected) => {
    expect(said('B8', given)).toBe(expected)
  })

  const over = (amount: number) => [refund(2, amount)]
  it.each<[string, Given, string]>([
    ['took nothing', { rows: over(1) }, '0 1'],
    ['took as much as was given back', { rows: over(1000), paid: 1000 }, 'links-shared'],
    ['took a point less', { rows: over(1000), paid: 999 }, '999 1000'],
    ['took a point less, as did some without a task', { rows: over(1000), paid: 999, unlinked: 1 }, 'links-unlinked'],
    ['gave back what it took', { rows: paid, refunded: 1000 }, 'passes 1'],
    ['gave back a point more', { rows: paid, refunded: 1001 }, 'links-shared'],
    ['gave back besides its own', { rows: [...paid, ...over(1000)], refunded: 1 }, 'links-shared'],
    ['gave back besides too much', { rows: [...paid, ...over(1001)], refunded: 1 }, '1000 1001'],
    ['gave nothing back', { rows: paid, paid: 1 }, 'passes 0'],
  ])('B9: %s', (_, given, expected) => {
    expect(said('B9', given)).toBe(expected)
  })

  it.each<[string, Given, string]>([
    ['took nothing', {}, '1000 0'],
    ['took something', { paid: 1 }, 'links-shared'],
    ['took all of it', { paid: 1000 }, 'links-shared'],
    ['took what all of the tasks charged', { paid: 2000, addsUp: true }, 'passes 1'],
    ['took something besides its own', { rows: paid, paid: 1 }, 'links-shared'],
    ['took the rest of all of them', { rows: [consume(1, 400)], paid: 1600, addsUp: true }, 'passes 1'],
    ['took something besides too much', { rows: [consume(1, 1001)], paid: 1, addsUp: true }, '1000 1001'],
    ['gave back what they had taken', { rows: [consume(1, 1001)], paid: -1 }, 'links-shared'],
    ['gave back less', { rows: [consume(1, 1002)], paid: -1 }, '1000 1002'],
    ['gave back alone', { rows: [consume(1, 999)], refunded: 5 }, '1000 999'],
    ['took something for a task of no charge', { paid: 1, fact: { chargedPoints: points(0) } }, 'links-shared'],
  ])('B10: %s', (_, given, expected) => {
    expect(said('B10', given)).toBe(expected)
  })

  it('are told of once a user', () => {
    const shared = { paidPoints: points(5), refundedPoints: points(5), addsUp: false }
    const taskLedgers = known([1, 2].map((rowId) => ({ ...linked({ ...failed, rowId }, []), shared })))
    for (const rule of ['B7', 'B8', 'B9', 'B10'] as const) {
      expect(evaluate(rule, { taskLedgers }).notEvaluated).toEqual([
        { subject: { userId: 101 }, reason: unknown('links-shared').reason },
      ])
    }
  })
})
