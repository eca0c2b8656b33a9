import type { Report } from '../../schemas/report.ts'

/**
 * Of which accounts a report's A2 and A3 may come from two names of one model: names are learned from matched requests, so
 * 'all' at depth summary, otherwise those whose billing events were not read whole, in order of id. Empty: of none.
 */
export function accountsInNameDoubt({ summary: { byRule }, settings, coverage, findings }: Report): 'all' | number[] {
  if ((byRule.A2 ?? byRule.A3) === undefined) return []
  if (settings.depth === 'summary') return 'all'
  const unread = new Set(
    coverage.sources.flatMap(({ source, status, accountId }) =>
      source === 'fal-events' && status !== 'complete' && accountId !== undefined ? [accountId] : [],
    ),
  )
  const accounts = findings.flatMap(({ rule, subject: { accountId } }) =>
    (rule === 'A2' || rule === 'A3') && accountId !== undefined && unread.has(accountId) ? [accountId] : [],
  )
  return [...new Set(accounts)].sort((a, b) => a - b)
}
