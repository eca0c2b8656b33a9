import type { SourceStatus } from '../../schemas/report.ts'
import { AuditError, type TableFailure, throwIfAborted } from '../errors.ts'
import { tableFailureText } from '../render/failure-words.ts'
import type { Lang } from '../render/vocabulary.ts'

/** How completely a table was read. Reasons are English until `tableStatus` words them. */
export interface TableStatus extends SourceStatus {
  /** What it comes to that it was not read, where that is known. */
  readonly failure?: TableFailure | undefined
}

/** A table that could not be read, as a fact of the report; cancelling and faults of the program are none. */
export function failedTable(
  source: 'tasks' | 'points' | 'cash' | 'users',
  cause: unknown,
  signal: AbortSignal,
): TableStatus {
  throwIfAborted(signal)
  if (!(cause instanceof AuditError) || cause.kind !== 'source') throw cause
  const reason = [cause.message, cause.next].filter(Boolean).join('; ')
  return { source, status: 'failed', reason, failure: cause.failure }
}

/** The same for whoever reads it, in the language of a report. */
export function tableStatus({ failure, ...status }: TableStatus, lang: Lang): SourceStatus {
  if (status.reason === undefined) return status
  return { ...status, reason: tableFailureText(failure ?? '', status.reason, lang) }
}
