import type { BillingEvent } from '../../fal/reader.ts'
import { NO_REAL_TIME, within } from '../../units/instant.ts'
import { addNanoUsd, type NanoUsd, subNanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import type { BillFigures, PeriodBill } from '../rules/books.ts'
import type { Ownership, PlacementSum } from './placement-sums.ts'
import { byOwner, costOfEvents, type RequestGroup } from './request-group.ts'
import type { JoinScope, RequestJoin } from './requests.ts'

/** Where the cost of one request belongs, as far as the window is concerned. */
export interface Placement {
  readonly group: RequestGroup
  /** Billed within the window, by the events' own time. */
  readonly inTimeNanoUsd: NanoUsd
  /** Billed within the window for a task outside it. */
  readonly carriedInNanoUsd: NanoUsd
  /** Billed outside the window for a task within it. */
  readonly carriedOutNanoUsd: NanoUsd
  /** Belongs to a task of the window, whenever it was billed. */
  readonly matchedNanoUsd: NanoUsd
  /** Billed, whenever it was, for a task whose time is none: of what period it is nobody can tell. */
  readonly undatedNanoUsd: NanoUsd
  /** Of it, what lies beyond the cost that the task would add to the record of the same bill. */
  readonly undatedBeyondNanoUsd: NanoUsd
  /** Of it, what lies within that cost, where it is known that the streams met the task. */
  readonly undatedWithinNanoUsd: NanoUsd
  /** Billed within the window without any task. */
  readonly orphanNanoUsd: NanoUsd
  /** Whether any of its events lies within the window. */
  readonly isInTime: boolean
  /** Those of its events that do, where they name several endpoints. Absent: all events name one. */
  readonly inTimeOfSeveral?: readonly BillingEvent[]
  /** Those outside the window, of a request that no task claims. Absent: none. */
  readonly around?: readonly BillingEvent[]
  /** The events that belong to the window by the period of their task, or by their own time without one. */
  readonly events: readonly BillingEvent[]
}

/** Places every request, that of several bills in each; inTime − carriedIn + carriedOut = matched + orphan holds for each, to the nano-dollar. */
export const placeRequests = ({ groups }: RequestJoin, scope: JoinScope): Placement[] =>
  groups.flatMap((group) =>
    group.elsewhere === undefined
      ? placeRequest(group, scope)
      : byOwner(group).map((part) => placeRequest(part, scope)),
  )

function placeRequest(group: RequestGroup, scope: JoinScope): Placement {
  const { ranges, window } = scope.plan
  const { claimedBy, costNanoUsd, events } = group
  const [first] = events
  // Nearly every request has one event.
  const inWindow =
    events.length === 1 && first !== undefined
      ? within(first.at, ranges.bill)
        ? events
        : NO_EVENTS
      : events.filter(({ at }) => within(at, ranges.bill))
  const isWhole = inWindow.length === events.length
  const inTimeNanoUsd = isWhole ? costNanoUsd : costOfEvents(inWindow)
  // A task of the window counts, whosever account it is on: the bill is that of the key which fal named.
  const isMatched = claimedBy !== null && within(claimedBy.createdAt, window)
  return {
    group,
    inTimeNanoUsd,
    carriedInNanoUsd: claimedBy !== null && !isMatched ? inTimeNanoUsd : ZERO_NANO_USD,
    carriedOutNanoUsd: isMatched && !isWhole ? subNanoUsd(costNanoUsd, inTimeNanoUsd) : ZERO_NANO_USD,
    matchedNanoUsd: isMatched ? costNanoUsd : ZERO_NANO_USD,
    ...undatedIn(group, scope),
    orphanNanoUsd: claimedBy === null ? inTimeNanoUsd : ZERO_NANO_USD,
    isInTime: inWindow.length > 0,
    ...(events.some(({ model }) => model !== first?.model) && { inTimeOfSeveral: inWindow }),
    ...(claimedBy === null && !isWhole && { around: events.filter((event) => !inWindow.includes(event)) }),
    events: claimedBy === null ? inWindow : isMatched ? events : NO_EVENTS,
  }
}

/** Whether a task without a time is billed for a request, or bears its id. */
export const hangsOnUndated = ({ group: { claimedBy, sharing } }: Placement): boolean =>
  claimedBy?.createdAt === NO_REAL_TIME || sharing !== undefined

type Undated = Pick<Placement, 'undatedNanoUsd' | 'undatedBeyondNanoUsd' | 'undatedWithinNanoUsd'>

const DATED: Undated = {
  undatedNanoUsd: ZERO_NANO_USD,
  undatedBeyondNanoUsd: ZERO_NANO_USD,
  undatedWithinNanoUsd: ZERO_NANO_USD,
}

/** Whether the task that claims a request is of the account, or of one of those, that fal billed for it. */
function isOfBill({ claimedBy, owner, bill }: RequestGroup, { accountOf }: JoinScope): boolean {
  const accountId = claimedBy === null ? undefined : accountOf(claimedBy.apiKey)
  if (accountId === undefined) return false
  return typeof owner === 'object' ? owner.accountId === accountId : bill.members.includes(accountId)
}

function undatedIn(group: RequestGroup, scope: JoinScope): Undated {
  const { claimedBy, costNanoUsd } = group
  const { unplacedRows } = scope
  if (claimedBy?.createdAt !== NO_REAL_TIME) return DATED
  const isAlone = group.sharing === undefined
  const beyond = isAlone && isOfBill(group, scope) ? subNanoUsd(costNanoUsd, claimedBy.costNanoUsd) : costNanoUsd
  const undatedBeyondNanoUsd = beyond > 0n ? beyond : ZERO_NANO_USD
  const within = subNanoUsd(costNanoUsd, undatedBeyondNanoUsd)
  return {
    undatedNanoUsd: costNanoUsd,
    undatedBeyondNanoUsd,
    undatedWithinNanoUsd: within > 0n && unplacedRows?.has(claimedBy.rowId) === true ? within : ZERO_NANO_USD,
  }
}

const NO_EVENTS: readonly BillingEvent[] = []

/** The bill by task period of those requests that `belongs` picks. */
export function periodBill(
  sums: readonly PlacementSum[],
  belongs: (whose: Ownership) => boolean,
  nameOf: (endpoint: string) => string,
): Pick<PeriodBill, 'figures' | 'bridge' | 'undated' | 'undatedBeyondNanoUsd' | 'undatedWithinNanoUsd'> {
  const own = sums.filter(belongs)
  const add = (amountOf: (sum: PlacementSum) => NanoUsd): NanoUsd =>
    own.reduce((total, sum) => addNanoUsd(total, amountOf(sum)), ZERO_NANO_USD)
  const byTaskPeriodNanoUsd = addNanoUsd(
    add(({ matchedNanoUsd }) => matchedNanoUsd),
    add(({ orphanNanoUsd }) => orphanNanoUsd),
  )
  return {
    figures: figuresOf(own, nameOf, byTaskPeriodNanoUsd),
    undated: undatedOf(own, nameOf),
    undatedBeyondNanoUsd: add(({ undatedBeyondNanoUsd }) => undatedBeyondNanoUsd),
    undatedWithinNanoUsd: add(({ undatedWithinNanoUsd }) => undatedWithinNanoUsd),
    bridge: {
      byEventTimeNanoUsd: add(({ inTimeNanoUsd }) => inTimeNanoUsd),
      carriedInNanoUsd: add(({ carriedInNanoUsd }) => carriedInNanoUsd),
      carriedOutNanoUsd: add(({ carriedOutNanoUsd }) => carriedOutNanoUsd),
      byTaskPeriodNanoUsd,
    },
  }
}

function undatedOf(sums: readonly PlacementSum[], nameOf: (endpoint: string) => string): Map<string, NanoUsd> {
  const undated = new Map<string, NanoUsd>()
  for (const { endpoint, undatedNanoUsd } of sums) {
    if (undatedNanoUsd === 0n) continue
    const canonical = nameOf(endpoint)
    undated.set(canonical, addNanoUsd(undated.get(canonical) ?? ZERO_NANO_USD, undatedNanoUsd))
  }
  return undated
}

/** By the names of the endpoints as they were billed: what tasks call them is told by `ModelMatches`. */
function figuresOf(
  sums: readonly PlacementSum[],
  nameOf: (endpoint: string) => string,
  costNanoUsd: NanoUsd,
): BillFigures {
  const byModel = new Map<string, { model: string; costNanoUsd: NanoUsd }>()
  for (const { endpoint, placedNanoUsd } of sums) {
    if (placedNanoUsd === null) continue
    const canonical = nameOf(endpoint)
    const known = byModel.get(canonical)
    if (known === undefined) byModel.set(canonical, { model: endpoint, costNanoUsd: placedNanoUsd })
    else {
      known.costNanoUsd = addNanoUsd(known.costNanoUsd, placedNanoUsd)
      if (endpoint < known.model) known.model = endpoint
    }
  }
  return { costNanoUsd, byModel }
}
