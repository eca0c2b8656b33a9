import { DAY, HOUR, MINUTE, SECOND } from './units/instant.ts'

/** Named limits of the whole program. What a limit cuts is always said. */
export const LIMITS = {
  /** Characters of one tool result, as JSON with two blanks of indent. Clients cut at 16,000. */
  resultChars: 12_000,
  /** Evidence ids shown with a finding; the total is always given. */
  evidenceIds: 10,
  /** Characters kept of a text that came from the database or from fal. */
  untrustedTextChars: 80,
  /** Reports kept in memory for resources and cursors. */
  reportsKept: 8,
  /** Requests to fal in flight at once, over all accounts. */
  falConcurrency: 8,
  /** One request to fal, from connecting to the last byte. */
  falRequestTimeout: 10 * SECOND,
  /** What an account that only fails may cost, retries included. */
  falFailureBudget: 15 * SECOND,
  /** Tries for one page, the first included. */
  falAttempts: 4,
  falPages: 2000,
  falUsagePageRows: 1000,
  falEventPageRows: 10_000,
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
} as const

/** Spans of time with a meaning in the audit; the settings may replace some of them. */
export const SPANS = {
  /** A success older than this before fetching must be in the bill. */
  settlementLag: 24 * HOUR,
  /** How far before the window tasks are read, and after it events. */
  crossing: 24 * HOUR,
  /** Clock skew allowed between the operator's database and fal. */
  skew: 10 * MINUTE,
  /** How long after a task's completion its bill may come and still be called ordinary (seen: rarely over an hour). */
  billingDelay: HOUR,
  /** How far back A6 looks. */
  historyDays: 30,
  day: DAY,
} as const
