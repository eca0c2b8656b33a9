import { sum } from '../../units/exact.ts'
import { formatRatio, type Ratio } from '../../units/ratio.ts'
import type { CalendarDate, Zone } from '../../units/zone.ts'
import { type FindingDraft, type Rule, unknown } from './books.ts'
import type { RequestBook, TaskVerdict } from './facts.ts'
import { groupBy } from './group-by.ts'
import { matchedTasks, notRead, unjudgedAccounts } from './request-book.ts'
import { taskEvidence } from './task-subject.ts'

const NANO_PER_USD = 10n ** 9n

/**
 * B16, per model and day of the tasks' creation: at the configured rate, the charges of the matched tasks, net of
 * refunds, are worth less than fal billed for them. Nano-USD, compared exactly. Source: rule B16 of the specification.
 */
export const b16NegativeMargin: Rule = {
  id: 'B16',
  severity: 'MEDIUM',
  perWindow: false,
  evaluate({ requests, window }, { pointsPerUsd }) {
    if (!requests.known) return notRead(requests.reason)
    if (pointsPerUsd === undefined) return notRead(unknown('rate-missing').reason)
    const groups = modelDays(requests.value, window.zone)
    const findings: FindingDraft[] = []
    for (const group of groups) {
      const finding = lossOf(group, pointsPerUsd)
      if (finding !== undefined) findings.push(finding)
    }
    return { examined: groups.length, findings, notEvaluated: unjudgedAccounts(requests.value) }
  },
}

interface ModelDay {
  readonly model: string
  readonly date: CalendarDate
  readonly verdicts: readonly TaskVerdict[]
}

function modelDays(requests: RequestBook, zone: Zone): ModelDay[] {
  const byDate = groupBy(matchedTasks(requests), ({ task }) => zone.dateOf(task.createdAt))
  return [...byDate].flatMap(([date, tasks]) =>
    [...groupBy(tasks, ({ task }) => task.model)].map(([model, verdicts]) => ({ model, date, verdicts })),
  )
}

function lossOf({ model, date, verdicts }: ModelDay, { numerator, denominator }: Ratio): FindingDraft | undefined {
  const kept = verdicts.filter(({ task }) => !task.refunded)
  const chargedPoints = sum(kept, ({ task }) => task.chargedPoints)
  const cost = sum(verdicts, ({ billedNanoUsd }) => billedNanoUsd)
  // points / (numerator / denominator) USD, held against the cost before it is rounded.
  const worth = chargedPoints * denominator * NANO_PER_USD
  if (worth >= cost * numerator) return undefined
  return {
    subject: { model, date },
    expected: cost,
    actual: worth / numerator,
    unit: 'USD',
    count: verdicts.length,
    evidence: taskEvidence(verdicts.map(({ task }) => task)),
    detail: { chargedPoints: String(chargedPoints), pointsPerUsd: formatRatio({ numerator, denominator }) },
  }
}
