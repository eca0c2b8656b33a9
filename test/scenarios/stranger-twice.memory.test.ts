import { describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld } from '../../src/demo/mini-world.ts'
import type { FalEvent } from '../../src/demo/stored-world.ts'
import { auditWorld, inShort } from '../kit/audit-world.ts'

const STRANGER = { keyId: 'deadbeef-0000-4000-8000-000000000000' }

/** Account 5 with five tasks of as many models, account 6 with none; each bill holds 1 USD of one key that no account row holds. */
function twoBills(ofSix: Partial<FalEvent> = {}): MiniWorld {
  const world = new MiniWorld().account(5).account(6)
  for (let each = 0; each < 5; each++) world.task({ model: `fal-ai/model-${each}`, cost: '2' })
  const billed = { ...STRANGER, cost: '1', timestamp: world.iso('2026-02-06 15:00:00') }
  return world
    .event({ ...billed, requestId: 'stranger-of-5' }, apiKeyOf(5))
    .event({ ...billed, requestId: 'stranger-of-6', ...ofSix }, apiKeyOf(6))
}

const costs = ({ official }: Awaited<ReturnType<typeof auditWorld>>) =>
  official.rows.map(({ accountId, workspace, costUsd }) => [accountId ?? workspace, costUsd])

describe('a key of no account row that the bills of two workspaces name', () => {
  it.each(['summary', 'requests'] as const)(
    'makes no bill of the two: each account keeps its own, at depth %s',
    async (depth) => {
      const report = await auditWorld(twoBills().build(), { depth })
      expect(costs(report)).toEqual([
        [5, '10'],
        [6, '0'],
        ['workspace-6', '1'],
        ['workspace-5', '1'],
      ])
      expect(inShort(report).filter((text) => /^(A[123]|B[29]|B21)\b/.test(text))).toEqual([
        'B21 workspace=workspace-6',
        'B21 workspace=workspace-5',
      ])
    },
  )

  it('makes one of two that hold nothing else, unless they bill other requests', async () => {
    const alone = (requestId: string) => {
      const world = new MiniWorld().account(5).account(6)
      const billed = { ...STRANGER, cost: '1', timestamp: world.iso('2026-02-06 15:00:00') }
      for (const account of [5, 6]) {
        world.event({ ...billed, requestId: account === 5 ? 'stranger-of-5' : requestId }, apiKeyOf(account))
      }
      return world.build()
    }
    const found = async (requestId: string, depth: 'summary' | 'requests') =>
      inShort(await auditWorld(alone(requestId), { depth })).filter((text) => text.startsWith('B21')).length
    expect(await found('stranger-of-5', 'requests')).toBe(1)
    expect(await found('stranger-of-6', 'requests')).toBe(2)
    expect(await found('stranger-of-6', 'summary')).toBe(1)
  })
})
