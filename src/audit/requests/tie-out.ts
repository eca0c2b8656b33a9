import { sum } from '../../units/exact.ts'
import { ExactSums, type Whole, wholeOf } from '../../units/exact-sums.ts'
import { formatUsd, type NanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import type { Owner } from '../bills/whose-bill.ts'
import type { TaskStanding, TaskVerdict } from '../rules/facts.ts'
import type { Placement } from './period-bill.ts'

/** Where each sum stands: those of events, those of what differs between bill and record, and those of records. */
const PLACE = {
  byEventTime: 0,
  carriedIn: 1,
  carriedOut: 2,
  matched: 3,
  ofTasks: 4,
  unrecorded: 5,
  unattributed: 6,
  breaks: 7,
  tolerated: 8,
  unread: 17,
  untold: 18,
} as const

const RECORDED: Readonly<Record<TaskStanding, number>> = {
  matched: 9,
  unbilled: 10,
  pending: 11,
  failed: 12,
  unfinished: 13,
  'without-id': 14,
  duplicate: 15,
  'not-evaluated': 16,
}

const PLACES = 19

/**
 * The identities of the tie-out and of the bridge, each with its residual, in decimal USD. Totals are added up on their
 * own, so that a residual other than 0 shows a request or a task that fell between the classes. Requests come in pieces;
 * a request and the task that claims it in the same one.
 */
export class TieOutTally {
  readonly #sums = new ExactSums(PLACES)

  /**
   * `leftOut`: requests that are another audit's. `isBreak`: whether B3 says something of a matched task. `isRead`: whether
   * anything is said of the requests of an account.
   */
  add(
    placements: readonly Placement[],
    leftOut: (placement: Placement) => boolean,
    verdicts: readonly TaskVerdict[],
    isBreak: (verdict: TaskVerdict) => boolean,
    isRead: (accountId: number) => boolean,
  ): void {
    const matched = new Set<number>()
    for (const verdict of verdicts) {
      const { task, standing, billedNanoUsd } = verdict
      this.#sums.add(RECORDED[standing], wholeOf(task.costNanoUsd))
      if (standing !== 'matched') continue
      matched.add(task.rowId)
      const gap = billedNanoUsd - task.costNanoUsd
      if (gap !== 0n) this.#sums.add(placeOfGap(verdict, isBreak), wholeOf(gap))
    }
    for (const placement of placements) {
      if (leftOut(placement)) continue
      const { group, inTimeNanoUsd, carriedInNanoUsd, carriedOutNanoUsd, matchedNanoUsd, orphanNanoUsd } = placement
      this.#sums.add(PLACE.byEventTime, wholeOf(inTimeNanoUsd))
      if (matchedNanoUsd !== 0n) {
        const amount = wholeOf(matchedNanoUsd)
        this.#sums.add(PLACE.ofTasks, amount)
        if (matched.has(group.claimedBy?.rowId ?? Number.NaN)) this.#sums.add(PLACE.matched, amount)
      }
      // These are nothing, as a rule.
      if (carriedInNanoUsd !== 0n) this.#sums.add(PLACE.carriedIn, wholeOf(carriedInNanoUsd))
      if (carriedOutNanoUsd !== 0n) this.#sums.add(PLACE.carriedOut, wholeOf(carriedOutNanoUsd))
      if (orphanNanoUsd === 0n) continue
      this.#sums.add(placeOfOrphan(group.owner, isRead), wholeOf(orphanNanoUsd))
    }
  }

  /** Adds matches of the window with one event each, billed within it at what was recorded, but for what B3 tolerates. */
  addPlain(recorded: Whole, billed: Whole): void {
    this.#sums.add(RECORDED.matched, recorded)
    this.#sums.add(PLACE.tolerated, wholeOf(BigInt(billed) - BigInt(recorded)))
    this.#sums.add(PLACE.byEventTime, billed)
    this.#sums.add(PLACE.ofTasks, billed)
    this.#sums.add(PLACE.matched, billed)
  }

  /** `openNanoUsd`: recorded of what counted as unbilled, and of which nobody can tell after all whether it is. */
  close(recordedTotal: NanoUsd, openNanoUsd: NanoUsd = ZERO_NANO_USD): Record<string, string> {
    const of = (name: keyof typeof PLACE): bigint => this.#sums.sum(PLACE[name])
    const [byEventTime, carriedIn, carriedOut] = [of('byEventTime'), of('carriedIn'), of('carriedOut')]
    const [matched, ofTasks, unrecorded, unattributed] = [
      of('matched'),
      of('ofTasks'),
      of('unrecorded'),
      of('unattributed'),
    ]
    const total = byEventTime + carriedOut
    const notEvaluated = ofTasks - matched + of('unread')
    const records = this.#recordSide(openNanoUsd)
    const difference = matched - records.matched
    const [breaks, tolerated, untold] = [of('breaks'), of('tolerated'), of('untold')]
    const byTaskPeriod = ofTasks + of('unread') + unrecorded + unattributed
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
      differenceUntold: untold,
      differenceResidual: difference - breaks - tolerated - untold,
      bridgeByEventTime: byEventTime,
      bridgeCarriedIn: carriedIn,
      bridgeCarriedOut: carriedOut,
      bridgeByTaskPeriod: byTaskPeriod,
      bridgeResidual: byEventTime - carriedIn + carriedOut - byTaskPeriod,
    }
    return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, formatUsd(nanoUsd(amount))]))
  }

  #recordSide(openNanoUsd: NanoUsd) {
    const of = (...standings: TaskStanding[]): bigint =>
      sum(standings, (standing) => this.#sums.sum(RECORDED[standing]))
    return {
      matched: of('matched'),
      unbilled: of('unbilled') - openNanoUsd,
      pending: of('pending'),
      failedOrUnfinished: of('failed', 'unfinished'),
      withoutId: of('without-id'),
      duplicate: of('duplicate'),
      notEvaluated: of('not-evaluated') + openNanoUsd,
    }
  }
}

/** Where what bill and record of a matched task differ by counts. */
function placeOfGap(verdict: TaskVerdict, isBreak: (verdict: TaskVerdict) => boolean): number {
  if (verdict.task.costUntold === true) return PLACE.untold
  return isBreak(verdict) ? PLACE.breaks : PLACE.tolerated
}

/** Where a request without any task counts: as unrecorded only where B1 says so. */
function placeOfOrphan(owner: Owner, isRead: (accountId: number) => boolean): number {
  if (owner === 'unattributed') return PLACE.unattributed
  return typeof owner === 'object' && !isRead(owner.accountId) ? PLACE.unread : PLACE.unrecorded
}
