import { expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld } from '../kit/audit-world.ts'

const perToken = (unitPrice: string) => ({ cost: '0.05', billed: { quantity: '1', unit: 'tokens', unitPrice } })

it('a price of less than a nano-dollar a token that changes is told to its last digit', async () => {
  const world = new MiniWorld()
    .account(5)
    .task({ model: 'llm', at: '2026-02-06 12:00:00', ...perToken('0.0000000375') })
    .task({ model: 'llm', at: '2026-02-06 13:00:00', ...perToken('0.000000038') })
    .build()
  const told = async (lang: 'zh' | 'en') => {
    const { findings } = await auditWorld(world, { depth: 'requests', lang })
    return findings.filter(({ rule }) => rule === 'B17')
  }
  expect(await told('en')).toMatchObject([
    {
      ...{ expected: '0.0000000375', actual: '0.000000038', difference: '0.0000000005' },
      message:
        'workspace "workspace-5", model "llm": the billed price per tokens went from 0.0000000375 USD to 0.000000038 USD',
    },
  ])
  const [{ message = '' } = {}] = await told('zh')
  expect(message).toContain('由 0.0000000375 USD 变为 0.000000038 USD')
})
