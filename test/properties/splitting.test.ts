import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Report, RuleId } from '../../schemas/report.ts'
import { type NanoUsd, parseUsd } from '../../src/units/nano-usd.ts'
import { datesOf } from '../../src/units/window.ts'
import { anyWorld, ROW_RULES, runs, seeds, topics } from '../kit/generator/any-world.ts'
import { auditDraft } from '../kit/generator/audit-draft.ts'
import type { Draft } from '../kit/generator/draft.ts'

// Exceptions, all of the rules' own arithmetic: A1 to A4, A7, A8, B14, B15, B17, B20, B21 speak of the window as a whole,
// B11 to B13 name the first row of the window, B4 names a request whose tasks may lie in both parts, and B19 takes days
// that cancel for timing only where both are in the window.
const BY_DAY: readonly RuleId[] = ['A5', 'A6', 'B16']

/** The window whole, and cut in two between days. */
async function parts(seed: number): Promise<{ draft: Draft; whole: Report; halves: Report[] }> {
  const draft = anyWorld(seed, { daysMin: 2, links: 'all' })
  const dates = datesOf(draft.window)
  const cut = 1 + (seed % (dates.length - 1))
  const audit = (start: string | undefined, end: string | undefined): Promise<Report> =>
    auditDraft(draft, 'requests', undefined, { start, end })
  const halves = [await audit(dates[0], dates[cut - 1]), await audit(dates[cut], dates.at(-1))]
  return { draft, whole: await audit(dates[0], dates.at(-1)), halves }
}

const usd = (text: string | null | undefined): NanoUsd => parseUsd(text ?? '0') as NanoUsd

/** Everything that counts a task, a request or a bill once. */
const counted = ({ tasks, official, requests }: Report): Record<string, bigint> => ({
  taskCount: BigInt(tasks.totals.taskCount),
  chargedPoints: BigInt(tasks.totals.chargedPoints),
  recorded: usd(tasks.totals.costUsd),
  refundCount: BigInt(tasks.totals.refundCount),
  refundedPoints: BigInt(tasks.totals.refundedPoints),
  outside: BigInt(tasks.totals.outsideAccounts.taskCount),
  official: usd(official.totals.costUsd),
  matched: BigInt(requests?.matched ?? -1),
  unrecorded: BigInt(requests?.unrecorded ?? -1),
  unbilled: BigInt(requests?.unbilled ?? -1),
  pending: BigInt(requests?.pending ?? -1),
  mismatched: BigInt(requests?.mismatched ?? -1),
})

describe('splitting the window', () => {
  it('keeps every total', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { whole, halves } = await parts(seed)
        const sum: Record<string, bigint> = {}
        for (const half of halves) {
          for (const [key, amount] of Object.entries(counted(half))) sum[key] = (sum[key] ?? 0n) + amount
        }
        expect(sum).toEqual(counted(whole))
      }),
      runs(50),
    )
  })

  it('finds each row and each day once', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { whole, halves } = await parts(seed)
        const rules = [...ROW_RULES, ...BY_DAY]
        expect(halves.flatMap((half) => topics(half, rules)).sort()).toEqual(topics(whole, rules))
      }),
      runs(50),
    )
  })

  it('keeps how many rows of the points ledger are broken', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { whole, halves } = await parts(seed)
        const broken = ({ findings }: Report): number =>
          findings.filter(({ rule }) => ['B11', 'B12', 'B13'].includes(rule)).reduce((sum, { count }) => sum + count, 0)
        expect(halves.reduce((sum, half) => sum + broken(half), 0)).toBe(broken(whole))
      }),
      runs(40),
    )
  })
})
