import type { AccountRow, TaskRow } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { within } from '../units/instant.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { addPoints, type Points, ZERO_POINTS } from '../units/points.ts'
import { accountFinder } from './account-keys.ts'
import type { AuditPlan } from './plan.ts'

/** One row of layer 2: tasks of one account, user and model within the window. */
export interface TaskCell {
  /** null: the key is in no account row. */
  readonly accountId: number | null
  readonly userId: number
  readonly model: string
  taskCount: number
  chargedPoints: Points
  costNanoUsd: NanoUsd
  refundCount: number
  refundedPoints: Points
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

/** Adds the tasks of layer 2 up by account, user and model. All tasks of one user come before `endUsers`. */
export class CellTally {
  readonly #plan: AuditPlan
  readonly #audited: ReadonlySet<number>
  readonly #accountOf: (apiKey: string) => number | undefined
  readonly #max: number
  #cells = new Map<string, TaskCell>()
  #ended: TaskCell[] = []
  #omitted = 0
  readonly #totals: CellTotals = newSums()

  constructor(
    plan: AuditPlan,
    accounts: readonly AccountRow[],
    audited: ReadonlySet<number>,
    max: number = LIMITS.reportTaskRows,
  ) {
    this.#plan = plan
    this.#audited = audited
    this.#accountOf = accountFinder(accounts)
    this.#max = max
  }

  add(task: TaskRow): void {
    if (!within(task.createdAt, this.#plan.window)) return
    const accountId = this.#accountOf(task.apiKey) ?? null
    if (!isShown(this.#plan, this.#audited, accountId) || !isOfUsers(this.#plan, task)) return
    const { userId, model } = task
    const key = `${accountId ?? ''} ${userId} ${model}`
    let cell = this.#cells.get(key)
    if (cell === undefined) {
      cell = { accountId, userId, model, ...newSums() }
      this.#cells.set(key, cell)
    }
    for (const sums of [cell, this.#totals]) {
      sums.taskCount += 1
      sums.chargedPoints = addPoints(sums.chargedPoints, task.chargedPoints)
      sums.costNanoUsd = addNanoUsd(sums.costNanoUsd, task.costNanoUsd)
      if (!task.refunded) continue
      sums.refundCount += 1
      sums.refundedPoints = addPoints(sums.refundedPoints, task.chargedPoints)
    }
  }

  /** No task of the users so far will come any more: what cannot be shown anyway is let go. */
  endUsers(): void {
    for (const cell of this.#cells.values()) this.#ended.push(cell)
    this.#cells = new Map()
    if (this.#ended.length > 2 * this.#max) this.#cut()
  }

  close(): TaskLayerSums {
    this.endUsers()
    this.#cut()
    return { cells: this.#ended.sort(inOrder), totals: this.#totals, omitted: this.#omitted }
  }

  #cut(): void {
    if (this.#ended.length <= this.#max) return
    this.#ended.sort((a, b) => compare(b.costNanoUsd, a.costNanoUsd) || inOrder(a, b))
    this.#omitted += this.#ended.length - this.#max
    this.#ended.length = this.#max
  }
}

/** Whether layer 2 shows the tasks of an account; null: of keys in no account row. */
export const isShown = ({ ids }: AuditPlan, audited: ReadonlySet<number>, accountId: number | null): boolean =>
  accountId === null ? ids.size === 0 : audited.has(accountId)

export const isOfUsers = ({ userIds }: AuditPlan, { userId }: TaskRow): boolean =>
  userIds.size === 0 || userIds.has(userId)

const newSums = (): CellTotals => ({
  taskCount: 0,
  chargedPoints: ZERO_POINTS,
  costNanoUsd: ZERO_NANO_USD,
  refundCount: 0,
  refundedPoints: ZERO_POINTS,
})

const inOrder = (a: TaskCell, b: TaskCell): number =>
  compare(a.accountId ?? Number.POSITIVE_INFINITY, b.accountId ?? Number.POSITIVE_INFINITY) ||
  a.userId - b.userId ||
  compare(a.model, b.model)

const compare = <T extends bigint | number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
