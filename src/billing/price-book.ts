import type { EventFact, TaskFact } from '../audit/rules/facts.ts'
import type { ChargeTerms, DueCharge, PriceBook } from '../audit/rules/prices.ts'
import { canonicalModel, endpointName } from '../audit/tasks/model-name.ts'
import {
  addDecimals,
  type Decimal,
  divideDecimals,
  formatDecimal,
  multiplyDecimals,
  parseDecimal,
  ZERO_DECIMAL,
} from '../units/decimal.ts'
import type { Ratio } from '../units/ratio.ts'
import { billedTokens } from './billed-tokens.ts'
import { type ChooserOptions, type RuleChooser, ruleChooser } from './choose-rule.ts'
import { asGiven, costOf, pointsOfCost, type Used } from './price.ts'
import { type BillingUnit, countsTokens, type RuleVersion } from './rule.ts'
import { billedUnit, type Measure, namesUnit } from './unit-words.ts'

export interface PriceBookOptions extends ChooserOptions {
  /** Points that one USD is worth; undefined where not configured. */
  readonly pointsPerUsd: Ratio | undefined
}

/**
 * The price rules as the audit applies them: each task by the version in force when it was created, for the level that
 * its user has. Models are found by the name as stored, otherwise by the endpoint that fal billed.
 */
export function priceBook(
  versions: readonly RuleVersion[],
  levels: ReadonlyMap<number, string>,
  { pointsPerUsd, ...options }: PriceBookOptions,
): PriceBook {
  const chooser = ruleChooser(versions, options)
  return {
    versions: versions.length,
    chargeOf(task, events) {
      const found = ruleFor(task, events, levels.get(task.userId) ?? options.defaultLevel, chooser)
      if (found === undefined) return { kind: 'uncovered' }
      const { rule, byName } = found
      const own = byName ? ownEvents(events, rule, options) : eventsOfOne(events)
      const amount = own && amountOf(task, own, rule)
      if (amount === undefined) return { kind: 'quantity-unknown', model: rule.modelId, unit: rule.unit }
      return dueFor(rule, amount, pointsPerUsd)
    },
  }
}

/** The rule of the stored name, or else the first of an endpoint that was billed. */
function ruleFor(
  { model, createdAt: at }: TaskFact,
  events: readonly EventFact[],
  membershipLevel: string,
  chooser: RuleChooser,
): { readonly rule: RuleVersion; readonly byName: boolean } | undefined {
  const named = chooser.choose({ model, membershipLevel, at })
  if (named !== undefined) return { rule: named, byName: true }
  for (const endpoint of new Set(events.map((event) => event.model))) {
    const rule = chooser.choose({ model: endpoint, isBilled: true, membershipLevel, at })
    if (rule !== undefined) return { rule, byName: false }
  }
  return undefined
}

/**
 * All events, where they are of one model. Undefined where several were billed, whether or not all have rules: only the stored
 * name would tell which of them the user ordered and which is a helper beside it.
 */
function eventsOfOne(events: readonly EventFact[]): readonly EventFact[] | undefined {
  return new Set(events.map(({ model }) => endpointName(model))).size > 1 ? undefined : events
}

/**
 * The events that a rule counts: all, where one endpoint was billed. Where a helper was billed beside it (a check, an
 * upscaler), those of the rule's own model; undefined where none of them is that.
 */
function ownEvents(
  events: readonly EventFact[],
  { modelId }: RuleVersion,
  { aliases }: ChooserOptions,
): readonly EventFact[] | undefined {
  const endpoints = new Set(events.map(({ model }) => model))
  if (endpoints.size <= 1) return events
  const wanted = canonicalModel(modelId, aliases)
  const own = events.filter(({ model }) => endpointName(model) === wanted)
  return own.length === 0 ? undefined : own
}

/** What was used, as the rule counts it, but for a divisor: rules per minute are held against seconds. */
interface Amount {
  readonly used: Used
  readonly divisor: bigint
}

const ONE: Decimal = { digits: 1n, scale: 0 }

const MEASURES: Readonly<Partial<Record<BillingUnit, readonly [Measure, divisor: bigint]>>> = {
  per_image: ['image', 1n],
  per_second: ['second', 1n],
  per_minute: ['second', 60n],
  per_megapixel: ['megapixel', 1n],
  per_video: ['video', 1n],
  per_1k_characters: ['character', 1n],
}

function amountOf(task: TaskFact, events: readonly EventFact[], rule: RuleVersion): Amount | undefined {
  return countedAmount(task, events, rule) ?? freeAmount(rule)
}

