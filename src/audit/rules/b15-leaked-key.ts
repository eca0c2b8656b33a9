import type { Thresholds } from '../../settings.ts'
import { sum } from '../../units/exact.ts'
import { formatUsd, nanoUsd } from '../../units/nano-usd.ts'
import { exceeds, percentBeside, ratioPercent } from '../../units/ratio.ts'
import { type AccountBook, type Books, type FindingDraft, type Reason, type Rule, unknown } from './books.ts'
import type { Orphan } from './facts.ts'
import { groupBy } from './group-by.ts'
import { notRead, readAccounts, unreadAccounts, unrecordedRequests } from './request-book.ts'
import { evidenceOf } from './task-subject.ts'

/**
 * B15, per account: so much of its bill is recorded by no task, in USD and as a share, that somebody else may hold the
 * key; on a disabled account any such cost. Nothing is said where requests of keys that no account row holds decide, and ids say
 * nothing. Nano-USD. Source: rule B15 of the specification.
 */
export const b15LeakedKey: Rule = {
  id: 'B15',
  severity: 'HIGH',
  perWindow: true,
  evaluate({ requests, accounts, comparisons }, { thresholds }) {
    if (!requests.known) return notRead(requests.reason)
    const isRead = readAccounts(requests.value)
    const byAccount = groupBy(unrecordedRequests(requests.value), ({ accountId }) => accountId)
    const findings: FindingDraft[] = []
    const notEvaluated = unreadAccounts(requests.value)
    let examined = 0
    for (const account of accounts) {
      if (!isRead(account.accountId)) continue
      const orphans = byAccount.get(account.accountId) ?? []
      const cost = unrecordedCost(orphans)
      const leaked = isLeaked(account, cost, thresholds)
      if (leaked === undefined) {
        notEvaluated.push({ subject: { accountId: account.accountId }, reason: billReason(account, comparisons) })
        continue
      }
      if (leaked && isLeaked(account, cost - strangeCost(orphans), thresholds) !== true) {
        const { reason } = unknown('key-ids-unmatched')
        notEvaluated.push({ subject: { accountId: account.accountId }, reason })
        continue
      }
      examined += 1
      if (leaked) findings.push(findingOf(account, orphans, thresholds))
    }
    return { examined, findings, notEvaluated }
  },
}

const unrecordedCost = (orphans: readonly Orphan[]): bigint => sum(orphans, ({ costNanoUsd }) => costNanoUsd)

/** Of keys that may be those of somebody else. */
const strangeCost = (orphans: readonly Orphan[]): bigint => sum(orphans, ({ strangeNanoUsd = 0n }) => strangeNanoUsd)

/**
 * Undefined where the account's bill is not known: then its share is not, nor whether it was told all of its requests,
 * which a workspace that several accounts share may hold for them together.
 */
function isLeaked({ disabled, billNanoUsd }: AccountBook, cost: bigint, thresholds: Thresholds): boolean | undefined {
  if (disabled && cost > 0n) return true
  if (billNanoUsd === null) return undefined
  return cost > 0n && cost >= thresholds.b15NanoUsdMin && exceeds(cost, billNanoUsd, thresholds.b15Ratio)
}

/** Why the bill of an account is not known: as A1 says it. */
function billReason({ accountId }: AccountBook, comparisons: Books['comparisons']): Reason {
  const bill = comparisons.find(({ subject }) => subject.accountId === accountId)?.bill
  return bill === undefined || bill.known ? unknown('bill-unread').reason : bill.reason
}

function findingOf(
  { accountId, disabled, billNanoUsd }: AccountBook,
  orphans: readonly Orphan[],
  thresholds: Thresholds,
): FindingDraft {
  const cost = unrecordedCost(orphans)
  return {
    subject: { accountId },
    expected: cost,
    actual: 0n,
    unit: 'USD',
    count: orphans.length,
    evidence: evidenceOf(orphans.map(({ requestId }) => requestId)),
    detail: {
      ...(billNanoUsd !== null && { billUsd: formatUsd(nanoUsd(billNanoUsd)) }),
      ...(billNanoUsd !== null &&
        billNanoUsd > 0n && { sharePercent: percentBeside(cost, billNanoUsd, thresholds.b15Ratio) }),
      thresholdUsd: formatUsd(thresholds.b15NanoUsdMin),
      thresholdPercent: ratioPercent(thresholds.b15Ratio),
      disabled: disabled ? 'yes' : 'no',
    },
  }
}
