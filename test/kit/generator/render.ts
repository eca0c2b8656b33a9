import type {
  FalEvent,
  FalWorkspace,
  StoredCash,
  StoredPoints,
  StoredTask,
  World,
} from '../../../src/demo/stored-world.ts'
import { shortestFloat32 } from '../../../src/ledger/cells.ts'
import { type Instant, plus } from '../../../src/units/instant.ts'
import { formatUsd, nanoUsd } from '../../../src/units/nano-usd.ts'
import type { Zone } from '../../../src/units/zone.ts'
import type { Draft, DraftEntry, DraftEvent } from './draft.ts'

export interface Rendered {
  readonly world: World
  /** The bill as usage rows have it, where that is another than the events'. */
  readonly usageWorkspaces: readonly FalWorkspace[] | null
  /** Row id of each ledger row, in its own table. */
  readonly rowIds: ReadonlyMap<DraftEntry, number>
}

/** Writes a draft out as rows: ids in order of time, balances running, times naive in the zone of the database. Pure. */
export function render(draft: Draft, storedZone: Zone = draft.window.zone): Rendered {
  const rowIds = new Map<DraftEntry, number>()
  const naive: Naive = (at) => storedZone.toNaive(plus(at, draft.storedShift))
  const world: World = {
    tables: {
      accounts: draft.accounts.map(({ id, apiKey, balance, status }) => ({
        id,
        name: `account-${id}`,
        apiKey,
        balance,
        status,
      })),
      tasks: tasksOf(draft, naive),
      users: draft.users.map(({ id, level }) => ({
        id,
        username: `user-${id}`,
        ...(level !== undefined && { level }),
      })),
      points: pointsOf(draft, naive, rowIds),
      cash: cashOf(draft, naive, rowIds),
    },
    workspaces: workspacesOf(draft, (event) => (event.usageOnly === true ? null : event.at)),
  }
  const two = draft.events.some(({ usageOnly, usageAt }) => usageOnly === true || usageAt !== undefined)
  return { world, usageWorkspaces: two ? workspacesOf(draft, ({ at, usageAt }) => usageAt ?? at) : null, rowIds }
}

type Naive = (at: Instant) => string

/** What is read again of what is written to a FLOAT: all of seven digits, and of more what four bytes hold. */
export const storedFloat = (cost: bigint): string =>
  String(Number(shortestFloat32(Math.fround(Number(formatUsd(nanoUsd(cost)))))))

function tasksOf(draft: Draft, naive: Naive): StoredTask[] {
  const inOrder = [...draft.tasks].sort((a, b) => a.createdAt - b.createdAt)
  return inOrder.map((task, index) => ({
    id: index + 1,
    userId: task.userId,
    taskId: task.taskId,
    onlineTaskId: task.onlineTaskId,
    appName: task.model,
    apiKey: task.apiKey,
    status: task.status,
    money: task.points,
    costMoney: task.costNanoUsd === null ? null : storedFloat(task.costNanoUsd),
    isRefund: task.refunded ? 1 : 0,
    createdAt: naive(task.createdAt),
    completedAt: task.completedAt === null ? null : naive(task.completedAt),
  }))
}

const entriesOf = ({ entries }: Draft, book: DraftEntry['book']): DraftEntry[] =>
  entries.filter((entry) => entry.book === book).sort((a, b) => a.at - b.at)

function pointsOf(draft: Draft, naive: Naive, rowIds: Map<DraftEntry, number>): StoredPoints[] {
  const balances = new Map(draft.users.map(({ id, opening }) => [id, opening]))
  return entriesOf(draft, 'points').map((entry, index) => {
    rowIds.set(entry, index + 1)
    const { userId, amount, orderId, kind, jump = 0, miscount = 0 } = entry
    const balanceBefore = (balances.get(userId) ?? 0) + jump
    const balanceAfter = balanceBefore + amount + miscount
    balances.set(userId, balanceAfter)
    const createdAt = naive(entry.at)
    const sourceType = kind === 'income' ? 'other' : kind
    return {
      id: index + 1,
      userId,
      points: amount,
      orderId,
      title: kind,
      sourceType,
      balanceBefore,
      balanceAfter,
      createdAt,
    }
  })
}

function cashOf(draft: Draft, naive: Naive, rowIds: Map<DraftEntry, number>): StoredCash[] {
  return entriesOf(draft, 'cash').map((entry, index) => {
    rowIds.set(entry, index + 1)
    const { userId, amount, orderId, kind } = entry
    const transactionType = kind === 'consume' ? 1 : kind === 'income' ? 3 : 0
    return { id: index + 1, userId, money: amount, orderId, title: kind, transactionType, time: naive(entry.at) }
  })
}

function workspacesOf(draft: Draft, timeOf: (event: DraftEvent) => Instant | null): FalWorkspace[] {
  return draft.workspaces.map(({ username, balance }) => ({
    username,
    balance,
    apiKeys: draft.accounts.filter(({ workspace }) => workspace === username).map(({ apiKey }) => apiKey),
    events: draft.events.flatMap((event) => {
      const at = event.workspace === username ? timeOf(event) : null
      return at === null ? [] : [eventOf(event, at, draft)]
    }),
  }))
}

function eventOf(event: DraftEvent, at: Instant, { settings }: Draft): FalEvent {
  const named = settings.attribution === 'keys' && event.keyId !== undefined
  return {
    requestId: event.requestId,
    endpointId: event.endpoint,
    timestamp: new Date(at).toISOString(),
    quantity: String(event.quantity),
    unit: event.unit,
    unitPrice: formatUsd(nanoUsd(event.unitPriceNanoUsd)),
    ...(event.percentDiscount === 0 ? {} : { percentDiscount: String(event.percentDiscount) }),
    cost: formatUsd(nanoUsd(event.costNanoUsd)),
    ...(named ? { keyId: event.keyId as string } : {}),
    ...(event.login === undefined ? {} : { login: event.login }),
  }
}
