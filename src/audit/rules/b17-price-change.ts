import { parseDecimal, subtractDecimals } from '../../units/decimal.ts'
import { isFinerThanNano, parseUsd } from '../../units/nano-usd.ts'
import { type FindingDraft, NO_EVIDENCE, type Rule } from './books.ts'
import type { PricePoint } from './facts.ts'
import { groupBy } from './group-by.ts'
import { canonicalPrice, samePrice, sequenceKey } from './price-sequence.ts'
import { notRead, unreadAccounts } from './request-book.ts'

/**
 * B17, per model: the unit price that fal bills changes within what was fetched, for the same workspace, unit and
 * discount. A first appearance is none. Nano-USD, prices compared as decimals; one finer than that is shown as it was billed.
 * Source: rule B17 of the specification.
 */
export const b17PriceChange: Rule = {
  id: 'B17',
  severity: 'LOW',
  perWindow: true,
  evaluate({ requests }) {
    if (!requests.known) return notRead(requests.reason)
    const byModel = groupBy(requests.value.prices, ({ model }) => model)
    const findings: FindingDraft[] = []
    for (const [model, prices] of byModel) {
      const finding = changeOf(model, prices)
      if (finding !== undefined) findings.push(finding)
    }
    return { examined: byModel.size, findings, notEvaluated: unreadAccounts(requests.value) }
  },
}

/** How many prices differ from the one before, and the first sequence of prices in which one does. */
function changeOf(model: string, prices: readonly PricePoint[]): FindingDraft | undefined {
  const sequences = [...groupBy(prices, sequenceKey)].sort(([a], [b]) => compareText(a, b))
  let changes = 0
  let shownChanges = 0
  let shown: readonly PricePoint[] = []
  for (const [, unordered] of sequences) {
    const sequence = [...unordered].sort(comparePoints)
    const own = sequence.filter(({ unitPrice }, index) => {
      const before = sequence[index - 1]
      return before !== undefined && !samePrice(before.unitPrice, unitPrice)
    }).length
    if (changes === 0 && own > 0) {
      shown = sequence
      shownChanges = own
    }
    changes += own
  }
  const [first] = shown
  const last = shown.at(-1)
  if (first === undefined || last === undefined) return undefined
  return {
    subject: { model },
    expected: parseUsd(first.unitPrice) ?? null,
    actual: parseUsd(last.unitPrice) ?? null,
    unit: 'USD',
    count: changes,
    ...exactly(first.unitPrice, last.unitPrice),
    evidence: NO_EVIDENCE,
    detail: {
      ...{ unit: first.unit, workspace: first.workspace },
      ...meanwhileOf(first.unitPrice, last.unitPrice, shown),
      ...(shownChanges < changes && { shownChanges }),
    },
  }
}

/** Another price of a sequence whose last one is the first again. */
function meanwhileOf(first: string, last: string, sequence: readonly PricePoint[]): FindingDraft['detail'] {
  const meanwhile = samePrice(first, last) && sequence.find(({ unitPrice }) => !samePrice(first, unitPrice))
  return meanwhile ? { meanwhileUsd: canonicalPrice(meanwhile.unitPrice) } : {}
}

/** A token may cost less than a nano-dollar: rounded to that, two prices would look like one. */
function exactly(first: string, last: string): Pick<FindingDraft, 'exactUsd'> {
  if (!isFinerThanNano(first) && !isFinerThanNano(last)) return {}
  const [expected, actual] = [parseDecimal(first), parseDecimal(last)]
  return expected === undefined || actual === undefined ? {} : { exactUsd: { expected, actual } }
}

/** By time; of one instant the lower price first, so that the order of the answer does not matter. */
const comparePoints = (a: PricePoint, b: PricePoint): number => a.at - b.at || comparePrices(a.unitPrice, b.unitPrice)

function comparePrices(a: string, b: string): number {
  const left = parseDecimal(a)
  const right = parseDecimal(b)
  if (left === undefined || right === undefined) return compareText(a, b)
  const { digits } = subtractDecimals(left, right)
  return digits < 0n ? -1 : digits > 0n ? 1 : 0
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
