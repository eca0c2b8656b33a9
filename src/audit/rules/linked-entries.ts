import { sum } from '../../units/exact.ts'
import type { Evidence } from './books.ts'
import type { LinkedEntry } from './facts.ts'
import { evidenceOf } from './task-subject.ts'

/** A consume row takes points and is stored negative: what it took is positive here. */
export const paidIn = (entry: LinkedEntry): bigint => -entry.amountPoints

export const consumeRows = (entries: readonly LinkedEntry[]): LinkedEntry[] =>
  entries.filter(({ kind }) => kind === 'consume')

export const refundRows = (entries: readonly LinkedEntry[]): LinkedEntry[] =>
  entries.filter(({ kind }) => kind === 'refund')

/** Points that the rows of a task took from its user, points and cash together. */
export const consumedPoints = (entries: readonly LinkedEntry[]): bigint => sum(consumeRows(entries), paidIn)

/** Points that the rows of a task gave back to its user, points and cash together. */
export const refundedPoints = (entries: readonly LinkedEntry[]): bigint =>
  sum(refundRows(entries), ({ amountPoints }) => amountPoints)

/** Whether the rows of a task gave anything back: what was taken back again, and a row of nothing, is no refund. */
export const gaveBack = (entries: readonly LinkedEntry[]): boolean => refundedPoints(entries) > 0n

/** Ids of ledger rows; those of one book alone may be those of the other too. */
export const rowEvidence = (entries: readonly LinkedEntry[]): Evidence =>
  evidenceOf(entries.map(({ book, rowId }) => `${book}:${rowId}`))
