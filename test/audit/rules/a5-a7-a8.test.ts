import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../../src/demo/mini-world.ts'
import { auditWorld, inShort } from '../../kit/audit-world.ts'

const base = () => new MiniWorld().account(5)

describe('A5: refunded share of a day', () => {
  const day = (refunded: number, rest: number) =>
    base().task({ points: rest }).task({ points: refunded, refunded: true, status: 'failed', cost: '0' })

  it.each([
    [30, 70, []],
    [300, 700, []],
    [301, 700, ['A5 date=2026-02-06']],
    [31, 69, ['A5 date=2026-02-06']],
    [0, 100, []],
  ])('%d of %d more points refunded: %j', async (refunded, rest, expected) => {
    expect(inShort(await auditWorld(day(refunded, rest).build()))).toEqual(expected)
  })

  it('tells what was refunded and what was allowed', async () => {
    const report = await auditWorld(day(50, 50).build())
    expect(report.findings[0]).toMatchObject({
      severity: 'MEDIUM',
      unit: 'points',
      expected: '30',
      actual: '50',
      difference: '20',
      count: 1,
    })
    expect(report.findings[0]?.evidence).toEqual({ total: 1, ids: ['task-2'] })
  })

  it.each([
    ['leaves nothing', [{ points: 100, refunded: true }, { points: -100 }], ['A5 date=2026-02-06']],
    ['leaves less than nothing', [{ points: 100, refunded: true }, { points: -300 }], ['A5 date=2026-02-06']],
    ['hides no share', [{ points: 70 }, { points: 31, refunded: true }, { points: -9, refunded: true }], ['A5']],
    ['makes no share', [{ points: 70 }, { points: 30, refunded: true }, { points: -90 }], []],
    ['is none', [{ points: -100, refunded: true }, { points: -100 }], []],
  ])('a charge below 0 that %s', async (_, tasks, expected) => {
    const built = base()
    for (const task of tasks) built.task({ ...task, paid: false })
    const days = inShort(await auditWorld(built.build())).filter((found) => found.startsWith('A5'))
    expect(days).toEqual(expected.map((found) => (found === 'A5' ? 'A5 date=2026-02-06' : found)))
  })

  it('tells shares of what was charged above 0', async () => {
    const built = base().task({ points: 50, refunded: true }).task({ points: 50 }).task({ points: -100, paid: false })
    const { findings } = await auditWorld(built.build())
    expect(findings.find(({ rule }) => rule === 'A5')).toMatchObject({ expected: '30', actual: '50', count: 1 })
    expect(findings.find(({ rule }) => rule === 'A5')?.message).toContain('50.0%')
  })

  it('judges each day by the creation of its tasks', async () => {
    const built = base()
      .task({ points: 100, at: '2026-02-05 12:00:00' })
      .task({ points: 40, at: '2026-02-06 00:00:00', refunded: true, status: 'failed', cost: '0' })
    expect(inShort(await auditWorld(built.build(), { start: '2026-02-05', end: '2026-02-06' }))).toEqual([
      'A5 date=2026-02-06',
    ])
  })
})

describe('A7: free tasks', () => {
  it.each([
    ['without charge', { points: 0, paid: false as const }, ['A7 userId=101']],
    ['without charge or cost', { points: 0, cost: '0', paid: false as const }, []],
    ['charged a single point', { points: 1 }, []],
    ['without charge, refunded', { points: 0, refunded: true, paid: false as const }, []],
    [
      'without charge, a nano-dollar of cost',
      { points: 0, cost: '0.000000001', paid: false as const },
      ['A7 userId=101'],
    ],
  ])('a task %s: %j', async (_, options, expected) => {
    expect(inShort(await auditWorld(base().task().task(options).build()))).toEqual(expected)
  })

  it('counts them by user', async () => {
    const built = base().task()
    for (let count = 0; count < 12; count++) built.task({ user: 103, points: 0, cost: '0.05', paid: false })
    const report = await auditWorld(built.build())
    expect(report.findings[0]).toMatchObject({
      rule: 'A7',
      severity: 'MEDIUM',
      unit: 'count',
      expected: '0',
      actual: '12',
      difference: '12',
      count: 12,
    })
    expect(report.findings[0]?.evidence.total).toBe(12)
    expect(report.findings[0]?.evidence.ids).toHaveLength(10)
    expect(report.findings[0]?.message).toContain('0.6')
  })
})

describe('A8: low balance', () => {
  it.each([
    ['1', null, []],
    ['0.999999', null, ['A8 accountId=5']],
    ['0', null, ['A8 accountId=5']],
    ['-3', null, ['A8 accountId=5']],
    ['0.5', '1', []],
    ['50', '0.999999999', ['A8 accountId=5']],
  ])('table %s, live %s: %j', async (balance, live, expected) => {
    const built = new MiniWorld().account(5, { balance, live }).task()
    expect(inShort(await auditWorld(built.build()))).toEqual(expected)
  })

  it('shows which balance it judged', async () => {
    const built = new MiniWorld().account(5, { balance: '50', live: '0.4' }).task()
    const report = await auditWorld(built.build())
    expect(report.findings[0]).toMatchObject({ severity: 'LOW', expected: '1', actual: '0.4', difference: '-0.6' })
    expect(report.official.rows[0]).toMatchObject({ balanceUsd: '0.4', balanceSource: 'live' })
  })

  it('a balance that nobody knows is not zero', async () => {
    const built = new MiniWorld().account(5, { balance: null, live: null }).task()
    const report = await auditWorld(built.build())
    expect(inShort(report)).toEqual([])
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'A8', subject: { accountId: 5 } }))
    expect(report.official.rows[0]?.balanceUsd).toBeNull()
  })
})
