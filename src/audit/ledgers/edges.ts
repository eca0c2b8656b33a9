import { LEDGER_EDGE } from '../../settings.ts'
import { addExact, exactNumber } from '../../units/exact.ts'
import { type Instant, type InstantRange, type Millis, SECOND } from '../../units/instant.ts'
import { mayBePaidYet } from '../rules/paid-yet.ts'

/** What a consume row took, or a task was charged, near an edge of the window: points. */
export interface EdgeAmount {
  readonly at: Instant
  readonly amount: number
  /** Whether the row names a task, as far as is known, or a row names the task. */
  readonly linked: boolean
  /** Of a row, as long as it is not known whether its order is a task. */
  readonly order?: string
  /** Of a task that does not tell its charge: the amount is 0 then. */
  readonly untold?: true
  /** Of a task of the window that the filters leave. */
  readonly selected?: true
  /** What rows that name such a task took less than its charge; points. Absent: nothing, or none names it. */
  readonly lacks?: number
}

/** A user's consume rows and charged tasks near the edges of the window, on both sides of each. */
export interface Edges {
  readonly rows: readonly EdgeAmount[]
  readonly tasks: readonly EdgeAmount[]
  /** Tasks there that do not tell their charge: none of the others. Absent: none. */
  readonly untold?: readonly EdgeAmount[]
}

export const edgesWith = (rows: readonly EdgeAmount[], tasks: readonly EdgeAmount[]): Edges => {
  const untold = tasks.filter((task) => task.untold)
  return untold.length === 0 ? { rows, tasks } : { rows, tasks: tasks.filter((task) => !task.untold), untold }
}

/** A row that follows its task so soon, and takes exactly its charge, pays it and no other. */
const AT_ONCE: Millis = 5 * SECOND
/**
 * Of a user whose payments come later some rows follow a task at once by chance. So many of a hundred must, and so many at
 * least, where tasks near the edge are no more than this.
 */
const AT_ONCE_PERCENT = 80
const AT_ONCE_MIN = 2
const TOLD_APART_MAX = (3 * LEDGER_EDGE) / (2 * AT_ONCE)

/** A row may pay what was charged up to LEDGER_EDGE before it. So these rows may pay tasks right at an edge. */
export const isRowNearEdge = (at: Instant, { start, end }: InstantRange): boolean =>
  isFrom(at, start, -1, 2) || isFrom(at, end, -1, 2)

/** And these tasks may be paid by rows right at an edge. */
export const isTaskNearEdge = (at: Instant, { start, end }: InstantRange): boolean =>
  isFrom(at, start, -2, 1) || isFrom(at, end, -2, 1)

/** And both of these, where it is the moment of reading that ends what can be known. */
export const isNearReading = (at: Instant, asOf: Instant): boolean => isFrom(at, asOf, -2, 1)

/** Whether a time lies within some reaches of an edge. */
const isFrom = (at: Instant, edge: Instant, from: number, until: number): boolean =>
  at >= edge + from * LEDGER_EDGE && at < edge + until * LEDGER_EDGE

/** Rows and tasks that nothing binds to each other. */
export const unlinkedEdges = ({ rows, tasks, untold = [] }: Edges): Edges => ({
  rows: rows.filter(({ linked }) => !linked),
  tasks: tasks.filter(({ linked }) => !linked),
  untold: untold.filter(({ linked }) => !linked),
})

/**
 * What the rows right after an edge may have paid of the tasks right before it, in points: 0 always, and sums of whole rows
 * in order of time. Neither so much that a task after the edge is left without the row that pays it, nor more than rows before
 * the edge leave unpaid of the tasks before it.
 */
export function crossingSums(edge: Instant, edges: Edges): number[] {
  const last = edges.tasks.filter(({ at }) => isFrom(at, edge, -1, 0))
  if (last.length === 0) return [0]
  const open = withoutPaidAtOnce(edge, edges)
  const most = Math.min(sparedAfter(edge, open), unpaidBefore(edge, open))
  const rows = rowsAfter(edge, edges)
  return [0, ...prefixSums(rows), ...prefixSums(withoutOwn(rows, edges, edge))].filter((sum) => sum <= most)
}

