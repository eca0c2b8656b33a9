import type { LedgerEntry } from '../../ledger/reader.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import { addExact, exactNumber, sum } from '../../units/exact.ts'
import { points } from '../../units/points.ts'
import { EvidenceList } from '../rules/evidence-list.ts'
import type { LinkedEntry, SharedGroup, SharedLedger } from '../rules/facts.ts'
import { rowName } from '../rules/linked-entries.ts'
import { joinEvidence } from '../rules/task-subject.ts'
import { type KindlessSums, kindlessRows, kindlessTogether, toldAmount, withKindless } from './kindless-rows.ts'
import type { BookName, BookSums, OpenSums, SharedSums, TaskSums } from './ledger-book.ts'
import { linkedKind } from './linked-kind.ts'
import type { TaskPayments } from './linked-rows.ts'

/** Of any size: there are few. */
type WholeSums = Record<BookName, bigint>

/** What rows add up to that name one id, and the tasks of one user that bear it. */
interface Group {
  readonly bearers: readonly number[]
  readonly paid: WholeSums
  /** Of what they took, the rows below 0: they gave that back again. */
  readonly paidBack: WholeSums
  readonly refunded: WholeSums
  readonly refundRows: EvidenceList
  /** What rows did of which one does not tell its amount. */
  readonly untold: Set<LinkedEntry['kind']>
  /** Those of no known type; undefined: none. */
  kindless: KindlessSums | undefined
  /** Rows that tell no user, and what they may have done of which one does not tell how much. */
  readonly ownerless: LinkedEntry[]
  readonly ownerlessOpen: Set<LinkedEntry['kind']>
  /** Whether all rows of the bearers add up; undefined until it is asked for, and when a row has come since. */
  addsUp: boolean | undefined
}

/** A row that names such an id. */
export interface SharedRow extends Pick<LinkedEntry, 'book' | 'rowId' | 'kind'> {
  /** As stored: + in, − out. */
  readonly amountPoints: number
  readonly untold: boolean
}

/** The tasks that rows are linked to. */
export interface LinkTargets {
  readonly tasks: TaskRecords
  readonly payments: TaskPayments
  /** Whether a task is one of the window that the filters leave. */
  isTold(task: number): boolean
}

/**
 * Rows that name an id which several tasks of one user bear, of any time. They are rows of these tasks, though nobody can tell
 * of which: what they took and gave back counts for the user, and leaves open what each of the tasks got. There are few.
 */
export class SharedRows {
  readonly #targets: LinkTargets
  /** By the list of bearers, of which there is one for each id. */
  readonly #groups = new Map<readonly number[], Group>()
  readonly #byTask = new Map<number, Group[]>()
  /** By task, all that ids bind to it; of those that were not asked for since the last row came, none. */
  readonly #together = new Map<number, SharedGroup | undefined>()

  constructor(targets: LinkTargets) {
    this.#targets = targets
  }

  add(bearers: readonly number[], { book, rowId, kind, amountPoints, untold }: SharedRow): void {
    const group = this.#groups.get(bearers) ?? this.#newGroup(bearers)
    const sums = kind === 'consume' ? group.paid : group.refunded
    if (untold) group.untold.add(kind)
    if (kind === 'refund') group.refundRows.add(rowName({ book, rowId }))
    this.#together.clear()
    const amount = BigInt(amountPoints)
    sums[book] += kind === 'consume' ? -amount : amount
    if (kind === 'consume' && amount > 0n) group.paidBack[book] -= amount
  }

  /** Adds a row of no known type. `amountPoints`: as stored, + in, − out; null where it does not tell. */
  addKindless(bearers: readonly number[], amountPoints: number | null): void {
    const group = this.#groups.get(bearers) ?? this.#newGroup(bearers)
    this.#together.clear()
    group.kindless = withKindless(group.kindless, amountPoints)
  }

  /** Adds a row that tells no user: it is of one of these tasks, or of one of somebody else. */
  addOwnerless(bearers: readonly number[], entry: LedgerEntry): void {
    const group = this.#groups.get(bearers) ?? this.#newGroup(bearers)
    const { book, rowId, amountPoints, at } = entry
    const kind = linkedKind(book, entry.kind, entry.kindUntold === true)
    this.#together.clear()
    if (kind === undefined) {
      group.kindless = withKindless(group.kindless, toldAmount(entry))
      for (const each of ['consume', 'refund'] as const) group.ownerlessOpen.add(each)
      return
    }
    group.ownerless.push({ book, rowId, kind, amountPoints, at })
    // One that took back what another may have done leaves open what is left of it: each is the user's, or none.
    const isBack = kind === 'consume' ? amountPoints > 0n : amountPoints < 0n
    if (isBack || entry.amountUntold === true) group.ownerlessOpen.add(kind)
    else if (kind === 'consume') group.paid[book] -= amountPoints
    else group.refunded[book] += amountPoints
  }

