import type { Report, RuleId } from '../../../schemas/report.ts'
import type { Depth } from '../../../src/settings.ts'
import { auditDraft } from './audit-draft.ts'
import type { Draft } from './draft.ts'
import type { Allowed, Injector, Plant } from './faults.ts'
import { generate, type WorldNeeds } from './generate.ts'
import { EDGE_TIMING, judgeReport, NOTHING, SUMMARY_TIMING, type Verdict } from './judge.ts'
import { createPrng, seedOf } from './prng.ts'
import { type Rendered, render } from './render.ts'
import { type Unknown, withUnknown } from './unknowns.ts'

/** Audits a draft somehow: in memory, or on real parts. */
export type Auditor = (draft: Draft, depth: Depth, rendered: Rendered) => Promise<Report>

export interface Trial {
  readonly depth: Depth
  readonly active: ReadonlySet<RuleId>
  readonly audit: Auditor
}

export const inMemory = (depth: Depth, active: ReadonlySet<RuleId>): Trial => ({ depth, active, audit: auditDraft })

/** How many worlds with the same seed are tried for one that has a place for the fault. */
const WORLDS_MAX = 6
/** Worlds of one seed lie this far apart. */
const NEXT_WORLD = 1_000_003

export interface Outcome extends Verdict {
  readonly draft: Draft
  readonly report: Report
}

async function judge(trial: Trial, draft: Draft, plant: Plant, rendered: Rendered = render(draft)): Promise<Outcome> {
  const report = await trial.audit(draft, trial.depth, rendered)
  const timing: readonly Allowed[] = trial.depth === 'summary' ? SUMMARY_TIMING : EDGE_TIMING
  return { draft, report, ...judgeReport(report, plant, rendered, trial.active, timing) }
}

export const tryClean = (trial: Trial, seed: number): Promise<Outcome> =>
  judge(trial, generate(seed, { depth: trial.depth }), NOTHING)

/** Plants the fault into the first world of the seed that has a place for it. */
export async function tryFault(trial: Trial, seed: number, injector: Injector): Promise<Outcome | undefined> {
  const made = bend(trial, seed, injector.rule, injector.needs, injector.plant)
  return made && judge(trial, made.draft, made.result)
}

/** The same, where a row elsewhere does not tell something; undefined too where the world has no such row. */
export async function tryBeside(
  trial: Trial,
  seed: number,
  injector: Injector,
  unknown: Unknown,
): Promise<Outcome | undefined> {
  const made = bend(trial, seed, injector.rule, injector.needs, injector.plant)
  const random = createPrng(seedOf(seed, unknown.name))
  const rendered = made && withUnknown(made.draft, render(made.draft), unknown, random)
  return made && rendered && judge(trial, made.draft, made.result, rendered)
}

/** The same for the twin: which of several is up to the seed. */
export async function tryTwin(
  trial: Trial,
  seed: number,
  { rule, needs, twins }: Injector,
): Promise<Outcome | undefined> {
  const twin = twins[seed % twins.length]
  if (twin === undefined) return undefined
  const { needs: own, bend: bending } = typeof twin === 'function' ? { needs: {}, bend: twin } : twin
  const made = bend(trial, seed, `${rule} twin`, { ...needs, ...own }, bending)
  return made && judge(trial, made.draft, { expected: [], allowed: made.result })
}

/** Two faults in one world. */
export async function tryPair(trial: Trial, seed: number, a: Injector, b: Injector): Promise<Outcome | undefined> {
  const needs = { ...a.needs, ...b.needs }
  const made = bend(trial, seed, `${a.rule} ${b.rule}`, needs, (draft, random) => {
    const first = a.plant(draft, random)
    const second = first && b.plant(draft, random)
    return (
      first &&
      second && { expected: [...first.expected, ...second.expected], allowed: [...first.allowed, ...second.allowed] }
    )
  })
  return made && judge(trial, made.draft, made.result)
}

function bend<T>(
  { depth }: Trial,
  seed: number,
  part: string,
  needs: WorldNeeds,
  bending: (draft: Draft, random: ReturnType<typeof createPrng>) => T | undefined,
): { draft: Draft; result: T } | undefined {
  for (let tried = 0; tried < WORLDS_MAX; tried++) {
    const draft = generate(seed + tried * NEXT_WORLD, { ...needs, depth })
    const result = bending(draft, createPrng(seedOf(seed, part)))
    if (result !== undefined) return { draft, result }
  }
  return undefined
}
