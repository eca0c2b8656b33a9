import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Report, RuleId } from '../../schemas/report.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { parseRatio } from '../../src/units/ratio.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { runs, seeds, topics } from '../kit/generator/any-world.ts'
import { createPrng, type Prng, seedOf } from '../kit/generator/prng.ts'
import { tangledWorld, withHiddenUsers } from '../kit/tangled-world.ts'

const LEDGER_RULES: readonly RuleId[] = ['A4', 'B6', 'B7', 'B8', 'B9', 'B10', 'B11', 'B12', 'B13']

const rowsOf = ({ tables: { points, cash } }: World): number =>
  [...points, ...cash].filter(({ userId }) => (userId as number | null) === null).length

describe('a ledger row that loses its user', () => {
  // In link mode auto the rows of some users, hidden, may change how all are linked.
  it.each(['order', 'total'] as const)('adds no break, and takes none away without a word: %s', async (ledgerLink) => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = createPrng(seedOf(seed, 'ownerless'))
        const world = tangledWorld(random)
        const less = withHiddenUsers(world, random)
        const settings = { ledgerLink, pointsPerUsd: parseRatio('1000') }
        const audit = { depth: random.pick(['requests', 'requests', 'summary'] as const), settings }
        const before = await auditWorld(world, audit)
        const after = await auditWorld(less, audit)
        const found = new Set(topics(before, LEDGER_RULES))
        const added = topics(after, LEDGER_RULES).filter((topic) => !found.has(topic) && topic.includes(' BREAK '))
        expect(added).toEqual([])
        const still = new Set(topics(after, LEDGER_RULES))
        const silent = before.findings.filter(
          (finding) =>
            LEDGER_RULES.includes(finding.rule) &&
            topics({ ...before, findings: [finding] }).every((topic) => !still.has(topic)) &&
            !isLeftOpen(after, finding),
        )
        expect(silent).toEqual([])
        expect(await auditWorld(less, { ...audit, pieceRows: 1 })).toEqual(after)
        if (rowsOf(less) === 0) expect(after).toEqual(before)
      }),
      runs(150),
    )
  })
})

const KINDS = ['consume', 'consume', 'consume', 'refund', 'recharge', 'gift', 'deduct', null] as const

/** With one more row, of a single point where all else is of fifty or more, and names neither a user nor a task. */
function withOnePoint(world: World, random: Prng): World {
  const { points, cash } = world.tables
  const amount = random.pick([-1, 1])
  const common = {
    ...{ userId: null as never, title: '', orderId: random.pick([null, 'shop-1']) },
    at: random.pick(['2026-02-06 00:00:00', '2026-02-06 12:00:00', '2026-02-06 23:59:50', '2026-02-08 23:00:00']),
  }
  const { at, ...row } = common
  const inPoints = {
    ...{ ...row, id: points.length + 1, points: amount, createdAt: at, balanceBefore: null, balanceAfter: null },
    sourceType: random.pick(KINDS) as never,
  }
  const inCash = { ...row, id: cash.length + 1, money: amount, time: at, transactionType: random.pick([0, 1, 1, 2, 3]) }
  const tables = random.chance(0.7) ? { points: [...points, inPoints] } : { cash: [...cash, inCash] }
  return { ...world, tables: { ...world.tables, ...tables } }
}

describe('a ledger row of one point without a user', () => {
  it.each(['order', 'total'] as const)('explains no break that is larger: %s', async (ledgerLink) => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = createPrng(seedOf(seed, 'one point'))
        const world = tangledWorld(random)
        const settings = { ledgerLink, pointsPerUsd: parseRatio('1000') }
        const audit = { depth: random.pick(['requests', 'summary'] as const), settings }
        const breaks = async (given: World) =>
          topics(await auditWorld(given, audit), LEDGER_RULES).filter((topic) => topic.includes(' BREAK '))
        expect(await breaks(withOnePoint(world, random))).toEqual(await breaks(world))
      }),
      runs(200),
    )
  })
})

/** Whether a rule says that it cannot tell something, of the user of a finding or of nobody by name. */
const isLeftOpen = ({ notEvaluated }: Report, { rule, subject, context }: Report['findings'][number]): boolean =>
  notEvaluated.some(
    (each) =>
      each.rule === rule &&
      (each.subject.userId === undefined || each.subject.userId === (subject.userId ?? context?.userId)),
  )
