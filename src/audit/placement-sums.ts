import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { entryOf, newMap } from './nested.ts'
import type { Placement } from './period-bill.ts'
import type { RequestGroup } from './requests.ts'
import type { Owner, SharedBill } from './whose-bill.ts'

/** What tells whose a request is. */
export type Ownership = Pick<RequestGroup, 'bill' | 'owner'>

/** Placements of one bill, owner, stored model and endpoint, added up. */
export interface PlacementSum extends Ownership {
  /** Model as the claiming tasks store it; null: no task claims these requests. */
  readonly stored: string | null
  /** Endpoint as billed. The amounts by request stand with the endpoint of its first event. */
  readonly endpoint: string
  inTimeNanoUsd: NanoUsd
  carriedInNanoUsd: NanoUsd
  carriedOutNanoUsd: NanoUsd
  matchedNanoUsd: NanoUsd
  orphanNanoUsd: NanoUsd
  /** Cost of the events that belong to the window, by their own endpoint; null where there is no such event. */
  placedNanoUsd: NanoUsd | null
  /** Requests with an event within the window. */
  requests: number
}

/** Adds placements up; there are few kinds of them, however many requests. */
export class PlacementSums {
  readonly #sums = new Map<SharedBill, Map<Who, Map<string, Map<string | null, PlacementSum>>>>()
  readonly #list: PlacementSum[] = []

  add({ group, events, ...amounts }: Placement): void {
    const { bill, owner, claimedBy } = group
    const stored = claimedBy?.model ?? null
    const sum = this.#sumOf(bill, owner, stored, group.events[0]?.model ?? '')
    sum.inTimeNanoUsd = addNanoUsd(sum.inTimeNanoUsd, amounts.inTimeNanoUsd)
    sum.carriedInNanoUsd = addNanoUsd(sum.carriedInNanoUsd, amounts.carriedInNanoUsd)
    sum.carriedOutNanoUsd = addNanoUsd(sum.carriedOutNanoUsd, amounts.carriedOutNanoUsd)
    sum.matchedNanoUsd = addNanoUsd(sum.matchedNanoUsd, amounts.matchedNanoUsd)
    sum.orphanNanoUsd = addNanoUsd(sum.orphanNanoUsd, amounts.orphanNanoUsd)
    if (amounts.isInTime) sum.requests += 1
    for (const { model, costNanoUsd } of events) {
      const own = model === sum.endpoint ? sum : this.#sumOf(bill, owner, stored, model)
      own.placedNanoUsd = addNanoUsd(own.placedNanoUsd ?? ZERO_NANO_USD, costNanoUsd)
    }
  }

  list(): readonly PlacementSum[] {
    return this.#list
  }

  #sumOf(bill: SharedBill, owner: Owner, stored: string | null, endpoint: string): PlacementSum {
    const who: Who = typeof owner === 'object' ? owner.accountId : owner
    const byWho = entryOf(this.#sums, bill, newMap<Who, Map<string, Map<string | null, PlacementSum>>>)
    const byEndpoint = entryOf(byWho, who, newMap<string, Map<string | null, PlacementSum>>)
    const byStored = entryOf(byEndpoint, endpoint, newMap<string | null, PlacementSum>)
    return entryOf(byStored, stored, () => this.#newSum(bill, owner, stored, endpoint))
  }

  #newSum(bill: SharedBill, owner: Owner, stored: string | null, endpoint: string): PlacementSum {
    const sum: PlacementSum = {
      bill,
      owner,
      stored,
      endpoint,
      inTimeNanoUsd: ZERO_NANO_USD,
      carriedInNanoUsd: ZERO_NANO_USD,
      carriedOutNanoUsd: ZERO_NANO_USD,
      matchedNanoUsd: ZERO_NANO_USD,
      orphanNanoUsd: ZERO_NANO_USD,
      placedNanoUsd: null,
      requests: 0,
    }
    this.#list.push(sum)
    return sum
  }
}

type Who = number | Exclude<Owner, object>
