import type { LedgerEntry, LedgerSnapshot, UnreadTimes } from '../../ledger/reader.ts'
import type { EntryRecords } from '../../rows/entry-records.ts'
import { exactAmount } from '../../rows/entry-records.ts'
import { addExact } from '../../units/exact.ts'
import { bareId } from '../../units/request-id.ts'
import type { BookSums, TaskSums } from '../ledgers/ledger-book.ts'
import type { NamedRows } from '../ledgers/ownerless-links.ts'
import type { RowLinks } from '../ledgers/row-links.ts'
import { NO_TASK } from './id-index.ts'
import { namesInOtherForm, type TaskIds } from './task-names.ts'
import { eachUnplaced } from './unread-times.ts'

/** A task of which nobody can tell whether it is of the window, since it has no time that can be read. */
export interface UndatedTask {
  readonly userId: number
  readonly taskId: string
  readonly requestId: string
  /** undefined: it is not told; null: it cannot be read. */
  readonly charged: number | null | undefined
  /** Whether the filter by account leaves it. */
  readonly isSelected: boolean
}

/** All of them; but for those that name no user, which no row is one of. */
export interface UndatedTasks {
  /** null: they are too many to tell. */
  readonly each: readonly UndatedTask[] | null
  /** Those that were charged, or may have been. */
  readonly mayBeCharged: number
  /** Whether some that were charged, or may have been, name no user. */
  readonly hasNobodys: boolean
}

export const NO_UNDATED: UndatedTasks = { each: [], mayBeCharged: 0, hasNobodys: false }

/** `isSelected`: whether the filter by account leaves the tasks of a key. */
export function undatedTasks(
  snapshot: Pick<LedgerSnapshot, 'unreadTimes' | 'bareRequestId'>,
  isSelected: (apiKey: string) => boolean,
): UndatedTasks {
  const unread: UnreadTimes = snapshot.unreadTimes?.() ?? {}
  const all = eachUnplaced(unread)
  if (all === null) {
    const { tasks, undatedTasks } = unread
    const mayBeCharged = (tasks?.rows ?? 0) + (undatedTasks?.rows ?? 0)
    return { each: null, mayBeCharged, hasNobodys: tasks?.userIds === null || undatedTasks?.userIds === null }
  }
  if (all.length === 0) return NO_UNDATED
  const each = all.flatMap(({ userId, taskId, requestId, apiKey, chargedPoints }) => {
    const charged = chargedPoints == null ? chargedPoints : numberOf(chargedPoints)
    const bare = snapshot.bareRequestId(requestId)
    return userId === null ? [] : [{ userId, taskId, requestId: bare, charged, isSelected: isSelected(apiKey) }]
  })
  const mayBeCharged = each.filter(({ charged }) => charged === null || (charged ?? 0) > 0).length
  return { each, mayBeCharged, hasNobodys: all.some((task) => task.userId === null && task.chargedPoints !== 0n) }
}

/** What so much is charged is none that can be read: sums with it might be such that no number holds. */
const CHARGE_MAX = 2n ** 49n

const numberOf = (points: bigint): number | null =>
  points > CHARGE_MAX || points < -CHARGE_MAX ? null : Number(points)

/** The ids by which rows may name a task. */
export const idsOf = ({ taskId, requestId }: TaskIds): string[] =>
  [...new Set([taskId, requestId])].filter((id) => id !== '')

/** What such a task would add to what its user was charged and paid, were it of the window. */
export interface UndatedCharge {
  readonly task: UndatedTask
  /** What its rows took; in points and cents. */
  readonly paid: Readonly<BookSums>
  /** Whether a row took something for it. */
  readonly isLinked: boolean
  /** Whether that cannot be told: of a row, of what it is, or of which task. */
  readonly isOpen: boolean
}

type Draft = { -readonly [Key in keyof UndatedCharge]: UndatedCharge[Key] } & { readonly paid: BookSums }

/** A row that bears an order of no task with a time. */
type OrderRow = Pick<LedgerEntry, 'book' | 'kind' | 'orderId'> & {
  amountPoints: number
  untold: boolean
  kindUntold: boolean
}

