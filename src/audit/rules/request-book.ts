import type { Subject } from '../../../schemas/report.ts'
import { type Reason, type RuleOutcome, unknown } from './books.ts'
import type { Orphan, RequestBook, TaskVerdict } from './facts.ts'

/** What a rule says whose evidence was not read at all: why. */
export const notRead = (reason: Reason): RuleOutcome => ({
  examined: 0,
  findings: [],
  notEvaluated: [{ subject: {}, reason }],
})

interface Unjudged {
  readonly subject: Subject
  readonly reason: Reason
}

/** What a rule says that needs the bill request by request, of the accounts whose events were not read whole. */
export const unreadAccounts = ({ unread }: RequestBook): Unjudged[] =>
  unread.map(({ accountId, reason }) => ({ subject: { accountId }, reason }))

/** What a rule says that holds usage and events against each other. */
export const unreadBills = ({ billsUnread }: RequestBook): Unjudged[] =>
  billsUnread.map(({ accountId, reason }) => ({ subject: { accountId }, reason }))

/** The same of a rule per task: also of accounts of which fal did not answer what it was asked of single requests. */
export function unjudgedAccounts(requests: RequestBook): Unjudged[] {
  const unanswered = new Set([...requests.unanswered, ...unansweredAccounts(requests)])
  const open = [...unanswered].map((accountId) =>
    accountId === null
      ? { subject: {}, reason: unknown('key-without-bill').reason }
      : { subject: { accountId }, reason: unknown('requests-unanswered').reason },
  )
  return [...unreadAccounts(requests), ...open]
}

/** Accounts of which fal was read, but did not answer all that it was asked of single requests; null: unknown keys. */
export function unansweredAccounts(requests: Pick<RequestBook, 'tasks' | 'unread'>): Set<number | null> {
  const isRead = readAccounts(requests)
  const unanswered = new Set<number | null>()
  for (const { accountId, standing, selected } of requests.tasks) {
    // Tasks of keys that no account row holds have a bill that nobody here can read.
    if (selected && standing === 'not-evaluated' && isRead(accountId)) unanswered.add(accountId)
  }
  return unanswered
}

/** Tells the accounts whose events were read whole from those of which nothing is said. */
export function readAccounts({ unread }: Pick<RequestBook, 'unread'>): (accountId: number | null) => boolean {
  const ids = new Set(unread.map(({ accountId }) => accountId))
  return (accountId) => accountId === null || !ids.has(accountId)
}

/** The tasks that rules per task judge: those that the filters leave, and whose bill was read. */
export const judgedTasks = ({ tasks }: Pick<RequestBook, 'tasks'>): TaskVerdict[] => tasks.filter(isJudged)

/** Those of the judged tasks that fal billed. */
export const matchedTasks = ({ tasks }: Pick<RequestBook, 'tasks'>): TaskVerdict[] => tasks.filter(isJudgedMatch)

const isJudged = ({ selected, standing }: TaskVerdict): boolean => selected && standing !== 'not-evaluated'

/** Whether fal billed a task that rules per task judge. */
export const isJudgedMatch = ({ selected, standing }: TaskVerdict): boolean => selected && standing === 'matched'

/**
 * Whether the charge of a task stands against what fal billed: its own request, or one that another task claims. Users paid
 * for that one more than once, and its cost stands with the task that claims it.
 */
export const isOfBilledRequest = (verdict: TaskVerdict): boolean =>
  isJudgedMatch(verdict) || (verdict.selected && verdict.standing === 'duplicate' && verdict.requestBilled)

/** Requests with cost that no task records; one that several accounts were billed is there for each of them. */
export function unrecordedRequests(requests: RequestBook): Orphan[] {
  const isRead = readAccounts(requests)
  return requests.orphans.filter(({ accountId, costNanoUsd }) => costNanoUsd > 0n && isRead(accountId))
}

/** How many requests these are, each counted once. */
export const countRequests = (orphans: readonly Orphan[]): number =>
  new Set(orphans.map(({ requestId }) => requestId)).size

/** How many requests of the bill were read: one a matched task, and those without a task. */
export function billedRequestCount({ tasks, orphans, plain }: RequestBook): number {
  let count = countRequests(orphans) + (plain?.count ?? 0)
  for (const { standing } of tasks) if (standing === 'matched') count += 1
  return count
}

/** The same without those whose tasks the filters leave out. */
export const judgedRequestCount = (requests: RequestBook): number =>
  countRequests(requests.orphans) + (requests.plain?.count ?? 0) + matchedTasks(requests).length
