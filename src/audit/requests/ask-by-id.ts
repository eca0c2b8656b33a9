import type { BillingEvent, FalReader, Fetched, UnreadBecause } from '../../fal/reader.ts'
import type { TaskRow } from '../../ledger/reader.ts'
import { SPANS } from '../../limits.ts'
import { earlier, type Instant, plus } from '../../units/instant.ts'
import type { SharedBill } from '../bills/whose-bill.ts'
import { entryOf } from '../nested.ts'
import type { AuditPlan } from '../plan.ts'
import { compareIds } from '../rules/evidence-list.ts'
import { eventKey } from '../rules/same-event.ts'
import { type RepeatedEvent, repeatedEvents, withBareId } from './answered-events.ts'
import { type AskingTerms, FOR_RULES } from './asking-terms.ts'

/** Requests of one bill that pages repeat, about which fal is asked by id; past it the bill counts as read in part. */
const REPEATS_ASKED_MAX = 50_000
const TOO_MANY: Fetched<BillingEvent[]> = {
  status: 'failed',
  failure: 'page-limit',
  reason: `pages repeat more than ${REPEATS_ASKED_MAX} requests`,
}

/** Tasks and events of one piece, as they were read. */
export interface PieceReading {
  readonly tasks: readonly TaskRow[]
  eventsOf(lot: number): readonly BillingEvent[]
  /** Whether what bears this request id belongs to this piece. */
  holds(requestId: string): boolean
}

interface AskContext {
  readonly plan: AuditPlan
  readonly fal: FalReader
  readonly signal: AbortSignal
  /** What the answers are for; the rules where nothing is said. */
  readonly asking?: AskingTerms
}

