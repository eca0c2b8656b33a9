/** Which month a statement is of, and whose. */
export interface StatementId {
  /** YYYY-MM */
  readonly period: string
  /** null: the operator as a whole. */
  readonly userId: number | null
}

const FORM = /^inv_(\d{4})(0[1-9]|1[0-2])(?:_u(0|-?[1-9]\d{0,15}))?$/

/** inv_202401, or inv_202401_u101 for one user. */
export const statementId = ({ period, userId }: StatementId): string =>
  `inv_${period.replace('-', '')}${userId === null ? '' : `_u${userId}`}`

/** Undefined where the text is no id of a statement. */
export function parseStatementId(text: string): StatementId | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const userId = match[3] === undefined ? null : Number(match[3])
  if (userId !== null && !Number.isSafeInteger(userId)) return undefined
  return { period: `${match[1]}-${match[2]}`, userId }
}
