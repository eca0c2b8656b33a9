import type { AccountRow, TaskRow } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { ExactSums, type Whole, wholeOf } from '../units/exact-sums.ts'
import { within } from '../units/instant.ts'
import { type NanoUsd, nanoUsd } from '../units/nano-usd.ts'
import { type Points, points } from '../units/points.ts'
import { accountFinder, KeyModels } from './account-keys.ts'
import { LargestCells } from './largest-cells.ts'
import type { AuditPlan } from './plan.ts'
import type { CellTask } from './task-records.ts'

/** One row of layer 2: tasks of one account, user and model within the window. */
export interface TaskCell {
  /** null: the key is in no account row. */
  readonly accountId: number | null
  readonly userId: number
  readonly model: string
  readonly taskCount: number
  readonly chargedPoints: Points
  readonly costNanoUsd: NanoUsd
  readonly refundCount: number
  readonly refundedPoints: Points
}

/** The tasks of layer 2 in all. */
export type CellTotals = Omit<TaskCell, 'accountId' | 'userId' | 'model'>

/** Layer 2, added up. */
export interface TaskLayerSums {
  /** In order of account, user and model; the largest by cost where there are too many to show. */
  readonly cells: readonly TaskCell[]
  /** Of all cells, shown or not. */
  readonly totals: CellTotals
  /** Cells that are not among them, for being too many. */
  readonly omitted: number
}

/** The cells of one account and model. */
interface Column {
  readonly accountId: number | null
  readonly model: string
  /** Numbers of its cells by user, of the users who have not ended. */
  cells: Map<number, number>
}

/** What layer 2 does not show. */
const HIDDEN = Symbol('hidden')

// Places of the sums of one cell.
const TASKS = 0
const CHARGED = 1
const COST = 2
const REFUNDS = 3
const REFUNDED = 4
const PLACES = 5

/** Adds the tasks of layer 2 up by account, user and model. All tasks of one user come before `endUsers`. */
export class CellTally {
  readonly #plan: AuditPlan
  readonly #columns: KeyModels<Column | typeof HIDDEN>
  readonly #filled = new Set<Column>()
  /** Of the cells of users who have not ended, by number of the cell. */
  readonly #sums = new ExactSums(0)
  readonly #users: number[] = []
  readonly #columnOf: Column[] = []
  readonly #largest: LargestCells
  readonly #totals = new ExactSums(PLACES)

  constructor(
    plan: AuditPlan,
    accounts: readonly AccountRow[],
    audited: ReadonlySet<number>,
    max: number = LIMITS.reportTaskRows,
  ) {
    this.#plan = plan
    this.#largest = new LargestCells(max)
    const accountOf = accountFinder(accounts)
    // One account may be named by keys that differ in case.
    const byAccount = new Map<number | null, Map<string, Column>>()
    this.#columns = new KeyModels((apiKey, model) => {
      const accountId = accountOf(apiKey) ?? null
      if (!isShown(plan, audited, accountId)) return HIDDEN
      const models = byAccount.get(accountId) ?? new Map<string, Column>()
      byAccount.set(accountId, models)
      const column = models.get(model) ?? { accountId, model, cells: new Map() }
      models.set(model, column)
      return column
    })
  }

  /** The task is not kept. */
  add(task: CellTask): void {
    if (!within(task.createdAt, this.#plan.window) || !isOfUsers(this.#plan, task)) return
    const column = this.#columns.of(task.apiKey, task.model)
    if (column === HIDDEN) return
    const first = PLACES * this.#cellOf(column, task.userId)
    const charged = wholeOf(task.chargedPoints)
    const cost = wholeOf(task.costNanoUsd)
    addTask(this.#sums, first, charged, cost, task.refunded)
    addTask(this.#totals, 0, charged, cost, task.refunded)
  }

  /** No task of the users so far will come any more: what cannot be shown anyway is let go. */
  endUsers(): void {
    for (const [cell, column] of this.#columnOf.entries()) {
      const first = PLACES * cell
      const userId = this.#users[cell] ?? 0
      if (this.#largest.isBelow(this.#sums.nearest(first + COST))) this.#largest.omit()
      else this.#largest.add({ accountId: column.accountId, userId, model: column.model, ...sumsAt(this.#sums, first) })
    }
    for (const column of this.#filled) column.cells = new Map()
    this.#filled.clear()
    this.#users.length = 0
    this.#columnOf.length = 0
    this.#sums.clear()
  }

  close(): TaskLayerSums {
    this.endUsers()
    return { ...this.#largest.close(), totals: sumsAt(this.#totals, 0) }
  }

  #cellOf(column: Column, userId: number): number {
    const known = column.cells.get(userId)
    if (known !== undefined) return known
    const cell = this.#users.length
    column.cells.set(userId, cell)
    this.#filled.add(column)
    this.#users.push(userId)
    this.#columnOf.push(column)
    this.#sums.grow(PLACES * (cell + 1))
    return cell
  }
}

function addTask(sums: ExactSums, first: number, charged: Whole, cost: Whole, refunded: boolean): void {
  sums.add(first + TASKS, 1)
  sums.add(first + CHARGED, charged)
  sums.add(first + COST, cost)
  if (!refunded) return
  sums.add(first + REFUNDS, 1)
  sums.add(first + REFUNDED, charged)
}

const sumsAt = (sums: ExactSums, first: number): CellTotals => ({
  taskCount: sums.nearest(first + TASKS),
  chargedPoints: points(sums.sum(first + CHARGED)),
  costNanoUsd: nanoUsd(sums.sum(first + COST)),
  refundCount: sums.nearest(first + REFUNDS),
  refundedPoints: points(sums.sum(first + REFUNDED)),
})

/** Whether layer 2 shows the tasks of an account; null: of keys in no account row. */
export const isShown = ({ ids }: AuditPlan, audited: ReadonlySet<number>, accountId: number | null): boolean =>
  accountId === null ? ids.size === 0 : audited.has(accountId)

export const isOfUsers = ({ userIds }: AuditPlan, { userId }: Pick<TaskRow, 'userId'>): boolean =>
  userIds.size === 0 || userIds.has(userId)
