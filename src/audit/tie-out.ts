import { sum } from '../units/exact.ts'
import { formatUsd, type NanoUsd, nanoUsd, subNanoUsd } from '../units/nano-usd.ts'
import type { Placement } from './period-bill.ts'
import type { TaskFact, TaskStanding, TaskVerdict } from './rules/facts.ts'

/**
 * The identities of the tie-out and of the bridge, each with its residual, in decimal USD. Totals are added up on their
 * own, so that a residual other than 0 shows a request or a task that fell between the classes.
 */
export function tieOut(
  placements: readonly Placement[],
  leftOut: (placement: Placement) => boolean,
  verdicts: readonly TaskVerdict[],
  recordedTotal: NanoUsd,
  mismatched: ReadonlySet<TaskFact>,
): Record<string, string> {
  const counted = placements.filter((placement) => !leftOut(placement))
  const standings = new Map(verdicts.map(({ task, standing }) => [task.rowId, standing]))
  const events = eventSide(counted, ({ group }) => standings.get(group.claimedBy?.rowId ?? -1) === 'matched')
  const records = recordSide(verdicts)
  const matched = verdicts.filter(({ standing }) => standing === 'matched')
  const gap = (items: readonly TaskVerdict[]): NanoUsd =>
    total(items, ({ billedNanoUsd, task }) => subNanoUsd(billedNanoUsd, task.costNanoUsd))
  const isBreak = ({ task }: TaskVerdict): boolean => mismatched.has(task)
  const difference = subNanoUsd(events.matched, records.matched)
  const differenceB3 = gap(matched.filter(isBreak))
  const differenceTolerated = gap(matched.filter((verdict) => !isBreak(verdict)))
  const amounts: Record<string, NanoUsd> = {
    eventsTotal: events.total,
    eventsMatched: events.matched,
    eventsNotEvaluated: events.notEvaluated,
    eventsCarried: events.carriedIn,
    eventsUnrecorded: events.unrecorded,
    eventsUnattributed: events.unattributed,
    eventsResidual: less(events.total, [
      events.matched,
      events.notEvaluated,
      events.carriedIn,
      events.unrecorded,
      events.unattributed,
    ]),
    recordedTotal,
    recordedMatched: records.matched,
    recordedUnbilled: records.unbilled,
    recordedPending: records.pending,
    recordedFailedOrUnfinished: records.failedOrUnfinished,
    recordedWithoutId: records.withoutId,
    recordedDuplicate: records.duplicate,
    recordedNotEvaluated: records.notEvaluated,
    recordedResidual: less(recordedTotal, Object.values(records)),
    differenceMatched: difference,
    differenceB3,
    differenceTolerated,
    differenceResidual: less(difference, [differenceB3, differenceTolerated]),
    bridgeByEventTime: events.byEventTime,
    bridgeCarriedIn: events.carriedIn,
    bridgeCarriedOut: events.carriedOut,
    bridgeByTaskPeriod: events.byTaskPeriod,
    bridgeResidual: nanoUsd(events.byEventTime - events.carriedIn + events.carriedOut - events.byTaskPeriod),
  }
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, formatUsd(amount)]))
}

function eventSide(placements: readonly Placement[], isMatched: (placement: Placement) => boolean) {
  const byEventTime = total(placements, ({ inTimeNanoUsd }) => inTimeNanoUsd)
  const carriedOut = total(placements, ({ carriedOutNanoUsd }) => carriedOutNanoUsd)
  const unattributed = placements.filter(({ group }) => group.owner === 'unattributed')
  const attributed = placements.filter(({ group }) => group.owner !== 'unattributed')
  const matched = total(placements.filter(isMatched), ({ matchedNanoUsd }) => matchedNanoUsd)
  const ofTasks = total(placements, ({ matchedNanoUsd }) => matchedNanoUsd)
  const unrecorded = total(attributed, ({ orphanNanoUsd }) => orphanNanoUsd)
  const unattributedCost = total(unattributed, ({ orphanNanoUsd }) => orphanNanoUsd)
  return {
    byEventTime,
    carriedOut,
    total: nanoUsd(byEventTime + carriedOut),
    matched,
    notEvaluated: subNanoUsd(ofTasks, matched),
    byTaskPeriod: nanoUsd(ofTasks + unrecorded + unattributedCost),
    carriedIn: total(placements, ({ carriedInNanoUsd }) => carriedInNanoUsd),
    unrecorded,
    unattributed: unattributedCost,
  }
}

function recordSide(verdicts: readonly TaskVerdict[]) {
  const of = (...standings: TaskStanding[]): NanoUsd =>
    total(verdicts, ({ task, standing }) => (standings.includes(standing) ? task.costNanoUsd : 0n))
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

const total = <T>(items: readonly T[], amountOf: (item: T) => bigint): NanoUsd => nanoUsd(sum(items, amountOf))

const less = (whole: NanoUsd, parts: readonly NanoUsd[]): NanoUsd => nanoUsd(whole - sum(parts, (part) => part))
