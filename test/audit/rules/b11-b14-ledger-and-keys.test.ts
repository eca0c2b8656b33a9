import { describe, expect, it } from 'vitest'
import { known } from '../../../src/audit/rules/books.ts'
import type { BalanceTrail, LedgerBreak } from '../../../src/audit/rules/facts.ts'
import type { UnplacedTasks } from '../../../src/audit/rules/unplaced-tasks.ts'
import { evaluate, fired, NO_BALANCES, points, requests, theFinding, unmatched, usd } from '../../kit/books.ts'

const broken = (overrides: Partial<LedgerBreak> = {}): LedgerBreak => ({
  userId: 101,
  rowId: 40,
  count: 3,
  expectedPoints: points(900),
  actualPoints: points(950),
  ...overrides,
})

const world = (trail: Partial<BalanceTrail>) => ({
  balances: known({ ...NO_BALANCES, users: 4, ...trail }),
})

describe.each([
  ['B11', 'arithmetic'],
  ['B12', 'continuity'],
  ['B13', 'negative'],
] as const)('%s: the %s of a points ledger', (id, name) => {
  it('fires alone, once a user, at the first row', () => {
    const trail = world({ [name]: [broken(), broken({ userId: 102, rowId: 41, count: 1 })] })
    expect(fired(trail)).toEqual([id, id])
    expect(evaluate(id, trail)).toEqual({
      examined: 4,
      findings: [
        {
          subject: { userId: 101, rowId: 40 },
          expected: 900n,
          actual: 950n,
          unit: 'points',
          count: 3,
          evidence: { total: 3, ids: ['40'] },
          detail: {},
        },
        expect.objectContaining({ subject: { userId: 102, rowId: 41 }, count: 1 }),
      ],
      notEvaluated: [],
    })
  })

  it('examines no user of whom nothing could be compared, and says so', () => {
    const untold = { arithmetic: [], continuity: [], negative: [] }
    const reason = { code: 'balance-untold' }
    expect(evaluate(id, world({ untold: { ...untold, [name]: [102, 104] } }))).toEqual({
      examined: 2,
      findings: [],
      notEvaluated: [
        { subject: { userId: 102 }, reason },
        { subject: { userId: 104 }, reason },
      ],
    })
    const all = world({ users: 2, untold: { ...untold, [name]: [102, 104] } })
    expect(evaluate(id, all)).toEqual({ examined: 0, findings: [], notEvaluated: [{ subject: {}, reason }] })
    const others = { arithmetic: [101], continuity: [101], negative: [101], [name]: [] }
    expect(evaluate(id, world({ untold: others }))).toMatchObject({ examined: 4, notEvaluated: [] })
  })

  it('stays silent over a whole ledger, and says how many users it followed', () => {
    expect(evaluate(id, world({}))).toEqual({ examined: 4, findings: [], notEvaluated: [] })
  })
})

describe('B14: tasks with a key that no account has', () => {
  const evidence = { total: 12, ids: ['task-1', 'task-2'] }
  const unknownKeys = [{ keyId: '00000009…', identity: '00000009…', taskCount: 12, costNanoUsd: usd('3.5'), evidence }]

  it('fires alone', () => {
    expect(fired({ unknownKeys })).toEqual(['B14'])
    expect(theFinding('B14', { unknownKeys })).toEqual({
      subject: { keyId: '00000009…' },
      identity: '00000009…',
      expected: 0n,
      actual: 12n,
      unit: 'count',
      count: 12,
      evidence,
      detail: { costUsd: '3.5' },
    })
  })

  it('stays silent without such keys, and counts the keys that are known', () => {
    const accounts = [{ accountId: 5, disabled: false, billNanoUsd: null, balance: null }]
    const keyless = requests({ tasks: [unmatched('not-evaluated', {}, { accountId: null })] })
    expect(evaluate('B14', { accounts, requests: keyless })).toEqual({ examined: 1, findings: [], notEvaluated: [] })
    expect(evaluate('B14', { accounts, unknownKeys }).examined).toBe(2)
  })

  it('leaves open keys that none but tasks without a place in time name, each once', () => {
    const reason = { code: 'times-none' }
    const amounts = {
      costNanoUsd: 0n,
      recordedNanoUsd: 0n,
      toldNanoUsd: 0n,
      untold: 0,
      keptPoints: 0n,
      refundedPoints: 0n,
      due: 0,
      crosses: false,
      isYoung: false,
    }
    const sort = { ...amounts, accountId: null, stored: 'm', model: 'm', selected: true }
    const open = (sorts: UnplacedTasks['sorts'], overrides = {}) =>
      evaluate('B14', { unplaced: { reason, sorts, byRequest: true, owners: null }, ...overrides }).notEvaluated
    const key = { keyId: '00000008…', identity: 'digest-8' }
    expect(open([{ ...sort, unknownKey: key }, { ...sort, model: 'n', unknownKey: key }, sort])).toEqual([
      { subject: { keyId: key.keyId }, reason },
    ])
    const found = { ...key, taskCount: 1, costNanoUsd: usd('0'), evidence }
    expect(open([{ ...sort, unknownKey: key }], { unknownKeys: [found] })).toEqual([])
    // Another key that is alike when shortened is none of these.
    expect(open([{ ...sort, unknownKey: key }], { unknownKeys: [{ ...found, identity: 'digest-9' }] })).toHaveLength(1)
    expect(open([sort])).toEqual([])
    expect(open(null)).toEqual([{ subject: {}, reason }])
  })
})
