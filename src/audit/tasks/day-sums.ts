import type { TaskRecords } from '../../rows/task-records.ts'
import { ExactSums, type Whole } from '../../units/exact-sums.ts'
import { type Points, points } from '../../units/points.ts'
import type { CalendarDate } from '../../units/zone.ts'
import { EvidenceList } from '../rules/evidence-list.ts'
import type { ChargedDay } from './user-charges.ts'

/** Tasks of one day of the window that the filters leave. */
export interface DayTally {
  readonly chargedPoints: Points
  readonly refundedPoints: Points
  readonly refundedCount: number
  /** Tasks that tell no charge, by whether they were refunded. */
  readonly untoldKept: number
  readonly untoldRefunded: number
  readonly evidence: EvidenceList
}

/** Of a task, what its day adds up. */
interface DayTask {
  readonly chargedPoints: Whole
  readonly chargeUntold: boolean
  readonly refunded: boolean
}

// Places of the sums.
const TASKS = 0
const CHARGED = 1
const REFUNDED = 2
const REFUNDS = 3
const UNTOLD_KEPT = 4
const UNTOLD_REFUNDED = 5
const PLACES = 6

/** One day, added up task by task. */
export class DaySums {
  readonly date: CalendarDate
  /** Absent as long as nobody was charged on it. */
  charged: ChargedDay | undefined
  readonly #sums = new ExactSums(PLACES)
  readonly #evidence = new EvidenceList()

  constructor(date: CalendarDate) {
    this.date = date
  }

  /** Whether no task of it was added. */
  get isEmpty(): boolean {
    return this.#sums.nearest(TASKS) === 0
  }

  /** Adds one of some tasks. Charges below 0 count as none. */
  add({ chargedPoints, chargeUntold, refunded }: DayTask, tasks: TaskRecords, index: number): void {
    this.#sums.add(TASKS, 1)
    const charged = chargedPoints > 0 ? chargedPoints : 0
    this.#sums.add(CHARGED, charged)
    if (chargeUntold) this.#sums.add(refunded ? UNTOLD_REFUNDED : UNTOLD_KEPT, 1)
    if (!refunded) return
    this.#sums.add(REFUNDED, charged)
    this.#sums.add(REFUNDS, 1)
    this.#evidence.addTask(tasks, index)
  }

  close(): DayTally {
    return {
      chargedPoints: points(this.#sums.sum(CHARGED)),
      refundedPoints: points(this.#sums.sum(REFUNDED)),
      refundedCount: this.#sums.nearest(REFUNDS),
      untoldKept: this.#sums.nearest(UNTOLD_KEPT),
      untoldRefunded: this.#sums.nearest(UNTOLD_REFUNDED),
      evidence: this.#evidence,
    }
  }
}
