import type { LedgerEntry, TaskRow } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { LEDGER_EDGE } from '../settings.ts'
import { within } from '../units/instant.ts'
import { addPoints, type Points, points, ZERO_POINTS } from '../units/points.ts'
import { bareId } from '../units/request-id.ts'
import {
  type BookName,
  type LedgerBook,
  type LinkTarget,
  linkedRefunds,
  orderPayment,
  totalPayment,
  type UserLedger,
  type UserSums,
} from './ledger-book.ts'
import type { AuditPlan } from './plan.ts'
import { known, type Payment, type Reading, unknown } from './rules/books.ts'
import { EvidenceList } from './rules/evidence-list.ts'
import type { BalanceTrail, LinkedEntry } from './rules/facts.ts'

/** A task outside the window. */
const OTHER_TASK = 'other task'
/** An id that several tasks of one user bear. */
const SHARED_ID = 'shared id'

type Target = LinkTarget | typeof OTHER_TASK | typeof SHARED_ID

/** Order ids that may be a request id in another form than the bare one. */
const OTHER_FORM = /[/#A-Z]/

/** Some of the users of an audit. */
export interface LedgerPart {
  readonly windowTasks: number
  holds(userId: number): boolean
}

/** Tasks up to which the ledger rows of all of them are looked up, at any time. */
const EVERY_ORDER_MAX = LIMITS.lookupIdsTotal / 2

/**
 * Links ledger rows to tasks and adds both up by user. First every task of the window, then the rows of both ledgers in
 * any order, then the rows that were looked up by id; each row counts once.
 */
export class LedgerTally {
  readonly #plan: AuditPlan
  /** By user, since a row of somebody else does not pay this user's task; whose rows it names, a look-up tells. */
  readonly #targets = new Map<number, Map<string, Target>>()
  /** Users with charged tasks right before the window. */
  readonly #paidBefore = new Set<number>()
  readonly #all: LinkTarget[] = []
  readonly #users = new Map<number, UserSums>()
  readonly #failed = new Set<BookName>()
  readonly #windowTasks: number | undefined

  /** `part`: where these are the tasks and rows of some users only, which, and how many tasks of the window all have. */
  constructor(plan: AuditPlan, part?: LedgerPart) {
    this.#plan = plan
    this.#windowTasks = part?.windowTasks
    // Who was asked for by id is told of, with or without tasks.
    for (const userId of plan.userIds) {
      if (part === undefined || part.holds(userId)) this.#users.set(userId, newUserSums())
    }
  }

  /** Takes a task; `selected` where it is one of the window that the filters leave. */
  addTask(task: TaskRow, selected: boolean): void {
    const target = within(task.createdAt, this.#plan.window) ? this.#newTarget(task, selected) : OTHER_TASK
    if (target === OTHER_TASK) this.#noteBefore(task)
    else this.#all.push(target)
    if (selected && !this.#users.has(task.userId)) this.#users.set(task.userId, newUserSums())
    this.#bear(task.userId, task.taskId, target)
    if (task.requestId !== task.taskId) this.#bear(task.userId, task.requestId, target)
  }

  #bear(userId: number, id: string, target: Target): void {
    if (id === '') return
    let own = this.#targets.get(userId)
    if (own === undefined) {
      own = new Map()
      this.#targets.set(userId, own)
    }
    // An id that several tasks bear does not tell which of them a row pays.
    own.set(id, own.has(id) ? SHARED_ID : target)
  }

  #newTarget(task: TaskRow, selected: boolean): LinkTarget {
    return {
      task,
      selected,
      entries: selected && this.#plan.depth === 'requests' ? [] : null,
      paidPoints: ZERO_POINTS,
      paidCash: ZERO_POINTS,
      refundedPoints: ZERO_POINTS,
      refundedCash: ZERO_POINTS,
      linked: false,
    }
  }

  /** Remembers whose charges from right before the window its first rows may pay. */
  #noteBefore({ userId, chargedPoints, createdAt }: TaskRow): void {
    const { start } = this.#plan.window
    if (chargedPoints > 0n && createdAt < start && createdAt >= start - LEDGER_EDGE) this.#paidBefore.add(userId)
  }

  /** Takes a row that was streamed: one within the plan's range for ledgers. */
  addEntry(entry: LedgerEntry): void {
    const target = this.#targetOf(entry)
    this.#link(entry, target)
    const user = this.#users.get(entry.userId)
    if (user !== undefined) this.#addToUser(user, entry, target)
  }

  /** Takes a row that was looked up by its order. Those within the streamed range were taken before. */
  addLookedUp(entry: LedgerEntry): void {
    if (!within(entry.at, this.#plan.ranges.ledger)) this.#link(entry, this.#targetOf(entry))
  }

  /** The task of its user that a row names, by the operator's id or by fal's in any stored form. */
  #targetOf({ userId, orderId }: LedgerEntry): Target | undefined {
    const own = this.#targets.get(userId)
    if (own === undefined || orderId === '') return undefined
    const target = own.get(orderId)
    return target === undefined && OTHER_FORM.test(orderId) ? own.get(bareId(orderId)) : target
  }

  #link(entry: LedgerEntry, target: Target | undefined): void {
    if (target !== undefined && target !== OTHER_TASK && target !== SHARED_ID) linkTo(target, entry)
  }

  #addToUser(user: UserSums, entry: LedgerEntry, target: Target | undefined): void {
    const { window } = this.#plan
    const { book, at } = entry
    const linked = target !== undefined && target !== SHARED_ID
    if (entry.kind === 'consume') {
      const amount = points(-entry.amountPoints)
      const names = linked || (entry.orderId !== '' && target === undefined)
      if (at >= window.end && at < window.end + LEDGER_EDGE) user.afterEnd.push({ at, amount, linked: names })
      if (!within(at, window)) return
      user.consumed[book] = addPoints(user.consumed[book], amount)
      if (at < window.start + LEDGER_EDGE) user.afterStart.push({ at, amount, linked: names })
      if (!names) user.unlinked[book] = addPoints(user.unlinked[book], amount)
      else if (!linked && this.#plan.settings.ledgerLink !== 'total') user.unresolved.push(entry)
      return
    }
    if (entry.kind === 'refund' && entry.orderId === '' && at >= window.start) {
      user.unlinkedRefunds = addPoints(user.unlinkedRefunds, entry.amountPoints)
    }
    if (!within(at, window)) return
    if (entry.kind === 'refund') user.refunded[book] = addPoints(user.refunded[book], entry.amountPoints)
    if (entry.kind !== 'recharge') return
    // Cash in is a refund where its order is a task, and otherwise a recharge.
    if (book === 'cash' && target !== undefined) user.refunded.cash = addPoints(user.refunded.cash, entry.amountPoints)
    else if (book === 'cash' && entry.orderId !== '') user.unresolved.push(entry)
    else user.recharged[book] = addPoints(user.recharged[book], entry.amountPoints)
  }

  /** A ledger that could not be read whole: nothing is concluded from it. */
  fail(book: BookName): void {
    this.#failed.add(book)
  }

  get failed(): boolean {
    return this.#failed.size > 0
  }

  /** Charged tasks of the window, and how many of them have a linked consume row so far. */
  linkCount(): { charged: number; linked: number } {
    let charged = 0
    let linked = 0
    for (const target of this.#all) {
      if (target.task.chargedPoints <= 0n) continue
      charged += 1
      if (target.linked) linked += 1
    }
    return { charged, linked }
  }

  /**
   * Order ids of tasks whose other rows may lie at any time: where the rows so far do not add up to the charge and, for
   * the rules about refunds, where one is due or was made.
   */
  openOrderIds(scope: 'selected' | 'window'): string[] {
    const ids: string[] = []
    for (const target of this.#all) {
      if (scope === 'selected' && !target.selected) continue
      if (target.paidPoints + target.paidCash === target.task.chargedPoints && !this.#refundsMatter(target)) continue
      if (target.task.taskId !== '') ids.push(target.task.taskId)
      if (target.task.requestId !== '' && target.task.requestId !== target.task.taskId) ids.push(target.task.requestId)
    }
    return ids
  }

  /** Whether there are few enough tasks to look up the rows of each. */
  get everyOrder(): boolean {
    return (this.#windowTasks ?? this.#all.length) <= EVERY_ORDER_MAX
  }

  #refundsMatter({ task, refundedPoints, refundedCash }: LinkTarget): boolean {
    // Few enough to look all of them up: then a row of any time is seen, also one that nothing points to.
    if (this.everyOrder) return true
    return task.refunded || task.status === 'failed' || refundedPoints !== 0n || refundedCash !== 0n
  }

  /**
   * Order ids of rows of the window that no task read so far bears, where it matters whether they are tasks of another
   * time: cash that came in, and what was paid by users who have tasks without a linked row.
   */
  unresolvedOrderIds(mode: 'order' | 'total'): string[] {
    const unlinked = new Set(
      this.#all
        .filter(({ task, linked, selected }) => selected && task.chargedPoints > 0n && !linked)
        .map(({ task }) => task.userId),
    )
    const ids = new Set<string>()
    for (const [userId, user] of this.#users) {
      for (const entry of user.unresolved) {
        if (entry.kind !== 'consume' || (mode === 'order' && unlinked.has(userId))) ids.add(entry.orderId)
      }
    }
    return [...ids]
  }

  /** Settles which of the orders that were asked for are tasks; of the others nothing is known. */
  resolveOrders(asked: ReadonlySet<string>, taskOrderIds: ReadonlySet<string>): void {
    for (const user of this.#users.values()) {
      for (const entry of user.unresolved) {
        if (!asked.has(entry.orderId)) continue
        const isTask = taskOrderIds.has(entry.orderId) || taskOrderIds.has(bareId(entry.orderId))
        const { book } = entry
        if (entry.kind === 'consume') {
          if (!isTask) user.unlinked[book] = addPoints(user.unlinked[book], points(-entry.amountPoints))
        } else if (isTask) user.refunded[book] = addPoints(user.refunded[book], entry.amountPoints)
        else user.recharged[book] = addPoints(user.recharged[book], entry.amountPoints)
      }
      user.unresolved = user.unresolved.filter(({ orderId }) => !asked.has(orderId))
    }
  }

  /** The book, in the given mode. */
  close(mode: 'order' | 'total', balances: BalanceTrail | null = null): LedgerBook {
    const users = new Map<number, UserLedger>()
    const byUser = new Map<number, LinkTarget[]>()
    for (const target of this.#all) {
      const own = byUser.get(target.task.userId)
      if (own === undefined) byUser.set(target.task.userId, [target])
      else own.push(target)
    }
    for (const [userId, sums] of this.#users) {
      users.set(userId, this.#closeUser(mode, userId, sums, byUser.get(userId) ?? []))
    }
    const { charged, linked } = this.linkCount()
    return {
      mode: this.failed ? null : mode,
      chargedTasks: charged,
      linkedTasks: linked,
      users,
      taskEntries: this.#all.flatMap(({ task, entries }) => (entries === null ? [] : [{ task, entries }])),
      everyOrder: this.everyOrder,
      balances,
    }
  }

  #closeUser(mode: 'order' | 'total', userId: number, sums: UserSums, all: readonly LinkTarget[]): UserLedger {
    const targets = all.filter(({ selected }) => selected)
    // Cash in whose order was never looked up is a refund or a recharge: neither sum is whole without it.
    const isOpen = (book: BookName): boolean => sums.unresolved.some((e) => e.book === book && e.kind !== 'consume')
    const read = (book: BookName, amount: Points): Points | null =>
      this.#failed.has(book) || isOpen(book) ? null : amount
    const refunds = mode === 'order' ? linkedRefunds(targets, sums) : sums.refunded
    const unpaid = new EvidenceList()
    if (mode === 'order') {
      for (const target of targets) {
        if (target.paidPoints + target.paidCash !== target.task.chargedPoints) unpaid.add(target.task.taskId)
      }
    }
    return {
      payment: this.#paymentOf(mode, userId, sums, all),
      unpaid,
      pointsRefunded: read('points', refunds.points),
      cashRefunded: read('cash', refunds.cash),
      pointsRecharged: read('points', sums.recharged.points),
      cashRecharged: read('cash', sums.recharged.cash),
    }
  }

  #paymentOf(mode: 'order' | 'total', userId: number, sums: UserSums, all: readonly LinkTarget[]): Reading<Payment> {
    if (this.failed) return unknown('ledger-unread', { book: [...this.#failed].sort().join(', ') })
    const targets = all.filter(({ selected }) => selected)
    // Without tasks nothing can link: then all consume rows of the window are what there is to tell.
    if (mode === 'order' && targets.length > 0) {
      const payment = orderPayment(sums, targets, this.#plan)
      const others = all.some(({ selected, linked, task }) => !selected && !linked && task.chargedPoints > 0n)
      // A row without a task may pay a task that the filter left out as well as one of these.
      const unclear = others && payment.unlinkedChargedPoints > 0n && payment.unlinkedPaidPoints > 0n
      if (unclear) return unknown('links-unlinked')
      // Rows whose order was too many to look up may pay a task of another time, or one of these.
      const open = payment.unlinkedChargedPoints > 0n && sums.unresolved.some(({ kind }) => kind === 'consume')
      return open ? unknown('lookup-limit', { limit: LIMITS.lookupIdsTotal }) : known(payment)
    }
    if (this.#plan.ids.size > 0) return unknown('ids-filter-total-link')
    return known(totalPayment(sums, targets, this.#plan, this.#paidBefore.has(userId)))
  }
}

function newUserSums(): UserSums {
  const none = (): Record<BookName, Points> => ({ points: ZERO_POINTS, cash: ZERO_POINTS })
  return {
    consumed: none(),
    refunded: none(),
    recharged: none(),
    unlinked: none(),
    unlinkedRefunds: ZERO_POINTS,
    unresolved: [],
    afterStart: [],
    afterEnd: [],
  }
}

function linkTo(target: LinkTarget, entry: LedgerEntry): void {
  const kind = linkedKind(entry)
  if (kind === undefined) return
  const { book, rowId, amountPoints, at } = entry
  target.entries?.push({ book, rowId, kind, amountPoints, at })
  if (kind === 'consume') {
    target.linked = true
    if (book === 'points') target.paidPoints = addPoints(target.paidPoints, points(-amountPoints))
    else target.paidCash = addPoints(target.paidCash, points(-amountPoints))
  } else if (book === 'points') target.refundedPoints = addPoints(target.refundedPoints, amountPoints)
  else target.refundedCash = addPoints(target.refundedCash, amountPoints)
}

/** What a row means to the task it names: cash that comes in for a task is a refund. */
function linkedKind({ book, kind }: LedgerEntry): LinkedEntry['kind'] | undefined {
  if (kind === 'consume' || kind === 'refund') return kind
  return book === 'cash' && kind === 'recharge' ? 'refund' : undefined
}
