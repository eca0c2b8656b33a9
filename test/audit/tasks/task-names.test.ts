import { expect, it } from 'vitest'
import { OrderNames, TaskNames } from '../../../src/audit/tasks/task-names.ts'

const ID = 'aaaaaaaa-0000-4000-8000-000000000001'

it('are named by their ids, and by request ids in any form', () => {
  const last = { taskId: '', requestId: ID.replace('a', 'b') }
  const tasks = [{ taskId: '17', requestId: 'job-9' }, { taskId: ID, requestId: '' }, last]
  const names = new TaskNames(tasks.slice(0, 2))
  names.add([last])
  const named = ['17', 'job-9', 'fal-ai/x#job-9', ID, ID.toUpperCase(), `job/${ID}`, `req_${ID.replace('a', 'b')}`]
  expect(named.map((order) => names.has(order))).toEqual(named.map(() => true))
  const others = ['', '/', '#', 'topup/17', 'x#17', '18', 'JOB-9', `order-${ID}`]
  expect(others.map((order) => names.has(order))).toEqual(others.map(() => false))
  // Asked the other way around, the answers are the same.
  for (const order of [...named, ...others]) {
    expect(tasks.some((task) => new OrderNames([order]).has(task))).toBe(names.has(order))
  }
})
