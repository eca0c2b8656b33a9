import { sum } from '../../units/exact.ts'
import type { Instant } from '../../units/instant.ts'
import type { LooseAmount, UnlinkedRows } from './books.ts'

/** A charge that ought to have been given back, and that no row which names its task did. */
export interface Debt {
  readonly chargedPoints: bigint
  /** What rows took, where that is less or more: cash may give back the one or the other. Absent: as much, or no row tells. */
  readonly takenPoints?: bigint
  readonly createdAt: Instant
  readonly rowId: number
}

const takenFor = ({ chargedPoints, takenPoints = chargedPoints }: Debt): bigint => takenPoints

/** What has to come back at the very least. */
export const leastOf = (debt: Debt): bigint =>
  takenFor(debt) < debt.chargedPoints ? takenFor(debt) : debt.chargedPoints

/** What one amount of cash may be, the lesser first. */
const amountsOf = (debt: Debt): bigint[] =>
  debt.takenPoints === undefined
    ? [debt.chargedPoints]
    : [leastOf(debt), debt.chargedPoints + debt.takenPoints - leastOf(debt)]

interface Row {
  left: bigint
  /** Infinity where it is not known when: it may have been at any time. */
  readonly at: number
}

/**
 * What came in for one user by rows that name no task: each amount gives back one charge, or several as far as it goes, and
 * none of a task that was made later. Points.
 */
class RefundPot {
  /** In order of time. */
  readonly #rows: Row[]
  /** What is left of all rows together: less than of each, where something was taken back again. */
  #left: bigint
  readonly #cash: Row[]
  /** Cash of any time, by amount: how often; and all of it. */
  readonly #anyCash = new Map<bigint, number>()
  #anyCashSum = 0n

  constructor({ refunds, refundedPoints, cashIn }: Pick<UnlinkedRows, 'refunds' | 'refundedPoints' | 'cashIn'>) {
    const ofAnyTime = sum(
      refunds.filter(({ at }) => at === null),
      ({ points }) => points,
    )
    this.#rows = [...timed(refunds), { left: ofAnyTime, at: Number.POSITIVE_INFINITY }]
    this.#left = refundedPoints
    this.#cash = timed(cashIn)
    for (const { points, at } of cashIn) {
      if (at !== null) continue
      this.#anyCash.set(points, (this.#anyCash.get(points) ?? 0) + 1)
      this.#anyCashSum += points
    }
  }

