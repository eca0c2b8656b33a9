import { AuditError } from '../errors.ts'

/** Arithmetic on exact integers that every unit shares. */
export const abs = (value: bigint): bigint => (value < 0n ? -value : value)

/** How many binary digits an amount of 0 or more has: amounts of one length differ by less than twice. */
export const bitLength = (amount: bigint): number => (amount === 0n ? 0 : amount.toString(2).length)

/** An integer of JSON. Throws where it is too large to be exact: then there is no honest answer. */
export function jsonInteger(amount: bigint): number {
  const value = Number(amount)
  if (!Number.isSafeInteger(value)) throw new RangeError(`too large for an integer of JSON: ${amount}`)
  return value
}

/** The same of points that are told. Throws where they are too many: the operator can mend that. */
export function jsonPoints(amount: bigint): number {
  const value = Number(amount)
  if (Number.isSafeInteger(value)) return value
  throw new AuditError('source', `amounts of the tables come to ${amount} points`, {
    accepted: 'at most 9007199254740991 points, which add up exactly',
    next: 'correct the rows, or ask for fewer days or users',
    failure: 'too-much',
  })
}

export function sum<T>(items: Iterable<T>, amountOf: (item: T) => bigint): bigint {
  let total = 0n
  for (const item of items) total += amountOf(item)
  return total
}

/** The same of counts, which numbers hold. */
export function count<T>(items: Iterable<T>, countOf: (item: T) => number): number {
  let total = 0
  for (const item of items) total += countOf(item)
  return total
}

/**
 * part / whole in steps of a percent over `scale`, to the nearest one, halves up. What is less than the whole stays below
 * it: 100 % says that nothing is missing.
 */
export function percentSteps(part: bigint, whole: bigint, scale: bigint): bigint {
  const nearest = (part * 200n * scale + whole) / (whole * 2n)
  return part < whole && nearest === 100n * scale ? nearest - 1n : nearest
}

/** part / whole in percent, to the nearest with one decimal or more, as `percentSteps` has it. */
export function percentText(part: bigint, whole: bigint, places = 1): string {
  const scale = 10n ** BigInt(places)
  const steps = percentSteps(part, whole, scale)
  return `${steps / scale}.${String(steps % scale).padStart(places, '0')}`
}

/** The sum of two integers that doubles hold exactly. NaN where no double holds it, or where one of them is none: it is not known. */
export function addExact(a: number, b: number): number {
  const total = a + b
  return Number.isSafeInteger(total) ? total : Number.NaN
}

/** A sum as a number; NaN where none holds it exactly. */
export const exactNumber = (amount: bigint): number => {
  const value = Number(amount)
  return Number.isSafeInteger(value) ? value : Number.NaN
}
