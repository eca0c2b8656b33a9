import type { BillingEvent, UnreadBecause } from '../../fal/reader.ts'
import type { LedgerSnapshot, TaskRow } from '../../ledger/reader.ts'
import { NumberRooms } from '../../spool/number-rooms.ts'
import { ReadingRoom } from '../../spool/reading-room.ts'
import { within } from '../../units/instant.ts'
import { accountFinder } from '../bills/account-keys.ts'
import type { Attribution, SharedBill } from '../bills/whose-bill.ts'
import type { Bills } from '../evidence.ts'
import { groupBy } from '../rules/group-by.ts'
import { unplacedRequests } from '../tasks/unread-times.ts'
import { type TellProgress, tellingSeconds } from '../waiting.ts'
import type { RepeatedEvent } from './answered-events.ts'
import type { BillQuestions, PieceReading } from './ask-by-id.ts'
import { type AccountOf, type OpenIds, questionsAbout, type ScoutSources, scoutAll } from './open-requests.ts'
import { plainMatches } from './plain-matches.ts'
import { PriceChanges } from './price-points.ts'
import {
  namesNobody,
  notePrice,
  partOfRequest,
  type RequestSource,
  rowsOf,
  type SpooledPiece,
} from './request-source.ts'

/** What was read about single requests, of all or of one piece of them. */
export interface RequestEvidence {
  /** Tasks of the window and those that may have crossed its edges. */
  readonly tasks: readonly TaskRow[]
  /** Events by bill, those found by asking for an id included; null where they were not read whole. */
  readonly events: ReadonlyMap<SharedBill, readonly BillingEvent[] | null>
  /** Tasks of any other time that bear the id of an event without a task. */
  readonly otherTasks: readonly TaskRow[]
  /** Request ids that were asked for and could not be answered, or that a bill holds which was read in part. */
  readonly unanswered: ReadonlySet<string>
  /** Why questions by id were not answered, by bill: then its events count as read in part. */
  readonly gaps: ReadonlyMap<SharedBill, UnreadBecause>
  /** Events that fal, asked for their request by its id, gives more than once within one answer. */
  readonly repeated: readonly RepeatedEvent[]
  /** Whether the whole table was searched for other tasks with the window's request ids. */
  readonly sharedSearched: boolean
}

export interface RequestSources extends ScoutSources {
  readonly bills: Pick<Bills, 'workspaces'>
  readonly snapshot: LedgerSnapshot
  readonly progress: TellProgress
}

/**
 * Settles what the streams left open: the whole table is searched for events without a task before any is called
 * unrecorded, and fal is asked by id for tasks without an event before any is called unbilled.
 */
export async function readRequestEvidence(sources: RequestSources): Promise<RequestSource> {
  const { bills, attribution, spools, accounts, progress, snapshot } = sources
  const stored = unplacedRequests(snapshot.unreadTimes?.() ?? {}).values()
  const unplaced = new Set([...stored].map((id) => snapshot.bareRequestId(id)).filter((id) => id !== ''))
  const { questions, open, pairs } = await scoutAll({ ...sources, unplaced })
  const changes = new PriceChanges()
  const accountOf = accountFinder(accounts)
  const { otherTasks, sharedSearched } = await tellingSeconds(progress, 'tasks of other times looked up', () =>
    readOtherTasks(sources, open),
  )
  // Of what period they are nobody can tell: fal is asked as of the others.
  for (const task of otherTasks.filter(({ requestId }) => open.isUnbilled(requestId))) {
    questionsAbout(task, questions, accountOf)?.addUnplaced(task)
  }
  await tellingSeconds(progress, 'fal asked for requests by id', async () => {
    // Side by side: a key that is not answered must not hold the others up.
    await Promise.all(questions.map((each) => each.ask()))
  })
  for (const { bill, lot, found } of questions) {
    if (lot !== null) changes.addAll(bill.label, spools.pricesOf(lot))
    for (const event of found) notePrice(changes, bill, event)
  }
  const gaps = new Map(questions.flatMap(({ bill, gap }) => (gap === null ? [] : [[bill, gap] as const])))
  const readBills = new Set(questions.filter(({ isRead }) => isRead).map(({ bill }) => bill))
  const nameNobody = new Set(questions.flatMap(({ bill, found }) => (namesNobody(bill, found) ? bill : [])))
  const readLots = questions.flatMap(({ bill, lot, isRead }) => (isRead && lot !== null ? [{ bill, lot }] : []))
  const brokenLots = lotsOfBroken(bills, readBills)
  const asked = questions.flatMap((each) => each.idsTold())
  const besidesByPart = groupBy([...otherTasks.map(({ requestId }) => requestId), ...asked], partOfRequest)
  const othersByPart = groupBy(otherTasks, ({ requestId }) => partOfRequest(requestId))
  const evidenceOf = (piece: PieceReading, { parts }: SpooledPiece, inBroken: readonly string[]): RequestEvidence => ({
    tasks: piece.tasks,
    events: eventsOf(piece, questions, attribution),
    otherTasks: parts.flatMap((part) => othersByPart.get(part) ?? []),
    unanswered: unansweredOf(piece, questions, accountOf, inBroken),
    gaps,
    repeated: questions.flatMap(({ repeated }) => repeated.filter(({ event }) => piece.holds(event.requestId))),
    sharedSearched,
  })
  return {
    readBills,
    nameNobody,
    gaps,
    sharedSearched,
    priceChanges: (key) => changes.changes(key),
    *pieces(terms) {
      let index = 0
      const rooms = { tasks: new ReadingRoom(), events: new ReadingRoom(), found: new NumberRooms() }
      for (const piece of spools.read()) {
        const inBroken = idsOf(piece, brokenLots)
        const besides = [...inBroken, ...piece.parts.flatMap((part) => besidesByPart.get(part) ?? [])]
        const told = pairs[index++]
        const plain =
          terms && told && plainMatches({ piece, pairs: told(rooms), readLots, besides }, terms, rooms.found)
        yield { ...evidenceOf(rowsOf(piece, plain), piece, inBroken), ...(plain && { plain }) }
      }
    },
  }
}

