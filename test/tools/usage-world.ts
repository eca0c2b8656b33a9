import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { billingUsageTool } from '../../tools/billing-usage.ts'
import { memoryDependencies, type WorldAudit } from '../kit/audit-world.ts'
import { call } from './call.ts'

export const usageOf = (world: World, given: object = {}, options: WorldAudit = {}) =>
  call(billingUsageTool, { ...given }, memoryDependencies(world, options), world)

/** February up to the 9th at noon, in Shanghai. A Monday. */
export const february = () =>
  new MiniWorld()
    .account(5, { name: '生产环境' })
    .account(12)
    .task({ at: '2026-01-31 23:59:59', points: 9999, cost: '9' })
    .task({ at: '2026-02-01 00:00:00', points: 1050, cost: '1.25' })
    .task({
      at: '2026-02-06 12:00:00',
      points: 400,
      cost: '0.5',
      refunded: true,
      account: 12,
      model: 'sora',
      user: 102,
    })
    .task({ at: '2026-02-06 23:59:59', points: 30, cost: '0.05' })
    .task({ at: '2026-02-07 00:00:00', points: 20, cost: '0.04', status: 'failed', billed: false, user: 102 })
    .task({ at: '2026-02-09 00:00:00', points: 7, cost: '0.01' })
