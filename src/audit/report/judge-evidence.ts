import { breathe } from '../breathe.ts'
import type { Evidence } from '../evidence.ts'
import type { UserLedger } from '../ledgers/ledger-book.ts'
import { frameOf, type RequestReconciliation, reconcilePiece } from '../requests/request-books.ts'
import type { RequestEvidence } from '../requests/request-evidence.ts'
import { type RequestSums, RequestTotals } from '../requests/request-totals.ts'
import { withoutDoubtful } from '../requests/unbilled-sums.ts'
import { b2Unbilled } from '../rules/b2-unbilled.ts'
import { type Books, known, type Rule, type RuleOutcome, unknown } from '../rules/books.ts'
import { RULES } from '../rules/table.ts'
import { isClockWrong } from '../rules/tz-misconfigured.ts'
import { canonicalModel } from '../tasks/model-name.ts'
import { framedBooks, ledgerBooks, openBooks, taskLedgersUnread } from './books.ts'
import { Outcomes } from './outcomes.ts'

export interface JudgeOptions {
  readonly signal?: AbortSignal
  readonly rules?: readonly Rule[]
  /** Sees each piece of the requests as it is judged. */
  readonly take?: (requests: RequestReconciliation, piece: RequestEvidence) => void
  readonly progress?: (message: string, done: number) => void
}

/** What evidence adds up to, and what the rules say of it. */
export interface JudgedEvidence {
  readonly outcomes: ReadonlyMap<Rule, RuleOutcome>
  /** null at depth summary. */
  readonly requests: RequestSums | null
  readonly books: Books
  readonly users: ReadonlyMap<number, UserLedger>
}

/** Where nobody can cancel. */
export const NEVER = new AbortController().signal

/**
 * Joins evidence piece by piece and has the rules judge it: single requests and tasks within their piece, sums at the end.
 * Between two pieces others have their turn, and the work ends where it was cancelled.
 */
export async function judgeEvidence(
  evidence: Evidence,
  { signal = NEVER, rules = RULES, take, progress = () => undefined }: JudgeOptions = {},
): Promise<JudgedEvidence> {
  const { plan, ledger } = evidence
  const outcomes = new Outcomes(rules, plan.settings)
  let joined = 0
  const requests = await addRequests(evidence, outcomes, take, (tasks) => {
    joined += tasks
    progress('tasks held against the bill', joined)
    return breathe(signal)
  })
  const users = new Map<number, UserLedger>()
  const booksOf = ledgerBooks(evidence, requests)
  const isLinked = taskLedgersUnread(plan.depth, ledger.mode) === undefined
  let judged = 0
  for (const piece of ledger.pieces()) {
    for (const [userId, user] of piece.users) users.set(userId, user)
    if (isLinked) {
      for (const _ of outcomes.judging(booksOf(piece), ({ pieces }) => pieces === 'ledgers')) await breathe(signal)
    }
    judged += piece.users.size
    progress('users held against the ledgers', judged)
    await breathe(signal)
  }
  const books = openBooks(evidence, requests, { users })
  let applied = 0
  for (const _ of outcomes.judging(books, ({ pieces }) => pieces === undefined)) {
    progress('rules applied to all of it', ++applied)
    await breathe(signal)
  }
  const canonicalOf = (stored: string): string => canonicalModel(stored, plan.settings.modelAliases)
  outcomes.reconsider(books, canonicalOf)
  const doubt = isClockWrong(books.clockOffset)
    ? () => unknown('timezone').reason
    : b2Unbilled.doubts?.(books, canonicalOf)
  await breathe(signal)
  return { outcomes: outcomes.close(), requests: withoutDoubtful(requests, doubt), books, users }
}

/** Joins the requests piece by piece, and has the rules judge each; null at depth summary. */
async function addRequests(
  evidence: Evidence,
  outcomes: Outcomes,
  take: JudgeOptions['take'],
  onPiece: (tasks: number) => Promise<void>,
): Promise<RequestSums | null> {
  const frame = framedBooks(evidence)
  // Without links, rules about ledger rows go by the tasks alone, or say why they do not.
  const picks = ({ pieces }: Rule): boolean =>
    pieces === 'requests' || (pieces === 'ledgers' && !frame.taskLedgers.known)
  if (evidence.requests === null) {
    outcomes.judge(frame, picks)
    return null
  }
  const requestFrame = frameOf(evidence, evidence.requests)
  const totals = new RequestTotals(requestFrame, evidence.requests)
  const terms = take === undefined && mayBePlain(evidence) ? requestFrame.scope : undefined
  for (const piece of evidence.requests.pieces(terms)) {
    const requests = reconcilePiece(requestFrame, piece)
    totals.absorb(requests, piece.plain)
    outcomes.judge({ ...frame, requests: known(requests.book) }, picks)
    take?.(requests, piece)
    await onPiece(piece.tasks.length + (piece.plain?.count ?? 0))
  }
  return totals.close()
}

/** Whether there are matches of which nothing is to be said: not where each charge is held against a price. */
const mayBePlain = ({ plan, priceRules }: Evidence): boolean =>
  plan.userIds.size === 0 && !(priceRules.known && priceRules.value.versions > 0)
