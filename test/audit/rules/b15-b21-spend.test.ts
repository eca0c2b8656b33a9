import { describe, expect, it } from 'vitest'
import { type AccountBook, known, unknown } from '../../../src/audit/rules/books.ts'
import type { Orphan } from '../../../src/audit/rules/facts.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import { ratio } from '../../../src/units/ratio.ts'
import { evaluate, event, fired, requests, theFinding, usd } from '../../kit/books.ts'
import { sort, unplaced } from '../../kit/unplaced.ts'

const UNREAD = [{ accountId: 5, reason: { code: 'events-unread' } }]

describe('B15: a key that somebody else may hold', () => {
  const orphan = (number: number, cost: string, accountId: number | null = 5): Orphan => ({
    requestId: `request-${number}`,
    accountId,
    events: [event()],
    costNanoUsd: usd(cost),
  })
  const account = (overrides: Partial<AccountBook> = {}): AccountBook => ({
    accountId: 5,
    disabled: false,
    billNanoUsd: usd('10'),
    balance: { nanoUsd: usd('50'), source: 'live' },
    ...overrides,
  })
  const world = (orphans: readonly Orphan[], overrides: Partial<AccountBook> = {}) => ({
    accounts: [account(overrides)],
    requests: requests({ orphans }),
  })
  const leaks = (...given: Parameters<typeof world>): number => evaluate('B15', world(...given)).findings.length

  it('fires beside B1, with the share of the bill', () => {
    const leaked = world([orphan(12, '1.5'), orphan(7, '0.5'), orphan(8, '0'), orphan(9, '9', 6), orphan(1, '9', null)])
    expect(fired(world([orphan(12, '1.5')]))).toEqual(['B1', 'B15'])
    expect(theFinding('B15', leaked)).toEqual({
      subject: { accountId: 5 },
      expected: 2_000_000_000n,
      actual: 0n,
      unit: 'USD',
      count: 2,
      evidence: { total: 2, ids: ['request-7', 'request-12'] },
      detail: {
        billUsd: '10',
        sharePercent: '20.0',
        thresholdUsd: '1',
        thresholdPercent: '5',
        disabled: 'no',
      },
    })
  })

  it('is open where requests of keys that no account row holds decide, and their ids say nothing', () => {
    const open = (cost: string): Orphan => ({ ...orphan(20, cost), strangeNanoUsd: usd(cost) })
    const reason = { code: 'key-ids-unmatched' }
    const none = { examined: 0, findings: [], notEvaluated: [{ subject: { accountId: 5 }, reason }] }
    expect(evaluate('B15', world([open('2')]))).toEqual(none)
    expect(evaluate('B15', world([open('0.01')], { disabled: true }))).toEqual(none)
    expect(evaluate('B15', world([orphan(1, '0.9'), open('0.1')]))).toEqual(none)
    expect(leaks([orphan(1, '1'), open('0.1')])).toBe(1)
    expect(leaks([orphan(1, '0.01'), open('0.1')], { disabled: true })).toBe(1)
    expect(evaluate('B15', world([open('0.9')]))).toEqual({ examined: 1, findings: [], notEvaluated: [] })
  })

  it.each([
    ['1', '10', 1],
    ['0.999999999', '10', 0],
    ['1', '20', 0],
    ['1', '19.999999999', 1],
    ['1.000000001', '20', 1],
    ['1', '0', 1],
  ])('%s USD of a bill of %s: %d', (cost, bill, expected) => {
    expect(leaks([orphan(1, cost)], { billNanoUsd: usd(bill) })).toBe(expected)
  })

  it('adds the requests up before it compares', () => {
    expect(leaks([orphan(1, '0.5'), orphan(2, '0.499999999')])).toBe(0)
    expect(leaks([orphan(1, '0.5'), orphan(2, '0.5')])).toBe(1)
  })

  it('tells no share of a bill of nothing', () => {
    const { detail } = theFinding('B15', world([orphan(1, '1')], { billNanoUsd: usd('0') }))
    expect(detail).toMatchObject({ billUsd: '0' })
    expect(detail).not.toHaveProperty('sharePercent')
  })

  it('fires for any cost on a disabled account, whatever its bill', () => {
    const disabled = { disabled: true }
    expect(leaks([orphan(1, '0.000000001')], { ...disabled, billNanoUsd: usd('1000') })).toBe(1)
    expect(leaks([orphan(1, '0.000000001')], { ...disabled, billNanoUsd: null })).toBe(1)
    expect(leaks([orphan(1, '0')], disabled)).toBe(0)
    expect(leaks([orphan(1, '0.5')])).toBe(0)
    expect(theFinding('B15', world([orphan(1, '0.5')], disabled)).detail.disabled).toBe('yes')
  })

  it('takes both thresholds from the settings', () => {
    const two = world([orphan(1, '2')])
    expect(fired(two, { thresholds: { b15NanoUsdMin: usd('2.000000001') } })).toEqual(['B1'])
    expect(fired(two, { thresholds: { b15NanoUsdMin: usd('2') } })).toEqual(['B1', 'B15'])
    expect(fired(two, { thresholds: { b15Ratio: ratio('0.2') } })).toEqual(['B1'])
    expect(fired(two, { thresholds: { b15Ratio: ratio('0.199999') } })).toEqual(['B1', 'B15'])
  })

  it('is not evaluated without the bill, for the reason that A1 has', () => {
    const bill = unknown('no-key-ids')
    const comparisons = [{ subject: { accountId: 5 }, bill, period: null, recordByModel: new Map() }]
    const blind = world([orphan(1, '5')], { billNanoUsd: null })
    const none = { examined: 0, findings: [] }
    expect(evaluate('B15', { ...blind, comparisons })).toEqual({
      ...none,
      notEvaluated: [{ subject: { accountId: 5 }, reason: { code: 'no-key-ids' } }],
    })
    expect(evaluate('B15', blind)).toEqual({
      ...none,
      notEvaluated: [{ subject: { accountId: 5 }, reason: { code: 'bill-unread' } }],
    })
  })

  it('says nothing of accounts whose events were not read whole', () => {
    const book = { ...world([orphan(1, '5')]), requests: requests({ orphans: [orphan(1, '5')], unread: UNREAD }) }
    expect(evaluate('B15', book)).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: { accountId: 5 }, reason: { code: 'events-unread' } }],
    })
  })
})

