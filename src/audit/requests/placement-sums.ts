import { ExactSums, type Whole, wholeOf } from '../../units/exact-sums.ts'
import { addNanoUsd, type NanoUsd, nanoUsd } from '../../units/nano-usd.ts'
import type { Owner, SharedBill } from '../bills/whose-bill.ts'
import { entryOf, newMap } from '../nested.ts'
import type { Placement } from './period-bill.ts'
import type { RequestGroup } from './request-group.ts'

/** What tells whose a request is. */
export type Ownership = Pick<RequestGroup, 'bill' | 'owner'>

/** Placements of one bill, owner, stored model and endpoint, added up. */
export interface PlacementSum extends Ownership {
  /** Model as the claiming tasks store it; null: no task claims these requests. */
  readonly stored: string | null
  /** Endpoint as billed. The amounts by request stand with the endpoint of its first event. */
  readonly endpoint: string
  readonly inTimeNanoUsd: NanoUsd
  readonly carriedInNanoUsd: NanoUsd
  readonly carriedOutNanoUsd: NanoUsd
  readonly matchedNanoUsd: NanoUsd
  readonly orphanNanoUsd: NanoUsd
  readonly undatedNanoUsd: NanoUsd
  readonly undatedBeyondNanoUsd: NanoUsd
  readonly undatedWithinNanoUsd: NanoUsd
  /** Cost of the events that belong to the window, by their own endpoint; null where there is no such event. */
  readonly placedNanoUsd: NanoUsd | null
  /** Cost of the events within the window, by their own endpoint. */
  readonly billedNanoUsd: NanoUsd
  /** Cost of the events around the window of requests that no task claims, by their own endpoint. */
  readonly aroundNanoUsd: NanoUsd
  /** Requests with an event within the window. */
  readonly requests: number
  /** Events of this endpoint whose costs were rounded to a nano-dollar. */
  readonly roundedEvents: number
}

/** One sum, its amounts in places from `place` on. */
interface Draft extends Pick<PlacementSum, 'bill' | 'owner' | 'stored' | 'endpoint'> {
  requests: number
  roundedEvents: number
  readonly place: number
  isPlaced: boolean
}

const [
  IN_TIME,
  CARRIED_IN,
  CARRIED_OUT,
  MATCHED,
  ORPHAN,
  PLACED,
  UNDATED,
  UNDATED_BEYOND,
  UNDATED_WITHIN,
  MOVED,
  AROUND,
  AMOUNTS,
] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] as const

/** Adds placements up; there are few kinds of them, however many requests. */
export class PlacementSums {
  readonly #sums = new Map<SharedBill, Map<Who, LatestSums>>()
  /** Endpoints by stored name too: few of them are called by more than one. */
  readonly #others = new Map<LatestSums, Map<string, Map<string | null, Draft>>>()
  #bill: SharedBill | undefined
  #who: Who | undefined
  #ofOwner: LatestSums = new Map()
  readonly #list: Draft[] = []
  readonly #amounts = new ExactSums(0)

  add(placement: Placement): void {
    const { group, events, isInTime, inTimeOfSeveral = [] } = placement
    const { bill, owner, claimedBy } = group
    const stored = claimedBy?.model ?? null
    const sum = this.#sumOf(bill, owner, stored, group.events[0]?.model ?? '')
    this.#amounts.add(sum.place + IN_TIME, wholeOf(placement.inTimeNanoUsd))
    this.#amounts.add(sum.place + MATCHED, wholeOf(placement.matchedNanoUsd))
    // These are nothing, as a rule.
    if (placement.carriedInNanoUsd !== 0n) {
      this.#amounts.add(sum.place + CARRIED_IN, wholeOf(placement.carriedInNanoUsd))
    }
    if (placement.carriedOutNanoUsd !== 0n) {
      this.#amounts.add(sum.place + CARRIED_OUT, wholeOf(placement.carriedOutNanoUsd))
    }
    if (placement.orphanNanoUsd !== 0n) this.#amounts.add(sum.place + ORPHAN, wholeOf(placement.orphanNanoUsd))
    if (placement.undatedNanoUsd !== 0n) {
      this.#amounts.add(sum.place + UNDATED, wholeOf(placement.undatedNanoUsd))
      this.#amounts.add(sum.place + UNDATED_BEYOND, wholeOf(placement.undatedBeyondNanoUsd))
      this.#amounts.add(sum.place + UNDATED_WITHIN, wholeOf(placement.undatedWithinNanoUsd))
    }
    if (isInTime) sum.requests += 1
    for (const { model, costNanoUsd } of inTimeOfSeveral) {
      if (model === sum.endpoint) continue
      this.#amounts.add(sum.place + MOVED, wholeOf(-costNanoUsd))
      this.#amounts.add(this.#sumOf(bill, owner, stored, model).place + MOVED, wholeOf(costNanoUsd))
    }
    for (const { model, costRounded } of group.events) {
      if (costRounded === true) this.#sumOf(bill, owner, stored, model).roundedEvents += 1
    }
    for (const { model, costNanoUsd } of placement.around ?? []) {
      this.#amounts.add(this.#sumOf(bill, owner, stored, model).place + AROUND, wholeOf(costNanoUsd))
    }
    for (const { model, costNanoUsd } of events) {
      const own = model === sum.endpoint ? sum : this.#sumOf(bill, owner, stored, model)
      own.isPlaced = true
      this.#amounts.add(own.place + PLACED, wholeOf(costNanoUsd))
    }
  }

