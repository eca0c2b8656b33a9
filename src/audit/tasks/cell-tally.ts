import type { AccountRow } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import { ExactSums, type Whole } from '../../units/exact-sums.ts'
import { within } from '../../units/instant.ts'
import { type NanoUsd, nanoUsd } from '../../units/nano-usd.ts'
import { type Points, points } from '../../units/points.ts'
import { accountFinder, KeyModels } from '../bills/account-keys.ts'
import type { AuditPlan } from '../plan.ts'
import { CellNumbers } from './cell-numbers.ts'
import { LargestCells, type RankedCell } from './largest-cells.ts'

/** One row of layer 2: tasks of one account, user and model within the window. */
export interface TaskCell {
  /** null: the key is in no account row. */
  readonly accountId: number | null
  /** null: the tasks name no user. */
  readonly userId: number | null
  readonly model: string
  readonly taskCount: number
  readonly chargedPoints: Points
  readonly costNanoUsd: NanoUsd
  readonly refundCount: number
  readonly refundedPoints: Points
  /** Tasks that tell no charge, and no cost: they are in no sum. */
  readonly untoldCharges: number
  readonly untoldCosts: number
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
  readonly number: number
  readonly accountId: number | null
  readonly model: string
  /** Of tasks that name no user; absent as long as there are none. */
  nobodys?: Column
  readonly isNobodys?: true
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

/** What some tasks do not tell: most do. */
interface Untold {
  charges: number
  costs: number
}

const NONE_UNTOLD: Readonly<Untold> = { charges: 0, costs: 0 }

/** Holds numbers, of which bigints are made when they are asked for: a report shows very many cells. */
class Cell implements TaskCell, RankedCell {
  readonly accountId: number | null
  readonly userId: number | null
  readonly model: string
  readonly taskCount: number
  readonly untoldCharges: number
  readonly untoldCosts: number
  readonly refundCount: number
  readonly charged: Whole
  readonly cost: Whole
  readonly refunded: Whole

  constructor(
    { accountId, model, isNobodys }: Column,
    userId: number,
    sums: ExactSums,
    first: number,
    { charges, costs }: Readonly<Untold>,
  ) {
    this.accountId = accountId
    this.userId = isNobodys ? null : userId
    this.untoldCharges = charges
    this.untoldCosts = costs
    this.model = model
    this.taskCount = sums.nearest(first + TASKS)
    this.refundCount = sums.nearest(first + REFUNDS)
    this.charged = sums.whole(first + CHARGED)
    this.cost = sums.whole(first + COST)
    this.refunded = sums.whole(first + REFUNDED)
  }

  get chargedPoints(): Points {
    return points(BigInt(this.charged))
  }

  get costNanoUsd(): NanoUsd {
    return nanoUsd(BigInt(this.cost))
  }

  get refundedPoints(): Points {
    return points(BigInt(this.refunded))
  }
}

/** Adds the tasks of layer 2 up by account, user and model. All tasks of one user come before `endUsers`. */
export class CellTally {
  readonly #plan: AuditPlan
  readonly #columns: KeyModels<Column | typeof HIDDEN>
  /** Of the users who have not ended. */
  readonly #cells = new CellNumbers()
  readonly #columnList: Column[] = []
  /** By number of the cell. */
  readonly #sums = new ExactSums(0)
  readonly #largest: LargestCells<Cell>
  readonly #totals = new ExactSums(PLACES)
  /** By number of the cell; and of all of them. */
  readonly #untold = new Map<number, Untold>()
  readonly #untoldTotal: Untold = { charges: 0, costs: 0 }

  constructor(
    plan: AuditPlan,
    accounts: readonly AccountRow[],
    audited: ReadonlySet<number>,
    max: number = LIMITS.reportTaskRows,
  ) {
    this.#plan = plan
    this.#largest = new LargestCells<Cell>(max)
    const accountOf = accountFinder(accounts)
    // One account may be named by keys that differ in case.
    const byAccount = new Map<number | null, Map<string, Column>>()
    this.#columns = new KeyModels((apiKey, model) => {
      const accountId = accountOf(apiKey) ?? null
      if (!isShown(plan, audited, accountId)) return HIDDEN
      const models = byAccount.get(accountId) ?? new Map<string, Column>()
      byAccount.set(accountId, models)
      const known = models.get(model)
      if (known !== undefined) return known
      const column = { number: this.#columnList.length, accountId, model }
      this.#columnList.push(column)
      models.set(model, column)
      return column
    })
  }

