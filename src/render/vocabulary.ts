import type { LedgerRow, RuleId, SourceStatus } from '../../schemas/report.ts'

export type Lang = 'zh' | 'en'

/** A finding's figures, ready to stand in a sentence: clean, with their unit. Undefined where not known. */
export interface SpokenFacts {
  /** The subject, such as "account 5, model sora-2". */
  readonly who: string
  readonly expected: string | undefined
  readonly actual: string | undefined
  readonly difference: string | undefined
  readonly unit: 'USD' | 'points' | 'count'
  readonly count: number
  /** A rule's own extra, as text, in USD, in points, in percent. */
  text(name: string): string | undefined
  usd(name: string): string | undefined
  points(name: string): string | undefined
  percent(name: string): string | undefined
  /** An extra that lists several ids, with more room than one of them has. */
  ids(name: string): string | undefined
  /** An extra that the data words, such as a unit: set apart where it is more than a few words. */
  word(name: string): string | undefined
}

/** The rules that the audit skill states. */
export type SkillRuleId = Extract<RuleId, `A${number}`>
/** The rules beyond the skill. */
export type FurtherRuleId = Exclude<RuleId, SkillRuleId>

export interface RuleWords {
  /** What the rule looks for, in a few words. */
  readonly name: string
  /** What does not agree, and by how much; without whom. '' for what is not known. */
  readonly phrases: (facts: SpokenFacts) => readonly string[]
  /** What explains a finding of timing, where it is not a task that crosses the edge of the window. */
  readonly timing?: string
}

/** Why a check could not be made. The engine gives the code, the vocabularies the words. */
export const NOT_EVALUATED_CODES = [
  'bill-unread',
  'no-key-ids',
  'billed-elsewhen',
  'key-ids-unmatched',
  'key-ids-shared',
  'bill-maybe-twice',
  'insufficient-history',
  'ledger-unread',
  'ledger-unlinked-more',
  'charge-negative',
  'user-unknown',
  'ids-filter-total-link',
  'balance-unread',
  'balance-untold',
  'ids-repeated',
  'rate-missing',
  'tasks-partial',
  'times-unread',
  'times-none',
  'timezone',
  'depth-summary',
  'events-unread',
  'requests-unanswered',
  'key-without-bill',
  'events-short',
  'usage-days',
  'links-total',
  'links-unlinked',
  'links-shared',
  'links-foreign',
  'lookup-limit',
  'prices-unread',
  'levels-unread',
  'charge-quantity',
  'amount-untold',
  'sums-too-large',
  'kind-untold',
  'kinds-unknown',
  'charge-untold',
  'cost-untold',
  'user-untold',
  'owner-untold',
  'refunds-late',
  'key-untold',
  'model-untold',
] as const
export type NotEvaluatedCode = (typeof NOT_EVALUATED_CODES)[number]

/** The sums that the engine ties out; the views know where each belongs. */
export const TIE_OUT_KEYS = [
  ...['eventsTotal', 'eventsMatched', 'eventsNotEvaluated', 'eventsCarried', 'eventsUnrecorded'],
  ...['eventsUnattributed', 'eventsResidual'],
  ...['recordedTotal', 'recordedMatched', 'recordedUnbilled', 'recordedPending', 'recordedFailedOrUnfinished'],
  ...['recordedWithoutId', 'recordedDuplicate', 'recordedNotEvaluated', 'recordedResidual'],
  ...['differenceMatched', 'differenceB3', 'differenceTolerated', 'differenceUntold', 'differenceResidual'],
  ...['bridgeByEventTime', 'bridgeCarriedIn', 'bridgeCarriedOut', 'bridgeByTaskPeriod', 'bridgeResidual'],
] as const
export type TieOutKey = (typeof TIE_OUT_KEYS)[number]

/** Reads a parameter of a reason, clean; undefined where it was not given. */
export type ReasonParam = (name: string) => string | undefined

