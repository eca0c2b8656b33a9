import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../../schemas/report.ts'
import { known } from '../../../src/audit/rules/books.ts'
import type { LinkedEntry, TaskFact } from '../../../src/audit/rules/facts.ts'
import { DAY, HOUR } from '../../../src/units/instant.ts'
import { AS_OF, consume, evaluate, fired, later, linked, MODEL, points, refund, theFinding } from '../../kit/books.ts'

const world = (entries: readonly LinkedEntry[], fact: Partial<TaskFact> = {}) => ({
  taskLedgers: known([linked(fact, entries)]),
})
const findingsOf = (id: RuleId, ...given: Parameters<typeof world>): number =>
  evaluate(id, world(...given)).findings.length
const CONTEXT = { accountId: 5, userId: 101, model: MODEL, date: '2026-02-06' }
const SUBJECT = { taskId: 'task-1', requestId: 'request-1' }

describe('B6: the same ledger row twice', () => {
  it('fires where repeated rows took more than the charge', () => {
    const twice = world([consume(12, 1000), consume(7, 1000), consume(8, 1000), consume(9, 5)])
    expect(theFinding('B6', twice)).toEqual({
      subject: SUBJECT,
      expected: 1000n,
      actual: 3005n,
      unit: 'points',
      count: 2,
      evidence: { total: 3, ids: ['points:7', 'points:8', 'points:12'] },
      detail: { userId: 101, rowIds: 'points:7, points:8, points:12', kind: 'consume' },
      context: CONTEXT,
    })
    // The charge is then not what the rows took either, which is B10's to tell.
    expect(fired(twice)).toEqual(['B6', 'B10'])
  })

  const cash = { book: 'cash' as const }
  it.each([
    ['one row of the charge', [consume(1, 1000)], 0],
    ['two halves of the charge', [consume(1, 500), consume(2, 500)], 0],
    ['two rows a point above the charge', [consume(1, 500), consume(2, 500), consume(3, 1)], 1],
    ['points and cash of the same amount', [consume(1, 1000), consume(1, 1000, cash)], 0],
    ['cash taken twice', [consume(1, 600, cash), consume(2, 600, cash)], 1],
    ['two different rows above the charge', [consume(1, 1000), consume(2, 999)], 0],
    ['two rows of nothing', [consume(1, 1001), consume(2, 0), consume(3, 0)], 0],
    ['a row and its reversal', [consume(1, 1000), refund(2, 1000)], 0],
    ['a refund twice', [consume(1, 1000), refund(2, 1000), refund(3, 1000)], 1],
    ['a refund in two halves', [consume(1, 1000), refund(2, 500), refund(3, 500)], 0],
    ['too much, of which two rows gave the same back', [consume(1, 3000), consume(2, -500), consume(3, -500)], 0],
    ['too large a refund, the same taken back twice', [refund(1, 3000), refund(2, -500), refund(3, -500)], 0],
  ])('%s', (_, entries, expected) => {
    expect(findingsOf('B6', entries)).toBe(expected)
  })

  it('is one finding a task; a repeated refund says so', () => {
    const both = [consume(1, 1000), consume(2, 1000), refund(3, 1000), refund(4, 1000)]
    expect(theFinding('B6', world(both))).toMatchObject({ actual: 2000n, detail: { kind: 'consume' } })
    const refunds = [consume(1, 1000), refund(3, 1000), refund(4, 1000)]
    expect(theFinding('B6', world(refunds))).toMatchObject({
      actual: 2000n,
      count: 1,
      detail: { kind: 'refund', rowIds: 'points:3, points:4' },
    })
  })

  it('tells what was given back of what was taken twice', () => {
    const givenBack = [consume(1, 1000), consume(2, 1000), refund(3, 600), refund(4, 400, { book: 'cash' })]
    expect(theFinding('B6', world(givenBack)).detail).toMatchObject({ kind: 'consume', givenBackPoints: '1000' })
    const takenBack = [consume(1, 1000), consume(2, 1000), refund(3, 600), refund(4, -600)]
    expect(theFinding('B6', world(takenBack)).detail).not.toHaveProperty('givenBackPoints')
    const untold = [consume(1, 1000), consume(2, 1000), refund(3, 600), refund(4, 0, { amountUntold: true })]
    expect(theFinding('B6', world(untold)).detail).not.toHaveProperty('givenBackPoints')
  })

  it('examines the tasks that have rows', () => {
    expect(evaluate('B6', world([])).examined).toBe(0)
    expect(evaluate('B6', world([consume(1, 1000)])).examined).toBe(1)
  })
})

