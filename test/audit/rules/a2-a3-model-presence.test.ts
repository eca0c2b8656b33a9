import { describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld } from '../../../src/demo/mini-world.ts'
import { auditWorld, inShort } from '../../kit/audit-world.ts'

const base = () => new MiniWorld().account(5).task({ cost: '100', points: 1000 })
const OTHER = 'fal-ai/kling/v2'

describe('A2: tasks that fal billed nothing for', () => {
  it('fires for settled tasks of a model that the bill does not hold', async () => {
    const report = await auditWorld(
      base().task({ model: OTHER, cost: '2', billed: false }).task({ model: OTHER, cost: '1', billed: false }).build(),
    )
    expect(inShort(report)).toEqual([`A2 accountId=5 model=${OTHER}`])
    expect(report.findings[0]).toMatchObject({
      severity: 'HIGH',
      expected: '0',
      actual: '3',
      difference: '3',
      count: 2,
      unit: 'USD',
    })
    expect(report.findings[0]?.evidence).toEqual({ total: 2, ids: ['task-2', 'task-3'] })
  })

  it.each([
    ['billed at last a little', { billed: { cost: '0.000000001' } }],
    ['refunded', { billed: false as const, refunded: true }],
    ['failed', { billed: false as const, status: 'failed' }],
    ['unfinished', { billed: false as const, status: 'running', completed: null }],
    ['neither cost nor charge', { cost: '0', points: 0 }],
  ])('stays silent where the task is %s', async (_, options) => {
    expect(
      inShort(
        await auditWorld(
          base()
            .task({ model: OTHER, cost: '2', ...options })
            .build(),
        ),
      ),
    ).toEqual([])
  })

  it('fires for a charge alone, without recorded cost', async () => {
    const report = await auditWorld(base().task({ model: OTHER, cost: '0', points: 7 }).build())
    expect(inShort(report)).toEqual([`A2 accountId=5 model=${OTHER}`])
  })

  it('waits for the settlement lag, to the millisecond', async () => {
    const built = base().task({
      model: OTHER,
      cost: '2',
      at: '2026-02-06 13:00:00',
      completed: '2026-02-06 13:00:00',
      billed: false,
    })
    const lagEnds = built.instant('2026-02-07 13:00:00')
    const options = { start: '2026-02-06', end: '2026-02-06' }
    expect(inShort(await auditWorld(built.build(), { ...options, now: lagEnds }))).toEqual([])
    const after = (lagEnds + 1) as typeof lagEnds
    expect(inShort(await auditWorld(built.build(), { ...options, now: after }))).toEqual([
      `A2 accountId=5 model=${OTHER}`,
    ])
  })

  it('is timing where every such task may be billed beyond the edge, and a break where one cannot', async () => {
    const edge = () => base().task({ model: OTHER, cost: '2', at: '2026-02-06 23:59:58' })
    expect(inShort(await auditWorld(edge().build()))).toEqual([`A2 TIMING accountId=5 model=${OTHER}`])
    const withMidday = edge().task({ model: OTHER, cost: '2', billed: false })
    expect(inShort(await auditWorld(withMidday.build()))).toEqual([`A2 accountId=5 model=${OTHER}`])
  })

  it('is timing for a success without an end, or with one before it was made, that may be billed after midnight', async () => {
    const billed = { timestamp: '2026-02-06T16:10:00Z' }
    const edge = (completed: string | null) =>
      new MiniWorld()
        .account(5)
        .task({ cost: '1', at: '2026-02-06 10:00:00' })
        .task({ model: OTHER, cost: '10', at: '2026-02-06 22:30:00', completed, billed })
        .build()
    const timing = ['A1 TIMING accountId=5', `A2 TIMING accountId=5 model=${OTHER}`]
    expect(inShort(await auditWorld(edge(null)))).toEqual(timing)
    expect(inShort(await auditWorld(edge('1970-01-01 08:00:00')))).toEqual(timing)
    expect(inShort(await auditWorld(edge('2026-02-06 22:30:20')))).toEqual([
      'A1 accountId=5',
      `A2 accountId=5 model=${OTHER}`,
    ])
  })

  it('an end before the task was made is no end: its bill is not overdue, and it is given back no sooner', async () => {
    const young = (completed: string | null) => {
      const built = base().task({ ...{ at: '2026-02-07 09:55:00', completed }, model: OTHER, cost: '1', billed: false })
      built.task({ ...{ at: '2026-02-07 09:55:00', completed }, status: 'failed', cost: '0' })
      return auditWorld(built.build(), {
        end: '2026-02-07',
        depth: 'requests',
        now: built.instant('2026-02-07 10:00:00'),
      })
    }
    expect(inShort(await young(null))).toEqual([])
    expect(inShort(await young('1970-01-01 08:00:00'))).toEqual([])
  })

  it('compares by alias and by endpoint id with or without its owner', async () => {
    const built = base()
      .task({ model: 'sora-2/i2v', cost: '1', billed: { endpointId: 'fal-ai/sora-2/image-to-video' } })
      .task({ model: 'wan/v2', cost: '1', billed: { endpointId: 'fal-ai/wan/v2' } })
    const modelAliases = new Map([['sora-2/i2v', 'fal-ai/sora-2/image-to-video']])
    expect(inShort(await auditWorld(built.build(), { settings: { modelAliases } }))).toEqual([])
    expect(inShort(await auditWorld(built.build())).sort()).toEqual([
      'A2 accountId=5 model=sora-2/i2v',
      'A3 accountId=5 model=fal-ai/sora-2/image-to-video',
    ])
  })
})

