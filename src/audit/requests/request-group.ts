import type { BillingEvent } from '../../fal/reader.ts'
import type { TaskRow } from '../../ledger/reader.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import type { Owner, SharedBill } from '../bills/whose-bill.ts'

/** All events of one request, summed up, and whose bill the first of them is in. */
export interface RequestGroup {
  readonly bill: SharedBill
  readonly requestId: string
  readonly owner: Owner
  readonly events: BillingEvent[]
  /** Whose bill those are in that are in no bill of its owner. Absent: none. */
  elsewhere?: Map<BillingEvent, Pick<RequestGroup, 'bill' | 'owner'>>
  costNanoUsd: NanoUsd
  /** The task that claims the request: of the window, of around it, or of any other time; null for none at all. */
  readonly claimedBy: TaskRow | null
  /** All tasks that bear it, where several do and some have no time that can be read: on that hangs which claims it. */
  readonly sharing?: readonly SharingTask[]
}

export interface SharingTask {
  readonly task: TaskRow
  /** Whether it claims the request, or would at some time of those that have none. */
  readonly mayClaim: boolean
}

/** Whether both are the same account, or neither is one and for the same reason. */
export const isSameOwner = (a: Owner, b: Owner): boolean =>
  typeof a === 'object' && typeof b === 'object' ? a.accountId === b.accountId : a === b

/** A request by whose bill its events are in: each is billed to one, whoever else bears the same id. */
export function byOwner(group: RequestGroup): readonly RequestGroup[] {
  const parts: RequestGroup[] = []
  for (const event of group.events) {
    const { bill, owner } = group.elsewhere?.get(event) ?? group
    const known = parts.find((part) => part.bill === bill && isSameOwner(part.owner, owner))
    if (known === undefined) {
      const { requestId, claimedBy, sharing } = group
      const own = { bill, owner, requestId, claimedBy, ...(sharing && { sharing }) }
      parts.push({ ...own, events: [event], costNanoUsd: event.costNanoUsd })
    } else {
      known.events.push(event)
      known.costNanoUsd = addNanoUsd(known.costNanoUsd, event.costNanoUsd)
    }
  }
  return parts
}

/** What they cost together. */
export const costOfEvents = (events: readonly BillingEvent[]): NanoUsd =>
  events.reduce((total, event) => addNanoUsd(total, event.costNanoUsd), ZERO_NANO_USD)
