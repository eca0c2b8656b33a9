import { z } from 'zod'
import { BILLING_CURRENCIES } from '../src/settings.ts'
import { parseInstant } from '../src/units/instant.ts'
import { countInt, instantText } from './report.ts'

/** What the billing tools and the billing routes share. */

/** What a price is for. Token units have two prices, input and output; all others one, which stands as the output price. */
const BILLING_UNITS = [
  'per_1k_tokens',
  'per_1m_tokens',
  'per_image',
  'per_second',
  'per_minute',
  'per_megapixel',
  'per_video',
  'per_1k_characters',
  'per_request',
] as const

const NAME_CHARS_MAX = 150
const LEVEL_CHARS_MAX = 64
const ACCEPTED_INSTANT = 'an instant with its offset, such as 2026-02-01T00:00:00Z'

/** A name on one line, without blanks around it. */
const name = (chars: number) =>
  z
    .string()
    .min(1)
    .max(chars)
    .regex(/^[^\s\p{C}](?:[^\p{C}\p{Zl}\p{Zp}]*[^\s\p{C}])?$/u, 'one line of printable characters, no blanks around it')

export const modelIdInput = name(NAME_CHARS_MAX)
export const modelNameInput = name(NAME_CHARS_MAX)
export const levelInput = name(LEVEL_CHARS_MAX)
export const ruleIdInput = z.string().regex(/^br_\d{3,9}$/, 'the id of a rule, such as br_001')
export const unitInput = z.enum(BILLING_UNITS)
export const currencyInput = z.enum(BILLING_CURRENCIES)
export const revisionInput = z.int().min(1).max(1_000_000)

/** Text, as given: a JSON number may already be rounded. */
export const priceInput = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,11})(?:\.\d{1,12})?$/, 'a decimal text such as "0.028", with at most 12 decimals')

export const instantInput = z.string().refine((text) => parseInstant(text) !== undefined, ACCEPTED_INSTANT)

const priceText = z.string().describe('exact decimal, as it was given')

/** One version of a rule, as the seed writes it. */
export const ruleShape = {
  rule_id: z.string(),
  model_id: z.string(),
  model_name: z.string(),
  membership_level: z.string(),
  input_price: priceText,
  output_price: priceText,
  unit: unitInput,
  currency: currencyInput,
  effective_at: instantText,
  revision: countInt,
  in_force: z.boolean().describe('whether it is this version that prices its model and level at that moment'),
}

const historyEntry = z.strictObject({
  revision: countInt,
  model_name: z.string(),
  input_price: priceText,
  output_price: priceText,
  unit: unitInput,
  currency: currencyInput,
  effective_at: instantText,
  recorded_at: instantText,
  superseded: z.boolean().describe('true: corrected by a later revision at the same instant'),
})

export const rule = z.strictObject(ruleShape)
export const ruleDetail = z.strictObject({ ...ruleShape, history: z.array(historyEntry) })
export type RuleOnWire = z.output<typeof rule>
export type RuleDetail = z.output<typeof ruleDetail>
