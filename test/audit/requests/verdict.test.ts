import { describe, expect, it } from 'vitest'
import type { TraceVerdict } from '../../../schemas/task-trace.ts'
import { countVerdicts, requestVerdict } from '../../../src/audit/requests/verdict.ts'
import { unknown } from '../../../src/audit/rules/books.ts'
import { MiniWorld, requestIdOf } from '../../../src/demo/mini-world.ts'
import { DEFAULT_THRESHOLDS } from '../../../src/settings.ts'
import { auditWorld } from '../../kit/audit-world.ts'
import { event, matched, requests, unmatched, usd } from '../../kit/books.ts'

const base = () => new MiniWorld().account(5).task({ cost: '100', points: 10_000 })
const verdictsOf = async (world: MiniWorld, now?: string) =>
  (await auditWorld(world.build(), { depth: 'requests', ...(now !== undefined && { now: world.instant(now) }) }))
    .requests?.verdicts

describe('every request of the window has one verdict', () => {
  it.each([
    ['matched', {}],
    ['amount', { cost: '2', billed: { cost: '3' } }],
    ['unbilled', { cost: '2', billed: false as const }],
    ['without-id', { requestId: null, billed: false as const }],
    ['nothing-due', { status: 'failed', billed: false as const }],
    ['unfinished', { status: 'running', completed: null, billed: false as const }],
    ['failed-but-billed', { status: 'failed' }],
    ['refunded-but-billed', { refunded: true }],
  ])('%s', async (verdict, task) => {
    const expected = verdict === 'matched' ? { matched: 2 } : { matched: 1, [verdict]: 1 }
    expect(await verdictsOf(base().task(task))).toEqual(expected)
  })

  it('pending', async () => {
    const world = base().task({ at: '2026-02-06 20:00:00', billed: false })
    expect(await verdictsOf(world, '2026-02-06 21:00:00')).toEqual({ matched: 1, pending: 1 })
  })

  it('unrecorded, but not where it cost nothing', async () => {
    const world = base()
    for (const [id, cost] of [
      [8, '1'],
      [9, '0'],
    ] as const) {
      world.event({ requestId: requestIdOf(id), cost, timestamp: '2026-02-06T05:00:00Z' })
    }
    expect(await verdictsOf(world)).toEqual({ matched: 1, unrecorded: 1 })
  })

  it('duplicate, as a task and as a bill', async () => {
    const shared = { requestId: requestIdOf(2), billed: false as const }
    expect(
      await verdictsOf(
        base()
          .task({ requestId: requestIdOf(2) })
          .task(shared),
      ),
    ).toEqual({ matched: 2, duplicate: 1 })
    const twice = base().task({ cost: '2', billed: { cost: '1' } })
    twice.event({ requestId: requestIdOf(2), cost: '1', timestamp: '2026-02-06T04:00:30Z' })
    expect(await verdictsOf(twice)).toEqual({ matched: 1, duplicate: 1 })
  })
})

describe('the verdict on a task', () => {
  const verdict = (judged: Parameters<typeof requestVerdict>[0], isRepeated = false) =>
    requestVerdict(judged, isRepeated, DEFAULT_THRESHOLDS)
  const nothing = usd('0')
  const free = { costNanoUsd: nothing }

  it('is that nothing is due where it failed or cost nothing, and fal billed nothing', () => {
    expect(verdict(unmatched('failed'))).toBe('nothing-due')
    expect(verdict(unmatched('unbilled', free))).toBe('nothing-due')
    expect(verdict(unmatched('unbilled', { costNanoUsd: usd('0.000000001') }))).toBe('unbilled')
    expect(verdict(unmatched('pending', free))).toBe('pending')
  })

  it('names what fal billed twice first, then what it billed for nothing, then the amount', () => {
    const billed = (fact: Parameters<typeof matched>[0], cost = '3') => matched(fact, { billedNanoUsd: usd(cost) })
    expect(verdict(billed({ status: 'failed', refunded: true }), true)).toBe('duplicate')
    expect(verdict(billed({ status: 'failed', refunded: true }))).toBe('failed-but-billed')
    expect(verdict(billed({ refunded: true }))).toBe('refunded-but-billed')
    expect(verdict(billed({}))).toBe('amount')
    expect(verdict(billed({}, '1'))).toBe('matched')
    expect(verdict(unmatched('unbilled'), true)).toBe('unbilled')
  })

  it('of a bill over nothing is that it matches, however the task ended', () => {
    for (const fact of [{ status: 'failed' as const }, { refunded: true }, {}]) {
      expect(verdict(matched({ ...fact, ...free }, { billedNanoUsd: nothing }))).toBe('matched')
    }
  })

  it('is counted, with requests that no task records', () => {
    const tasks = [
      unmatched('unbilled', { requestId: 'b' }),
      matched({ requestId: 'a' }),
      matched({ requestId: 'c' }),
      matched({ requestId: 'd' }),
    ]
    const orphan = (requestId: string, cost: string, accountId: number | null = 5) => ({
      requestId,
      accountId,
      events: [],
      costNanoUsd: usd(cost),
    })
    const repeated = [{ requestId: 'c', accountId: 5, taskId: null, event: event(), times: 2 }]
    const orphans = [orphan('x', '1'), orphan('y', '0'), orphan('z', '2'), orphan('v', '2', null)]
    // What one account was billed for certain stays unrecorded, whatever is not known of another one's part.
    const unjudged = [orphan('u', '4', 8), orphan('w', '0', 8), orphan('z', '1', 8)]
    const unread = [{ accountId: 8, reason: unknown('events-unread').reason }]
    const book = requests({ tasks, repeated, orphans: [...orphans, ...unjudged], unread })
    const counts = new Map<TraceVerdict, number>()
    if (book.known) countVerdicts(book.value, DEFAULT_THRESHOLDS, counts)
    expect([...counts].sort()).toEqual([
      ['duplicate', 1],
      ['matched', 2],
      ['not-evaluated', 1],
      ['unbilled', 1],
      ['unrecorded', 3],
    ])
  })
})
