import { points, ZERO_POINTS } from '../../units/points.ts'
import { NO_EVIDENCE } from '../rules/books.ts'
import type { DayBook, NobodysDay } from '../rules/day-book.ts'
import type { DayTally } from './day-sums.ts'
import type { TaskBook } from './task-book.ts'

/** The days of the window, as the rules see them: with tasks, or with such as may be of a user who was asked for. */
export function dayBooks({ days, nobodysDays = new Map() }: Pick<TaskBook, 'days' | 'nobodysDays'>): DayBook[] {
  const nobodysOn = (date: DayBook['date']): Pick<DayBook, 'nobodys'> => {
    const day = nobodysDays.get(date)
    return day === undefined ? {} : { nobodys: nobodysDay(day) }
  }
  const own = [...days].map(([date, { evidence, ...day }]) => ({
    date,
    ...day,
    ...nobodysOn(date),
    evidence: evidence.view(),
  }))
  const others = [...nobodysDays.keys()].filter((date) => !days.has(date))
  return [...own, ...others.map((date) => ({ ...NO_TASKS, date, ...nobodysOn(date) }))]
}

const NO_TASKS = {
  taskCount: 0,
  chargedPoints: ZERO_POINTS,
  refundedPoints: ZERO_POINTS,
  refundedCount: 0,
  evidence: NO_EVIDENCE,
} as const

const nobodysDay = ({ chargedPoints, refundedPoints, untoldKept, untoldRefunded }: DayTally): NobodysDay => ({
  keptPoints: points(chargedPoints - refundedPoints),
  ...{ refundedPoints, untoldKept, untoldRefunded },
})