/** However much was used of what is free, nothing is due: nobody needs to tell it. */
const freeAmount = ({ inputPrice, outputPrice }: RuleVersion): Amount | undefined =>
  inputPrice.digits === 0n && outputPrice.digits === 0n
    ? { used: { kind: 'units', units: ZERO_DECIMAL }, divisor: 1n }
    : undefined

function countedAmount(task: TaskFact, events: readonly EventFact[], rule: RuleVersion): Amount | undefined {
  if (rule.unit === 'per_request') return { used: { kind: 'units', units: ONE }, divisor: 1n }
  if (countsTokens(rule.unit)) {
    const used = tokensOf(task, events, rule)
    return used && { used, divisor: 1n }
  }
  const [measure, divisor] = MEASURES[rule.unit] ?? []
  if (measure === undefined || divisor === undefined) return undefined
  const units = billedQuantity(events, measure)
  return units && { used: { kind: 'units', units }, divisor }
}

/** From the mapped columns, otherwise from the bill; a bill does not split input from output, which equal prices need not. */
function tokensOf(
  { inputTokens, outputTokens }: TaskFact,
  events: readonly EventFact[],
  { inputPrice, outputPrice }: RuleVersion,
): Used | undefined {
  const input = tokenCount(inputTokens) ?? (inputPrice.digits === 0n ? 0n : undefined)
  const output = tokenCount(outputTokens) ?? (outputPrice.digits === 0n ? 0n : undefined)
  // A column holds 0, too, where nobody ever told the tokens: a use without any is none that could be priced.
  if (input !== undefined && output !== undefined && input + output > 0n) {
    return { kind: 'tokens', inputTokens: input, outputTokens: output }
  }
  if (!isSame(inputPrice, outputPrice)) return undefined
  const total = billedTokens(events)
  return total === undefined || total === 'none' || total.digits === 0n ? undefined : { kind: 'units', units: total }
}

const tokenCount = (count: number | null | undefined): bigint | undefined =>
  count !== null && count !== undefined && Number.isSafeInteger(count) && count >= 0 ? BigInt(count) : undefined

const isSame = (a: Decimal, b: Decimal): boolean =>
  a.digits * 10n ** BigInt(b.scale) === b.digits * 10n ** BigInt(a.scale)

/** The sum of what was billed in this measure; undefined where nothing was, or a quantity is missing, or the unit of a part. */
function billedQuantity(events: readonly EventFact[], measure: Measure): Decimal | undefined {
  if (!events.every(namesUnit)) return undefined
  let total: Decimal | undefined
  for (const { unit, quantity } of events) {
    const counted = billedUnit(unit)
    if (counted?.measure !== measure) continue
    const units = quantity === null ? undefined : parseDecimal(quantity)
    if (units === undefined) return undefined
    total = addDecimals(total ?? ZERO_DECIMAL, multiplyDecimals(units, { digits: counted.each, scale: 0 }))
  }
  // Nothing used, or all of it taken back, is no use that could be priced.
  return total === undefined || total.digits <= 0n ? undefined : total
}

function dueFor(rule: RuleVersion, { used, divisor }: Amount, pointsPerUsd: Ratio | undefined): DueCharge {
  const whole = pointsOfCost(costOf(rule, used).total, rule.currency, pointsPerUsd)
  if (whole === undefined) return { kind: 'rate-missing' }
  const points = { numerator: whole.numerator, denominator: whole.denominator * divisor }
  return { kind: 'due', points, terms: () => termsOf(rule, { used, divisor }, points) }
}

function termsOf(rule: RuleVersion, { used, divisor }: Amount, due: Ratio): ChargeTerms {
  const { ruleId, unit, inputPrice, outputPrice, currency, membershipLevel } = rule
  const isSplit = used.kind === 'tokens'
  return {
    ruleId,
    unit,
    quantity: isSplit
      ? `${used.inputTokens} + ${used.outputTokens}`
      : quotientText(used.units, { digits: divisor, scale: 0 }),
    price: isSplit ? `${asGiven(inputPrice)} + ${asGiven(outputPrice)}` : asGiven(outputPrice),
    currency,
    level: membershipLevel,
    exactPoints: quotientText({ digits: due.numerator, scale: 0 }, { digits: due.denominator, scale: 0 }),
  }
}

const PLACES = 12

/** A quotient as plain text, with an ellipsis where digits are left out. */
function quotientText(dividend: Decimal, divisor: Decimal): string {
  const divided = divideDecimals(dividend, divisor, PLACES)
  if (divided === undefined) return ''
  return `${formatDecimal(divided.quotient)}${divided.exact ? '' : '…'}`
}