/** Every word of one language. Counts come in as numbers, other texts already clean. */
export interface Vocabulary {
  readonly title: string
  readonly auditDate: string
  readonly auditPeriod: string
  readonly basis: string
  readonly dbTimezone: string
  /** Whether the tables are of one moment; where they are, it is not said. */
  readonly snapshot: string
  readonly snapshots: Readonly<Record<'per-shard' | 'none' | 'unknown', string>>
  /** Ids below which tables were not streamed; where all were read whole, it is not said. */
  readonly readFrom: string
  readonly readFromIds: (tables: readonly string[], sampled: number) => string
  readonly ledgerLink: string
  readonly ledgerLinkModes: Readonly<Record<'order' | 'total' | 'none', string>>
  readonly linkedRatio: string
  readonly depth: string
  readonly depths: Readonly<Record<'summary' | 'requests', string>>
  readonly filters: string
  readonly accounts: string
  readonly users: string
  readonly accountLimit: string
  readonly modelAliases: string
  readonly learnedAliases: string
  readonly pointsPerUsd: string
  readonly thresholds: string
  readonly incomplete: string
  readonly incompleteUnnamed: string
  readonly leftOutSources: (leftOut: number) => string
  readonly sourceNames: Readonly<Record<SourceStatus['source'], string>>
  readonly sourceStatuses: Readonly<Record<SourceStatus['status'], string>>
  readonly layer1: string
  readonly layer1Models: string
  readonly layer2: string
  readonly layer3: string
  readonly alerts: string
  readonly columns: {
    readonly accountId: string
    readonly falAccountId: string
    readonly balanceUsd: string
    readonly officialUsd: string
    readonly modelCount: string
    readonly requestCount: string
    readonly userId: string
    readonly userName: string
    readonly model: string
    readonly quantity: string
    readonly unit: string
    readonly costUsd: string
    readonly taskCount: string
    readonly chargedPoints: string
    readonly falCostUsd: string
    readonly ledgerCharged: string
    readonly pointsConsumed: string
    readonly cashConsumed: string
    readonly pointsRecharged: string
    readonly differencePoints: string
    readonly status: string
  }
  readonly ledgerStatuses: Readonly<Record<LedgerRow['status'], string>>
  readonly total: string
  readonly someUnread: string
  /** Where rows of layer 1 have no sum. */
  readonly maybeTwice: string
  readonly unattributed: string
  /** What several accounts of a workspace spent, of which the bill does not tell whose it is. */
  readonly undivided: string
  readonly noRows: string
  readonly leftOut: (shown: number, leftOut: number) => string
  /** Rows of layer 2 that the report does not have, of how many there are. */
  readonly omittedRows: (omitted: number, all: number) => string
  /** Tasks that hold no charge, and no cost: they are in no sum. */
  readonly untold: (charges: number, costs: number) => string
  readonly outsideAccounts: (taskCount: number, points: string, usd: string) => string
  readonly requests: string
  readonly requestKinds: Readonly<Record<'matched' | 'unrecorded' | 'unbilled' | 'pending' | 'mismatched', string>>
  readonly requestsUnread: string
  readonly requestsOfAllUsers: string
  readonly tieOut: string
  readonly tieOutItem: string
  readonly tieOutItems: Readonly<Record<TieOutKey, string>>
  readonly noFindings: string
  /** Where not all was read: what was not may hold some. */
  readonly noFindingsInRead: string
  readonly moreFindings: (leftOut: number) => string
  /** Findings of one rule that are not printed; `total` is what the gravest `summed`, printed or not, come to; '' where not known. */
  readonly moreOfRule: (rule: string, leftOut: number, total: string, summed: number, isAll: boolean) => string
  /** A sum of differences without their signs, of which `above` are above 0 and `below` below. */
  readonly ofBothSigns: (sum: string, above: string, below: string) => string
  /** Findings that hang on something: heading, that names of models may differ, and of which accounts. */
  readonly doubt: string
  readonly nameDoubt: string
  readonly nameDoubtOf: (accounts: string) => string
  /** Findings that are counted and not in the report: heading, how many of a rule, and how to see them. */
  readonly unlisted: string
  readonly unlistedOfRule: (rule: string, omitted: number, all: number) => string
  readonly unlistedAdvice: string
  readonly notEvaluated: string
  readonly subjects: (first: readonly string[], count: number) => string
  readonly moreReasons: (leftOut: number) => string
  /** Where a view leaves out what the report has: heading, and where to see it. */
  readonly leftOutHere: string
  readonly wholeAsJson: string
  readonly checks: string
  readonly examined: string
  readonly done: string
  readonly doneIncomplete: string
  readonly summary: (ok: number, warning: number, critical: number) => string
  /** Between the phrases of a sentence, and items of a list inside one. */
  readonly comma: string
  readonly subject: Readonly<
    Record<
      'workspace' | 'accountId' | 'keyId' | 'userId' | 'model' | 'date' | 'taskId' | 'requestId' | 'rowId',
      (value: string) => string
    >
  >
  /** Sets a text from outside apart from the sentence around it, which it cannot leave. */
  readonly quoted: (text: string) => string
  readonly named: (subject: string, name: string) => string
  readonly subjectSeparator: string
  /** Puts the subject before a sentence. */
  readonly said: (who: string, sentence: string) => string
  readonly points: (amount: string) => string
  readonly timing: string
  readonly rules: Readonly<Record<RuleId, RuleWords>>
  readonly reasons: Readonly<Record<NotEvaluatedCode, (param: ReasonParam) => string>>
  readonly otherReason: (code: string, params: string) => string
}

