import { type Instant, within } from '../../../src/units/instant.ts'
import { datesOf } from '../../../src/units/window.ts'
import type { CalendarDate } from '../../../src/units/zone.ts'
import type { Draft } from './draft.ts'

const HISTORY_DAYS = 30
const ACTIVE_DAYS_MIN = 3
const SPIKE_MULTIPLE = 5

export const dateOf = ({ window }: Draft, at: Instant): CalendarDate => window.zone.dateOf(at)

/** Charged points of a user by day, refunded tasks included. */
export function chargesByDate(draft: Draft, userId: number): Map<CalendarDate, number> {
  const charges = new Map<CalendarDate, number>()
  for (const task of draft.tasks) {
    if (task.userId !== userId || task.points === 0) continue
    const date = dateOf(draft, task.createdAt)
    charges.set(date, (charges.get(date) ?? 0) + task.points)
  }
  return charges
}

/** The user's active days in the 30 days before a date. */
export function activeDaysBefore(
  draft: Draft,
  charges: ReadonlyMap<CalendarDate, number>,
  date: CalendarDate,
): number[] {
  const since = draft.window.zone.addDays(date, -HISTORY_DAYS)
  return [...charges].filter(([day, points]) => day >= since && day < date && points > 0).map(([, points]) => points)
}

/** How much a user may be charged on a date before rule A6 speaks; null where the user has too little history. */
export function spikeLimit(draft: Draft, userId: number, date: CalendarDate): number | null {
  const history = activeDaysBefore(draft, chargesByDate(draft, userId), date)
  if (history.length < ACTIVE_DAYS_MIN) return null
  return Math.floor((SPIKE_MULTIPLE * history.reduce((sum, day) => sum + day, 0)) / history.length)
}

/** Whether rule A6 would speak of the user on some day of the window. */
export function spikes(draft: Draft, userId: number): boolean {
  const charges = chargesByDate(draft, userId)
  return datesOf(draft.window).some((date) => {
    const limit = spikeLimit(draft, userId, date)
    return limit !== null && (charges.get(date) ?? 0) > limit
  })
}

/** Points charged on a day by all users, and how many of them belong to refunded tasks. */
export function refundsOf(draft: Draft, date: CalendarDate): { charged: number; refunded: number } {
  let charged = 0
  let refunded = 0
  for (const task of draft.tasks) {
    if (!within(task.createdAt, draft.window) || dateOf(draft, task.createdAt) !== date) continue
    charged += task.points
    if (task.refunded) refunded += task.points
  }
  return { charged, refunded }
}
