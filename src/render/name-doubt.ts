import type { Report } from '../../schemas/report.ts'

/**
 * Of which accounts a report's A2 and A3 may come from two names of one model: names are learned from matched requests, so
 * 'all' at depth summary, otherwise those whose billing events were not read whole, in order of id; where a workspace is judged as
 * one, those of it. Empty: of none.
 */
export function accountsInNameDoubt({
  summary: { byRule },
  settings,
  coverage,
  official,
  findings,
}: Report): 'all' | number[] {
  if ((byRule.A2 ?? byRule.A3) === undefined) return []
  if (settings.depth === 'summary') return 'all'
  const unread = new Set(
    coverage.sources.flatMap(({ source, status, accountId }) =>
      source === 'fal-events' && status !== 'complete' && accountId !== undefined ? [accountId] : [],
    ),
  )
  // Of a workspace that fal did not name the rows of its accounts name none.
  const membersOf = (wanted: string): number[] =>
    official.rows.flatMap(({ accountId, workspace = wanted }) =>
      accountId !== null && workspace === wanted ? [accountId] : [],
    )
  const accounts = findings.flatMap(({ rule, subject: { accountId, workspace } }) => {
    if (rule !== 'A2' && rule !== 'A3') return []
    return accountId !== undefined ? [accountId] : workspace !== undefined ? membersOf(workspace) : []
  })
  return [...new Set(accounts.filter((accountId) => unread.has(accountId)))].sort((a, b) => a - b)
}
