import type { LedgerEntry, LedgerSnapshot, TaskRow, UnreadTimes } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { exactAmount } from '../rows/entry-records.ts'
import { partOfNumber } from '../spool/spool.ts'
import type { ThreadUse } from '../thread/second-thread.ts'
import { type InstantRange, within } from '../units/instant.ts'
import { atOnce, breathe, inBreaths } from './breathe.ts'
import type { LayerReading } from './layer-reading.ts'
import type { BookName, LedgerBook, UserLedger } from './ledger-book.ts'
import {
  type LedgerPiece,
  type LedgerRecords,
  type LedgerSource,
  type LedgerSpools,
  ledgerRooms,
} from './ledger-source.ts'
import { LedgerTally, type ToldTasks } from './ledger-tally.ts'
import { type LinkCount, type LinkMode, LinkScans, sampleOf } from './link-scans.ts'
import { linkedPieces } from './linked-pieces.ts'
import { looksUpEveryOrder, withinLimit } from './looked-up.ts'
import type { AuditPlan } from './plan.ts'
import type { BalanceTrail } from './rules/facts.ts'
import { ClosedUser, isPaymentOpen, type ResolvedOrders, resolveOrders, type UserFigures } from './user-figures.ts'
import { type TellProgress, tellingSeconds } from './waiting.ts'

/** Rows that are kept as objects for later, of all pieces. */
const ROWS_KEPT_MAX = 60_000
/** Tasks that are put aside for later, of all pieces: more are linked again when they are asked for. */
const TASKS_ASIDE_MAX = 60_000

const NO_ENTRIES = (): LedgerBook['taskEntries'] => []

const BOOKS: readonly BookName[] = ['points', 'cash']

/** Rows that are looked up before it is known which all are to be. */
interface EarlyLookUp {
  readonly ids: ReadonlySet<string>
  readonly entries: Promise<readonly LedgerEntry[]>
}

export interface LinkContext {
  readonly signal: AbortSignal
  readonly progress: TellProgress
  readonly thread?: ThreadUse | undefined
}

