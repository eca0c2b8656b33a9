import type { Whole } from '../../units/exact-sums.ts'

/** What cells are ranked by. */
export interface RankedCell {
  /** null: the key is in no account row. */
  readonly accountId: number | null
  /** null: the tasks name no user. */
  readonly userId: number | null
  readonly model: string
  /** Nano-USD. */
  readonly cost: Whole
}

/** Keeps the largest cells by cost, of equal ones the first in order of account, user and model. Holds twice as many. */
export class LargestCells<Cell extends RankedCell> {
  readonly #max: number
  #kept: Cell[] = []
  #omitted = 0
  /** The least of the cells kept by the last cut: what ranks behind it is among the largest no more. */
  #least: Cell | undefined
  #leastCost = Number.NEGATIVE_INFINITY

  constructor(max: number) {
    this.#max = max
  }

  /** Whether a cell is too small to be kept, by the number nearest to its cost alone. */
  isBelow(nearestCost: number): boolean {
    return nearestCost < this.#leastCost
  }

  /** Counts a cell that is not kept. */
  omit(): void {
    this.#omitted += 1
  }

  add(cell: Cell): void {
    if (this.#least !== undefined && byRank(cell, this.#least) > 0) {
      this.#omitted += 1
      return
    }
    this.#kept.push(cell)
    if (this.#kept.length > KEPT_SHARE * this.#max) this.#cut()
  }

  /** In order of account, user and model. */
  close(): { readonly cells: readonly Cell[]; readonly omitted: number } {
    this.#cut()
    return { cells: this.#kept.sort(inOrder), omitted: this.#omitted }
  }

  /** Numbers rank costs as far as they tell them apart: what shares the number of the last one kept is ranked exactly. */
  #cut(): void {
    const max = this.#max
    if (this.#kept.length <= max) return
    const costs = Float64Array.from(this.#kept, costOf).sort()
    const leastCost = costs[costs.length - max] ?? Number.NEGATIVE_INFINITY
    const above: Cell[] = []
    const level: Cell[] = []
    for (const cell of this.#kept) {
      const cost = costOf(cell)
      if (cost > leastCost) above.push(cell)
      else if (cost === leastCost) level.push(cell)
    }
    level.sort(byRank)
    level.length = max - above.length
    this.#omitted += this.#kept.length - max
    this.#least = level.at(-1)
    this.#leastCost = leastCost
    this.#kept = above
    for (const cell of level) above.push(cell)
  }
}

/** Of what is told in the end: how many are kept until they are cut. */
const KEPT_SHARE = 2

/** The number nearest to it: of two costs the larger one never has the smaller number. */
const costOf = ({ cost }: RankedCell): number => Number(cost)

const byRank = (a: RankedCell, b: RankedCell): number => compare(b.cost, a.cost) || inOrder(a, b)

const inOrder = (a: RankedCell, b: RankedCell): number =>
  compare(a.accountId ?? Number.POSITIVE_INFINITY, b.accountId ?? Number.POSITIVE_INFINITY) ||
  compare(a.userId ?? Number.POSITIVE_INFINITY, b.userId ?? Number.POSITIVE_INFINITY) ||
  compare(a.model, b.model)

/** Numbers and bigints compare by what they stand for. */
const compare = <T extends Whole | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