describe('B21: spend that no account row holds', () => {
  const keyIds = { total: 2, ids: ['deadbeef…', 'login'] }
  const world = (cost: bigint) => ({
    unattributed: known([
      { workspace: 'team', costNanoUsd: nanoUsd(cost), keyIds },
      { workspace: 'quiet', costNanoUsd: nanoUsd(0n), keyIds: { total: 0, ids: [] } },
    ]),
  })

  it('fires alone, at every depth', () => {
    expect(fired(world(2_500_000_000n))).toEqual(['B21'])
    expect(theFinding('B21', world(2_500_000_000n))).toEqual({
      subject: { workspace: 'team' },
      expected: 2_500_000_000n,
      actual: 0n,
      unit: 'USD',
      count: 2,
      evidence: keyIds,
      detail: { thresholdUsd: '1' },
    })
    expect(evaluate('B21', world(0n)).examined).toBe(2)
  })

  it.each([
    [1_000_000_000n, ['B21']],
    [999_999_999n, []],
  ])('%d nano-USD', (cost, expected) => {
    expect(fired(world(cost))).toEqual(expected)
  })

  it('takes its threshold from the settings, and never fires for nothing', () => {
    expect(fired(world(5n), { thresholds: { b21NanoUsdMin: nanoUsd(5n) } })).toEqual(['B21'])
    expect(fired(world(5n), { thresholds: { b21NanoUsdMin: nanoUsd(6n) } })).toEqual([])
    expect(fired(world(0n), { thresholds: { b21NanoUsdMin: nanoUsd(0n) } })).toEqual([])
  })

  it('is not evaluated where ids that say nothing may be those of nobody, and their cost decides', () => {
    const open = (cost: bigint, openNanoUsd: bigint) => ({
      unattributed: known([
        { workspace: 'team', costNanoUsd: nanoUsd(cost), openNanoUsd: nanoUsd(openNanoUsd), keyIds },
      ]),
    })
    expect(evaluate('B21', open(400_000_000n, 600_000_000n))).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: { workspace: 'team' }, reason: { code: 'key-ids-unmatched' } }],
    })
    expect(evaluate('B21', open(400_000_000n, 599_999_999n))).toEqual({ examined: 1, findings: [], notEvaluated: [] })
    expect(evaluate('B21', open(1_000_000_000n, 5_000_000_000n))).toMatchObject({ examined: 1, notEvaluated: [] })
    expect(fired(open(1_000_000_000n, 5_000_000_000n))).toEqual(['B21'])
  })

  it('tells what was billed to people alone, where tasks without a time decide whose the rest is', () => {
    const people = { total: 1, ids: ['login'] }
    const doubted = (byPeople: bigint, costNanoUsd = 1n) => ({
      unattributed: known([
        {
          ...{ workspace: 'team', costNanoUsd: nanoUsd(5_000_000_000n), keyIds },
          hangs: { on: [5], but: { costNanoUsd: nanoUsd(byPeople), keyIds: people } },
        },
      ]),
      unplaced: unplaced([sort({ costNanoUsd: nanoUsd(costNanoUsd) })]),
    })
    const told = { expected: 1_000_000_000n, count: 1, evidence: people }
    const open = [{ subject: { workspace: 'team' }, reason: { code: 'times-unread' } }]
    expect(evaluate('B21', doubted(1_000_000_000n))).toMatchObject({
      examined: 1,
      findings: [told],
      notEvaluated: open,
    })
    // All of it was billed to people: nothing is left that may be theirs.
    expect(evaluate('B21', doubted(5_000_000_000n))).toMatchObject({ examined: 1, notEvaluated: [] })
    expect(evaluate('B21', doubted(999_999_999n))).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: open,
    })
    // Without cost of their own nothing hangs on them.
    const free = doubted(0n, 0n)
    expect(theFinding('B21', free)).toMatchObject({ expected: 5_000_000_000n, count: 2 })
    expect(theFinding('B21', { unattributed: free.unattributed })).toMatchObject({ expected: 5_000_000_000n })
  })

  it('is not evaluated where no bill was read', () => {
    expect(evaluate('B21', { unattributed: unknown('bill-unread') })).toEqual({
      examined: 0,
      findings: [],
      notEvaluated: [{ subject: {}, reason: { code: 'bill-unread' } }],
    })
  })
})
