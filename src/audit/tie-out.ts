import { sum } from '../units/exact.ts'
import { formatUsd, type NanoUsd, nanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import type { Placement } from './period-bill.ts'
import type { TaskStanding, TaskVerdict } from './rules/facts.ts'

const EVENT_SUMS = [
  'byEventTime',
  'carriedIn',
  'carriedOut',
  'matched',
  'ofTasks',
  'unrecorded',
  'unattributed',
] as const

const GAP_SUMS = ['breaks', 'tolerated'] as const

/**
 * The identities of the tie-out and of the bridge, each with its residual, in decimal USD. Totals are added up on their
 * own, so that a residual other than 0 shows a request or a task that fell between the classes. Requests come in pieces;
 * a request and the task that claims it in the same one.
 */
export class TieOutTally {
  readonly #events = zeros(EVENT_SUMS)
  readonly #gaps = zeros(GAP_SUMS)
  readonly #records = new Map<TaskStanding, bigint>()

  /** `leftOut`: requests that are another audit's. `isBreak`: whether B3 says something of a matched task. */
  add(
    placements: readonly Placement[],
    leftOut: (placement: Placement) => boolean,
    verdicts: readonly TaskVerdict[],
    isBreak: (verdict: TaskVerdict) => boolean,
  ): void {
    const matched = new Set<number>()
    for (const verdict of verdicts) {
      const { task, standing, billedNanoUsd } = verdict
      this.#records.set(standing, (this.#records.get(standing) ?? 0n) + task.costNanoUsd)
      if (standing !== 'matched') continue
      matched.add(task.rowId)
      this.#gaps[isBreak(verdict) ? 'breaks' : 'tolerated'] += billedNanoUsd - task.costNanoUsd
    }
    for (const placement of placements) {
      if (leftOut(placement)) continue
      const { group, inTimeNanoUsd, carriedInNanoUsd, carriedOutNanoUsd, matchedNanoUsd, orphanNanoUsd } = placement
      this.#events.byEventTime += inTimeNanoUsd
      this.#events.carriedIn += carriedInNanoUsd
      this.#events.carriedOut += carriedOutNanoUsd
      this.#events.ofTasks += matchedNanoUsd
      if (matched.has(group.claimedBy?.rowId ?? Number.NaN)) this.#events.matched += matchedNanoUsd
      this.#events[group.owner === 'unattributed' ? 'unattributed' : 'unrecorded'] += orphanNanoUsd
    }
  }

  close(recordedTotal: NanoUsd): Record<string, string> {
    const { byEventTime, carriedIn, carriedOut, matched, ofTasks, unrecorded, unattributed } = this.#events
    const total = byEventTime + carriedOut
    const notEvaluated = ofTasks - matched
    const records = this.#recordSide()
    const difference = matched - records.matched
    const { breaks, tolerated } = this.#gaps
    const byTaskPeriod = ofTasks + unrecorded + unattributed
    const amounts: Record<string, bigint> = {
      eventsTotal: total,
      eventsMatched: matched,
      eventsNotEvaluated: notEvaluated,
      eventsCarried: carriedIn,
      eventsUnrecorded: unrecorded,
      eventsUnattributed: unattributed,
      eventsResidual: total - matched - notEvaluated - carriedIn - unrecorded - unattributed,
      recordedTotal,
      recordedMatched: records.matched,
      recordedUnbilled: records.unbilled,
      recordedPending: records.pending,
      recordedFailedOrUnfinished: records.failedOrUnfinished,
      recordedWithoutId: records.withoutId,
      recordedDuplicate: records.duplicate,
      recordedNotEvaluated: records.notEvaluated,
      recordedResidual: recordedTotal - sum(Object.values(records), (part) => part),
      differenceMatched: difference,
      differenceB3: breaks,
      differenceTolerated: tolerated,
      differenceResidual: difference - breaks - tolerated,
      bridgeByEventTime: byEventTime,
      bridgeCarriedIn: carriedIn,
      bridgeCarriedOut: carriedOut,
      bridgeByTaskPeriod: byTaskPeriod,
      bridgeResidual: byEventTime - carriedIn + carriedOut - byTaskPeriod,
    }
    return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, formatUsd(nanoUsd(amount))]))
  }

  #recordSide() {
    const of = (...standings: TaskStanding[]): bigint =>
      sum(standings, (standing) => this.#records.get(standing) ?? ZERO_NANO_USD)
    return {
      matched: of('matched'),
      unbilled: of('unbilled'),
      pending: of('pending'),
      failedOrUnfinished: of('failed', 'unfinished'),
      withoutId: of('without-id'),
      duplicate: of('duplicate'),
      notEvaluated: of('not-evaluated'),
    }
  }
}

const zeros = <Name extends string>(names: readonly Name[]): Record<Name, bigint> =>
  Object.fromEntries(names.map((name) => [name, 0n])) as Record<Name, bigint>
