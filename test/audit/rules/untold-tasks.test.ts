import { describe, expect, it } from 'vitest'
import type { RuleId } from '../../../schemas/report.ts'
import { type Books, known } from '../../../src/audit/rules/books.ts'
import type { TaskFact } from '../../../src/audit/rules/facts.ts'
import type { PriceBook } from '../../../src/audit/rules/prices.ts'
import type { UntoldBook } from '../../../src/audit/rules/untold-tasks.ts'
import { MiniWorld } from '../../../src/demo/mini-world.ts'
import { ratio } from '../../../src/units/ratio.ts'
import type { CalendarDate } from '../../../src/units/zone.ts'
import { auditWorld, inShort } from '../../kit/audit-world.ts'
import { consume, evaluate, linked, matched, points, requests, task } from '../../kit/books.ts'

const NONE = { chargedPoints: points(0), chargeUntold: true } as const
const evidence = { total: 1, ids: ['task-1'] }
const DAY = '2026-02-06' as CalendarDate
const owners = {
  count: 1,
  evidence,
  chargedByDate: new Map([[DAY, points(50)]]),
  payablePoints: points(50),
  refunded: 0,
}

/** How many were examined and found, and why others were not. */
function told(rule: RuleId, books: Partial<Books>, given: Parameters<typeof evaluate>[2] = {}) {
  const { examined, findings, notEvaluated } = evaluate(rule, books, given)
  return [examined, findings.length, notEvaluated.map(({ reason }) => reason.code).join()]
}

describe('a task that tells no charge', () => {
  const ledger = (fact: Partial<TaskFact>, ...rows: Parameters<typeof linked>[1]) => ({
    taskLedgers: known([linked({ ...NONE, ...fact }, rows)]),
  })

  it('is judged by no rule that holds rows against its charge', () => {
    expect(told('B10', ledger({}, consume(1, 1000)))).toEqual([0, 0, 'charge-untold'])
    expect(told('B10', ledger({}))).toEqual([0, 0, ''])
    expect(told('B10', ledger({ chargeUntold: undefined as never }, consume(1, 1000)))).toEqual([1, 1, ''])
    expect(told('B6', ledger({}, consume(1, 1000), consume(2, 1000)))).toEqual([0, 0, 'charge-untold'])
    expect(told('B6', ledger({}, consume(1, 1000)))).toEqual([1, 0, ''])
  })

  it('may be charged twice for one request, and two that tell theirs are', () => {
    const request = (...facts: Partial<TaskFact>[]) => ({
      requests: requests({
        shared: [{ requestId: 'request-1', accountId: 5, tasks: facts.map((fact) => task(fact)) }],
      }),
    })
    expect(told('B4', request({}, NONE)).slice(1)).toEqual([0, 'charge-untold'])
    expect(told('B4', request({}, { chargedPoints: points(0) })).slice(1)).toEqual([0, ''])
    expect(told('B4', request({}, {}, NONE)).slice(1)).toEqual([1, ''])
  })

  it('may make up for what its model lost that day', () => {
    const of = (...facts: Partial<TaskFact>[]) =>
      told('B16', { requests: requests({ tasks: facts.map((fact) => matched(fact)) }) }, { pointsPerUsd: '1' })
    const free = { chargedPoints: points(0) }
    expect(of(NONE)).toEqual([0, 0, 'charge-untold'])
    expect(of({ ...NONE, refunded: true })).toEqual([1, 1, ''])
    expect(of(free)).toEqual([1, 1, ''])
    expect(of(NONE, {})).toEqual([1, 0, ''])
  })

  it('is held against no price rule, nor is one whose user is not told', () => {
    const chargeOf = () => ({ kind: 'due', points: ratio('900'), terms: () => ({}) }) as never
    const priceRules = known<PriceBook>({ versions: 1, chargeOf })
    const of = (fact: Partial<TaskFact>) => told('B22', { requests: requests({ tasks: [matched(fact)] }), priceRules })
    expect(of(NONE)).toEqual([0, 0, 'charge-untold'])
    expect(of({ userId: 0, userUntold: true })).toEqual([0, 0, 'user-untold'])
    expect(of({})).toEqual([1, 1, ''])
  })
})

describe('a task that names no user', () => {
  it('is said once by the rules about users', () => {
    const untold: UntoldBook = { costs: new Map(), owners: { ...owners, refunded: 1 } }
    for (const rule of ['A4', 'B6', 'B7', 'B8', 'B9', 'B10', 'B20'] as const) {
      expect([rule, ...told(rule, { untold })]).toEqual([rule, 0, 0, 'user-untold'])
      expect([rule, ...told(rule, {})]).toEqual([rule, 0, 0, ''])
    }
    expect(told('B20', { untold: { ...untold, owners } })).toEqual([0, 0, ''])
  })

  it('may be what makes a day of a user unusual, where it was charged', () => {
    const of = (charged: Partial<typeof owners>) =>
      told('A6', { untold: { costs: new Map(), owners: { ...owners, ...charged } } })
    expect(of({})).toEqual([0, 0, 'user-untold'])
    expect(of({ chargedByDate: new Map([[DAY, null as never]]) })).toEqual([0, 0, 'user-untold'])
    expect(of({ chargedByDate: new Map() })).toEqual([0, 0, ''])
    // Of the days before the window alone.
    expect(of({ count: 0 })).toEqual([0, 0, ''])
  })
})

describe('a day far above the usual', () => {
  const NOBODYS = 4
  /** Three days of 100 points, a task that names no user or tells no charge, and a day of so many. */
  async function spike(today: number, over: object, at = '2026-02-05 13:00:00') {
    const world = new MiniWorld().account(5)
    for (const day of ['03', '04', '05']) world.task({ points: 100, at: `2026-02-${day} 12:00:00` })
    world.task({ points: 50, at }).task({ points: today })
    const built = world.build()
    const tasks = built.tables.tasks.map((row) => (row.id === NOBODYS ? { ...row, ...over } : row))
    const report = await auditWorld({
      ...built,
      tables: { ...built.tables, tasks: tasks as typeof built.tables.tasks },
    })
    return [
      inShort(report),
      report.notEvaluated.filter(({ rule, subject }) => rule === 'A6' && subject.date !== undefined).length,
    ]
  }

  it.each([
    // 5 × (300 + 50) / 3 = 583.33: what nobody owns may have been the user's.
    [583, { userId: null }, [], 1],
    [584, { userId: null }, ['A6 userId=101 date=2026-02-06'], 0],
    [500, { userId: null }, [], 0],
    [100_000, { money: null }, [], 1],
    [500, { money: null }, [], 0],
    [584, {}, ['A6 userId=101 date=2026-02-06'], 0],
  ])('of %d points, beside %j', async (today, over, found, open) => {
    expect(await spike(today, over)).toEqual([found, open])
  })

  it.each(['2026-02-06 13:00:00', '2026-02-07 00:05:00'])(
    'is told for certain where what is not told came no sooner (%s)',
    async (at) => {
      for (const over of [{ userId: null }, { money: null }])
        expect(await spike(501, over, at)).toEqual([['A6 userId=101 date=2026-02-06'], 0])
    },
  )
})
