import { shortestFloat32 } from '../ledger/cells.ts'
import { formatUsd, parseUsd } from '../units/nano-usd.ts'

/** The type of a column with USD where a table's definition came along; a CSV file does not tell. */
export type UsdType = 'float' | 'other' | 'unknown'

const PARTS = /^[+-]?(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3}))?$/
/** JavaScript writes no more digits. */
const DIGITS_MAX = 100

/**
 * Reads an amount as the audit reads it in MySQL, and writes it as plain decimal text of USD. A FLOAT comes out of a
 * database in many forms (0.1, 1e-05, 0.100000001, 0.10000000149011612), all of which mean the shortest decimal that
 * names the same 4-byte number. Where the type is not known, a text that no FLOAT prints is that of a DOUBLE or a DECIMAL,
 * and is taken as it stands. Undefined where the text is no amount.
 */
export function storedUsd(text: string, type: UsdType): string | undefined {
  const exact = parseUsd(text)
  if (exact === undefined) return undefined
  const value = Number(text)
  const float = Math.fround(value)
  if (!Number.isFinite(float)) return undefined
  if (type === 'other' || (type === 'unknown' && !floatPrints(float, value, text))) return formatUsd(exact)
  const read = parseUsd(shortestFloat32(float))
  return read === undefined ? undefined : formatUsd(read)
}

/** Whether a 4-byte number, written with as many digits or decimals as the text has, is that text. */
function floatPrints(float: number, value: number, text: string): boolean {
  if (float === value) return true
  const [, whole = '', fraction = ''] = PARTS.exec(text.trim()) ?? []
  const digits = (whole + fraction).replace(/^0+/, '').length
  if (digits > DIGITS_MAX || fraction.length > DIGITS_MAX) return false
  if (Number(float.toPrecision(digits)) === value) return true
  return !/[eE]/.test(text) && Number(float.toFixed(fraction.length)) === value
}
