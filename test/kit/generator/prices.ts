import type { BillingUnit, RuleDraft, RuleVersion } from '../../../src/billing/rule.ts'
import type { BillingStore } from '../../../src/billing/store.ts'
import { DAY, type Instant, plus } from '../../../src/units/instant.ts'
import type { Draft } from './draft.ts'
import { MODELS, type Model } from './models.ts'
import type { Prng } from './prng.ts'

const DEFAULT_LEVEL = 'basic'
export const OTHER_LEVEL = 'vip'

/** A cent of a point, so that prices may be fractions of one. */
const CENTS = 100
/** Prices are a little lower than the charges, which are whole points; for so many units it is less than one. */
const SHAVED_CENTS = 5
const SHAVED_QUANTITY_MAX = 10

const UNITS: Readonly<Record<string, readonly BillingUnit[]>> = {
  megapixels: ['per_megapixel'],
  images: ['per_image'],
  videos: ['per_video'],
  seconds: ['per_second', 'per_minute'],
}
const SECONDS_A_MINUTE = 60

/**
 * Price rules that ask for what this world's tasks are charged: in several units and currencies, for one level or two, with
 * versions before and after that would ask for something else, and some that were corrected.
 */
export function addPrices(draft: Draft, random: Prng, wanted: boolean | undefined): void {
  for (const user of draft.users) {
    const chance = random.next()
    if (chance < 0.3) user.level = random.pick([OTHER_LEVEL, ' VIP', 'Vip'])
    else if (chance < 0.4) user.level = 'gold'
  }
  if (!(wanted ?? random.chance(0.7))) return
  // One at least is judged where a fault needs that.
  const first = random.pick(MODELS)
  for (const model of MODELS) {
    if (model !== first && !random.chance(0.5)) continue
    const cents = centsOf(model, random)
    const inUsd = draft.settings.pointsPerUsd !== undefined || (model !== first && random.chance(0.1))
    const onlyOther = model !== first && random.chance(0.1)
    const levels = onlyOther ? [OTHER_LEVEL] : random.chance(0.4) ? [DEFAULT_LEVEL, OTHER_LEVEL] : [DEFAULT_LEVEL]
    const currency = random.pick(inUsd ? (['USD'] as const) : (['CNY', 'points'] as const))
    for (const membershipLevel of levels) {
      const unit = random.pick(unitsOf(model))
      addSeries(draft, random, { model, cents, currency, membershipLevel, unit })
    }
    const isJudged = !onlyOther && (currency !== 'USD' || draft.settings.pointsPerUsd !== undefined)
    if (isJudged) draft.priced.set(model.endpoint, cents)
  }
}

/** What a unit of the model costs, in cents of a point. */
function centsOf({ pointsPerUnit, quantities }: Model, random: Prng): number {
  const isShaved = Math.max(...quantities) <= SHAVED_QUANTITY_MAX && random.chance(0.3)
  return pointsPerUnit * CENTS - (isShaved ? SHAVED_CENTS : 0)
}

/** A model of which one unit is used at a time may as well be priced by the request. */
const unitsOf = ({ unit, quantities }: Model): readonly BillingUnit[] => [
  ...(UNITS[unit] ?? []),
  ...(quantities.length === 1 && quantities[0] === 1 ? (['per_request'] as const) : []),
]

export interface Priced {
  readonly model: Model
  /** Of a unit of the model, in cents of a point. */
  readonly cents: number
  /** By default the first that there is. */
  readonly unit?: BillingUnit
  readonly membershipLevel?: string
  readonly currency?: RuleDraft['currency']
}

/** A rule that is in force at all of the window, among versions that are not. */
function addSeries(draft: Draft, random: Prng, priced: Priced): void {
  const { window } = draft
  const other = { ...priced, cents: priced.cents * random.pick([2, 3]) }
  const before = plus(window.start, -random.int(40, 90) * DAY)
  const ruleId = addRule(draft, random.chance(0.5) ? other : priced, before)
  const since = random.pick([window.start, plus(before, DAY)])
  if (random.chance(0.4)) {
    addVersion(draft, ruleId, other, since)
    addVersion(draft, ruleId, priced, since)
  } else addVersion(draft, ruleId, priced, since)
  if (random.chance(0.5)) addVersion(draft, ruleId, other, window.end)
}

