import type { LedgerEntry, LedgerSnapshot, TaskRow, UnreadTimes } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import { partOfNumber } from '../../spool/spool.ts'
import { within } from '../../units/instant.ts'
import { bareId } from '../../units/request-id.ts'
import { atOnce, breathe, inBreaths } from '../breathe.ts'
import type { AuditPlan } from '../plan.ts'
import type { BalanceTrail } from '../rules/facts.ts'
import { rowName } from '../rules/linked-entries.ts'
import type { CellTally } from '../tasks/cell-tally.ts'
import { idsOf } from '../tasks/undated-tasks.ts'
import { type LinkContext, tellingSeconds } from '../waiting.ts'
import { type KeptPiece, KeptPieces } from './kept-piece.ts'
import { type LateRefunds, lookForLateRefunds } from './late-refunds.ts'
import type { BookName, UserLedger } from './ledger-book.ts'
import { BOOKS, LedgerLookUps } from './ledger-look-ups.ts'
import {
  type LedgerPiece,
  type LedgerRecords,
  type LedgerRooms,
  type LedgerSource,
  type LedgerSpools,
  ledgerRooms,
} from './ledger-source.ts'
import { LedgerTally } from './ledger-tally.ts'
import { linkModeOf, linksSuffice, mayBeOtherMode } from './link-mode.ts'
import { type LinkCount, type LinkMode, LinkScans, sampleOf } from './link-scans.ts'
import { type EarlyLookUp, looksUpEveryOrder, withinLimit } from './looked-up.ts'
import { NamedRows } from './ownerless-links.ts'
import type { OwnerlessTally } from './ownerless-rows.ts'
import { ClosedUser, type ClosingTerms, type ResolvedOrders, resolveOrders } from './user-figures.ts'

const isNobodys = ({ userUntold }: TaskRow): boolean => userUntold === true

/**
 * Settles which ledger rows belong to which tasks: the link mode by all tasks of the window, then what lies outside the
 * streamed range by looking it up. The rows themselves stay where they are, and are gone through piece by piece.
 */
export class LedgerLinks {
  readonly #plan: AuditPlan
  readonly #snapshot: LedgerSnapshot
  readonly #spools: LedgerSpools
  readonly #failed: Set<BookName>
  readonly #context: LinkContext
  readonly #lookedUp: LedgerEntry[] = []
  /** Tasks of other times that bear ids of tasks whose rows come to too much. */
  #bearers: readonly TaskRow[] = []
  readonly #pieces: readonly (readonly number[])[]
  readonly #unreadTimes: UnreadTimes
  readonly #scans = new LinkScans()
  readonly #kept: KeptPieces
  #count: LinkCount = { charged: 0, linked: 0 }
  #orders: ResolvedOrders = { asked: new Set(), tasks: new Set() }
  #mode: LinkMode = 'total'
  #isModeOpen = false
  readonly #lookUps: LedgerLookUps
  readonly #ownerless: OwnerlessTally
  #named = new NamedRows([])
  #late: LateRefunds | undefined
  #foreign: LedgerSource['foreign']
  #early: EarlyLookUp | undefined

  constructor(
    plan: AuditPlan,
    snapshot: LedgerSnapshot,
    spools: LedgerSpools,
    failed: Set<BookName>,
    context: LinkContext,
    kept = new KeptPieces(),
  ) {
    this.#plan = plan
    this.#context = context
    this.#snapshot = snapshot
    this.#spools = spools
    this.#failed = failed
    this.#pieces = spools.pieces()
    this.#unreadTimes = snapshot.unreadTimes?.() ?? {}
    this.#lookUps = new LedgerLookUps(snapshot, spools, context.signal)
    this.#ownerless = spools.ownerless
    this.#kept = kept
  }

