import type { Whole } from '../units/exact-sums.ts'
import type { Place } from './cells.ts'
import type { TableMapping } from './mapping.ts'
import type { UnreadTasks, UnreadTasksOf, UnreadTimesOf } from './reader.ts'
import type { RowCells } from './row-cells.ts'

// The columns of all three tables that tell whose a row is, and of tasks those that tell what it may add.
const ID_COLUMN = 0
const USER_COLUMN = 2
const REQUEST_COLUMN = 4
const MODEL_COLUMN = 5
const KEY_COLUMN = 6
const MONEY_COLUMN = 8
const COST_COLUMN = 9
const REFUND_COLUMN = 10

/** Users up to which it is told whose such rows are. */
const USERS_MAX = 200
/** Pairs of a key and a model up to which it is told what such tasks may add. */
const SORTS_MAX = 1000
/** Such tasks up to which it is told what request ids they bear. */
const REQUESTS_MAX = 1000

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
    // One that names no user may be anybody's.
    if (row.isNull(USER_COLUMN)) this.#userIds = null
    this.#userIds?.add(row.integer(USER_COLUMN))
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

/** The same of tasks, with what they may add to sums. */
export class UnreadTaskRows extends UnreadRows {
  readonly #moneyAt: Place
  readonly #costAt: Place
  #sorts: Map<string, Draft<UnreadTasksOf>> | null = new Map()
  #chargedByUser: Map<number, bigint | null> | null = new Map()
  #requests: Map<number, string> | null = new Map()

  constructor({ tables, columns }: TableMapping) {
    super()
    this.#moneyAt = { table: tables.tasks, column: columns.tasks.money }
    this.#costAt = { table: tables.tasks, column: columns.tasks.costMoney }
  }

  override clear(): void {
    super.clear()
    this.#sorts = new Map()
    this.#chargedByUser = new Map()
    this.#requests = new Map()
  }

  override add(row: RowCells): void {
    super.add(row)
    const charged = ifReadable(() => row.whole(MONEY_COLUMN, this.#moneyAt), positive)
    this.#addSort(row, charged)
    this.#requests?.set(row.integer(ID_COLUMN), row.text(REQUEST_COLUMN))
    if (this.rows > REQUESTS_MAX) this.#requests = null
    if (row.isNull(USER_COLUMN)) this.#chargedByUser = null
    const userId = row.integer(USER_COLUMN)
    // null stays: what is not told of one of them is not told of all.
    const before = this.#chargedByUser?.get(userId)
    this.#chargedByUser?.set(userId, before === undefined ? charged : plus(before, charged))
    if ((this.#chargedByUser?.size ?? 0) > USERS_MAX) this.#chargedByUser = null
  }

  #addSort(row: RowCells, charged: bigint | null): void {
    if (this.#sorts === null) return
    const cost = ifReadable(() => row.usd(COST_COLUMN, this.#costAt))
    const [apiKey, model] = [row.text(KEY_COLUMN), row.text(MODEL_COLUMN)]
    const name = JSON.stringify([apiKey, model])
    const sort = this.#sorts.get(name) ?? { apiKey, model, costNanoUsd: 0n, keptPoints: 0n }
    this.#sorts.set(name, sort)
    // A cost below nought takes away from a sum, which nobody expects of a row that is left out.
    sort.costNanoUsd = cost === null || cost < 0n ? null : plus(sort.costNanoUsd, cost)
    if (!row.flag(REFUND_COLUMN)) sort.keptPoints = plus(sort.keptPoints, charged)
    if (this.#sorts.size > SORTS_MAX) this.#sorts = null
  }

  override told(): UnreadTimesOf {
    const tasks: UnreadTasks = {
      sorts: this.#sorts === null ? null : [...this.#sorts.values()].map((sort) => ({ ...sort })),
      chargedByUser: this.#chargedByUser === null ? null : new Map(this.#chargedByUser),
      requests: this.#requests === null ? null : new Map(this.#requests),
    }
    return { ...super.told(), tasks }
  }
}

type Draft<T> = { -readonly [Key in keyof T]: T[Key] }

const positive = (amount: bigint): bigint => (amount > 0n ? amount : 0n)

/** null: it cannot be read, and may be anything. */
const plus = (a: bigint | null, b: bigint | null): bigint | null => (a === null || b === null ? null : a + b)

/** An amount that is none, or NULL, ends no audit here: whether the row is of its period is not known. */
function ifReadable(read: () => Whole | null, as = (amount: bigint): bigint => amount): bigint | null {
  try {
    const amount = read()
    return amount === null ? null : as(BigInt(amount))
  } catch {
    return null
  }
}
