import { describe, expect, it } from 'vitest'
import { type MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

/** Tasks right at an edge of the window that do not tell their charge: what rows at the edge took may have been for them. */

const user = 101
/** What stands for no charge. */
const NONE = 98_765
const unlinked = { orderId: null } as const

async function said(world: MiniWorld) {
  const built = world.build()
  const tasks = built.tables.tasks.map((task) =>
    task.money === NONE ? { ...task, money: null as unknown as number } : task,
  )
  const report = await auditWorld({ ...built, tables: { ...built.tables, tasks } })
  const timing = report.findings.filter(({ rule, classification }) => rule === 'A4' && classification === 'TIMING')
  return { ...saidOf(report, 'A4'), timing: timing.length }
}

const fine = { findings: [], open: [], timing: 0 }
const open = { findings: [], open: ['A4 userId=101'], timing: 0 }
const found = { findings: ['A4 userId=101'], open: [], timing: 0 }
const timed = { ...found, timing: 1 }

describe('where rows name no tasks, a row right after the start', () => {
  const taking = (points: number, at: string, task: MiniTask = {}) =>
    said(
      new MiniWorld()
        .account(5)
        .task({ user, paid: unlinked })
        .task({ user, points: NONE, at: '2026-02-05 23:59:00', paid: false, ...task })
        .points(user, -points, { at }),
    )

  it('may have paid a task right before it, whatever that was charged', async () => {
    expect(await taking(100, '2026-02-06 00:01:00')).toEqual(open)
    expect(await taking(1, '2026-02-06 00:09:59')).toEqual(open)
    expect(await taking(100, '2026-02-06 00:01:00', { points: 100 })).toEqual(timed)
    expect(await taking(101, '2026-02-06 00:01:00', { points: 100 })).toEqual(found)
  })

  it('may not where it came later, the task came earlier, or is another user’s', async () => {
    expect(await taking(100, '2026-02-06 00:10:00')).toEqual(found)
    expect(await taking(100, '2026-02-06 00:01:00', { at: '2026-02-05 23:39:59' })).toEqual(found)
    expect(await taking(100, '2026-02-06 00:01:00', { user: 102 })).toEqual(found)
    expect(await taking(100, '2026-02-06 00:01:00', { points: 0 })).toEqual(found)
  })
})

describe('where rows name no tasks, a row right after the end', () => {
  /** A task that tells no charge, and one of 100 right before the end; what was taken within the window, and after it. */
  const taking = (within: number, after: number, untold: MiniTask = {}) => {
    const world = new MiniWorld().account(5).task({ user, paid: unlinked })
    world.task({ user, points: NONE, at: '2026-02-06 23:57:00', paid: false, ...untold })
    world.task({ user, points: 100, at: '2026-02-06 23:58:00', paid: false })
    if (within > 0) world.points(user, -within, { at: '2026-02-06 23:57:01' })
    return said(world.points(user, -after, { at: '2026-02-07 00:01:00' }))
  }

  it('may have paid the last task where rows before it were for one without a charge', async () => {
    expect(await taking(0, 100)).toEqual(timed)
    expect(await taking(30, 100)).toEqual(open)
    expect(await taking(30, 70)).toEqual(timed)
    expect(await taking(30, 69)).toEqual(found)
    expect(await taking(30, 100, { points: 30 })).toEqual(timed)
    expect(await taking(30, 100, { points: 0 })).toEqual(found)
  })
})

describe('where rows name tasks, a row right after the end', () => {
  const taking = (within: number, after: number, untold: MiniTask = {}) => {
    const world = withLinkedTasks()
    world.task({ user, points: NONE, at: '2026-02-06 23:57:00', paid: false, ...untold })
    world.task({ user, points: 100, at: '2026-02-06 23:58:00', paid: false })
    if (within > 0) world.points(user, -within, { at: '2026-02-06 23:57:01' })
    return said(world.points(user, -after, { at: '2026-02-07 00:01:00' }))
  }

  it('may have paid the last task where a row without one was for a task without a charge', async () => {
    expect(await taking(30, 100)).toEqual(open)
    expect(await taking(30, 69)).toEqual(found)
    expect(await taking(30, 100, { points: 0 })).toEqual(found)
    expect(await taking(30, 100, { points: 30 })).toEqual(timed)
  })

  it('and where a row names the one without a charge', async () => {
    const paid = { paid: { points: 30 } }
    expect(await taking(0, 100, paid)).toEqual(open)
    expect(await taking(0, 69, paid)).toEqual(found)
    expect(await taking(0, 100, { ...paid, points: 30 })).toEqual(timed)
  })
})

it('a window without any such task is as it was', async () => {
  expect(await said(new MiniWorld().account(5).task({ user, paid: unlinked }))).toEqual(fine)
})
