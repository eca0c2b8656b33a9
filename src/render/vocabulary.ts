import type { RuleId } from '../../schemas/report.ts'

export type Lang = 'zh' | 'en'

/** A finding's figures, ready to stand in a sentence: clean, with their unit. Undefined where not known. */
export interface SpokenFacts {
  /** The subject, such as "account 5, model sora-2". */
  readonly who: string
  readonly expected: string | undefined
  readonly actual: string | undefined
  readonly difference: string | undefined
  readonly unit: 'USD' | 'points' | 'count'
  readonly count: number
  /** A rule's own extra, as text, in USD, in points, in percent. */
  text(name: string): string | undefined
  usd(name: string): string | undefined
  points(name: string): string | undefined
  percent(name: string): string | undefined
  /** An extra that lists several ids, with more room than one of them has. */
  ids(name: string): string | undefined
  /** An extra that the data words, such as a unit: set apart where it is more than a few words. */
  word(name: string): string | undefined
}

/** The rules that the audit skill states. */
export type SkillRuleId = Extract<RuleId, `A${number}`>
/** The rules beyond the skill. */
export type FurtherRuleId = Exclude<RuleId, SkillRuleId>

export interface RuleWords {
  /** What the rule looks for, in a few words. */
  readonly name: string
  /** What does not agree, and by how much; without whom. '' for what is not known. */
  readonly phrases: (facts: SpokenFacts) => readonly string[]
  /** What explains a finding of timing, where it is not a task that crosses the edge of the window. */
  readonly timing?: string
}

/** Reads a parameter of a reason, clean; undefined where it was not given. */
export type ReasonParam = (name: string) => string | undefined

/** Joins the phrases that are known. */
export const joined = (phrases: readonly string[], separator: string): string =>
  phrases.filter((phrase) => phrase !== '').join(separator)

/** A phrase around a value, or '' where the value is not known. */
export const given = (value: string | undefined, phrase: (value: string) => string): string =>
  value === undefined ? '' : phrase(value)

/** An amount that is known and not zero. */
export const nonZero = (amount: string | undefined): string | undefined =>
  amount !== undefined && /[1-9]/.test(amount) ? amount : undefined

/** What A1 left out as pending: also where that is nothing, beside what still runs, so that neither is taken for the other. */
export const pendingLeftOut = (facts: SpokenFacts): string | undefined =>
  nonZero(facts.usd('runningUsd')) === undefined ? nonZero(facts.usd('pendingUsd')) : facts.usd('pendingUsd')

export const costOf = (facts: SpokenFacts): string | undefined =>
  facts.usd('costUsd') ?? (facts.unit === 'USD' ? facts.actual : undefined)

/** How A1 comes from the bill by event time to that by task period; undefined where that is not told. */
export function bridgeOf(facts: SpokenFacts) {
  const bill = facts.usd('billByEventTimeUsd')
  const byTask = facts.usd('billByTaskPeriodUsd')
  if (bill === undefined || byTask === undefined) return undefined
  const carriedIn = facts.usd('carriedInUsd') ?? '0.00 USD'
  const carriedOut = facts.usd('carriedOutUsd') ?? '0.00 USD'
  return { bill, byTask, carriedIn, carriedOut }
}

/** From what on B15 fires. A disabled account has no threshold: nothing should be billed to it. */
export const leakThresholds = (facts: SpokenFacts): readonly string[] =>
  facts.text('disabled') === 'yes'
    ? []
    : [facts.usd('thresholdUsd') ?? '', facts.percent('thresholdPercent') ?? ''].filter((limit) => limit !== '')

/** What was found out, and then what to do; nothing where nothing was. */
export function advised(said: readonly string[], advice: string): readonly string[] {
  const known = said.filter((phrase) => phrase !== '')
  return known.length === 0 ? [] : [...known, advice]
}
