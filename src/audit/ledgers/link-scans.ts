import { LIMITS } from '../../limits.ts'
import { hashOfText } from '../../rows/bytes.ts'
import { count } from '../../units/exact.ts'
import type { LedgerTally } from './ledger-tally.ts'
import type { TaskScope } from './looked-up.ts'
import type { StrayRow } from './stray-rows.ts'

/** Missing links looked up to tell an installation that sets order ids from one that does not. */
const LINK_SAMPLE = 100

export type LinkMode = 'order' | 'total'

/** Ids that may have to be looked up. Of each list no more is kept than may be looked up, and one more. */
interface OpenIds {
  /** Order ids of tasks whose other rows may lie at any time: of tasks that the filters leave, and of all of the window. */
  readonly selected: readonly string[]
  readonly window: readonly string[]
  /** Ids of tasks that the filters leave and whose rows come to too much: tasks of other times may bear them as well. */
  readonly doubtful: readonly string[]
  /** Order ids of rows that no task bears, by the link mode in which they matter. */
  readonly order: readonly string[]
  readonly total: readonly string[]
  /** Order ids of refund rows that no task bears, in mode order. */
  readonly refunds: readonly string[]
  /** Users with a charge that was to be given back, and was not as far as is known. */
  readonly unrefunded: readonly number[]
  /** How many charged tasks without a time have a linked row. */
  readonly undatedLinked: number
  /** Rows whose order no task of their user bears: of all pieces no more than are looked into, and one more. */
  readonly stray: readonly StrayRow[]
}

/** How well rows and tasks are linked so far. */
export interface LinkCount {
  /** Charged tasks of the window, and those of them that have a linked consume row. */
  readonly charged: number
  readonly linked: number
}

/** How rows and tasks are linked, piece by piece. */
export class LinkScans {
  readonly #scans: (LinkCount & OpenIds)[] = []
  /** Ids of tasks so far: one that several bear as often as it comes. */
  readonly #taskIds = { selected: 0, window: 0, doubtful: 0 }
  /** Orders of rows so far; as long as they are the same in both link modes, one set for both. */
  readonly #orders = ordersOfNone()
  #strayRows = 0
  #isStrayCut = false
  #isCut = false

  /** Whether ids of some piece were left out, or would be where it is taken again, since they are more than may be looked up. */
  get isCut(): boolean {
    return this.#isCut
  }

  /** Takes a piece, step by step, instead of what was taken of it before. */
  *taking(piece: number, tally: LedgerTally): Generator<undefined, LinkCount, undefined> {
    const before = this.#scans[piece]
    const { charged, linked } = tally.linkCount()
    const open = tally.openTasks()
    yield
    // What is in question is most often the same either way: then the ids are kept once.
    const selected = this.#idsOfTasks('selected', before, () => tally.openOrderIds('selected', open))
    const window = this.#idsOfTasks('window', before, () =>
      tally.areSelected(open) ? selected : tally.openOrderIds('window', open),
    )
    const doubtful = this.#idsOfTasks('doubtful', before, () => tally.openOrderIds('doubtful', open))
    yield
    const order = this.#ordersOfRows('order', () => tally.unresolvedOrderIds('order'))
    const total = this.#ordersOfRows('total', () => sameOr(order, tally.unresolvedOrderIds('total')))
    const refunds = this.#ordersOfRows('refunds', () => tally.unresolvedRefundIds())
    if (total !== order) this.#tellModesApart()
    for (const [name, ids] of [
      ['order', order],
      ['total', total],
      ['refunds', refunds],
    ] as const)
      this.#note(name, ids)
    yield
    this.#strayRows -= before?.stray.length ?? 0
    // One more than are looked into tells that they are too many: then some were left out, whatever becomes of the others.
    const stray = tally.strayRows(LIMITS.lookupIdsTotal + 1 - this.#strayRows)
    this.#strayRows += stray.length
    this.#isStrayCut ||= this.#strayRows > LIMITS.lookupIdsTotal
    const scan = {
      charged,
      linked,
      selected,
      window,
      doubtful,
      order,
      total,
      refunds,
      unrefunded: tally.unrefundedUsers(),
      undatedLinked: tally.undatedLinked,
      stray,
    }
    this.#scans[piece] = scan
    return scan
  }