  /** Gives back what may be: what is as much to the point first, then as many charges as go. Tells which. */
  giveBack<Each extends Debt>(debts: readonly Each[]): Each[] {
    const byAmount = debtsByAmount(debts)
    const given: Each[] = []
    for (const row of this.#rows) {
      if (row.left > this.#left) continue
      const debt = lastBefore(byAmount.get(row.left), row.at)
      if (debt === undefined) continue
      this.#left -= row.left
      row.left = 0n
      given.push(debt)
    }
    return [...given, ...this.#giveAsMany(byAmount)]
  }

  /** Gives as many back as go, whatever is as much to the point. Tells which. */
  giveMost<Each extends Debt>(debts: readonly Each[]): Each[] {
    return this.#giveAsMany(debtsByAmount(debts))
  }

  #giveAsMany<Each extends Debt>(byAmount: ReadonlyMap<bigint, Each[]>): Each[] {
    const given: Each[] = []
    for (const row of this.#cash) {
      const debt = lastBefore(byAmount.get(row.left), row.at)
      if (debt === undefined) continue
      row.left = 0n
      given.push(debt)
    }
    const rest = [...byAmount.values()].flat().sort(smallestFirst)
    const others = rest.filter((debt) => !this.#giveFrom(debt))
    const open = new Set(others.filter((debt) => !this.#giveInCash(debt)))
    return [...given, ...rest.filter((debt) => !open.has(debt))]
  }

  /** Whether what there is still could give one charge back. */
  couldGiveBack(debt: Debt): boolean {
    const { createdAt } = debt
    const refunds = this.#available(debt)
    if (refunds >= leastOf(debt)) return true
    const cash = this.#cash.filter(({ at, left }) => at >= createdAt && left > 0n)
    const all = sum(cash, ({ left }) => left) + this.#anyCashSum
    const isCash = (amount: bigint): boolean =>
      all === amount || this.#anyCash.has(amount) || cash.some(({ left }) => left === amount)
    return amountsOf(debt).some((owed) => isCash(owed) || (refunds > 0n && isCash(owed - refunds)))
  }

  /** Whether the refund rows, or one amount of cash, give all of these back, as charged, taken, or the lesser of each; then they did. */
  giveAllBack(debts: readonly Debt[]): boolean {
    const last = debts.reduce((latest, { createdAt }) => Math.max(latest, createdAt), 0)
    const alike = [leastOf, ({ chargedPoints }: Debt) => chargedPoints, takenFor].map((of) => sum(debts, of))
    const isAll = ({ at, left }: Row): boolean => at >= last && alike.includes(left)
    const cash = debts.length < 2 ? undefined : this.#cash.find(isAll)
    if (cash !== undefined) {
      cash.left = 0n
      return true
    }
    return [...debts].sort(smallestFirst).every((debt) => this.#giveFrom(debt))
  }

  #available({ createdAt }: Pick<Debt, 'createdAt'>): bigint {
    const rows = sum(
      this.#rows.filter(({ at }) => at >= createdAt),
      ({ left }) => left,
    )
    return rows < this.#left ? rows : this.#left
  }

  /** The first rows after a task go first: later ones may be those of later tasks. */
  #giveFrom(debt: Debt, amount = leastOf(debt)): boolean {
    if (this.#available(debt) < amount) return false
    let missing = amount
    this.#left -= amount
    for (const row of this.#rows) {
      if (row.at < debt.createdAt) continue
      const part = row.left < missing ? row.left : missing
      row.left -= part
      missing -= part
      if (missing === 0n) break
    }
    return true
  }

  /**
   * To the point, by an amount or by all of them, alone or with what is left of refunds: users top up all the time, and a sum
   * that happens to be large enough gives nothing back.
   */
  #giveInCash(debt: Debt): boolean {
    const { createdAt } = debt
    const refunds = this.#available(debt)
    for (const owed of amountsOf(debt)) {
      for (const beside of refunds > 0n ? [0n, refunds] : [0n]) {
        if (beside >= owed) continue
        if (!this.#takeCash(owed - beside, createdAt)) continue
        this.#giveFrom(debt, beside)
        return true
      }
    }
    return false
  }

  #takeCash(amount: bigint, since: Instant): boolean {
    const usable = this.#cash.filter(({ at, left }) => at >= since && left > 0n)
    const one = usable.find(({ left }) => left === amount)
    const ofAnyTime = this.#anyCash.get(amount) ?? 0
    if (one !== undefined) one.left = 0n
    else if (ofAnyTime > 0) {
      this.#anyCash.set(amount, ofAnyTime - 1)
      this.#anyCashSum -= amount
    } else {
      if (sum(usable, ({ left }) => left) + this.#anyCashSum !== amount) return false
      for (const row of usable) row.left = 0n
      this.#anyCash.clear()
      this.#anyCashSum = 0n
    }
    return true
  }
}

type Incoming = Pick<UnlinkedRows, 'refunds' | 'refundedPoints' | 'cashIn'>

/** Tells of single charges whether rows that name no task could give them back, were they of no other. */
export function couldBeGivenBack(rows: Incoming): (debt: Debt) => boolean {
  const pot = new RefundPot(rows)
  return (debt) => pot.couldGiveBack(debt)
}

/**
 * Which charges may have been given back by rows that name no task: rows that come to all of them may be the refunds of all;
 * of less, each counts once. Those that are `likely` come before those that are `possible`, and these before the others, of
 * which nothing is said in any case; but where more go otherwise, those do: no more are left than certainly were not.
 */
export function mayBeGivenBack<Each extends Debt>(
  rows: Incoming,
  { likely, possible, others }: Readonly<Record<'likely' | 'possible' | 'others', readonly Each[]>>,
): Each[] {
  const pot = new RefundPot(rows)
  const due = [...likely, ...possible]
  if (pot.giveAllBack(due)) return [...due, ...pot.giveBack(others)]
  const anew = new RefundPot(rows)
  const given = [likely, possible].flatMap((debts) => anew.giveBack(debts))
  const smallest = new RefundPot(rows)
  const most = smallest.giveMost(due)
  return most.length > given.length ? [...most, ...smallest.giveBack(others)] : [...given, ...anew.giveBack(others)]
}

const timed = (amounts: readonly LooseAmount[]): Row[] =>
  amounts.flatMap(({ points, at }) => (at === null ? [] : [{ left: points, at }])).sort((a, b) => a.at - b.at)

/** Of each amount the latest task first. */
function debtsByAmount<Each extends Debt>(debts: readonly Each[]): Map<bigint, Each[]> {
  const byAmount = new Map<bigint, Each[]>()
  for (const debt of [...debts].sort(latestFirst)) {
    const same = byAmount.get(leastOf(debt))
    if (same === undefined) byAmount.set(leastOf(debt), [debt])
    else same.push(debt)
  }
  return byAmount
}

/** Takes the latest task out that a row of that time may be of. */
function lastBefore<Each extends Debt>(debts: Each[] | undefined, at: number): Each | undefined {
  const place = debts?.findIndex(({ createdAt }) => createdAt <= at) ?? -1
  return place < 0 ? undefined : debts?.splice(place, 1)[0]
}

const latestFirst = (a: Debt, b: Debt): number => b.createdAt - a.createdAt || b.rowId - a.rowId

const smallestFirst = (a: Debt, b: Debt): number =>
  leastOf(a) === leastOf(b) ? latestFirst(a, b) : leastOf(a) < leastOf(b) ? -1 : 1
