import type { RuleId } from '../../../schemas/report.ts'
import type { Injector } from './faults.ts'
import { shortly } from './judge.ts'
import { INJECTORS } from './table.ts'
import { type Outcome, type Trial, tryBeside, tryClean, tryFault, tryPair, tryTwin } from './trial.ts'
import { UNKNOWNS, type Unknown } from './unknowns.ts'

export interface RuleTally {
  /** Worlds a fault of the rule was planted in, and worlds that had no place for it. */
  injected: number
  noPlace: number
  found: number
  missed: number
  /** Findings of this rule, in whatever world with a fault, that the fault does not explain. */
  falseAlarms: number
  twins: number
  twinAlarms: number
}

export interface Tally {
  readonly rules: Record<string, RuleTally>
  readonly clean: { worlds: number; withFindings: number; incomplete: number }
  readonly pairs: { planted: number; failed: number; noPlace: number }
  /** Faults beside a row elsewhere that does not tell something: tried, left open where that may matter, and hidden though it cannot. */
  readonly beside: { planted: number; open: number; hidden: number }
  /** One line each, with what is needed to run it again alone. */
  readonly failures: string[]
}

export interface TallyPlan {
  readonly rules: readonly RuleId[]
  readonly twins: boolean
  readonly clean: boolean
  /** Pairs of faults, from the first seed on. */
  readonly pairs: readonly number[]
  /** Whether each fault is planted once more, beside an unknown elsewhere. */
  readonly beside?: boolean
}

const FAILURES_MAX = 400
/** Sums over days and matches across the zone mean nothing where the zone is wrong: TZ_MISCONFIGURED stands alone. */
const PAIRED = INJECTORS.filter(({ rule }) => rule !== 'TZ_MISCONFIGURED')

const newRule = (): RuleTally => ({
  ...{ injected: 0, noPlace: 0, found: 0, missed: 0, falseAlarms: 0, twins: 0, twinAlarms: 0 },
})

const newTally = (): Tally => ({
  rules: Object.fromEntries(INJECTORS.map(({ rule }) => [rule, newRule()])),
  clean: { worlds: 0, withFindings: 0, incomplete: 0 },
  pairs: { planted: 0, failed: 0, noPlace: 0 },
  beside: { planted: 0, open: 0, hidden: 0 },
  failures: [],
})

/** Runs the seeds, one after another: clean, each rule's fault and twin; then the pairs. */
export async function tallySeeds(trial: Trial, seeds: Iterable<number>, plan: TallyPlan): Promise<Tally> {
  const tally = newTally()
  const wanted = INJECTORS.filter(({ rule }) => plan.rules.includes(rule) && trial.active.has(rule))
  for (const seed of seeds) {
    if (plan.clean) await addClean(tally, trial, seed)
    for (const injector of wanted) {
      await addFault(tally, trial, seed, injector)
      if (plan.twins) await addTwin(tally, trial, seed, injector)
      if (plan.beside === true) await addBeside(tally, trial, seed, injector)
    }
  }
  for (const seed of plan.pairs) await addPair(tally, trial, seed)
  return tally
}

async function addClean(tally: Tally, trial: Trial, seed: number): Promise<void> {
  const outcome = await tryClean(trial, seed)
  tally.clean.worlds += 1
  if (!outcome.report.coverage.complete) {
    tally.clean.incomplete += 1
    fail(tally, `clean --seed ${seed}: not everything was read`)
  }
  if (outcome.falseAlarms.length === 0) return
  tally.clean.withFindings += 1
  fail(tally, `clean --seed ${seed}: ${alarms(outcome)}`)
}

async function addFault(tally: Tally, trial: Trial, seed: number, injector: Injector): Promise<void> {
  const { rule } = injector
  const own = ruleOf(tally, rule)
  const outcome = await tryFault(trial, seed, injector)
  if (outcome === undefined) {
    own.noPlace += 1
    return
  }
  own.injected += 1
  if (outcome.missed.length === 0) own.found += 1
  else {
    own.missed += 1
    fail(tally, `missed --rule ${rule} --seed ${seed}: ${outcome.missed.join('; ')}`)
  }
  for (const finding of outcome.falseAlarms) ruleOf(tally, finding.rule).falseAlarms += 1
  if (outcome.falseAlarms.length > 0) fail(tally, `false --rule ${rule} --seed ${seed}: ${alarms(outcome)}`)
}

