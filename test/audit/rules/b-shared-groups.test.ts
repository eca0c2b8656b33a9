import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../../schemas/report.ts'
import { known, type UnlinkedRows } from '../../../src/audit/rules/books.ts'
import type { LinkedEntry, SharedLedger, TaskFact, TaskLedger } from '../../../src/audit/rules/facts.ts'
import { HOUR } from '../../../src/units/instant.ts'
import { AS_OF, consume, evaluate, later, linked, MODEL, points, refund, unlinkedRows, user } from '../../kit/books.ts'

interface Twin extends Partial<TaskFact> {
  readonly rows?: readonly LinkedEntry[]
  readonly billed?: string | null
}

/** Tasks 1 and 2 of 1000 points each, and what rows come to that name an id of both. */
interface Given {
  readonly one?: Twin
  readonly other?: Twin
  readonly paid?: number
  readonly refunded?: number
  readonly untold?: LinkedEntry['kind']
  /** Whether one of the tasks that bear the id is none of those that are told of. */
  readonly others?: boolean
  readonly unlinked?: Partial<UnlinkedRows>
  /** Cash that came in for nobody who is told. */
  readonly nobodysCash?: number
}

const ROWS = { total: 1, ids: ['points:90'] }

function booksOf({
  one = {},
  other = {},
  paid = 0,
  refunded = 0,
  untold,
  others = false,
  unlinked = {},
  nobodysCash,
}: Given) {
  const sums = { paidPoints: points(paid), refundedPoints: points(refunded) }
  const shared: SharedLedger = {
    ...{ ...sums, addsUp: false, ...(untold !== undefined && { untold: new Set([untold]) }) },
    ...(!others && { group: { ...sums, firstRowId: 1, taskCount: 2, refundRows: ROWS } }),
  }
  const twin = (rowId: number, { rows = [], billed, ...fact }: Twin): TaskLedger => ({
    ...linked({ rowId, taskId: `task-${rowId}`, ...fact }, rows, billed),
    shared,
  })
  const one101 = { ...user(101, { charged: 0, paid: 0 }), unlinked: known(unlinkedRows(unlinked)) }
  const ledgers = [twin(2, other), twin(1, one)]
  const ownerless = nobodysCash !== undefined && {
    ...{ takenPoints: points(0), anyTaken: false, refunds: [], refundUntold: false },
    cashIn: [{ points: points(nobodysCash), at: null }],
  }
  return { ledgers, taskLedgers: known(ledgers), users: [one101], ...(ownerless && { ownerless }) }
}

function said(rule: RuleId, given: Given): string[] {
  const { findings, notEvaluated } = evaluate(rule, booksOf(given))
  return [
    ...findings.map(({ subject, expected, actual }) => `${subject.taskId}: ${expected} ${actual}`),
    ...notEvaluated.map(({ reason }) => reason.code),
  ]
}

const own = (rowId: number, ...given: readonly number[]) => ({ rows: given.map((amount) => refund(rowId, amount)) })
const took = (rowId: number, amount: number) => ({ rows: [consume(rowId, amount)] })
const open = ['links-shared']

