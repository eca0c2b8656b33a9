import type { TaskCell } from './cell-tally.ts'

/** Keeps the largest cells by cost, of equal ones the first in order of account, user and model. Holds twice as many. */
export class LargestCells {
  readonly #max: number
  #kept: TaskCell[] = []
  #omitted = 0
  /** The least of the cells kept by the last cut: what ranks behind it is among the largest no more. */
  #least: TaskCell | undefined
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

  add(cell: TaskCell): void {
    if (this.#least !== undefined && byRank(cell, this.#least) > 0) {
      this.#omitted += 1
      return
    }
    this.#kept.push(cell)
    if (this.#kept.length > 2 * this.#max) this.#cut()
  }

  /** In order of account, user and model. */
  close(): { readonly cells: readonly TaskCell[]; readonly omitted: number } {
    this.#cut()
    return { cells: this.#kept.sort(inOrder), omitted: this.#omitted }
  }

  /** Numbers rank costs as far as they tell them apart: what shares the number of the last one kept is ranked exactly. */
  #cut(): void {
    const max = this.#max
    if (this.#kept.length <= max) return
    const costs = Float64Array.from(this.#kept, costOf).sort()
    const leastCost = costs[costs.length - max] ?? Number.NEGATIVE_INFINITY
    const above: TaskCell[] = []
    const level: TaskCell[] = []
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

/** The number nearest to it: of two costs the larger one never has the smaller number. */
const costOf = ({ costNanoUsd }: TaskCell): number => Number(costNanoUsd)

const byRank = (a: TaskCell, b: TaskCell): number => compare(b.costNanoUsd, a.costNanoUsd) || inOrder(a, b)

const inOrder = (a: TaskCell, b: TaskCell): number =>
  compare(a.accountId ?? Number.POSITIVE_INFINITY, b.accountId ?? Number.POSITIVE_INFINITY) ||
  a.userId - b.userId ||
  compare(a.model, b.model)

const compare = <T extends bigint | number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