/** Records a rule, in force from an instant on. */
export function addRule(draft: Draft, priced: Priced, effectiveAt: Instant): string {
  const ruleId = `br_${String(new Set(draft.prices.map((version) => version.ruleId)).size + 1).padStart(3, '0')}`
  addVersion(draft, ruleId, priced, effectiveAt)
  return ruleId
}

/** Records a rule's next version; one that begins at the same instant is corrected by it. */
export function addVersion(draft: Draft, ruleId: string, priced: Priced, effectiveAt: Instant): void {
  const { prices } = draft
  const same = prices.filter((version) => version.ruleId === ruleId)
  const revision = same.length + 1
  const corrected = prices.findIndex(
    (each) => each.ruleId === ruleId && each.effectiveAt === effectiveAt && each.supersededBy === null,
  )
  const old = prices[corrected]
  if (old !== undefined) prices[corrected] = { ...old, supersededBy: revision }
  prices.push({
    ...draftOf(draft, ruleId, priced, effectiveAt),
    ruleId,
    revision,
    recordedAt: draft.now,
    supersededBy: null,
  })
}

function draftOf(draft: Draft, ruleId: string, priced: Priced, effectiveAt: Instant): RuleDraft {
  const { model, cents, membershipLevel = DEFAULT_LEVEL, currency = 'points' } = priced
  const { unit = unitsOf(model)[0] ?? 'per_request' } = priced
  const [first] = draft.prices.filter((version) => version.ruleId === ruleId)
  // Rules go by the stored name as well as by the endpoint.
  const stored = draft.prices.length % 2 === 0 ? draft.storedNames.get(model.endpoint) : undefined
  return {
    modelId: first?.modelId ?? stored ?? model.endpoint,
    modelName: null,
    membershipLevel: first?.membershipLevel ?? membershipLevel,
    inputPrice: { digits: 0n, scale: 0 },
    outputPrice: priceOf(cents * (unit === 'per_minute' ? SECONDS_A_MINUTE : 1), currency),
    unit,
    currency,
    effectiveAt,
  }
}

/** At 100 points a CNY and 400 points a USD. */
function priceOf(cents: number, currency: RuleDraft['currency']): RuleDraft['outputPrice'] {
  switch (currency) {
    case 'points':
      return { digits: BigInt(cents), scale: 2 }
    case 'CNY':
      return { digits: BigInt(cents), scale: 4 }
    case 'USD':
      return { digits: BigInt(cents) * 25n, scale: 6 }
  }
}

/** What a use of the model costs by its rule, in cents of a point; undefined where no rule is judged. */
export const dueCents = ({ priced }: Draft, { endpoint }: Model, quantity: number): number | undefined => {
  const cents = priced.get(endpoint)
  return cents === undefined ? undefined : cents * quantity
}

export const pointsOf = (cents: number): number => Math.round(cents / CENTS)

/** Writes the rules into a store as they came about, one version after another. */
export async function recordPrices(store: BillingStore, prices: readonly RuleVersion[]): Promise<void> {
  for (const version of [...prices].sort((a, b) => compare(a.ruleId, b.ruleId) || a.revision - b.revision)) {
    const { ruleId, revision, recordedAt, inputPrice, outputPrice, unit, currency, effectiveAt } = version
    if (revision === 1) {
      const { ruleId: recorded } = await store.create(version, recordedAt)
      if (recorded !== ruleId) throw new RangeError(`${ruleId} was recorded as ${recorded}`)
      continue
    }
    const corrected = prices.find((each) => each.ruleId === ruleId && each.supersededBy === revision)?.revision
    const change = { inputPrice, outputPrice, unit, currency, effectiveAt }
    await store.update(ruleId, corrected === undefined ? change : { ...change, revision: corrected }, recordedAt)
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
