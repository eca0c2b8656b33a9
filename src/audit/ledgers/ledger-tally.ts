import type { LedgerEntry } from '../../ledger/reader.ts'
import { type EntryRecords, exactAmount } from '../../rows/entry-records.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import { within } from '../../units/instant.ts'
import { atOnce } from '../breathe.ts'
import { inSteps } from '../in-steps.ts'
import type { AuditPlan } from '../plan.ts'
import { isOfUsers } from '../tasks/cell-tally.ts'
import { EdgeTasks } from '../tasks/edge-tasks.ts'
import { NO_TASK, SHARED_ID } from '../tasks/id-index.ts'
import { UndatedLinks } from '../tasks/undated-tasks.ts'
import { isNearReading, isTaskNearEdge } from './edges.ts'
import { kindlessRows, toldAmount, toldAmountIn } from './kindless-rows.ts'
import { type LedgerBook, newTaskSums, newUserSums, type TaskSums, type UserSums } from './ledger-book.ts'
import type { LedgerRecords, ToldTasks } from './ledger-source.ts'
import { linkedEntryIn, linkedKind, linkedKindIn } from './linked-kind.ts'
import { LinkedRows, TaskPayments } from './linked-rows.ts'
import { type LookedUp, looksUpEveryOrder, NOTHING_LOOKED_UP, type TaskScope } from './looked-up.ts'
import { areSelected, type LinkedTasks, linkCountOf, openTasks, orderIdsOf } from './open-orders.ts'
import { OwnerlessLinks } from './ownerless-links.ts'
import { findingLinks, NO_USER, type RowLinks } from './row-links.ts'
import { SharedRows } from './shared-rows.ts'
import type { StrayRow } from './stray-rows.ts'
import { UnresolvedRows } from './unresolved-rows.ts'
import { noteInUntold, noteKindUntold, noteUntold } from './untold-rows.ts'
import type { UserFigures } from './user-figures.ts'
import { addLateRefund, addToUser } from './user-rows.ts'

/**
 * Links the ledger rows of some users to their tasks and adds both up by user; then takes rows that were looked up by id.
 * Each row counts once. Rows and tasks stay bytes, and sums are numbers: of millions of rows nothing is made but these.
 */
export class LedgerTally {
  readonly #plan: AuditPlan
  readonly #tasks: TaskRecords
  readonly #entries: EntryRecords
  readonly #windowTasks: number
  readonly #links: RowLinks
  /** Of users who are told of; the others only count for the link mode. */
  readonly #sums: (UserSums | undefined)[]
  readonly #edgeTasks = new EdgeTasks()
  /** 1 where a task is one of the window: rows link to these. */
  readonly #isTarget: Uint8Array
  readonly #payments: TaskPayments
  readonly #shared: SharedRows
  readonly #targets: LinkedTasks
  readonly #undated: UndatedLinks
  /** The rows of each task; null where the depth does not need them. */
  readonly #rows: LinkedRows | null
  /** What came back by rows that tell neither user nor task. */
  #refundsOfAnybody = 0
  /** By user; undefined until they are asked for, and when a row has come since. */
  #taskSums: readonly (TaskSums | undefined)[] | undefined

