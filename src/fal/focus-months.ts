import type { FocusRow } from './reader.ts'

/** A line of the invoice report. */
export interface FocusLine {
  readonly row: Omit<FocusRow, 'billingMonth'>
  /** The line as it was sent, to tell a repeat. */
  readonly wire: string
}

/** What fal answered, asked for one month. */
export interface FocusAnswer {
  readonly month: string
  readonly lines: readonly FocusLine[]
}

interface Sent {
  readonly line: FocusLine
  /** How often it came in the answer for each month in which it came. */
  readonly copies: ReadonlyMap<string, number>
}

export interface PlacedLines {
  readonly rows: readonly FocusRow[]
  /** Months that the lines contradict: what belongs to them is not known. */
  readonly open: ReadonlySet<string>
  /** Lines whose month is not told. */
  readonly untold: number
}

/** Whether all lines of one answer are of the month before the one asked for: fal issues the invoice of a month after it. */
function areOfMonthBefore(sent: readonly Sent[], [answer]: readonly FocusAnswer[]): boolean {
  if (answer === undefined) return false
  const [year = 0, month = 0] = answer.month.split('-').map(Number)
  const before = new Date(Date.UTC(year, month - 2, 1)).toISOString().slice(0, 7)
  return sent.every(({ line }) => line.row.period === before)
}

/**
 * Gives each line to its month once. Where no line comes for two months fal heeds the month it is asked for, and that is the
 * line's month. Otherwise it may send every line each time: then the period that a line names tells its month, and lines of
 * months that nobody asked for are left out. Where period and answers do not agree, the months are open rather than short: so it
 * is with a line of no invoice that came for several months while others came for some alone. Each may have been billed it.
 */
export function placeLines(asked: readonly string[], answers: readonly FocusAnswer[]): PlacedLines {
  const sent = sentLines(answers)
  const heeds = answers.length > 1 ? sent.every(({ copies }) => copies.size === 1) : areOfMonthBefore(sent, answers)
  const sendsAll = sent.every(({ copies }) => copies.size === answers.length)
  const mayBeOfEach = ({ line, copies }: Sent): boolean => !sendsAll && line.row.invoiceId === '' && copies.size > 1
  const rows: FocusRow[] = []
  const open = new Set<string>()
  let untold = 0
  const place = ({ row }: FocusLine, billingMonth: string, copies: number): void => {
    for (let copy = 0; copy < copies; copy++) rows.push({ ...row, billingMonth })
  }
  const others: Sent[] = []
  for (const each of sent) {
    const { line, copies } = each
    const { period } = line.row
    const [[first, count] = ['', 0], ...more] = copies
    if (heeds || (period === '' && more.length === 0)) place(line, first, count)
    else if (copies.has(period) && !mayBeOfEach(each)) place(line, period, copies.get(period) ?? 0)
    else if (period !== '') others.push(each)
    else {
      const most = Math.max(...copies.values())
      place(line, '', most)
      untold += most
    }
  }
  const answered = new Set(answers.map(({ month }) => month))
  const invoiceMonths = monthsOfInvoices(rows)
  for (const each of others) {
    const { line, copies } = each
    const { period, invoiceId } = line.row
    const sentAlways = answers.length > 1 ? copies.size === answers.length : rows.length > 0 && invoiceId !== ''
    // A month that was not read is open anyway, so that its line need not have come for it.
    const disagrees = mayBeOfEach(each) || (asked.includes(period) ? answered.has(period) : !sentAlways)
    // An invoice of which one line is of another time would be shown short.
    const months = disagrees ? [...copies.keys(), period] : (invoiceMonths.get(invoiceId) ?? [])
    for (const month of months) if (answered.has(month)) open.add(month)
  }
  return { rows: rows.filter(({ billingMonth }) => !open.has(billingMonth)), open, untold }
}

function monthsOfInvoices(rows: readonly FocusRow[]): ReadonlyMap<string, ReadonlySet<string>> {
  const months = new Map<string, Set<string>>()
  for (const { invoiceId, billingMonth } of rows) {
    if (invoiceId === '') continue
    const known = months.get(invoiceId) ?? new Set<string>()
    known.add(billingMonth)
    months.set(invoiceId, known)
  }
  return months
}

/** Each line once, with the answers in which it came. */
function sentLines(answers: readonly FocusAnswer[]): Sent[] {
  const sent = new Map<string, { readonly line: FocusLine; readonly copies: Map<string, number> }>()
  for (const { month, lines } of answers) {
    for (const line of lines) {
      const known = sent.get(line.wire) ?? { line, copies: new Map<string, number>() }
      known.copies.set(month, (known.copies.get(month) ?? 0) + 1)
      sent.set(line.wire, known)
    }
  }
  return [...sent.values()]
}