/**
 * The same as far as anything is possible where tasks right before the edge do not tell what they were charged: these may have
 * taken what rows before it paid, and where what rows after it paid of them counts, that as well. `countsThem`: whether it does.
 */
export function untoldCrossingSums(edge: Instant, edges: Edges, countsThem: boolean): number[] {
  const untold = (edges.untold ?? []).filter(({ at }) => isFrom(at, edge, -2, 0))
  if (untold.length === 0) return crossingSums(edge, edges)
  const last = edges.tasks.filter(({ at }) => isFrom(at, edge, -1, 0))
  const takesAny = countsThem && untold.some(({ at }) => isFrom(at, edge, -1, 0))
  const most = Math.min(sparedAfter(edge, edges), takesAny ? Number.POSITIVE_INFINITY : total(last))
  const rows = rowsAfter(edge, edges)
  return [0, ...prefixSums(rows), ...prefixSums(withoutOwn(rows, edges, edge))].filter((sum) => sum <= most)
}

/** What the rows right after an edge take, as far as tasks after it do not need them. */
export function spareSum(edge: Instant, edges: Edges): number {
  const all = rowsAfter(edge, edges).reduce((sum, { amount }) => addExact(sum, amount), 0)
  return all <= 0 ? all : Math.min(all, sparedAfter(edge, withoutPaidAtOnce(edge, edges)))
}

/**
 * What rows so far leave unpaid of the selected tasks from right before the moment of reading, where they pay others as far as they
 * can: what pays these may come yet.
 */
export function unpaidSoFar(asOf: Instant, edges: Edges): number {
  const { rows, tasks } = withoutPaidAtOnce(asOf, edges)
  const isLast = ({ at, selected }: EdgeAmount): boolean => selected === true && mayBePaidYet(at, asOf)
  const others = tasks.filter((task) => !isLast(task) && isNearReading(task.at, asOf))
  const paying = rows.filter(({ at, amount }) => amount > 0 && mayBePaidYet(at, asOf))
  return unpaidOf(tasks.filter(isLast), others, paying)
}

/** What rows that name such tasks took too little for them so far; points. */
export const lackingSoFar = (asOf: Instant, { tasks }: Edges): number =>
  tasks.reduce((sum, { at, lacks = 0 }) => (mayBePaidYet(at, asOf) ? sum + lacks : sum), 0)

/** Whether there are rows right after an edge: without any nothing crosses it. */
export const hasRowsAfter = (edge: Instant, edges: Edges): boolean => rowsAfter(edge, edges).length > 0

/** In order of time. */
const rowsAfter = (edge: Instant, { rows }: Edges): EdgeAmount[] =>
  rows.filter(({ at }) => isFrom(at, edge, 0, 1)).sort(inTime)

/** What rows right after the edge can do without: all but what only they can pay of the tasks after it. */
function sparedAfter(edge: Instant, { rows, tasks }: Edges): number {
  const own = tasks.filter(({ at }) => isFrom(at, edge, 0, 1))
  const near = rows.filter(({ at, amount }) => amount > 0 && isFrom(at, edge, 0, 1))
  const late = rows.filter(({ at, amount }) => amount > 0 && isFrom(at, edge, 1, 2))
  return total(near) + paidBy(late, own) - paidBy([...near, ...late], own)
}

/** What rows before the edge leave unpaid of the last tasks, where they pay older ones as far as they can. */
function unpaidBefore(edge: Instant, { rows, tasks }: Edges): number {
  const last = tasks.filter(({ at }) => isFrom(at, edge, -1, 0))
  const paying = rows.filter(({ at, amount }) => amount > 0 && isFrom(at, edge, -1, 0))
  const older = tasks.filter(({ at }) => isFrom(at, edge, -2, -1))
  return unpaidOf(last, older, paying)
}

/** What rows leave unpaid of some tasks, where they pay others as far as they can. */
const unpaidOf = (tasks: readonly EdgeAmount[], others: readonly EdgeAmount[], rows: readonly EdgeAmount[]): number =>
  total(tasks) + paidBy(rows, others) - paidBy(rows, [...others, ...tasks])

