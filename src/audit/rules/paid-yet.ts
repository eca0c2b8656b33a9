import { LEDGER_EDGE } from '../../settings.ts'
import type { Instant } from '../../units/instant.ts'

/**
 * Whether a row that pays a task of this time may come yet after the moment of reading. By a database whose clock goes ahead a
 * task may be younger than that moment.
 */
export const mayBePaidYet = (createdAt: Instant, asOf: Instant): boolean =>
  createdAt >= asOf - LEDGER_EDGE && createdAt < asOf + LEDGER_EDGE