describe('B8: mark and refund row do not agree', () => {
  const marked = { refunded: true }
  const paid = consume(1, 1000)

  it('fires alone for a mark without a row, once a day has passed since the end', () => {
    expect(fired(world([paid], marked))).toEqual(['B8'])
    expect(theFinding('B8', world([paid], marked))).toEqual({
      subject: SUBJECT,
      expected: 1000n,
      actual: 0n,
      unit: 'points',
      count: 1,
      evidence: { total: 1, ids: ['task-1'] },
      detail: { userId: 101, case: 'unposted' },
      context: CONTEXT,
    })
  })

  it('fires alone for a row without a mark, whatever the status, at once', () => {
    const fresh = { status: 'unfinished' as const, createdAt: AS_OF, completedAt: null }
    const unmarked = world([paid, refund(2, 400), refund(3, 200, { book: 'cash' })], fresh)
    expect(fired(unmarked)).toEqual(['B8'])
    expect(theFinding('B8', unmarked)).toMatchObject({
      expected: 0n,
      actual: 600n,
      count: 1,
      evidence: { total: 2, ids: ['cash:3', 'points:2'] },
      detail: { userId: 101, case: 'unmarked' },
    })
  })

  it.each([
    ['mark and row', [paid, refund(2, 1000)], marked, 0],
    ['neither', [paid], {}, 0],
    ['a mark on a task of no charge', [], { ...marked, chargedPoints: points(0) }, 0],
    ['a mark on a task of one point', [], { ...marked, chargedPoints: points(1) }, 1],
    ['a day less a millisecond', [paid], { ...marked, completedAt: later(AS_OF, 1 - DAY) }, 0],
    ['a day', [paid], { ...marked, completedAt: later(AS_OF, -DAY) }, 1],
    ['a day less a millisecond since creation', [paid], { ...marked, ...bornAt(1 - DAY) }, 0],
    ['a day since creation', [paid], { ...marked, ...bornAt(-DAY) }, 1],
  ])('%s', (_, entries, fact, expected) => {
    expect(findingsOf('B8', entries, fact)).toBe(expected)
  })

  it('takes its delay from the settings', () => {
    const recent = world([paid], { ...marked, completedAt: later(AS_OF, -2 * HOUR) })
    expect(fired(recent, { thresholds: { refundLagMillis: 2 * HOUR } })).toEqual(['B8'])
    expect(fired(recent, { thresholds: { refundLagMillis: 2 * HOUR + 1 } })).toEqual([])
  })

  it('examines what is marked or given back', () => {
    expect(evaluate('B8', world([paid])).examined).toBe(0)
    expect(evaluate('B8', world([paid, refund(2, 1000)], marked)).examined).toBe(1)
  })
})

describe('B9: refunded more than ever paid', () => {
  const marked = { refunded: true }
  const split = [consume(1, 600), consume(1, 400, { book: 'cash' })]

  it('fires alone, points and cash together', () => {
    const over = world([...split, refund(2, 1000), refund(3, 1, { book: 'cash' })], marked)
    expect(fired(over)).toEqual(['B9'])
    expect(theFinding('B9', over)).toEqual({
      subject: SUBJECT,
      expected: 1000n,
      actual: 1001n,
      unit: 'points',
      count: 2,
      evidence: { total: 2, ids: ['cash:3', 'points:2'] },
      detail: { userId: 101 },
      context: CONTEXT,
    })
  })

  it.each([
    ['the whole of it, in the other currency', [...split, refund(2, 1000)], 0],
    ['a part of it', [...split, refund(2, 999)], 0],
    ['one point more', [...split, refund(2, 1001)], 1],
    ['one point of nothing', [refund(2, 1)], 1],
    ['nothing', split, 0],
  ])('refunded %s', (_, entries, expected) => {
    expect(findingsOf('B9', entries, marked)).toBe(expected)
  })
})

describe('a refund row is one that gave something back', () => {
  const paid = consume(1, 1000)
  const failed = { status: 'failed' as const }

  it.each([
    ['taken back again', [refund(2, 1000), refund(3, -1000)]],
    ['taken back in the other currency', [refund(2, 1000), refund(3, -1000, { book: 'cash' })]],
    ['of nothing', [refund(2, 0)]],
    ['more taken back than given', [refund(2, 1000), refund(3, -1001)]],
  ])('%s: none', (_, rows) => {
    const entries = [paid, ...rows]
    expect(fired(world(entries))).toEqual([])
    expect(fired(world(entries, failed))).toEqual(['B7'])
    expect(fired(world(entries, { ...failed, refunded: true }))).toEqual(['B8'])
    for (const rule of ['B8', 'B9'] as const) expect(evaluate(rule, world(entries)).examined).toBe(0)
    expect(evaluate('B7', world(entries, failed)).examined).toBe(1)
  })

  it('of a point that is left: one', () => {
    const entries = [paid, refund(2, 1000), refund(3, -999)]
    expect(fired(world(entries))).toEqual(['B8'])
    expect(theFinding('B8', world(entries))).toMatchObject({ expected: 0n, actual: 1n })
    expect(fired(world(entries, failed))).toEqual(['B8'])
    expect(fired(world(entries, { ...failed, refunded: true }))).toEqual([])
  })

  it('says what the rows come to where a marked task has none', () => {
    const taken = world([paid, refund(2, 1000), refund(3, -1001)], { refunded: true })
    expect(theFinding('B8', taken)).toMatchObject({ expected: 1000n, actual: -1n, detail: { case: 'returned' } })
  })

  it('given twice and taken back once is no over-refund, but to the point', () => {
    const net = (back: number) => [paid, refund(2, 1000), refund(3, 1000), refund(4, -back)]
    expect([999, 1000, 1001].map((back) => findingsOf('B9', net(back), { refunded: true }))).toEqual([1, 0, 0])
    expect(theFinding('B9', world(net(999), { refunded: true }))).toMatchObject({ actual: 1001n, count: 3 })
  })
})

function bornAt(fromNow: number): Partial<TaskFact> {
  return { createdAt: later(AS_OF, fromNow), completedAt: null }
}
