import { shareBeside } from '../../units/ratio.ts'
import type { AuditPlan } from '../plan.ts'
import type { LedgerBook } from './ledger-book.ts'
import type { LinkCount, LinkMode } from './link-scans.ts'

type LinkSettings = Pick<AuditPlan['settings'], 'ledgerLink' | 'thresholds'>

/** Whether enough charged tasks have a linked row for link mode order. Without charged tasks any mode will do. */
export function linksSuffice({ charged, linked }: LinkCount, { thresholds }: LinkSettings): boolean {
  const { numerator, denominator } = thresholds.ledgerLinkRatio
  return BigInt(linked) * denominator >= BigInt(charged) * numerator
}

export function linkModeOf(count: LinkCount, settings: LinkSettings): LinkMode {
  if (settings.ledgerLink !== 'auto') return settings.ledgerLink
  return linksSuffice(count, settings) ? 'order' : 'total'
}

/** The share of charged tasks with a linked row, on the side of its threshold that it lies on; null without charged tasks, or ledgers. */
export function linkedShare(
  { mode, chargedTasks, linkedTasks }: Pick<LedgerBook, 'mode' | 'chargedTasks' | 'linkedTasks'>,
  { thresholds }: Pick<LinkSettings, 'thresholds'>,
): string | null {
  if (mode === null || chargedTasks === 0) return null
  return shareBeside(BigInt(linkedTasks), BigInt(chargedTasks), thresholds.ledgerLinkRatio)
}

/** Tasks without a time that may be charged ones of the window, and how many of them have a linked row. */
export interface UndatedLinks {
  readonly mayBeCharged: number
  readonly linked: number
}

/** Whether rows would link in the other mode, were tasks without a time of the window. */
export function mayBeOtherMode({ charged, linked }: LinkCount, undated: UndatedLinks, settings: LinkSettings): boolean {
  const { mayBeCharged } = undated
  if (mayBeCharged === 0 || settings.ledgerLink !== 'auto') return false
  const fewest = { charged: charged + mayBeCharged - undated.linked, linked }
  const most = { charged: charged + mayBeCharged, linked: linked + mayBeCharged }
  return linksSuffice({ charged, linked }, settings) ? !linksSuffice(fewest, settings) : linksSuffice(most, settings)
}
