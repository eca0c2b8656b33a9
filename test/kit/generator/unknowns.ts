import type { RuleId } from '../../../schemas/report.ts'
import type { FalWorkspace, StoredTables } from '../../../src/demo/stored-world.ts'
import { within } from '../../../src/units/instant.ts'
import { dateOf } from './arithmetic.ts'
import { accountOf, type Draft, type DraftAccount, type DraftEntry, type DraftTask } from './draft.ts'
import { billMembers, isFree } from './faults.ts'
import type { Prng } from './prng.ts'
import type { Rendered } from './render.ts'

/** One cell that tells nothing, as there are here and there. */
export interface Unknown {
  readonly name: string
  readonly table: 'tasks' | 'points' | 'cash' | 'events'
  readonly over: object
  /** Rules that it may leave open for subjects of other rows, which say so then. */
  readonly mayOpen: readonly RuleId[]
}

const unknown = (name: string, table: Unknown['table'], over: object, mayOpen: readonly RuleId[] = []): Unknown => ({
  ...{ name, table, over, mayOpen },
})

export const UNKNOWNS: readonly Unknown[] = [
  // Its cost may be what a record lacks.
  unknown('a task without a key', 'tasks', { apiKey: null }, ['A1']),
  // It may have been charged on whatever day, and the more the day was charged the smaller is the share that was refunded.
  unknown('a task without created_at', 'tasks', { createdAt: null }, ['A5', 'A6']),
  unknown('a task whose end cannot be read', 'tasks', { completedAt: 'garbage' }),
  unknown('a task without an end', 'tasks', { completedAt: null }),
  // Its charge may have been for the model and day that lost.
  unknown('a task without a model', 'tasks', { appName: null }, ['B16']),
  unknown('a task without a cost', 'tasks', { costMoney: null }),
  unknown('a task without a charge', 'tasks', { money: null }),
  // It may be what another user paid for beyond the charge, or of the user whose day is held against earlier ones.
  unknown('a task without a user', 'tasks', { userId: null }, ['A4', 'A6']),
  unknown('a task of an unknown status', 'tasks', { status: 'weird' }),
  unknown('a task without a request id', 'tasks', { onlineTaskId: null }),
  unknown('a task without a refund mark', 'tasks', { isRefund: null }),
  // It may be what another user is said not to have paid.
  unknown('a row of points without a user', 'points', { userId: null }, ['A4']),
  unknown('a row of points without an amount', 'points', { points: null }),
  // With one row less that names a task, links may be too few.
  unknown('a row of points without an order', 'points', { orderId: null }, ['B6', 'B8', 'B9', 'B10']),
  unknown('a row of points of an unknown type', 'points', { sourceType: 'weird' }),
  unknown('a row of points without a time', 'points', { createdAt: null }),
  unknown('a row of points without a balance', 'points', { balanceAfter: null }),
  unknown('a row of cash without a user', 'cash', { userId: null }, ['A4']),
  unknown('a row of cash without an amount', 'cash', { money: null }),
  unknown('a row of cash of an unknown type', 'cash', { transactionType: 99 }),
  unknown('a row of cash without a time', 'cash', { time: null }),
  unknown('an event without a key, of the only account of its workspace', 'events', { keyId: undefined }),
]

/** The world with that cell in a row of a user, an account and a day that no fault claims; undefined where it has none such. */
export function withUnknown(draft: Draft, rendered: Rendered, given: Unknown, random: Prng): Rendered | undefined {
  const { table, over } = given
  const { world } = rendered
  if (table === 'events') {
    const task = random.shuffled(tasksElsewhere(draft)).find((each) => isAlone(draft, each))
    if (task === undefined) return undefined
    const hide = (spaces: readonly FalWorkspace[]) => spaces.map((space) => withEvent(space, task.requestId, over))
    const { usageWorkspaces } = rendered
    return {
      ...rendered,
      world: { ...world, workspaces: hide(world.workspaces) },
      usageWorkspaces: usageWorkspaces && hide(usageWorkspaces),
    }
  }
  const rowId = table === 'tasks' ? taskRow(draft, rendered, random) : entryRow(draft, rendered, random, table)
  if (rowId === undefined) return undefined
  const rows: readonly { readonly id: number }[] = world.tables[table]
  const changed = rows.map((row) => (row.id === rowId ? { ...row, ...over } : row))
  const tables = { ...world.tables, [table]: changed } as StoredTables
  return { ...rendered, world: { ...world, tables } }
}

const tasksElsewhere = (draft: Draft): DraftTask[] =>
  draft.tasks.filter(
    (task) =>
      within(task.createdAt, draft.window) &&
      task.points > 0 &&
      !task.refunded &&
      isFree(draft, `user ${task.userId}`, `task ${task.taskId}`, `date ${dateOf(draft, task.createdAt)}`) &&
      billOfTask(draft, task).every(({ id }) => isFree(draft, `account ${id}`)),
  )

/** The accounts of whose bill it is: what one task of a bill hides, it hides of the whole. */
const billOfTask = (draft: Draft, task: DraftTask): DraftAccount[] => {
  const own = accountOf(draft, task)
  return own === undefined ? [] : billMembers(draft, own)
}

const isAlone = ({ accounts }: Draft, task: DraftTask): boolean => {
  const own = accounts.find(({ apiKey }) => apiKey === task.apiKey)
  return task.requestId !== '' && accounts.filter(({ workspace }) => workspace === own?.workspace).length === 1
}

function withEvent(space: FalWorkspace, requestId: string, over: object): FalWorkspace {
  const events = space.events.map((event) => (event.requestId === requestId ? { ...event, ...over } : event))
  return { ...space, events }
}

function taskRow(draft: Draft, { world }: Rendered, random: Prng): number | undefined {
  const [task] = random.shuffled(tasksElsewhere(draft))
  return world.tables.tasks.find(({ taskId }) => taskId === task?.taskId)?.id
}

function entryRow(draft: Draft, { rowIds }: Rendered, random: Prng, book: DraftEntry['book']): number | undefined {
  const entries = draft.entries.filter(
    (entry) =>
      entry.book === book &&
      entry.kind === 'consume' &&
      within(entry.at, draft.window) &&
      isFree(draft, `user ${entry.userId}`, `task ${entry.orderId}`, `date ${dateOf(draft, entry.at)}`),
  )
  const [entry] = random.shuffled(entries)
  return entry && rowIds.get(entry)
}
