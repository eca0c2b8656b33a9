import type { BillingEvent, UnreadBecause } from '../../fal/reader.ts'
import type { TaskRow } from '../../ledger/reader.ts'
import { hashOfText } from '../../rows/bytes.ts'
import { EVENT_RECORDS, type EventRecords, type EventWords } from '../../rows/event-records.ts'
import { TASK_RECORDS, type TaskRecords, type TaskWords } from '../../rows/task-records.ts'
import { putNumbersAside } from '../../spool/put-aside.ts'
import { ReadingRoom } from '../../spool/reading-room.ts'
import { PARTS, partOfHash, pieceParts, Spool } from '../../spool/spool.ts'
import type { SpoolFile } from '../../spool/spool-file.ts'
import type { SharedBill } from '../bills/whose-bill.ts'
import { entryOf } from '../nested.ts'
import type { PricePoint } from '../rules/facts.ts'
import type { PieceReading } from './ask-by-id.ts'
import type { PlainMatches, PlainTerms } from './plain-matches.ts'
import { PriceChanges, SeenPrices } from './price-points.ts'
import type { RequestEvidence } from './request-evidence.ts'

/** Rows of tasks and events that are joined at once. */
const PIECE_ROWS = 10_000

/** The requests of an audit, piece by piece: all that bears one request id is in one piece. */
export interface RequestSource {
  /** Bills whose events were read whole. */
  readonly readBills: ReadonlySet<SharedBill>
  /** Bills of which fal, asked by id, told an event that names none of the accounts that share them: rows and pages need not have one. */
  readonly nameNobody: ReadonlySet<SharedBill>
  /** Why questions by id were not answered, by bill: then its events count as read in part. */
  readonly gaps: ReadonlyMap<SharedBill, UnreadBecause>
  /** Whether the whole table was searched for other tasks with the window's request ids. */
  readonly sharedSearched: boolean
  /** Whether a price changes within a sequence of rules/price-sequence.ts. */
  priceChanges(key: string): boolean
  /** Each piece once a call, in an order that depends on the ids alone. With terms, plain matches are told apart. */
  pieces(terms?: PlainTerms): Iterable<RequestPiece>
}

/** Tasks and events as objects, but for those of plain matches. */
export interface RequestPiece extends RequestEvidence {
  readonly plain?: PlainMatches
}

/** Requests that are all in memory. */
export function inOnePiece(requests: RequestEvidence): RequestSource {
  const changes = new PriceChanges()
  const readBills = new Set<SharedBill>()
  const nameNobody = new Set<SharedBill>()
  for (const [bill, events] of requests.events) {
    if (events === null) continue
    readBills.add(bill)
    if (namesNobody(bill, events)) nameNobody.add(bill)
    for (const event of events) notePrice(changes, bill, event)
  }
  const { gaps, sharedSearched } = requests
  const priceChanges = (key: string): boolean => changes.changes(key)
  return { readBills, nameNobody, gaps, sharedSearched, priceChanges, pieces: () => [requests] }
}

/** Whether any of these events of a bill is not told whose it is, of those that share the bill. */
export const namesNobody = (bill: SharedBill, events: readonly BillingEvent[]): boolean =>
  events.some((event) => bill.ownerOf(event) === 'undivided')

export function notePrice(changes: PriceChanges, bill: SharedBill, event: BillingEvent): void {
  const point = pricePoint(bill, event)
  if (point !== null) changes.add(point)
}

/** What a billing event says of a price; null where it names none. */
export const pricePoint = ({ label }: SharedBill, event: BillingEvent): Price | null => priceOf(label, event)

/** The same of one of some events. */
export const priceOfEvent = ({ label }: SharedBill, events: EventRecords, index: number): Price | null =>
  priceOf(label, events.event(index))

/** A price as it was billed, whenever that was. */
export type Price = Omit<PricePoint, 'at'>

function priceOf(workspace: string, { model, unit, unitPrice, percentDiscount }: BillingEvent): Price | null {
  if (unitPrice === null) return null
  return { workspace, model, unit: unit ?? '', percentDiscount: percentDiscount ?? '0', unitPrice }
}

