import { abs } from '../../units/exact.ts'
import { formatUsd, type NanoUsd, nanoUsd } from '../../units/nano-usd.ts'
import type { Zone } from '../../units/zone.ts'
import { type FindingDraft, NO_EVIDENCE, type Rule } from './books.ts'
import type { DailyBill } from './facts.ts'
import { notRead, readAccounts, unreadBills } from './request-book.ts'

/**
 * B19, per account, model and closed day: fal's usage rows and its billing events come to different sums, by more than
 * rounding allows for each row. TIMING where the day beside it differs by as much the other way. Nano-USD.
 * Source: rule B19 of the specification.
 */
export const b19BillDisagrees: Rule = {
  id: 'B19',
  severity: 'HIGH',
  perWindow: false,
  evaluate({ requests, window }, { thresholds }) {
    if (!requests.known) return notRead(requests.reason)
    const isRead = readAccounts(requests.value)
    const days = requests.value.dailyBills
      .filter(({ accountId }) => isRead(accountId))
      .map((bill) => dayOf(bill, thresholds.b19NanoUsdPerRow))
    const cancelling = cancellingDays(days, window.zone)
    const findings = days.filter(isOff).map(
      (day): FindingDraft => ({
        subject: { accountId: day.bill.accountId, model: day.bill.model, date: day.bill.date },
        expected: day.bill.usageNanoUsd,
        actual: day.bill.eventsNanoUsd,
        unit: 'USD',
        count: 1,
        timing: cancelling.has(day),
        evidence: NO_EVIDENCE,
        detail: { toleranceUsd: formatUsd(day.tolerance) },
      }),
    )
    return { examined: days.length, findings, notEvaluated: unreadBills(requests.value) }
  },
}

interface Day {
  readonly bill: DailyBill
  readonly difference: bigint
  readonly tolerance: NanoUsd
}

const dayOf = (bill: DailyBill, perRow: NanoUsd): Day => ({
  bill,
  difference: bill.eventsNanoUsd - bill.usageNanoUsd,
  tolerance: nanoUsd(perRow * BigInt(Math.max(1, bill.usageRows))),
})

const isOff = ({ difference, tolerance }: Day): boolean => abs(difference) > tolerance

/** Days whose difference the next or the previous day takes back. Each day takes back one other, so no sum is lost. */
function cancellingDays(days: readonly Day[], zone: Zone): Set<Day> {
  const keyOf = ({ accountId, model }: DailyBill, date: string): string => JSON.stringify([accountId, model, date])
  const byKey = new Map(days.map((day) => [keyOf(day.bill, day.bill.date), day]))
  const paired = new Set<Day>()
  for (const day of [...days].sort((a, b) => (a.bill.date < b.bill.date ? -1 : a.bill.date > b.bill.date ? 1 : 0))) {
    const next = byKey.get(keyOf(day.bill, zone.addDays(day.bill.date, 1)))
    if (next === undefined || paired.has(day) || paired.has(next) || !(isOff(day) || isOff(next))) continue
    // By the smaller tolerance: a difference beyond it is never taken back by a day that has none.
    const tolerance = day.tolerance < next.tolerance ? day.tolerance : next.tolerance
    if (abs(day.difference + next.difference) <= tolerance) paired.add(day).add(next)
  }
  return paired
}
