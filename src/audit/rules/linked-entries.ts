import { sum } from '../../units/exact.ts'
import { type Evidence, type Reason, unknown } from './books.ts'
import type { KindlessRows, LinkedEntry, TaskLedger } from './facts.ts'
import { OWNERLESS } from './ownerless-rows.ts'
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

/** What rows took or gave back for a task, at least and at most: alike, but where it shares an id with other tasks. */
export interface Bounds {
  readonly least: bigint
  readonly most: bigint
}

type TaskRows = Pick<TaskLedger, 'entries' | 'shared' | 'kindless'>

export const consumedBounds = ({ entries, shared }: TaskRows): Bounds =>
  bounds(consumedPoints(entries), shared?.paidPoints ?? 0n)

/** Rows that come to nothing given back are no refund: those of nothing, or taken back again. */
export function refundedBounds({ entries, shared, kindless }: TaskRows): Bounds {
  const { least, most } = bounds(refundedPoints(entries), shared?.refundedPoints ?? 0n)
  // A row that tells no user may have taken back what came for this task.
  const backByNobody = sum(refundRows(shared?.ownerless?.rows ?? []), ({ amountPoints }) =>
    amountPoints < 0n ? amountPoints : 0n,
  )
  return { least: lessTakenBack(least + backByNobody, 'refund', [kindless, shared?.kindless]), most }
}

/**
 * What is certain to have been refunded, or taken: rows of no known type that went out, or came in, may have taken it back again, as
 * far as it goes.
 */
export const lessTakenBack = (
  total: bigint,
  kind: LinkedEntry['kind'],
  rows: readonly (KindlessRows | undefined)[],
): bigint =>
  rows.reduce((least, each) => {
    if (each === undefined || least <= 0n) return least
    const back = kind === 'refund' ? each.outPoints : each.inPoints
    return back === null ? 0n : least - back
  }, total)

const bounds = (own: bigint, shared: bigint): Bounds =>
  shared > 0n ? { least: own, most: own + shared } : { least: own + shared, most: own }

const { reason: UNTOLD } = unknown('amount-untold')
const { reason: KIND_UNTOLD } = unknown('kind-untold')

/** Why it is not told what rows took or gave back for a task: one of them, or of those that it shares, holds no amount, or no known type. */
export const untoldAmount = ({ entries, shared, kindless }: TaskRows, kind: LinkedEntry['kind']): Reason | undefined =>
  shared?.ownerless?.open.has(kind)
    ? OWNERLESS
    : kindless !== undefined || shared?.kindless !== undefined
      ? KIND_UNTOLD
      : shared?.untold?.has(kind) || entries.some((entry) => entry.kind === kind && entry.amountUntold)
        ? UNTOLD
        : undefined

/** What a finding about rows that took too much tells besides: they may be made good already. Nothing where it is not known. */
export function givenBack(rows: TaskRows): { givenBackPoints?: string } {
  const refunded = refundedPoints(rows.entries)
  return refunded > 0n && untoldAmount(rows, 'refund') === undefined ? { givenBackPoints: String(refunded) } : {}
}

/** Rows name an id that several tasks bear. */
const { reason: SHARED } = unknown('links-shared')

/** Why it is not told whether a row that may be a task's is: it names others as well, or tells no user. */
export const sharedReason = ({ shared }: Pick<TaskRows, 'shared'>): Reason =>
  shared?.ownerless === undefined ? SHARED : OWNERLESS

/** Names a ledger row: ids of one book may be those of the other too. */
export const rowName = ({ book, rowId }: Pick<LinkedEntry, 'book' | 'rowId'>): string => `${book}:${rowId}`

export const rowEvidence = (entries: readonly LinkedEntry[]): Evidence => evidenceOf(entries.map(rowName))
