import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { Fetched, UsageRow } from '../../src/fal/reader.ts'
import { nanoUsd } from '../../src/units/nano-usd.ts'
import { auditWith, breaksOf } from '../kit/audit-with.ts'

// Costs finer than a nano-dollar, of which each event is rounded for itself, and fal's usage sums up the exact ones.
const EVENTS = 2100

/** Events that cost `cost` each; by fal's usage as many times what it is exactly, and so much more. */
async function found(cost: string, exactTenths: bigint, more: bigint, options: { orphan?: true } = {}) {
  const world = new MiniWorld().account(5)
  for (let each = 0; each < EVENTS; each++) {
    world.task({ cost: '0.05', points: 10, billed: { cost }, ...(options.orphan && { status: 'failed' }) })
  }
  const report = await auditWith(
    world.build(),
    ({ usage }) => ({
      usage: async (...question): Promise<Fetched<UsageRow[]>> => {
        const fetched = await usage(...question)
        if (fetched.status === 'failed') return fetched
        const total = nanoUsd((exactTenths * BigInt(EVENTS)) / 10n + more)
        const [first] = fetched.value
        return { ...fetched, value: first === undefined ? [] : [{ ...first, costNanoUsd: total }] }
      },
    }),
    { depth: 'requests' },
  )
  return breaksOf(report).filter((text) => /^(A[123]|B19)/.test(text))
}

const B19 = ['B19 accountId=5 model=fal-ai/flux/schnell date=2026-02-06']

describe('2,100 events whose costs are rounded, in one row of usage', () => {
  // Each is half a nano-dollar more than it cost: 1,050 in all, where one row may be off by 1,000.
  it('are no bill that disagrees with itself, as far as rounding goes', async () => {
    expect(await found('0.0500000005', 500_000_005n, 0n)).toEqual([])
    expect(await found('0.0500000005', 500_000_005n, -1000n)).toEqual([])
    expect(await found('0.0500000005', 500_000_005n, -1001n)).toEqual(B19)
    expect(await found('0.0500000005', 500_000_005n, 3100n)).toEqual([])
    expect(await found('0.0500000005', 500_000_005n, 3101n)).toEqual(B19)
  })

  it('whatever becomes of their tasks', async () => {
    expect(await found('0.0500000005', 500_000_005n, -1000n, { orphan: true })).toEqual([])
    expect(await found('0.0500000005', 500_000_005n, -1001n, { orphan: true })).toEqual(B19)
  })

  it('are held to one row where nothing is rounded', async () => {
    expect(await found('0.05', 500_000_000n, 1000n)).toEqual([])
    expect(await found('0.05', 500_000_000n, 1001n)).toEqual(B19)
    expect(await found('0.05', 500_000_000n, -1001n)).toEqual(B19)
  })
})

describe('the bill of a workspace that is not told apart', () => {
  /** Events of 50,000,000.49 nano-dollars each, and an unbilled task of the same model; whether fal contradicts itself. */
  async function told(more: bigint, cost = '0.05000000049') {
    const world = new MiniWorld().account(5).account(6, { workspace: 'workspace-5' })
    for (let each = 0; each < EVENTS; each++) world.task({ cost: '0.05', points: 10, billed: { cost } })
    world.task({ account: 6, cost: '0.0001', billed: false })
    const built = world.build()
    const workspaces = built.workspaces.map((space) => ({
      ...space,
      events: space.events.map(({ keyId: _, ...event }) => event),
    }))
    const report = await auditWith(
      { ...built, workspaces },
      ({ usage }) => ({
        usage: async (...question): Promise<Fetched<UsageRow[]>> => {
          const fetched = await usage(...question)
          if (fetched.status === 'failed') return fetched
          return {
            ...fetched,
            value: fetched.value.map((row) => ({ ...row, costNanoUsd: nanoUsd(row.costNanoUsd + more) })),
          }
        },
      }),
      { depth: 'requests' },
    )
    const isOpen = report.notEvaluated.some(({ reason }) => reason.includes('contradicts itself'))
    return [breaksOf(report).filter((text) => text.startsWith('B2 ')).length, isOpen]
  }

  it('is no contradiction as far as rounding goes', async () => {
    expect(await told(0n)).toEqual([1, false])
    expect(await told(1029n)).toEqual([1, false])
    expect(await told(2050n)).toEqual([1, false])
    expect(await told(2051n)).toEqual([0, true])
  })

  it('is one beyond what a row may be off by where nothing is rounded', async () => {
    expect(await told(1000n, '0.05')).toEqual([1, false])
    expect(await told(1001n, '0.05')).toEqual([0, true])
  })
})