/** What tasks add up to with one of them. */
export function withTask(tasks: TaskSums, { task, paid, isLinked }: UndatedCharge): TaskSums {
  const { charged: told, isSelected } = task
  const charged = told ?? 0
  if (!isSelected) return { ...tasks, othersUnlinked: tasks.othersUnlinked || (!isLinked && charged > 0) }
  const added = { ...tasks, taskCount: tasks.taskCount + 1 }
  if (told === undefined && tasks.untold !== 'paid') added.untold = isLinked ? 'paid' : 'unpaid'
  if (!isLinked && charged < 0) added.negativeCharged = addExact(tasks.negativeCharged, charged)
  else if (!isLinked) added.unlinkedCharged = addExact(tasks.unlinkedCharged, charged)
  else {
    added.linkedCharged = addExact(tasks.linkedCharged, charged)
    const points = addExact(tasks.paid.points, paid.points)
    return { ...added, paid: { points, cash: addExact(tasks.paid.cash, paid.cash) } }
  }
  return added
}

/** Such tasks of some users, with the rows that name them. Told of are users whom the filter leaves; the link mode is of all. */
export class UndatedLinks {
  readonly #charges = new Map<number, Draft[]>()
  readonly #byId = new Map<number, Map<string, Draft>>()
  readonly #told = new Set<number>()

  /** `links`: of the tasks with a time; `named`: rows that tell no user; `isTold`: whether the filter leaves a user. */
  constructor(
    tasks: readonly UndatedTask[],
    links: Pick<RowLinks, 'numberOf' | 'index'>,
    named: NamedRows,
    isTold: (userId: number) => boolean,
  ) {
    for (const task of tasks) {
      const owner = links.numberOf(task.userId)
      if (isTold(task.userId)) this.#told.add(owner)
      const isOpen =
        task.charged === null ||
        named.naming(task).length > 0 ||
        idsOf(task).some((id) => links.index.findText(owner, id) !== NO_TASK)
      const charge: Draft = { task, isOpen, isLinked: false, paid: { points: 0, cash: 0 } }
      const own = this.#charges.get(owner) ?? []
      this.#charges.set(owner, [...own, charge])
      const byId = this.#byId.get(owner) ?? new Map<string, Draft>()
      this.#byId.set(owner, byId)
      for (const id of idsOf(task)) {
        const other = byId.get(id)
        if (other !== undefined) other.isOpen = charge.isOpen = true
        byId.set(id, charge)
      }
    }
  }

  /** Numbers of the users who are told of. */
  owners(): Iterable<number> {
    return this.#told
  }

  of(owner: number): readonly UndatedCharge[] {
    return this.#charges.get(owner) ?? []
  }

  has(owner: number): boolean {
    return this.#told.has(owner)
  }

  /** How many were charged and have a linked row. */
  get linked(): number {
    return [...this.#charges.values()].flat().filter(({ isLinked, task }) => isLinked && (task.charged ?? 0) > 0).length
  }

  get isEmpty(): boolean {
    return this.#charges.size === 0
  }

  addEntry(owner: number, entries: EntryRecords, entry: number): void {
    if (!this.#byId.has(owner)) return
    this.#add(owner, {
      ...{ book: entries.book(entry), kind: entries.kind(entry), orderId: entries.orderText(entry) },
      ...{ amountPoints: entries.amountPoints(entry), untold: entries.isUntold(entry) },
      kindUntold: entries.isKindUntold(entry),
    })
  }

  addLookedUp(owner: number, entry: LedgerEntry): void {
    const { amountUntold: untold = false, kindUntold = false } = entry
    if (this.#byId.has(owner)) this.#add(owner, { ...entry, amountPoints: exactAmount(entry), untold, kindUntold })
  }

  #add(owner: number, { book, kind, orderId, amountPoints, untold, kindUntold }: OrderRow): void {
    const byId = this.#byId.get(owner)
    const charge = byId?.get(orderId) ?? inOtherForm(byId, bareId(orderId))
    if (charge === undefined) return
    if (kindUntold) charge.isOpen = true
    if (kind !== 'consume') return
    charge.isLinked = true
    charge.isOpen ||= untold
    charge.paid[book] = addExact(charge.paid[book], -amountPoints)
  }
}

/** The task that an order in another form names, by what is left of it. */
function inOtherForm(byId: ReadonlyMap<string, Draft> | undefined, bare: string): Draft | undefined {
  const charge = byId?.get(bare)
  return namesInOtherForm(bare, charge?.task.requestId) ? charge : undefined
}