  /** Adds requests that one event each bills within the window for a task of it, all of one kind. */
  addPlain(
    { bill, owner, stored, endpoint }: Pick<PlacementSum, 'bill' | 'owner' | 'stored' | 'endpoint'>,
    requests: number,
    billed: Whole,
    roundedEvents: number,
  ): void {
    const sum = this.#sumOf(bill, owner, stored, endpoint)
    for (const which of [IN_TIME, MATCHED, PLACED]) this.#amounts.add(sum.place + which, billed)
    sum.requests += requests
    sum.roundedEvents += roundedEvents
    sum.isPlaced = true
  }

  list(): readonly PlacementSum[] {
    return this.#list.map(({ place, isPlaced, bill, owner, stored, endpoint, requests, roundedEvents }) => {
      const amount = (which: number): NanoUsd => nanoUsd(this.#amounts.sum(place + which))
      return {
        bill,
        owner,
        stored,
        endpoint,
        requests,
        roundedEvents,
        inTimeNanoUsd: amount(IN_TIME),
        billedNanoUsd: addNanoUsd(amount(IN_TIME), amount(MOVED)),
        carriedInNanoUsd: amount(CARRIED_IN),
        carriedOutNanoUsd: amount(CARRIED_OUT),
        matchedNanoUsd: amount(MATCHED),
        orphanNanoUsd: amount(ORPHAN),
        undatedNanoUsd: amount(UNDATED),
        undatedBeyondNanoUsd: amount(UNDATED_BEYOND),
        undatedWithinNanoUsd: amount(UNDATED_WITHIN),
        aroundNanoUsd: amount(AROUND),
        placedNanoUsd: isPlaced ? amount(PLACED) : null,
      }
    })
  }

  #sumOf(bill: SharedBill, owner: Owner, stored: string | null, endpoint: string): Draft {
    const byEndpoint = this.#ownerSums(bill, typeof owner === 'object' ? owner.accountId : owner)
    const latest = byEndpoint.get(endpoint)
    if (latest?.stored === stored) return latest
    const byStored = entryOf(
      entryOf(this.#others, byEndpoint, newMap<string, Map<string | null, Draft>>),
      endpoint,
      newMap<string | null, Draft>,
    )
    const sum = entryOf(byStored, stored, () => this.#newSum(bill, owner, stored, endpoint))
    byEndpoint.set(endpoint, sum)
    return sum
  }

  /** The same owner's requests come one after another. */
  #ownerSums(bill: SharedBill, who: Who): LatestSums {
    if (this.#bill === bill && this.#who === who) return this.#ofOwner
    this.#bill = bill
    this.#who = who
    this.#ofOwner = entryOf(entryOf(this.#sums, bill, newMap<Who, LatestSums>), who, newMap<string, Draft>)
    return this.#ofOwner
  }

  #newSum(bill: SharedBill, owner: Owner, stored: string | null, endpoint: string): Draft {
    const place = this.#list.length * AMOUNTS
    const sum: Draft = { bill, owner, stored, endpoint, requests: 0, roundedEvents: 0, place, isPlaced: false }
    this.#list.push(sum)
    this.#amounts.grow(place + AMOUNTS)
    return sum
  }
}

/** One owner's sums by endpoint, each the one that was added to last. */
type LatestSums = Map<string, Draft>

type Who = number | Exclude<Owner, object>
