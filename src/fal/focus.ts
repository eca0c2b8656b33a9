import { isFinerThanNano, parseUsd } from '../units/nano-usd.ts'
import { type Answer, complete, failed, partial } from './answer.ts'
import type { Call } from './asking.ts'
import { parseCsv } from './csv.ts'
import { decimalOf } from './decode.ts'
import { type FocusAnswer, type FocusLine, placeLines } from './focus-months.ts'
import { ERROR_TOLD, HTML_PAGE, jsonOf } from './json.ts'
import { readParts } from './parts.ts'
import type { Fetched, FocusRow } from './reader.ts'
import { looksLikeHtml } from './reasons.ts'

/** Months of one question. */
const MONTHS_MAX = 120
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/

/**
 * GET /account/focus, source invoice: the lines billed in each month of issue, both ends included (YYYY-MM). It is the only
 * official invoice data, and for enterprise accounts alone. A month whose lines are not known is a row without a cost: so is one
 * that is answered 404, where others are not.
 */
export async function askFocus(call: Call, months: { from: string; to: string }): Promise<Fetched<FocusRow[]>> {
  const asked = monthsOf(months)
  if (asked === undefined) {
    return failed('invalid', `months are given as YYYY-MM, the earlier one first, at most ${MONTHS_MAX} of them`)
  }
  const fetched = await readParts(asked, (month) => askMonth(call, month), isOfMonthAlone)
  if (fetched.status === 'failed') return fetched
  const answered = new Set(fetched.value.map(({ month }) => month))
  const { rows, open, untold } = placeLines(asked, fetched.value)
  const unread = fetched.status === 'complete' ? [] : [{ months: new Set(asked.filter(notIn(answered))), ...fetched }]
  const contradiction =
    asked.length > 1 ? CONTRADICTED : `${CONTRADICTED}; ask for several months, which may tell them apart`
  const told = [...unread, ...(open.size > 0 ? [{ months: open, reason: contradiction }] : [])]
  const missing = told.flatMap(({ months: each, reason }) => [...each].map((month) => missingMonth(month, reason)))
  const value = [...rows, ...missing].sort((a, b) =>
    a.billingMonth < b.billingMonth ? -1 : Number(a.billingMonth > b.billingMonth),
  )
  const reasons = [...told.map(({ reason }) => reason), ...(untold > 0 ? [untoldMonths(untold)] : [])]
  if (reasons.length === 0) return complete(value)
  const failure = fetched.status === 'partial' ? fetched.failure : 'bad-answer'
  return partial(value, { failure, reason: reasons.join('; ') })
}

/** An account without invoices may be answered so as well as a month without one: only the other months tell which it is. */
const isOfMonthAlone = (answer: Fetched<unknown>): boolean =>
  answer.status === 'failed' && answer.failure === 'not-found'

const CONTRADICTED =
  "fal's invoice report contradicts itself: billing periods that its lines name and months that it was asked for do not agree"

const untoldMonths = (lines: number): string =>
  `fal sent ${lines} lines of its invoice report for several months alike, and they name no billing period, so their month is not told`

const notIn =
  (known: ReadonlySet<string>) =>
  (month: string): boolean =>
    !known.has(month)

const missingMonth = (billingMonth: string, reason: string): FocusRow => ({
  invoiceId: '',
  billingMonth,
  period: '',
  chargeMonth: '',
  service: '',
  currency: '',
  billedCostNanoUsd: null,
  reason,
})

async function askMonth(call: Call, month: string): Promise<Answer<FocusAnswer[]>> {
  const answer = await call.transport.ask(
    {
      apiKey: call.apiKey,
      path: '/account/focus',
      params: [
        ['source', 'invoice'],
        ['billing_month', month],
      ],
      accept: 'text/csv',
      read: readFocus,
    },
    call.signal,
  )
  if (answer.status === 'complete') return complete([{ month, lines: answer.value }])
  if (answer.failure !== 'not-found') return answer
  return failed('not-found', `${answer.reason}. fal may answer so for a month without an invoice`)
}

/** The columns that are read. */
const COLUMNS = [
  'BilledCost',
  'BillingCurrency',
  'BillingPeriodStart',
  'ChargePeriodStart',
  'InvoiceId',
  'ServiceName',
] as const
type Column = (typeof COLUMNS)[number]
const NEEDED: ReadonlySet<Column> = new Set(['BilledCost', 'BillingCurrency'])

const BAD_QUOTE = 'a quote is never closed, or is closed before its field ends; it may have been cut on its way'

function readFocus(text: string): Answer<FocusLine[]> {
  if (looksLikeHtml(text)) return HTML_PAGE
  const json = jsonOf(text)
  if (json === ERROR_TOLD) return ERROR_TOLD
  const records = parseCsv(text)
  if (records === undefined) return badCsv(BAD_QUOTE)
  const [header, ...lines] = records
  if (header === undefined) return badCsv('it is empty')
  const names = header.map((name) => name.trim().toLowerCase())
  const columns = new Map(names.map((name, at) => [name, at]))
  for (const name of COLUMNS) {
    const times = names.filter((each) => each === name.toLowerCase()).length
    if (times === 0 && NEEDED.has(name)) return badCsv(`the column ${name} is missing`)
    // Which of them holds is not known.
    if (times > 1) return badCsv(`the column ${name} comes ${times} times`)
  }
  const rows: FocusLine[] = []
  for (const [index, line] of lines.entries()) {
    const column = (name: Column): string => line[columns.get(name.toLowerCase()) ?? -1]?.trim() ?? ''
    const where = `line ${index + 2}`
    if (line.length !== header.length) return badCsv(`${where} has ${line.length} fields instead of ${header.length}`)
    const billedCost = column('BilledCost')
    const billedCostNanoUsd = parseUsd(billedCost)
    if (billedCostNanoUsd === undefined) return badCsv(`BilledCost of ${where} is no decimal number`)
    const currency = column('BillingCurrency').toUpperCase()
    if (currency !== 'USD') return badCsv(`BillingCurrency of ${where} is another currency than USD`)
    const period = monthOf(column('BillingPeriodStart')) ?? ''
    rows.push({
      row: {
        invoiceId: column('InvoiceId'),
        period,
        chargeMonth: monthOf(column('ChargePeriodStart')) ?? '',
        service: column('ServiceName'),
        currency,
        billedCostNanoUsd,
        ...(isFinerThanNano(billedCost) && { billedCost: decimalOf(billedCost) }),
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
