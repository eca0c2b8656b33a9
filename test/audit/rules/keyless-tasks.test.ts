import { describe, expect, it } from 'vitest'
import type { ModelRecord } from '../../../src/audit/rules/books.ts'
import {
  type KeylessBill,
  type KeylessTasks,
  keylessDue,
  keylessExcess,
  keylessSpend,
  mayBeKeyless,
} from '../../../src/audit/rules/keyless-tasks.ts'
import type { UntoldRecord } from '../../../src/audit/rules/untold-tasks.ts'
import { usd } from '../../kit/books.ts'
import { compared, NONE, period, record } from '../../kit/unplaced.ts'

// What tasks without a key may be of: of those that fal billed to the key of an account it is known whose they are.
const billed = (accountId: number, model: string, own: Partial<KeylessBill> = {}): KeylessBill => ({
  ...{ accountId, model, taskCount: 1, untoldCosts: 0, costNanoUsd: usd('1'), dueCount: 1, youngNanoUsd: usd('0') },
  ...{ untoldWithin: 0, untoldAcross: 0, untoldOld: 0 },
  ...own,
})
const keyless = (records: Record<string, ModelRecord>, ...bills: readonly KeylessBill[]): KeylessTasks => ({
  byModel: new Map(Object.entries(records)),
  ...(bills.length > 0 && { billed: bills }),
})
const untold = (own: Partial<UntoldRecord>): { untold: UntoldRecord } => ({
  untold: { unended: 0, within: 0, crossingIn: { count: 0, evidence: NONE }, ...own },
})
const ALONE = compared('10', '10')
const JUDGED = { ...ALONE, period: period('10', '0') }
const SHARED = { ...ALONE, subject: { workspace: 'acme' }, members: [5, 6] }
const two = (own: Partial<ModelRecord> = {}) => record('2', { taskCount: 2, ...own })
const due = (count: number, crossingCount = 0) => ({ ...record('1').due, count, crossingCount })

describe('tasks of a model', () => {
  const countOf = (tasks: KeylessTasks | undefined, of = ALONE, ...names: readonly string[]) =>
    mayBeKeyless(tasks, of, names)?.params?.count

  it('may be those of an account by its names or without one, but such as fal billed to others', () => {
    const all = { kling: two(), '': record('1'), veo: record('1') }
    expect([countOf(keyless(all)), countOf(keyless(all), ALONE, 'kling', 'veo'), countOf(undefined)]).toEqual([
      1,
      4,
      undefined,
    ])
    const known = [billed(5, 'kling'), billed(6, 'kling'), billed(6, 'veo')]
    expect(countOf(keyless(all, ...known), ALONE, 'kling')).toBe(2)
    expect(countOf(keyless(all, ...known), SHARED, 'kling')).toBe(3)
    expect(countOf(keyless({ kling: two() }, billed(6, 'kling', { taskCount: 2 })), ALONE, 'kling')).toBeUndefined()
  })
})

describe('tasks that are due', () => {
  const dueOf = (tasks: KeylessTasks | undefined, of = ALONE) =>
    [...keylessDue(tasks, of)].map(([model, { reason, isAcross }]) => [model, reason.params?.count, isAcross])
  const code = 'cost-untold' as const

  it('are those of which fal billed none to the key of an account, model by model', () => {
    const all = { kling: two({ due: due(2) }), veo: two({ due: due(2) }) }
    expect(dueOf(keyless(all, billed(5, 'kling'), billed(6, 'veo', { dueCount: 2 })))).toEqual([['kling', 1, false]])
    expect([dueOf(keyless({ veo: record('1', { due: due(0) }) })), dueOf(undefined)]).toEqual([[], []])
    const besides = { ...{ count: 3, evidence: NONE, code, onlyCrossing: true }, besides: 2 }
    expect(dueOf(keyless({ veo: two({ due: due(1, 1), ...untold({ due: besides }) }) }))).toEqual([['veo', 6, true]])
  })

  it('may all have been billed across an edge where each could have been', () => {
    const onlyCrossing = (is: boolean) => untold({ due: { count: 1, evidence: NONE, code, onlyCrossing: is } })
    const across = (own: Partial<ModelRecord>, of = ALONE) => dueOf(keyless({ veo: two(own) }), of)[0]?.[2]
    expect([across({ due: due(2, 2) }), across({ due: due(2, 1) })]).toEqual([true, false])
    expect([true, false].map((is) => across({ due: due(2, 2), ...onlyCrossing(is) }))).toEqual([true, false])
    // With billing events only such as bear no request id could.
    const withoutId = (dueOut: number) => ({
      withoutId: { inNanoUsd: usd('0'), untoldIn: { count: 0, evidence: NONE }, outNanoUsd: usd('0'), dueOut },
    })
    const judged = (own: Partial<ModelRecord>) => across({ due: due(2, 2), ...own }, JUDGED)
    expect([judged({}), judged(withoutId(1)), judged(withoutId(2))]).toEqual([false, false, true])
    expect(judged({ ...withoutId(2), ...onlyCrossing(true) })).toBe(false)
  })
})

