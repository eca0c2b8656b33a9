import { describe, expect, it } from 'vitest'
import type { MiniTask } from '../../src/demo/mini-world.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { withLinkedTasks } from '../kit/linked-tasks.ts'
import { openWorld, STORES } from '../kit/real-audit.ts'
import { call } from '../tools/call.ts'

describe.each(STORES)('a trace of tasks of two days: %s', (store) => {
  const requestId = 'shared-request'
  const failed: MiniTask = { user: 101, status: 'failed', billed: false, cost: '0', requestId }
  const first = { ...failed, at: '2026-01-20 12:00:00' }

  /** What is said of both tasks, with some time of a refund that may be of the first day's. */
  async function told(id: string, refundedAt: string) {
    const world = withLinkedTasks().task(first).task(failed)
    world.points(101, 100, { sourceType: 'refund', at: '2026-01-20 13:00:00', title: 'odd' })
    const real = await openWorld(world.build(), { store })
    try {
      if (store === 'mariadb') await real.exec('ALTER TABLE ts_points_detail MODIFY created_at VARCHAR(40)')
      await real.exec(`UPDATE ts_points_detail SET created_at = '${refundedAt}' WHERE title = 'odd'`)
      const { findings, notEvaluated, complete } = await call(taskTraceTool, { id, lang: 'en' }, real.dependencies())
      const accused = findings.filter(({ rule }) => rule === 'B7').map(({ subject }) => subject.taskId)
      return { accused, open: notEvaluated.map(({ rule }) => rule), complete }
    } finally {
      await real.close()
    }
  }

  it('leaves open for the one day what a row without a readable time leaves open, and not for the next', async () => {
    // The day of the task that is named is read first.
    for (const id of [requestId, 'task-41', 'task-42'])
      expect(await told(id, '2026-01-20 25:00:00'), id).toEqual({ accused: ['task-42'], open: ['B7'], complete: false })
  })

  it('leaves open for each day what may be of each', async () => {
    expect(await told(requestId, '2026-02-06 25:00:00')).toMatchObject({ accused: ['task-41'], open: ['B7'] })
    expect(await told(requestId, '')).toMatchObject({ accused: [], open: ['B7'], complete: false })
  })
})
