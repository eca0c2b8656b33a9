import { count, sum } from '../../units/exact.ts'
import type { Zone } from '../../units/zone.ts'
import type { FindingDraft, Rule } from './books.ts'
import type { RepeatedBill } from './facts.ts'
import { groupBy } from './group-by.ts'
import { judgedRequestCount, notRead, readAccounts, unreadAccounts } from './request-book.ts'
import { evidenceOf } from './task-subject.ts'

/**
 * B5, per request: fal, asked for it by id, bills the same event more than once within one answer. Nano-USD. Pages may
 * repeat what they said, so a repetition over pages alone is none. Source: rule B5 of the specification.
 */
export const b5DuplicateBill: Rule = {
  id: 'B5',
  severity: 'MEDIUM',
  perWindow: false,
  pieces: 'requests',
  evaluate({ requests, window }) {
    if (!requests.known) return notRead(requests.reason)
    const isRead = readAccounts(requests.value)
    // Without cost there is nothing to pay twice.
    const repeated = requests.value.repeated.filter(
      ({ accountId, event, times, leftOut }) =>
        times > 1 && event.costNanoUsd !== 0n && leftOut !== true && isRead(accountId),
    )
    const findings = [...groupBy(repeated, ({ requestId }) => requestId).values()].map((bills) =>
      findingOf(bills, window.zone),
    )
    return {
      examined: judgedRequestCount(requests.value),
      findings: findings.filter((finding) => finding !== undefined),
      notEvaluated: unreadAccounts(requests.value),
    }
  },
}

/** One finding a request, of however many of its events repeat. */
function findingOf(bills: readonly RepeatedBill[], zone: Zone): FindingDraft | undefined {
  const [first] = bills
  if (first === undefined) return undefined
  const { requestId, taskId, userId, accountId, workspace } = first
  const ofWorkspace = workspace !== undefined && { workspace }
  const { model, at } = first.event
  return {
    subject: { ...(taskId !== null && taskId !== '' && { taskId }), requestId },
    expected: sum(bills, ({ event }) => event.costNanoUsd),
    actual: sum(bills, ({ event, times }) => event.costNanoUsd * BigInt(times)),
    unit: 'USD',
    count: count(bills, ({ times }) => times),
    evidence: evidenceOf([requestId]),
    detail: { ...ofWorkspace, model, ...(bills.length > 1 && { events: bills.length }) },
    context: {
      ...ofWorkspace,
      ...(accountId !== null && { accountId }),
      ...(userId !== undefined && { userId }),
      model,
      date: zone.dateOf(at),
    },
  }
}
