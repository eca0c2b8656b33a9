import type { UsageBreakdownRow } from '../../schemas/fal-get-usage.ts'
import type { Attribution, SharedBill } from '../audit/bills/whose-bill.ts'
import type { AccountEvidence, Bills } from '../audit/evidence.ts'
import { balanceOf } from '../audit/report/books.ts'
import type { Reason } from '../audit/rules/books.ts'
import type { Fetched, UsageRow } from '../fal/reader.ts'
import { cleanText } from '../render/clean.ts'
import { notEvaluatedText } from '../render/messages.ts'
import { shortKeyId } from '../units/api-key.ts'
import { formatUsd } from '../units/nano-usd.ts'
import { MAYBE_TWICE } from './workspaces.ts'

/** Who a part of the bill belongs to: an account row, or a workspace beyond those. */
export type Owner = Pick<UsageBreakdownRow, 'accountId' | 'accountName' | 'keyId' | 'workspace'> &
  Pick<UsageBreakdownRow, 'balanceUsd' | 'balanceSource'>

/** What an owner spent, by usage rows. */
export interface OwnedBill {
  readonly owner: Owner
  /** undefined: not known, for the reason given. */
  readonly rows: readonly UsageRow[] | undefined
  readonly reason?: string
  /** What was seen of a bill that was not read whole: it tells what there is, and no sum. */
  readonly parts?: readonly UsageRow[]
  /** Whether another of the bills may be this one: then the two must not be added up, and one without a name is nobody's. */
  readonly maybeTwice?: boolean
}

/** The bill of one key, as it was read. */
export function ownedBill(owner: Owner, usage: Fetched<readonly UsageRow[]>): OwnedBill {
  if (usage.status === 'complete') return { owner, rows: usage.value }
  const reason = unreadText(usage.reason)
  return { owner, rows: undefined, reason, ...(usage.status === 'partial' && { parts: usage.value }) }
}

/** The bills of the audited accounts, and of each workspace what none of them answers for alone. */
export function ownedBills(bills: Bills, { byAccount, workspaces }: Attribution): OwnedBill[] {
  const parts = partsByAccount(workspaces, (accountId) => byAccount.get(accountId)?.known === false)
  const owned = bills.accounts.map((entry): OwnedBill => {
    const { accountId } = entry.account
    const bill = byAccount.get(accountId)
    const owner = ownerOf(entry, bills.workspaces[entry.workspace]?.name ?? null)
    if (bill?.known === true) return { owner, rows: bill.value }
    const reason = reasonText(bill?.reason ?? { code: 'bill-unread' })
    return { owner, rows: undefined, reason, parts: parts.get(accountId) ?? [] }
  })
  for (const { name, label, source, undivided, unattributed, maybeTwice } of workspaces) {
    const rows = [...(undivided ?? []), ...unattributed]
    if (rows.length === 0) continue
    const owner: Owner = { workspace: cleanText(label) }
    const { usage } = source
    if (usage.status !== 'complete') {
      owned.push({ owner, rows: undefined, reason: unreadText(usage.reason), parts: rows, maybeTwice })
    } else if (maybeTwice && name === null) {
      owned.push({ owner, rows: undefined, reason: MAYBE_TWICE, parts: rows, maybeTwice })
    } else owned.push({ owner, rows, maybeTwice })
  }
  return owned
}

/**
 * What was seen of the accounts' own rows, whose bills are not known: in a bill that was read in part, or in the bill that other
 * keys of their workspace read. Those of members of an undivided bill stand with its workspace.
 */
function partsByAccount(
  workspaces: readonly SharedBill[],
  isUnknown: (accountId: number) => boolean,
): ReadonlyMap<number, UsageRow[]> {
  const parts = new Map<number, UsageRow[]>()
  for (const { source, members, undivided, ownerOf: whose } of workspaces) {
    if (source.usage.status === 'failed') continue
    for (const row of source.usage.value) {
      const owner = whose(row)
      if (typeof owner === 'string' || !isUnknown(owner.accountId)) continue
      if (undivided !== null && members.includes(owner.accountId)) continue
      const own = parts.get(owner.accountId)
      if (own === undefined) parts.set(owner.accountId, [row])
      else own.push(row)
    }
  }
  return parts
}

function ownerOf(entry: AccountEvidence, workspace: string | null): Owner {
  const { account } = entry
  const balance = balanceOf(entry)
  return {
    accountId: account.accountId,
    accountName: cleanText(account.name),
    keyId: shortKeyId(account.apiKey),
    ...(workspace !== null && { workspace: cleanText(workspace) }),
    ...(balance !== null && { balanceUsd: formatUsd(balance.nanoUsd), balanceSource: balance.source }),
  }
}

const reasonText = ({ code, params = {} }: Reason): string => notEvaluatedText(code, params, 'en')

const unreadText = (detail: string): string => reasonText({ code: 'bill-unread', params: { detail } })
