import { canonicalModel, endpointName } from '../audit/tasks/model-name.ts'
import type { Instant } from '../units/instant.ts'
import { levelKey, type RuleVersion } from './rule.ts'

/** What a use is priced by. */
export interface RuleQuestion {
  readonly model: string
  /** Whether that is an endpoint as fal bills it, which no alias renames. Absent: it is a name as tasks and rules have it. */
  readonly isBilled?: true
  readonly membershipLevel: string
  readonly at: Instant
}

export interface RuleChooser {
  /** The version in force for that model, level and instant; the default level's where the level has none then. */
  choose(question: RuleQuestion): RuleVersion | undefined
  /** The same without the default level. */
  inForce(question: RuleQuestion): RuleVersion | undefined
}

export interface ChooserOptions {
  readonly defaultLevel: string
  /** app_name as stored → fal's endpoint id. */
  readonly aliases: ReadonlyMap<string, string>
}

/**
 * Chooses among the versions of all rules: of one model and level that version is in force whose effective_at is the
 * greatest not after the instant. Models are compared by canonical name, levels without case. Made once for many
 * questions: a question costs two look-ups and a search.
 */
export function ruleChooser(versions: readonly RuleVersion[], { defaultLevel, aliases }: ChooserOptions): RuleChooser {
  const byKey = new Map<string, RuleVersion[]>()
  const keys = new Map<string, string>()
  const modelKey = (model: string): string => {
    const known = keys.get(model)
    if (known !== undefined) return known
    const key = canonicalModel(model, aliases)
    keys.set(model, key)
    return key
  }
  for (const version of versions) {
    if (version.supersededBy !== null) continue
    const key = keyOf(modelKey(version.modelId), version.membershipLevel)
    const series = byKey.get(key) ?? []
    series.push(version)
    byKey.set(key, series)
  }
  for (const series of byKey.values()) series.sort(byEffect)
  const inForce = ({ model, isBilled, membershipLevel, at }: RuleQuestion): RuleVersion | undefined => {
    const key = isBilled === true ? endpointName(model) : modelKey(model)
    return lastNotAfter(byKey.get(keyOf(key, membershipLevel)) ?? [], at)
  }
  return {
    inForce,
    choose: (question) =>
      inForce(question) ??
      (levelKey(question.membershipLevel) === levelKey(defaultLevel)
        ? undefined
        : inForce({ ...question, membershipLevel: defaultLevel })),
  }
}

const keyOf = (model: string, level: string): string => JSON.stringify([model, levelKey(level)])

/**
 * By instant. Two rules meet at one instant only where an alias that was set later makes two models one: then the rule
 * that was recorded last counts.
 */
export const byEffect = (a: RuleVersion, b: RuleVersion): number =>
  a.effectiveAt - b.effectiveAt || a.recordedAt - b.recordedAt || a.revision - b.revision

function lastNotAfter(series: readonly RuleVersion[], at: Instant): RuleVersion | undefined {
  let low = 0
  let high = series.length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const version = series[middle]
    if (version !== undefined && version.effectiveAt <= at) low = middle + 1
    else high = middle
  }
  return series[low - 1]
}
