import type { RuleId } from '../../schemas/report.ts'
import {
  type Books,
  type FindingDraft,
  known,
  type Payment,
  type Reading,
  type Rule,
  type RuleOutcome,
  type UnlinkedRows,
  type UserBook,
} from '../../src/audit/rules/books.ts'
import type { ChargedByDate } from '../../src/audit/rules/day-book.ts'
import type {
  BalanceTrail,
  EventFact,
  LinkedEntry,
  RequestBook,
  TaskFact,
  TaskLedger,
  TaskVerdict,
} from '../../src/audit/rules/facts.ts'
import { ModelDays, RefundLosses } from '../../src/audit/rules/model-days.ts'
import { NO_PRICES } from '../../src/audit/rules/prices.ts'
import { isOfBilledRequest, matchedTasks } from '../../src/audit/rules/request-book.ts'
import { RULES } from '../../src/audit/rules/table.ts'
import { DateReader } from '../../src/audit/tasks/date-reader.ts'
import { canonicalModel, NO_MATCHES } from '../../src/audit/tasks/model-name.ts'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import { DEFAULT_THRESHOLDS, type RuleSettings, type Thresholds } from '../../src/settings.ts'
import type { Whole } from '../../src/units/exact-sums.ts'
import { type Instant, instant } from '../../src/units/instant.ts'
import { type NanoUsd, nanoUsd, parseUsd } from '../../src/units/nano-usd.ts'
import { type Points, points as pointsOf } from '../../src/units/points.ts'
import { ratio } from '../../src/units/ratio.ts'
import type { CalendarDate } from '../../src/units/zone.ts'

/** Books by hand: one day, 2026-02-06 in Shanghai, read three days later, on which nothing happened unless said. */

export const usd = (text: string): NanoUsd => parseUsd(text) ?? nanoUsd(0n)
export const points = (count: number): Points => pointsOf(BigInt(count))
export const date = (text: string): CalendarDate => text as CalendarDate
/** An instant by its wall-clock time in Shanghai. */
export const at = (naive: string): Instant => SHANGHAI.fromNaive(naive) ?? instant(Number.NaN)
export const later = (from: Instant, millis: number): Instant => instant(from + millis)

export const AS_OF: Instant = at('2026-02-09 12:00:00')
export const MODEL = 'fal-ai/veo3'

/** The balances of a ledger without rows. */
export const NO_BALANCES: BalanceTrail = {
  users: 0,
  arithmetic: [],
  continuity: [],
  negative: [],
  untold: { arithmetic: [], continuity: [], negative: [] },
  amountUntold: [],
  unsettled: [],
  unsettledWhole: 0,
}

const EMPTY: Books = {
  window: { start: at('2026-02-06 00:00:00'), end: at('2026-02-07 00:00:00'), zone: SHANGHAI },
  asOf: AS_OF,
  comparisons: [],
  modelMatches: NO_MATCHES,
  accounts: [],
  users: [],
  days: [],
  unknownKeys: [],
  unattributed: known([]),
  requests: requests(),
  priceRules: known(NO_PRICES),
  taskLedgers: known([]),
  balances: known(NO_BALANCES),
  settledTasks: 0,
  lookedUp: { everyOrder: true, everyRequest: true },
  clockOffset: null,
}

export const books = (overrides: Partial<Books> = {}): Books => ({ ...EMPTY, ...overrides })

/** Requests as a rule sees them, with what the given tasks add up to. */
export function requests(overrides: Partial<RequestBook> = {}): Reading<RequestBook> {
  const none = {
    tasks: [],
    orphans: [],
    shared: [],
    repeated: [],
    unread: [],
    billsUnread: [],
    dailyBills: [],
    prices: [],
    modelDays: [],
    refundLosses: [],
    unanswered: [],
  }
  const book: RequestBook = { ...none, ...overrides }
  const days = new ModelDays(new DateReader(SHANGHAI), (stored) => canonicalModel(stored, new Map()))
  const losses = new RefundLosses()
  for (const verdict of book.tasks.filter(isOfBilledRequest)) days.add(verdict)
  for (const verdict of matchedTasks(book)) losses.add(verdict)
  return known({ ...book, modelDays: days.list(), refundLosses: losses.list() })
}

/** A success of user 101, made at noon, done half a minute later, charged 1000 points and recorded at 1 USD. */
export const task = (overrides: Partial<TaskFact> = {}): TaskFact => ({
  rowId: 1,
  userId: 101,
  taskId: 'task-1',
  requestId: 'request-1',
  model: MODEL,
  status: 'success',
  chargedPoints: points(1000),
  costNanoUsd: usd('1'),
  refunded: false,
  createdAt: at('2026-02-06 12:00:00'),
  completedAt: at('2026-02-06 12:00:30'),
  ...overrides,
})

export const event = (overrides: Partial<EventFact> = {}): EventFact => ({
  requestId: 'request-1',
  model: MODEL,
  at: at('2026-02-06 12:01:00'),
  quantity: '1',
  unit: 'videos',
  unitPrice: '1',
  percentDiscount: null,
  costNanoUsd: usd('1'),
  ...overrides,
})

