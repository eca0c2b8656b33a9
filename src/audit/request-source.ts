import type { BillingEvent } from '../fal/reader.ts'
import type { TaskRow } from '../ledger/reader.ts'
import { PARTS, partOfText, pieceParts, type Spool } from '../spool/spool.ts'
import type { PieceReading } from './ask-by-id.ts'
import type { EventRecords, SpooledEvent } from './event-codec.ts'
import { entryOf } from './nested.ts'
import { PriceChanges } from './price-points.ts'
import { type RequestEvidence, withBareId } from './request-evidence.ts'
import { sequenceKey } from './rules/price-sequence.ts'
import type { SpooledTask, TaskRecords } from './task-records.ts'
import type { SharedBill } from './whose-bill.ts'

/** Rows of tasks and events that are joined at once. */
const PIECE_ROWS = 10_000

/** The requests of an audit, piece by piece: all that bears one request id is in one piece. */
export interface RequestSource {
  /** Bills whose events were read whole. */
  readonly readBills: ReadonlySet<SharedBill>
  /** Why questions by id were not answered, by bill: then its events count as read in part. */
  readonly gaps: ReadonlyMap<SharedBill, string>
  /** Whether the whole table was searched for other tasks with the window's request ids. */
  readonly sharedSearched: boolean
  /** Whether a price changes within a sequence of rules/price-sequence.ts. */
  priceChanges(key: string): boolean
  /** Each piece once a call, in an order that depends on the ids alone. */
  pieces(): Iterable<RequestEvidence>
}

/** Requests that are all in memory. */
export function inOnePiece(requests: RequestEvidence): RequestSource {
  const changes = new PriceChanges()
  const readBills = new Set<SharedBill>()
  for (const [bill, events] of requests.events) {
    if (events === null) continue
    readBills.add(bill)
    for (const event of events) notePrice(changes, bill, event)
  }
  const { gaps, sharedSearched } = requests
  return { readBills, gaps, sharedSearched, priceChanges: (key) => changes.changes(key), pieces: () => [requests] }
}

export function notePrice(changes: PriceChanges, bill: SharedBill, event: BillingEvent): void {
  const point = pricePoint(bill, event)
  if (point !== null) changes.add(point)
}

/** What a billing event says of a price; null where it names none. */
export const pricePoint = ({ label }: SharedBill, event: BillingEvent) => priceOf(label, event)

function priceOf(workspace: string, { model, unit, unitPrice, percentDiscount }: BillingEvent) {
  if (unitPrice === null) return null
  return { workspace, model, unit: unit ?? '', percentDiscount: percentDiscount ?? '0', unitPrice }
}

export { sequenceKey }

/** Where a task is looked for by its request id; those without one are spread by their own. */
export const partOfTask = ({ requestId, taskId }: TaskRow): number => partOfText(requestId === '' ? taskId : requestId)

/** Tasks and events of one piece as they were spooled. */
export interface SpooledPiece {
  readonly parts: readonly number[]
  readonly tasks: TaskRecords
  readonly events: EventRecords
}

/** Tasks and events as they were read, in parts by request id. */
export class RequestSpools {
  readonly #pieceRows: number
  readonly tasks: Spool<SpooledTask, TaskRecords>
  readonly events: Spool<SpooledEvent, EventRecords>
  readonly #prices = new Map<number, PriceChanges>()
  /** The only piece, where all fits into one. */
  #only: SpooledPiece | undefined

  constructor(
    tasks: Spool<SpooledTask, TaskRecords>,
    events: Spool<SpooledEvent, EventRecords>,
    pieceRows = PIECE_ROWS,
  ) {
    this.#pieceRows = pieceRows
    this.tasks = tasks
    this.events = events
  }

  addTask(task: TaskRow): void {
    this.tasks.add(partOfTask(task), { task, selected: true })
  }

  addEvent(lot: number, event: BillingEvent): void {
    const bare = withBareId(event)
    this.events.add(partOfText(bare.requestId), { lot, event: bare })
    const point = priceOf('', event)
    if (point !== null) entryOf(this.#prices, lot, newChanges).add(point)
  }

  /** Prices of the events of a lot, as those of a workspace without a name. */
  pricesOf(lot: number): PriceChanges {
    return entryOf(this.#prices, lot, newChanges)
  }

  /** The same pieces at every call. */
  *read(): Generator<SpooledPiece> {
    const pieces = pieceParts((part) => this.tasks.rowsIn(part) + this.events.rowsIn(part), this.#pieceRows)
    if (pieces.length === 1) {
      this.#only ??= this.#reading(pieces[0] ?? [])
      yield this.#only
      return
    }
    for (const parts of pieces) yield this.#reading(parts)
  }

  #reading(parts: readonly number[]): SpooledPiece {
    return { parts, tasks: this.tasks.read(parts), events: this.events.read(parts) }
  }
}

const newChanges = (): PriceChanges => new PriceChanges()

/** The rows of a piece. */
export function rowsOf({ parts, tasks, events }: SpooledPiece): PieceReading {
  const held = new Uint8Array(PARTS)
  for (const part of parts) held[part] = 1
  const rows: TaskRow[] = []
  for (let task = 0; task < tasks.count; task++) rows.push(tasks.row(task))
  return {
    tasks: rows,
    eventsOf: (lot) => events.ofLot(lot).map((index) => events.event(index)),
    holds: (requestId) => held[partOfText(requestId)] === 1,
  }
}
