import type { TaskRecords } from '../../rows/task-records.ts'
import { ExactSums, type Whole } from '../../units/exact-sums.ts'
import { type NanoUsd, nanoUsd } from '../../units/nano-usd.ts'
import { points } from '../../units/points.ts'
import { floatTolerance } from '../rules/b3-amount.ts'
import type { ModelRecord } from '../rules/books.ts'
import { EvidenceList } from '../rules/evidence-list.ts'
import type { UntoldAmounts, UntoldRecord } from '../rules/untold-tasks.ts'
import { untoldOf } from './untold-tally.ts'

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
const UNTOLD_UNENDED = 10
const UNTOLD_WITHIN = 11
const UNTOLD_DUE_CROSSING = 12
const DUE_NO_COST = 13
const DUE_NO_CHARGE = 14
const WITHOUT_ID_IN = 15
const WITHOUT_ID_OUT = 16
const WITHOUT_ID_DUE = 17
const YOUNG = 18
const UNTOLD_ACROSS = 19
const UNTOLD_OLD = 20
const END_OPEN_OUT = 21
const PLACES = 22

/** About a thousand dollars: six times as many nano-dollars, and what they are off by, are far from what a number rounds. */
const PLAIN_NANO_USD = 2 ** 40

/** What an amount may be off by for having been stored as a FLOAT, in nano-USD: `floatTolerance`, without bigints. */
export function toleranceOf(cost: Whole): Whole {
  if (typeof cost !== 'number' || cost > PLAIN_NANO_USD || cost < -PLAIN_NANO_USD) {
    return floatTolerance(nanoUsd(BigInt(cost)))
  }
  return Math.floor((Math.abs(cost) * 6 + 99_999_999) / 100_000_000) + 1
}

/** What tasks that may be due do not tell, that first which is named where they are of several sorts. */
const DUE_UNTOLD = ['cost', 'charge', 'end'] as const

/** The tasks of one account and model, whatever its stored name, added up. */
export class ModelSums {
  /** Of the stored names of the model the first in order. */
  model: string
  readonly #sums = new ExactSums(PLACES)
  readonly #dueEvidence = new EvidenceList()
  /** What the dearest of those of the window cost, as far as they tell. */
  #dearest: Whole = 0
  /** Tasks outside the window that could have been billed within it, and tell no cost. */
  readonly #untoldCrossingIn = new EvidenceList()
  /** Whether any of these bears no request id, and of those outside the window which tell no cost. */
  #isWithoutId = false
  readonly #untoldWithoutId = new EvidenceList()
  /** Tasks that are due if what they do not tell is above 0, a cost, or a charge alone; or if their end, which cannot be read, is long ago. */
  readonly #untoldDue = { cost: new EvidenceList(), charge: new EvidenceList(), end: new EvidenceList() }

  constructor(model: string) {
    this.model = model
  }

  /** Of one of these tasks, in or outside the window: it does not tell its cost. `isSuccess`: then it cost something as a rule. */
  addUntold(isSuccess: boolean): void {
    this.#sums.add(isSuccess ? UNTOLD : UNTOLD_UNENDED, 1)
  }

  /**
   * The same task, where it is a success of the window: whether it could have been billed outside the window whenever it ended, and
   * whether it is none that fal need not have billed yet for certain.
   */
  addUntoldSuccess(crosses: boolean, isOld: boolean): void {
    this.#sums.add(crosses ? UNTOLD_ACROSS : UNTOLD_WITHIN, 1)
    if (isOld) this.#sums.add(UNTOLD_OLD, 1)
  }

  /** The same task, where it is none of the window. */
  addUntoldCrossingIn(tasks: TaskRecords, index: number): void {
    this.#untoldCrossingIn.addTask(tasks, index)
  }

  /** A task of the window, where fal must have billed it by now if what it does not tell is above 0, or its end long ago. */
  addUntoldDue(untold: 'cost' | 'charge' | 'end', tasks: TaskRecords, index: number, crosses: boolean): void {
    this.#untoldDue[untold].addTask(tasks, index)
    if (crosses) this.#sums.add(UNTOLD_DUE_CROSSING, 1)
  }

