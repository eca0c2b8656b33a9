import { describe, expect, it } from 'vitest'
import { Outcomes } from '../../../src/audit/report/outcomes.ts'
import { type FindingDraft, NO_EVIDENCE, type Rule, type RuleOutcome } from '../../../src/audit/rules/books.ts'
import { books, settings } from '../../kit/books.ts'

const found = (userId: number, more: Partial<FindingDraft> = {}): FindingDraft => ({
  ...{ subject: { userId }, expected: 0n, actual: 10n, unit: 'points', count: 1, evidence: NO_EVIDENCE, detail: {} },
  ...more,
})

/** What is left of one outcome after another, of a rule of that severity, where so many findings are kept. */
function judged(
  max: number,
  outcomes: readonly Partial<RuleOutcome>[],
  severity: Rule['severity'] = 'MEDIUM',
): RuleOutcome {
  const left = [...outcomes]
  const rule: Rule = {
    ...{ id: 'A4', severity, perWindow: false },
    evaluate: () => ({ examined: 0, findings: [], notEvaluated: [], ...left.shift() }),
  }
  const drafts = new Outcomes([rule], settings(), max)
  for (const _ of outcomes) drafts.judge(books(), () => true)
  const outcome = drafts.close().get(rule)
  if (outcome === undefined) throw new RangeError('no outcome')
  return outcome
}
const keptOf = (max: number, ...findings: readonly FindingDraft[]) =>
  judged(max, [{ findings }]).findings.map(({ subject }) => subject.userId)

describe('findings that are cut', () => {
  it('are those of the smaller amount, whichever of the two sides is larger', () => {
    expect(keptOf(1, found(1, { expected: 100n, actual: 90n }), found(2, { expected: 3n, actual: 14n }))).toEqual([2])
    expect(keptOf(1, found(1, { expected: 100n, actual: 80n }), found(2, { expected: 3n, actual: 14n }))).toEqual([1])
  })

  it('are those whose amount is not known, before any other', () => {
    const unknown = [found(1, { expected: null, actual: 99n }), found(2, { expected: 99n, actual: null })]
    expect(keptOf(1, ...unknown, found(3, { actual: 1n }))).toEqual([3])
    expect(keptOf(2, found(4, { actual: -1n }), ...unknown)).toEqual([4, 1])
  })

  it('are of two that are alike the one whose subject comes later', () => {
    for (const order of [
      [1, 2, 3],
      [3, 2, 1],
      [2, 3, 1],
    ])
      expect(keptOf(2, ...order.map((id) => found(id)))).toEqual([1, 2])
  })

  it('are counted as critical by their own severity, or else by the rule’s', () => {
    const many = [found(1, { severity: 'HIGH', actual: 1n }), found(2, { severity: 'HIGH', actual: 2n }), found(3)]
    const own = judged(1, [{ findings: [...many, found(4, { timing: true, severity: 'HIGH' })] }])
    expect(own.findings.map(({ subject }) => subject.userId)).toEqual([2])
    expect(own.omitted).toEqual({ breaks: 2, timing: 1, critical: 1, medium: 1, users: new Set([1, 3, 4]) })
    const high = judged(1, [{ findings: [found(1), found(2), found(3, { severity: 'LOW' })] }], 'HIGH')
    expect(high.omitted).toEqual({ breaks: 2, timing: 0, critical: 1, medium: 0, users: new Set([2, 3]) })
    const timing = judged(1, [{ findings: [found(1), found(2, { timing: true })] }], 'HIGH')
    expect(timing.omitted).toEqual({ breaks: 0, timing: 1, critical: 0, medium: 0, users: new Set([2]) })
  })

  it('are the same in one piece and in many', () => {
    const all = Array.from({ length: 23 }, (_, id) => found(id, { actual: BigInt((id * 7) % 23) }))
    const pieces = all.map((finding) => ({ findings: [finding] }))
    expect(judged(4, pieces)).toEqual(judged(4, [{ findings: all }]))
    expect(judged(4, [...pieces].reverse())).toEqual(judged(4, pieces))
    expect(judged(4, pieces).omitted).toMatchObject({ breaks: 19 })
  })
})

describe('what could not be judged', () => {
  const open = (code: string, params?: Record<string, string>) => ({
    ...{ subject: { userId: 1 }, reason: { code, ...(params && { params }) } },
  })

  it('is said for each reason, and once where only the order of its words differs', () => {
    const reasons = [
      open('a'),
      open('b'),
      open('a', { x: '1', y: '2' }),
      open('a', { y: '2', x: '1' }),
      open('a', { x: '2' }),
    ]
    const { notEvaluated } = judged(
      9,
      reasons.map((each) => ({ notEvaluated: [each] })),
    )
    expect(notEvaluated).toEqual([reasons[0], reasons[1], reasons[2], reasons[4]])
  })
})
