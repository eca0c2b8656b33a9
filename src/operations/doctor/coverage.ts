import type { Line } from '../../../schemas/doctor.ts'
import { OrderNames } from '../../audit/tasks/task-names.ts'
import type { TableMapping } from '../../ledger/mapping.ts'
import { cleanText } from '../../render/clean.ts'
import { LEDGER_EDGE, type LedgerLinkSetting } from '../../settings.ts'
import { percentText } from '../../units/exact.ts'
import { type Instant, type Millis, plus } from '../../units/instant.ts'
import { formatRatio, type Ratio } from '../../units/ratio.ts'
import type { Zone } from '../../units/zone.ts'
import { counted, failure, ok, unverified, warning } from './lines.ts'
import { type Sample, type Sampled, usable } from './sample.ts'

type Row = Sample['rows'][number]

export interface CoverageParts {
  readonly tasks: Sampled
  readonly points: Sampled
  readonly cash: Sampled
  readonly mapping: TableMapping
  readonly bareRequestId: (stored: string) => string
  readonly zone: Zone | undefined
  readonly now: Instant
  readonly linkRatio: Ratio
  readonly ledgerLink: LedgerLinkSetting
  readonly stuckMillis: Millis
}

/** Share of successful tasks without a request id from which on it is told: a few may have been made otherwise. */
const REQUEST_IDS_ENOUGH = { part: 99, of: 100 }
/** New rows of a ledger may be dated back, of corrections say: up to one in so many of them tells nothing of how far it reaches. */
const BACKDATED_ONE_IN = 20
const WORDS_SHOWN = 8
const WORD_CHARS = 30
/** Words of tasks that are on their way: to them an old task is stuck, not unknown. */
const ON_THEIR_WAY: ReadonlySet<string> = new Set(
  'pending processing queued in_queue in_progress running created submitted waiting started init new'.split(' '),
)

const share = (part: number, whole: number): string =>
  `${counted(part, 'task')} of ${whole.toLocaleString('en-US')} (${percentText(BigInt(part), BigInt(whole))}%)`

export const wordOf = (row: Row, key: string): string => (row.get(key) ?? '').trim()
const lower = (words: readonly string[]): ReadonlySet<string> => new Set(words.map((word) => word.trim().toLowerCase()))

/** Tasks without fal's request id are matched to no request. */
export function requestIdsLine({ tasks, mapping, bareRequestId }: CoverageParts): Line {
  const sample = usable(tasks, ['status', 'onlineTaskId'])
  if ('unread' in sample) return unverified('request-ids', { seen: sample.unread })
  const success = lower(mapping.taskStatus.success)
  const done = sample.rows.filter((row) => success.has(wordOf(row, 'status').toLowerCase()))
  const looked = `among the newest ${counted(sample.rows.length, 'row')}`
  if (done.length === 0) return unverified('request-ids', { seen: `${looked} no task has succeeded` })
  const withId = done.filter((row) => bareRequestId(wordOf(row, 'onlineTaskId')) !== '').length
  const seen = `${share(withId, done.length)} that succeeded have a request id, ${looked}`
  const todo = `name the column of fal's request id in AUDIT_CONFIG (columns.tasks.onlineTaskId), or let the system store it; tasks without one cannot be matched to requests`
  if (withId === 0) return failure('request-ids', { seen, todo })
  const enough = withId * REQUEST_IDS_ENOUGH.of >= done.length * REQUEST_IDS_ENOUGH.part
  return enough ? ok('request-ids', { seen }) : warning('request-ids', { seen, todo })
}