/** The smallest of many ids, whatever the order in which they come. */
class FirstIds {
  #ids = new Set<string>()
  #total = 0
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  add(id: string): void {
    const before = this.#ids.size
    this.#ids.add(id)
    this.#total += this.#ids.size - before
    if (this.#ids.size > 2 * this.#max) this.#ids = new Set(this.list())
  }

  /** How many were given, each counted once as long as they are kept. */
  get total(): number {
    return this.#total
  }

  list(): string[] {
    return [...this.#ids].sort(compareIds).slice(0, this.#max)
  }
}

/**
 * What one bill is asked by id: about tasks that have no event, as far as it matters; and about requests that carry the same
 * event twice, since pages may repeat and one answer about one request may not.
 */
export class BillQuestions {
  readonly bill: SharedBill
  readonly #context: AskContext
  readonly #asking: AskingTerms
  readonly #missed: FirstIds
  readonly #others: FirstIds
  /** Events of requests that repeat one, as they were told. */
  readonly #suspects = new Map<string, Set<string>>()
  #tasksSince: Instant
  #eventsSince: Instant
  #asked: ReadonlySet<string> = new Set()
  #unansweredAll = false
  #replaced: ReadonlySet<string> = new Set()
  readonly #found: BillingEvent[] = []
  /** Why it is not known what fal says of some requests. */
  gap: UnreadBecause | null = null
  /** Whether the events count as read whole. */
  isRead = true
  readonly repeated: RepeatedEvent[] = []

  constructor(bill: SharedBill, context: AskContext) {
    this.bill = bill
    this.#context = context
    this.#asking = context.asking ?? FOR_RULES
    this.#missed = new FirstIds(this.#asking.max)
    this.#others = new FirstIds(this.#asking.max)
    this.#tasksSince = context.plan.asOf
    this.#eventsSince = context.plan.asOf
  }

  /** Takes a task of this bill's accounts that no event bears the id of. */
  addUnbilled(task: TaskRow): void {
    const { plan } = this.#context
    if (!this.#asking.isOpen(task, plan)) return
    this.#tasksSince = earlier(this.#tasksSince, task.createdAt)
    if (this.#asking.isMissed(task, plan)) this.#missed.add(task.requestId)
    else this.#others.add(task.requestId)
  }

  /** The same of one whose time is not known: as if it were of the window. */
  addUnplaced(task: TaskRow): void {
    this.addUnbilled({ ...task, createdAt: this.#context.plan.window.start })
  }

  addEvents(events: readonly BillingEvent[]): void {
    const suspects = new Set(repeatedEvents(events).map(({ event }) => event.requestId))
    if (suspects.size === 0) return
    // Its other events, however long before, must be in the answer as well, since that replaces them all.
    for (const event of events) {
      if (!suspects.has(event.requestId) || this.#suspects.size > REPEATS_ASKED_MAX) continue
      this.#eventsSince = earlier(this.#eventsSince, event.at)
      entryOf(this.#suspects, event.requestId, () => new Set<string>()).add(eventKey(event))
    }
  }

  async ask(): Promise<void> {
    await this.#askForUnbilled()
    await this.#askForRepeated()
  }

  async #askForUnbilled(): Promise<void> {
    const { max } = this.#asking
    const missed = this.#missed.list()
    const ids = [...new Set([...missed, ...this.#others.list()])]
    if (ids.length === 0) return
    this.#asked = new Set(ids.slice(0, max))
    const left = this.#missed.total - missed.length
    if (left > 0)
      this.#leaveOpen(left, { failure: 'page-limit', reason: `only ${max} requests of a bill are asked for by id` })
    const answer = await this.#askById([...this.#asked], this.#tasksSince)
    if (answer.status === 'complete') {
      for (const event of answer.value) this.#found.push(event)
      this.addEvents(answer.value)
      return
    }
    this.#unansweredAll = true
    this.#leaveOpen(Math.max(ids.length, this.#missed.total), answer)
  }

  async #askForRepeated(): Promise<void> {
    const ids = [...this.#suspects.keys()].sort(compareIds)
    if (ids.length === 0) return
    const answer = ids.length > REPEATS_ASKED_MAX ? TOO_MANY : await this.#askById(ids, this.#eventsSince)
    if (answer.status !== 'complete') {
      // What the pages say twice may be billed once or twice: nothing is said of a bill that leaves this open.
      this.#leaveOpen(ids.length, answer)
      this.isRead = false
      return
    }
    const denied = this.#deniedIn(answer.value)
    if (denied > 0) {
      const told = `pages repeat events of ${denied} requests, of which fal tells otherwise when it is asked about them alone`
      this.gap = { failure: 'bad-answer', reason: told }
      this.isRead = false
      return
    }
    // What fal says of a request by its id is the truth about it; the pages may have said it twice.
    this.#replaced = new Set(ids)
    const kept = this.#found.filter(({ requestId }) => !this.#replaced.has(requestId))
    this.#found.splice(0, this.#found.length, ...kept)
    for (const event of answer.value) this.#found.push(event)
    this.repeated.push(...repeatedEvents(answer.value))
  }

  /** Requests of which an answer lacks an event that was told before: it is not that this was told too often. */
  #deniedIn(answered: readonly BillingEvent[]): number {
    const told = new Map<string, Set<string>>()
    for (const event of answered) entryOf(told, event.requestId, () => new Set<string>()).add(eventKey(event))
    const isTold = (requestId: string, event: string): boolean => told.get(requestId)?.has(event) === true
    return [...this.#suspects].filter(([id, events]) => [...events].some((event) => !isTold(id, event))).length
  }

  #leaveOpen(requests: number, { failure, reason }: UnreadBecause): void {
    this.gap = { failure, reason: `${requests} requests asked for by id were not answered: ${reason}` }
  }

  /** The number of the reading that holds the events of the bill; null where it was not read whole. */
  get lot(): number | null {
    const read = this.bill.source.events
    return read?.status === 'complete' ? read.value.lot : null
  }

  /** All events of a piece, those that fal told when asked by id included; null where they were not read whole. */
  eventsOf(piece: PieceReading): readonly BillingEvent[] | null {
    if (!this.isRead) return null
    const { lot } = this
    const own = lot === null ? [] : piece.eventsOf(lot)
    const found = this.#found.filter(({ requestId }) => piece.holds(requestId))
    if (found.length === 0 && this.#replaced.size === 0) return own
    return [...own.filter(({ requestId }) => !this.#replaced.has(requestId)), ...found]
  }

  /** Requests of which fal told when it was asked for them by id, or tells more than once. */
  idsTold(): string[] {
    return [...this.#found.map(({ requestId }) => requestId), ...this.#replaced]
  }

  /** What fal told beyond the pages. */
  get found(): readonly BillingEvent[] {
    return this.#found
  }

  /** Whether it stays open what fal would say of a task without an event. */
  leavesOpen(task: TaskRow): boolean {
    const { plan } = this.#context
    if (!this.#asking.isOpen(task, plan)) return false
    return this.#unansweredAll || (this.#asking.isMissed(task, plan) && !this.#asked.has(task.requestId))
  }

  async #askById(requestIds: readonly string[], since: Instant): Promise<Fetched<BillingEvent[]>> {
    const { plan, fal, signal } = this.#context
    // An explicit start: without one fal answers for the last day only, even when a request is named. A day early, so
    // that stored times misread by a wrong zone still find their events, and the self-check of the clocks sees it.
    const range = { start: plus(since, -SPANS.crossing), end: plan.asOf }
    const answer = await fal.events(this.bill.source.apiKey, { range, requestIds }, signal)
    return answer.status === 'failed' ? answer : { ...answer, value: answer.value.map(withBareId) }
  }
}
