import { type Instant, plus, SECOND } from '../units/instant.ts'
import { openZone, type Zone } from '../units/zone.ts'
import type {
  FalEvent,
  FalWorkspace,
  StoredAccount,
  StoredCash,
  StoredPoints,
  StoredTask,
  StoredUser,
  World,
} from './stored-world.ts'

export const SHANGHAI: Zone = zoneNamed('Asia/Shanghai')

/** A zone that is known to exist. */
function zoneNamed(id: string): Zone {
  const zone = openZone(id)
  if (zone === undefined) throw new RangeError(`no such zone: ${id}`)
  return zone
}

/** An API key of fal's form whose id is told by the account's number. */
export const apiKeyOf = (accountId: number): string =>
  `${String(accountId).padStart(8, '0')}-0000-4000-8000-000000000000:${String(accountId).padStart(32, 'f')}`

const keyIdIn = (apiKey: string): string => apiKey.slice(0, apiKey.indexOf(':'))

export const keyIdOfAccount = (accountId: number): string => keyIdIn(apiKeyOf(accountId))

export const requestIdOf = (taskNumber: number): string =>
  `${String(taskNumber).padStart(8, '0')}-aaaa-4aaa-8aaa-aaaaaaaaaaaa`

export interface MiniAccount {
  readonly name?: string
  readonly apiKey?: string
  readonly balance?: string | null
  readonly status?: 0 | 1
  /** Username of the workspace; its own one by default. */
  readonly workspace?: string
  /** Whether fal gives live credits. */
  readonly live?: string | null
}

export interface MiniTask {
  readonly user?: number
  readonly account?: number
  readonly apiKey?: string
  readonly model?: string
  readonly points?: number
  readonly cost?: string | null
  /** Naive time in the zone of the world. */
  readonly at?: string
  readonly completed?: string | null
  readonly status?: string
  readonly refunded?: boolean
  readonly requestId?: string | null
  /** false: fal billed nothing. */
  readonly billed?: false | Partial<FalEvent>
  /** false: no ledger row. By default the whole charge in points, linked to the task, when the task was made. */
  readonly paid?: false | { points?: number; cash?: number; orderId?: string | null; at?: string }
}

/**
 * A miniature ledger. Every task added is billed and paid exactly as recorded unless it says otherwise, so a
 * world is clean until something is broken on purpose, and what is broken is written in one line.
 */
export class MiniWorld {
  readonly zone: Zone
  readonly #accounts: StoredAccount[] = []
  readonly #workspaces = new Map<
    string,
    { username: string; balance: string | null; apiKeys: string[]; events: FalEvent[] }
  >()
  readonly #workspaceByKey = new Map<string, string>()
  readonly #users = new Map<number, StoredUser>()
  readonly #tasks: StoredTask[] = []
  readonly #points: StoredPoints[] = []
  readonly #cash: StoredCash[] = []
  readonly #balances = new Map<number, number>()
  /** Keys of no account so far, of which fal would have billed something. */
  readonly #billedNowhere = new Set<string>()

  constructor(zone: Zone = SHANGHAI) {
    this.zone = zone
  }

  account(id: number, options: MiniAccount = {}): this {
    const apiKey = options.apiKey ?? apiKeyOf(id)
    if (this.#billedNowhere.has(apiKey)) throw new RangeError(`account ${id} comes after what its key was billed`)
    const { name = `account-${id}`, balance = '50', status = 1, workspace = `workspace-${id}`, live = null } = options
    this.#accounts.push({ id, name, apiKey, balance, status })
    const space = this.#workspaces.get(workspace) ?? { username: workspace, balance: live, apiKeys: [], events: [] }
    space.apiKeys.push(apiKey)
    this.#workspaces.set(workspace, space)
    this.#workspaceByKey.set(apiKey, workspace)
    return this
  }

  user(id: number, username = `user-${id}`): this {
    this.#users.set(id, { id, username })
    return this
  }

  task(options: MiniTask = {}): this {
    const id = this.#tasks.length + 1
    const { user = 101, account = 5, model = 'fal-ai/flux/schnell', points = 100, cost = '0.05' } = options
    const { at = '2026-02-06 12:00:00', status = 'completed', refunded = false, billed = {}, paid = {} } = options
    const apiKey = options.apiKey ?? apiKeyOf(account)
    const completed = options.completed === undefined ? this.#naive(at, 20 * SECOND) : options.completed
    const requestId = options.requestId === undefined ? requestIdOf(id) : options.requestId
    if (!this.#users.has(user)) this.user(user)
    this.#tasks.push({
      id,
      userId: user,
      taskId: `task-${id}`,
      onlineTaskId: requestId,
      appName: model,
      apiKey,
      status,
      money: points,
      costMoney: cost,
      isRefund: refunded ? 1 : 0,
      createdAt: at,
      completedAt: completed,
    })
    if (billed !== false && cost !== null && Number(cost) > 0) {
      const timestamp = new Date(plus(this.instant(completed ?? at), 10 * SECOND)).toISOString()
      this.event({ requestId: requestId ?? requestIdOf(id), endpointId: model, cost, timestamp, ...billed }, apiKey)
    }
    if (paid !== false) this.#pay(user, points, `task-${id}`, at, paid)
    return this
  }

