import type { LastPoints, LedgerEntry, UnreadTimes } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import type { EntryRecords } from '../../rows/entry-records.ts'
import { type InstantRange, within } from '../../units/instant.ts'
import { addPoints, type Points, ZERO_POINTS } from '../../units/points.ts'
import { placeAbove } from '../../units/sorted.ts'
import { entryOf } from '../nested.ts'
import type { BalanceTrail, LedgerBreak } from '../rules/facts.ts'
import { unreadTimeReason } from '../tasks/unread-times.ts'
import { UserNumbers } from '../tasks/user-numbers.ts'
import { BalanceGaps } from './balance-gaps.ts'

/** A row of the window that does not start where the row read before it ended, or that none was read before. */
export interface TrailDoubt {
  readonly userId: number
  readonly rowId: number
  readonly before: Points
  readonly isStart: boolean
}

/** Users whose doubts are settled by looking rows up, in one round. */
export const USERS_SETTLED_MAX = 2000

/** Doubts of one user, and of all, about rows that follow one without a balance, before the rest are left open. */
const VAGUE_OF_USER_MAX = 20
const VAGUE_MAX = LIMITS.lookupIdsTotal

const USERS_AT_FIRST = 64
// What is known of a user: whether there was a row, one of the window, and one of which each rule could compare something.
const HAS_ROW = 1
const IN_WINDOW = 2
const ADDED_UP = 4
const CHAINED = 8
const ENDED = 16
const TOLD = ADDED_UP | CHAINED | ENDED
/** More of the user's rows follow one without a balance than are kept. */
const VAGUE = 32

