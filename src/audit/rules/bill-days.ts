import { abs } from '../../units/exact.ts'
import { addNanoUsd, type NanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import type { Zone } from '../../units/zone.ts'
import type { DailyBill } from './facts.ts'

/** One day of one account and model, on which fal's usage rows and its events are held against each other. Nano-USD. */
export interface BillDay {
  readonly bill: DailyBill
  /** Events less usage. */
  readonly difference: bigint
  readonly tolerance: NanoUsd
}

/** Rounding may be off by so much for each row of usage, and by half a nano-dollar for each event whose cost was rounded to one. */
export const billDay = (bill: DailyBill, perRow: NanoUsd): BillDay => ({
  bill,
  difference: bill.eventsNanoUsd - bill.usageNanoUsd,
  tolerance: nanoUsd(perRow * BigInt(Math.max(1, bill.usageRows)) + BigInt(bill.roundedEvents ?? 0) / 2n),
})

export const isOff = ({ difference, tolerance }: BillDay): boolean => abs(difference) > tolerance

/** Days whose difference the next or the previous day takes back. Each day takes back one other, so no sum is lost. */
export function cancellingDays(days: readonly BillDay[], zone: Zone): Set<BillDay> {
  // There are tens of thousands of days, and most often all of them agree.
  if (!days.some(isOff)) return new Set()
  const keyOf = ({ accountId, model }: DailyBill, date: string): string => JSON.stringify([accountId, model, date])
  const byKey = new Map(days.map((day) => [keyOf(day.bill, day.bill.date), day]))
  const paired = new Set<BillDay>()
  for (const day of [...days].sort((a, b) => (a.bill.date < b.bill.date ? -1 : a.bill.date > b.bill.date ? 1 : 0))) {
    const next = byKey.get(keyOf(day.bill, zone.addDays(day.bill.date, 1)))
    if (next === undefined || paired.has(day) || paired.has(next) || !(isOff(day) || isOff(next))) continue
    // By the smaller tolerance: a difference beyond it is never taken back by a day that has none.
    const tolerance = day.tolerance < next.tolerance ? day.tolerance : next.tolerance
    if (abs(day.difference + next.difference) <= tolerance) paired.add(day).add(next)
  }
  return paired
}

/**
 * What usage tells of an account and a model beyond the events: cost that fal billed, and of which no event is there to be
 * matched. Only days that disagree beyond rounding, and that no day beside them takes back. By account and by what `nameOf`
 * calls the endpoints.
 */
export function missingEvents(
  bills: readonly DailyBill[],
  perRow: NanoUsd,
  zone: Zone,
  nameOf: (endpoint: string) => string,
): ReadonlyMap<number, ReadonlyMap<string, NanoUsd>> {
  const missing = new Map<number, Map<string, NanoUsd>>()
  const days = bills.map((bill) => billDay(bill, perRow))
  const short = days.filter((day) => day.difference < 0n && isOff(day))
  if (short.length === 0) return missing
  const cancelling = cancellingDays(days, zone)
  for (const day of short) {
    if (cancelling.has(day)) continue
    const { accountId, model } = day.bill
    const ofAccount = missing.get(accountId) ?? new Map<string, NanoUsd>()
    missing.set(accountId, ofAccount)
    const name = nameOf(model)
    ofAccount.set(name, addNanoUsd(ofAccount.get(name) ?? ZERO_NANO_USD, nanoUsd(-day.difference)))
  }
  return missing
}
