import type { z } from 'zod'
import type { input } from '../../schemas/audit-reconcile.ts'
import type { Report } from '../../schemas/report.ts'
import { AuditError, shortened } from '../errors.ts'

type ReconcileInput = z.output<typeof input>

/** What narrows a kept report down instead of an input that only a new audit would use. */
const INSTEAD: Readonly<Partial<Record<keyof ReconcileInput, string>>> = {
  ids: 'account_id, one account, to filter its findings',
  user_ids: 'user_id, one user, to filter its findings',
  start: 'date, one day, to filter its findings',
  end: 'date, one day, to filter its findings',
}

/** Inputs that decide what is audited, and how. */
const OF_AN_AUDIT = [
  ...['start', 'end', 'timezone', 'ids', 'user_ids', 'a1_deviation_ratio', 'a5_refund_ratio', 'a6_multiple'],
  ...['a6_active_days', 'a8_balance_usd', 'settlement_lag_hours'],
] as readonly (keyof ReconcileInput)[]

/**
 * Throws an input error for the first input that a kept report cannot answer: told as if it had been used, the findings of a
 * whole window would be taken for those of the user who was asked for.
 */
export function refuseUnused(given: ReconcileInput, { settings }: Pick<Report, 'settings'>): void {
  const unused = OF_AN_AUDIT.find((field) => !isEmpty(given[field]))
  if (unused !== undefined) throw notUsed(unused, given[unused])
  // Only what is no default is known to have been asked for.
  if (given.depth === 'summary' && settings.depth !== 'summary') throw notUsed('depth', given.depth)
}

/** A list of nothing filters nothing, whoever reads it. */
const isEmpty = (value: unknown): boolean => value === undefined || (Array.isArray(value) && value.length === 0)

function notUsed(field: keyof ReconcileInput, value: unknown): AuditError {
  const shown = shortened(String(value), 80)
  const accepted = INSTEAD[field] === undefined ? `no ${field} with report_id` : INSTEAD[field]
  return new AuditError(
    'input',
    `${field}: "${shown}" is not used with report_id, which shows a report as it was made; give ${accepted}`,
    {
      field,
      value: shown,
      accepted,
      next: `For another ${field} call audit-reconcile without report_id: it audits again.`,
    },
  )
}
