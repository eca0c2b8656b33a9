import type { z } from 'zod'
import { type FalaiUsageAnswer, input } from '../../schemas/falai-usage.ts'
import { AuditError, blanked, inputError } from '../errors.ts'
import type { BillingEvent } from '../fal/reader.ts'
import { LIMITS } from '../limits.ts'
import { cleanText, redactor } from '../render/clean.ts'
import type { CallContext, Dependencies } from '../tool.ts'
import { DAY, earlier, type Instant, type InstantRange, parseInstant, plus } from '../units/instant.ts'
import { addNanoUsd, formatUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { latestEnd } from '../units/window.ts'
import { parseDate, UTC, type Zone } from '../units/zone.ts'
import { parseOutside } from '../validation.ts'
import { DASHBOARD } from './bill-sums.ts'
import { compareDown } from './cost-tally.ts'

type UsageInput = z.output<typeof input>
type Redact = (text: string) => string

const KEYS_PAGE = 'https://fal.ai/dashboard/keys'
const KEY_WORDS = `an admin key of fal, <key_id>:<secret>, made at ${KEYS_PAGE}`
const SENDABLE_KEY = /^[\x21-\x7e]{1,1000}$/
// A comma would name several endpoints in a query.
const ENDPOINT = /^[\w./:@-]+$/
const DAYS_MAX = LIMITS.falEventSpanDays
const PAGE_SIZE = 100
const PAGE_SIZE_MAX = 1000
const PAGE_MAX = 1_000_000
const ENDPOINT_CHARS = 150
const REASON_CHARS = 400

/**
 * Requests and cost of a workspace, for the key that is sent along: POST /api/config/falai-usage, in the words of the seed that
 * names it. Requests are distinct ids of billing events, not quantities. The input is read here and not by the face: errors of
 * a common reading quote values, and could quote the key. It is kept nowhere, and taken out of all that is answered.
 * A key without permission is an answer with ok false; another failure of fal is an AuditError of kind 'source', a bad input
 * one of kind 'input' that names the field.
 */
export async function falaiUsage(
  given: unknown,
  { clock, fal, settings }: Pick<Dependencies, 'clock' | 'fal' | 'settings'>,
  { signal }: CallContext,
): Promise<FalaiUsageAnswer> {
  const redact = redactor(keysIn(given))
  try {
    const request = readInput(given)
    const apiKey = request.api_key.trim()
    const asOf = clock()
    const zone = settings.auditZone ?? UTC
    const range = rangeOf(request, zone, asOf)
    const paging = pagingOf(request)
    const endpointIds = request.endpoint_id === undefined ? undefined : [endpointOf(request.endpoint_id)]
    const query = { range: { start: range.start, end: earlier(range.end, asOf) }, ...(endpointIds && { endpointIds }) }
    const events = await fal.events(apiKey, query, signal)
    if (events.status === 'complete') {
      const answer = answerOf(events.value, paging, periodOf(request, range, zone), redact)
      const isEmpty = endpointIds !== undefined && events.value.length === 0
      return isEmpty ? { ...answer, message: `${SUCCESS}. ${NO_SUCH_ENDPOINT}` } : answer
    }
    const reason = redact(cleanText(events.reason, REASON_CHARS))
    if (events.failure === 'unauthorized' || events.failure === 'forbidden') {
      return { ok: false, message: `${NO_PERMISSION} (${reason})` }
    }
    throw new AuditError('source', `fal's billing events could not be read whole: ${reason}`, {
      next: `try again later, or see ${DASHBOARD}`,
    })
  } catch (error) {
    throw error instanceof AuditError ? blanked(error, redact) : error
  }
}

const NO_PERMISSION = `La clave no tiene permiso para leer la facturación de fal: use una clave con permiso Admin (${KEYS_PAGE}), o consulte el saldo y el uso en ${DASHBOARD}`
const SUCCESS = 'Estadísticas obtenidas exitosamente'

const NO_SUCH_ENDPOINT = 'Ningún evento del período es de ese endpoint_id: revise que el nombre sea correcto'

/** Whatever was sent as the key, so that nothing of it is told, be it a key or not. */
function keysIn(given: unknown): string[] {
  if (typeof given !== 'object' || given === null || !('api_key' in given)) return []
  const sent: unknown = given.api_key
  return (Array.isArray(sent) ? sent : [sent]).filter((each) => typeof each === 'string')
}

function readInput(given: unknown): UsageInput {
  const fields = typeof given === 'object' && given !== null && !Array.isArray(given) ? Object.entries(given) : []
  // Forms send fields that were left empty.
  const filled = Object.fromEntries(
    fields.filter(([name, value]) => !Object.hasOwn(input.shape, name) || (value !== '' && value !== null)),
  )
  const key: unknown = filled.api_key
  // Judged first, and never quoted.
  if (typeof key !== 'string' || !SENDABLE_KEY.test(key.trim())) {
    const problem = key === undefined ? 'is missing' : 'is not accepted'
    throw new AuditError('input', `api_key: ${problem}; give ${KEY_WORDS}`, { field: 'api_key', accepted: KEY_WORDS })
  }
  return parseOutside(input, filled, { kind: 'input' })
}

interface Paging {
  readonly page: number
  readonly size: number
}

const pagingOf = ({ page = 1, page_size: size = PAGE_SIZE }: UsageInput): Paging => ({
  page: countOf('page', page, PAGE_MAX),
  size: countOf('page_size', size, PAGE_SIZE_MAX),
})

function countOf(field: string, given: number | string, max: number): number {
  const count = /^\d{1,7}$/.test(String(given).trim()) ? Number(given) : 0
  if (count < 1 || count > max) throw inputError(field, given, `a whole number from 1 to ${max}`)
  return count
}

function endpointOf(text: string): string {
  const endpoint = text.trim()
  if (!ENDPOINT.test(endpoint)) throw inputError('endpoint_id', text, 'one endpoint of fal, such as fal-ai/flux/dev')
  return endpoint
}

function rangeOf({ start_date: from, end_date: to }: UsageInput, zone: Zone, asOf: Instant): InstantRange {
  const end = to === undefined ? asOf : boundOf('end_date', to, zone, 1)
  const start = from === undefined ? plus(end, -DAY) : boundOf('start_date', from, zone, 0)
  if (start > asOf) {
    throw inputError(from === undefined ? 'end_date' : 'start_date', from ?? to, `a time until ${zone.format(asOf)}`)
  }
  if (end <= start) {
    const [field, text] = to === undefined ? (['start_date', from] as const) : (['end_date', to] as const)
    throw inputError(field, text, 'an end_date after start_date')
  }
  if (end > latestEnd(start, DAYS_MAX, zone))
    throw inputError('start_date', from, `a period of at most ${DAYS_MAX} days`)
  return { start, end }
}

function boundOf(field: 'start_date' | 'end_date', text: string, zone: Zone, daysAfter: 0 | 1): Instant {
  const date = parseDate(text)
  if (date !== undefined) return zone.startOfDate(zone.addDays(date, daysAfter))
  const at = parseInstant(text)
  if (at === undefined) throw inputError(field, text, 'YYYY-MM-DD or an ISO 8601 instant with offset')
  return at
}

const periodOf = (request: UsageInput, { start, end }: InstantRange, zone: Zone): string =>
  request.start_date === undefined && request.end_date === undefined
    ? '24 horas'
    : `${zone.format(start)} – ${zone.format(end)}`

interface EndpointSum {
  costNanoUsd: NanoUsd
  readonly requestIds: Set<string>
}

function answerOf(
  events: readonly BillingEvent[],
  { page, size }: Paging,
  period: string,
  redact: Redact,
): FalaiUsageAnswer {
  const sums = new Map<string, EndpointSum>()
  const requestIds = new Set<string>()
  let totalNanoUsd = ZERO_NANO_USD
  for (const { requestId, model, costNanoUsd } of events) {
    const name = redact(cleanText(model, ENDPOINT_CHARS))
    const sum = sums.get(name) ?? { costNanoUsd: ZERO_NANO_USD, requestIds: new Set<string>() }
    sum.costNanoUsd = addNanoUsd(sum.costNanoUsd, costNanoUsd)
    sum.requestIds.add(requestId)
    sums.set(name, sum)
    requestIds.add(requestId)
    totalNanoUsd = addNanoUsd(totalNanoUsd, costNanoUsd)
  }
  const ranked = [...sums].sort(
    ([nameA, a], [nameB, b]) => compareDown(a.costNanoUsd, b.costNanoUsd) || (nameA < nameB ? -1 : 1),
  )
  const shown = ranked.slice((page - 1) * size, page * size)
  return {
    ok: true,
    usage: {
      total_requests: requestIds.size,
      total_cost: Number(formatUsd(totalNanoUsd)),
      total_cost_usd: formatUsd(totalNanoUsd),
      period,
      endpoints: Object.fromEntries(
        shown.map(([name, { costNanoUsd, requestIds: ids }]) => [
          name,
          { count: ids.size, cost: Number(formatUsd(costNanoUsd)), cost_usd: formatUsd(costNanoUsd) },
        ]),
      ),
      page,
      page_size: size,
      pages: Math.max(1, Math.ceil(ranked.length / size)),
    },
    message: SUCCESS,
  }
}