  /**
   * Decides the link mode, and looks up what lies outside the streamed range. `cells` takes all tasks. `reading`: what the
   * snapshot is read for in the meantime; it reads one thing after another.
   */
  async settle(
    onFailure: (book: BookName, cause: unknown) => void,
    cells?: CellTally,
    reading: Promise<unknown> = Promise.resolve(),
  ): Promise<void> {
    const trying = async (lookUp: () => Promise<void>): Promise<void> => {
      if (this.#failed.size > 0) return
      try {
        await tellingSeconds(this.#context.progress, 'ledger rows of other times looked up', lookUp)
      } catch (cause) {
        // What was not looked up may hold the missing payment: without it nobody is accused.
        const { reading: book } = this.#lookUps
        for (const each of book === undefined ? BOOKS : [book]) {
          onFailure(each, cause)
          this.#failed.add(each)
        }
        this.#kept.clear()
      }
    }
    if (Object.keys(this.#ownerless.counts).length > 0) await trying(() => this.#settleOwnerless(reading))
    this.#early = this.#lookUpEarly(reading)
    await this.#lookAtAll(cells)
    await reading
    await trying(() => this.#lookUp())
    this.#mode = this.#modeNow()
    this.#isModeOpen = this.#mayBeOtherMode()
    // What was closed before knew nothing of it.
    if (this.#isModeOpen) this.#kept.clear()
  }

  /** Tells which rows without a user are of tasks: before any piece is looked at, since they may be of all. */
  async #settleOwnerless(reading: Promise<unknown>): Promise<void> {
    const orders = this.#ownerless.orders()
    if (orders.size > 0) await reading
    const tasks = await this.#lookUps.tasksAmong(orders)
    this.#ownerless.settle((orderId) => tasks.has(orderId))
    this.#named = new NamedRows(this.#ownerless.named)
  }

  /** Begins to look up what certainly will be, while rows are linked here. Failures are told to whoever waits for it. */
  #lookUpEarly(reading: Promise<unknown>): EarlyLookUp {
    const { ledgerLink } = this.#plan.settings
    const isIdle = ledgerLink === 'total' || this.#failed.size > 0 || looksUpEveryOrder(this.#spools.windowTasks)
    const [refunds, cash] = [this.#spools.takeRefundOrders(), this.#spools.takeCashOrders()]
    const ids = isIdle ? [] : refunds
    const entries = reading.then(() => (ids.length === 0 ? [] : this.#lookUps.rows(ids, this.#plan.ranges.ledger)))
    const orders = entries.then(() => this.#lookUps.tasksElsewhere(isIdle ? new Set() : cash))
    for (const each of [entries, orders]) each.catch(() => undefined)
    return { ids: new Set(ids), entries, orders }
  }

  async #lookAtAll(cells: CellTally | undefined): Promise<void> {
    let rows = 0
    const rooms = ledgerRooms()
    for (const [piece, parts] of this.#pieces.entries()) {
      const reading = this.#spools.reading(parts, rooms)
      await this.#look(piece, reading)
      cells?.addPiece(reading.tasks)
      rows += reading.tasks.count + reading.entries.count
      this.#context.progress('tasks and ledger rows linked', rows, this.#spools.rows)
      await breathe(this.#context.signal)
    }
    this.#count = this.#scans.count()
  }

  close(balances: BalanceTrail | null): LedgerSource {
    const { charged, linked } = this.#count
    const count = this.#pieces.length
    const ownerless = this.#ownerless.sums()
    // What there was to look up is known by now: of many tasks it is tens of megabytes.
    this.#scans.restart()
    const pieceAt = (piece: number, rooms: LedgerRooms): LedgerPiece =>
      this.#keptPiece(piece, rooms) ?? this.#readPiece(piece, rooms)
    return {
      mode: this.#failed.size > 0 ? null : this.#mode,
      chargedTasks: charged,
      linkedTasks: linked,
      everyOrder: looksUpEveryOrder(this.#spools.windowTasks),
      ownerless: { counts: this.#ownerless.counts, ...(ownerless && { told: ownerless.told }) },
      ...(this.#foreign && { foreign: this.#foreign }),
      balances,
      *pieces() {
        const rooms = ledgerRooms()
        for (let piece = 0; piece < count; piece++) yield pieceAt(piece, rooms)
      },
    }
  }

  /** A piece of which what was kept still holds. */
  #keptPiece(piece: number, rooms: LedgerRooms): LedgerPiece | undefined {
    const kept = this.#kept.at(piece)
    if (kept === null || kept.mode !== this.#mode) return undefined
    const openEntries = () => kept.openEntries(rooms)
    const allEntries = () => this.#tallyOf(piece, rooms).taskEntries().taskEntries()
    const { settledTasks } = kept
    // Where no task is settled, all of them are open; at depth summary there is none of either.
    const taskEntries = settledTasks === 0 ? openEntries : allEntries
    return { users: this.#close(kept.users()), settledTasks, openEntries, taskEntries }
  }

  #readPiece(piece: number, rooms: LedgerRooms): LedgerPiece {
    const tally = this.#tallyOf(piece, rooms)
    return { users: this.#close(tally.figures()), ...tally.taskEntries() }
  }

  #close(users: ReturnType<KeptPiece['users']>): Map<number, UserLedger> {
    const terms = this.#termsOf(this.#mode)
    return new Map(
      users.map((user) => {
        if (user instanceof ClosedUser) {
          user.resolve(this.#orders)
          return [user.userId, user]
        }
        resolveOrders(user, this.#orders)
        return [user.userId, new ClosedUser(user, terms)]
      }),
    )
  }

  #termsOf(mode: LinkMode): ClosingTerms {
    const [plan, failed, unreadTimes] = [this.#plan, this.#failed, this.#unreadTimes]
    const terms = { plan, mode, failed, unreadTimes, ownerless: this.#ownerless.sums() }
    const lateOpen = this.#late?.isOpen === true
    const { undated, hasNobodys: anyNobodys } = this.#spools
    const { hasNobodys } = undated
    const isTold = undated.each !== null
    return { ...terms, lateOpen, undated: { isTold, isModeOpen: this.#isModeOpen, hasNobodys, anyNobodys } }
  }

  async #lookUp(): Promise<void> {
    await this.#early?.entries
    const known = await this.#early?.orders
    this.#lookUps.reading = undefined
    const { ledgerLink } = this.#plan.settings
    if (ledgerLink !== 'total' && (ledgerLink === 'order' || (await this.#linksInUse()))) {
      const isMore = await this.#lookUpRows()
      await this.#lookAgain(this.#lookedUp, isMore)
      await this.#lookForBearers()
      await this.#lookForLate()
      if (this.#modeNow() !== 'total') this.#foreign = await this.#lookUps.foreignOrders(this.#scans.strayRows())
    }
    const asked = new Set(this.#scans.ordersOfRows(this.#modeNow()).slice(0, LIMITS.lookupIdsTotal))
    this.#orders = { asked, tasks: await this.#lookUps.tasksAmong(asked, known) }
  }

  /** Looks rows up, and tells whether some of them name no user. There may be very many ids: none is kept beyond that. */
  async #lookUpRows(): Promise<boolean> {
    const early = this.#early
    this.#early = undefined
    // What decides the mode are all tasks of the window; once it is decided, those that the filters leave.
    const isDecided = linksSuffice(this.#count, this.#plan.settings) && !this.#mayBeOtherMode()
    const scope = this.#plan.settings.ledgerLink === 'order' || isDecided ? 'selected' : 'window'
    // Rows of the streamed range were taken already.
    const ids = withinLimit([...this.#scans.idsOfTasks(scope), ...(this.#spools.undated.each ?? []).flatMap(idsOf)])
    const wanted = new Set(ids)
    const late = ids.filter((id) => early?.ids.has(id) !== true)
    const isWanted = ({ orderId }: LedgerEntry): boolean => wanted.has(orderId) || wanted.has(bareId(orderId))
    const foundEarly = ((await early?.entries) ?? []).filter(isWanted)
    const found = late.length === 0 ? [] : await this.#lookUps.rows(late, this.#plan.ranges.ledger)
    // What names one id as it is stored may name another bare.
    const known = new Set(foundEarly.map(rowName))
    const all = [...foundEarly, ...found.filter((each) => !known.has(rowName(each)))]
    return this.#take(all.filter(({ at }) => !within(at, this.#plan.ranges.ledger)))
  }

  /** Takes rows that name tasks and were not streamed, and tells whether some of them name no user. */
  #take(found: readonly LedgerEntry[]): boolean {
    for (const entry of found) {
      if (entry.userUntold === true) this.#ownerless.addNamed(entry)
      else this.#lookedUp.push(entry)
    }
    const isMore = this.#ownerless.named.length > this.#named.count
    if (isMore) this.#named = new NamedRows(this.#ownerless.named)
    return isMore
  }

  /**
   * Rows that come to too much for their task may be those of a task of another time, or of one that names no user: then nobody
   * can tell of which.
   */
  async #lookForBearers(): Promise<void> {
    if (this.#modeNow() === 'total') return
    this.#bearers = await this.#lookUps.bearersOf(withinLimit(this.#scans.idsOfTasks('doubtful')))
    if (this.#bearers.length > 0) await this.#lookAgain(this.#bearers, this.#bearers.some(isNobodys))
  }

  /** Refunds that no look-up finds may have come at any time since, to users who are missing one. */
  async #lookForLate(): Promise<void> {
    if (this.#modeNow() === 'total') return
    const context = { plan: this.#plan, snapshot: this.#snapshot, lookUps: this.#lookUps, signal: this.#context.signal }
    const late = await lookForLateRefunds(this.#scans, [...this.#lookedUp, ...this.#ownerless.named], context)
    this.#late = late
    for (const entry of late.ownerless) this.#ownerless.addLoose(entry)
    const concernsAll = this.#take(late.named) || late.ownerless.length > 0
    const found = [...late.ofUsers, ...late.named]
    if (late.isOpen) this.#kept.clear()
    else if (found.length > 0 || concernsAll) await this.#lookAgain(found, concernsAll)
  }

  #modeNow(count = this.#count): LinkMode {
    return linkModeOf(count, this.#plan.settings)
  }

  /** Whether tasks without a time leave the mode open, as far as rows were looked up. */
  #mayBeOtherMode(): boolean {
    const undated = { mayBeCharged: this.#spools.undated.mayBeCharged, linked: this.#scans.undatedLinked() }
    return mayBeOtherMode(this.#count, undated, this.#plan.settings)
  }

  /** Whether tasks without a linked row so far are worth looking up: most are linked, or a sample of them is. */
  async #linksInUse(): Promise<boolean> {
    if (linksSuffice(this.#count, this.#plan.settings)) return true
    return (await this.#lookUps.rows(sampleOf(this.#scans.idsOfTasks('window')))).length > 0
  }

  /** Looks at the pieces again whose users what was looked up belongs to, or at all. */
  async #lookAgain(found: readonly { readonly userId: number }[], concernsAll = false): Promise<void> {
    // What was left out before may be few enough now.
    const { isCut } = this.#scans
    const all = isCut || concernsAll
    if (isCut) this.#scans.restart()
    const concerned = new Set(found.map(({ userId }) => partOfNumber(userId)))
    const rooms = ledgerRooms()
    for (const [piece, parts] of this.#pieces.entries()) {
      if (!all && !parts.some((part) => concerned.has(part))) continue
      await this.#look(piece, this.#spools.reading(parts, rooms))
      await breathe(this.#context.signal)
    }
    this.#count = this.#scans.count()
  }

  /** Links the rows of a piece, and keeps what that tells: nothing of it lies in the rooms, which the next piece is read into. */
  async #look(piece: number, reading: LedgerRecords): Promise<void> {
    const { signal } = this.#context
    this.#kept.letGo(piece)
    const tally = await inBreaths(this.#linking(reading), signal)
    const count = await inBreaths(this.#scans.taking(piece, tally), signal)
    this.#kept.keep(piece, {
      figures: tally.figures(),
      told: tally.taskEntries(),
      terms: this.#termsOf(this.#modeNow(count)),
      putAside: (value) => this.#spools.putAside(value),
      again: (rooms) => this.#tallyOf(piece, rooms).taskEntries().openEntries(),
    })
  }

  /** Links a piece again: good until the rooms are linked in again. */
  #tallyOf(piece: number, rooms: LedgerRooms): LedgerTally {
    return atOnce(this.#linking(this.#spools.reading(this.#pieces[piece] ?? [], rooms)))
  }

  #linking(reading: LedgerRecords): Generator<undefined, LedgerTally, undefined> {
    const isHere = ({ userId }: { readonly userId: number }): boolean => reading.holds(userId)
    const own = {
      rows: this.#lookedUp.filter(isHere),
      bearers: this.#bearers.filter((task) => isNobodys(task) || isHere(task)),
      late: this.#late?.ofUsers.filter(isHere) ?? [],
      named: this.#named,
      refundsOfAnybody: this.#ownerless.refundsOfAnybody(),
      undated: (this.#spools.undated.each ?? []).filter(isHere),
    }
    return LedgerTally.linking(this.#plan, reading, this.#spools.windowTasks, own)
  }
}