/** What is kept of a piece when its rows are let go, so that they need not be read again: where that is little. */
interface KeptPiece {
  /** The mode in which its users were closed: that which this piece alone tells. */
  readonly mode: LinkMode
  /** Each user, closed; or what was added up, where what was paid waits for what an order is. */
  readonly users: readonly (ClosedUser | UserFigures)[]
  readonly settledTasks: number
  readonly openEntries: LedgerPiece['openEntries']
}

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
  /** By piece. */
  readonly #kept: (KeptPiece | null)[] = []
  #rowsKept = 0
  #tasksAside = 0
  #count: LinkCount = { charged: 0, linked: 0 }
  #orders: ResolvedOrders = { asked: new Set(), tasks: new Set() }
  #mode: LinkMode = 'total'
  /** The ledger that is looked into; undefined: what fails then leaves both of them open. */
  #reading: BookName | undefined

  constructor(
    plan: AuditPlan,
    snapshot: LedgerSnapshot,
    spools: LedgerSpools,
    failed: Set<BookName>,
    context: LinkContext,
  ) {
    this.#plan = plan
    this.#context = context
    this.#snapshot = snapshot
    this.#spools = spools
    this.#failed = failed
    this.#pieces = spools.pieces()
    this.#unreadTimes = snapshot.unreadTimes?.() ?? {}
  }

  /**
   * Decides the link mode, and looks up what lies outside the streamed range. `layer` takes all tasks. `reading`: what the
   * snapshot is read for in the meantime; it reads one thing after another.
   */
  async settle(
    onFailure: (book: BookName, cause: unknown) => void,
    layer?: LayerReading,
    reading: Promise<unknown> = Promise.resolve(),
  ): Promise<void> {
    const early = this.#lookUpEarly(reading)
    await this.#lookAtAll(layer)
    await reading
    if (this.#failed.size > 0) return
    try {
      await tellingSeconds(this.#context.progress, 'ledger rows of other times looked up', () => this.#lookUp(early))
    } catch (cause) {
      // What was not looked up may hold the missing payment: without it nobody is accused.
      for (const book of this.#reading === undefined ? BOOKS : [this.#reading]) {
        onFailure(book, cause)
        this.#failed.add(book)
      }
      this.#kept.length = 0
    }
    this.#mode = this.#modeNow()
  }

  /** Begins to look up what certainly will be, while rows are linked here. Failures are told to whoever waits for it. */
  #lookUpEarly(reading: Promise<unknown>): EarlyLookUp {
    const { ledgerLink } = this.#plan.settings
    const isIdle = ledgerLink === 'total' || this.#failed.size > 0 || looksUpEveryOrder(this.#spools.windowTasks)
    const refunds = this.#spools.takeRefundOrders()
    const ids = isIdle ? [] : refunds
    const entries = reading.then(() => (ids.length === 0 ? [] : this.#found(ids, this.#plan.ranges.ledger)))
    entries.catch(() => undefined)
    return { ids: new Set(ids), entries }
  }

  async #lookAtAll(layer: LayerReading | undefined): Promise<void> {
    let rows = 0
    let piece = 0
    const terms = { plan: this.#plan, layer, thread: this.#context.thread }
    for await (const reading of linkedPieces(this.#spools, this.#pieces, terms)) {
      await this.#look(piece++, reading)
      rows += reading.tasks.count + reading.entries.count
      this.#context.progress('tasks and ledger rows linked', rows, this.#spools.rows)
      await breathe(this.#context.signal)
    }
    this.#count = this.#scans.count()
  }

  close(balances: BalanceTrail | null): LedgerSource {
    const { charged, linked } = this.#count
    const count = this.#pieces.length
    // What there was to look up is known by now: of many tasks it is tens of megabytes.
    this.#scans.restart()
    const pieceAt = (piece: number): LedgerPiece => this.#keptPiece(piece) ?? this.#readPiece(piece)
    return {
      mode: this.#failed.size > 0 ? null : this.#mode,
      chargedTasks: charged,
      linkedTasks: linked,
      everyOrder: looksUpEveryOrder(this.#spools.windowTasks),
      balances,
      *pieces() {
        for (let piece = 0; piece < count; piece++) yield pieceAt(piece)
      },
    }
  }

  /** A piece of which what was kept still holds. */
  #keptPiece(piece: number): LedgerPiece | undefined {
    const kept = this.#kept[piece] ?? null
    if (kept === null || kept.mode !== this.#mode) return undefined
    const { settledTasks, openEntries } = kept
    return {
      users: this.#close(kept.users),
      settledTasks,
      openEntries,
      taskEntries: () => this.#tallyOf(piece).taskEntries().taskEntries(),
    }
  }

  #readPiece(piece: number): LedgerPiece {
    const tally = this.#tallyOf(piece)
    return { users: this.#close(tally.figures()), ...tally.taskEntries() }
  }

  #close(users: KeptPiece['users']): Map<number, UserLedger> {
    const terms = { plan: this.#plan, mode: this.#mode, failed: this.#failed, unreadTimes: this.#unreadTimes }
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

  async #lookUp(early: EarlyLookUp): Promise<void> {
    const foundEarly = await early.entries
    this.#reading = undefined
    const { ledgerLink } = this.#plan.settings
    if (ledgerLink !== 'total' && (ledgerLink === 'order' || (await this.#linksInUse()))) {
      // What decides the mode are all tasks of the window; once it is decided, those that the filters leave.
      const scope = ledgerLink === 'order' || this.#linksSuffice() ? 'selected' : 'window'
      // Rows of the streamed range were taken already.
      const ids = withinLimit(this.#scans.idsOfTasks(scope))
      const wanted = new Set(ids)
      const late = ids.filter((id) => !early.ids.has(id))
      const found = late.length === 0 ? [] : await this.#found(late, this.#plan.ranges.ledger)
      for (const entry of [...foundEarly.filter(({ orderId }) => wanted.has(orderId)), ...found]) {
        if (!within(entry.at, this.#plan.ranges.ledger)) this.#lookedUp.push(entry)
      }
      await this.#lookAgain(this.#lookedUp)
      await this.#lookForBearers()
    }
    const asked = new Set(this.#scans.ordersOfRows(this.#modeNow()).slice(0, LIMITS.lookupIdsTotal))
    this.#orders = { asked, tasks: await this.#tasksAmong(asked) }
  }

  /** Rows that come to too much for their task may be those of a task of another time: then nobody can tell of which. */
  async #lookForBearers(): Promise<void> {
    const ids = withinLimit(this.#scans.idsOfTasks('doubtful'))
    if (ids.length === 0 || this.#modeNow() === 'total') return
    const { taken } = this.#spools
    const found = await this.#snapshot.tasksByEitherId(ids, taken)
    this.#bearers = found.filter(({ createdAt, userUntold }) => userUntold !== true && !within(createdAt, taken))
    if (this.#bearers.length > 0) await this.#lookAgain(this.#bearers)
  }

  /** The ids of tasks, of whatever user and time, that are among some order ids or that these are other forms of. */
  async #tasksAmong(orders: ReadonlySet<string>): Promise<Set<string>> {
    const ids = new Set<string>()
    if (orders.size === 0) return ids
    const asking = this.#snapshot.tasksByEitherId([...orders], this.#spools.taken)
    // The server looks for tasks of other times meanwhile. Whoever waits for it below is told of its failure.
    asking.catch(() => undefined)
    for (const own of this.#spools.idsAmong(orders)) {
      for (const id of own) ids.add(id)
      await breathe(this.#context.signal)
    }
    for (const { taskId, requestId } of await asking) ids.add(taskId).add(requestId)
    ids.delete('')
    return ids
  }

  #modeNow(count = this.#count): LinkMode {
    const { ledgerLink } = this.#plan.settings
    if (ledgerLink !== 'auto') return ledgerLink
    return this.#linksSuffice(count) ? 'order' : 'total'
  }

  /** Whether enough charged tasks have a linked row for link mode order. Without charged tasks any mode will do. */
  #linksSuffice({ charged, linked } = this.#count): boolean {
    const { numerator, denominator } = this.#plan.settings.thresholds.ledgerLinkRatio
    return BigInt(linked) * denominator >= BigInt(charged) * numerator
  }

  /** Whether tasks without a linked row so far are worth looking up: most are linked, or a sample of them is. */
  async #linksInUse(): Promise<boolean> {
    if (this.#linksSuffice()) return true
    return (await this.#found(sampleOf(this.#scans.idsOfTasks('window')))).length > 0
  }

  /** Rows with these order ids; those of `taken` may be left out. */
  async #found(ids: readonly string[], taken?: InstantRange): Promise<LedgerEntry[]> {
    const lookUps: Record<BookName, LedgerSnapshot['pointsByOrderIds']> = {
      points: (...question) => this.#snapshot.pointsByOrderIds(...question),
      cash: (...question) => this.#snapshot.cashByOrderIds(...question),
    }
    const entries: LedgerEntry[] = []
    for (const book of BOOKS) {
      this.#reading = book
      for (const entry of await lookUps[book](withinLimit(ids), taken)) {
        // What no number holds is told here, where it makes the ledger one that was read in part.
        exactAmount(entry)
        entries.push(entry)
      }
    }
    this.#reading = undefined
    return entries
  }

  /** Looks at the pieces again whose users what was looked up belongs to. */
  async #lookAgain(found: readonly { readonly userId: number }[]): Promise<void> {
    // What was left out before may be few enough now.
    const all = this.#scans.isCut
    if (all) this.#scans.restart()
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
    const tally = await inBreaths(this.#linking(reading), signal)
    const count = await inBreaths(this.#scans.taking(piece, tally), signal)
    this.#kept[piece] = this.#keep(piece, tally, count)
  }

  /** Sums by user grow with users, and are needed in the end; rows that wait are kept as long as they are few. */
  #keep(piece: number, tally: LedgerTally, count: LinkCount): KeptPiece | null {
    const told = tally.taskEntries()
    const figures = tally.figures()
    const waiting = figures.reduce((count, { unresolved }) => count + unresolved.length, 0)
    if (this.#rowsKept + waiting > ROWS_KEPT_MAX) return null
    this.#rowsKept += waiting
    const mode = this.#modeNow(count)
    const terms = { plan: this.#plan, mode, failed: this.#failed, unreadTimes: this.#unreadTimes }
    try {
      return {
        mode,
        users: figures.map((user) => (isPaymentOpen(user) ? user : new ClosedUser(user, terms))),
        settledTasks: told.settledTasks,
        openEntries: this.#putAside(piece, mode, told),
      }
    } catch (cause) {
      // A sum that no number holds may never be asked for in the end: then the mode is another one, or a ledger has failed.
      if (cause instanceof RangeError) return null
      throw cause
    }
  }

  /** In mode total nobody asks for tasks and their rows. */
  #putAside(piece: number, mode: LinkMode, { openTasks, openEntries }: ToldTasks): LedgerPiece['openEntries'] {
    if (openTasks === 0) return NO_ENTRIES
    if (mode === 'total' || this.#tasksAside + openTasks > TASKS_ASIDE_MAX) {
      return () => this.#tallyOf(piece).taskEntries().openEntries()
    }
    this.#tasksAside += openTasks
    return this.#spools.putAside(openEntries())
  }

  #tallyOf(piece: number): LedgerTally {
    return atOnce(this.#linking(this.#spools.reading(this.#pieces[piece] ?? [])))
  }

  #linking(reading: LedgerRecords): Generator<undefined, LedgerTally, undefined> {
    const isHere = ({ userId }: { readonly userId: number }): boolean => reading.holds(userId)
    const own = { rows: this.#lookedUp.filter(isHere), bearers: this.#bearers.filter(isHere) }
    return LedgerTally.linking(this.#plan, reading, this.#spools.windowTasks, own)
  }
}
