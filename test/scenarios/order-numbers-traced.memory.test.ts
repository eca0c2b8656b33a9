import { expect, it } from 'vitest'
import { requestIdOf } from '../../src/demo/mini-world.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { withLinkedTasks } from '../kit/linked-tasks.ts'
import { call } from '../tools/call.ts'

const URL = 'https://pay.example/topups/task-41'
const BILLED = `fal-ai/flux/schnell#${requestIdOf(41)}`

/** The orders of the rows that a trace lists, and how many rows have the id for their order. */
async function traced(id: string) {
  const world = withLinkedTasks().task({ user: 101 })
  world.points(202, -500, { orderId: URL }).cash(101, 5000, { orderId: URL })
  const built = world.points(101, -7, { orderId: BILLED }).points(101, -9, { orderId: 'fal#job-9' }).build()
  const { entries, foundAs } = await call(taskTraceTool, { id, lang: 'en' }, memoryDependencies(built, {}), built)
  const asOrder = foundAs.find(({ role }) => role === 'order')?.rows ?? 0
  return [entries.map(({ orderId }) => orderId).sort(), asOrder]
}

it('rows of another product whose orders end in the number of a task are none of that task', async () => {
  expect(await traced('task-41')).toEqual([[BILLED, 'task-41'], 1])
  expect(await traced(requestIdOf(41))).toEqual([[BILLED, 'task-41'], 1])
})

it('are those of their own order, and of an id that no task bears, in whatever form', async () => {
  expect((await traced(URL))[0]).toEqual(expect.arrayContaining([URL, URL]))
  expect(await traced('job-9')).toEqual([['fal#job-9'], 1])
})