const byUser = ([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number => a - b

type Breaks = Map<number, { -readonly [Key in keyof LedgerBreak]: LedgerBreak[Key] }>

/**
 * Follows the running balance of each user's points ledger through the window, in order of id: each row must add up,
 * start where the one before it ended, and stay above zero. Rows outside the window are followed and not judged. A row
 * that seems to break the chain may follow one that was not read, since ids and times need not have one order: that stays
 * in doubt until the row before it was looked up by id.
 */
export class BalanceTrailTally {
  readonly #window: InstantRange
  readonly #concerns: (userId: number) => boolean
  readonly #users = new UserNumbers()
  /** By user. */
  #state = new Uint8Array(USERS_AT_FIRST)
  /** By user: the balance after the last row so far; NaN where that has none, or one that no number holds. */
  #after = new Float64Array(USERS_AT_FIRST)
  readonly #largeAfter = new Map<number, Points>()
  #followed = 0
  readonly #arithmetic: Breaks = new Map()
  readonly #continuity: Breaks = new Map()
  readonly #negative: Breaks = new Map()
  /** Users with a row of the window that does not tell its amount. */
  readonly #amountUntold = new Set<number>()
  /** Of the window; and the least id of them. */
  readonly #ownerlessIn = { rows: 0, firstRowId: Number.POSITIVE_INFINITY }
  /** The id of the row before, whosever it is; and the first id that two rows have, which leaves their order open. */
  #lastRowId = Number.NaN
  #repeatedRowId: number | undefined
  readonly #gaps = new BalanceGaps()
  /** By user, in order of id. */
  readonly #doubts = new Map<number, TrailDoubt[]>()
  /**
   * The same of rows that follow one, among those read, that does not tell where it ended: they go on from it, but for a row between
   * the two that was not read.
   */
  readonly #vague = new Map<number, TrailDoubt[]>()
  #vagueCount = 0

  constructor(window: InstantRange, concerns: (userId: number) => boolean) {
    this.#window = window
    this.#concerns = concerns
  }

  /** Takes one of some rows, which come in order of id, those around the window included. */
  add(entries: EntryRecords, index: number): void {
    const rowId = entries.rowId(index)
    if (rowId === this.#lastRowId) this.#repeatedRowId ??= rowId
    this.#lastRowId = rowId
    if (entries.isUserUntold(index)) {
      if (within(entries.time(index), this.#window)) {
        this.#ownerlessIn.rows += 1
        this.#ownerlessIn.firstRowId = Math.min(this.#ownerlessIn.firstRowId, rowId)
      }
      this.#gaps.takeOwnerless(entries.row(index))
      return
    }
    const userId = entries.userId(index)
    if (!this.#concerns(userId)) return
    const user = this.#numberOf(userId)
    if (within(entries.time(index), this.#window)) this.#judge(entries, index, user)
    this.#state[user] = (this.#state[user] ?? 0) | HAS_ROW
    if (this.#largeAfter.size > 0) this.#largeAfter.delete(user)
    this.#after[user] = entries.balanceAfter(index)
    if (!entries.isLarge(index)) return
    const { balanceAfter } = entries.row(index)
    if (balanceAfter === null || Number.isSafeInteger(Number(balanceAfter))) return
    this.#after[user] = Number.NaN
    this.#largeAfter.set(user, balanceAfter)
  }

  #numberOf(userId: number): number {
    const user = this.#users.numberOf(userId)
    if (user < this.#after.length) return user
    const after = new Float64Array(2 * this.#after.length)
    after.set(this.#after)
    this.#after = after
    const state = new Uint8Array(2 * this.#state.length)
    state.set(this.#state)
    this.#state = state
    return user
  }

  #judge(entries: EntryRecords, index: number, user: number): void {
    const state = this.#state[user] ?? 0
    if ((state & IN_WINDOW) === 0) this.#followed += 1
    this.#state[user] = state | IN_WINDOW
    const before = entries.balanceBefore(index)
    const after = entries.balanceAfter(index)
    const plain =
      !entries.isLarge(index) &&
      !this.#largeAfter.has(user) &&
      // Of nearly every row: it adds up, stays above zero, and goes on where the one before it ended. Not so where one is NaN.
      before + entries.amountPoints(index) === after &&
      // What is not told reads as 0, and adds up where the balances are alike.
      (before !== after || !entries.isUntold(index)) &&
      after >= 0 &&
      before === this.#after[user] &&
      (state & HAS_ROW) !== 0
    if (plain) this.#mark(user, TOLD)
    else this.#judgeRow(entries.row(index), user, (state & HAS_ROW) === 0)
  }

  #mark(user: number, told: number): void {
    this.#state[user] = (this.#state[user] ?? 0) | told
  }

  #judgeRow(
    { userId, rowId, balanceBefore: before, balanceAfter, amountPoints, amountUntold }: LedgerEntry,
    user: number,
    isStart: boolean,
  ): void {
    if (amountUntold === true) this.#amountUntold.add(userId)
    else if (before !== null && balanceAfter !== null) {
      this.#mark(user, ADDED_UP)
      const expected = addPoints(before, amountPoints)
      if (expected !== balanceAfter) note(this.#arithmetic, userId, rowId, expected, balanceAfter)
    }
    if (balanceAfter !== null) this.#mark(user, ENDED)
    if (balanceAfter !== null && balanceAfter < 0n) note(this.#negative, userId, rowId, ZERO_POINTS, balanceAfter)
    if (before === null) return
    const end = isStart ? null : this.#endOf(user)
    if (end === before) this.#mark(user, CHAINED)
    if (end === before) return
    const doubt: TrailDoubt = { userId, rowId, before, isStart }
    if (!isStart && end === null) {
      this.#noteVague(doubt, user)
      return
    }
    const known = this.#doubts.get(userId)
    if (known === undefined) this.#doubts.set(userId, [doubt])
    else known.push(doubt)
  }

  /** Where the user's last row so far ended; null where it does not tell. */
  #endOf(user: number): bigint | null {
    const large = this.#largeAfter.get(user)
    if (large !== undefined) return large
    const after = this.#after[user] ?? Number.NaN
    return Number.isNaN(after) ? null : BigInt(after)
  }

  /** Users whose first row of the window needs the row before it, which lies further back. */
  usersWithoutStart(): number[] {
    return [...this.#doubts].filter(([, doubts]) => doubts[0]?.isStart === true).map(([userId]) => userId)
  }

  /** Takes the last rows before the streamed ones: most first rows continue them, and are in no doubt any more. */
  takeStarts(earlier: readonly LastPoints[]): void {
    for (const last of earlier) {
      const first = this.#doubts.get(last.userId)?.[0]
      if (first?.isStart !== true || last.rowId >= first.rowId || last.balanceAfter !== first.before) continue
      this.#mark(this.#numberOf(last.userId), CHAINED)
      this.#drop(last.userId)
    }
  }

  /** The next doubt of each user, or so many of each in order of id, of as many users as are looked up, or of so many. */
  openDoubts(usersMax: number = USERS_SETTLED_MAX, ofUserMax = 1): TrailDoubt[] {
    const isNext = ([userId]: readonly [number, unknown]): boolean =>
      !this.#doubts.has(userId) && this.#isChained(userId)
    const users = [...[...this.#doubts].sort(byUser), ...[...this.#vague].filter(isNext).sort(byUser)]
    return users.slice(0, usersMax).flatMap(([, doubts]) => doubts.slice(0, ofUserMax))
  }

  /** Settles doubts by the rows that come right before them in order of id. A ledger that begins with its row is fine. */
  settle(doubts: readonly TrailDoubt[], rowsBefore: readonly LedgerEntry[]): void {
    this.noteRepeated(rowsBefore)
    const ofUsers = new Map<number, LedgerEntry[]>()
    for (const row of [...rowsBefore].sort((a, b) => a.rowId - b.rowId)) {
      entryOf(ofUsers, row.userId, (): LedgerEntry[] => []).push(row)
    }
    for (const { userId, rowId, before } of doubts) {
      const rows = ofUsers.get(userId) ?? []
      // What is right before another row in doubt is before this one too.
      const rowBefore = rows[placeAbove(rows, rowId - 1, (row) => row.rowId) - 1]
      const after = rowBefore?.balanceAfter ?? null
      if (rowBefore === undefined || after !== null) this.#mark(this.#numberOf(userId), CHAINED)
      if (rowBefore !== undefined && after !== null && after !== before) {
        this.#gaps.add({ userId, rowId, before, after, afterRowId: rowBefore.rowId })
      }
      this.#drop(userId)
    }
  }

  /** Takes all rows of some ids, of any time, in order of id: of one that is there twice the order is open. */
  noteRepeated(rows: readonly LedgerEntry[]): void {
    for (const [at, { rowId }] of rows.entries()) {
      if (rowId === rows[at - 1]?.rowId) this.#repeatedRowId ??= rowId
    }
  }

  /** Rows that something seems to be missing before. */
  gapRowIds(): number[] {
    return this.#gaps.rowIds()
  }

  /** Whether rows are missing, as far as is known. */
  get hasGaps(): boolean {
    return this.#gaps.isAny
  }

  /** Takes a row that tells no user; false where there are too many. */
  takeOwnerless(row: LedgerEntry): boolean {
    return this.#gaps.takeOwnerless(row)
  }

  /** Not all rows that tell no user are known: every gap may be bridged by them. */
  leaveGapsOpen(): void {
    this.#gaps.leaveOpen()
  }

  #drop(userId: number): void {
    const from = this.#doubts.has(userId) ? this.#doubts : this.#vague
    const doubts = from.get(userId)
    doubts?.shift()
    if (doubts?.length === 0) from.delete(userId)
  }

  /** Notes that a row follows one without a balance. Of very many some are not kept, and leave their users open. */
  #noteVague(doubt: TrailDoubt, user: number): void {
    const known = this.#vague.get(doubt.userId)
    const isMore = this.#vagueCount >= VAGUE_MAX || (known !== undefined && known.length >= VAGUE_OF_USER_MAX)
    if (isMore) {
      this.#mark(user, VAGUE)
      return
    }
    this.#vagueCount += 1
    if (known === undefined) this.#vague.set(doubt.userId, [doubt])
    else known.push(doubt)
  }

  /** Whether something could be compared of a user: of others it is said that nothing could, and no more. */
  #isChained(userId: number): boolean {
    return ((this.#state[this.#users.find(userId)] ?? 0) & CHAINED) !== 0
  }

  /** Users with rows of the window of none of which that could be compared, by id. */
  #without(told: number): number[] {
    const users = this.#users.ids.filter((_, user) => ((this.#state[user] ?? 0) & (IN_WINDOW | told)) === IN_WINDOW)
    return users.sort((a, b) => a - b)
  }

  /** Users of whom something is in doubt still, by id. */
  #unsettled(): number[] {
    const vague = [...this.#vague.keys()].filter((userId) => this.#isChained(userId))
    const cut = this.#users.ids.filter(
      (_, user) => ((this.#state[user] ?? 0) & (VAGUE | CHAINED)) === (VAGUE | CHAINED),
    )
    return [...new Set([...this.#doubts.keys(), ...vague, ...cut])].sort((a, b) => a - b)
  }

  #unplacedOf(unread: UnreadTimes): Pick<BalanceTrail, 'unplaced'> {
    const reason = unreadTimeReason(unread, ['points'])
    const userIds = unread.points?.userIds?.filter(this.#concerns).sort((a, b) => a - b) ?? null
    return reason === undefined ? {} : { unplaced: { userIds, reason } }
  }

  /** `unread`: rows that could not be placed in time, which none of these are. */
  close(unread: UnreadTimes = {}): BalanceTrail {
    const { open, bridged } = this.#gaps.close()
    for (const { userId, rowId, after, before } of open) note(this.#continuity, userId, rowId, after, before)
    const ownerless = { ...this.#ownerlessIn, users: bridged }
    const unsettled = this.#unsettled()
    return {
      ...(ownerless.rows + ownerless.users.length > 0 && { ownerless }),
      ...this.#unplacedOf(unread),
      ...(this.#repeatedRowId !== undefined && { repeatedRowId: this.#repeatedRowId }),
      users: this.#followed,
      arithmetic: [...this.#arithmetic.values()],
      continuity: [...this.#continuity.values()],
      negative: [...this.#negative.values()],
      untold: {
        // What has no amount, or is in doubt, is told of as that.
        arithmetic: this.#without(ADDED_UP).filter((userId) => !this.#amountUntold.has(userId)),
        continuity: this.#without(CHAINED).filter((userId) => !this.#doubts.has(userId)),
        negative: this.#without(ENDED),
      },
      amountUntold: [...this.#amountUntold].sort((a, b) => a - b),
      unsettled,
      unsettledWhole: unsettled.filter((userId) => !this.#isChained(userId)).length,
    }
  }
}

function note(breaks: Breaks, userId: number, rowId: number, expectedPoints: Points, actualPoints: Points): void {
  const known = breaks.get(userId)
  if (known === undefined) breaks.set(userId, { userId, rowId, count: 1, expectedPoints, actualPoints })
  else known.count += 1
}