/** Joins the phrases that are known. */
export const joined = (phrases: readonly string[], separator: string): string =>
  phrases.filter((phrase) => phrase !== '').join(separator)

/** A phrase around a value, or '' where the value is not known. */
export const given = (value: string | undefined, phrase: (value: string) => string): string =>
  value === undefined ? '' : phrase(value)

/** An amount that is known and not zero. */
export const nonZero = (amount: string | undefined): string | undefined =>
  amount !== undefined && /[1-9]/.test(amount) ? amount : undefined

/** What A1 left out as pending: also where that is nothing, beside what still runs, so that neither is taken for the other. */
export const pendingLeftOut = (facts: SpokenFacts): string | undefined =>
  nonZero(facts.usd('runningUsd')) === undefined ? nonZero(facts.usd('pendingUsd')) : facts.usd('pendingUsd')

export const costOf = (facts: SpokenFacts): string | undefined =>
  facts.usd('costUsd') ?? (facts.unit === 'USD' ? facts.actual : undefined)

/** How A1 comes from the bill by event time to that by task period; undefined where that is not told. */
export function bridgeOf(facts: SpokenFacts) {
  const bill = facts.usd('billByEventTimeUsd')
  const byTask = facts.usd('billByTaskPeriodUsd')
  if (bill === undefined || byTask === undefined) return undefined
  const carriedIn = facts.usd('carriedInUsd') ?? '0.00 USD'
  const carriedOut = facts.usd('carriedOutUsd') ?? '0.00 USD'
  return { bill, byTask, carriedIn, carriedOut }
}

/** From what on B15 fires. A disabled account has no threshold: nothing should be billed to it. */
export const leakThresholds = (facts: SpokenFacts): readonly string[] =>
  facts.text('disabled') === 'yes'
    ? []
    : [facts.usd('thresholdUsd') ?? '', facts.percent('thresholdPercent') ?? ''].filter((limit) => limit !== '')

/** What was found out, and then what to do; nothing where nothing was. */
export function advised(said: readonly string[], advice: string): readonly string[] {
  const known = said.filter((phrase) => phrase !== '')
  return known.length === 0 ? [] : [...known, advice]
}