  private constructor(
    plan: AuditPlan,
    { tasks, entries }: LedgerRecords,
    windowTasks: number,
    links: RowLinks,
    undated: UndatedLinks,
  ) {
    this.#undated = undated
    this.#plan = plan
    this.#tasks = tasks
    this.#entries = entries
    this.#windowTasks = windowTasks
    this.#links = links
    this.#isTarget = new Uint8Array(tasks.count)
    this.#payments = new TaskPayments(tasks.count)
    const isTold = (task: number): boolean => this.#isTarget[task] === 1 && tasks.isSelected(task)
    this.#shared = new SharedRows({ tasks, payments: this.#payments, isTold })
    this.#targets = {
      ...{ tasks, owners: links.ownerOfTask, payments: this.#payments, shared: this.#shared },
      isTarget: (task) => this.#isTarget[task] === 1,
      sumsOf: (owner) => this.#sums[owner],
    }
    this.#rows = plan.depth === 'requests' ? new LinkedRows(tasks.count, entries) : null
    // Who was asked for by id is told of, with or without tasks; and so is who has tasks without a time.
    this.#sums = links.users.map((userId, owner) =>
      plan.userIds.has(userId) || undated.has(owner) ? newUserSums() : undefined,
    )
  }

  /**
   * Links what there is of some users, step by step: a user may have millions of rows. `windowTasks`: how many tasks the window
   * has in all.
   */
  static *linking(
    plan: AuditPlan,
    records: LedgerRecords,
    windowTasks: number,
    { rows, bearers, late, named, refundsOfAnybody, undated }: LookedUp = NOTHING_LOOKED_UP,
  ): Generator<undefined, LedgerTally, undefined> {
    const asked = [...plan.userIds].filter((userId) => records.holds(userId))
    for (const { userId } of undated) asked.push(userId)
    const links = yield* findingLinks(records, asked, bearers, records.rooms)
    const withoutTime = new UndatedLinks(undated, links, named, (userId) => isOfUsers(plan, userId))
    const tally = new LedgerTally(plan, records, windowTasks, links, withoutTime)
    tally.#refundsOfAnybody = refundsOfAnybody
    yield* inSteps(records.tasks.count, (from, until) => tally.#addTasks(from, until))
    yield* inSteps(records.entries.count, (from, until) => tally.#addEntries(from, until))
    for (const entry of rows) tally.addLookedUp(entry)
    for (const entry of late) addLateRefund(tally.#sums[links.numberOf(entry.userId)], entry)
    const ownerless = new OwnerlessLinks(named, tally.#targets)
    if (!named.isEmpty) yield* inSteps(records.tasks.count, (from, until) => ownerless.take(from, until))
    ownerless.close()
    yield* tally.#addingTasksUp()
    return tally
  }

  #addTasks(from: number, until: number): void {
    for (let task = from; task < until; task++) this.#addTask(task)
  }

  #addTask(task: number): void {
    const { window, asOf } = this.#plan
    const createdAt = this.#tasks.createdAt(task)
    if (this.#tasks.userId(task) === 0 && this.#tasks.isUserUntold(task)) return
    const owner = this.#links.ownerOfTask[task] as number
    if (within(createdAt, window)) this.#isTarget[task] = 1
    const isNear = isTaskNearEdge(createdAt, window) || isNearReading(createdAt, asOf)
    if (isNear && this.#mayBeCharged(task)) this.#edgeTasks.add(owner, task)
    if (this.#tasks.isSelected(task)) this.#sums[owner] ??= newUserSums()
  }

  readonly #mayBeCharged = (task: number): boolean => this.#tasks.isCharged(task) || this.#tasks.isChargeUntold(task)

  #addEntries(from: number, until: number): void {
    const { ownerOfEntry, taskOfEntry } = this.#links
    const undated = this.#undated.isEmpty ? undefined : this.#undated
    for (let entry = from; entry < until; entry++) {
      const owner = ownerOfEntry[entry] as number
      if (owner === NO_USER) continue
      const task = taskOfEntry[entry] as number
      const sums = this.#sums[owner]
      if (this.#isTarget[task] === 1) this.#link(task, entry, sums)
      else if (task === SHARED_ID) this.#share(owner, entry, sums)
      else if (task >= 0 && this.#entries.kind(entry) === 'consume') this.#payments.noteLinked(task)
      else if (task === NO_TASK) undated?.addEntry(owner, this.#entries, entry)
      if (sums !== undefined) addToUser(sums, this.#plan, this.#entries, entry, task, this.#entries.hasOrder(entry))
    }
  }

  #link(task: number, entry: number, sums: UserSums | undefined): void {
    const book = this.#entries.book(entry)
    const kind = linkedKindIn(this.#entries, entry)
    if (kind === undefined) {
      if (!this.#entries.isKindUntold(entry)) return
      this.#payments.addKindless(task, toldAmountIn(this.#entries, entry))
      noteKindUntold(sums, book)
      return
    }
    const amount = this.#entries.amountPoints(entry)
    this.#payments.add(task, book, kind, amount)
    if (amount === 0 && this.#entries.isUntold(entry)) {
      this.#payments.noteUntold(task)
      noteUntold(sums, kind)
    }
    this.#rows?.add(task, entry)
  }

  #share(owner: number, entry: number, sums: UserSums | undefined): void {
    const book = this.#entries.book(entry)
    const kind = linkedKindIn(this.#entries, entry)
    const bearers = this.#links.index.bearers(owner, this.#entries.orderText(entry))
    if (bearers === undefined) return
    if (kind === undefined) {
      if (!this.#entries.isKindUntold(entry)) return
      this.#shared.addKindless(bearers, toldAmountIn(this.#entries, entry))
      this.#noteNamed(bearers)
      noteKindUntold(sums, book)
      return
    }
    if (kind === 'consume') {
      for (const task of bearers) if (this.#isTarget[task] !== 1) this.#payments.noteLinked(task)
      this.#noteNamed(bearers)
    }
    const untold = this.#entries.isUntold(entry)
    const amountPoints = this.#entries.amountPoints(entry)
    this.#shared.add(bearers, { book, rowId: this.#entries.rowId(entry), kind, amountPoints, untold })
    if (untold) noteUntold(sums, kind)
  }

  /** Notes that a row names tasks of which nobody can tell whose it is: it is one of a task, so that rows name tasks here. */
  #noteNamed(bearers: readonly number[]): void {
    for (const task of bearers) if (this.#isTarget[task] === 1) this.#payments.noteNamed(task)
  }

  /** Takes a row that was looked up by its order. Those within the streamed range were taken before. */
  addLookedUp(entry: LedgerEntry): void {
    const { book, rowId, at, userId, amountPoints, orderId, kindUntold = false } = entry
    const owner = this.#links.numberOf(userId)
    if (owner === NO_USER || within(at, this.#plan.ranges.ledger)) return
    const kind = linkedKind(book, entry.kind, kindUntold)
    if (kind === undefined && !kindUntold) return
    this.#undated.addLookedUp(owner, entry)
    const task = this.#links.index.findText(owner, orderId)
    this.#taskSums = undefined
    this.#shared.reckonAnew()
    const bearers = task === SHARED_ID ? this.#links.index.bearers(owner, orderId) : undefined
    if (bearers !== undefined && kind !== 'refund') this.#noteNamed(bearers)
    if (kind === undefined) {
      if (bearers !== undefined) this.#shared.addKindless(bearers, toldAmount(entry))
      if (this.#isTarget[task] === 1) this.#payments.addKindless(task, toldAmount(entry))
      if (bearers !== undefined || this.#isTarget[task] === 1) noteKindUntold(this.#sums[owner], book)
      return
    }
    const untold = entry.amountUntold === true
    if (bearers !== undefined)
      this.#shared.add(bearers, { book, rowId, kind, amountPoints: exactAmount(entry), untold })
    const isTarget = this.#isTarget[task] === 1
    if (untold && (isTarget || bearers !== undefined)) noteUntold(this.#sums[owner], kind)
    if (!isTarget) return
    this.#payments.add(task, book, kind, exactAmount(entry))
    if (untold) {
      this.#payments.noteUntold(task)
      noteInUntold(this.#sums[owner], book, entry.kind)
    }
    this.#rows?.addLookedUp(task, { book, rowId, kind, amountPoints, ...(untold && { amountUntold: true }), at })
  }

  /** Charged tasks of the window, and how many of them have a linked consume row so far, whoever's it is. */
  linkCount(): { charged: number; linked: number } {
    return linkCountOf(this.#targets)
  }

  /** Charged tasks without a time that have a linked row. */
  get undatedLinked(): number {
    return this.#undated.linked
  }

  /** Tasks whose other rows may lie at any time, as of now. */
  openTasks(): number[] {
    return openTasks(this.#targets, looksUpEveryOrder(this.#windowTasks))
  }

  /** Order ids of those of them that are in question. */
  openOrderIds(scope: TaskScope, open = this.openTasks()): string[] {
    return orderIdsOf(scope, open, this.#targets)
  }

  /** Whether the filters leave all of some tasks. */
  areSelected(tasks: readonly number[]): boolean {
    return areSelected(tasks, this.#targets)
  }

  /** Order ids of rows that no task read so far bears, where it matters to payments and sums whether they are tasks. */
  unresolvedOrderIds(mode: 'order' | 'total'): string[] {
    return this.#unresolved().orderIds(mode)
  }

  /** The same where it matters to refunds that tasks lack. */
  unresolvedRefundIds(): string[] {
    return this.#unresolved().refundIds()
  }

  /** Rows of the window that took something for an order which no task of their user bears; none where the depth does not need them. */
  strayRows(most: number): StrayRow[] {
    return this.#rows === null ? [] : this.#unresolved().stray(most)
  }

  #unresolved(): UnresolvedRows {
    return new UnresolvedRows(this.#entries, this.#sums, this.#tasksOfUsers(), this.#refundsOfAnybody)
  }

  /** Users with a charge that was to be given back, and was not as far as rows tell that name its task. */
  unrefundedUsers(): number[] {
    const tasks = this.#tasksOfUsers()
    const isUnrefunded = (owner: number): boolean => (tasks[owner]?.leastUnrefunded ?? Infinity) < Infinity
    return this.#links.users.filter((_, owner) => isUnrefunded(owner))
  }

  /** What the rows add up to by user, as of now. */
  figures(): UserFigures[] {
    const tasks = this.#tasksOfUsers()
    const unresolved = this.#unresolved()
    const users: UserFigures[] = []
    for (const [owner, userId] of this.#links.users.entries()) {
      const sums = this.#sums[owner]
      if (sums === undefined) continue
      users.push({
        userId,
        sums,
        tasks: tasks[owner] ?? newTaskSums(),
        edgeTasks: this.#edgeTasks.of(owner, this.#tasks, this.#payments),
        unresolved: unresolved.of(owner),
        ...(this.#undated.has(owner) && { undated: this.#undated.of(owner) }),
      })
    }
    return users
  }

  /** The tasks that are told of, and their rows. */
  taskEntries(): ToldTasks {
    const told: number[] = []
    const open: number[] = []
    for (let task = 0; this.#rows !== null && task < this.#tasks.count; task++) {
      if (this.#isTarget[task] !== 1 || !this.#tasks.isSelected(task)) continue
      told.push(task)
      if (!this.#payments.isSettled(task, this.#tasks) || this.#shared.concern(task)) open.push(task)
    }
    return {
      settledTasks: told.length - open.length,
      openTasks: open.length,
      openEntries: () => open.map((task) => this.#entriesOf(task)),
      taskEntries: () => told.map((task) => this.#entriesOf(task)),
    }
  }

  #entriesOf(task: number): LedgerBook['taskEntries'][number] {
    const entries = this.#rows?.of(task, (entry) => linkedEntryIn(this.#entries, entry)) ?? []
    const shared = this.#shared.of(task)
    const kindless = this.#payments.kindless(task)
    return {
      ...{ task: this.#tasks.row(task), entries },
      ...(shared !== undefined && { shared }),
      ...(kindless !== undefined && { kindless: kindlessRows(kindless) }),
    }
  }

  #tasksOfUsers(): readonly (TaskSums | undefined)[] {
    return this.#taskSums ?? atOnce(this.#addingTasksUp())
  }

  *#addingTasksUp(): Generator<undefined, readonly (TaskSums | undefined)[], undefined> {
    const users: (TaskSums | undefined)[] = new Array(this.#sums.length).fill(undefined)
    yield* inSteps(this.#tasks.count, (from, until) => this.#addTasksUp(users, from, until))
    // Whether these lack it as well hangs on what the orders of their users' other rows are.
    for (const owner of this.#undated.owners())
      users[owner] = { ...(users[owner] ?? newTaskSums()), lacksPayment: true }
    this.#shared.addTo((task) => users[this.#links.ownerOfTask[task] ?? 0])
    this.#taskSums = users
    return users
  }

  #addTasksUp(users: (TaskSums | undefined)[], from: number, until: number): void {
    for (let task = from; task < until; task++) {
      if (this.#isTarget[task] !== 1) continue
      const owner = this.#links.ownerOfTask[task] as number
      const own = users[owner] ?? newTaskSums()
      users[owner] = own
      const addsUp = this.#shared.addsUp(task)
      this.#payments.addTo(own, task, this.#tasks, addsUp)
    }
  }
}
