import {
  type BillComparison,
  type Books,
  known,
  type ModelRecord,
  type PeriodBill,
} from '../../src/audit/rules/books.ts'
import type { UndatedPart, UnplacedOwner, UnplacedSort, UnplacedTasks } from '../../src/audit/rules/unplaced-tasks.ts'
import { evaluate, MODEL, points, type Settings, usd } from './books.ts'

// Books with tasks whose time cannot be read.

export const NONE = { total: 0, ids: [] }
const reason = { code: 'times-unread' }

/** `costNanoUsd`: what one of them cost; null: it does not tell. */
export const sort = ({
  costNanoUsd = 0n,
  ...overrides
}: Partial<UnplacedSort> & { readonly costNanoUsd?: bigint | null } = {}): UnplacedSort => ({
  ...{ accountId: 5, stored: MODEL, model: MODEL, keptPoints: 0n, refundedPoints: 0n, due: 0, crosses: false },
  ...{ selected: true, isYoung: false, recordedNanoUsd: costNanoUsd },
  toldNanoUsd: costNanoUsd ?? 0n,
  untold: costNanoUsd === null ? 1 : 0,
  ...overrides,
})
/** `charged`: what users were charged for them, and kept being charged; null: of too many. */
export const unplaced = (
  sorts: readonly UnplacedSort[] | null,
  charged: ReadonlyMap<number, bigint | null> | null = new Map([[101, 1_000_000n]]),
): UnplacedTasks => ({
  reason,
  sorts,
  byRequest: true,
  owners: charged && [...charged].map(([userId, keptPoints]) => owner({ userId, keptPoints })),
})
/** One that fal billed, and that would be in the record of the same bill. */
export const part = (recorded: string, billed: string, overrides: Partial<UndatedPart> = {}): UndatedPart => ({
  ...{ model: MODEL, billedNanoUsd: usd(billed), recordedNanoUsd: usd(recorded), amongNanoUsd: usd(recorded) },
  ...{ isDue: true, isUntold: false, isUntoldRecord: false },
  ...overrides,
})
export const owner = (overrides: Partial<UnplacedOwner> = {}): UnplacedOwner => ({
  ...{ userId: 101, keptPoints: 0n, refundedPoints: 0n, refunded: 0, free: 0 },
  ...overrides,
})

export const record = (cost: string, overrides: Partial<ModelRecord> = {}): ModelRecord => ({
  model: MODEL,
  taskCount: 1,
  costNanoUsd: usd(cost),
  crossingOutNanoUsd: usd('0'),
  crossingInNanoUsd: usd('0'),
  roundingNanoUsd: usd('0'),
  due: { count: 1, costNanoUsd: usd(cost), chargedPoints: points(900), crossingCount: 0, evidence: NONE },
  ...overrides,
})
export const figures = (cost: string, model = MODEL) => ({
  costNanoUsd: usd(cost),
  byModel: new Map(cost === '0' ? [] : [[model, { model, costNanoUsd: usd(cost) }] as const]),
})
export const compared = (
  bill: string,
  recorded: string | null,
  overrides: Partial<BillComparison> = {},
): BillComparison => ({
  subject: { accountId: 5 },
  bill: known(figures(bill)),
  period: null,
  recordByModel: new Map(recorded === null ? [] : [[MODEL, record(recorded)]]),
  ...overrides,
})
export const period = (
  cost: string,
  undated: string,
  beyond = '0',
  within = '0',
  undatedTasks: readonly UndatedPart[] = [],
): PeriodBill => ({
  figures: figures(cost),
  bridge: {
    byEventTimeNanoUsd: usd(cost),
    carriedInNanoUsd: usd('0'),
    carriedOutNanoUsd: usd('0'),
    byTaskPeriodNanoUsd: usd(cost),
  },
  undated: new Map([[MODEL, usd(undated)]]),
  undatedBeyondNanoUsd: usd(beyond),
  undatedWithinNanoUsd: usd(within),
  undatedTasks,
  ...{ youngNanoUsd: usd('0'), runningNanoUsd: usd('0'), namelessOpen: 0 },
})

/** How many findings there are, what is open, and how much was examined. */
export function said(id: Parameters<typeof evaluate>[0], books: Partial<Books>, given: Settings = {}) {
  const { findings, notEvaluated, examined } = evaluate(id, books, given)
  return { found: findings.length, open: notEvaluated.map(({ subject }) => subject), examined }
}
export const FOUND = { found: 1, open: [], examined: 1 }