  /** Takes one of some tasks. */
  add(tasks: TaskRecords, index: number): void {
    if (!within(tasks.createdAt(index), this.#plan.window)) return
    const userId = tasks.userId(index)
    const userUntold = userId === 0 && tasks.isUserUntold(index)
    if (!isOfUsers(this.#plan, userId, userUntold)) return
    const column = this.#columns.ofTask(tasks, index)
    if (column === HIDDEN) return
    const cell = this.#cells.numberOf(userId, userUntold ? this.#nobodysOf(column).number : column.number)
    const first = PLACES * cell
    this.#sums.grow(first + PLACES)
    const charged = tasks.charged(index)
    const cost = tasks.cost(index)
    const refunded = tasks.isRefunded(index)
    if (charged === 0 || cost === 0) this.#addUntold(tasks, index, cell)
    addTask(this.#sums, first, charged, cost, refunded)
    addTask(this.#totals, 0, charged, cost, refunded)
  }

  #nobodysOf(column: Column): Column {
    if (column.nobodys === undefined) {
      const { accountId, model } = column
      column.nobodys = { number: this.#columnList.length, accountId, model, isNobodys: true }
      this.#columnList.push(column.nobodys)
    }
    return column.nobodys
  }

  #addUntold(tasks: TaskRecords, index: number, cell: number): void {
    const [charge, cost] = [tasks.isChargeUntold(index), tasks.isCostUntold(index)]
    if (!charge && !cost) return
    const own = this.#untold.get(cell) ?? { charges: 0, costs: 0 }
    this.#untold.set(cell, own)
    for (const untold of [own, this.#untoldTotal]) {
      if (charge) untold.charges += 1
      if (cost) untold.costs += 1
    }
  }

  /** Takes all tasks of some users. */
  addPiece(tasks: TaskRecords): void {
    for (let task = 0; task < tasks.count; task++) this.add(tasks, task)
    this.endUsers()
  }

  /** No task of the users so far will come any more: what cannot be shown anyway is let go. */
  endUsers(): void {
    for (let cell = 0; cell < this.#cells.count; cell++) {
      const first = PLACES * cell
      const column = this.#columnList[this.#cells.columnOf(cell)]
      if (column === undefined || this.#largest.isBelow(this.#sums.nearest(first + COST))) {
        this.#largest.omit()
        continue
      }
      const untold = this.#untold.get(cell) ?? NONE_UNTOLD
      this.#largest.add(new Cell(column, this.#cells.userOf(cell), this.#sums, first, untold))
    }
    this.#cells.clear()
    this.#untold.clear()
    this.#sums.clear()
  }

  close(): TaskLayerSums {
    this.endUsers()
    return { ...this.#largest.close(), totals: { ...totalsOf(this.#totals), ...untoldOf(this.#untoldTotal) } }
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

const untoldOf = ({ charges, costs }: Untold) => ({ untoldCharges: charges, untoldCosts: costs })

const totalsOf = (sums: ExactSums): Omit<CellTotals, 'untoldCharges' | 'untoldCosts'> => ({
  taskCount: sums.nearest(TASKS),
  chargedPoints: points(sums.sum(CHARGED)),
  costNanoUsd: nanoUsd(sums.sum(COST)),
  refundCount: sums.nearest(REFUNDS),
  refundedPoints: points(sums.sum(REFUNDED)),
})

/** Whether layer 2 shows the tasks of an account; null: of keys in no account row. */
export const isShown = ({ ids }: AuditPlan, audited: ReadonlySet<number>, accountId: number | null): boolean =>
  accountId === null ? ids.size === 0 : audited.has(accountId)

/** A task that names no user is of none of those who were asked for. */
export const isOfUsers = ({ userIds }: AuditPlan, userId: number, userUntold = false): boolean =>
  userIds.size === 0 || (userIds.has(userId) && !userUntold)

/** Layer 2 of tasks that are all in memory. */
export function layerOf(
  plan: AuditPlan,
  accounts: readonly AccountRow[],
  audited: ReadonlySet<number>,
  tasks: TaskRecords,
): TaskLayerSums {
  const cells = new CellTally(plan, accounts, audited)
  cells.addPiece(tasks)
  return cells.close()
}