  #pay(user: number, charge: number, order: string, at: string, paid: Exclude<MiniTask['paid'], false | undefined>) {
    const cash = paid.cash ?? 0
    const points = paid.points ?? charge - cash
    const orderId = paid.orderId === undefined ? order : paid.orderId
    if (points !== 0) this.points(user, -points, { orderId, at: paid.at ?? at })
    if (cash !== 0) this.cash(user, -cash, { orderId, at: paid.at ?? at })
  }

  /** A billing event of the key's workspace, attributed to the key unless it says otherwise. */
  event(event: Partial<FalEvent> & Pick<FalEvent, 'cost' | 'timestamp'>, apiKey: string = apiKeyOf(5)): this {
    const space = this.#workspaces.get(this.#workspaceByKey.get(apiKey) ?? '')
    if (space === undefined) this.#billedNowhere.add(apiKey)
    space?.events.push({
      requestId: `orphan-${space.events.length + 1}`,
      endpointId: 'fal-ai/flux/schnell',
      // One price whatever the cost, so that no task changes it by accident.
      quantity: event.cost,
      unit: 'units',
      unitPrice: '1',
      keyId: keyIdIn(apiKey),
      ...event,
    })
    return this
  }

  points(
    user: number,
    amount: number,
    options: { orderId?: string | null; at?: string; sourceType?: string; title?: string } = {},
  ): this {
    const { orderId = null, at = '2026-02-06 12:00:00', sourceType = amount < 0 ? 'consume' : 'recharge' } = options
    const before = this.#balances.get(user) ?? 1_000_000
    this.#balances.set(user, before + amount)
    this.#points.push({
      id: this.#points.length + 1,
      userId: user,
      points: amount,
      orderId,
      title: options.title ?? 'entry',
      sourceType,
      balanceBefore: before,
      balanceAfter: before + amount,
      createdAt: at,
    })
    return this
  }

  cash(
    user: number,
    cents: number,
    options: { orderId?: string | null; at?: string; transactionType?: number; title?: string } = {},
  ): this {
    const { orderId = null, at = '2026-02-06 12:00:00', transactionType = cents < 0 ? 1 : 0 } = options
    this.#cash.push({
      id: this.#cash.length + 1,
      userId: user,
      money: cents,
      orderId,
      title: options.title ?? 'entry',
      transactionType,
      time: at,
    })
    return this
  }

  /** The id of the task that was added last. */
  get lastTaskId(): string {
    return this.#tasks.at(-1)?.taskId ?? ''
  }

  instant(naive: string): Instant {
    const at = this.zone.fromNaive(naive)
    if (at === undefined) throw new RangeError(`not a naive time: ${naive}`)
    return at
  }

  /** ISO instant of a naive time in the world's zone. */
  iso(naive: string): string {
    return new Date(this.instant(naive)).toISOString()
  }

  #naive(naive: string, later: number): string {
    return this.zone.toNaive(plus(this.instant(naive), later))
  }

  build(): World {
    return {
      tables: {
        accounts: this.#accounts,
        tasks: this.#tasks,
        users: [...this.#users.values()],
        points: this.#points,
        cash: this.#cash,
      },
      workspaces: [...this.#workspaces.values()] satisfies FalWorkspace[],
    }
  }
}
