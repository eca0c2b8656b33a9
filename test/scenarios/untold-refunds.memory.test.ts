import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld, inShort, type WorldAudit } from '../kit/audit-world.ts'

const R: WorldAudit = { depth: 'requests', settings: { ledgerLink: 'order' } }
const LONG_AGO = '2025-12-20 12:00:00'
const NO_AMOUNT = -7
const NOBODY = 666

/** Rows of that amount hold none, and those of that user no user. */
function withoutAmounts(world: MiniWorld) {
  const { tables, ...built } = world.build()
  const ownerOf = ({ userId }: { readonly userId: number }) => ({
    userId: userId === NOBODY ? (null as never) : userId,
  })
  const points = tables.points.map((row) => ({
    ...{ ...row, ...ownerOf(row) },
    ...(row.points === NO_AMOUNT && { points: null as never }),
  }))
  const cash = tables.cash.map((row) => ({
    ...{ ...row, ...ownerOf(row) },
    ...(row.money === NO_AMOUNT && { money: null as never }),
  }))
  return { ...built, tables: { ...tables, points, cash } }
}

/** A failure that nothing gave back, and a task of long ago. */
function failed(refunded = false): MiniWorld {
  const world = new MiniWorld().account(5)
  for (let each = 0; each < 9; each++) world.task({ user: 900 })
  world.task({ at: LONG_AGO })
  return world.task({ status: refunded ? 'completed' : 'failed', refunded })
}

describe.each([
  ['B7', false],
  ['B8', true],
] as const)('a refund row without an amount: %s', (rule, refunded) => {
  const said = async (orderId: string | null, options: WorldAudit = {}) => {
    const world = failed(refunded).points(101, NO_AMOUNT, { orderId, sourceType: 'refund' })
    const report = await auditWorld(withoutAmounts(world), { ...R, ...options })
    const found = inShort(report).filter((each) => each.startsWith(rule))
    const open = report.notEvaluated.filter((each) => each.rule === rule && each.subject.userId === 101)
    return { found: found.map((each) => each.split(' ')[1]), open: open.length }
  }

  it('of a task of another time, or of somebody else, is none of this one', async () => {
    expect(await said('task-10')).toEqual({ found: ['taskId=task-11'], open: 0 })
    expect(await said('task-1')).toEqual({ found: ['taskId=task-11'], open: 0 })
  })

  it.each(['task-11', null, 'refund-1'])('may be of this one where it names %s', async (orderId) => {
    expect(await said(orderId)).toEqual({ found: [], open: 1 })
  })

  it('that tells no user may be of any, and one that tells how much of no other than it made up for', async () => {
    const ofNobody = async (amount: number, orderId: string | null = null) => {
      const world = failed(refunded).points(NOBODY, amount, { orderId, sourceType: 'refund' })
      const report = await auditWorld(withoutAmounts(world), R)
      const open = report.notEvaluated.filter((each) => each.rule === rule && each.subject.userId === 101)
      return [inShort(report).filter((each) => each.startsWith(rule)).length, open.map(({ reason }) => reason)]
    }
    const open = [expect.stringContaining('no user')]
    expect(await ofNobody(NO_AMOUNT)).toEqual([0, open])
    expect(await ofNobody(NO_AMOUNT, 'refund-1')).toEqual([0, open])
    expect([await ofNobody(1000), await ofNobody(99)]).toEqual([
      [0, open],
      [1, []],
    ])
  })
})

it('cash without an amount that came in under an order of no task is bought points', async () => {
  const report = await auditWorld(
    withoutAmounts(failed().cash(101, NO_AMOUNT, { orderId: 'shop-1', transactionType: 0 })),
    R,
  )
  expect(inShort(report).filter((each) => each.startsWith('B7'))).toHaveLength(1)
})

describe.each([
  ['B7', { status: 'failed' }],
  ['B8', { refunded: true }],
] as const)('a row without an amount that took something for the task: %s', (rule, task) => {
  const said = async (world: MiniWorld) => {
    const report = await auditWorld(withoutAmounts(world), R)
    const found = inShort(report).filter((each) => each.startsWith(`${rule} `))
    const open = report.notEvaluated.filter((each) => each.rule === rule && each.subject.userId === 101)
    return { found: found.length, open: open.map(({ reason }) => reason.includes('holds no amount')) }
  }
  const paidBy = (amount: number) => {
    const world = new MiniWorld().account(5)
    for (let each = 0; each < 9; each++) world.task({ user: 900 })
    return world.task({ ...task, paid: { points: -amount } })
  }
  const refund = { orderId: 'refund-1', sourceType: 'refund' } as const

  it('may have taken what a refund number gave back, and what cash did', async () => {
    for (const world of [paidBy(NO_AMOUNT).points(101, 60, refund), paidBy(NO_AMOUNT).cash(101, 60)])
      expect(await said(world)).toEqual({ found: 0, open: [true] })
  })

  it('may have taken what a row without a user gave back', async () => {
    // Of such a row it is said that it tells no user.
    for (const world of [paidBy(NO_AMOUNT).points(NOBODY, 60, refund), paidBy(NO_AMOUNT).cash(NOBODY, 60)])
      expect(await said(world)).toEqual({ found: 0, open: [false] })
    expect(await said(paidBy(-100).points(NOBODY, 60, refund))).toEqual({ found: 1, open: [] })
  })

  it('was not given back where nothing came in, or what did is of another task', async () => {
    expect(await said(paidBy(NO_AMOUNT))).toEqual({ found: 1, open: [] })
    const other = paidBy(NO_AMOUNT).points(101, 60, { ...refund, orderId: 'task-1' })
    expect(await said(other)).toEqual({ found: 1, open: [] })
    expect(await said(paidBy(-100).points(101, 60, refund))).toEqual({ found: 1, open: [] })
  })
})
