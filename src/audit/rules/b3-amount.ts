import type { Thresholds } from '../../settings.ts'
import { abs } from '../../units/exact.ts'
import { formatUsd, type NanoUsd, nanoUsd } from '../../units/nano-usd.ts'
import { exceeds, scaleDown } from '../../units/ratio.ts'
import type { FindingDraft, Rule } from './books.ts'
import type { TaskVerdict } from './facts.ts'
import { judgedTasks, matchedTasks, notRead, unjudgedAccounts } from './request-book.ts'
import { taskContext, taskDetail, taskEvidence, taskSubject, userOf } from './task-subject.ts'
import { untoldOfAccounts } from './untold-tasks.ts'

/**
 * B3, per matched task: what fal billed and what was recorded differ by more than a stored FLOAT can be off, and by more
 * than the allowed share of the bill. A task that tells no cost is not judged, nor one of a request that may
 * be billed to a task without a readable time. Nano-USD, compared exactly. Source: rule B3 of the specification.
 */
export const b3Amount: Rule = {
  id: 'B3',
  severity: 'MEDIUM',
  perWindow: false,
  pieces: 'requests',
  evaluate({ requests, window, untold, unplaced }, { thresholds }) {
    if (!requests.known) return notRead(requests.reason)
    const findings: FindingDraft[] = []
    const open = new Set<number | null>()
    let examined = requests.value.plain?.count ?? 0
    for (const verdict of matchedTasks(requests.value)) {
      if (verdict.task.costUntold === true) {
        open.add(verdict.accountId)
        continue
      }
      examined += 1
      if (!isAmountBreak(verdict, thresholds)) continue
      const { task, accountId, events, billedNanoUsd } = verdict
      const rounding = floatTolerance(task.costNanoUsd)
      const share = nanoUsd(scaleDown(abs(billedNanoUsd), thresholds.b3AmountRatio))
      findings.push({
        subject: taskSubject(task),
        expected: billedNanoUsd,
        actual: task.costNanoUsd,
        unit: 'USD',
        count: events.length,
        evidence: taskEvidence([task]),
        detail: { ...taskDetail(task, accountId), toleranceUsd: formatUsd(share > rounding ? share : rounding) },
        context: taskContext(task, accountId, window.zone),
      })
    }
    const reason = unplaced?.reason
    const hanging = judgedTasks(requests.value).flatMap(({ task, mayBeBilledNanoUsd }) =>
      mayBeBilledNanoUsd !== undefined && isBreak(task, mayBeBilledNanoUsd, thresholds) ? [task] : [],
    )
    const others =
      reason === undefined ? [] : hanging.map((task) => ({ subject: taskSubject(task), reason, ...userOf(task) }))
    const notEvaluated = [
      ...unjudgedAccounts(requests.value),
      ...untoldOfAccounts('cost-untold', open, untold),
      ...others,
    ]
    return { examined, findings, notEvaluated }
  },
}

/** Whether bill and record of a matched task differ by more than both tolerances. */
export const isAmountBreak = ({ task, billedNanoUsd }: TaskVerdict, thresholds: Thresholds): boolean =>
  isBreak(task, billedNanoUsd, thresholds)

function isBreak(task: TaskVerdict['task'], billedNanoUsd: NanoUsd, { b3AmountRatio }: Thresholds): boolean {
  if (task.costUntold === true) return false
  if (isRounded(Number(task.costNanoUsd), Number(billedNanoUsd))) return false
  const difference = abs(task.costNanoUsd - billedNanoUsd)
  return difference > floatTolerance(task.costNanoUsd) && exceeds(difference, abs(billedNanoUsd), b3AmountRatio)
}

/** A little less than what `floatTolerance` allows as a share: in doubles as large as these, far more than they err by. */
const SURELY_ROUNDED = 5.9999e-8
const EXACT_MAX = 2 ** 52

/** Whether a record differs from the bill by so little that it is within `floatTolerance`: most do. Told in doubles. */
export const isRounded = (recorded: number, billed: number): boolean =>
  Math.abs(recorded) <= EXACT_MAX &&
  Math.abs(billed) <= EXACT_MAX &&
  Math.abs(recorded - billed) <= Math.abs(recorded) * SURELY_ROUNDED

/** What an amount may be off by for having been stored as a FLOAT: ceil(|nano| × 6e-8) + 1, in nano-USD. */
export const floatTolerance = (amount: NanoUsd): NanoUsd =>
  nanoUsd((abs(amount) * 6n + 99_999_999n) / 100_000_000n + 1n)