  /** A task of the window. */
  add(cost: Whole, crosses: boolean): void {
    if (cost > this.#dearest) this.#dearest = cost
    this.#sums.add(TASKS, 1)
    this.#sums.add(COST, cost)
    this.#sums.add(ROUNDING, toleranceOf(cost))
    if (crosses) this.#sums.add(CROSSING_OUT, cost)
  }

  /** The same task, where it could have been billed outside the window only since its end is not told. */
  addEndOpen(cost: Whole): void {
    this.#sums.add(END_OPEN_OUT, cost)
  }

  /** The same task, where fal need not have billed it yet for certain. */
  addYoung(cost: Whole): void {
    this.#sums.add(YOUNG, cost)
  }

  /** The same task, where fal must have billed it by now. */
  addDue(tasks: TaskRecords, index: number, cost: Whole, charged: Whole, crosses: boolean): void {
    this.#sums.add(DUE, 1)
    this.#sums.add(DUE_COST, cost)
    this.#sums.add(DUE_CHARGED, charged)
    if (cost === 0 && tasks.isCostUntold(index)) this.#sums.add(DUE_NO_COST, 1)
    if (charged === 0 && tasks.isChargeUntold(index)) this.#sums.add(DUE_NO_CHARGE, 1)
    if (crosses) this.#sums.add(DUE_CROSSING, 1)
    this.#dueEvidence.addTask(tasks, index)
  }

  /** A task outside the window that may have been billed within it. */
  addCrossingIn(cost: Whole): void {
    this.#sums.add(CROSSING_IN, cost)
    this.#sums.add(ROUNDING, toleranceOf(cost))
  }

  /** A task outside the window that may have been billed within it, where it bears no request id. */
  addInWithoutId(cost: Whole, tasks: TaskRecords, index: number): void {
    this.#addWithoutId(WITHOUT_ID_IN, cost)
    if (cost === 0 && tasks.isCostUntold(index)) this.#untoldWithoutId.addTask(tasks, index)
  }

  /** A task of the window without one that may have been billed outside it, and need not wait for its bill any more. */
  addOutWithoutId(cost: Whole, isDue: boolean): void {
    this.#addWithoutId(WITHOUT_ID_OUT, cost)
    if (isDue) this.#sums.add(WITHOUT_ID_DUE, 1)
  }

  #addWithoutId(place: number, cost: Whole): void {
    this.#isWithoutId = true
    if (cost <= 0) return
    this.#sums.add(place, cost)
    this.#sums.add(place, toleranceOf(cost))
  }

  close(): ModelRecord {
    const usd = (place: number): NanoUsd => nanoUsd(this.#sums.sum(place))
    return {
      model: this.model,
      taskCount: this.#sums.nearest(TASKS),
      costNanoUsd: usd(COST),
      crossingOutNanoUsd: usd(CROSSING_OUT),
      crossingInNanoUsd: usd(CROSSING_IN),
      roundingNanoUsd: usd(ROUNDING),
      untoldCosts: this.#sums.nearest(UNTOLD),
      due: {
        count: this.#sums.nearest(DUE),
        costNanoUsd: usd(DUE_COST),
        chargedPoints: points(this.#sums.sum(DUE_CHARGED)),
        crossingCount: this.#sums.nearest(DUE_CROSSING),
        evidence: this.#dueEvidence.view(),
        ...this.#dueUntoldAmounts(),
      },
      ...this.#untold(),
      ...(this.#dearest !== 0 && { dearestNanoUsd: nanoUsd(BigInt(this.#dearest)) }),
      ...(usd(YOUNG) !== 0n && { youngNanoUsd: usd(YOUNG) }),
      ...(usd(END_OPEN_OUT) !== 0n && { endOpenOutNanoUsd: usd(END_OPEN_OUT) }),
      ...(this.#isWithoutId && {
        withoutId: {
          inNanoUsd: usd(WITHOUT_ID_IN),
          untoldIn: untoldOf(this.#untoldWithoutId),
          outNanoUsd: usd(WITHOUT_ID_OUT),
          dueOut: this.#sums.nearest(WITHOUT_ID_DUE),
        },
      }),
    }
  }

  /** Nothing, as a rule. */
  #dueUntoldAmounts(): { untold?: UntoldAmounts } {
    const [costs, charges] = [this.#sums.nearest(DUE_NO_COST), this.#sums.nearest(DUE_NO_CHARGE)]
    return costs + charges === 0 ? {} : { untold: { costs, charges } }
  }

  /** Nothing, as a rule. */
  #untold(): { untold?: UntoldRecord } {
    const { cost, charge, end } = this.#untoldDue
    const crossingIn = untoldOf(this.#untoldCrossingIn)
    const named = DUE_UNTOLD.find((each) => !this.#untoldDue[each].isEmpty) ?? 'cost'
    const due = untoldOf(this.#untoldDue[named])
    const unended = this.#sums.nearest(UNTOLD_UNENDED)
    const within = this.#sums.nearest(UNTOLD_WITHIN)
    const across = this.#sums.nearest(UNTOLD_ACROSS)
    const old = this.#sums.nearest(UNTOLD_OLD)
    if (unended + within + across + crossingIn.count + due.count === 0) return {}
    const dueCount = cost.view().total + charge.view().total + end.view().total
    return {
      untold: {
        ...{ unended, within, crossingIn },
        ...(across > 0 && { across }),
        ...(old > 0 && { old }),
        ...(due.count > 0 && {
          due: {
            ...due,
            code: `${named}-untold`,
            ...(dueCount > due.count && { besides: dueCount - due.count }),
            onlyCrossing: this.#sums.nearest(UNTOLD_DUE_CROSSING) === dueCount,
          },
        }),
      },
    }
  }
}