describe('A3: a billed model without any task', () => {
  const leak = (cost: string, at = '2026-02-06 15:00:00') => {
    const built = base()
    return built.event({ endpointId: OTHER, cost, timestamp: built.iso(at) })
  }

  it('fires for cost that no task records', async () => {
    const report = await auditWorld(leak('3.5').build())
    expect(inShort(report)).toEqual([`A3 accountId=5 model=${OTHER}`])
    expect(report.findings[0]).toMatchObject({ severity: 'HIGH', expected: '3.5', actual: '0', difference: '-3.5' })
  })

  it('stays silent for a model billed at nothing', async () => {
    expect(inShort(await auditWorld(leak('0').build()))).toEqual([])
  })

  it.each(['failed', 'running'])('stays silent where a %s task records it', async (status) => {
    const built = leak('3.5').task({ model: OTHER, status, cost: '3.5', billed: false })
    expect(inShort(await auditWorld(built.build()))).toEqual([])
  })

  it('a task on another key does not excuse the model', async () => {
    const built = leak('3.5').account(6).task({ account: 6, model: OTHER, cost: '1' })
    expect(inShort(await auditWorld(built.build()))).toEqual([`A3 accountId=5 model=${OTHER}`])
  })

  it('is timing up to the cost of tasks from before the window, what their FLOATs may be off by included, and a break one nano-dollar beyond', async () => {
    const carried = (cost: string) =>
      base().task({
        model: OTHER,
        cost: '3.5',
        at: '2026-02-05 23:59:50',
        completed: '2026-02-05 23:59:58',
        billed: { cost, timestamp: '2026-02-05T16:01:00Z' },
      })
    expect(inShort(await auditWorld(carried('3.500000211').build()))).toEqual([`A3 TIMING accountId=5 model=${OTHER}`])
    expect(inShort(await auditWorld(carried('3.500000212').build()))).toEqual([`A3 accountId=5 model=${OTHER}`])
  })

  it('keys that no account row holds are nobody of these', async () => {
    const built = base()
    built.event(
      {
        endpointId: OTHER,
        cost: '0.5',
        timestamp: built.iso('2026-02-06 15:00:00'),
        keyId: 'deadbeef-0000-4000-8000-000000000000',
      },
      apiKeyOf(5),
    )
    const report = await auditWorld(built.build())
    expect(inShort(report)).toEqual([])
    expect(report.official.rows.at(-1)).toMatchObject({ accountId: null, workspace: 'workspace-5', costUsd: '0.5' })
  })
})