/** Charged tasks whose ledger row names them: only then single charges can be judged. */
export function ledgerLinkLine(parts: CoverageParts): Line {
  const { ledgerLink, linkRatio, bareRequestId, zone } = parts
  const id = 'ledger-link'
  const tasks = usable(parts.tasks, ['taskId', 'money', 'createdAt'])
  if ('unread' in tasks) return unverified(id, { seen: tasks.unread })
  if (zone === undefined) return unverified(id, { seen: 'the zone of the stored times is not known' })
  const { books, unread } = ledgersOf(parts)
  if (books.length === 0) {
    return unverified(id, { seen: ['neither ledger has rows that can be read', ...unread].join('; ') })
  }
  const timeOf = (row: Row, key: string): Instant | undefined => zone.fromNaive(row.get(key) ?? '')
  const orders = new OrderNames(books.flatMap(({ sample }) => sample.rows.map((row) => wordOf(row, 'orderId'))))
  // A ledger that was read in part says nothing of tasks before its oldest rows.
  const cutBooks = books.filter(({ sample }) => sample.cut)
  const from = Math.max(
    Number.NEGATIVE_INFINITY,
    ...cutBooks.map(({ sample, time }) => {
      const times = sample.rows.flatMap((row) => timeOf(row, time) ?? []).sort((a, b) => a - b)
      return times[Math.floor(times.length / BACKDATED_ONE_IN)] ?? Number.POSITIVE_INFINITY
    }),
  )
  const charged = tasks.rows.filter((row) => {
    const at = timeOf(row, 'createdAt')
    return Number(row.get('money') ?? 0) > 0 && at !== undefined && at >= from + LEDGER_EDGE
  })
  const ledgerRows = books.reduce((sum, { sample }) => sum + sample.rows.length, 0)
  const looked = `among the newest ${counted(tasks.rows.length, 'task')} and ${counted(ledgerRows, 'ledger row')}`
  if (charged.length === 0) {
    return unverified(id, { seen: [`no charged task is as new as the ledger rows, ${looked}`, ...unread].join('; ') })
  }
  const linked = charged.filter((row) =>
    orders.has({ taskId: wordOf(row, 'taskId'), requestId: bareRequestId(wordOf(row, 'onlineTaskId')) }),
  ).length
  const seen = `${share(linked, charged.length)} that charged have a ledger row with their id, ${looked}`
  const enough = BigInt(linked) * linkRatio.denominator >= BigInt(charged.length) * linkRatio.numerator
  // Its rows may name the tasks that the other ledger does not.
  if (!enough && unread.length > 0) return unverified(id, { seen: [...unread, seen].join('; ') })
  if (enough || ledgerLink === 'total') return ok(id, { seen })
  const asked = `ledgerLinkRatio is ${formatRatio(linkRatio)}`
  return warning(id, {
    seen: `${seen}; ${asked}`,
    todo:
      ledgerLink === 'order'
        ? 'set ledgerLink to auto or total in AUDIT_CONFIG, or let the system store the task id in order_id'
        : "let the system store the task id in order_id; until then only each user's totals are compared, and no single charge is judged",
  })
}

/** The ledgers whose rows can be held against tasks, and in words those that were not read. One without rows is neither. */
function ledgersOf({ points, cash, mapping }: CoverageParts) {
  const books: { readonly sample: Sample; readonly time: string }[] = []
  const unread: string[] = []
  for (const { sampled, table, time } of [
    { sampled: points, table: mapping.tables.points, time: 'createdAt' },
    { sampled: cash, table: mapping.tables.cash, time: 'time' },
  ]) {
    if ('rows' in sampled && sampled.rows.length === 0) continue
    const sample = usable(sampled, ['orderId', time])
    if ('unread' in sample) unread.push(`the ledger ${table} was not read: ${sample.unread}`)
    else books.push({ sample, time })
  }
  return { books, unread }
}

interface Counted {
  rows: number
  /** Rows that make it likely that the word has a meaning the mapping should know. */
  telling: number
}

/** Counts the words of a column that the mapping does not know. */
function unknownWords(
  rows: readonly Row[],
  key: string,
  known: ReadonlySet<string>,
  tells: (row: Row, word: string) => boolean,
  asWord = (word: string): string => word.toLowerCase(),
): Map<string, Counted> {
  const words = new Map<string, Counted>()
  for (const row of rows) {
    const word = wordOf(row, key)
    if (known.has(asWord(word))) continue
    const count = words.get(word) ?? { rows: 0, telling: 0 }
    count.rows++
    if (tells(row, word)) count.telling++
    words.set(word, count)
  }
  return words
}

