import type { Whole } from '../../units/exact-sums.ts'
import type { Points } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import type { Evidence } from './books.ts'

/** Charges by day, gone through like a map: the days with charges other than 0. */
export interface ChargedByDate {
  forEach(take: (charged: Whole, date: CalendarDate) => void): void
}

/** Tasks that name no user, which a filter by user leaves out, though they may be of one who was asked for. */
export interface NobodysDay {
  /** Charged and not refunded; and refunded. */
  readonly keptPoints: Points
  readonly refundedPoints: Points
  /** Of these, tasks that tell no charge. */
  readonly untoldKept: number
  readonly untoldRefunded: number
}

/** The tasks of one day of the window that the filters leave, added up. */
export interface DayBook {
  readonly date: CalendarDate
  /** 0 of a day of which nothing is known but `nobodys`. Absent: some. */
  readonly taskCount?: 0
  readonly chargedPoints: Points
  readonly refundedPoints: Points
  readonly refundedCount: number
  /** Tasks that tell no charge, by whether they were refunded; absent: none. */
  readonly untoldKept?: number
  readonly untoldRefunded?: number
  /** Absent: none. */
  readonly nobodys?: NobodysDay
  readonly evidence: Evidence
}