function eventsOf(
  piece: PieceReading,
  questions: readonly BillQuestions[],
  { workspaces }: Attribution,
): RequestEvidence['events'] {
  const read = new Map(questions.map((each) => [each.bill, each.eventsOf(piece)]))
  return new Map(workspaces.map((bill) => [bill, read.get(bill) ?? null]))
}

/** Readings of events that broke off, or that fal contradicts, of bills that no other key read whole. */
function lotsOfBroken({ workspaces }: Pick<Bills, 'workspaces'>, readBills: ReadonlySet<SharedBill>): number[] {
  const isRead = new Set([...readBills].flatMap(({ members }) => members))
  return workspaces.flatMap(({ name, members, usage, events }) => {
    if (events === null || events.status === 'failed' || members.some((id) => isRead.has(id))) return []
    // Nothing tells it from the bill that another key read.
    const mayBeRead = name === null && usage.status === 'failed'
    return mayBeRead ? [] : events.value.lot
  })
}

/** The requests of some lots. */
const idsOf = ({ events }: SpooledPiece, lots: readonly number[]): string[] =>
  lots.flatMap((lot) => events.ofLot(lot).map((event) => events.requestIdText(event)))

/** `inBroken`: requests that were billed, on whatever account their tasks are, and nobody knows at how much. */
function unansweredOf(
  piece: PieceReading,
  questions: readonly BillQuestions[],
  accountOf: AccountOf,
  inBroken: readonly string[],
): Set<string> {
  const unanswered = new Set(inBroken)
  if (questions.every(({ gap }) => gap === null)) return unanswered
  const billed = new Set<string>()
  for (const each of questions) for (const { requestId } of each.eventsOf(piece) ?? []) billed.add(requestId)
  for (const task of piece.tasks) {
    if (billed.has(task.requestId)) continue
    if (questionsAbout(task, questions, accountOf)?.leavesOpen(task)) unanswered.add(task.requestId)
  }
  return unanswered
}

/**
 * Tasks of any other time that bear an id without a task here or, where that is a question about few, an id of the window:
 * one request may be shared over its edges.
 */
async function readOtherTasks(
  { plan, snapshot }: RequestSources,
  open: OpenIds,
): Promise<{ otherTasks: TaskRow[]; sharedSearched: boolean }> {
  const ids = open.list()
  const { crossingSince, tasks } = plan.ranges
  const taken = { start: crossingSince, end: tasks.end }
  const found = ids.length === 0 ? [] : await snapshot.tasksByRequestIds(ids, taken)
  const otherTasks = found.filter(({ createdAt }) => !within(createdAt, taken))
  return { otherTasks, sharedSearched: open.areAll }
}