const listed = (words: readonly (readonly [string, Counted])[]): string => {
  const sorted = [...words].sort((a, b) => b[1].rows - a[1].rows)
  const shown = sorted.slice(0, WORDS_SHOWN).map(([word, { rows }]) => {
    const text = cleanText(word, WORD_CHARS)
    return `${text === '' ? 'nothing' : `"${text}"`} (${rows.toLocaleString('en-US')})`
  })
  const more = sorted.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Words of a task's status that mean neither success nor failure: right for tasks on their way, wrong for old ones. */
export function statusWordsLine({ tasks, mapping, zone, now, stuckMillis }: CoverageParts): Line {
  const sample = usable(tasks, ['status'])
  if ('unread' in sample) return unverified('status-words', { seen: sample.unread })
  const known = lower([...mapping.taskStatus.success, ...mapping.taskStatus.failed])
  const isOver = (row: Row, word: string): boolean => {
    if (ON_THEIR_WAY.has(word.toLowerCase())) return false
    const at = zone?.fromNaive(row.get('createdAt') ?? '')
    return (
      zone?.fromNaive(row.get('completedAt') ?? '') !== undefined || (at !== undefined && plus(at, stuckMillis) < now)
    )
  }
  const words = [...unknownWords(sample.rows, 'status', known, isOver)]
  const looked = `in the newest ${counted(sample.rows.length, 'task')}`
  if (words.length === 0) return ok('status-words', { seen: `all words are known, ${looked}` })
  const over = words.filter(([, { telling }]) => telling > 0)
  if (over.length === 0) return ok('status-words', { seen: `unfinished: ${listed(words)}, ${looked}` })
  return warning('status-words', {
    seen: `words that the mapping does not know, of tasks that look finished: ${listed(over)}, ${looked}; they count as unfinished`,
    todo: 'add them to statusWords.success or statusWords.failed in AUDIT_CONFIG, with the words that are there',
  })
}

/** The code of a blank. */
const FIRST_LETTER = 0x20
/** What is read of a flag as it is. */
const FLAGS: ReadonlySet<string> = new Set(['', '0', '1', 'true', 'false'])
const asFlag = (word: string): string => asNumber(ofBits(word).toLowerCase())

/** As audits read it: a BIT, whose bytes are no letters, by its number. */
function ofBits(word: string): string {
  const code = word.charCodeAt(word.length - 1)
  const isBit = code < FIRST_LETTER && [...word.slice(0, -1)].every((letter) => letter === '\0')
  return isBit ? String(code) : word
}

/** Values of the mark of refunds that are neither 0 nor 1: other numbers count as no refund, and words end an audit. */
export function refundFlagsLine({ tasks, mapping }: CoverageParts): Line {
  const id = 'refund-flags'
  const sample = usable(tasks, ['isRefund'])
  if ('unread' in sample) return unverified(id, { seen: sample.unread })
  const values = [...unknownWords(sample.rows, 'isRefund', FLAGS, () => true, asFlag)].map(
    ([word, count]) => [Number.isNaN(Number(asFlag(word))) ? word : asFlag(word), count] as const,
  )
  const looked = `in the newest ${counted(sample.rows.length, 'task')}`
  if (values.length === 0) return ok(id, { seen: `0 and 1 alone, ${looked}` })
  const todo = `name a column of a view in AUDIT_CONFIG (columns.tasks.isRefund; ${mapping.columns.tasks.isRefund} now) that is 1 for those that are refunds`
  const words = values.filter(([word]) => Number.isNaN(Number(word)))
  if (words.length > 0)
    return failure(id, { seen: `neither 0 nor 1: ${listed(words)}, ${looked}; they end an audit`, todo })
  return warning(id, { seen: `neither 0 nor 1: ${listed(values)}, ${looked}; they count as no refund`, todo })
}

/** A number however it is written, as 1.0 in a DECIMAL; other words as they are. */
const asNumber = (word: string): string => (word === '' || Number.isNaN(Number(word)) ? word : String(Number(word)))

/** Both ledgers, with the kinds of their rows that the mapping knows. */
export function ledgerKindsOf({
  points,
  cash,
  mapping: { tables, columns, sourceType, transactionType },
}: CoverageParts) {
  const codes = [...transactionType.consume, ...transactionType.rechargeOrRefund, ...transactionType.income]
  return [
    {
      ...{
        role: 'points',
        sampled: points,
        table: tables.points,
        columns: columns.points as Readonly<Record<string, string>>,
      },
      key: 'sourceType',
      amount: 'points',
      consume: lower(sourceType.consume),
      known: lower([...sourceType.consume, ...sourceType.refund, ...sourceType.recharge, ...sourceType.gift]),
      setting: 'sourceTypes.consume',
      todo: 'add them to sourceTypes.consume in AUDIT_CONFIG, with what is there',
      asWord: (word: string): string => word.toLowerCase(),
    },
    {
      ...{ role: 'cash', sampled: cash, table: tables.cash, columns: columns.cash as Readonly<Record<string, string>> },
      key: 'transactionType',
      amount: 'money',
      consume: new Set(transactionType.consume.map(String)),
      known: new Set(codes.map(String)),
      todo: 'add them to transactionTypes.consume in AUDIT_CONFIG, with what is there; for words, which are no numbers, name a column of a view that turns them into numbers (columns.cash.transactionType)',
      setting: 'transactionTypes.consume',
      asWord: (word: string): string => asNumber(ofBits(word)),
    },
  ] satisfies readonly LedgerKinds[]
}

interface LedgerKinds {
  readonly role: string
  readonly sampled: Sampled
  readonly table: string
  /** Names of columns by key of the mapping. */
  readonly columns: Readonly<Record<string, string>>
  readonly key: string
  readonly amount: string
  readonly consume: ReadonlySet<string>
  readonly known: ReadonlySet<string>
  /** Which setting names the kinds that take. */
  readonly setting: string
  /** What to do where the unknown ones pay for fal tasks. */
  readonly todo: string
  /** How a word is compared. */
  readonly asWord: (word: string) => string
}

/** Kinds of ledger rows that take from a user and that the mapping does not know: what hangs on them is not evaluated. */
export const ledgerWordsLines = (parts: CoverageParts): Line[] => ledgerKindsOf(parts).map(wordsLine)

function wordsLine({ sampled, table, key, amount, known, todo, asWord }: LedgerKinds): Line {
  const id = 'ledger-words'
  const sample = usable(sampled, [key, amount])
  if ('unread' in sample) {
    // A ledger without rows has no words to know.
    const says = { subject: table, seen: sample.unread }
    return 'rows' in sampled && sampled.rows.length === 0 ? ok(id, says) : unverified(id, says)
  }
  const unknown = unknownWords(sample.rows, key, known, (row) => Number(row.get(amount) ?? 0) < 0, asWord)
  const words = [...unknown].map(([word, count]) => [ofBits(word), count] as const)
  const looked = `in the newest ${counted(sample.rows.length, 'row')}`
  if (words.length === 0) return ok(id, { subject: table, seen: `all kinds are known, ${looked}` })
  const taking = words.filter(([, { telling }]) => telling > 0)
  if (taking.length === 0) {
    return ok(id, { subject: table, seen: `unknown, and taking nothing from users: ${listed(words)}, ${looked}` })
  }
  return warning(id, {
    subject: table,
    seen: `kinds that take from users and that the mapping does not know: ${listed(taking)}, ${looked}; what hangs on them is not evaluated`,
    todo: `where they pay for fal tasks, ${todo}`,
  })
}
