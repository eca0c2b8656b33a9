import type { LedgerEntry } from '../../ledger/reader.ts'
import { LIMITS } from '../../limits.ts'
import type { Points } from '../../units/points.ts'
import { placeAbove } from '../../units/sorted.ts'

/** Rows that tell no user and are kept: of more, every gap may be bridged by them. */
const OWNERLESS_MAX = LIMITS.lookupIdsTotal

type OwnerlessRow = Pick<LedgerEntry, 'rowId' | 'balanceBefore' | 'balanceAfter'>

/** A row that does not begin where the user's row before it ended. */
export interface Gap {
  readonly userId: number
  readonly rowId: number
  readonly before: Points
  readonly after: Points
  readonly afterRowId: number
}

/** Places where rows of a user are missing, and rows that tell no user and may be these. */
export class BalanceGaps {
  readonly #gaps: Gap[] = []
  readonly #ownerless: OwnerlessRow[] = []
  #isCut = false

  get isAny(): boolean {
    return this.#gaps.length > 0
  }

  rowIds(): number[] {
    return this.#gaps.map(({ rowId }) => rowId)
  }

  add(gap: Gap): void {
    this.#gaps.push(gap)
  }

  /** Takes a row that tells no user; false where there are too many. */
  takeOwnerless({ rowId, balanceBefore, balanceAfter }: LedgerEntry): boolean {
    if (this.#ownerless.length < OWNERLESS_MAX) this.#ownerless.push({ rowId, balanceBefore, balanceAfter })
    else this.#isCut = true
    return !this.#isCut
  }

  /** Not all rows that tell no user are known: every gap may be bridged by them. */
  leaveOpen(): void {
    this.#isCut = true
  }

  /** The gaps that no row may bridge, those of each user in order of id; and the users of the others, by id. */
  close(): { readonly open: Gap[]; readonly bridged: number[] } {
    this.#ownerless.sort((a, b) => a.rowId - b.rowId)
    const gaps = this.#gaps.splice(0).sort((a, b) => a.rowId - b.rowId)
    const isBridged = gaps.map((gap) => this.#isBridged(gap))
    const bridged = new Set(gaps.filter((_, index) => isBridged[index]).map(({ userId }) => userId))
    return { open: gaps.filter((_, index) => !isBridged[index]), bridged: [...bridged].sort((a, b) => a - b) }
  }

  /**
   * Whether rows that tell no user, and are in order of id, may go on where one row ended, and end where the next begins. There
   * may be very many of both: only those between the two are looked at.
   */
  #isBridged({ afterRowId, rowId, after, before }: Gap): boolean {
    if (this.#isCut) return true
    let begins = false
    let ends = false
    for (let at = placeAbove(this.#ownerless, afterRowId, (row) => row.rowId); at < this.#ownerless.length; at++) {
      const row = this.#ownerless[at] as OwnerlessRow
      if (row.rowId >= rowId || (begins && ends)) break
      begins ||= row.balanceBefore === null || row.balanceBefore === after
      ends ||= row.balanceAfter === null || row.balanceAfter === before
    }
    return begins && ends
  }
}