  /** Nothing was taken yet. */
  restart(): void {
    this.#scans.length = 0
    this.#taskIds.selected = 0
    this.#taskIds.window = 0
    this.#taskIds.doubtful = 0
    this.#strayRows = 0
    this.#isStrayCut = false
    Object.assign(this.#orders, ordersOfNone())
    this.#isCut = false
  }

  /** Of all pieces. */
  count(): LinkCount {
    return {
      charged: count(this.#scans, ({ charged }) => charged),
      linked: count(this.#scans, ({ linked }) => linked),
    }
  }

  /** Of all pieces, as often as tasks bear them: where they are more than may be looked up, some are left out. */
  idsOfTasks(name: TaskScope): string[] {
    return this.#scans.flatMap((scan) => scan[name])
  }

  /** Of all pieces, each once; likewise. What payments and sums depend on comes first, then refunds. */
  ordersOfRows(mode: LinkMode): string[] {
    const orders = this.#scans.flatMap((scan) => scan[mode])
    return [...new Set(mode === 'order' ? [...orders, ...this.#scans.flatMap(({ refunds }) => refunds)] : orders)]
  }

  /** Of all pieces. */
  unrefundedUsers(): number[] {
    return this.#scans.flatMap(({ unrefunded }) => unrefunded)
  }

  /** Of all pieces. */
  undatedLinked(): number {
    return count(this.#scans, ({ undatedLinked }) => undatedLinked)
  }

  /** Of all pieces, and whether some were left out. */
  strayRows(): { rows: StrayRow[]; isCut: boolean } {
    return { rows: this.#scans.flatMap(({ stray }) => stray), isCut: this.#isStrayCut }
  }

  #idsOfTasks(name: TaskScope, before: OpenIds | undefined, ids: () => readonly string[]): readonly string[] {
    this.#taskIds[name] -= before?.[name].length ?? 0
    // Past what may be looked up nobody asks which they are, but that they are too many.
    if (this.#taskIds[name] > LIMITS.lookupIdsTotal) return this.#cut()
    const own = ids()
    this.#taskIds[name] += own.length
    return own
  }

  #ordersOfRows(name: LinkMode | 'refunds', ids: () => readonly string[]): readonly string[] {
    return this.#orders[name].size > LIMITS.lookupIdsTotal ? this.#cut() : ids()
  }

  #note(name: LinkMode | 'refunds', ids: readonly string[]): void {
    const known = this.#orders[name]
    if (name !== 'total' || known !== this.#orders.order) for (const id of ids) known.add(id)
    // This piece, taken once more, would have none left.
    if (known.size > LIMITS.lookupIdsTotal) this.#isCut = true
  }

  #tellModesApart(): void {
    if (this.#orders.total === this.#orders.order) this.#orders.total = new Set(this.#orders.order)
  }

  #cut(): readonly string[] {
    this.#isCut = true
    return NONE
  }
}

const NONE: readonly string[] = []

function ordersOfNone(): { order: Set<string>; total: Set<string>; refunds: Set<string> } {
  const order = new Set<string>()
  return { order, total: order, refunds: new Set() }
}

/** The first of two lists where the second holds the same. */
const sameOr = (list: readonly string[], other: readonly string[]): readonly string[] =>
  list.length === other.length && list.every((id, index) => id === other[index]) ? list : other

/** Some of many ids, which lie user by user: not those of the first users alone, who may be the ones who pay nothing. */
export function sampleOf(ids: readonly string[]): string[] {
  const hashed = ids.map((id) => ({ id, hash: hashOfText(id) }))
  hashed.sort((a, b) => a.hash - b.hash)
  return hashed.slice(0, LINK_SAMPLE).map(({ id }) => id)
}
