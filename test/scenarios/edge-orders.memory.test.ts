import { describe, expect, it } from 'vitest'
import type { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld, inShort } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

/** A task made right before midnight that no row of its day names. */
const lacking = () => withLinkedTasks().task({ user: 101 }).task({ user: 101, at: '2026-02-06 23:59:58', paid: false })
const audited = (world: MiniWorld) => auditWorld(world.build(), { depth: 'requests', lang: 'en' })
const TIMING = [['A4 TIMING userId=101'], ['B10 userId=101']]
const BREAK = [['A4 userId=101', 'B10 taskId=task-42'], []]

async function said(world: MiniWorld) {
  const report = await audited(world)
  const { open } = saidOf(report, 'A4', 'B10')
  return [inShort(report).map((each) => each.replace(/ requestId=.*/, '')), open]
}

describe('a row right after midnight, of what a task right before it lacks', () => {
  const next = '2026-02-07 00:00:02'
  const followed = (orderId: string | null, at = next) => lacking().points(101, -100, { orderId, at })

  it.each([null, 'PAY-1', 'shop/task-42'])('may have paid it where its order is no task: %s', async (orderId) => {
    expect(await said(followed(orderId))).toEqual(TIMING)
    expect(await said(followed(orderId, '2026-02-06 23:59:59'))).toEqual([[], []])
    expect(await said(followed(orderId, '2026-02-07 00:10:00'))).toEqual(BREAK)
  })

  it('has paid the task that it names', async () => {
    expect(await said(followed('task-42'))).toEqual([[], []])
    const own = { user: 101, at: next, paid: false, billed: false, cost: '0' } as const
    expect(await said(followed('task-43').task(own))).toEqual(BREAK)
  })

  it('has paid a task of another time, or of somebody else, where it names that', async () => {
    for (const at of ['2026-01-20 12:00:00', '2026-02-06 12:00:00', '2026-02-07 12:00:00']) {
      const world = followed('task-43').task({ user: at < '2026-02-06' ? 101 : 102, at })
      expect(await said(world)).toEqual(BREAK)
      if (at > next) expect(await said(world.points(101, -7, { at: next }))).toEqual(BREAK)
    }
  })

  it('pays the task that follows it at once, as those do that bear no order', async () => {
    const busy = (orderId: string | null) => {
      const world = lacking()
      for (const second of ['10', '20', '30']) {
        const at = `2026-02-07 00:00:${second}`
        world.task({ user: 101, at, paid: { orderId, at } })
      }
      return world
    }
    expect(await said(busy(null))).toEqual(BREAK)
    expect(await said(busy('PAY-1'))).toEqual(BREAK)
  })
})
