import { bitLength } from '../../units/exact.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { entryOf } from '../nested.ts'
import type { Doubt } from '../rules/books.ts'
import type { TaskFact } from '../rules/facts.ts'
import type { RequestSums } from './request-totals.ts'

/** Tasks of one account and stored model that fal billed nothing for, whose costs have equally many binary digits. */
export interface UnbilledSum {
  readonly accountId: number | null
  readonly model: string
  readonly count: number
  readonly costNanoUsd: NanoUsd
  /** The cost of one of them: what is in doubt of that one is so of all. */
  readonly oneNanoUsd: NanoUsd
}

/** Adds them up as finely as findings about them may be in doubt. */
export class UnbilledSums {
  readonly #sums = new Map<string, { -readonly [Key in keyof UnbilledSum]: UnbilledSum[Key] }>()

  add(accountId: number | null, { model, costNanoUsd }: Pick<TaskFact, 'model' | 'costNanoUsd'>): void {
    const sum = entryOf(this.#sums, JSON.stringify([accountId, bitLength(costNanoUsd), model]), () => ({
      ...{ accountId, model, count: 0, costNanoUsd: ZERO_NANO_USD, oneNanoUsd: costNanoUsd },
    }))
    sum.count += 1
    sum.costNanoUsd = addNanoUsd(sum.costNanoUsd, costNanoUsd)
  }

  list(): readonly UnbilledSum[] {
    return [...this.#sums.values()]
  }
}

/** The same where it turned out that nobody can tell of some whether fal billed them: those are not evaluated. */
export function withoutDoubtful(requests: RequestSums | null, isDoubtful: Doubt | undefined): RequestSums | null {
  if (requests === null || isDoubtful === undefined) return requests
  let taken = 0
  let openNanoUsd = ZERO_NANO_USD
  for (const { accountId, model, count, costNanoUsd, oneNanoUsd } of requests.unbilled) {
    if (isDoubtful({ model, ...(accountId !== null && { accountId }) }, oneNanoUsd) === undefined) continue
    taken += count
    openNanoUsd = addNanoUsd(openNanoUsd, costNanoUsd)
  }
  if (taken === 0) return requests
  const { counts } = requests
  const { unbilled = 0, ...others } = counts.verdicts ?? {}
  const open = taken + (others['not-evaluated'] ?? 0)
  const verdicts = { ...others, 'not-evaluated': open, ...(unbilled > taken && { unbilled: unbilled - taken }) }
  const inOrder = Object.entries(verdicts).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...requests,
    counts: { ...counts, unbilled: counts.unbilled - taken, verdicts: Object.fromEntries(inOrder) },
    tieOut: (recordedTotal) => requests.tieOut(recordedTotal, openNanoUsd),
  }
}
