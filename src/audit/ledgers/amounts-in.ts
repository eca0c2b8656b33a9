import type { Instant } from '../../units/instant.ts'
import { instant } from '../../units/instant.ts'
import { wholePoints } from '../../units/points.ts'
import type { LooseAmount } from '../rules/books.ts'

/** Amounts of one user of which it is kept when they came in: of the others it is not. */
const TIMES_MAX = 48

/** Amounts above 0 that came in for no task, in order of the rows, and when the first of them did: points. */
export interface AmountsIn {
  readonly amounts: number[]
  readonly times: number[]
}

/** Nobody adds to it: most users have none. */
export const NO_AMOUNTS: AmountsIn = { amounts: [], times: [] }

/** The same with one more: the list itself, where it is not the empty one of all. */
export function withAmount(list: AmountsIn, amount: number, at: Instant): AmountsIn {
  const own = list === NO_AMOUNTS ? { amounts: [], times: [] } : list
  own.amounts.push(amount)
  if (own.times.length < TIMES_MAX) own.times.push(at)
  return own
}

export const copyOf = ({ amounts, times }: AmountsIn): AmountsIn => ({ amounts: [...amounts], times: [...times] })

export const looseAmounts = ({ amounts, times }: AmountsIn): LooseAmount[] =>
  amounts.map((amount, index) => {
    const at = times[index]
    return { points: wholePoints(amount), at: at === undefined ? null : instant(at) }
  })
