import type { Line } from '../../../schemas/doctor.ts'
import { type CoverageParts, ledgerKindsOf, wordOf } from './coverage.ts'
import { counted, failure, warning } from './lines.ts'
import { usable } from './sample.ts'

/** Rows of fewer may be corrections all: then it is told, and no more. */
const ROWS_MIN = 5

/**
 * Ledgers most of whose rows that take from users are positive: an audit reads what is taken as a minus, so that each user would
 * seem to have paid nothing, or less than that. A few corrections tell nothing.
 */
export const ledgerSignsLines = (parts: CoverageParts): Line[] =>
  ledgerKindsOf(parts).flatMap((ledger) => {
    const { sampled, table, key, amount, columns, consume, asWord } = ledger
    const sample = usable(sampled, [key, amount])
    if ('unread' in sample) return []
    const amounts = sample.rows
      .filter((row) => consume.has(asWord(wordOf(row, key))))
      .map((row) => Number(row.get(amount) ?? 0))
      .filter((each) => each !== 0)
    const positive = amounts.filter((each) => each > 0).length
    if (2 * positive <= amounts.length) return []
    const bad = amounts.length < ROWS_MIN ? warning : failure
    const kinds = [...consume].map((word) => `'${word.replaceAll("'", "''")}'`).join(', ')
    const column = columns[amount]
    return [
      bad('ledger-words', {
        subject: table,
        seen: `${positive.toLocaleString('en-US')} of ${counted(amounts.length, 'row')} that take from users (${ledger.setting}) have a positive ${column}, among the newest ${counted(sample.rows.length, 'row')}: an audit reads + as what came in and - as what was taken, and would accuse these users (A4, B10)`,
        todo: `name a view in AUDIT_CONFIG (tables.${ledger.role}) that negates them: SELECT …, CASE WHEN ${columns[key]} IN (${kinds}) THEN -${column} ELSE ${column} END AS ${column} FROM ${table}; or mend ${ledger.setting}, where these rows did come in`,
      }),
    ]
  })
