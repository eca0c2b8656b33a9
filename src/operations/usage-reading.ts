import type { UsageBreakdownRow } from '../../schemas/fal-get-usage.ts'
import type { BillSource } from '../../schemas/tool-shapes.ts'
import type { CostTally } from './cost-tally.ts'

/** What was read of one of the two bills, grouped. */
export interface UsageReading {
  /** Costliest first; those that could not be read last. */
  readonly rows: readonly UsageBreakdownRow[]
  readonly total: CostTally
  /** false: not one bill was read, or two of them may be one, so that the total means nothing. */
  readonly hasTotal: boolean
  /** Said of the whole, where there is something to say. */
  readonly note?: string
  /** Endpoints that were asked for and that no row names. */
  readonly withoutRows?: readonly string[]
  readonly sources: readonly BillSource[]
}
