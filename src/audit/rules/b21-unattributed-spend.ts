import { formatUsd } from '../../units/nano-usd.ts'
import {
  type BillComparison,
  type Books,
  type FindingDraft,
  type Reason,
  type Rule,
  type RuleOutcome,
  unknown,
} from './books.ts'
import { keylessSpend } from './keyless-tasks.ts'
import { notRead } from './request-book.ts'
import type { UnattributedBill } from './strange-keys.ts'
import { mayHaveCost } from './unplaced-tasks.ts'

/**
 * B21, per workspace: what fal billed there to keys or tokens that no account row holds, from the threshold on. Nano-USD.
 * Usage rows tell it, so it is judged at every depth. Nothing is said where ids that no account row holds say nothing, or would,
 * had tasks without a readable time been made within the window, or were those without a key of an account there, but of what was
 * billed to people. Of bills that may be one, read with several keys, a second is not said to tell of more. Source: rule B21 of the
 * specification.
 */
export const b21UnattributedSpend: Rule = {
  id: 'B21',
  severity: 'MEDIUM',
  perWindow: true,
  evaluate({ unattributed, comparisons, unplaced, keyless }, { thresholds }) {
    if (!unattributed.known) return notRead(unattributed.reason)
    const findings: FindingDraft[] = []
    const open = []
    const toldOnce = new Set<string>()
    let examined = 0
    const isSpend = (nano: bigint): boolean => nano > 0n && nano >= thresholds.b21NanoUsdMin
    for (const bill of unattributed.value) {
      const { workspace, openNanoUsd = 0n, hangs } = bill
      if (!isSpend(bill.costNanoUsd)) {
        if (isSpend(bill.costNanoUsd + openNanoUsd)) {
          open.push({ subject: { workspace }, reason: unknown('key-ids-unmatched').reason })
        } else examined += 1
        continue
      }
      const reason = hangs && mayBeTheirs({ unplaced, keyless }, hangs.on)
      const { costNanoUsd, keyIds } = hangs !== undefined && reason !== undefined ? hangs.but : bill
      // What is certain is told of all the same, and that there is more which may be theirs.
      if (reason !== undefined && costNanoUsd < bill.costNanoUsd) open.push({ subject: { workspace }, reason })
      if (!isSpend(costNanoUsd)) continue
      const ids = [...(bill.maybeTwice ?? [])]
      if (ids.some((id) => toldOnce.has(id))) {
        open.push({ subject: { workspace }, reason: unknown('bill-maybe-twice').reason })
        continue
      }
      for (const id of ids) toldOnce.add(id)
      examined += 1
      findings.push({
        subject: { workspace },
        expected: costNanoUsd,
        actual: 0n,
        unit: 'USD',
        count: keyIds.total,
        evidence: keyIds,
        detail: { thresholdUsd: formatUsd(thresholds.b21NanoUsdMin) },
      })
    }
    return { examined, findings, notEvaluated: [...open, ...unreadBills(comparisons)] }
  },
}

/**
 * Why what keys that no account row holds were billed may be that of some accounts, which recorded no cost that is known to be theirs: ids
 * would say nothing, had tasks without a readable time been made within the window, or were such without a key theirs.
 */
const mayBeTheirs = (
  { unplaced, keyless }: Pick<Books, 'unplaced' | 'keyless'>,
  accountIds: readonly number[],
): Reason | undefined => (mayHaveCost(unplaced, accountIds) ? unplaced?.reason : keylessSpend(keyless, accountIds))

/** Accounts whose own may be what some bills hold of keys that no account row holds, people left out, and why. */
export function accountsThatHang(
  { unattributed, unplaced, keyless }: Pick<Books, 'unattributed' | 'unplaced' | 'keyless'>,
  picks: (bill: UnattributedBill) => boolean,
): ReadonlyMap<number, Reason> {
  const open = new Map<number, Reason>()
  for (const bill of unattributed.known ? unattributed.value : []) {
    if (bill.hangs === undefined || !picks(bill)) continue
    const reason = mayBeTheirs({ unplaced, keyless }, bill.hangs.on)
    if (reason !== undefined) for (const accountId of bill.hangs.on) open.set(accountId, reason)
  }
  return open
}

/** Accounts whose bill was not read whole may hide such spend. */
const unreadBills = (comparisons: readonly BillComparison[]): RuleOutcome['notEvaluated'] =>
  comparisons.flatMap(({ subject, bill }) =>
    bill.known || bill.reason.code !== 'bill-unread' ? [] : [{ subject, reason: bill.reason }],
  )
