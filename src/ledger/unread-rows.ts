import type { Whole } from '../units/exact-sums.ts'
import { earlier } from '../units/instant.ts'
import { rowIdOf } from '../units/row-id.ts'
import type { Zone } from '../units/zone.ts'
import { isNoTime, type Place } from './cells.ts'
import type { TableMapping } from './mapping.ts'
import type { TaskStatus, UnreadTask, UnreadTasks, UnreadTasksOf, UnreadTasksOfUser, UnreadTimesOf } from './reader.ts'
import type { RowCells } from './row-cells.ts'

// The columns of all three tables that tell whose a row is, and of tasks those that tell what it may add.
const ID_COLUMN = 0
const USER_COLUMN = 2
const TASK_COLUMN = 3
const REQUEST_COLUMN = 4
const MODEL_COLUMN = 5
const KEY_COLUMN = 6
const STATUS_COLUMN = 7
const MONEY_COLUMN = 8
const COST_COLUMN = 9
const REFUND_COLUMN = 10
const END_COLUMN = 11

/** Users up to which it is told whose such rows are. */
const USERS_MAX = 200
/** Sorts of such tasks, and pairs of a key and a user, up to which it is told what they may add. */
const SORTS_MAX = 1000
/** Such tasks up to which they are told one by one. */
const TASKS_MAX = 1000

/**
 * Rows of one stream whose time cannot be read: they were among those that the database gave, so they may belong to its range,
 * but nobody can tell.
 */
export class UnreadRows {
  #rows = 0
  #firstRowId = 0
  #userIds: Set<number> | null = new Set()

  get rows(): number {
    return this.#rows
  }

  /** Begins another stream. */
  clear(): void {
    this.#rows = 0
    this.#firstRowId = 0
    this.#userIds = new Set()
  }