  #newGroup(bearers: readonly number[]): Group {
    const group: Group = {
      bearers,
      paid: { points: 0n, cash: 0n },
      paidBack: { points: 0n, cash: 0n },
      refunded: { points: 0n, cash: 0n },
      refundRows: new EvidenceList(),
      untold: new Set(),
      kindless: undefined,
      ownerless: [],
      ownerlessOpen: new Set(),
      addsUp: undefined,
    }
    this.#groups.set(bearers, group)
    for (const task of bearers) {
      const own = this.#byTask.get(task)
      if (own === undefined) this.#byTask.set(task, [group])
      else own.push(group)
    }
    return group
  }

  /** Rows have come, these or others. */
  reckonAnew(): void {
    this.#together.clear()
    for (const group of this.#groups.values()) group.addsUp = undefined
  }

  /** Whether rows name an id of the task that others bear as well. */
  concern(task: number): boolean {
    return this.#byTask.has(task)
  }

  /** Whether such rows took something else than what was charged, or gave something back: they may be rows of further tasks. */
  isTooMuch(task: number): boolean {
    const groups = this.#byTask.get(task)
    return (
      groups?.some(({ refunded }) => allOf(refunded) !== 0n) === true || (groups !== undefined && !this.addsUp(task))
    )
  }

  /** What these rows come to, of those that may be the task's; undefined where there are none. */
  of(task: number): SharedLedger | undefined {
    const groups = this.#byTask.get(task)
    if (groups === undefined) return undefined
    const untold = new Set(groups.flatMap((group) => [...group.untold]))
    const group = this.#togetherWith(task)
    return {
      ...sumsOf(groups),
      addsUp: this.addsUp(task),
      ...(untold.size > 0 && { untold }),
      ...(groups.some(isOwnerless) && { ownerless: ownerlessOf(groups) }),
      ...(group !== undefined && { group }),
    }
  }

  /** The same object for each of the tasks. */
  #togetherWith(task: number): SharedGroup | undefined {
    if (!this.#together.has(task)) this.#bind(task)
    return this.#together.get(task)
  }

  #bind(first: number): void {
    const bound = new Set([first])
    const groups = new Set<Group>()
    // Those that come in meanwhile are gone through as well.
    for (const task of bound) {
      for (const group of this.#byTask.get(task) ?? []) {
        if (groups.has(group)) continue
        groups.add(group)
        for (const bearer of group.bearers) bound.add(bearer)
      }
    }
    const together = this.#sumUp([...bound], [...groups])
    for (const task of bound) this.#together.set(task, together)
  }

  #sumUp(bound: readonly number[], groups: readonly Group[]): SharedGroup | undefined {
    const { tasks, isTold } = this.#targets
    if (!bound.every((task) => isTold(task))) return undefined
    return {
      firstRowId: bound.reduce((least, task) => Math.min(least, tasks.rowId(task)), Number.POSITIVE_INFINITY),
      taskCount: bound.length,
      ...sumsOf(groups),
      refundRows: joinEvidence(groups.map(({ refundRows }) => refundRows.view())),
    }
  }

  /** Whether there are such rows, and with them what was taken for the task and the others is what these charged. */
  addsUp(task: number): boolean {
    return this.#byTask.get(task)?.every((group) => (group.addsUp ??= this.#addsUp(group))) === true
  }

  /** Whether what these and all other rows of the bearers took is what the bearers charged, where all of them are told of. */
  #addsUp({ bearers, paid, untold, kindless }: Group): boolean {
    const { tasks, payments, isTold } = this.#targets
    // Where rows tell no user, one of the bearers is none of those that are told of.
    if (
      kindless !== undefined ||
      untold.has('consume') ||
      !bearers.every((task) => isTold(task) && !tasks.isChargeUntold(task))
    )
      return false
    let missing = -allOf(paid)
    for (const task of bearers) {
      const own = payments.paid(task)
      // What these took is too much to be known.
      if (Number.isNaN(own)) return false
      missing += BigInt(tasks.chargedPoints(task)) - BigInt(own)
    }
    return missing === 0n
  }

  /** Adds these rows to what the tasks of their users add up to. */
  addTo(sumsOf: (task: number) => TaskSums | undefined): void {
    const counted = new Set<number>()
    const partly: (() => void)[] = []
    for (const group of this.#groups.values()) {
      const told = group.bearers.filter((task) => this.#targets.isTold(task))
      const [first] = told
      const user = first === undefined ? undefined : sumsOf(first)
      if (user === undefined) continue
      user.shared ??= newSharedSums()
      const { shared } = user
      const took = BOOKS.some((book) => group.paid[book] !== 0n)
      const gaveBack = BOOKS.some((book) => group.refunded[book] !== 0n || group.paidBack[book] !== 0n)
      if (gaveBack) user.lacksPayment = true
      // Of what they took each task may have any part.
      const mayHaveTaken = took || group.untold.has('consume')
      if (mayHaveTaken && user.leastUnrefunded < Number.POSITIVE_INFINITY) user.leastUnrefunded = 1
      if (took && told.some((task) => this.#targets.tasks.isChargeUntold(task))) user.untold = 'paid'
      if (told.length < group.bearers.length) {
        partly.push(() => this.#addOpen(shared, group, told, counted))
        continue
      }
      addBooks(shared.paid, group.paid)
      addBooks(user.refunded, group.refunded)
      this.#addUnlinked(shared, told, counted)
    }
    // What is counted as that of rows of which nothing is open is not once more.
    for (const add of partly) add()
  }

  /** Adds rows that may be those of a task that is none of those told of. */
  #addOpen(shared: SharedSums, group: Group, told: readonly number[], counted: Set<number>): void {
    const { paid, paidBack, refunded } = group
    if (group.ownerlessOpen.has('consume')) shared.ownerlessOpen = true
    for (const book of BOOKS) if (refunded[book] !== 0n) shared.refundOpen[book] = true
    const tookBooks = BOOKS.filter((book) => paid[book] !== 0n || paidBack[book] !== 0n)
    if (tookBooks.length === 0) return
    shared.open ??= newOpenSums()
    if (isOwnerless(group)) shared.open.ownerless = true
    const { least, most } = shared.open
    for (const book of tookBooks) {
      least[book] = addExact(least[book], exactNumber(paidBack[book]))
      most[book] = addExact(most[book], exactNumber(paid[book] - paidBack[book]))
    }
    this.#addUnlinked(shared.open, told, counted)
  }

  #addUnlinked(into: { unlinkedCharged: number }, told: readonly number[], counted: Set<number>): void {
    const { tasks, payments } = this.#targets
    for (const task of told) {
      if (counted.has(task)) continue
      counted.add(task)
      const charged = payments.isLinked(task) ? 0 : tasks.chargedPoints(task)
      if (charged > 0) into.unlinkedCharged = addExact(into.unlinkedCharged, charged)
    }
  }
}

const isOwnerless = ({ ownerless, ownerlessOpen }: Group): boolean => ownerless.length > 0 || ownerlessOpen.size > 0

const ownerlessOf = (groups: readonly Group[]): NonNullable<SharedLedger['ownerless']> => ({
  rows: groups.flatMap(({ ownerless }) => ownerless),
  open: new Set(groups.flatMap(({ ownerlessOpen }) => [...ownerlessOpen])),
  isAll: groups.every((group) => isOwnerless(group) && group.bearers.length === 2),
})

/** What the rows of all of these come to. */
function sumsOf(groups: readonly Group[]): Pick<SharedGroup, 'paidPoints' | 'refundedPoints' | 'kindless'> {
  const all = (sums: (group: Group) => WholeSums) => points(sum(groups, (group) => allOf(sums(group))))
  const kindless = kindlessTogether(groups.map((group) => group.kindless))
  return {
    paidPoints: all(({ paid }) => paid),
    refundedPoints: all(({ refunded }) => refunded),
    ...(kindless !== undefined && { kindless: kindlessRows(kindless) }),
  }
}

const BOOKS: readonly BookName[] = ['points', 'cash']

const newSharedSums = (): SharedSums => ({
  paid: { points: 0, cash: 0 },
  unlinkedCharged: 0,
  open: null,
  refundOpen: { points: false, cash: false },
  ownerlessOpen: false,
})

const newOpenSums = (): OpenSums => ({
  least: { points: 0, cash: 0 },
  most: { points: 0, cash: 0 },
  unlinkedCharged: 0,
  ownerless: false,
})

const allOf = ({ points, cash }: WholeSums): bigint => points + cash

function addBooks(into: BookSums, sums: WholeSums): void {
  for (const book of BOOKS) into[book] = addExact(into[book], exactNumber(sums[book]))
}
