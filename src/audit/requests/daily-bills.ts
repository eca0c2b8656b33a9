import type { UsageRow } from '../../fal/reader.ts'
import { ExactSums, type Whole, wholeOf } from '../../units/exact-sums.ts'
import type { Instant } from '../../units/instant.ts'
import { addNanoUsd, nanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { datesOf } from '../../units/window.ts'
import type { CalendarDate } from '../../units/zone.ts'
import type { DailyBill } from '../rules/facts.ts'
import { DayReader } from '../tasks/date-reader.ts'
import type { RequestFrame } from './request-books.ts'
import type { RequestGroup } from './request-group.ts'

type Draft = { -readonly [Key in keyof Omit<DailyBill, 'eventsNanoUsd' | 'roundedEvents'>]: DailyBill[Key] }

/** What events of one account and model cost. */
export interface DailyCosts {
  /** `isRounded`: whether the cost is the nearest nano-dollar to a finer amount. */
  add(at: Instant, cost: Whole, isRounded: boolean): void
}

/** A day that is not compared. */
const OPEN = -1

/** The bill twice, by account, model and day: only days of the zone that are over, and lie in the window as a whole. */
export class DailyBills {
  /** The days that are compared, by their number. */
  readonly #closed: readonly CalendarDate[]
  readonly #days: DayReader<number>
  /**
   * Accounts whose bill was read both ways: where their rows stand, by model and day as one number. There are tens of thousands
   * of accounts, each with few of the models.
   */
  readonly #places = new Map<number, Map<number, number>>()
  readonly #models = new Map<string, number>()
  readonly #list: Draft[] = []
  /** What events cost, by place. */
  readonly #events = new ExactSums(0)
  /** Of how many of them the cost was rounded: as a rule of none. */
  readonly #rounded = new ExactSums(0)

  constructor({ evidence, billsUnread }: RequestFrame) {
    const { window, ranges } = evidence.plan
    this.#closed = datesOf(window).filter((date) => {
      const end: Instant = window.zone.startOfDate(window.zone.addDays(date, 1))
      return window.zone.startOfDate(date) >= window.start && end <= ranges.bill.end
    })
    const dayOf = new Map(this.#closed.map((date, day) => [date, day]))
    this.#days = new DayReader(window.zone, (date) => dayOf.get(date) ?? OPEN)
    const unread = new Set(billsUnread.map(({ accountId }) => accountId))
    const both = [...evidence.attribution.byAccount].flatMap(([accountId, rows]): [number, readonly UsageRow[]][] =>
      rows.known && !unread.has(accountId) ? [[accountId, rows.value]] : [],
    )
    for (const [accountId, rows] of both) {
      const places = new Map<number, number>()
      this.#places.set(accountId, places)
      for (const { model, date, costNanoUsd } of rows) {
        const day = dayOf.get(date)
        const draft = day === undefined ? undefined : this.#list[this.#placeOf(places, accountId, day, model)]
        if (draft === undefined) continue
        draft.usageNanoUsd = addNanoUsd(draft.usageNanoUsd, costNanoUsd)
        draft.usageRows += 1
      }
    }
  }

  add({ owner, events }: RequestGroup): void {
    if (typeof owner !== 'object') return
    const places = this.#places.get(owner.accountId)
    if (places === undefined) return
    for (const { model, at, costNanoUsd, costRounded } of events) {
      const day = this.#days.at(at)
      if (day === OPEN) continue
      this.#add(this.#placeOf(places, owner.accountId, day, model), wholeOf(costNanoUsd), costRounded === true)
    }
  }

  /** Where events of one account and model are added up, for many of them. */
  of(accountId: number, model: string): DailyCosts {
    const places = this.#places.get(accountId)
    const known: (number | undefined)[] = this.#closed.map(() => undefined)
    return {
      add: (at, cost, isRounded) => {
        const day = places === undefined ? OPEN : this.#days.at(at)
        if (places === undefined || day === OPEN) return
        const place = known[day] ?? this.#placeOf(places, accountId, day, model)
        known[day] = place
        this.#add(place, cost, isRounded)
      },
    }
  }

  #add(place: number, cost: Whole, isRounded: boolean): void {
    this.#events.add(place, cost)
    if (isRounded) this.#rounded.add(place, 1)
  }

  list(): readonly DailyBill[] {
    // Each named: of what is spread, V8 makes a class of its own for each of tens of thousands.
    return this.#list.map(({ accountId, model, date, usageNanoUsd, usageRows }, place) => {
      const eventsNanoUsd = nanoUsd(this.#events.sum(place))
      const roundedEvents = this.#rounded.nearest(place)
      const bill: DailyBill = { accountId, model, date, usageNanoUsd, usageRows, eventsNanoUsd }
      return roundedEvents === 0 ? bill : { ...bill, roundedEvents }
    })
  }

  /** Where a row stands, made where there is none yet. */
  #placeOf(places: Map<number, number>, accountId: number, day: number, model: string): number {
    const date = this.#closed[day]
    if (date === undefined) throw new RangeError(`there is no day ${day}`)
    const key = this.#numberOf(model) * this.#closed.length + day
    const known = places.get(key)
    if (known !== undefined) return known
    const place = this.#list.length
    places.set(key, place)
    this.#list.push({ accountId, model, date, usageNanoUsd: ZERO_NANO_USD, usageRows: 0 })
    this.#events.grow(place + 1)
    this.#rounded.grow(place + 1)
    return place
  }

  #numberOf(model: string): number {
    const known = this.#models.get(model)
    if (known !== undefined) return known
    this.#models.set(model, this.#models.size)
    return this.#models.size - 1
  }
}