describe('what was spent', () => {
  const spent = (tasks: KeylessTasks | undefined) => keylessSpend(tasks, [5])?.params?.count

  it('may be what such tasks cost, but those that fal billed to others', () => {
    const all = { kling: two(), veo: record('3') }
    expect([spent(keyless(all)), spent(undefined), spent(keyless({ veo: record('0') }))]).toEqual([
      3,
      undefined,
      undefined,
    ])
    const others = (cost: string) => [
      billed(6, 'kling', { taskCount: 2, costNanoUsd: usd('2') }),
      billed(7, 'veo', { costNanoUsd: usd(cost) }),
    ]
    expect([
      spent(keyless(all, ...others('3'))),
      spent(keyless({ ...all, flux: record('1') }, ...others('3'))),
    ]).toEqual([undefined, 1])
    expect(spent(keyless({ veo: record('1') }, billed(5, 'veo')))).toBe(1)
  })

  it('may be what they do not tell', () => {
    const silent = (untoldCosts: number) => record('0', { taskCount: 3, untoldCosts })
    const other = billed(6, 'veo', { taskCount: 2, costNanoUsd: usd('0'), untoldWithin: 1, untoldAcross: 1 })
    expect([spent(keyless({ veo: silent(1) })), spent(keyless({ veo: silent(0) }))]).toEqual([3, undefined])
    expect([3, 2].map((costs) => spent(keyless({ veo: silent(costs) }, other)))).toEqual([1, undefined])
  })
})

describe('what a record may lack', () => {
  const excess = (tasks: KeylessTasks, of = ALONE) => {
    const { cost, crossing, reason } = keylessExcess(tasks, of) ?? {}
    return reason && [cost, crossing, reason.params?.count]
  }
  const edge = { crossingOutNanoUsd: usd('1.5'), endOpenOutNanoUsd: usd('0.25') } as const

  it('is what they cost, of others none, and what of it an edge explains', () => {
    expect(excess(keyless({ veo: two(edge), kling: record('1') }))).toEqual([usd('3'), usd('1.25'), 3])
    expect(excess(keyless({ veo: two(edge), kling: record('1') }, billed(6, 'veo')))).toEqual([
      usd('2'),
      usd('1.25'),
      2,
    ])
    expect([excess(keyless({})), excess(keyless({ veo: record('1') }, billed(6, 'veo')))]).toEqual([
      undefined,
      undefined,
    ])
  })

  it('is with billing events without what need not be billed yet, unless it was', () => {
    const young = { veo: two({ youngNanoUsd: usd('1.5') }) }
    expect([excess(keyless(young))?.[0], excess(keyless(young), JUDGED)?.[0]]).toEqual([usd('2'), usd('0.5')])
    const own = billed(5, 'veo', { youngNanoUsd: usd('1') })
    expect(excess(keyless(young, own), JUDGED)?.[0]).toBe(usd('1.5'))
  })

  it('is not told where a success tells no cost; at an edge it is as much as the bill', () => {
    const costs = (own: Partial<UntoldRecord>, of = ALONE, ...bills: readonly KeylessBill[]) =>
      excess(keyless({ veo: two(untold(own)) }, ...bills), of)?.slice(0, 2)
    const others = billed(6, 'veo', { costNanoUsd: usd('0'), untoldWithin: 1, untoldAcross: 1, untoldOld: 1 })
    expect([costs({ within: 1 }), costs({ across: 1 }), costs({ old: 1 })]).toEqual([
      [null, 0n],
      [usd('12'), usd('10')],
      [usd('2'), 0n],
    ])
    expect([costs({ within: 1 }, JUDGED), costs({ across: 1 }, JUDGED), costs({ old: 1 }, JUDGED)]).toEqual([
      [usd('2'), 0n],
      [usd('2'), 0n],
      [null, 0n],
    ])
    expect([costs({ within: 1 }, ALONE, others), costs({ within: 2 }, ALONE, others)]).toEqual([
      [usd('2'), 0n],
      [null, 0n],
    ])
    expect([costs({ across: 1 }, ALONE, others), costs({ across: 2 }, ALONE, others)]).toEqual([
      [usd('2'), 0n],
      [usd('12'), usd('10')],
    ])
    expect([costs({ old: 1 }, JUDGED, others), costs({ old: 2 }, JUDGED, others)]).toEqual([
      [usd('2'), 0n],
      [null, 0n],
    ])
  })
})