/** Where what bears a request id is kept. */
export const partOfRequest = (requestId: string): number => partOfHash(hashOfText(requestId))

/** Tasks and events of one piece as they were spooled. */
export interface SpooledPiece {
  readonly parts: readonly number[]
  readonly tasks: TaskRecords
  readonly events: EventRecords
}

/** Where pieces are read into, one after the other. */
interface RequestRooms {
  readonly tasks: ReadingRoom
  readonly events: ReadingRoom
}

/** Tasks and events as they were read, in parts by request id. */
export class RequestSpools {
  readonly #pieceRows: number
  readonly tasks: Spool<TaskWords, TaskRecords>
  readonly events: Spool<EventWords, EventRecords>
  readonly #prices = new Map<number, PriceChanges>()
  /** Prices that a lot has named already. */
  readonly #seen = new Map<number, SeenPrices>()
  readonly #file: SpoolFile
  /** The only piece, where all fits into one. */
  #only: SpooledPiece | undefined

  constructor(file: SpoolFile, pieceRows = PIECE_ROWS) {
    this.#pieceRows = pieceRows
    this.#file = file
    this.tasks = new Spool(TASK_RECORDS, file)
    this.events = new Spool(EVENT_RECORDS, file)
  }

  /** Adds one of some tasks. Those without a request id are spread by their own. */
  addTask(tasks: TaskRecords, index: number): void {
    this.tasks.add(partOfHash(tasks.requestHash(index)), tasks, index)
  }

  /** No task is added any more, and no event. */
  endTasks(): void {
    this.tasks.end()
  }

  endEvents(): void {
    this.events.end()
  }

  /** Adds one of some events, as one of a lot. */
  addEvent(lot: number, events: EventRecords, index: number): void {
    events.setLot(index, lot)
    this.events.add(partOfHash(events.requestHash(index)), events, index)
    if (!entryOf(this.#seen, lot, newSeen).isNew(events, index)) return
    const point = priceOf('', events.event(index))
    if (point !== null) entryOf(this.#prices, lot, newChanges).add(point)
  }

  /** Prices of the events of a lot, as those of a workspace without a name. */
  pricesOf(lot: number): PriceChanges {
    return entryOf(this.#prices, lot, newChanges)
  }

  /** The same pieces at every call; each is good until the next is asked for. */
  *read(): Generator<SpooledPiece> {
    const pieces = pieceParts((part) => this.tasks.rowsIn(part) + this.events.rowsIn(part), this.#pieceRows)
    if (pieces.length === 1) {
      this.#only ??= this.#reading(pieces[0] ?? [])
      yield this.#only
      return
    }
    const rooms = { tasks: new ReadingRoom(), events: new ReadingRoom() }
    for (const parts of pieces) yield this.#reading(parts, rooms)
  }

  /** Puts numbers aside until they are asked for. */
  putAside(numbers: Int32Array): (room: ReadingRoom) => Int32Array {
    return putNumbersAside(this.#file, numbers)
  }

  #reading(parts: readonly number[], rooms?: RequestRooms): SpooledPiece {
    return { parts, tasks: this.tasks.read(parts, rooms?.tasks), events: this.events.read(parts, rooms?.events) }
  }
}

const newChanges = (): PriceChanges => new PriceChanges()
const newSeen = (): SeenPrices => new SeenPrices()

/** The rows of a piece, but for those of plain matches. */
export function rowsOf({ parts, tasks, events }: SpooledPiece, plain?: PlainMatches): PieceReading {
  const held = new Uint8Array(PARTS)
  for (const part of parts) held[part] = 1
  const rows: TaskRow[] = []
  for (let task = 0; task < tasks.count; task++) if (plain?.isPlainTask[task] !== 1) rows.push(tasks.row(task))
  return {
    tasks: rows,
    eventsOf: (lot) => {
      const own = events.ofLot(lot)
      const others = plain === undefined ? own : own.filter((index) => plain.isPlainEvent[index] !== 1)
      return others.map((index) => events.event(index))
    },
    holds: (requestId) => held[partOfRequest(requestId)] === 1,
  }
}
