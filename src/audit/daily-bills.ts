import type { UsageRow } from '../fal/reader.ts'
import type { Instant } from '../units/instant.ts'
import { addNanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { datesOf } from '../units/window.ts'
import type { CalendarDate } from '../units/zone.ts'
import { DateReader } from './date-reader.ts'
import { entryOf, newMap } from './nested.ts'
import type { RequestFrame } from './request-books.ts'
import type { RequestGroup } from './requests.ts'
import type { DailyBill } from './rules/facts.ts'

type Day = { -readonly [Key in keyof DailyBill]: DailyBill[Key] }

/** The bill twice, by account, model and day: only days of the zone that are over, and lie in the window as a whole. */
export class DailyBills {
  readonly #closed: ReadonlySet<CalendarDate>
  readonly #dates: DateReader
  readonly #compared: ReadonlySet<number>
  readonly #days = new Map<number, Map<CalendarDate, Map<string, Day>>>()
  readonly #list: Day[] = []

  constructor({ evidence, scope }: RequestFrame) {
    const { window, ranges } = evidence.plan
    this.#dates = new DateReader(window.zone)
    this.#closed = new Set<CalendarDate>(
      datesOf(window).filter((date) => {
        const end: Instant = window.zone.startOfDate(window.zone.addDays(date, 1))
        return window.zone.startOfDate(date) >= window.start && end <= ranges.bill.end
      }),
    )
    // Accounts whose bill was read both ways.
    const both = [...evidence.attribution.byAccount].flatMap(([accountId, rows]): [number, readonly UsageRow[]][] =>
      rows.known && scope.eventsRead(accountId) ? [[accountId, rows.value]] : [],
    )
    this.#compared = new Set(both.map(([accountId]) => accountId))
    for (const [accountId, rows] of both) {
      for (const { model, date, costNanoUsd } of rows) {
        if (!this.#closed.has(date)) continue
        const day = this.#dayOf(accountId, model, date)
        day.usageNanoUsd = addNanoUsd(day.usageNanoUsd, costNanoUsd)
        day.usageRows += 1
      }
    }
  }

  add({ owner, events }: RequestGroup): void {
    if (typeof owner !== 'object' || !this.#compared.has(owner.accountId)) return
    for (const { model, at, costNanoUsd } of events) {
      const date = this.#dates.dateOf(at)
      if (!this.#closed.has(date)) continue
      const day = this.#dayOf(owner.accountId, model, date)
      day.eventsNanoUsd = addNanoUsd(day.eventsNanoUsd, costNanoUsd)
    }
  }

  list(): readonly DailyBill[] {
    return this.#list
  }

  #dayOf(accountId: number, model: string, date: CalendarDate): Day {
    const byDate = entryOf(this.#days, accountId, newMap<CalendarDate, Map<string, Day>>)
    return entryOf(entryOf(byDate, date, newMap<string, Day>), model, () => {
      const none = { usageNanoUsd: ZERO_NANO_USD, usageRows: 0, eventsNanoUsd: ZERO_NANO_USD }
      const day: Day = { accountId, model, date, ...none }
      this.#list.push(day)
      return day
    })
  }
}
