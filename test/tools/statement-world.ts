import type { Statement } from '../../schemas/billing-statements.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { type Instant, parseInstant } from '../../src/units/instant.ts'
import { ratio } from '../../src/units/ratio.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { memoryDependencies, type WorldAudit } from '../kit/audit-world.ts'
import { call } from './call.ts'

export const at = (iso: string): Instant => parseInstant(iso)!
/** February is over, and everything of it settled. */
export const MARCH = at('2026-03-03T04:00:00Z')
/** AUDIT_POINTS_PER_USD. */
export const RATE = { pointsPerUsd: ratio('400') }

export async function statementOf(world: World, id: string, options: WorldAudit = {}): Promise<Statement> {
  const deps = memoryDependencies(world, { now: MARCH, ...options })
  const { statement } = await call(billingStatementsTool, { invoice_id: id }, deps, world)
  if (statement === undefined) throw new Error('no statement')
  return statement
}

export async function listOf(world: World, given: object = {}, options: WorldAudit = {}) {
  const deps = memoryDependencies(world, { now: MARCH, ...options })
  const { items = [] } = await call(billingStatementsTool, { ...given }, deps, world)
  return items
}

/** Two users, three models, and tasks at both edges of February. */
export const february = (): MiniWorld =>
  new MiniWorld()
    .account(5)
    .account(12)
    .task({ at: '2026-01-31 23:59:59', points: 9999, cost: '9' })
    .task({ at: '2026-02-01 00:00:00', points: 1050, cost: '1.25' })
    .task({
      at: '2026-02-10 12:00:00',
      points: 400,
      cost: '0.5',
      refunded: true,
      account: 12,
      model: 'sora',
      user: 102,
    })
    .task({ at: '2026-02-28 23:59:59', points: 30, cost: '0.05', user: 102 })
    .task({ at: '2026-02-20 00:00:00', points: 600, cost: '1', model: 'fal-ai/kling' })
    .task({ at: '2026-03-01 00:00:00', points: 9999, cost: '9' })
