import type { SourceStatus } from '../../../schemas/report.ts'
import type { UnknownKinds } from '../../ledger/reader.ts'
import { cleanText } from '../../render/clean.ts'
import { notEvaluatedText } from '../../render/messages.ts'
import type { Lang } from '../../render/vocabulary.ts'
import type { Reason } from '../rules/books.ts'
import { TOO_LARGE } from './ledger-book.ts'

/** Characters shown of the name of a type. */
const KIND_CHARS = 40

/**
 * How completely ledgers were read: in part, where rows of no known type leave something open of somebody. Rows of other
 * products leave nothing open, whatever their type is called.
 */
export const withUnknownKinds = (
  tables: readonly SourceStatus[],
  unknownKinds: UnknownKinds,
  reasons: Iterable<Reason>,
  lang: Lang,
): SourceStatus[] => {
  const leaveOpen = [...reasons].some(({ code }) => code === 'kind-untold')
  return tables.map((table) => {
    const { source, status, reason } = table
    if (!leaveOpen) return table
    const rows = source === 'points' || source === 'cash' ? unknownKinds[source] : undefined
    if (rows === undefined || status === 'failed') return table
    const words = [...new Set(rows.words.map((word) => cleanText(word, KIND_CHARS)))].join(', ')
    const said = notEvaluatedText('kinds-unknown', { rows: rows.rows, words }, lang)
    return { ...table, status: 'partial', reason: reason === undefined ? said : `${reason}; ${said}` }
  })
}

/** The same where amounts of somebody come to more than a sum tells exactly. */
export const withTooLarge = (
  tables: readonly SourceStatus[],
  reasons: Iterable<Reason>,
  lang: Lang,
): SourceStatus[] => {
  const isAny = [...reasons].some(({ code }) => code === TOO_LARGE.reason.code)
  return tables.map((table) => {
    const { source, status, reason } = table
    if (!isAny || status === 'failed' || (source !== 'points' && source !== 'cash')) return table
    const said = notEvaluatedText(TOO_LARGE.reason.code, {}, lang)
    return { ...table, status: 'partial', reason: reason === undefined ? said : `${reason}; ${said}` }
  })
}
