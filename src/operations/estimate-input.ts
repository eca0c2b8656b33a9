import type { z } from 'zod'
import { plainDecimal } from '../../schemas/fal.ts'
import type { input } from '../../schemas/fal-estimate-cost.ts'
import { inputError, missingInput } from '../errors.ts'
import { formatDecimal, parseDecimal } from '../units/decimal.ts'
import { type NanoUsd, parseUsd } from '../units/nano-usd.ts'
import { parseRatio } from '../units/ratio.ts'

export type EstimateInput = z.output<typeof input>

/** What is to be estimated, settled. */
export interface EstimatePlan {
  readonly kind: EstimateInput['kind']
  /** Plain decimals above 0 by endpoint. */
  readonly quantities: ReadonlyMap<string, string>
  /** Requests of an event; undefined: no event. */
  readonly requests: bigint | undefined
  readonly limitNanoUsd: NanoUsd | undefined
}

// A comma would name several endpoints in a query.
const ENDPOINT = /^[\w./:@-]{1,150}$/
const ENDPOINT_WORDS = 'an endpoint of fal, such as fal-ai/flux/dev'
const CALLS = /^(?=.*[1-9])\d{1,9}$/
const UNITS = /^(?=.*[1-9])\d{1,9}(?:\.\d{1,6})?$/
const USES_DECIMALS = 3

/** Settles the inputs of a call. Throws an input error that names the field, the value and what is accepted. */
export function planEstimate(given: EstimateInput): EstimatePlan {
  const { kind, models = [], participants, uses_per_head: uses, model } = given
  const limitNanoUsd = limitOf(given.limit_usd)
  if (participants === undefined && uses === undefined && model === undefined) {
    return { kind, quantities: quantitiesOf(models, kind), requests: undefined, limitNanoUsd }
  }
  if (models[0] !== undefined) {
    throw inputError('models', models[0], 'either models, or participants with uses_per_head and model')
  }
  const requests = requestsOf(given)
  return { kind, quantities: new Map([[endpointOf('model', model ?? ''), String(requests)]]), requests, limitNanoUsd }
}

function quantitiesOf(models: readonly string[], kind: EstimateInput['kind']): Map<string, string> {
  const example = kind === 'calls' ? 'fal-ai/flux/dev=100' : 'fal-ai/flux/dev=12.5'
  if (models.length === 0) {
    throw missingInput('models', `entries like ${example}, or for an event participants, uses_per_head and model`)
  }
  const quantities = new Map<string, string>()
  for (const entry of models) {
    const equals = entry.lastIndexOf('=')
    const endpoint = entry.slice(0, Math.max(0, equals)).trim()
    const quantity = entry.slice(equals + 1).trim()
    if (!ENDPOINT.test(endpoint)) throw inputError('models', entry, `entries like ${example}`)
    if (!(kind === 'calls' ? CALLS : UNITS).test(quantity)) {
      const numbers = kind === 'calls' ? 'a whole number above 0' : 'a number above 0 with at most six decimals'
      throw inputError('models', entry, `${numbers} of ${kind} after =, like ${example}`)
    }
    if (quantities.has(endpoint)) throw inputError('models', entry, 'each endpoint once')
    quantities.set(endpoint, formatDecimal(parseDecimal(quantity) ?? { digits: 0n, scale: 0 }))
  }
  return quantities
}

function endpointOf(field: string, text: string): string {
  const endpoint = text.trim()
  if (!ENDPOINT.test(endpoint)) throw inputError(field, text, ENDPOINT_WORDS)
  return endpoint
}

/** participants × uses_per_head, rounded up: the last use begun is a whole request. */
function requestsOf({ participants, uses_per_head: uses, model }: EstimateInput): bigint {
  const together = 'together with participants, uses_per_head and model'
  if (participants === undefined) throw missingInput('participants', `a whole number from 1 up, ${together}`)
  if (uses === undefined) throw missingInput('uses_per_head', `a number above 0, ${together}`)
  if (model === undefined) throw inputError('model', '', `${ENDPOINT_WORDS}, ${together}`)
  const read = parseDecimal(plainDecimal(uses) ?? '')
  if (read === undefined || read.scale > USES_DECIMALS) {
    throw inputError('uses_per_head', uses, `a number above 0 with at most ${USES_DECIMALS} decimals`)
  }
  const one = 10n ** BigInt(read.scale)
  return (BigInt(participants) * read.digits + one - 1n) / one
}

function limitOf(text: string | undefined): NanoUsd | undefined {
  if (text === undefined) return undefined
  // Through the ratio's plain form: no sign, no exponent.
  const amount = parseRatio(text) === undefined ? undefined : parseUsd(text)
  if (amount === undefined) throw inputError('limit_usd', text, 'an amount of USD from 0 up, such as "100"')
  return amount
}
