import { describe, expect, it } from 'vitest'
import { MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { userLedgerTool } from '../../tools/user-ledger.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { call } from './call.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06' }
const FAILED = { status: 'failed', refunded: true, cost: '0', billed: false } as const
const later = { at: '2026-02-06 12:10:00' }

/** 101 got 100 for a failed task back in cash, of which 40 went out again; 102 tops up under an order of its own. */
const refunded = (order = 'task-1'): World =>
  new MiniWorld()
    .account(5)
    .task({ ...FAILED, paid: { cash: 100 } })
    .cash(101, 100, { orderId: order, ...later })
    .cash(101, -40, { orderId: order, transactionType: 0, ...later })
    .task({ user: 102 })
    .cash(102, 700, { orderId: 'recharge-1', ...later })
    .cash(102, 50, later)
    .build()

const told = (entries: readonly { kind: string; amountPoints: number | null }[]) =>
  entries.map(({ kind, amountPoints }) => [kind, amountPoints])

const listed = async (world: World, userId: number) => {
  const given = { ...DAY, user_ids: [userId], entries: true }
  const { rows, entries = [] } = await call(userLedgerTool, given, memoryDependencies(world, {}))
  return { row: rows[0], entries: told(entries.filter(({ book }) => book === 'cash')) }
}

describe('rows of cash that name a task are listed as the sums count them', () => {
  it.each(['task-1', requestIdOf(1), `fal-ai/flux/schnell#${requestIdOf(1)}`])('by order %s', async (order) => {
    const { row, entries } = await listed(refunded(order), 101)
    expect(row).toMatchObject({ cashRefunded: 60, cashRecharged: 0 })
    expect(entries).toEqual([
      ['consume', -100],
      ['refund', 100],
      ['refund', -40],
    ])
  })

  it('and a recharge with an order of its own, or without one, stays a recharge', async () => {
    const { row, entries } = await listed(refunded(), 102)
    expect(row).toMatchObject({ cashRefunded: 0, cashRecharged: 750 })
    expect(entries).toEqual([
      ['recharge', 700],
      ['recharge', 50],
    ])
  })

  it('and so task-trace tells them', async () => {
    const dependencies = memoryDependencies(refunded(), {})
    const { entries } = await call(taskTraceTool, { id: 'task-1', lang: 'en' }, dependencies)
    expect(told(entries)).toEqual([
      ['consume', -100],
      ['refund', 100],
      ['refund', -40],
    ])
    const topUp = await call(taskTraceTool, { id: 'recharge-1', lang: 'en' }, dependencies)
    expect(told(topUp.entries)).toEqual([['recharge', 700]])
  })
})
