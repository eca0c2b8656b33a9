import type { SourceStatus } from '../../schemas/report.ts'
import type { UnknownKinds } from '../ledger/reader.ts'
import { notEvaluatedText } from '../render/messages.ts'
import type { Lang } from '../render/vocabulary.ts'

/** How completely ledgers were read: in part, where rows that may have paid for something are of no known type. */
export const withUnknownKinds = (
  tables: readonly SourceStatus[],
  unknownKinds: UnknownKinds,
  lang: Lang,
): SourceStatus[] =>
  tables.map((table) => {
    const { source, status, reason } = table
    const rows = source === 'points' || source === 'cash' ? unknownKinds[source] : undefined
    if (rows === undefined || status === 'failed') return table
    const said = notEvaluatedText('kinds-unknown', { rows: rows.rows, words: rows.words.join(', ') }, lang)
    return { ...table, status: 'partial', reason: reason === undefined ? said : `${reason}; ${said}` }
  })
