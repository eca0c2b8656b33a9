import type { TaskRecords } from '../rows/task-records.ts'
import { ExactSums, type Whole } from '../units/exact-sums.ts'
import { type NanoUsd, nanoUsd } from '../units/nano-usd.ts'
import { points } from '../units/points.ts'
import { floatTolerance } from './rules/b3-amount.ts'
import { EvidenceList } from './rules/evidence-list.ts'

// Places of the sums.
const TASKS = 0
const COST = 1
const CROSSING_OUT = 2
const CROSSING_IN = 3
const ROUNDING = 4
const DUE = 5
const DUE_COST = 6
const DUE_CHARGED = 7
const DUE_CROSSING = 8
const UNTOLD = 9
const PLACES = 10

/** About a thousand dollars: six times as many nano-dollars, and what they are off by, are far from what a number rounds. */
const PLAIN_NANO_USD = 2 ** 40

/** What an amount may be off by for having been stored as a FLOAT, in nano-USD: `floatTolerance`, without bigints. */
export function toleranceOf(cost: Whole): Whole {
  if (typeof cost !== 'number' || cost > PLAIN_NANO_USD || cost < -PLAIN_NANO_USD) {
    return floatTolerance(nanoUsd(BigInt(cost)))
  }
  return Math.floor((Math.abs(cost) * 6 + 99_999_999) / 100_000_000) + 1
}

/** The tasks of one account and model, whatever its stored name, added up. */
export class ModelSums {
  /** Of the stored names of the model the first in order. */
  model: string
  readonly #sums = new ExactSums(PLACES)
  readonly #dueEvidence = new EvidenceList()

  constructor(model: string) {
    this.model = model
  }

  /** Of one of these tasks, in or outside the window: it does not tell its cost. */
  addUntold(): void {
    this.#sums.add(UNTOLD, 1)
  }

  /** A task of the window. */
  add(cost: Whole, crosses: boolean): void {
    this.#sums.add(TASKS, 1)
    this.#sums.add(COST, cost)
    this.#sums.add(ROUNDING, toleranceOf(cost))
    if (crosses) this.#sums.add(CROSSING_OUT, cost)
  }

  /** The same task, where fal must have billed it by now. */
  addDue(tasks: TaskRecords, index: number, cost: Whole, charged: Whole, crosses: boolean): void {
    this.#sums.add(DUE, 1)
    this.#sums.add(DUE_COST, cost)
    this.#sums.add(DUE_CHARGED, charged)
    if (crosses) this.#sums.add(DUE_CROSSING, 1)
    this.#dueEvidence.addTask(tasks, index)
  }

  /** A task outside the window that may have been billed within it. */
  addCrossingIn(cost: Whole): void {
    this.#sums.add(CROSSING_IN, cost)
    this.#sums.add(ROUNDING, toleranceOf(cost))
  }

  close() {
    const usd = (place: number): NanoUsd => nanoUsd(this.#sums.sum(place))
    return {
      model: this.model,
      taskCount: this.#sums.nearest(TASKS),
      costNanoUsd: usd(COST),
      crossingOutNanoUsd: usd(CROSSING_OUT),
      crossingInNanoUsd: usd(CROSSING_IN),
      roundingNanoUsd: usd(ROUNDING),
      untoldCosts: this.#sums.nearest(UNTOLD),
      dueCount: this.#sums.nearest(DUE),
      dueCostNanoUsd: usd(DUE_COST),
      dueChargedPoints: points(this.#sums.sum(DUE_CHARGED)),
      dueCrossingCount: this.#sums.nearest(DUE_CROSSING),
      dueEvidence: this.#dueEvidence,
    }
  }
}
