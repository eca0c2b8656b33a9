import { expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'

const world = new MiniWorld().account(5).task({ points: 100, cost: '0.1' }).build()
const WAITED_FOR = 'bills of fal waited for, seconds'

it('names the bills of fal as soon as nothing else is waited for', { timeout: 10_000 }, async () => {
  const dependencies = memoryDependencies(world, {})
  const told: string[] = []
  let answer = () => {}
  const isTold = new Promise<void>((resolve) => {
    answer = resolve
  })
  const progress = ({ message, done }: { message: string; done: number }) => {
    told.push(`${message} ${done}`)
    if (message === WAITED_FOR) answer()
  }
  // The database has told all by then: fal answers when it is said that it is waited for.
  const fal = {
    ...dependencies.fal,
    billing: async (...[apiKey, signal]: Parameters<typeof dependencies.fal.billing>) => {
      await isTold
      return dependencies.fal.billing(apiKey, signal)
    },
  }
  await runAudit(auditInput({}), { ...dependencies, fal }, { ...quietContext(), progress })
  expect(told).toContain(`${WAITED_FOR} 0`)
})
