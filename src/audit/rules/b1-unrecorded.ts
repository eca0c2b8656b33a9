import { sum } from '../../units/exact.ts'
import { accountsThatHang } from './b21-unattributed-spend.ts'
import type { FindingContext, FindingDraft, Rule } from './books.ts'
import type { EventFact, Orphan } from './facts.ts'
import { groupBy } from './group-by.ts'
import { billedRequestCount, notRead, unreadAccounts, unrecordedRequests } from './request-book.ts'
import { evidenceOf } from './task-subject.ts'

/**
 * B1, per request: fal billed it, and no task of any time bears its id. Nano-USD. A retry that overwrote the id of a
 * billed first attempt is such a break; of an unbilled one nothing is seen. Nothing is said of accounts that what keys of no account
 * row were billed may be of, where no task records it. Source: rule B1 of the specification.
 */
export const b1Unrecorded: Rule = {
  id: 'B1',
  severity: 'HIGH',
  perWindow: false,
  pieces: 'requests',
  leavesOpen: (books) =>
    [...accountsThatHang(books, ({ unrecorded }) => unrecorded === true)].map(([accountId, reason]) => ({
      subject: { accountId },
      reason,
    })),
  evaluate({ requests, window }) {
    if (!requests.known) return notRead(requests.reason)
    const byRequest = groupBy(unrecordedRequests(requests.value), ({ requestId }) => requestId)
    const findings = [...byRequest].map(([requestId, parts]): FindingDraft => {
      const events = parts.flatMap((part) => part.events)
      const first = firstOf(events)
      // Where several accounts were billed, the one that was so first.
      const part = parts.find(({ events }) => first !== undefined && events.includes(first))
      const owner = ownerOf(part)
      return {
        subject: { requestId },
        expected: sum(parts, ({ costNanoUsd }) => costNanoUsd),
        actual: 0n,
        unit: 'USD',
        count: events.length,
        evidence: evidenceOf([requestId]),
        detail: { ...owner, ...(first !== undefined && { model: first.model, at: window.zone.format(first.at) }) },
        context: {
          ...owner,
          ...(first !== undefined && { model: first.model, date: window.zone.dateOf(first.at) }),
        },
      }
    })
    return {
      examined: billedRequestCount(requests.value),
      findings,
      notEvaluated: unreadAccounts(requests.value),
    }
  },
}

/** Whose bill it was on: an account's, or that of a workspace whose bill does not tell its accounts apart. */
const ownerOf = (part: Orphan | undefined): Pick<FindingContext, 'accountId' | 'workspace'> => ({
  ...(part?.accountId != null && { accountId: part.accountId }),
  ...(part?.workspace !== undefined && { workspace: part.workspace }),
})

const firstOf = (events: readonly EventFact[]): EventFact | undefined =>
  events.reduce<EventFact | undefined>(
    (first, event) => (first === undefined || event.at < first.at ? event : first),
    undefined,
  )