  add(row: RowCells): void {
    const rowId = row.integer(ID_COLUMN)
    this.#firstRowId = this.#rows === 0 ? rowId : Math.min(this.#firstRowId, rowId)
    this.#rows += 1
    const userId = userOf(row)
    if (userId === null) this.#userIds = null
    else this.#userIds?.add(userId)
    if ((this.#userIds?.size ?? 0) > USERS_MAX) this.#userIds = null
  }

  told(): UnreadTimesOf {
    return {
      rows: this.#rows,
      firstRowId: this.#firstRowId,
      userIds: this.#userIds === null ? null : [...this.#userIds],
    }
  }
}

/** How a task's status and a time of it are read. */
export interface TaskReading {
  readonly statusOf: (word: string) => TaskStatus
  readonly zone: Zone
}

/** The same of tasks, with what they may add to sums. */
export class UnreadTaskRows extends UnreadRows {
  readonly #reading: TaskReading
  readonly #moneyAt: Place
  readonly #costAt: Place
  readonly #refundAt: Place
  #sorts: Map<string, UnreadTasksOf> | null = new Map()
  /** Whether sorts are told apart by when they ended. */
  #byEnd = true
  #owners: Map<string, Draft<UnreadTasksOfUser>> | null = new Map()
  #each: UnreadTask[] | null = []

  constructor({ tables, columns }: TableMapping, reading: TaskReading) {
    super()
    this.#reading = reading
    this.#moneyAt = { table: tables.tasks, column: columns.tasks.money }
    this.#costAt = { table: tables.tasks, column: columns.tasks.costMoney }
    this.#refundAt = { table: tables.tasks, column: columns.tasks.isRefund }
  }

  override clear(): void {
    super.clear()
    this.#sorts = new Map()
    this.#byEnd = true
    this.#owners = new Map()
    this.#each = []
  }

  override add(row: RowCells): void {
    super.add(row)
    const task = this.#read(row)
    this.#addSort(row, task)
    this.#addOwner(row, task)
    if (this.rows > TASKS_MAX) this.#each = null
    this.#each?.push({
      rowId: row.integer(ID_COLUMN),
      userId: userOf(row),
      apiKey: row.text(KEY_COLUMN),
      taskId: row.text(TASK_COLUMN),
      requestId: row.text(REQUEST_COLUMN),
      chargedPoints: row.isNull(MONEY_COLUMN) ? undefined : ifReadable(() => row.whole(MONEY_COLUMN, this.#moneyAt)),
    })
  }

  #read(row: RowCells): Amounts {
    const points = ifReadable(() => row.whole(MONEY_COLUMN, this.#moneyAt))
    const nanoUsd = ifReadable(() => row.usd(COST_COLUMN, this.#costAt))
    const status = this.#reading.statusOf(row.text(STATUS_COLUMN))
    // Where that cannot be read it may be either.
    const flag = ifReadable(() => (row.flag(REFUND_COLUMN, this.#refundAt) ? 1 : 0))
    const [refunded, kept] = [flag !== 0n, flag !== 1n]
    const charged = points === null ? null : positive(points)
    return {
      status,
      refunded,
      // A cost below nought takes away from a sum, which nobody expects of a row that is left out.
      costNanoUsd: nanoUsd === null || nanoUsd < 0n ? null : nanoUsd,
      keptPoints: kept ? charged : 0n,
      refundedPoints: refunded ? charged : 0n,
      isWorth: kept && (isOrMayBe(nanoUsd) || isOrMayBe(points)),
      // Of a task that failed or still runs no cost is recorded as a rule.
      isFree: kept && (points ?? 0n) === 0n && (nanoUsd === null ? status === 'success' : nanoUsd > 0n),
    }
  }

  #addSort(row: RowCells, { isWorth, refunded: _, isFree: __, ...amounts }: Amounts): void {
    if (this.#sorts === null) return
    const endedSince = this.#reading.zone.fromWall(row.wall(END_COLUMN)) ?? null
    const end = { endedSince, ...(endedSince === null && !isUndated(row, END_COLUMN) && { endUntold: true as const }) }
    const [apiKey, model] = [row.text(KEY_COLUMN), row.text(MODEL_COLUMN)]
    const [toldNanoUsd, untold] = [amounts.costNanoUsd ?? 0n, amounts.costNanoUsd === null ? 1 : 0]
    this.#putSort({ ...amounts, ...end, apiKey, model, toldNanoUsd, untold, worth: isWorth ? 1 : 0 })
    if (this.#sorts.size > SORTS_MAX && this.#byEnd) this.#forgetEnds(this.#sorts)
    if (this.#sorts.size > SORTS_MAX) this.#sorts = null
  }

  /** Of many it is told by key, model and status alone. */
  #forgetEnds(sorts: ReadonlyMap<string, UnreadTasksOf>): void {
    this.#byEnd = false
    this.#sorts = new Map()
    for (const each of sorts.values()) this.#putSort(each)
  }

  #putSort(sort: UnreadTasksOf): void {
    const { apiKey, model, status, endedSince } = sort
    const name = JSON.stringify([apiKey, model, status, this.#byEnd ? endedSince : endedSince !== null])
    const known = this.#sorts?.get(name)
    this.#sorts?.set(name, known === undefined ? sort : joinSorts(known, sort))
  }

  #addOwner(row: RowCells, { keptPoints, refundedPoints, refunded, isFree }: Amounts): void {
    if (this.#owners === null) return
    const apiKey = row.text(KEY_COLUMN)
    const userId = userOf(row)
    const name = JSON.stringify([apiKey, userId])
    const none = { keptPoints: 0n, refundedPoints: 0n, refunded: 0, free: 0 }
    const owner = this.#owners.get(name) ?? { ...none, apiKey, userId }
    this.#owners.set(name, owner)
    owner.keptPoints = plus(owner.keptPoints, keptPoints)
    owner.refundedPoints = plus(owner.refundedPoints, refundedPoints)
    if (refunded) owner.refunded += 1
    if (isFree) owner.free += 1
    if (this.#owners.size > SORTS_MAX) this.#owners = null
  }

  override told(): UnreadTimesOf {
    const tasks: UnreadTasks = {
      sorts: this.#sorts === null ? null : [...this.#sorts.values()],
      owners: this.#owners === null ? null : [...this.#owners.values()].map((owner) => ({ ...owner })),
      each: this.#each === null ? null : [...this.#each],
    }
    return { ...super.told(), tasks }
  }
}

/** null: it names none, or by what is no id, and may be anybody's. */
const userOf = (row: RowCells): number | null => rowIdOf(row.text(USER_COLUMN)) ?? null

/** Whether a row has no time in a column: NULL, an empty text, or 0000-00-00. */
export const isUndated = (row: RowCells, column: number): boolean => row.isNull(column) || isNoTime(row.text(column))

type Draft<T> = { -readonly [Key in keyof T]: T[Key] }

/** What one task may add; an amount is null where it cannot be read. */
interface Amounts extends Pick<UnreadTasksOf, 'status' | 'costNanoUsd' | 'keptPoints' | 'refundedPoints'> {
  readonly refunded: boolean
  readonly isWorth: boolean
  readonly isFree: boolean
}

const joinSorts = (a: UnreadTasksOf, b: UnreadTasksOf): UnreadTasksOf => ({
  ...a,
  endedSince: a.endedSince === null || b.endedSince === null ? null : earlier(a.endedSince, b.endedSince),
  ...((a.endUntold ?? b.endUntold) && { endUntold: true as const }),
  costNanoUsd: plus(a.costNanoUsd, b.costNanoUsd),
  toldNanoUsd: a.toldNanoUsd + b.toldNanoUsd,
  untold: a.untold + b.untold,
  keptPoints: plus(a.keptPoints, b.keptPoints),
  refundedPoints: plus(a.refundedPoints, b.refundedPoints),
  worth: a.worth + b.worth,
})

const isOrMayBe = (amount: bigint | null): boolean => amount === null || amount > 0n

const positive = (amount: bigint): bigint => (amount > 0n ? amount : 0n)

/** null: it cannot be read, and may be anything. */
const plus = (a: bigint | null, b: bigint | null): bigint | null => (a === null || b === null ? null : a + b)

/** An amount that is none, or NULL, ends no audit here: whether the row is of its period is not known. */
function ifReadable(read: () => Whole | null): bigint | null {
  try {
    const amount = read()
    return amount === null ? null : BigInt(amount)
  } catch {
    return null
  }
}
