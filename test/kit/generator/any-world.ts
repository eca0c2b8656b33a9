import process from 'node:process'
import fc from 'fast-check'
import type { Finding, Report, RuleId } from '../../../schemas/report.ts'
import type { Draft } from './draft.ts'
import { generate, type WorldNeeds } from './generate.ts'
import { createPrng, seedOf } from './prng.ts'
import { INJECTORS } from './table.ts'

/** Rules whose fault bends the whole world. */
const APART: readonly RuleId[] = ['TZ_MISCONFIGURED']
const FAULTS_MAX = 4

/** A world of a seed with some faults in it: what must hold of any books at all. */
export function anyWorld(seed: number, needs: WorldNeeds = {}): Draft {
  const random = createPrng(seedOf(seed, 'any'))
  const wanted = random
    .shuffled(INJECTORS.filter(({ rule }) => !APART.includes(rule)))
    .slice(0, random.int(0, FAULTS_MAX))
  const draft = generate(seed, Object.assign({}, ...wanted.map((each) => each.needs), needs))
  for (const { plant } of wanted) plant(draft, random)
  return draft
}

export const seeds = fc.integer({ min: 1, max: 1_000_000 })

/**
 * The same worlds in every run, so that a property that holds today holds tomorrow. PROPERTY_SEED looks at others, and
 * PROPERTY_RUNS at so many times as many.
 */
export const runs = (numRuns: number) => ({
  numRuns: numRuns * Number(process.env.PROPERTY_RUNS ?? 1),
  seed: Number(process.env.PROPERTY_SEED ?? 20_260_206),
})

/** Rules that judge one request, task or order by itself. */
export const ROW_RULES: readonly RuleId[] = ['B1', 'B2', 'B3', 'B5', 'B6', 'B7', 'B8', 'B9', 'B10', 'B18', 'B22']

/** What a finding is about, without its amounts. */
const topicOf = ({ rule, subject, classification }: Finding): string =>
  `${rule} ${classification} ${JSON.stringify(Object.entries(subject).sort())}`

export const topics = ({ findings }: Report, rules?: readonly RuleId[]): string[] =>
  findings
    .filter(({ rule }) => rules?.includes(rule) ?? true)
    .map(topicOf)
    .sort()

/** The whole report as bytes. */
export const bytesOf = (report: Report): string => JSON.stringify(report)
