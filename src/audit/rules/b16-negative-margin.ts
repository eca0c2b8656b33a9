import { addPoints, points as pointsOf } from '../../units/points.ts'
import { formatRatio, type Ratio } from '../../units/ratio.ts'
import { type FindingDraft, type Rule, unknown } from './books.ts'
import type { ModelDay } from './facts.ts'
import { notRead, unjudgedAccounts } from './request-book.ts'
import { type UnplacedTasks, unplacedPoints } from './unplaced-tasks.ts'
import { tasksUntold } from './untold-tasks.ts'

const NANO_PER_USD = 10n ** 9n

/**
 * B16, per model and day of the tasks' creation: at the configured rate, the charges of the tasks whose requests are
 * billed, net of refunds, are worth less than fal billed for them. Of a request that several tasks bear all charges count,
 * and its cost once. Nano-USD, compared exactly. Source: rule B16 of the specification.
 */
export const b16NegativeMargin: Rule = {
  id: 'B16',
  severity: 'MEDIUM',
  perWindow: false,
  evaluate({ requests, unplaced, untold }, { pointsPerUsd }) {
    if (!requests.known) return notRead(requests.reason)
    if (pointsPerUsd === undefined) return notRead(unknown('rate-missing').reason)
    const { modelDays } = requests.value
    const findings: FindingDraft[] = []
    const notEvaluated = [...unjudgedAccounts(requests.value)]
    let examined = modelDays.length
    for (const day of modelDays) {
      const finding = lossOf(day, pointsPerUsd)
      if (finding === undefined) continue
      // What is not told may make up for it.
      if ((day.untoldCharges ?? 0) > 0) {
        notEvaluated.push({ subject: finding.subject, reason: tasksUntold('charge-untold', untold?.charges) })
        examined -= 1
      } else if (unplaced !== undefined && mayMakeUpFor(day, unplaced, pointsPerUsd)) {
        notEvaluated.push({ subject: finding.subject, reason: unplaced.reason })
        examined -= 1
      } else findings.push(finding)
    }
    return { examined, findings, notEvaluated }
  },
}

/** Whether tasks of the model whose time cannot be read may be of the day, and have been charged as much as it lacks. */
function mayMakeUpFor(day: ModelDay, unplaced: UnplacedTasks, rate: Ratio): boolean {
  const points = unplacedPoints(unplaced, day.model)
  if (points === null) return true
  return lossOf({ ...day, keptPoints: addPoints(day.keptPoints, pointsOf(points)) }, rate) === undefined
}

function lossOf(day: ModelDay, { numerator, denominator }: Ratio): FindingDraft | undefined {
  const { model, date, taskCount, keptPoints, billedNanoUsd, evidence } = day
  // points / (numerator / denominator) USD, held against the cost before it is rounded.
  const worth = keptPoints * denominator * NANO_PER_USD
  if (worth >= billedNanoUsd * numerator) return undefined
  return {
    subject: { model, date },
    expected: billedNanoUsd,
    actual: worth / numerator,
    unit: 'USD',
    count: taskCount,
    evidence,
    detail: { chargedPoints: String(keptPoints), pointsPerUsd: formatRatio({ numerator, denominator }) },
  }
}