/** A task of account 5, matched with one event of 1 USD. */
export const matched = (fact: Partial<TaskFact> = {}, overrides: Partial<TaskVerdict> = {}): TaskVerdict => ({
  task: task(fact),
  accountId: 5,
  standing: 'matched',
  events: [event()],
  billedNanoUsd: usd('1'),
  requestBilled: true,
  selected: true,
  ...overrides,
})

/** A task of account 5 that fal did not bill. */
export const unmatched = (
  standing: TaskVerdict['standing'],
  fact: Partial<TaskFact> = {},
  overrides: Partial<TaskVerdict> = {},
): TaskVerdict => matched(fact, { standing, events: [], billedNanoUsd: usd('0'), requestBilled: false, ...overrides })

export const consume = (rowId: number, amount: number, overrides: Partial<LinkedEntry> = {}): LinkedEntry => ({
  book: 'points',
  rowId,
  kind: 'consume',
  amountPoints: points(-amount),
  at: at('2026-02-06 12:00:00'),
  ...overrides,
})

export const refund = (rowId: number, amount: number, overrides: Partial<LinkedEntry> = {}): LinkedEntry =>
  consume(rowId, -amount, { kind: 'refund', ...overrides })

/** The task of account 5 with its rows. */
export const linked = (
  fact: Partial<TaskFact>,
  entries: readonly LinkedEntry[],
  billed: string | null = '0',
): TaskLedger => ({ task: task(fact), accountId: 5, billedNanoUsd: billed === null ? null : usd(billed), entries })

/** Rows of a user that link to no task: none unless said. */
export const unlinkedRows = (overrides: Partial<UnlinkedRows> = {}): UnlinkedRows => ({
  ...{ paidPoints: points(0), nearbyPoints: points(0), paidOpen: false, refundedPoints: points(0), cashIn: [] },
  ...{ refundsOpenPoints: points(0), refundUntold: false, lateOpen: false },
  // One row, of which it is not known when, unless said.
  refunds: overrides.refundedPoints ? [{ points: overrides.refundedPoints, at: null }] : [],
  ...overrides,
})

/** A user whose payment A4 has nothing to say about, in link mode order. */
export function user(userId: number, unlinked: { charged: number; paid: number }): UserBook {
  const payment: Payment = {
    mode: 'order',
    comparedChargedPoints: points(0),
    comparedPaidPoints: points(0),
    unlinkedChargedPoints: points(unlinked.charged),
    unlinkedPaidPoints: points(unlinked.paid),
    pointsConsumed: points(unlinked.paid),
    cashConsumed: points(0),
    explainedByEdge: false,
    negativeChargedPoints: points(0),
  }
  const nothing = { total: 0, ids: [] }
  return {
    userId,
    taskCount: 1,
    chargedPoints: points(0),
    payment: known(payment),
    unlinked: known(unlinkedRows({ paidPoints: points(unlinked.paid) })),
    unpaid: nothing,
    free: { count: 0, costNanoUsd: usd('0'), evidence: nothing },
    chargedByDate: new Map(),
    chargedEarly: 0,
  }
}

/** Charges by day as a map of their own. */
export function chargesOf(days: ChargedByDate): Map<CalendarDate, Whole> {
  const charges = new Map<CalendarDate, Whole>()
  days.forEach((charged, day) => {
    charges.set(day, charged)
  })
  return charges
}

export interface Settings {
  readonly thresholds?: Partial<Thresholds>
  readonly pointsPerUsd?: string
}

export const settings = ({ thresholds = {}, pointsPerUsd }: Settings = {}): RuleSettings => ({
  thresholds: { ...DEFAULT_THRESHOLDS, ...thresholds },
  pointsPerUsd: pointsPerUsd === undefined ? undefined : ratio(pointsPerUsd),
  ledgerLink: 'auto',
  modelAliases: new Map(),
})

function ruleOf(id: RuleId): Rule {
  const rule = RULES.find((candidate) => candidate.id === id)
  if (rule === undefined) throw new RangeError(`no such rule: ${id}`)
  return rule
}

export const evaluate = (id: RuleId, overrides: Partial<Books>, given: Settings = {}): RuleOutcome =>
  ruleOf(id).evaluate(books(overrides), settings(given))

/** The one finding of a rule. Throws where there is none, or another. */
export function theFinding(id: RuleId, overrides: Partial<Books>, given: Settings = {}): FindingDraft {
  const { findings } = evaluate(id, overrides, given)
  const [first] = findings
  if (first === undefined || findings.length > 1) throw new RangeError(`${id} has ${findings.length} findings`)
  return first
}

/** Which rules of all find something, one entry a finding: that a rule fires alone is seen here. */
export const fired = (overrides: Partial<Books>, given: Settings = {}): RuleId[] =>
  RULES.flatMap((rule) => rule.evaluate(books(overrides), settings(given)).findings.map(() => rule.id))
