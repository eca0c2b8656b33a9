import { describe, expect, it } from 'vitest'
import type { BillComparison } from '../../../src/audit/rules/books.ts'
import type { UntoldBook } from '../../../src/audit/rules/untold-tasks.ts'
import { evaluate, usd } from '../../kit/books.ts'
import { compared, period } from '../../kit/unplaced.ts'

// Where events were read: what fal billed for the tasks of the period, and what these recorded, `young` of it of tasks whose bill may
// not be there yet, and of that `endOpen` of such as may have ended long ago.
interface Sums {
  readonly billed: string
  readonly recorded: string
  readonly young: string
  readonly endOpen: string
  /** By event time; as much as by task period unless told. */
  readonly raw?: string
  readonly untoldUnbilled?: number
}

const comparison = ({ billed, recorded, young, endOpen, raw = billed, ...more }: Sums): BillComparison =>
  compared(raw, recorded, {
    period: { ...period(billed, '0'), youngNanoUsd: usd(young), endOpenNanoUsd: usd(endOpen), ...more },
  })

function said(sums: Sums): string {
  const { findings, notEvaluated, examined } = evaluate('A1', { comparisons: [comparison(sums)] })
  const [open] = notEvaluated
  if (open !== undefined) return open.reason.code
  const [finding] = findings
  expect(examined).toBe(1)
  return finding === undefined ? 'passed' : `${finding.timing === true ? 'timing' : 'break'} ${finding.actual}`
}

describe('A1, of successes that may have ended long ago', () => {
  it('is open where the record would exceed the bill, had they', () => {
    expect(said({ billed: '1', recorded: '1.1', young: '0.1', endOpen: '0.1' })).toBe('passed')
    expect(said({ billed: '1', recorded: '1.100000001', young: '0.100000001', endOpen: '0.100000001' })).toBe(
      'end-untold',
    )
    // Of the others among those that are young it is known that they wait for their bill.
    expect(said({ billed: '1', raw: '1.2', recorded: '1.2', young: '0.2', endOpen: '0.1' })).toBe('passed')
  })

  it('is timing still where the bills of the period and of its events are apart whatever their ends are', () => {
    const timing = { billed: '1', raw: '2' }
    expect(said({ ...timing, recorded: '1.1', young: '0.1', endOpen: '0.1' })).toBe('timing 1100000000')
    expect(said({ ...timing, recorded: '1.2', young: '0.2', endOpen: '0.2' })).toBe('end-untold')
  })

  it('is open where the record would not be short of the bill, had they, or would exceed it', () => {
    const short = { billed: '2', young: '0.5' }
    expect(said({ ...short, recorded: '2', endOpen: '0.3' })).toBe('end-untold')
    expect(said({ ...short, recorded: '2', endOpen: '0.299999999' })).toBe('break 1500000000')
    expect(said({ ...short, recorded: '2', endOpen: '0.3', raw: '3' })).toBe('end-untold')
    expect(said({ ...short, recorded: '2.5', young: '1.5', endOpen: '1.5' })).toBe('end-untold')
  })

  it('is what it is where the record exceeds the bill without them', () => {
    expect(said({ billed: '1', recorded: '1.5', young: '0.1', endOpen: '0.1' })).toBe('break 1400000000')
  })

  it('names the tasks of the account that leave it open; of a workspace it cannot', () => {
    const tasks = { count: 1, evidence: { total: 1, ids: ['task-7'] } }
    const untold: UntoldBook = { costs: new Map([[5, tasks]]), ends: new Map([[5, tasks]]) }
    const reasonOf = (sums: Partial<Sums>, subject: BillComparison['subject']) => {
      const own = comparison({ billed: '1', recorded: '1.2', young: '0.2', endOpen: '0', ...sums })
      return evaluate('A1', { comparisons: [{ ...own, subject }], untold }).notEvaluated[0]?.reason
    }
    const params = { count: 1, tasks: 'task-7' }
    expect(reasonOf({ endOpen: '0.2' }, { accountId: 5 })).toEqual({ code: 'end-untold', params })
    expect(reasonOf({ untoldUnbilled: 1 }, { accountId: 5 })).toEqual({ code: 'cost-untold', params })
    expect(reasonOf({ endOpen: '0.2' }, { workspace: 'acme' })).toEqual({ code: 'end-untold' })
    expect(reasonOf({ untoldUnbilled: 1 }, { workspace: 'acme' })).toEqual({ code: 'cost-untold' })
    expect(reasonOf({}, { accountId: 5 })).toBeUndefined()
  })
})
