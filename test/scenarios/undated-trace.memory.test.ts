import { describe, expect, it } from 'vitest'
import { type MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { memoryDependencies, READ_AT } from '../kit/audit-world.ts'
import { call } from '../tools/call.ts'

const DAY = '2026-02-06 12:00:00'

/** A trace of one task that has some created_at. */
async function traced(task: MiniTask, createdAt: string | null) {
  const built = new MiniWorld().account(5).task(task).build()
  const tasks = built.tables.tasks.map((row) => ({ ...row, createdAt })) as typeof built.tables.tasks
  const world = { ...built, tables: { ...built.tables, tasks } }
  const told = await call(taskTraceTool, { id: 'task-1', lang: 'en' }, memoryDependencies(world, {}), world)
  return { ...told, rules: told.findings.map(({ rule }) => rule) }
}

describe('a trace of a task without created_at', () => {
  it('shows it without one, and holds its bill against its record all the same', async () => {
    const told = await traced({ cost: '1', billed: { cost: '2' } }, null)
    expect([told.verdict, told.rules]).toEqual(['amount', ['B3']])
    expect(told.tasks[0]).not.toHaveProperty('createdAt')
    expect((await traced({ cost: '1' }, DAY)).tasks[0]).toMatchObject({ createdAt: '2026-02-06T12:00:00+08:00' })
  })

  it('names the day on which it ended, was billed or was paid for, for what to call next', async () => {
    const next = async (task: MiniTask) => / start and end (.*), and/.exec((await traced(task, null)).next ?? '')?.[1]
    const ended: MiniTask = { completed: DAY, billed: false, paid: false }
    for (const task of [ended, { completed: null, paid: false }, { completed: null, billed: false }] as const)
      expect(await next({ at: DAY, ...task })).toBe('2026-02-06 (timezone Asia/Shanghai)')
    expect(await next({ ...ended, completed: null })).toBe('the day in question (timezone Asia/Shanghai)')
  })

  it('asks fal as far back as for an id of which nothing tells the time', async () => {
    const world = new MiniWorld().account(5).task({ at: DAY }).build()
    const sinceOf = async (createdAt: string | null) => {
      const tasks = world.tables.tasks.map((row) => ({ ...row, createdAt })) as typeof world.tables.tasks
      const dependencies = memoryDependencies({ ...world, tables: { ...world.tables, tasks } }, {})
      const since: number[] = []
      const events: FalReader['events'] = (apiKey, query, signal) => {
        if (query.requestIds !== undefined) since.push(query.range.start)
        return dependencies.fal.events(apiKey, query, signal)
      }
      await call(taskTraceTool, { id: 'task-1' }, { ...dependencies, fal: { ...dependencies.fal, events } })
      return [...new Set(since)]
    }
    expect(await sinceOf(null)).toEqual([READ_AT - 360 * 24 * 3_600_000])
    expect(await sinceOf(DAY)).toEqual([Date.parse('2026-02-05T04:00:00Z')])
  })

  it('does not call it stuck: it may have been made just now', async () => {
    const running: MiniTask = { status: 'running', billed: false, completed: null }
    const told = await traced(running, null)
    expect(told.rules).toEqual([])
    expect(told.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'B18' }))
    expect((await traced(running, DAY)).rules).toEqual(['B18'])
  })

  it('awaits its bill, and a refund of it, as long as it does not tell when it ended either', async () => {
    const unbilled = (completed: string | null): MiniTask => ({ cost: '1', billed: false, completed })
    expect(await traced(unbilled(null), null)).toMatchObject({ verdict: 'pending', rules: [] })
    expect(await traced(unbilled(null), DAY)).toMatchObject({ verdict: 'unbilled', rules: ['B2'] })
    expect(await traced(unbilled(DAY), null)).toMatchObject({ verdict: 'unbilled', rules: ['B2'] })
    const failed = (completed: string | null): MiniTask => ({ status: 'failed', billed: false, completed })
    expect((await traced(failed(null), null)).rules).toEqual([])
    expect((await traced(failed(null), DAY)).rules).toEqual(['B7'])
    expect((await traced(failed(DAY), null)).rules).toEqual(['B7'])
  })
})
