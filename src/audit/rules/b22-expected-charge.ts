import type { Subject } from '../../../schemas/report.ts'
import { abs } from '../../units/exact.ts'
import { type Points, points } from '../../units/points.ts'
import type { Ratio } from '../../units/ratio.ts'
import { type FindingDraft, type Reason, type Rule, unknown } from './books.ts'
import type { EventFact, RequestBook, TaskVerdict } from './facts.ts'
import type { ChargeTerms, DueCharge } from './prices.ts'
import { notRead, unjudgedAccounts } from './request-book.ts'
import { eventKey } from './same-event.ts'
import { taskContext, taskDetail, taskEvidence, taskSubject } from './task-subject.ts'
import { tasksUntold, type UntoldBook } from './untold-tasks.ts'

/**
 * B22, per successful task that a price rule of the operator covers: it charged other points than the rule asks for.
 * Gross: refunded tasks too. The expected charge may be a fraction of a point and is compared as one; only what is shown
 * is rounded. Source: rule B22 of the billing module.
 */
export const b22ExpectedCharge: Rule = {
  id: 'B22',
  severity: 'MEDIUM',
  perWindow: false,
  pieces: 'requests',
  evaluate({ requests, priceRules, window, untold }, { thresholds: { b22TolerancePoints } }) {
    if (!requests.known) return notRead(requests.reason)
    if (!priceRules.known) return notRead(priceRules.reason)
    const prices = priceRules.value
    if (prices.versions === 0) return { examined: 0, findings: [], notEvaluated: [] }
    const repeated = new Set(requests.value.repeated.map(({ event }) => event.requestId))
    const open = new OpenCharges()
    const findings: FindingDraft[] = []
    let examined = 0
    for (const verdict of owingTasks(requests.value)) {
      const { task, accountId, events } = verdict
      // The user used once what fal bills twice.
      const due = prices.chargeOf(task, repeated.has(task.requestId) ? eachOnce(events) : events)
      if (due.kind !== 'due') {
        open.add(verdict, due)
        continue
      }
      const code = task.chargeUntold === true ? 'charge-untold' : task.userUntold === true ? 'user-untold' : undefined
      if (code !== undefined) {
        open.addUntold(code, untold)
        continue
      }
      examined += 1
      if (!isOff(task.chargedPoints, due.points, b22TolerancePoints)) continue
      findings.push({
        subject: taskSubject(task),
        expected: nearest(due.points),
        actual: task.chargedPoints,
        unit: 'points',
        count: 1,
        evidence: taskEvidence([task]),
        detail: { ...taskDetail(task, accountId), ...shown(due.terms()), tolerancePoints: String(b22TolerancePoints) },
        context: taskContext(task, accountId, window.zone),
      })
    }
    return { examined, findings, notEvaluated: open.list(requests.value) }
  },
}

/** Successes that the filters leave, whatever their bill. A row more for a request that another claims is B4's matter. */
function* owingTasks({ tasks, shared }: RequestBook): Generator<TaskVerdict> {
  const later = new Set<number>()
  for (const { tasks: sharing } of shared) {
    const successes = sharing.filter(({ status }) => status === 'success')
    for (const { rowId } of successes.slice(1)) later.add(rowId)
  }
  for (const verdict of tasks) {
    const { task, standing, selected } = verdict
    if (!selected || task.status !== 'success') continue
    if (standing !== 'duplicate' && !later.has(task.rowId)) yield verdict
  }
}

/** What rule B5 takes for the same event counts once. */
function eachOnce(events: readonly EventFact[]): EventFact[] {
  return [...new Map(events.map((event) => [eventKey(event), event])).values()]
}

const isOff = (charged: Points, { numerator, denominator }: Ratio, tolerance: Points): boolean =>
  abs(charged * denominator - numerator) > tolerance * denominator

/** The nearest whole point, half of one upwards. */
const nearest = ({ numerator, denominator }: Ratio): Points =>
  points((numerator * 2n + denominator) / (denominator * 2n))

const shown = ({ ruleId, unit, quantity, price, currency, level, exactPoints }: ChargeTerms) => ({
  ...{ ruleId, billingUnit: unit, quantity, price, currency, level, exactPoints },
})

/** Tasks that cannot be judged, told by what keeps them from it: few entries, whatever their number. */
class OpenCharges {
  readonly #entries = new Map<string, { readonly subject: Subject; readonly reason: Reason }>()
  readonly #accounts = new Set<number | null>()

  add({ standing, accountId }: TaskVerdict, due: Exclude<DueCharge, { kind: 'due' }>): void {
    if (due.kind === 'rate-missing') this.#entries.set('rate', { subject: {}, reason: unknown('rate-missing').reason })
    // Nor is it known which endpoint it was, so that a rule may cover it that names no stored name.
    else if (standing === 'not-evaluated') this.#accounts.add(accountId)
    else if (due.kind === 'quantity-unknown') {
      const { model, unit } = due
      const { reason } = unknown('charge-quantity', { unit })
      this.#entries.set(JSON.stringify([model, unit]), { subject: { model }, reason })
    }
  }

  /** One that does not tell its charge, or whose it is: prices may go by the user's level. */
  addUntold(code: 'charge-untold' | 'user-untold', untold: UntoldBook | undefined): void {
    const tasks = code === 'charge-untold' ? untold?.charges : untold?.owners
    this.#entries.set(code, { subject: {}, reason: tasksUntold(code, tasks) })
  }

  list(requests: RequestBook) {
    const accounts = unjudgedAccounts(requests).filter(({ subject }) => this.#accounts.has(subject.accountId ?? null))
    return [...accounts, ...this.#entries.values()]
  }
}
