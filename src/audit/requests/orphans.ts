import { within } from '../../units/instant.ts'
import type { Orphan } from '../rules/facts.ts'
import { byOwner, costOfEvents, type RequestGroup } from './request-group.ts'
import type { JoinScope } from './requests.ts'

/** What was billed within the window for no task at all. */
export function orphansOf(groups: readonly RequestGroup[], scope: JoinScope): Orphan[] {
  const orphans: Orphan[] = []
  for (const group of groups) {
    if (group.claimedBy !== null) continue
    // Each account answers for what it was billed, whoever was billed for the same request first.
    for (const part of group.elsewhere === undefined ? [group] : byOwner(group)) {
      const orphan = orphanOf(part, scope)
      if (orphan !== undefined) orphans.push(orphan)
    }
  }
  return orphans
}

function orphanOf({ bill, owner, events, requestId }: RequestGroup, scope: JoinScope): Orphan | undefined {
  if (owner === 'unattributed') return undefined
  const accountId = owner === 'undivided' ? null : owner.accountId
  // Keys of accounts outside the audit are known, and left out.
  if (accountId !== null && !scope.audited.has(accountId)) return undefined
  const inWindow = events.filter(({ at }) => within(at, scope.plan.ranges.bill))
  if (inWindow.length === 0) return undefined
  const strangeNanoUsd = costOfEvents(inWindow.filter((event) => bill.isStranger(event)))
  const strange = strangeNanoUsd !== 0n && { strangeNanoUsd }
  const ofWorkspace = undividedOf({ bill, owner })
  return { requestId, accountId, ...ofWorkspace, events: inWindow, costNanoUsd: costOfEvents(inWindow), ...strange }
}

/** The workspace of a bill that does not tell its accounts apart, where fal names it. */
export const undividedOf = ({ bill, owner }: Pick<RequestGroup, 'bill' | 'owner'>): { readonly workspace?: string } =>
  owner === 'undivided' && bill.name !== null ? { workspace: bill.name } : {}
