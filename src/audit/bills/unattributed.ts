import type { UsageRow } from '../../fal/reader.ts'
import { shortenKeyId } from '../../units/api-key.ts'
import { sum } from '../../units/exact.ts'
import { type NanoUsd, nanoUsd } from '../../units/nano-usd.ts'
import type { Evidence } from '../evidence.ts'
import type { PlacementSum } from '../requests/placement-sums.ts'
import type { RequestSums } from '../requests/request-totals.ts'
import { accountsThatHang } from '../rules/b21-unattributed-spend.ts'
import { type Books, known, type Reason, type Evidence as RuleEvidence, unknown } from '../rules/books.ts'
import type { RequestBook } from '../rules/facts.ts'
import { evidenceOf } from '../rules/task-subject.ts'
import { keyIdOwners } from './account-keys.ts'
import { idOf } from './whose-bill.ts'

/**
 * Cost of ids that no account row holds, by workspace. What was read of a bill counts, whole or not: it is spent. Those that
 * fal names the workspace of come first.
 */
export function unattributedOf(
  { attribution, bills, allAccounts }: Evidence,
  requests: Pick<RequestSums, 'placements'> | null,
): Books['unattributed'] {
  // Of some the events alone were read, which do not tell it.
  const read = attribution.workspaces.filter(({ source }) => source.usage.status !== 'failed')
  if (bills.accounts.length > 0 && read.length === 0) return unknown('bill-unread')
  const owners = keyIdOwners(allAccounts)
  const namedFirst = [...read.filter(({ name }) => name !== null), ...read.filter(({ name }) => name === null)]
  const unrecorded = new Set(requests?.placements.filter(isUnrecorded).map(({ bill }) => bill))
  return known(
    namedFirst.map((bill) => {
      const { label, unattributed, hangsOn, source, maybeTwice } = bill
      const costNanoUsd = costOf(unattributed)
      // A login is no key of an account, whatever ids say; what was billed to others beside it hangs on the ids still.
      const sure = unattributed.filter(({ login }) => login !== null)
      const given = new Set(unattributed)
      const rows = source.usage.status === 'failed' ? [] : source.usage.value
      // Ids that are taken as saying nothing: whether an account has one of them is as little known as that none has.
      const open = rows.filter((row) => row.keyId !== null && !owners.has(row.keyId) && !given.has(row))
      const openNanoUsd = costOf(open)
      return {
        ...{ workspace: label, costNanoUsd, keyIds: billedIds(unattributed) },
        ...(openNanoUsd !== 0n && { openNanoUsd }),
        ...(hangsOn.length > 0 && {
          hangs: { on: hangsOn, but: { costNanoUsd: costOf(sure), keyIds: billedIds(sure) } },
        }),
        ...(unrecorded.has(bill) && { unrecorded: true as const }),
        ...(maybeTwice && { maybeTwice: new Set(unattributed.filter((row) => row.costNanoUsd !== 0n).map(idOf)) }),
      }
    }),
  )
}

const isUnrecorded = ({ owner, orphanNanoUsd }: PlacementSum): boolean => owner === 'unattributed' && orphanNanoUsd > 0n

/**
 * Accounts of which it is not known what they were billed, and why: what keys that no account row holds were billed beside them may be
 * theirs, as B21 says it.
 */
export const billsThatHang = (
  books: Pick<Books, 'unattributed' | 'unplaced' | 'keyless'>,
): ReadonlyMap<number, Reason> =>
  accountsThatHang(books, ({ costNanoUsd, hangs }) => hangs?.but.costNanoUsd !== costNanoUsd)

/** Nor can usage and events of these accounts be held against each other. */
export function withOpenBills(book: RequestBook, openBills: ReadonlyMap<number, Reason>): RequestBook {
  const unread = new Set(book.billsUnread.map(({ accountId }) => accountId))
  const more = [...openBills].flatMap(([accountId, reason]) => (unread.has(accountId) ? [] : [{ accountId, reason }]))
  return { ...book, billsUnread: [...book.billsUnread, ...more] }
}

const costOf = (rows: readonly UsageRow[]): NanoUsd => nanoUsd(sum(rows, (row) => row.costNanoUsd))

/** Keys and people that rows bill anything to: each counts, though several may look alike as they are shown. */
function billedIds(rows: readonly UsageRow[]): RuleEvidence {
  const costs = new Map<string, { readonly shown: string; nano: bigint }>()
  for (const { keyId, login, costNanoUsd } of rows) {
    // Logins are personal data: they count, and are not shown.
    const shown = keyId === null ? 'login' : shortenKeyId(keyId)
    const id = idOf({ keyId, login })
    costs.set(id, { shown, nano: (costs.get(id)?.nano ?? 0n) + costNanoUsd })
  }
  const billed = [...costs.values()].filter(({ nano }) => nano !== 0n)
  return { total: billed.length, ids: evidenceOf([...new Set(billed.map(({ shown }) => shown))]).ids }
}
