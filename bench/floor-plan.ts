import { LIMITS } from '../src/limits.ts'
import { HOUR, MINUTE } from '../src/units/instant.ts'
import type { Dataset } from './dataset.ts'
import { DATABASE } from './dataset.ts'
import { ACCOUNTS, storedTime, TIMEZONE } from './world/shape.ts'
import { apiKeyOf } from './world/tasks.ts'

/** What the floor reads: the ranges and columns of the program's own plan and queries, written out once more. */
export interface FloorPlan {
  readonly database: {
    readonly host: string
    readonly port: number
    readonly user: string
    readonly password: string
    readonly database: string
  }
  readonly streams: readonly FloorStream[]
  /** null: the database alone. */
  readonly bill: null | {
    readonly baseUrl: string
    readonly apiKeys: readonly string[]
    readonly concurrency: number
    readonly usage: readonly Param[]
    readonly events: readonly Param[]
  }
}

interface FloorStream {
  readonly name: 'tasks' | 'points' | 'cash'
  readonly sql: string
  readonly binds: readonly [string, string]
}

type Param = readonly [string, string]

/** Rows and events that were seen, by name. */
export type FloorCounts = Readonly<Record<string, number>>

/** The history that A6 needs. */
const HISTORY = 30 * 24 * HOUR
const SKEW = 10 * MINUTE
const CROSSING = 24 * HOUR

export function floorPlan({ shape, server }: Dataset, billUrl: string | null): FloorPlan {
  const { start, end } = shape
  const { host, port, user, password } = server
  const between = (from: number, to: number): [string, string] => [storedTime(from), storedTime(to)]
  const utc = (at: number): string => new Date(at).toISOString()
  return {
    database: { host, port, user, password, database: DATABASE },
    streams: [
      {
        name: 'tasks',
        sql: `SELECT id, created_at, user_id, task_id, online_task_id, app_name, api_key, status, money, cost_money, is_refund,
          completed_at FROM ts_fal_tasks WHERE created_at >= ? AND created_at < ?`,
        binds: between(start - HISTORY, end + SKEW),
      },
      {
        name: 'points',
        // Balances are followed at depth requests alone.
        sql: `SELECT id, created_at, user_id, points, order_id, source_type${billUrl === null ? '' : ', balance_before, balance_after'}
          FROM ts_points_detail WHERE created_at >= ? AND created_at < ?`,
        binds: between(start - SKEW, end + CROSSING),
      },
      {
        name: 'cash',
        sql: `SELECT id, time, user_id, money, order_id, transaction_type
          FROM ts_financial_transactions WHERE time >= ? AND time < ?`,
        binds: between(start - SKEW, end + CROSSING),
      },
    ],
    bill:
      billUrl === null
        ? null
        : {
            baseUrl: billUrl,
            apiKeys: Array.from({ length: ACCOUNTS }, (_, account) => apiKeyOf(shape, account)),
            // As many requests in flight as the program has.
            concurrency: LIMITS.falConcurrency,
            usage: [
              ['start', utc(start)],
              ['end', utc(end)],
              ['bound_to_timeframe', 'false'],
              ['timeframe', 'day'],
              ['timezone', TIMEZONE],
              ['expand', 'time_series'],
              ['expand', 'auth_method_structured'],
              ['limit', '1000'],
            ],
            events: [
              ['start', utc(start - SKEW)],
              ['end', utc(end + CROSSING)],
              ['expand', 'auth_method_structured'],
              ['limit', '10000'],
            ],
          },
  }
}
