/**
 * A miniature of everything outside the program: the operator's five tables as rows, and fal's side of the bill.
 * One world is rendered into the embedded database, into MariaDB and into the fal double, so all see the same facts.
 * Amounts are decimal text and integers, times of the tables are naive DATETIMEs, times of fal are ISO instants.
 */
export interface StoredAccount {
  readonly id: number
  readonly name: string
  readonly apiKey: string
  /** USD; null is NULL. */
  readonly balance: string | null
  readonly status: 0 | 1
}

export interface StoredTask {
  readonly id: number
  readonly userId: number
  readonly taskId: string
  readonly onlineTaskId: string | null
  readonly appName: string
  readonly apiKey: string
  readonly taskType?: string
  readonly status: string
  /** Points. */
  readonly money: number
  /** USD; null is NULL. */
  readonly costMoney: string | null
  readonly isRefund: 0 | 1
  readonly createdAt: string
  readonly completedAt: string | null
}

export interface StoredUser {
  readonly id: number
  readonly username: string
  /** Membership level, for worlds in memory alone: the tables have no such column unless an installation adds one. */
  readonly level?: string
}

export interface StoredPoints {
  readonly id: number
  readonly userId: number
  readonly points: number
  readonly orderId: string | null
  readonly title: string
  readonly sourceType: string
  readonly balanceBefore: number | null
  readonly balanceAfter: number | null
  readonly createdAt: string
}

export interface StoredCash {
  readonly id: number
  readonly userId: number
  /** Cents. */
  readonly money: number
  readonly orderId: string | null
  readonly title: string
  readonly transactionType: number
  readonly time: string
}

export interface StoredTables {
  readonly accounts: readonly StoredAccount[]
  readonly tasks: readonly StoredTask[]
  readonly users: readonly StoredUser[]
  readonly points: readonly StoredPoints[]
  readonly cash: readonly StoredCash[]
}

/** One billing event of fal; the double adds usage up from these. */
export interface FalEvent {
  readonly requestId: string
  readonly endpointId: string
  /** ISO instant. */
  readonly timestamp: string
  /** Billing units, decimal text. */
  readonly quantity: string
  readonly unit: string
  /** USD before discount, decimal text. */
  readonly unitPrice: string
  readonly percentDiscount?: string
  /** USD charged, decimal text, at most 9 decimals. */
  readonly cost: string
  /** Who caused it: a key id, a person's login, or nobody told. */
  readonly keyId?: string
  readonly login?: string
}

export interface FalWorkspace {
  readonly username: string
  /** Live credits in USD; null: the answer carries none. */
  readonly balance: string | null
  /** The keys that belong to this workspace, whole (`id:secret`). */
  readonly apiKeys: readonly string[]
  readonly events: readonly FalEvent[]
}

export interface World {
  readonly tables: StoredTables
  readonly workspaces: readonly FalWorkspace[]
}
