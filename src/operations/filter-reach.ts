import type { Finding, Report } from '../../schemas/report.ts'
import { shortened } from '../errors.ts'
import type { FindingFilter } from './finding-filter.ts'

/** What the input takes: cut shorter, a part of a secret in it would not be known for one. */
const FINGERPRINT_CHARS = 64

/**
 * What to say where a filter left nothing because the report does not look there: an account, a user or a day that was not
 * audited has no findings, and is not fine for that.
 */
export function beyondReach(report: Report, left: readonly Finding[], filter: FindingFilter | undefined): string[] {
  if (filter === undefined || left.length > 0) return []
  const { accountId, userId, date, fingerprint } = filter
  return [
    ...(accountId === undefined ? [] : accountStep(report, accountId)),
    ...(userId === undefined ? [] : userStep(report, userId)),
    ...(date === undefined ? [] : dateStep(report, date)),
    ...(fingerprint === undefined ? [] : fingerprintStep(report, fingerprint)),
  ]
}

const accountStep = ({ official }: Report, accountId: number): string[] =>
  official.rows.some((row) => row.accountId === accountId)
    ? []
    : [
        `say that account ${accountId} was not audited, so it is not known to be fine: audit it with ids, or see fal-list-accounts for the ids there are`,
      ]

function userStep({ window, settings, ledger, tasks }: Report, userId: number): string[] {
  const { ids, userIds } = settings.filters
  // Of one who was asked for and has no row anywhere it is said why nothing is known.
  if (userIds.includes(userId)) return []
  if (userIds.length > 0) {
    return [`say that user ${userId} was not audited, so is not known to be fine: audit again with user_ids`]
  }
  const isTheirs = (row: { readonly userId: number | null }): boolean => row.userId === userId
  if (ledger.rows.some(isTheirs) || tasks.rows.some(isTheirs)) return []
  if (ids.length > 0) {
    return [`say that no row of this report, which is of some accounts alone, is of user ${userId}: audit without ids`]
  }
  const days = `${window.start} to ${window.end}`
  return [`say that no row of this report is of user ${userId}: check the id, and that ${days} is the time in question`]
}

function dateStep({ window: { start, end } }: Report, date: string): string[] {
  // Both bounds are told in the zone of the report, so their days compare as text; a day that begins at the end is out.
  const isIn = date >= start.slice(0, 10) && `${date}T00:00:00` < end.slice(0, 19)
  return isIn ? [] : [`say that ${date} is no day of this report, which is of ${start} to ${end}: audit that day`]
}

const fingerprintStep = ({ findings }: Report, fingerprint: string): string[] =>
  findings.some((finding) => finding.fingerprint === fingerprint)
    ? []
    : [
        `say that no finding listed here has the fingerprint "${shortened(fingerprint, FINGERPRINT_CHARS)}": it is gone, or was not copied whole`,
      ]
