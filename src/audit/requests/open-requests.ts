import type { BillingEvent, FalReader } from '../../fal/reader.ts'
import type { AccountRow, TaskRow } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import type { EventRecords } from '../../rows/event-records.ts'
import { newBytesOfId } from '../../rows/id-bytes.ts'
import { IdSet } from '../../rows/id-set.ts'
import { NumberRooms } from '../../spool/number-rooms.ts'
import type { ReadingRoom } from '../../spool/reading-room.ts'
import { type Instant, within } from '../../units/instant.ts'
import { accountFinder } from '../bills/account-keys.ts'
import type { Attribution } from '../bills/whose-bill.ts'
import { breathe } from '../breathe.ts'
import type { AuditPlan } from '../plan.ts'
import { groupBy } from '../rules/group-by.ts'
import { BillQuestions } from './ask-by-id.ts'
import type { AskingTerms } from './asking-terms.ts'
import { type RequestPairs, type Scouted, scoutRequests } from './request-scout.ts'
import type { RequestSpools, SpooledPiece } from './request-source.ts'

/** Requests of a window up to which the whole table is searched for others that share their ids. */
const SHARED_IDS_MAX = LIMITS.lookupIdsTotal

/** Requests billed around a window up to which the whole table is searched for the tasks of other times that bear their ids. */
const AROUND_IDS_MAX = LIMITS.lookupIdsTotal

/** What the streams left open is told by these alone. */
export interface ScoutSources {
  readonly plan: AuditPlan
  readonly accounts: readonly AccountRow[]
  readonly spools: RequestSpools
  readonly attribution: Attribution
  readonly fal: FalReader
  readonly signal: AbortSignal
  /** What fal is asked by id for; the rules where nothing is said. */
  readonly asking?: AskingTerms
  /** Request ids of tasks that the streams met, and whose time is not known. */
  readonly unplaced?: ReadonlySet<string>
  /** Whether tasks of the window that bear no request id may have been billed outside it. */
  readonly withoutId?: boolean
}

/** What the streams left open of single requests. */
export interface OpenRequests {
  /** By bill, of those whose events were read whole. */
  readonly questions: readonly BillQuestions[]
  readonly open: OpenIds
  /** By piece, the tasks and events that alone bear their request id. */
  readonly pairs: readonly ((rooms: PairRooms) => RequestPairs)[]
}

/** Looks through all pieces for what the table or fal is to be asked about. */
export async function scoutAll(sources: ScoutSources): Promise<OpenRequests> {
  const { plan, attribution, accounts, spools, signal, unplaced, withoutId } = sources
  const questions = attribution.workspaces
    .filter(({ source }) => source.events?.status === 'complete')
    .map((bill) => new BillQuestions(bill, sources))
  const open = new OpenIds(plan, unplaced, withoutId)
  const accountOf = accountFinder(accounts)
  const pairs: OpenRequests['pairs'][number][] = []
  const lots = questions.flatMap(({ lot }) => lot ?? [])
  const rooms = new NumberRooms()
  for (const piece of spools.read()) {
    const scouted = scoutRequests(piece, lots, rooms)
    lookThrough(piece, scouted, questions, open, accountOf)
    pairs.push(aside(spools, scouted.pairs))
    await breathe(signal)
  }
  return { questions, open, pairs }
}

/** Where the pairs of one piece after another are read into. */
export interface PairRooms {
  readonly tasks: ReadingRoom
  readonly events: ReadingRoom
}

function aside(spools: RequestSpools, { tasks, events }: RequestPairs): (rooms: PairRooms) => RequestPairs {
  const [own, theirs] = [spools.putAside(tasks), spools.putAside(events)]
  return (rooms) => ({ tasks: own(rooms.tasks), events: theirs(rooms.events) })
}

