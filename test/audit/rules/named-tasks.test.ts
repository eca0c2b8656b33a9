import { describe, expect, it } from 'vitest'
import { MiniWorld, requestIdOf } from '../../../src/demo/mini-world.ts'
import { auditWorld } from '../../kit/audit-world.ts'
import { withLinkedTasks } from '../../kit/linked-tasks.ts'

const X = requestIdOf(5000)
const refund = { sourceType: 'refund', at: '2026-02-06 12:06:00' } as const

/** So many charged tasks of one user and one request id, which their rows name. */
function shared(count: number): MiniWorld {
  const world = withLinkedTasks(new MiniWorld().account(5))
  // Enough links to tasks of their own that the ledger is linked by order.
  for (let each = 0; each < 120; each++) world.task({ user: 200 })
  for (let each = 0; each < count; each++) {
    world.task({ user: 101, requestId: X, paid: { orderId: X }, ...(each > 0 && { billed: false, cost: '0' }) })
  }
  return world
}

const messagesOf = async (world: MiniWorld, rule: string, lang: 'zh' | 'en') => {
  const { findings } = await auditWorld(world.build(), { depth: 'requests', lang })
  return findings.filter((finding) => finding.rule === rule).map(({ message }) => message)
}

describe('tasks that a message names', () => {
  it.each([
    [10, /^[^…]* \(task-161, task-162, [^…]*, task-170\), charged/],
    [13, / \(task-161, task-162, .*, task-170, … \(13\)\), charged/],
  ])('are told to be more where they are cut: %i of one request id', async (count, told) => {
    const [message] = await messagesOf(shared(count), 'B4', 'en')
    expect(message).toMatch(told)
    expect((await messagesOf(shared(count), 'B4', 'zh'))[0]?.includes('…')).toBe(count > 10)
  })

  it.each([
    [11, /together with task-162, [^…]*, task-171, as they share an id$/],
    [14, /together with task-162, .*, task-171, … \(13\), as they share an id$/],
  ])('are told to be more where they are cut: %i that share a refund', async (count, told) => {
    const world = () => shared(count).points(101, 100 * count + 50, { ...refund, orderId: X })
    expect((await messagesOf(world(), 'B9', 'en'))[0]).toMatch(told)
  })
})
