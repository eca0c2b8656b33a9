import type { SharedBill } from '../../src/audit/bills/whose-bill.ts'
import type { Evidence } from '../../src/audit/evidence.ts'
import type { LedgerPiece } from '../../src/audit/ledgers/ledger-source.ts'
import type { RequestEvidence } from '../../src/audit/requests/request-evidence.ts'
import type { BillingEvent } from '../../src/fal/reader.ts'
import type { TaskRow } from '../../src/ledger/reader.ts'

/** Which of `count` pieces holds a text: the same text always the same. */
const pieceOf = (text: string, count: number): number =>
  [...text].reduce((sum, c) => sum + (c.codePointAt(0) ?? 0), 0) % count

/** The same evidence in pieces: requests by their id, users by theirs; some pieces may be empty. */
export function inPieces(evidence: Evidence, count: number): Evidence {
  const { requests, ledger } = evidence
  const numbers = Array.from({ length: count }, (_, index) => index)
  return {
    ...evidence,
    requests: requests && {
      ...requests,
      *pieces() {
        for (const whole of requests.pieces()) for (const number of numbers) yield requestPiece(whole, number, count)
      },
    },
    ledger: {
      ...ledger,
      *pieces() {
        for (const whole of ledger.pieces()) for (const number of numbers) yield ledgerPiece(whole, number, count)
      },
    },
  }
}

function requestPiece(whole: RequestEvidence, number: number, count: number): RequestEvidence {
  const holds = (id: string): boolean => pieceOf(id, count) === number
  const holdsTask = ({ requestId, taskId }: TaskRow): boolean => holds(requestId === '' ? taskId : requestId)
  const own = [...whole.events].map(([bill, events]): [SharedBill, readonly BillingEvent[] | null] => [
    bill,
    events?.filter(({ requestId }) => holds(requestId)) ?? null,
  ])
  return {
    ...whole,
    tasks: whole.tasks.filter(holdsTask),
    otherTasks: whole.otherTasks.filter(holdsTask),
    events: new Map(own),
    unanswered: new Set([...whole.unanswered].filter(holds)),
    repeated: whole.repeated.filter(({ event }) => holds(event.requestId)),
  }
}

function ledgerPiece(whole: LedgerPiece, number: number, count: number): LedgerPiece {
  const holds = (userId: number): boolean => userId % count === number
  return {
    users: new Map([...whole.users].filter(([userId]) => holds(userId))),
    // Nothing tells whose these are.
    settledTasks: number === 0 ? whole.settledTasks : 0,
    openEntries: () => whole.openEntries().filter(({ task }) => holds(task.userId)),
    taskEntries: () => whole.taskEntries().filter(({ task }) => holds(task.userId)),
  }
}
