import { DAY, HOUR, MINUTE, SECOND } from './units/instant.ts'

/** Named limits of the whole program. What a limit cuts is always said. */
export const LIMITS = {
  /** Characters of one tool result, as JSON with two blanks of indent. Clients cut at 16,000. */
  resultChars: 12_000,
  /** Evidence ids shown with a finding; the total is always given. */
  evidenceIds: 10,
  /** Characters kept of a text that came from the database or from fal. */
  untrustedTextChars: 80,
  /** Characters kept of a reason why something was not read: it may quote an answer of fal. */
  reasonChars: 300,
  /** Sources named of those that were not read whole, in a report or statement made for people. */
  sourcesNamed: 100,
  /** Findings of one rule in a report: those of the largest amounts. All are counted. */
  findingsPerRule: 10_000,
  /** Rows of layer 2 in a report, by account, user and model. Their totals count all. */
  reportTaskRows: 50_000,
  /** Reports kept in memory for resources and cursors. */
  reportsKept: 8,
  /**
   * Requests to fal in flight at once, over all accounts; besides them, some that hang for keys without an answer. With twelve,
   * twenty accounts take less than twice as long as the slowest alone. Fal publishes no limit; answers of 429 are waited out.
   */
  falConcurrency: 12,
  /** One request to fal, from connecting to the last byte. */
  falRequestTimeout: 10 * SECOND,
  /** What an account that only fails may cost, retries included. */
  falFailureBudget: 15 * SECOND,
  /** Tries for one page, the first included. */
  falAttempts: 4,
  falPages: 2000,
  falUsagePageRows: 1000,
  falEventPageRows: 10_000,
  /** Questions about one list of prices: a list of 50 with unknown models among them takes up to 99. */
  falPricingQuestions: 100,
  /** Days that one query for billing events may span (fal's own limit). */
  falEventSpanDays: 90,
  /** Bytes of one answer of fal. */
  falAnswerBytes: 64 * 1024 * 1024,
  /** Time an audit may spend reading the database. */
  databaseDeadline: 5 * MINUTE,
  databaseConnectTimeout: 8 * SECOND,
  /** Ids bound in one look-up query. */
  lookupIds: 5000,
  /** Ids looked up in all, in one audit and one direction. */
  lookupIdsTotal: 100_000,
  /** Users whom one finding names, of as many as it concerns. */
  usersOfFinding: 100,
  /** Ids looked at to learn whether a table's ids follow time: by primary key some milliseconds, whatever its size. */
  idsSampled: 1024,
  /** Months that one list of statements reconciles: each is an audit of its own. */
  monthsReconciledPerList: 3,
  /** Versions of billing rules kept in all. */
  billingRuleVersions: 20_000,
  /** What a write to the billing store may wait for another one; the program stands still meanwhile. */
  billingStoreWait: 2 * SECOND,
} as const

/** Limits of `doctor`, which is to answer at once on a database of any size. */
export const DOCTOR = {
  /** All of it. What is left then is unverified. */
  deadline: 30 * SECOND,
  /** Newest rows looked at, by primary key. */
  taskRows: 2000,
  ledgerRows: 5000,
  /** Rows that a query reads in vain from which on an index is worth its upkeep. */
  indexRowsMin: 100_000,
} as const

/** Limits of `serve`, each said in the answer that it causes. */
export const SERVE = {
  /** How long a signed link to a file opens it. */
  linkLifetime: 10 * MINUTE,
  /** Bytes of one request body: 413 beyond. */
  bodyBytes: 1024 * 1024,
  /** Bytes of all headers of a request: 431 beyond. */
  headerBytes: 16 * 1024,
  /** Requests being answered at once, over both ports: 503 beyond. Event streams that only wait are not counted. */
  requestsInFlight: 1024,
  /** Requests per minute of one client address: 429 beyond. */
  requestsPerMinute: 600,
  /** The same on loopback, where all programs of the machine are one address. */
  requestsPerMinuteOnLoopback: 120_000,
  /** Addresses counted at once; beyond, those unseen for longest are forgotten. */
  clientsCounted: 10_000,
  /** Operations running at once: each may hold two connections to the database. The others wait in line. */
  operations: 8,
  /** Operations waiting in line: 503 beyond. */
  operationsWaiting: 2000,
  /** One operation, waiting included: 503 beyond. */
  operationTimeout: 10 * MINUTE,
  /** MCP sessions at once; beyond, the one idle for longest ends, and where none is idle a new one gets 503. */
  sessions: 256,
  /** Without a request or an open stream. */
  sessionIdle: 30 * MINUTE,
  /** From the first byte of a request to the last of its headers, and of its body. */
  headersTimeout: 10 * SECOND,
  requestTimeout: 30 * SECOND,
  /** A connection between two requests. */
  keepAliveTimeout: 15 * SECOND,
  connections: 4096,
  /** Time that requests get to finish once the program was told to stop, and after that to be cancelled. */
  stopGrace: 4 * SECOND,
  cancelGrace: 3 * SECOND,
  /** What one look at the database for /readyz may take. */
  readyTimeout: 5 * SECOND,
  /** Results kept for cursors, and reports kept for resources. */
  resultsKept: 256,
  reportsKept: 32,
} as const

export type ServeLimits = { readonly [name in keyof typeof SERVE]: number }

/** Spans of time with a meaning in the audit; the settings may replace some of them. */
export const SPANS = {
  /** A success older than this before fetching must be in the bill. */
  settlementLag: 24 * HOUR,
  /** How far before the window tasks are read, and after it events. */
  crossing: 24 * HOUR,
  /** Clock skew allowed between the operator's database and fal. */
  skew: 10 * MINUTE,
  /** By how much two zones may differ at most. */
  zonesApart: 26 * HOUR,
  /** How long after a task's completion its bill may come and still be called ordinary (seen: rarely over an hour). */
  billingDelay: HOUR,
  /** How far back A6 looks. */
  historyDays: 30,
  day: DAY,
} as const