async function addTwin(tally: Tally, trial: Trial, seed: number, injector: Injector): Promise<void> {
  const own = ruleOf(tally, injector.rule)
  const outcome = await tryTwin(trial, seed, injector)
  if (outcome === undefined) return
  own.twins += 1
  if (outcome.falseAlarms.length === 0) return
  own.twinAlarms += 1
  const which = seed % injector.twins.length
  fail(tally, `twin ${which} --rule ${injector.rule} --seed ${seed}: ${alarms(outcome)}`)
}

/** Of the unknowns each in turn: of as many seeds as there are, all meet each fault. */
async function addBeside(tally: Tally, trial: Trial, seed: number, injector: Injector): Promise<void> {
  const unknown = UNKNOWNS[(seed + INJECTORS.indexOf(injector)) % UNKNOWNS.length] as Unknown
  const outcome = await tryBeside(trial, seed, injector, unknown)
  if (outcome === undefined) return
  tally.beside.planted += 1
  if (outcome.missed.length === 0) return
  if (
    unknown.mayOpen.includes(injector.rule) &&
    outcome.report.notEvaluated.some(({ rule }) => rule === injector.rule)
  ) {
    tally.beside.open += 1
    return
  }
  tally.beside.hidden += 1
  fail(tally, `beside ${unknown.name} --rule ${injector.rule} --seed ${seed}: ${outcome.missed.join('; ')}`)
}

async function addPair(tally: Tally, trial: Trial, seed: number): Promise<void> {
  const rules = PAIRED.filter(({ rule }) => trial.active.has(rule))
  // Every pair in turn: the first rule goes round, the second lies a step further with each round.
  const first = seed % rules.length
  const step = 1 + (Math.floor(seed / rules.length) % (rules.length - 1))
  const a = rules[first] as Injector
  const b = rules[(first + step) % rules.length] as Injector
  const outcome = await tryPair(trial, seed, a, b)
  if (outcome === undefined) {
    tally.pairs.noPlace += 1
    return
  }
  tally.pairs.planted += 1
  if (outcome.missed.length === 0 && outcome.falseAlarms.length === 0) return
  tally.pairs.failed += 1
  const wrong = [...outcome.missed.map((each) => `missed ${each}`), alarms(outcome)].filter(Boolean).join('; ')
  fail(tally, `pair ${a.rule} ${b.rule} --pair ${seed}: ${wrong}`)
}

const alarms = ({ falseAlarms }: Outcome): string => falseAlarms.slice(0, 4).map(shortly).join('; ')

function ruleOf(tally: Tally, rule: string): RuleTally {
  tally.rules[rule] ??= newRule()
  return tally.rules[rule]
}

function fail(tally: Tally, failure: string): void {
  if (tally.failures.length < FAILURES_MAX) tally.failures.push(failure)
}

/** Adds tallies of several workers up. */
export function mergeTallies(tallies: readonly Tally[]): Tally {
  const merged = newTally()
  for (const { rules, clean, pairs, beside, failures } of tallies) {
    for (const [rule, counts] of Object.entries(rules)) addCounts(ruleOf(merged, rule), counts)
    addCounts(merged.clean, clean)
    addCounts(merged.pairs, pairs)
    addCounts(merged.beside, beside)
    merged.failures.push(...failures)
  }
  return merged
}

function addCounts<T extends object>(to: T, from: T): void {
  const counts = to as Record<string, number>
  for (const [key, count] of Object.entries(from)) counts[key] = (counts[key] ?? 0) + (count as number)
}

/** Whether the targets are met: everything found, beside unknowns too, no false alarm, clean worlds silent, 99.9 % of pairs whole. */
export function targetsMissed({ rules, clean, pairs, beside }: Tally): string[] {
  const wrong: string[] = []
  for (const [rule, { missed, falseAlarms, twinAlarms, injected, noPlace }] of Object.entries(rules)) {
    if (missed > 0) wrong.push(`${rule}: ${missed} missed`)
    if (falseAlarms > 0) wrong.push(`${rule}: ${falseAlarms} false alarms`)
    if (twinAlarms > 0) wrong.push(`${rule}: ${twinAlarms} twins raised an alarm`)
    if (noPlace > injected) wrong.push(`${rule}: most worlds have no place for the fault`)
  }
  if (clean.withFindings > 0) wrong.push(`${clean.withFindings} clean worlds with findings`)
  if (clean.incomplete > 0) wrong.push(`${clean.incomplete} clean worlds not read whole`)
  if (pairs.failed * 1000 > pairs.planted) wrong.push(`${pairs.failed} of ${pairs.planted} pairs failed`)
  if (beside.hidden > 0) wrong.push(`${beside.hidden} of ${beside.planted} faults hidden by an unknown elsewhere`)
  return wrong
}
