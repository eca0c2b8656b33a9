import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { foundIn, openOf } from '../kit/null-world.ts'

const OF_TASK = { orderId: 'task-10' }
const LONG_AGO = '2025-12-20 12:00:00'

/** Nine tasks of others, and one of user 101 which cost 400 points, was refunded or failed, and got 400 points back by a typed row. */
function refundedTask(over: Parameters<MiniWorld['task']>[0] = {}): MiniWorld {
  const world = new MiniWorld().account(5)
  for (let each = 0; each < 9; each++) world.task({ user: 900 })
  return world.task({ user: 101, points: 400, ...over }).points(101, 400, { ...OF_TASK, sourceType: 'refund' })
}

const audited = (world: MiniWorld): Promise<Report> =>
  auditWorld(world.build(), { depth: 'requests', settings: { ledgerLink: 'order' } })
/** What is found of B7, B8 and B9, and for whom they are not evaluated. */
async function judged(world: MiniWorld): Promise<string[]> {
  const report = await audited(world)
  const open = openOf(report, '').filter((each) => /^B[789] 101/.test(each))
  return [...foundIn(report).filter((each) => /^B[789] /.test(each)), ...open.map((each) => `${each}?`)]
}
const FOUND = ['B8 taskId=task-10']

describe('a refund of 400 points that a row of no known type may have taken back', () => {
  const taken = (amount: number, world = refundedTask()) => world.points(101, amount, { ...OF_TASK, sourceType: 'x' })
  const inCash = (amount: number, world = refundedTask()) => world.cash(101, amount, { ...OF_TASK, transactionType: 7 })

  it('is said not to be marked while some of it is certain to be left', async () => {
    expect(await judged(refundedTask())).toEqual(FOUND)
    expect(await judged(taken(-399))).toEqual([...FOUND, 'B9 101?'])
    expect(await judged(inCash(-399))).toEqual([...FOUND, 'B9 101?'])
    expect(await judged(taken(10))).toEqual([...FOUND, 'B9 101?'])
  })

  it('is not evaluated where it may all have gone', async () => {
    const open = ['B8 101?', 'B9 101?']
    expect(await judged(taken(-400))).toEqual(open)
    expect(await judged(inCash(-400))).toEqual(open)
    expect(await judged(taken(-200, inCash(-200)))).toEqual(open)
    expect(await judged(taken(-401))).toEqual(open)
    const later = refundedTask().points(101, -400, { ...OF_TASK, sourceType: 'x', at: LONG_AGO })
    expect(await judged(later)).toEqual(open)
    // Of a known type it did, or did not.
    expect(await judged(refundedTask().points(101, -400, { ...OF_TASK, sourceType: 'refund' }))).toEqual([])
    expect(await judged(refundedTask().points(101, -400, { ...OF_TASK, sourceType: 'gift' }))).toEqual(FOUND)
  })

  it('is not said to be given back either: a failed task, or one that is marked', async () => {
    const failed = () => refundedTask({ status: 'failed', cost: '0', billed: false })
    expect(await judged(taken(-400, failed()))).toEqual(['B7 101?', 'B8 101?', 'B9 101?'])
    expect(await judged(taken(-399, failed()))).toEqual([...FOUND, 'B9 101?'])
    const marked = () => refundedTask({ refunded: true })
    expect(await judged(taken(-400, marked()))).toEqual(['B8 101?', 'B9 101?'])
    expect(await judged(taken(-399, marked()))).toEqual(['B9 101?'])
    expect(await judged(taken(10, marked()))).toEqual(['B9 101?'])
  })

  it('is not said to be there twice where only what is too much may have gone', async () => {
    const twice = () => refundedTask({ refunded: true }).points(101, 400, { ...OF_TASK, sourceType: 'refund' })
    const repeats = async (world: MiniWorld) => {
      const report = await audited(world)
      const found = foundIn(report).filter((each) => each.startsWith('B6'))
      return [...found, ...openOf(report, '').filter((each) => each === 'B6 101')]
    }
    expect(await repeats(twice())).toEqual(['B6 taskId=task-10'])
    expect(await repeats(taken(-399, twice()))).toEqual(['B6 taskId=task-10'])
    expect(await repeats(taken(400, twice()))).toEqual(['B6 taskId=task-10'])
    expect(await repeats(taken(-400, twice()))).toEqual(['B6 101'])
    // What was paid twice was given back once where it came in by a row of a charge.
    const paid = () => refundedTask().points(101, -400, OF_TASK)
    expect(await repeats(taken(399, paid()))).toEqual(['B6 taskId=task-10'])
    expect(await repeats(taken(400, paid()))).toEqual(['B6 101'])
  })

  it('nor of a row that tells no user', async () => {
    const nobodys = (amount: number) => {
      const { tables, ...built } = taken(amount).build()
      const points = tables.points.map((row) => (row.points === amount ? { ...row, userId: null as never } : row))
      return auditWorld({ ...built, tables: { ...tables, points } }, { depth: 'requests' })
    }
    expect(foundIn(await nobodys(-400)).filter((each) => each.startsWith('B8'))).toEqual([])
    expect(openOf(await nobodys(-400), '')).toContain('B8 101')
    expect(foundIn(await nobodys(-399))).toContain(FOUND[0])
  })

  it('nor of tasks that share the id which it names', async () => {
    const shared = (amount: number) => {
      const world = new MiniWorld().account(5)
      for (let each = 0; each < 9; each++) world.task({ user: 900 })
      for (let each = 0; each < 2; each++) world.task({ user: 101, points: 400, requestId: 'one-id' })
      world.points(101, 400, { orderId: 'one-id', sourceType: 'refund' })
      return amount === 0 ? world : world.points(101, amount, { orderId: 'one-id', sourceType: 'x' })
    }
    const of = async (amount: number) => (await judged(shared(amount))).filter((each) => each.startsWith('B8'))
    expect(await of(0)).toEqual(FOUND)
    expect(await of(-399)).toEqual(FOUND)
    expect(await of(-400)).toEqual(['B8 101?'])
  })
})
