import { falLegacyInvoices } from '../../schemas/fal.ts'
import { type NanoUsd, parseUsd } from '../units/nano-usd.ts'
import { type Answer, complete, failed, partial } from './answer.ts'
import type { Call } from './asking.ts'
import { readJson } from './json.ts'
import type { Fetched, LegacyInvoice } from './reader.ts'

const PATH = '/billing/invoices'
const MONTH = /^(\d{4}-(?:0[1-9]|1[0-2]))(?:-\d{2}(?:[T ].*)?)?$/
const CURRENCY = /^[A-Z]{3}$/

const MORE_KEYS = ['has_more', 'hasMore', 'next_cursor', 'nextCursor', 'next_page', 'next_page_token', 'next']

type Wire = Readonly<Record<string, unknown>>

const NOT_CONFIGURED = failed('not-configured', `${PATH} is asked only where legacyBillingBaseUrl is configured`)
const MORE = failed('page-limit', 'fal says that there is more, and how to ask for it is not known')

/**
 * GET /billing/invoices below another base URL than the Platform API's. One public capability file alone names it (seed
 * 002), with no shape but "array": so keys are tried by their usual names, and what they do not tell plainly stays untold.
 */
export async function askLegacyInvoices(call: Call, baseUrl: string | undefined): Promise<Fetched<LegacyInvoice[]>> {
  if (baseUrl === undefined) return NOT_CONFIGURED
  const answer = await call.transport.ask(
    {
      baseUrl,
      apiKey: call.apiKey,
      path: PATH,
      params: [],
      accept: 'application/json',
      read: readInvoices,
    },
    call.signal,
  )
  if (answer.status === 'complete') {
    const { invoices, more } = answer.value
    return more ? partial(invoices, MORE) : complete(invoices)
  }
  // Reasons of the transport name the setting of the other base URL, which is not the one to mend here.
  const reason = answer.reason.replaceAll('FAL_API_BASE_URL', 'legacyBillingBaseUrl')
  return failed(answer.failure, `unconfirmed address ${PATH}: ${reason}`)
}

function readInvoices(text: string): Answer<{ invoices: LegacyInvoice[]; more: boolean }> {
  const answer = readJson(falLegacyInvoices)(text)
  if (answer.status === 'failed') return answer
  const { value } = answer
  if (Array.isArray(value)) return complete({ invoices: value.map(invoiceOf), more: false })
  return complete({ invoices: value.invoices.map(invoiceOf), more: tellsMore(value, value.invoices.length) })
}

/** By the usual names of such keys: one that is there and says anything but that this is all, says that there may be more. */
function tellsMore(wire: Wire, here: number): boolean {
  const nothing: readonly unknown[] = [undefined, null, false, '', 'false', 0]
  if (MORE_KEYS.some((key) => !nothing.includes(wire[key]))) return true
  return Number(wire.total_pages ?? 1) > Number(wire.page ?? 1) || Number(wire.total_count ?? 0) > here
}

function invoiceOf(wire: Wire): LegacyInvoice {
  const currency = currencyOf(wire.currency)
  return {
    invoiceId: idOf(firstOf(wire, ['id', 'invoice_id', 'number'])),
    month: monthOf(firstOf(wire, ['period', 'month', 'date', 'created_at'])),
    amountNanoUsd: currency === 'USD' || wire.currency == null ? amountOf(wire) : null,
    currency,
    status: typeof wire.status === 'string' ? wire.status.trim() : '',
  }
}

/** The first key that is there decides: where it cannot be read, another one might mean something else. */
const firstOf = (wire: Wire, keys: readonly string[]): unknown => keys.map((key) => wire[key]).find((v) => v != null)

function idOf(value: unknown): string {
  if (typeof value === 'string') return value.trim()
  // A larger number has lost digits on its way through JSON.
  return Number.isSafeInteger(value) ? String(value) : ''
}

const monthOf = (value: unknown): string => (typeof value === 'string' ? (MONTH.exec(value.trim())?.[1] ?? '') : '')

function currencyOf(value: unknown): string {
  const code = typeof value === 'string' ? value.trim().toUpperCase() : ''
  return CURRENCY.test(code) ? code : ''
}

/** Names of the whole amount have to agree: one of them may be in cents. What is due may be less, so it counts alone only. */
function amountOf(wire: Wire): NanoUsd | null {
  const whole = ['amount', 'total', 'total_amount'].map((key) => wire[key]).filter((value) => value != null)
  const [first, ...others] = (whole.length > 0 ? whole : [wire.amount_due]).map(usdOrNull)
  return first !== undefined && others.every((other) => other === first) ? first : null
}

const usdOrNull = (value: unknown): NanoUsd | null =>
  typeof value === 'string' || typeof value === 'number' ? (parseUsd(value) ?? null) : null