/** Takes of one piece what the table or fal is to be asked about. Rows are made of those alone that are in question. */
function lookThrough(
  { tasks, events }: SpooledPiece,
  { unrecorded, repeated, withoutEvent }: Scouted,
  questions: readonly BillQuestions[],
  open: OpenIds,
  accountOf: AccountOf,
): void {
  for (let task = 0; task < tasks.count && open.areAll; task++) {
    if (open.isOfWindow(tasks.createdAt(task))) open.addTask(tasks.requestIdText(task))
  }
  for (const event of unrecorded) {
    if (open.isOfBill(events.time(event)) || open.isUnplaced(events, event)) open.addEvent(events.event(event))
    else if (open.areAround) open.addAround(events.requestIdText(event))
  }
  for (const { lot } of open.hasUnplaced ? questions : []) {
    for (const event of lot === null ? [] : events.ofLot(lot)) open.noteBilled(events, event)
  }
  const repeatedByLot = groupBy([...repeated], (event) => events.lot(event))
  for (const each of questions) {
    const own = each.lot === null ? undefined : repeatedByLot.get(each.lot)
    if (own !== undefined) each.addEvents(own.map((event) => events.event(event)))
  }
  for (const index of withoutEvent) {
    const task = tasks.row(index)
    questionsAbout(task, questions, accountOf)?.addUnbilled(task)
  }
}

export type AccountOf = (apiKey: string) => number | undefined

/** The bill that a task's account shares in. */
export const questionsAbout = (
  { apiKey }: TaskRow,
  questions: readonly BillQuestions[],
  accountOf: AccountOf,
): BillQuestions | undefined => {
  const accountId = accountOf(apiKey)
  return accountId === undefined ? undefined : questions.find(({ bill }) => bill.members.includes(accountId))
}

/** Ids of the window by which the whole table is searched: those of events without a task and, where they are few, all. */
export class OpenIds {
  readonly #plan: AuditPlan
  readonly #unplaced: IdSet | null
  readonly #unplacedIds: ReadonlySet<string>
  readonly #id = newBytesOfId()
  readonly #orphans = new Set<string>()
  readonly #billed = new Set<string>()
  #own: Set<string> | null = new Set()
  #around: Set<string> | null

  constructor(plan: AuditPlan, unplaced: ReadonlySet<string> = new Set(), withoutId = false) {
    this.#plan = plan
    this.#around = withoutId ? new Set() : null
    this.#unplaced = unplaced.size === 0 ? null : new IdSet(unplaced)
    this.#unplacedIds = unplaced
  }

  /** Whether an event of any time may be that of a task of the window whose time is not known. */
  isUnplaced(events: EventRecords, event: number): boolean {
    return this.#unplaced?.hasId(events, events.requestId(event, this.#id)) === true
  }

  get hasUnplaced(): boolean {
    return this.#unplaced !== null
  }

  /** Takes an event that was read: a task of the window may bear the id of one whose time is not known, and claim it. */
  noteBilled(events: EventRecords, event: number): void {
    if (this.isUnplaced(events, event)) this.#billed.add(events.event(event).requestId)
  }

  /** Whether no event that was read bears the id of a task whose time is not known. */
  isUnbilled(requestId: string): boolean {
    return this.#unplacedIds.has(requestId) && !this.#billed.has(requestId)
  }

  /** Whether an event of that time counts, if no task bears its id. */
  isOfBill(at: Instant): boolean {
    return within(at, this.#plan.ranges.bill)
  }

  addEvent({ requestId }: BillingEvent): void {
    this.#orphans.add(requestId)
  }

  /**
   * Whether events around the window count as well, since they may be the bills of tasks of the window without a request id, unless
   * other tasks bear theirs: most of those made after the window were not read.
   */
  get areAround(): boolean {
    return this.#around !== null
  }

  addAround(requestId: string): void {
    if (this.#around === null) return
    this.#around.add(requestId)
    if (this.#around.size > AROUND_IDS_MAX) this.#around = null
  }

  /** Whether a task of that time is one of the window. */
  isOfWindow(createdAt: Instant): boolean {
    return within(createdAt, this.#plan.window)
  }

  addTask(requestId: string): void {
    if (this.#own === null || requestId === '') return
    this.#own.add(requestId)
    if (this.#own.size > SHARED_IDS_MAX) this.#own = null
  }

  /** Whether all tasks of the window count: they are few. */
  get areAll(): boolean {
    return this.#own !== null
  }

  list(): string[] {
    return [...this.#orphans, ...this.#unplacedIds, ...(this.#own ?? []), ...(this.#around ?? [])]
  }
}
