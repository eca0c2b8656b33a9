import { describe, expect, it } from 'vitest'
import type { Books, PeriodBill } from '../../../src/audit/rules/books.ts'
import { evaluate, MODEL, usd } from '../../kit/books.ts'
import { compared, NONE, period, sort, unplaced } from '../../kit/unplaced.ts'

// Where events were read: what decides of A1 is between two bills, or hangs on tasks that do not tell something.
interface Sums {
  readonly billed: string
  readonly recorded: string
  /** By event time; as much as by task period unless told. */
  readonly raw?: string
  /** What usage tells beyond the events. */
  readonly missing?: string
  readonly period?: Partial<PeriodBill>
  /** What was billed for tasks without created_at. */
  readonly undated?: string
}

function said({ billed, recorded, raw = billed, missing, undated = '0', ...own }: Sums, books: Partial<Books> = {}) {
  const judged = compared(raw, recorded, {
    period: { ...period(billed, undated), ...own.period },
    ...(missing !== undefined && { missing: new Map([[MODEL, usd(missing)]]) }),
  })
  const { findings, notEvaluated } = evaluate('A1', { comparisons: [judged], ...books })
  const [open] = notEvaluated
  if (open !== undefined) return open.reason.code
  const [finding] = findings
  return finding === undefined ? 'passed' : finding.timing === true ? 'timing' : 'break'
}

describe('A1, where usage tells of more than its events', () => {
  it('is open where the bill may be such that the record agrees, or is beyond it instead of short of it', () => {
    expect(said({ billed: '1', recorded: '1', missing: '0.111111111' })).toBe('passed')
    expect(said({ billed: '1', recorded: '1', missing: '0.111111112' })).toBe('events-short')
    expect(said({ billed: '1', recorded: '2', missing: '1', raw: '2' })).toBe('events-short')
    expect(said({ billed: '1', recorded: '2', missing: '3', raw: '4' })).toBe('events-short')
  })

  it('is what it is whatever of that is the bill', () => {
    expect(said({ billed: '4', recorded: '1', missing: '1', raw: '5' })).toBe('break')
    expect(said({ billed: '1', recorded: '3', missing: '1', raw: '2' })).toBe('break')
  })

  it('is open where no event stands behind any of it', () => {
    for (const recorded of ['0', '1', '10']) {
      expect(said({ billed: '0', recorded, missing: '1', raw: '1' })).toBe('events-short')
    }
  })
})

describe('A1, timing for tasks of an edge', () => {
  const withoutId = (own: Partial<NonNullable<PeriodBill['withoutId']>>) => ({
    withoutId: {
      ...{ inNanoUsd: usd('0'), inAtMostNanoUsd: usd('0'), outNanoUsd: usd('0') },
      ...{ unclaimed: new Map(), unclaimedAround: new Set<string>() },
      ...own,
    },
  })

  it('is that still beside tasks that tell no cost, though these might explain it', () => {
    const apart = { billed: '1', recorded: '0.95', raw: '2' }
    expect(said(apart)).toBe('timing')
    expect(said({ ...apart, raw: '1.1', period: { untoldNanoUsd: usd('0.05') } })).toBe('timing')
    const untoldIn = { count: 1, evidence: NONE, inNanoUsd: usd('0.05') }
    expect(said({ ...apart, period: withoutId({ untoldIn }) })).toBe('timing')
  })

  it('is open where the record is short for certain, but for what these tasks may have cost', () => {
    const short = { billed: '2', recorded: '1' }
    const untoldIn = (cost: string) => withoutId({ untoldIn: { count: 1, evidence: NONE, inNanoUsd: usd(cost) } })
    expect(said({ ...short, period: untoldIn('0.888888889') })).toBe('cost-untold')
    expect(said({ ...short, period: untoldIn('0.888888888') })).toBe('break')
    expect(said({ ...short, period: { untoldNanoUsd: usd('0.8') } })).toBe('cost-untold')
    expect(said({ ...short, period: { untoldNanoUsd: usd('0.799999999') } })).toBe('break')
  })
})

describe('A1, beyond the bill beside tasks without created_at', () => {
  const tasks = { unplaced: unplaced([sort({ costNanoUsd: 0n })]) }

  it('is open where their bill, with what usage tells besides, would be near the record', () => {
    expect(said({ billed: '1', recorded: '3', missing: '1', undated: '8', raw: '2' }, tasks)).toBe('times-unread')
    expect(said({ billed: '1', recorded: '3', missing: '1', undated: '7.999999999', raw: '2' }, tasks)).toBe('break')
    expect(said({ billed: '1', recorded: '2', undated: '9' }, tasks)).toBe('times-unread')
    expect(said({ billed: '1', recorded: '2', undated: '8.999999999' }, tasks)).toBe('break')
  })
})
