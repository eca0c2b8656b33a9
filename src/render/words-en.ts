import { RULES_EN_A } from './rules-en-a.ts'
import { RULES_EN_B } from './rules-en-b.ts'
import { given, type ReasonParam } from './vocabulary.ts'

/** A text from outside, set apart from the sentence around it, which it cannot leave. */
const quoted = (text: string): string => `"${text.replaceAll('"', "'")}"`

/** A count with its noun, in the plural but for 1. */
const counted = (count: number | string, one: string, many = `${one}s`): string =>
  `${count} ${String(count) === '1' ? one : many}`

const tasksHold = (param: ReasonParam, what: string): string =>
  `tasks that hold ${what} (NULL)${given(param('count'), (count) => `, ${count} of the period`)}${given(param('tasks'), (tasks) => ` (${quoted(tasks)})`)}`

const TIMED_TABLES: Readonly<Record<string, string>> = {
  tasks: 'task table',
  points: 'points ledger',
  cash: 'cash ledger',
}

/** Every word of a report, in English; another language has the same. Counts come in as numbers, other texts already clean. */
export const EN = {
  title: 'Fal Consumption Audit Report',
  auditDate: 'Audit date',
  auditPeriod: 'Audit period',
  basis: 'Basis',
  dbTimezone: 'Zone of database times',
  /** Whether the tables are of one moment; where they are, it is not said. */
  snapshot: 'Snapshot',
  snapshots: {
    'per-shard':
      'each shard was read as of a moment of its own: rows written during the audit may be in one table and not in another; a FLOAT has six digits',
    none: 'the engine of some table keeps none: rows written during the audit may be in one table and not in another',
    unknown: 'the database does not tell whether all tables were read as of one moment',
  },
  /** Ids below which tables were not streamed; where all were read whole, it is not said. */
  readFrom: 'Ids left out',
  readFromIds: (tables: readonly string[], sampled: number) =>
    `${tables.join(', ')}; by a sample of at most ${sampled} rows a table, those rows are older than what is audited`,
  ledgerLink: 'Ledger link',
  ledgerLinkModes: {
    order: 'order (ledger rows linked to tasks)',
    total: 'total (all ledger rows of the period)',
    none: 'no ledger was read',
  },
  linkedRatio: 'linked share',
  depth: 'Depth',
  depths: { summary: 'summary (usage rows)', requests: 'requests (every request)' },
  filters: 'Filters',
  accounts: 'accounts',
  users: 'users',
  accountLimit: 'Account limit',
  accountsBeyondLimit: (count: number) =>
    `${counted(count, 'older account')} ${count === 1 ? 'was' : 'were'} not audited: name them with --ids`,
  modelAliases: 'Model aliases',
  learnedAliases: 'Model aliases learned from matches',
  pointsPerUsd: 'Points per USD',
  thresholds: 'Thresholds',
  incomplete: 'Not everything could be verified; the figures below are incomplete',
  incompleteUnnamed: 'some source could not be read whole',
  leftOutSources: (leftOut: number) => `${counted(leftOut, 'more source')} left out`,
  sourceNames: {
    'fal-usage': 'fal usage (fal-usage)',
    'fal-events': 'fal billing events (fal-events)',
    'fal-balance': 'fal balance (fal-balance)',
    accounts: 'account table (accounts)',
    tasks: 'task table (tasks)',
    users: 'user table (users)',
    points: 'points ledger (points)',
    cash: 'cash ledger (cash)',
  },
  sourceStatuses: {
    complete: 'complete',
    partial: 'read in part',
    failed: 'failed',
    'not-configured': 'not configured',
  },
  layer1: 'Layer 1: official fal bill',
  layer1Models: 'Layer 1: models of each account',
  layer2: 'Layer 2: recorded tasks (fal_tasks)',
  layer3: 'Layer 3: charges to users',
  alerts: 'Alerts',
  columns: {
    accountId: 'Account ID',
    falAccountId: 'fal account ID',
    balanceUsd: 'Balance (USD)',
    officialUsd: 'Official cost (USD)',
    modelCount: 'Models',
    requestCount: 'Requests',
    userId: 'User ID',
    userName: 'User name',
    model: 'Model',
    quantity: 'Quantity',
    unit: 'Unit',
    costUsd: 'Cost (USD)',
    taskCount: 'Tasks',
    chargedPoints: 'Charged (points)',
    falCostUsd: 'fal cost (USD)',
    ledgerCharged: 'fal tasks charged',
    pointsConsumed: 'Points consumed',
    cashConsumed: 'Cash consumed',
    pointsRecharged: 'Points recharged',
    differencePoints: 'Difference (points)',
    status: 'Status',
  },
  ledgerStatuses: { OK: 'OK', DIFF: 'DIFF', UNVERIFIED: 'UNVERIFIED' },
  total: 'Total',
  someUnread: 'The total covers only the accounts that were read',
  /** Where rows of layer 1 have no sum. */
  maybeTwice:
    'No total: bills read with several keys hold the same, and neither keys in them nor workspaces that fal named tell them apart for certain, so they may be one bill or several',
  /** What several accounts of a workspace spent, of which the bill does not tell whose it is. */
  undivided: 'undivided',
  unattributed: 'unattributed',
  noRows: 'No rows',
  leftOut: (shown: number, leftOut: number) =>
    `Only the largest ${shown} rows; ${leftOut} more left out. The total is over all rows`,
  /** Rows of layer 2 that the report does not have, of how many there are. */
  omittedRows: (omitted: number, all: number) =>
    `${omitted} of all ${all} rows, those of least cost, are too many for the report, in JSON too; the total counts them. To see them, use tasks-by-user, or audit a shorter period, or only some accounts or users`,
  /** Tasks that hold no charge, and no cost: they are in no sum. */
  untold: (charges: number, costs: number) =>
    `Not in these sums, for holding none (NULL): the charge of ${counted(charges, 'task')}, the cost of ${counted(costs, 'task')}`,
  outsideAccounts: (taskCount: number, points: string, usd: string) =>
    `Not listed, of accounts outside this audit: ${counted(taskCount, 'task')}, charged ${points}, fal cost ${usd}`,
  requests: 'Requests: bill against tasks',
  requestKinds: {
    matched: 'matched',
    unrecorded: 'unrecorded',
    unbilled: 'unbilled',
    pending: 'pending',
    mismatched: 'of another amount',
  },
  requestsOfAllUsers:
    'Requests and tie-out are of all users, since a bill names none; layer 2 is of those asked for alone',
  requestsUnread: 'Requests: billing events were not read',
  tieOut: 'Tie-out',
  tieOutItem: 'Sum',
  tieOutItems: {
    eventsTotal: 'Billing events of the period or of its tasks',
    eventsMatched: 'matched to tasks of the period',
    eventsNotEvaluated: 'not evaluated',
    eventsCarried: 'carried, of tasks outside it',
    eventsUnrecorded: 'unrecorded',
    eventsUnattributed: 'unattributed, of keys without an account',
    eventsResidual: 'residual, must be 0',
    recordedTotal: 'Recorded cost of the tasks of the period',
    recordedMatched: 'matched to billing events',
    recordedUnbilled: 'unbilled',
    recordedPending: 'pending',
    recordedFailedOrUnfinished: 'failed or unfinished',
    recordedWithoutId: 'without request id',
    recordedDuplicate: 'with the request id of another task',
    recordedNotEvaluated: 'not evaluated',
    recordedResidual: 'residual, must be 0',
    differenceMatched: 'Matched: billing events − recorded cost',
    differenceB3: 'of another amount (B3)',
    differenceTolerated: 'within tolerance',
    differenceUntold: 'of tasks that tell no cost',
    differenceResidual: 'residual, must be 0',
    bridgeByEventTime: 'Bridge: bill by event time',
    bridgeCarriedIn: 'carried in',
    bridgeCarriedOut: 'carried out',
    bridgeByTaskPeriod: 'bill by task period',
    bridgeResidual: 'residual, must be 0',
  },
  noFindings: 'None',
  /** Where not all was read: what was not may hold some. */
  noFindingsInRead: 'None in what could be verified',
  moreFindings: (leftOut: number) => `${counted(leftOut, 'lesser alert')} left out`,
  /** Findings of one rule that are not printed; `total` is what the gravest `summed`, printed or not, come to; '' where not known. */
  moreOfRule: (rule: string, leftOut: number, total: string, summed: number, isAll: boolean) =>
    `… ${rule}: ${leftOut} more${given(total || undefined, (sum) => `; ${isAll ? 'all' : 'the gravest'} ${summed} come to ${sum}`)}`,
  /** A sum of differences without their signs, of which `above` are above 0 and `below` below. */
  ofBothSigns: (sum: string, above: string, below: string) => `${sum}, signs left out (+${above}, -${below})`,
  /** Findings that hang on something: heading, that names of models may differ, and of which accounts. */
  doubt: 'Before these alerts are believed',
  nameDoubt:
    'may come from other names of the same model: an audit at depth requests learns them from matched requests, or set modelAliases',
  nameDoubtOf: (accounts: string) =>
    `those of accounts ${accounts} may come from other names of the same model, since their billing events, by which names are learned, were not read whole: set modelAliases`,
  /** Findings that are counted and not in the report: heading, how many of a rule, and how to see them. */
  unlisted: 'Counted, but too many for the report, in JSON too',
  unlistedOfRule: (rule: string, omitted: number, all: number) =>
    `${rule}: ${omitted} of ${all} alerts left out, the lesser ones`,
  unlistedAdvice: 'To see them, audit a shorter period, or only some accounts or users',
  notEvaluated: 'Checks that could not be made',
  subjects: (first: readonly string[], count: number) =>
    count > first.length
      ? ` (${first.join('; ')} and others, ${count} in all)`
      : given(first.join('; ') || undefined, (all) => ` (${all})`),
  moreReasons: (leftOut: number) => `${counted(leftOut, 'more reason')} left out`,
  /** Where a view leaves out what the report has: heading, and where to see it. */
  leftOutHere: 'Left out of this view',
  wholeAsJson: 'The report as JSON lists it: --format json, or the resource audit://reports/{id} without .md',
  checks: 'Checks and thresholds',
  examined: 'Examined',
  done: 'Audit complete',
  doneIncomplete: 'Audit complete (not everything could be verified, see the top)',
  summary: (ok: number, warning: number, critical: number) =>
    `OK: ${ok} | Warnings: ${warning} | Critical: ${critical}`,
  /** Between the phrases of a sentence, and items of a list inside one. */
  comma: ', ',
  subject: {
    workspace: (name) => `workspace ${quoted(name)}`,
    accountId: (id) => `account ${id}`,
    keyId: (id) => `key ${id}`,
    userId: (id) => `user ${id}`,
    model: (model) => `model ${quoted(model)}`,
    date: (date) => date,
    taskId: (id) => `task ${id}`,
    requestId: (id) => `request ${id}`,
    rowId: (id) => `row ${id}`,
  } satisfies Readonly<Record<string, (value: string) => string>>,
  /** Sets a text from outside apart from the sentence around it, which it cannot leave. */
  quoted,
  named: (subject: string, name: string) => `${subject} (${quoted(name)})`,
  subjectSeparator: ', ',
  /** Puts the subject before a sentence. */
  said: (who: string, sentence: string) => `${who}: ${sentence}`,
  points: (amount: string) => `${amount} ${amount === '1' ? 'point' : 'points'}`,
  timing: '; explained by tasks that cross the edge of the window',
  rules: { ...RULES_EN_A, ...RULES_EN_B },
  reasons: {
    'bill-unread': (param) =>
      `the official bill of the account could not be read${given(param('detail'), (detail) => `: ${detail}`)}`,
    'no-key-ids': () =>
      'the bill, or part of it, names no key, and several accounts share the workspace or may share it, so it cannot be split',
    'billed-elsewhen': (param) =>
      `the request ids of these tasks${given(param('count'), (count) => ` (${count})`)} were billed, and tasks of another period that bear them, too, count as what was billed: task-trace with such an id lists both`,
    'bill-maybe-twice': () =>
      'the bill holds what that of another key holds, and neither keys in them nor workspaces that fal named tell the two apart for certain, so they may be one bill or several; asked with the ids of one of their accounts alone it is read once',
    'key-ids-unmatched': () =>
      'the bill names keys that are not in the account table and may yet be those of its accounts, so it cannot be split',
    'key-ids-shared': () =>
      'several rows of the account table hold one key id, so the bill cannot be split: give each row a key of its own',
    'insufficient-history': (param) =>
      `insufficient history${given(param('count'), (count) => ` for ${counted(count, 'day of a user', 'days of users')}`)}${given(param('activeDays'), (days) => `: ${counted(days, 'active day')} in the 30 days before`)}${given(param('neededDays'), (days) => `, at least ${days} needed`)}`,
    'ledger-unread': (param) => `the ${given(param('book'), (book) => `${book} `)}ledger could not be read whole`,
    'ledger-unlinked-more': (param) =>
      `ledger rows without a task${given(param('unlinkedPaid'), (paid) => ` (${paid} points)`)} exceed what tasks without a ledger row charged${given(param('unlinkedCharged'), (charged) => ` (${charged} points)`)}; the rest may not belong to fal tasks`,
    'charge-negative': () =>
      'a task of this user charged less than 0 and no ledger row names it, so what was paid cannot be held against what was charged',
    'ids-filter-total-link': () =>
      'only some accounts were chosen and the ledger can only be compared in total, so charges of other accounts cannot be told apart',
    'balance-unread': () => 'the balance could not be read',
    'balance-untold': () => 'the rows of the points ledger hold no balances (NULL) that could be compared',
    'ids-repeated': (param) =>
      `several rows of the points ledger have the same id${given(param('rowId'), (id) => `, first of all ${id}`)}, so their order is not known`,
    'rate-missing': () => 'no rate of points per USD is configured (AUDIT_POINTS_PER_USD)',
    'times-unread': (param) =>
      `${given(param('table'), (table) => `${TIMED_TABLES[table] ?? table}: `)}${given(param('rows'), (rows) => `${rows} `)}${param('rows') === '1' ? 'row has a time' : 'rows have times'} that cannot be read${given(param('firstRowId'), (id) => `, first of all row ${id}`)}${given(param('undated'), (count) => `, and ${count} ${count === '1' ? 'has' : 'have'} none`)}; whether they belong to the period is not known`,
    'times-none': (param) =>
      `${given(param('rows'), (rows) => `${rows} `)}${param('rows') === '1' ? 'task' : 'tasks'} without created_at${given(param('firstRowId'), (id) => `, first of all row ${id}`)}${given(param('fromRowId'), (id) => `, among those from row ${id} on`)}: of no period, and in no sum here`,
    timezone: () =>
      "the stored times and fal's clock disagree by a fixed offset, so a time zone is probably set wrong and times cannot be compared across layers",
    'depth-summary': () => 'the bill is only read request by request with --depth requests',
    'events-unread': (param) =>
      `the billing events of the account could not be read${given(param('detail'), (detail) => `: ${detail}`)}`,
    'requests-unanswered': () =>
      'fal did not answer all that it was asked about single requests of the account by their ids, or they are in a bill that was read in part: nothing is said of those',
    'key-without-bill': () => 'tasks have keys that no account row holds: what fal billed for them cannot be read',
    'events-short': (param) =>
      `fal contradicts itself: its usage tells of more cost than its billing events do${given(param('usd'), (usd) => `, by ${usd} USD`)}, so that what is missing among the events proves nothing`,
    'usage-days': () =>
      "fal cut its usage at other hours than the days of the audit's zone, so the days of its two bills cannot be compared",
    'links-total': () => 'the ledger rows do not name their tasks, so they can only be compared in total',
    'links-unlinked': () =>
      'some ledger rows of this user link to no task, so a missing row cannot be told from one of them',
    'rows-to-come': (param) =>
      `a task of this user was made right before the tables were read${given(param('minutes'), (minutes) => `, within ${minutes} minutes`)}: its ledger row may come yet`,
    'links-shared': () =>
      'some ledger rows name an id that several tasks of this user bear, so it cannot be told which of them they belong to',
    'links-foreign': (param) =>
      `ledger rows took ${given(param('points'), (points) => `${points} points `)}from ${given(param('users'), (users) => counted(users, 'user')) || 'this user'} for orders that are tasks of other users (${given(param('orders'), (orders) => `${orders}, `)}such as ${quoted(param('orderId') ?? '')}): they may have been charged to the wrong user, or be orders of another product with the same numbers; task-trace of such an order lists the rows of all users that name it`,
    'lookup-limit': (param) =>
      `too many ids to look them all up${given(param('limit'), (limit) => ` (at most ${limit})`)}; choose a shorter period`,
    'user-unknown': (param) =>
      `no row of tasks, points, cash or users has this user id, so there may be no such user${given(param('unread'), (unread) => `; not everything could be read: ${unread}`)}`,
    'prices-unread': (param) => `the price rules could not be read${given(param('detail'), (detail) => `: ${detail}`)}`,
    'levels-unread': (param) =>
      `the membership levels of the users could not be read${given(param('detail'), (detail) => `: ${detail}`)}`,
    'charge-quantity': (param) =>
      `of some tasks neither the bill nor the task table tells how much was used${given(param('unit'), (unit) => ` in the unit of their price rule, ${unit}`)}`,
    'amount-untold': () => 'a ledger row of this user holds no amount, so the rows do not add up to anything',
    'sums-too-large': () =>
      'amounts of this user come to more than 9007199254740991 points, beyond which no sum is exact; correct the rows, or choose a shorter period',
    'kind-untold': () =>
      'a ledger row of this user has no type, or one that is not known, so it may have paid for something or given it back',
    'kinds-unknown': (param) =>
      `${param('rows') === '1' ? '1 row that bears an order or took something is' : `${given(param('rows'), (rows) => `${rows} `)}rows that bear an order or took something are`} of no known type${given(param('words'), (words) => ` (${quoted(words)})`)}; AUDIT_CONFIG can name what these mean (sourceTypes, transactionTypes)`,
    'charge-untold': (param) => `${tasksHold(param, 'no charge')}: that is no charge of 0`,
    'cost-untold': (param) => `${tasksHold(param, 'no cost')}: that is no cost of 0`,
    'end-untold': (param) =>
      `tasks whose end (completed_at) cannot be read, or lies in the future${given(param('count'), (count) => `, ${count} of the period`)}${given(param('tasks'), (tasks) => ` (${quoted(tasks)})`)}: whether they ended long enough ago is not known`,
    'user-untold': (param) => `${tasksHold(param, 'no user')}: whose they are is not known`,
    'owner-untold': (param) =>
      `${given(param('table'), (table) => `${TIMED_TABLES[table] ?? table}: `)}${given(param('rows'), (rows) => `${rows} `)}${param('rows') === '1' ? 'ledger row names' : 'ledger rows name'} no user${given(param('firstRowId'), (id) => `, first of all row ${id}`)}: whose they are is not known`,
    'refunds-late': (param) =>
      `a refund may have come after the period, and there are too many rows to look for it${given(param('limit'), (limit) => ` (at most ${limit})`)}`,
    'key-untold': (param) =>
      `tasks without a key${given(param('count'), (count) => ` (${count})`)}: whether it is a known one cannot be told`,
    'model-untold': (param) =>
      `tasks without a model${given(param('count'), (count) => ` (${count})`)}: which model they are of cannot be told`,
  } satisfies Readonly<Record<string, (param: ReasonParam) => string>>,
  otherReason: (code: string, params: string) =>
    `the evidence is incomplete (${code})${given(params || undefined, (all) => `: ${all}`)}`,
}

/** Every word of one language. */
export type Vocabulary = typeof EN

/** Why a check could not be made. The engine gives the code, the vocabularies the words. */
export type NotEvaluatedCode = keyof Vocabulary['reasons']

/** The sums that the engine ties out; the views know where each belongs. */
export type TieOutKey = keyof Vocabulary['tieOutItems']
