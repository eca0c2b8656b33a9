import { parseUsd } from '../units/nano-usd.ts'
import { type Answer, complete, failed } from './answer.ts'
import type { Call } from './asking.ts'
import { parseCsv } from './csv.ts'
import { HTML_PAGE } from './json.ts'
import { readParts } from './parts.ts'
import type { Fetched, FocusRow } from './reader.ts'
import { looksLikeHtml } from './reasons.ts'

/** Months of one question. */
const MONTHS_MAX = 120
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/

interface FocusLine {
  readonly row: FocusRow
  /** The line as it was sent, to tell a repeat. */
  readonly wire: string
}

/**
 * GET /account/focus, source invoice: the lines billed in each month of issue, both ends included (YYYY-MM). It is the only
 * official invoice data, and for enterprise accounts alone. A line that several months deliver alike counts once.
 */
export async function askFocus(call: Call, months: { from: string; to: string }): Promise<Fetched<FocusRow[]>> {
  const asked = monthsOf(months)
  if (asked === undefined) {
    return failed('invalid', `months are given as YYYY-MM, the earlier one first, at most ${MONTHS_MAX} of them`)
  }
  const fetched = await readParts(asked, (month) => askMonth(call, month))
  return fetched.status === 'failed' ? fetched : { ...fetched, value: withoutRepeats(fetched.value) }
}

async function askMonth(call: Call, month: string): Promise<Answer<{ month: string; lines: FocusLine[] }[]>> {
  const answer = await call.transport.ask(
    {
      apiKey: call.apiKey,
      path: '/account/focus',
      params: [
        ['source', 'invoice'],
        ['billing_month', month],
      ],
      accept: 'text/csv',
      read: (text) => readFocus(text, month),
    },
    call.signal,
  )
  if (answer.status === 'complete') return complete([{ month, lines: answer.value }])
  if (answer.failure !== 'forbidden') return answer
  return failed('forbidden', `${answer.reason}. Invoices (FOCUS) are open to enterprise accounts only`)
}

/** fal may not heed billing_month, and would then send the same lines for every month. */
function withoutRepeats(answers: readonly { month: string; lines: readonly FocusLine[] }[]): FocusRow[] {
  const seen = new Set<string>()
  return answers.flatMap(({ lines }) => {
    const fresh = lines.filter(({ wire }) => !seen.has(wire))
    for (const { wire } of lines) seen.add(wire)
    return fresh.map(({ row }) => row)
  })
}

function readFocus(text: string, month: string): Answer<FocusLine[]> {
  if (looksLikeHtml(text)) return HTML_PAGE
  const records = parseCsv(text)
  if (records === undefined) return badCsv('a quote is never closed; it may have been cut on its way')
  const [header, ...lines] = records
  if (header === undefined) return badCsv('it is empty')
  const columns = new Map(header.map((name, at) => [name.trim().toLowerCase(), at]))
  for (const name of ['BilledCost', 'BillingCurrency']) {
    if (!columns.has(name.toLowerCase())) return badCsv(`the column ${name} is missing`)
  }
  const rows: FocusLine[] = []
  for (const [index, line] of lines.entries()) {
    const column = (name: string): string => line[columns.get(name.toLowerCase()) ?? -1]?.trim() ?? ''
    const where = `line ${index + 2}`
    if (line.length !== header.length) return badCsv(`${where} has ${line.length} fields instead of ${header.length}`)
    const billedCostNanoUsd = parseUsd(column('BilledCost'))
    if (billedCostNanoUsd === undefined) return badCsv(`BilledCost of ${where} is no decimal number`)
    const currency = column('BillingCurrency').toUpperCase()
    if (currency !== 'USD') return badCsv(`BillingCurrency of ${where} is another currency than USD`)
    rows.push({
      row: {
        invoiceId: column('InvoiceId'),
        billingMonth: month,
        chargeMonth: monthOf(column('ChargePeriodStart')) ?? monthOf(column('BillingPeriodStart')) ?? '',
        service: column('ServiceName'),
        currency,
        billedCostNanoUsd,
      },
      wire: JSON.stringify(line),
    })
  }
  return complete(rows)
}

const badCsv = (what: string): Answer<never> =>
  failed('bad-answer', `fal's invoice report (CSV) is not as expected: ${what}`)

const monthOf = (date: string): string | undefined => {
  const month = date.slice(0, 7)
  return MONTH.test(month) ? month : undefined
}

function monthsOf({ from, to }: { from: string; to: string }): string[] | undefined {
  const first = monthNumber(from)
  const last = monthNumber(to)
  if (first === undefined || last === undefined || last < first || last - first >= MONTHS_MAX) return undefined
  return Array.from({ length: last - first + 1 }, (_, at) => {
    const month = first + at
    return `${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`
  })
}

function monthNumber(text: string): number | undefined {
  const match = MONTH.exec(text)
  return match === null ? undefined : Number(match[1]) * 12 + Number(match[2]) - 1
}
