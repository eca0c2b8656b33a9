import type { Report, SourceStatus } from '../../schemas/report.ts'
import type { UsageBook } from '../billing/usage-tally.ts'

/** What is said of completeness. */
export interface Coverage {
  readonly complete: boolean
  readonly sources: SourceStatus[]
}

/**
 * The sources of an audit, those that are wanted, and besides them whose tasks lie in the window though nobody read their
 * bill: of accounts that were not audited, of keys that no account row holds, and without a key. Tasks that do not tell their
 * charge make the task table one that was read in part.
 */
export function coverageOf(
  { coverage }: Pick<Report, 'coverage'>,
  { total, unread, unreadKeyless }: UsageBook,
  wanted: (source: SourceStatus['source']) => boolean = () => true,
): Coverage {
  const sources = coverage.sources.filter(({ source }) => wanted(source))
  const untold = total.untoldKept + total.untoldRefunded
  const tasks = sources.findIndex(({ source }) => source === 'tasks')
  const read = sources[tasks]
  if (untold > 0 && read !== undefined) {
    const reason = `${untold} tasks hold no charge (NULL)`
    const both = read.reason === undefined ? reason : `${read.reason}; ${reason}`
    sources[tasks] = { ...read, status: read.status === 'complete' ? 'partial' : read.status, reason: both }
  }
  const told = new Set(sources.map(({ source, accountId }) => (source === 'fal-events' ? accountId : undefined)))
  for (const [accountId, tasks] of [...unread].sort(([a], [b]) => (a ?? -1) - (b ?? -1))) {
    if (accountId === null) {
      const reason = `${tasks} tasks by keys that no account row holds: nobody can read their bill`
      sources.push({ source: 'fal-events', status: 'not-configured', reason })
    } else if (!told.has(accountId)) {
      const reason = `not among the audited accounts, but ${tasks} tasks are its own: AUDIT_ACCOUNT_LIMIT`
      sources.push({ source: 'fal-events', accountId, status: 'not-configured', reason })
    }
  }
  if (unreadKeyless > 0) {
    const reason = `${unreadKeyless} tasks without a key: nobody can read their bill`
    sources.push({ source: 'fal-events', status: 'not-configured', reason })
  }
  return { complete: sources.every(({ status }) => status === 'complete'), sources }
}
