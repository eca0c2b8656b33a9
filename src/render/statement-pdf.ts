import type { Statement } from '../../schemas/billing-statements.ts'
import type { Lang } from './vocabulary.ts'

/**
 * A monthly statement as a PDF of A4 pages, with its font embedded. Figures are printed as they stand in the statement,
 * character by character, and can be extracted so. The same statement and language give the same bytes.
 */
export async function renderStatementPdf(statement: Statement, lang: Lang): Promise<Uint8Array> {
  // The writer of PDFs takes time to load, and most runs write none.
  const { drawStatement } = await import('./pdf/draw-statement.ts')
  return drawStatement(statement, lang)
}
