import type { TaskRecords } from '../rows/task-records.ts'
import { points } from '../units/points.ts'
import { EvidenceList } from './rules/evidence-list.ts'
import type { UntoldBook, UntoldCode, UntoldTasks } from './rules/untold-tasks.ts'

/** Notes what tasks do not tell of themselves. Few do not. */
export class UntoldTally {
  readonly #costs = new Map<number | null, EvidenceList>()
  readonly #charges = new EvidenceList()
  readonly #owners = new EvidenceList()
  readonly #free = new Map<UntoldCode, EvidenceList>()
  /** Of tasks that name no user, whether or not the window holds them. */
  #charged = 0n
  #someUntold = false
  #refunded = 0

  /** Notes a task of the window that the filters leave. */
  add(tasks: TaskRecords, index: number, accountId: number | null): void {
    const charged = tasks.charged(index)
    const cost = tasks.cost(index)
    const isFree = charged === 0 && !tasks.isRefunded(index)
    if (cost === 0 && tasks.isCostUntold(index)) {
      listOf(this.#costs, accountId).addTask(tasks, index)
      // Of a task that failed or still runs no cost is recorded as a rule.
      const isMissing = isFree && tasks.status(index) === 'success' && !tasks.isChargeUntold(index)
      if (isMissing) listOf(this.#free, 'cost-untold').addTask(tasks, index)
    }
    if (charged === 0 && tasks.isChargeUntold(index)) {
      this.#charges.addTask(tasks, index)
      if (isFree && (cost > 0 || (tasks.isCostUntold(index) && tasks.status(index) === 'success')))
        listOf(this.#free, 'charge-untold').addTask(tasks, index)
    }
    if (isFree && cost > 0 && tasks.isUserUntold(index)) listOf(this.#free, 'user-untold').addTask(tasks, index)
  }

  /** Notes a task that names no user, of any day that was read. `isLeftOut`: by a filter by user, so that it is noted nowhere else. */
  addNobodys(tasks: TaskRecords, index: number, inWindow: boolean, isLeftOut: boolean): void {
    const charged = BigInt(tasks.charged(index))
    if (charged > 0n) this.#charged += charged
    if (tasks.isChargeUntold(index)) this.#someUntold = true
    if (!inWindow) return
    this.#owners.addTask(tasks, index)
    if (tasks.isRefunded(index)) this.#refunded += 1
    const isFree = charged === 0n && !tasks.isRefunded(index) && tasks.cost(index) > 0
    if (isLeftOut && isFree) listOf(this.#free, 'user-untold').addTask(tasks, index)
  }

  close(): UntoldBook {
    const owners = untoldOf(this.#owners)
    const charges = untoldOf(this.#charges)
    const chargedPoints = this.#someUntold ? null : points(this.#charged)
    return {
      costs: untoldBy(this.#costs),
      ...(charges.count > 0 && { charges }),
      // Those of days before the window may be what makes a day of a user unusual.
      ...((owners.count > 0 || this.#charged > 0n || this.#someUntold) && {
        owners: { ...owners, chargedPoints, refunded: this.#refunded },
      }),
      free: Object.fromEntries(untoldBy(this.#free)),
    }
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
