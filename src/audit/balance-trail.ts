import type { LedgerEntry } from '../ledger/reader.ts'
import { type InstantRange, within } from '../units/instant.ts'
import { addPoints, type Points, ZERO_POINTS } from '../units/points.ts'
import type { BalanceTrail, LedgerBreak } from './rules/facts.ts'

interface UserTrail {
  /** The balance after the row before, in order of id; null where no row is known or it has no balance. */
  after: Points | null
  lastRowId: number
  /** The first row of the window, while no row before it is known. */
  first: { readonly rowId: number; readonly before: Points } | null
}

type Breaks = Map<number, { -readonly [Key in keyof LedgerBreak]: LedgerBreak[Key] }>

/**
 * Follows the running balance of each user's points ledger through the window, in order of id: each row must add up,
 * start where the one before it ended, and stay above zero. Rows before the window only tell where it starts.
 */
export class BalanceTrailTally {
  readonly #window: InstantRange
  readonly #concerns: (userId: number) => boolean
  readonly #users = new Map<number, UserTrail>()
  readonly #followed = new Set<number>()
  readonly #arithmetic: Breaks = new Map()
  readonly #continuity: Breaks = new Map()
  readonly #negative: Breaks = new Map()

  constructor(window: InstantRange, concerns: (userId: number) => boolean) {
    this.#window = window
    this.#concerns = concerns
  }

  /** Takes the rows of one ledger in order of id, those of before the window included. */
  add(entry: LedgerEntry): void {
    if (entry.at >= this.#window.end || !this.#concerns(entry.userId)) return
    const trail = this.#trailOf(entry.userId)
    if (within(entry.at, this.#window)) this.#judge(entry, trail)
    trail.after = entry.balanceAfter
    trail.lastRowId = entry.rowId
  }

  #judge(entry: LedgerEntry, trail: UserTrail): void {
    const { userId, rowId, balanceBefore, balanceAfter, amountPoints } = entry
    this.#followed.add(userId)
    if (balanceBefore !== null && balanceAfter !== null) {
      const expected = addPoints(balanceBefore, amountPoints)
      if (expected !== balanceAfter) note(this.#arithmetic, userId, rowId, expected, balanceAfter)
    }
    if (balanceAfter !== null && balanceAfter < 0n) note(this.#negative, userId, rowId, ZERO_POINTS, balanceAfter)
    if (balanceBefore === null) return
    if (trail.lastRowId === 0) trail.first = { rowId, before: balanceBefore }
    else if (trail.after !== null && trail.after !== balanceBefore) {
      note(this.#continuity, userId, rowId, trail.after, balanceBefore)
    }
  }

  /** Users whose first row of the window needs the row before it, which lies further back. */
  usersWithoutStart(): number[] {
    return [...this.#users].filter(([, { first }]) => first !== null).map(([userId]) => userId)
  }

  /** Takes the rows that precede the streamed ones. A user without any has a ledger that begins in the window. */
  takeStarts(earlier: readonly LedgerEntry[]): void {
    for (const { userId, rowId, balanceAfter } of earlier) {
      const first = this.#users.get(userId)?.first
      if (first === null || first === undefined || rowId >= first.rowId || balanceAfter === null) continue
      if (balanceAfter !== first.before) note(this.#continuity, userId, first.rowId, balanceAfter, first.before)
    }
  }

  close(): BalanceTrail {
    return {
      users: this.#followed.size,
      arithmetic: [...this.#arithmetic.values()],
      continuity: [...this.#continuity.values()],
      negative: [...this.#negative.values()],
    }
  }

  #trailOf(userId: number): UserTrail {
    const known = this.#users.get(userId)
    if (known !== undefined) return known
    const trail: UserTrail = { after: null, lastRowId: 0, first: null }
    this.#users.set(userId, trail)
    return trail
  }
}

function note(breaks: Breaks, userId: number, rowId: number, expectedPoints: Points, actualPoints: Points): void {
  const known = breaks.get(userId)
  if (known === undefined) breaks.set(userId, { userId, rowId, count: 1, expectedPoints, actualPoints })
  else if (rowId < known.rowId) Object.assign(known, { rowId, count: known.count + 1, expectedPoints, actualPoints })
  else known.count += 1
}