describe('B9 of tasks that share an id', () => {
  it.each<[string, Given, string[]]>([
    ['a point more than both took', { paid: 2000, refunded: 2001 }, ['task-1: 2000 2001']],
    ['as much as both took', { paid: 2000, refunded: 2000 }, open],
    ['a point less', { paid: 2000, refunded: 1999 }, open],
    ['more, of their own rows', { one: took(1, 1000), other: took(2, 1000), refunded: 2001 }, ['task-1: 2000 2001']],
    ['as much, of their own rows', { one: took(1, 1000), other: took(2, 1000), refunded: 2000 }, open],
    [
      'more than the own rows of one and theirs',
      { one: took(1, 1000), paid: 1000, refunded: 2001 },
      ['task-1: 2000 2001'],
    ],
    ['more by their own rows', { one: own(3, 1000), other: own(4, 1001), paid: 2000 }, ['task-1: 2000 2001']],
    ['more where nothing was taken', { refunded: 1 }, ['task-1: 0 1']],
    ['nothing where less than nothing was taken', { paid: -1 }, []],
    ['more, of a task that is not told of', { paid: 2000, refunded: 2001, others: true }, open],
    [
      'more, of a task that may have been paid otherwise',
      { paid: 1999, refunded: 2000, unlinked: { paidPoints: points(1) } },
      ['links-unlinked'],
    ],
    [
      'more, of tasks that were paid to the point',
      { paid: 2000, refunded: 2001, unlinked: { paidPoints: points(1) } },
      ['task-1: 2000 2001'],
    ],
    [
      'more, of tasks paid to the point in all, one of them too much',
      { one: took(1, 1001), paid: 999, refunded: 2001, unlinked: { paidPoints: points(1) } },
      open,
    ],
    [
      'more, where each has rows of its own',
      { one: took(1, 1), other: took(2, 1), refunded: 3, unlinked: { paidPoints: points(1) } },
      ['task-1: 2 3'],
    ],
    [
      'more, where a row does not tell what it took',
      { paid: 2000, refunded: 2001, untold: 'consume' },
      ['amount-untold'],
    ],
    [
      'more, where a row does not tell what it gave',
      { paid: 2000, refunded: 2001, untold: 'refund' },
      ['task-1: 2000 2001'],
    ],
    [
      'as much, where a row does not tell what it gave',
      { paid: 2000, refunded: 2000, untold: 'refund' },
      ['amount-untold'],
    ],
  ])('gave back %s', (_, given, expected) => {
    expect(said('B9', given)).toEqual(expected)
  })

  it('is told of the one where that is as much, or more', () => {
    const one = { rows: [consume(1, 1000), refund(2, 1500)] }
    // Whatever the other got, 500 more came back for the first.
    expect(said('B9', { one, other: took(3, 1000), refunded: 1000 })).toEqual(['task-1: 1000 1500'])
    expect(said('B9', { one, other: took(3, 1000), refunded: 1001 })).toEqual(['task-1: 2000 2501'])
    const both = { one, other: { rows: [consume(3, 1000), refund(4, 1500)] } }
    expect(said('B9', both)).toEqual(['task-2: 1000 1500', 'task-1: 1000 1500'])
    expect(said('B9', { ...both, paid: 1 })).toEqual(['task-1: 2001 3000'])
  })

  it('names all of them and the rows, once', () => {
    const { findings, examined, notEvaluated } = evaluate('B9', booksOf({ one: own(3, 5), paid: 2000, refunded: 2001 }))
    expect(findings).toEqual([
      {
        subject: { taskId: 'task-1', requestId: 'request-1' },
        ...{ expected: 2000n, actual: 2006n, unit: 'points', count: 2 },
        evidence: { total: 2, ids: ['points:3', 'points:90'] },
        detail: { userId: 101, sharedWith: 'task-2' },
        context: { accountId: 5, userId: 101, model: MODEL, date: '2026-02-06' },
      },
    ])
    expect([examined, notEvaluated]).toEqual([1, []])
  })

  it('is not told where one of them is missing', () => {
    const { ledgers, ...given } = booksOf({ paid: 2000, refunded: 2001 })
    expect(evaluate('B9', { ...given, taskLedgers: known(ledgers.slice(1)) }).findings).toEqual([])
  })
})

