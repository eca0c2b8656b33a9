import type { TaskRecords } from '../../rows/task-records.ts'
import { LEDGER_EDGE } from '../../settings.ts'
import { type InstantRange, within } from '../../units/instant.ts'
import { type Points, points } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import { entryOf } from '../nested.ts'
import { EvidenceList } from '../rules/evidence-list.ts'
import type { UntoldBook, UntoldCode, UntoldTasks } from '../rules/untold-tasks.ts'

/** Notes what tasks do not tell of themselves. Few do not. */
export class UntoldTally {
  readonly #costs = new Map<number | null, EvidenceList>()
  readonly #ends = new Map<number | null, EvidenceList>()
  readonly #charges = new EvidenceList()
  readonly #owners = new EvidenceList()
  readonly #free = new Map<UntoldCode, EvidenceList>()
  /** Of tasks that name no user, by day, whether or not the window holds them; and of those that rows of the window may have paid. */
  readonly #charged = new Map<CalendarDate, ChargeSum>()
  readonly #payable = new ChargeSum()
  #refunded = 0

  /** Notes a task of the window that the filters leave. */
  add(tasks: TaskRecords, index: number, accountId: number | null): void {
    const charged = tasks.charged(index)
    const cost = tasks.cost(index)
    const isFree = charged === 0 && !tasks.isRefunded(index)
    if (cost === 0 && tasks.isCostUntold(index)) {
      listOf(this.#costs, accountId).addTask(tasks, index)
      const isMissing = isFree && mayHaveCost(tasks, index) && !tasks.isChargeUntold(index)
      if (isMissing) listOf(this.#free, 'cost-untold').addTask(tasks, index)
    }
    if (charged === 0 && tasks.isChargeUntold(index)) {
      this.#charges.addTask(tasks, index)
      if (isFree && mayHaveCost(tasks, index)) listOf(this.#free, 'charge-untold').addTask(tasks, index)
    }
    if (isFree && cost > 0 && tasks.isUserUntold(index)) listOf(this.#free, 'user-untold').addTask(tasks, index)
  }

  /** Notes a task of the window, whatever the filter by user, whose end cannot be read. */
  addEnd(tasks: TaskRecords, index: number, accountId: number | null): void {
    listOf(this.#ends, accountId).addTask(tasks, index)
  }

  /** Notes a task that names no user, of any day that was read. */
  addNobodys(tasks: TaskRecords, index: number, { date, window, isLeftOut }: NobodysTask): void {
    const createdAt = tasks.createdAt(index)
    const charged = BigInt(tasks.charged(index))
    const isUntold = tasks.isChargeUntold(index)
    if (createdAt < window.end) {
      if (charged > 0n || isUntold) entryOf(this.#charged, date, () => new ChargeSum()).add(charged, isUntold)
      if (createdAt >= window.start - LEDGER_EDGE) this.#payable.add(charged, isUntold)
    }
    if (!within(createdAt, window)) return
    this.#owners.addTask(tasks, index)
    if (tasks.isRefunded(index)) this.#refunded += 1
    const isFree = charged === 0n && !tasks.isRefunded(index) && mayHaveCost(tasks, index)
    if (isLeftOut && isFree) listOf(this.#free, 'user-untold').addTask(tasks, index)
  }

  close(): UntoldBook {
    const owners = untoldOf(this.#owners)
    const charges = untoldOf(this.#charges)
    const chargedByDate = new Map([...this.#charged].map(([date, charged]) => [date, charged.close()]))
    const payablePoints = this.#payable.close()
    return {
      costs: untoldBy(this.#costs),
      ...(this.#ends.size > 0 && { ends: untoldBy(this.#ends) }),
      ...(charges.count > 0 && { charges }),
      // Those of days before the window may be what makes a day of a user unusual.
      ...((owners.count > 0 || chargedByDate.size > 0) && {
        owners: { ...owners, chargedByDate, payablePoints, refunded: this.#refunded },
      }),
      free: Object.fromEntries(untoldBy(this.#free)),
    }
  }
}

/** Of a task that failed or still runs no cost is recorded as a rule. */
const mayHaveCost = (tasks: TaskRecords, index: number): boolean =>
  tasks.cost(index) > 0 || (tasks.isCostUntold(index) && tasks.status(index) === 'success')

interface NobodysTask {
  /** The day on which it was made. */
  readonly date: CalendarDate
  readonly window: InstantRange
  /** By a filter by user, so that it is noted nowhere else. */
  readonly isLeftOut: boolean
}

/** What tasks were charged, as far as it is above 0. */
class ChargeSum {
  #sum = 0n
  #isUntold = false

  add(charged: bigint, isUntold: boolean): void {
    if (charged > 0n) this.#sum += charged
    this.#isUntold ||= isUntold
  }

  /** null: one of them does not tell. */
  close(): Points | null {
    return this.#isUntold ? null : points(this.#sum)
  }
}

function listOf<Key>(lists: Map<Key, EvidenceList>, key: Key): EvidenceList {
  const known = lists.get(key)
  if (known !== undefined) return known
  const list = new EvidenceList()
  lists.set(key, list)
  return list
}

const untoldBy = <Key>(lists: ReadonlyMap<Key, EvidenceList>): Map<Key, UntoldTasks> =>
  new Map([...lists].map(([key, list]) => [key, untoldOf(list)]))

export function untoldOf(list: EvidenceList): UntoldTasks {
  const evidence = list.view()
  return { count: evidence.total, evidence }
}
