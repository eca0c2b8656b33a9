import { formatUsd } from '../../units/nano-usd.ts'
import { billDay, cancellingDays, isOff } from './bill-days.ts'
import { type FindingDraft, NO_EVIDENCE, type Rule } from './books.ts'
import { notRead, readAccounts, unreadBills } from './request-book.ts'

/**
 * B19, per account, model and closed day: fal's usage rows and its billing events come to different sums, by more than rounding
 * allows for each row, and for each event that cost a part of a nano-dollar. TIMING where the day beside it differs by as much
 * the other way. Nano-USD. Source: rule B19 of the specification.
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
      .map((bill) => billDay(bill, thresholds.b19NanoUsdPerRow))
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