describe('B8 of tasks that share an id', () => {
  const marked = { refunded: true }
  const young = { completedAt: later(AS_OF, -24 * HOUR + 1) }

  it.each<[string, Given, string[]]>([
    ['neither is marked, and a point came back', { refunded: 1 }, ['task-1: 0 1']],
    ['neither is marked, and nothing came back', { refunded: 0 }, []],
    ['neither is marked, and a point came back and was taken back', { one: own(3, 1), refunded: -1 }, open],
    ['one is marked, and a point came back', { one: marked, refunded: 1 }, open],
    ['both are marked, and a point came back', { one: marked, other: marked, refunded: 1 }, open],
    ['neither is marked, and one is not told of', { refunded: 1, others: true }, open],
    ['neither is marked, and a point came back at the least', { refunded: 1, untold: 'refund' }, ['task-1: 0 1']],
    ['neither is marked, and it is not told what came back', { untold: 'refund' }, ['amount-untold']],
  ])('where %s', (_, given, expected) => {
    expect(said('B8', given)).toEqual(expected)
  })

  const back = (left: number, ...facts: readonly Partial<TaskFact>[]): Given => ({
    one: { ...own(3, 5), ...marked, ...facts[0] },
    other: { ...own(4, 5), ...marked, ...facts[1] },
    refunded: left - 10,
  })
  it.each<[string, Given, string[]]>([
    ['of what both got back', back(0), ['task-1: 2000 0']],
    ['of that, but for a point', back(1), open],
    ['of that, and a point more', back(-1), ['task-1: 2000 -1']],
    ['of what one of them got back that is not overdue', back(0, {}, young), open],
    ['of that a millisecond later', back(0, {}, { completedAt: later(AS_OF, -24 * HOUR) }), ['task-1: 2000 0']],
    ['of what one of them got back that was free', back(0, { chargedPoints: points(0) }), open],
    ['of what one of them got back that is not marked', back(0, { refunded: false }), open],
    ['of what rows gave back that do not tell it', { ...back(0), untold: 'refund' }, ['amount-untold']],
    ['of what may have come back otherwise', { ...back(0), unlinked: { refundedPoints: points(1000) } }, open],
    ['of what may not', { ...back(0), unlinked: { refundedPoints: points(999) } }, ['task-1: 2000 0']],
    [
      'of what cash gave back for both',
      { ...back(0), unlinked: { cashIn: [{ points: points(2000), at: null }] } },
      open,
    ],
    ['of what cash of nobody gave back for both', { ...back(0), nobodysCash: 2000 }, open],
    ['of what it did not', { ...back(0), nobodysCash: 1999 }, ['task-1: 2000 0']],
  ])('where all was taken back %s', (_, given, expected) => {
    expect(said('B8', given)).toEqual(expected)
  })

  it('tells of each where nothing came back for either, and of both where more did than for the one', () => {
    const both = { one: marked, other: marked }
    expect(said('B8', both)).toEqual(['task-2: 1000 0', 'task-1: 1000 0'])
    expect(said('B8', { one: own(3, 4) })).toEqual(['task-1: 0 4'])
    expect(said('B8', { one: own(3, 4), refunded: 1 })).toEqual(['task-1: 0 5'])
    const { findings } = evaluate('B8', booksOf({ one: own(3, 4), refunded: 1 }))
    expect(findings).toMatchObject([
      { evidence: { total: 2 }, detail: { userId: 101, sharedWith: 'task-2', case: 'unmarked' } },
    ])
  })
})

describe('B7 of tasks that share an id', () => {
  const failed = { status: 'failed' as const }
  const back = (left: number, one: Twin = {}): Given => ({
    one: { ...own(3, 5), ...failed, ...one },
    other: { ...own(4, 5), ...failed },
    refunded: left - 10,
  })

  it.each<[string, Given, string[]]>([
    ['all that came back was taken back', back(0), ['task-1: 0 2000']],
    ['all but a point was', back(1), open],
    ['one of them is no failure', back(0, { status: 'success' }), open],
    ['one of them is not overdue', back(0, { completedAt: later(AS_OF, -24 * HOUR + 1) }), open],
    ['one of them is marked', back(0, { refunded: true }), open],
    ['it may have come back otherwise', { ...back(0), unlinked: { refundedPoints: points(1000) } }, open],
    ['cash of nobody may be it', { ...back(0), nobodysCash: 2000 }, open],
    ['cash of nobody may not', { ...back(0), nobodysCash: 1999 }, ['task-1: 0 2000']],
  ])('where %s', (_, given, expected) => {
    expect(said('B7', given)).toEqual(expected)
  })

  it.each([
    ['0', undefined, '0'],
    ['0.5', 'MEDIUM', '0.5'],
    [null, 'MEDIUM', undefined],
  ])('is as grave as the bill says: %s', (billed, severity, billedUsd) => {
    const [finding] = evaluate('B7', booksOf(back(0, { billed }))).findings
    expect([finding?.severity, finding?.detail.billedUsd]).toEqual([severity, billedUsd])
    expect(finding?.evidence).toEqual({ total: 2, ids: ['task-1', 'task-2'] })
  })
})
