import { describe, expect, it } from 'vitest'
import { MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { auditWorld } from '../kit/audit-world.ts'

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
