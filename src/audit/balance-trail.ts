import type { LedgerEntry } from '../ledger/reader.ts'
import { type InstantRange, within } from '../units/instant.ts'
import { addPoints, type Points, ZERO_POINTS } from '../units/points.ts'
import type { BalanceTrail, LedgerBreak } from './rules/facts.ts'

/** A row of the window that does not start where the row read before it ended, or that none was read before. */
export interface TrailDoubt {
  readonly userId: number
  readonly rowId: number
  readonly before: Points
  readonly isStart: boolean
}

/** Users whose doubts are settled by looking rows up. */
const USERS_SETTLED_MAX = 2000

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
  /** The balance after the user's last row so far; null where it has none. */
  readonly #after = new Map<number, Points | null>()
  readonly #followed = new Set<number>()
  readonly #arithmetic: Breaks = new Map()
  readonly #continuity: Breaks = new Map()
  readonly #negative: Breaks = new Map()
  /** By user, in order of id. */
  readonly #doubts = new Map<number, TrailDoubt[]>()

  constructor(window: InstantRange, concerns: (userId: number) => boolean) {
    this.#window = window
    this.#concerns = concerns
  }

  /** Takes the rows of one ledger in order of id, those around the window included. */
  add(entry: LedgerEntry): void {
    if (!this.#concerns(entry.userId)) return
    if (within(entry.at, this.#window)) this.#judge(entry)
    this.#after.set(entry.userId, entry.balanceAfter)
  }

  #judge({ userId, rowId, balanceBefore: before, balanceAfter, amountPoints }: LedgerEntry): void {
    this.#followed.add(userId)
    if (before !== null && balanceAfter !== null) {
      const expected = addPoints(before, amountPoints)
      if (expected !== balanceAfter) note(this.#arithmetic, userId, rowId, expected, balanceAfter)
    }
    if (balanceAfter !== null && balanceAfter < 0n) note(this.#negative, userId, rowId, ZERO_POINTS, balanceAfter)
    const after = this.#after.get(userId)
    if (before === null || after === null || after === before) return
    const doubt: TrailDoubt = { userId, rowId, before, isStart: after === undefined }
    const known = this.#doubts.get(userId)
    if (known === undefined) this.#doubts.set(userId, [doubt])
    else known.push(doubt)
  }

  /** Users whose first row of the window needs the row before it, which lies further back. */
  usersWithoutStart(): number[] {
    return [...this.#doubts].filter(([, doubts]) => doubts[0]?.isStart === true).map(([userId]) => userId)
  }

  /** Takes the last rows before the streamed ones: most first rows continue them, and are in no doubt any more. */
  takeStarts(earlier: readonly LedgerEntry[]): void {
    for (const last of earlier) {
      const first = this.#doubts.get(last.userId)?.[0]
      if (first?.isStart !== true || last.rowId >= first.rowId || last.balanceAfter !== first.before) continue
      this.#drop(last.userId)
    }
  }

  /** The next doubt of each user, of as many users as are looked up. */
  openDoubts(): TrailDoubt[] {
    const users = [...this.#doubts].sort(([a], [b]) => a - b).slice(0, USERS_SETTLED_MAX)
    return users.flatMap(([, doubts]) => doubts.slice(0, 1))
  }

  /** Settles doubts by the rows that come right before them in order of id. A ledger that begins with its row is fine. */
  settle(doubts: readonly TrailDoubt[], rowsBefore: readonly LedgerEntry[]): void {
    const beforeOf = new Map(rowsBefore.map((row) => [row.userId, row]))
    for (const { userId, rowId, before } of doubts) {
      const after = beforeOf.get(userId)?.balanceAfter ?? null
      if (after !== null && after !== before) note(this.#continuity, userId, rowId, after, before)
      this.#drop(userId)
    }
  }

  #drop(userId: number): void {
    const doubts = this.#doubts.get(userId)
    doubts?.shift()
    if (doubts?.length === 0) this.#doubts.delete(userId)
  }

  close(): BalanceTrail {
    return {
      users: this.#followed.size,
      arithmetic: [...this.#arithmetic.values()],
      continuity: [...this.#continuity.values()],
      negative: [...this.#negative.values()],
      unsettled: [...this.#doubts.keys()].sort((a, b) => a - b),
      settledMax: USERS_SETTLED_MAX,
    }
  }
}

function note(breaks: Breaks, userId: number, rowId: number, expectedPoints: Points, actualPoints: Points): void {
  const known = breaks.get(userId)
  if (known === undefined) breaks.set(userId, { userId, rowId, count: 1, expectedPoints, actualPoints })
  else known.count += 1
}