/** The most that rows can pay of tasks: each what was charged up to LEDGER_EDGE before it, the oldest first. */
function paidBy(rows: readonly EdgeAmount[], tasks: readonly EdgeAmount[]): number {
  const charges = tasks.map(({ at, amount }) => ({ at, left: amount })).sort(inTime)
  let paid = 0
  let first = 0
  for (const { at, amount } of [...rows].sort(inTime)) {
    let left = amount
    for (; first < charges.length; first++) {
      const charge = charges[first]
      if (charge === undefined || charge.at > at) break
      if (charge.at < at - LEDGER_EDGE) continue
      const part = Math.min(left, charge.left)
      charge.left -= part
      left -= part
      if (charge.left > 0) break
    }
    paid += amount - left
  }
  return paid
}

/** Some rows without those that took exactly what a task after the edge was charged: the first one after each. */
function withoutOwn(rows: readonly EdgeAmount[], { tasks }: Edges, edge: Instant): EdgeAmount[] {
  const own = tasks.filter(({ at }) => isFrom(at, edge, 0, 1))
  const paired = new Set(pairs(rows, own, LEDGER_EDGE).map(({ row }) => row))
  return rows.filter((row) => !paired.has(row))
}

/** What is left on each side of an edge where nearly all rows follow their tasks at once: such rows are those of these tasks. */
function withoutPaidAtOnce(edge: Instant, { rows, tasks }: Edges): Edges {
  const near = tasks.filter(({ at }) => isFrom(at, edge, -2, 1))
  if (near.length > TOLD_APART_MAX) return { rows, tasks }
  const before = ({ at }: EdgeAmount): boolean => at < edge
  const after = ({ at }: EdgeAmount): boolean => at >= edge
  const found = [before, after].flatMap((isHere) => pairs(rows.filter(isHere), near.filter(isHere), AT_ONCE))
  const nearRows = rows.filter(({ at }) => isFrom(at, edge, -1, 1))
  if (found.length < AT_ONCE_MIN || found.length * 100 < nearRows.length * AT_ONCE_PERCENT) return { rows, tasks }
  const paid = new Set(found.flatMap(({ row, task }) => [row, task]))
  return { rows: rows.filter((row) => !paid.has(row)), tasks: tasks.filter((task) => !paid.has(task)) }
}

/** Each task with the first row within a span after it that took exactly its charge, each row once. */
function pairs(rows: readonly EdgeAmount[], tasks: readonly EdgeAmount[], span: Millis) {
  const byAmount = new Map<number, EdgeAmount[]>()
  for (const row of [...rows].sort(inTime).reverse()) {
    const same = byAmount.get(row.amount)
    if (same === undefined) byAmount.set(row.amount, [row])
    else same.push(row)
  }
  const found: { row: EdgeAmount; task: EdgeAmount }[] = []
  for (const task of [...tasks].sort(inTime)) {
    const same = byAmount.get(task.amount) ?? []
    // Those before it are before all later tasks as well.
    while ((same.at(-1)?.at ?? task.at) < task.at) same.pop()
    const row = same.at(-1)
    if (row === undefined || row.at > task.at + span) continue
    same.pop()
    found.push({ row, task })
  }
  return found
}

/** Those that no number holds are left out: no difference that is known is so large. */
function prefixSums(rows: readonly EdgeAmount[]): number[] {
  let sum = 0
  const sums = rows.map(({ amount }) => {
    sum = addExact(sum, amount)
    return sum
  })
  if (!Number.isNaN(sum)) return sums
  let whole = 0n
  const exact = rows.map(({ amount }) => {
    whole += BigInt(amount)
    return exactNumber(whole)
  })
  return exact.filter((each) => !Number.isNaN(each))
}

/** A bound alone, which need not be exact where no number holds it: no sum that is held against it is so large. */
const total = (amounts: readonly EdgeAmount[]): number => amounts.reduce((sum, { amount }) => sum + amount, 0)

const inTime = (a: Pick<EdgeAmount, 'at'>, b: Pick<EdgeAmount, 'at'>): number => a.at - b.at
