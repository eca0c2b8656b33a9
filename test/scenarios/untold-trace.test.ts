import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { tasksByUserTool } from '../../tools/tasks-by-user.ts'
import { clean } from '../kit/null-world.ts'
import { openWorld, type RealWorld, STORES } from '../kit/real-audit.ts'
import { call } from '../tools/call.ts'

// What tools that show single tasks and users say of a task that does not tell its charge, its cost or its user.
const BUILT = clean().build()
const OVER: Readonly<Record<number, object>> = { 2: { money: null }, 3: { costMoney: null }, 4: { userId: null } }
const tasks = BUILT.tables.tasks.map((row) => ({ ...row, ...OVER[row.id] })) as typeof BUILT.tables.tasks
const WORLD = { ...BUILT, tables: { ...BUILT.tables, tasks } }

describe.each(STORES)('a task with a NULL, on %s', (store) => {
  let real: RealWorld
  beforeAll(async () => {
    real = await openWorld(WORLD, { store })
  })
  afterAll(() => real.close())
  const trace = (id: string) => call(taskTraceTool, { id, lang: 'en' }, real.dependencies(), WORLD)

  it('is shown without what it does not tell', async () => {
    const charge = await trace('task-2')
    expect(charge).toMatchObject({ verdict: 'matched', findings: [], tasks: [{ chargedPoints: null, userId: 102 }] })
    const cost = await trace('task-3')
    expect(cost).toMatchObject({ verdict: 'not-evaluated', findings: [], tasks: [{ costUsd: null, billedUsd: '0.5' }] })
    expect(cost.sentence).toContain('holds no cost')
    const user = await trace('task-4')
    expect(user).toMatchObject({ verdict: 'matched', findings: [], tasks: [{ userId: null, costUsd: '0.5' }] })
    expect(user.tasks[0]).not.toHaveProperty('userName')
    expect(user.next).not.toContain('user-ledger')
  })

  it('is in the list of tasks by user, under nobody where it names none', async () => {
    const days = { start: '2026-02-06', end: '2026-02-06' }
    const listed = await call(tasksByUserTool, days, real.dependencies(), WORLD)
    const counts = new Map(listed.users.map(({ userId, taskCount }) => [userId, taskCount]))
    expect([null, 101, 102, 103, 104].map((userId) => counts.get(userId))).toEqual([1, 10, 10, 10, 9])
    expect(listed.totals).toMatchObject({ chargedPoints: 3900, costUsd: '19.5', untoldCharges: 1, untoldCosts: 1 })
    expect(listed.users.every(({ freeTaskCount }) => freeTaskCount === 0)).toBe(true)
  })
})
