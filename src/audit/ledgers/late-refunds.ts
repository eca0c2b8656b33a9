import type { LedgerEntry, LedgerSnapshot } from '../../ledger/reader.ts'
import { LIMITS, SPANS } from '../../limits.ts'
import { exactAmount } from '../../rows/entry-records.ts'
import { type InstantRange, plus } from '../../units/instant.ts'
import { bareId } from '../../units/request-id.ts'
import { breathe } from '../breathe.ts'
import type { AuditPlan } from '../plan.ts'
import { rowName } from '../rules/linked-entries.ts'
import { BOOKS, type LedgerLookUps } from './ledger-look-ups.ts'
import type { LinkScans } from './link-scans.ts'

/** Users whose refunds are looked for, and rows that may be refunds: where there are more, it stays open who got one. */
const LATE_MAX = LIMITS.lookupIdsTotal

/** Refunds that came after all that was read of the ledgers and name no task: rows of any type that may be one. */
export interface LateRefunds {
  readonly ofUsers: readonly LedgerEntry[]
  /** Those that bear an order and were found by no look-up, as with blanks around it where no row that was read had any: some may tell no user. */
  readonly named: readonly LedgerEntry[]
  /** Those that tell no user. */
  readonly ownerless: readonly LedgerEntry[]
  /** Whether they were too many to look at. */
  readonly isOpen: boolean
}

const NONE: LateRefunds = { ofUsers: [], named: [], ownerless: [], isOpen: false }
const TOO_MANY: LateRefunds = { ...NONE, isOpen: true }

export interface LateContext {
  readonly plan: AuditPlan
  readonly snapshot: LedgerSnapshot
  readonly lookUps: LedgerLookUps
  readonly signal: AbortSignal
}

/** From the end of the ledgers' range until now. Rows beyond now are of a clock that is ahead. */
const lateRange = ({ ranges, asOf }: AuditPlan): InstantRange => ({
  start: ranges.ledger.end,
  end: plus(asOf, SPANS.skew),
})

/** Looks for refunds of users whose charges were to be given back, and were not as far as was read. `lookedUp`: rows found by their order. */
export async function lookForLateRefunds(
  scans: Pick<LinkScans, 'unrefundedUsers' | 'idsOfTasks'>,
  lookedUp: readonly LedgerEntry[],
  context: LateContext,
): Promise<LateRefunds> {
  const { plan, snapshot, lookUps, signal } = context
  const userIds = scans.unrefundedUsers()
  const range = lateRange(plan)
  if (userIds.length === 0 || range.start >= range.end) return NONE
  if (userIds.length > LATE_MAX) return TOO_MANY
  const wanted = new Set(userIds)
  const taskIds = new Set(scans.idsOfTasks('selected'))
  const found: LedgerEntry[] = []
  for (const book of BOOKS) {
    lookUps.reading = book
    for await (const batch of snapshot[book](range, { userIds, ownerless: true, cameIn: true })) {
      // A store may read more than was asked for.
      for (const entry of batch.rows()) {
        if ((entry.userUntold !== true && !wanted.has(entry.userId)) || !mayBeRefund(entry, taskIds)) continue
        if (found.length >= LATE_MAX) {
          lookUps.reading = undefined
          return TOO_MANY
        }
        // What no number holds is told here, where it makes the ledger one that was read in part.
        exactAmount(entry)
        found.push(entry)
      }
      await breathe(signal)
    }
  }
  lookUps.reading = undefined
  const orders = found.flatMap(({ kind, orderId }) => (kind === 'refund' && orderId !== '' ? [orderId] : []))
  const tasks = await lookUps.tasksAmong(new Set(orders))
  const isLoose = ({ kind, orderId }: LedgerEntry): boolean =>
    orderId === '' || (kind === 'refund' && !tasks.has(orderId))
  const known = new Set(lookedUp.map(rowName))
  const isNamed = (entry: LedgerEntry): boolean => !isLoose(entry) && !known.has(rowName(entry))
  return {
    ofUsers: found.filter((entry) => entry.userUntold !== true && isLoose(entry)),
    named: found.filter(isNamed),
    ownerless: found.filter((entry) => entry.userUntold === true && isLoose(entry)),
    isOpen: false,
  }
}

/**
 * A refund; cash that came in, or what is of no known type, for one of some tasks or without an order: what users pay in bears the
 * orders of their payments, and there may be very many.
 */
function mayBeRefund(
  { book, kind, kindUntold, orderId, amountPoints, amountUntold }: LedgerEntry,
  taskIds: ReadonlySet<string>,
): boolean {
  if (amountPoints <= 0n && amountUntold !== true) return false
  if (kind === 'refund') return true
  if (!(book === 'cash' && kind === 'recharge') && kindUntold !== true) return false
  return orderId === '' || taskIds.has(orderId) || taskIds.has(bareId(orderId))
}
