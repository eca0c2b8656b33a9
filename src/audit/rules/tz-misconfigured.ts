import type { RuleId } from '../../../schemas/report.ts'
import { MINUTE, type Millis } from '../../units/instant.ts'
import { type Books, NO_EVIDENCE, type Rule } from './books.ts'
import { notRead } from './request-book.ts'

/** With fewer matched requests a few late bills could pass for a zone. */
const MATCHED_MIN = 20
/** Zones differ by multiples of this, quarters of an hour apart from a few islands. */
const STEP: Millis = 30 * MINUTE
const SLACK: Millis = 5 * MINUTE

/**
 * The rules that a zone misread would make accuse somebody of nothing: they hold a stored time against a time of fal or
 * of this program's clock. Where the clocks disagree they are not evaluated.
 * - A1, A2, A3: tasks are told to the window by stored times, the bill by fal's; the settlement lag and the edges too.
 * - B2: whether a task is settled, and from when on fal is asked for its id, follow from stored times.
 * - B7, B8, B18: how long ago a task ended or began, by this program's clock.
 * - B16: fal's cost is told to a day by the stored time of the task.
 * - B22: which price rule was in force follows from the stored time of the task, its instant from the rule's own.
 * The others look at one book (A4 to A8, B4, B6, B9 to B14, B17, B19, B21), compare amounts by id (B3, B5, B20), or search
 * the whole table for an id (B1, B15).
 */
export const COMPARES_TIMES: ReadonlySet<RuleId> = new Set<RuleId>([
  ...(['A1', 'A2', 'A3'] as const),
  ...(['B2', 'B7', 'B8', 'B16', 'B18', 'B22'] as const),
])

/** Whether stored times and fal's are apart by what only a wrong zone explains: half-hours, to five minutes. */
export const isClockWrong = (offset: Books['clockOffset']): boolean =>
  offset !== null && offset.matched >= MATCHED_MIN && zoneOffset(offset.medianMillis) !== undefined

/** The multiple of half an hour, other than none, that is at most five minutes away. */
function zoneOffset(median: Millis): Millis | undefined {
  const nearest = Math.round(median / STEP) * STEP
  return nearest !== 0 && Math.abs(median - nearest) <= SLACK ? nearest : undefined
}

/**
 * TZ_MISCONFIGURED, once: over the matched requests, the median of event time − completed_at is near a multiple of half
 * an hour. Amounts are minutes. Source: the self-check in the specification's section on time.
 */
export const tzMisconfigured: Rule = {
  id: 'TZ_MISCONFIGURED',
  severity: 'HIGH',
  perWindow: true,
  evaluate({ requests, clockOffset }) {
    if (!requests.known) return notRead(requests.reason)
    if (clockOffset === null || clockOffset.matched < MATCHED_MIN)
      return { examined: 0, findings: [], notEvaluated: [] }
    const { medianMillis, matched } = clockOffset
    const offset = zoneOffset(medianMillis)
    if (offset === undefined) return { examined: 1, findings: [], notEvaluated: [] }
    return {
      examined: 1,
      findings: [
        {
          subject: {},
          expected: 0n,
          actual: BigInt(offset / MINUTE),
          unit: 'count',
          count: matched,
          evidence: NO_EVIDENCE,
          detail: { medianMinutes: Math.round(medianMillis / MINUTE) },
        },
      ],
      notEvaluated: [],
    }
  },
}
