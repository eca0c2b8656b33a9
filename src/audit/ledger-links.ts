import { AuditError } from '../errors.ts'
import type { LedgerEntry, LedgerSnapshot } from '../ledger/reader.ts'
import { LIMITS } from '../limits.ts'
import { hashOfText } from '../spool/spool.ts'
import { within } from '../units/instant.ts'
import { breathe } from './breathe.ts'
import { exactAmount } from './entry-records.ts'
import type { BookName } from './ledger-book.ts'
import type { LedgerSource, LedgerSpools } from './ledger-source.ts'
import { type LedgerRecords, LedgerTally, looksUpEveryOrder } from './ledger-tally.ts'
import type { AuditPlan } from './plan.ts'
import type { BalanceTrail } from './rules/facts.ts'
import { type TellProgress, tellingSeconds } from './waiting.ts'

/** Missing links looked up to tell an installation that sets order ids from one that does not. */
const LINK_SAMPLE = 100

type LinkMode = 'order' | 'total'

export interface LinkContext {
  readonly signal: AbortSignal
  readonly progress: TellProgress
}

/** How well rows and tasks are linked so far. */
interface LinkScan {
  readonly charged: number
  readonly linked: number
  /** Order ids of tasks whose other rows may lie at any time, by whose tasks; one more than may be looked up at the most. */
  readonly open: { readonly selected: readonly string[]; readonly window: readonly string[] }
  /** Order ids of rows that no task bears, by the link mode in which they matter. */
  readonly unresolved: Readonly<Record<LinkMode, readonly string[]>>
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
  #scan: LinkScan = { charged: 0, linked: 0, open: { selected: [], window: [] }, unresolved: { order: [], total: [] } }
  #orders: ReadonlySet<string> = new Set()
  #taskOrders: ReadonlySet<string> = new Set()
  #mode: LinkMode = 'total'
  #reading: BookName = 'points'

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
  }

  /** Decides the link mode, and looks up what lies outside the streamed range. */
  async settle(onFailure: (book: BookName, cause: unknown) => void): Promise<void> {
    this.#scan = await this.#look()
    if (this.#failed.size > 0) return
    try {
      await tellingSeconds(this.#context.progress, 'ledger rows of other times looked up', () => this.#lookUp())
    } catch (cause) {
      // What was not looked up may hold the missing payment: without it nobody is accused.
      onFailure(this.#reading, cause)
      this.#failed.add(this.#reading)
    }
    this.#mode = this.#modeNow()
  }

  close(balances: BalanceTrail | null): LedgerSource {
    const { charged, linked } = this.#scan
    const readings = (): Iterable<LedgerRecords> => this.#spools.read()
    const close = (reading: LedgerRecords) => {
      const tally = this.#tallyOf(reading)
      tally.resolveOrders(this.#orders, this.#taskOrders)
      const { tasks } = reading
      return { ...tally.close(this.#mode), taskCount: tasks.count, eachTask: tasks.eachCell.bind(tasks) }
    }
    return {
      mode: this.#failed.size > 0 ? null : this.#mode,
      chargedTasks: charged,
      linkedTasks: linked,
      everyOrder: looksUpEveryOrder(this.#spools.windowTasks),
      balances,
      *pieces() {
        for (const reading of readings()) yield close(reading)
      },
    }
  }

  async #lookUp(): Promise<void> {
    const { ledgerLink } = this.#plan.settings
    if (ledgerLink !== 'total' && (ledgerLink === 'order' || (await this.#linksInUse()))) {
      // What decides the mode are all tasks of the window; once it is decided, those that the filters leave.
      const scope = ledgerLink === 'order' || this.#linksSuffice() ? 'selected' : 'window'
      // Rows of the streamed range were taken already.
      for (const entry of await this.#found(this.#scan.open[scope])) {
        if (!within(entry.at, this.#plan.ranges.ledger)) this.#lookedUp.push(entry)
      }
      if (this.#lookedUp.length > 0) this.#scan = await this.#look()
    }
    const orders = this.#scan.unresolved[this.#modeNow()].slice(0, LIMITS.lookupIdsTotal)
    this.#orders = new Set(orders)
    this.#taskOrders = await this.#tasksAmong(orders)
  }

  /** The ids of tasks, of whatever user and time, that are among some order ids or that these are other forms of. */
  async #tasksAmong(orders: readonly string[]): Promise<Set<string>> {
    const ids = new Set<string>()
    if (orders.length === 0) return ids
    const found = await this.#snapshot.tasksByTaskIds(orders)
    for (const task of await this.#snapshot.tasksByRequestIds(orders)) found.push(task)
    for (const { taskId, requestId } of found) ids.add(taskId).add(requestId)
    ids.delete('')
    return ids
  }

  #modeNow(): LinkMode {
    const { ledgerLink } = this.#plan.settings
    if (ledgerLink !== 'auto') return ledgerLink
    return this.#linksSuffice() ? 'order' : 'total'
  }

  /** Whether enough charged tasks have a linked row for link mode order. Without charged tasks any mode will do. */
  #linksSuffice(): boolean {
    const { charged, linked } = this.#scan
    const { numerator, denominator } = this.#plan.settings.thresholds.ledgerLinkRatio
    return BigInt(linked) * denominator >= BigInt(charged) * numerator
  }

  /** Whether tasks without a linked row so far are worth looking up: most are linked, or a sample of them is. */
  async #linksInUse(): Promise<boolean> {
    if (this.#linksSuffice()) return true
    return (await this.#found(sampleOf(this.#scan.open.window))).length > 0
  }

  async #found(ids: readonly string[]): Promise<LedgerEntry[]> {
    const lookUps: Record<BookName, (ids: readonly string[]) => Promise<LedgerEntry[]>> = {
      points: (wanted) => this.#snapshot.pointsByOrderIds(wanted),
      cash: (wanted) => this.#snapshot.cashByOrderIds(wanted),
    }
    const entries: LedgerEntry[] = []
    for (const book of ['points', 'cash'] as const) {
      this.#reading = book
      for (const entry of await lookUps[book](withinLimit(ids))) {
        // What no number holds is told here, where it makes the ledger one that was read in part.
        exactAmount(entry)
        entries.push(entry)
      }
    }
    return entries
  }

  async #look(): Promise<LinkScan> {
    let rows = 0
    let charged = 0
    let linked = 0
    const open = { selected: [] as string[], window: [] as string[] }
    const unresolved = { order: new Set<string>(), total: new Set<string>() }
    for (const reading of this.#spools.read()) {
      const tally = this.#tallyOf(reading)
      const count = tally.linkCount()
      charged += count.charged
      linked += count.linked
      for (const scope of ['selected', 'window'] as const) {
        if (open[scope].length <= LIMITS.lookupIdsTotal)
          for (const id of tally.openOrderIds(scope)) open[scope].push(id)
      }
      for (const mode of ['order', 'total'] as const) {
        if (unresolved[mode].size > LIMITS.lookupIdsTotal) continue
        for (const id of tally.unresolvedOrderIds(mode)) unresolved[mode].add(id)
      }
      rows += reading.tasks.count + reading.entries.count
      this.#context.progress('tasks and ledger rows linked', rows, this.#spools.rows)
      await breathe(this.#context.signal)
    }
    return { charged, linked, open, unresolved: { order: [...unresolved.order], total: [...unresolved.total] } }
  }

  #tallyOf(reading: LedgerRecords): LedgerTally {
    const tally = new LedgerTally(this.#plan, reading, this.#spools.windowTasks)
    for (const entry of this.#lookedUp) if (reading.holds(entry.userId)) tally.addLookedUp(entry)
    for (const book of this.#failed) tally.fail(book)
    return tally
  }
}

/** Some of many ids, which lie user by user: not those of the first users alone, who may be the ones who pay nothing. */
function sampleOf(ids: readonly string[]): string[] {
  const hashed = ids.map((id) => ({ id, hash: hashOfText(id) }))
  hashed.sort((a, b) => a.hash - b.hash)
  return hashed.slice(0, LINK_SAMPLE).map(({ id }) => id)
}

function withinLimit(ids: readonly string[]): readonly string[] {
  if (ids.length <= LIMITS.lookupIdsTotal) return ids
  throw new AuditError('source', `more than ${LIMITS.lookupIdsTotal} order ids would have to be looked up`, {
    next: 'audit fewer days at a time, or set ledgerLink to total in AUDIT_CONFIG',
  })
}
