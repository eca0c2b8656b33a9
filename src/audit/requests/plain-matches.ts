import { newBytesOfId } from '../../rows/id-bytes.ts'
import { IdSet } from '../../rows/id-set.ts'
import type { TaskRecords } from '../../rows/task-records.ts'
import type { NumberRooms } from '../../spool/number-rooms.ts'
import { within } from '../../units/instant.ts'
import type { Owner, SharedBill } from '../bills/whose-bill.ts'
import type { AuditPlan } from '../plan.ts'
import { isRounded } from '../rules/b3-amount.ts'
import type { RequestPairs } from './request-scout.ts'
import type { SpooledPiece } from './request-source.ts'

/** What decides whether a match is plain. */
export interface PlainTerms {
  readonly plan: AuditPlan
  accountOf(apiKey: string): number | undefined
  /** The accounts of layer 2. */
  readonly audited: ReadonlySet<number>
  /** Whether the account's events were read whole. */
  eventsRead(accountId: number): boolean
}

/** A bill whose events were read whole, and the lot that holds them. */
export interface ReadLot {
  readonly bill: SharedBill
  readonly lot: number
}

/**
 * Matches of which nothing is to be said but that they are: a success of the window that was not refunded, and the only event
 * that bears its request id, billed within the window to the account of the task's own key at what was recorded. Nothing else
 * bears the id. Nearly all requests are such, and are added up on their bytes.
 */
export interface PlainMatches {
  readonly piece: SpooledPiece
  readonly count: number
  /** Those of which a cost above 0 was recorded. */
  readonly withCost: number
  /** By match: its task, its event, and whose bill it is in, by index into `bills`. */
  readonly tasks: Int32Array
  readonly events: Int32Array
  readonly bills: Int32Array
  readonly readLots: readonly ReadLot[]
  /** 1 where a task, or an event, is one of a plain match. */
  readonly isPlainTask: Int32Array
  readonly isPlainEvent: Int32Array
}

/** Where plain matches are looked for. */
export interface PairedPiece {
  readonly piece: SpooledPiece
  readonly pairs: RequestPairs
  readonly readLots: readonly ReadLot[]
  /** Ids that something bears which is not of the piece, or of which fal was asked. */
  readonly besides: readonly string[]
}

/** What is found is good until the same rooms are used again. */
export function plainMatches(
  { piece, pairs, readLots, besides }: PairedPiece,
  terms: PlainTerms,
  rooms: NumberRooms,
): PlainMatches {
  const { tasks, events } = piece
  const found = {
    tasks: rooms.take(0, pairs.tasks.length),
    events: rooms.take(1, pairs.tasks.length),
    bills: rooms.take(2, pairs.tasks.length),
    isPlainTask: rooms.zeros(3, tasks.count),
    isPlainEvent: rooms.zeros(4, events.count),
  }
  const bills = new Map(readLots.map(({ lot }, index) => [lot, index]))
  const isBeside = besideTeller(tasks, besides)
  const judge = new PlainJudge(piece, readLots, terms)
  let count = 0
  let withCost = 0
  for (let pair = 0; pair < pairs.tasks.length; pair++) {
    const task = pairs.tasks[pair] as number
    const event = pairs.events[pair] as number
    const bill = bills.get(events.lot(event))
    if (bill === undefined || isBeside(task) || !judge.isPlain(task, event, bill)) continue
    found.tasks[count] = task
    found.events[count] = event
    found.bills[count] = bill
    found.isPlainTask[task] = 1
    found.isPlainEvent[event] = 1
    count += 1
    if (tasks.cost(task) > 0) withCost += 1
  }
  return { piece, readLots, count, withCost, ...found }
}

/** Whether a task bears one of some ids. */
function besideTeller(tasks: TaskRecords, besides: readonly string[]): (task: number) => boolean {
  if (besides.length === 0) return () => false
  const ids = new IdSet(new Set(besides))
  const id = newBytesOfId()
  return (task) => ids.hasId(tasks, tasks.requestId(task, id))
}

/** No such owner: also of a key that no account row has. */
const NOBODY = -1

class PlainJudge {
  readonly #piece: SpooledPiece
  readonly #readLots: readonly ReadLot[]
  readonly #terms: PlainTerms
  /** Accounts by code of the key, of those whose matches may be plain. */
  readonly #accounts: (number | undefined)[] = []
  /** Owners by bill, code of the key id and code of the login. */
  readonly #owners = new Map<number, number>()
  #lastBill = -1
  #lastKey = -1
  #lastLogin = -1
  #lastOwner = NOBODY

  constructor(piece: SpooledPiece, readLots: readonly ReadLot[], terms: PlainTerms) {
    this.#piece = piece
    this.#readLots = readLots
    this.#terms = terms
  }

  isPlain(task: number, event: number, bill: number): boolean {
    const { tasks, events } = this.#piece
    const { window, ranges } = this.#terms.plan
    if (tasks.status(task) !== 'success' || tasks.isRefunded(task)) return false
    if (!within(tasks.createdAt(task), window) || !within(events.time(event), ranges.bill)) return false
    const recorded = tasks.cost(task)
    const billed = events.cost(event)
    if (typeof recorded !== 'number' || typeof billed !== 'number' || !isRounded(recorded, billed)) return false
    if (recorded === 0 && tasks.isCostUntold(task)) return false
    if (typeof tasks.charged(task) !== 'number') return false
    const account = this.#accountOf(tasks.apiKeyCode(task))
    return account !== NOBODY && account === this.#ownerOf(bill, events.keyIdCode(event), events.loginCode(event))
  }

  #accountOf(keyCode: number): number {
    const known = this.#accounts[keyCode]
    if (known !== undefined) return known
    const { apiKeys } = this.#piece.tasks.words
    const accountId = this.#terms.accountOf(apiKeys.textOf(keyCode) ?? '')
    const counts = accountId !== undefined && this.#terms.audited.has(accountId) && this.#terms.eventsRead(accountId)
    const account = counts ? accountId : NOBODY
    while (this.#accounts.length <= keyCode) this.#accounts.push(undefined)
    this.#accounts[keyCode] = account
    return account
  }

  #ownerOf(bill: number, key: number, login: number): number {
    if (bill === this.#lastBill && key === this.#lastKey && login === this.#lastLogin) return this.#lastOwner
    const { texts } = this.#piece.events.words
    const name = (bill * texts.size + key) * texts.size + login
    let owner = this.#owners.get(name)
    if (owner === undefined) {
      const who = { keyId: texts.textOf(key), login: texts.textOf(login) }
      owner = accountOfOwner(this.#readLots[bill]?.bill.ownerOf(who))
      this.#owners.set(name, owner)
    }
    this.#lastBill = bill
    this.#lastKey = key
    this.#lastLogin = login
    this.#lastOwner = owner
    return owner
  }
}

const accountOfOwner = (owner: Owner | undefined): number => (typeof owner === 'object' ? owner.accountId : NOBODY)
