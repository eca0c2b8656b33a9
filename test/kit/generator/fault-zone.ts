import { HOUR, MINUTE, plus } from '../../../src/units/instant.ts'
import { accountOf, auditedAccounts, type Draft, taskEvents } from './draft.ts'
import { type Allowed, also, type Injector } from './faults.ts'

/** Days begin elsewhere, so that a day's sums are other ones. */
const OTHER_DAYS: readonly Allowed[] = (['A5', 'A6'] as const).map((rule) =>
  also(rule, {}, 'the stored times are read as other days than they are'),
)

/** The self-check wants 20 matched requests. */
const TELLING_MIN = 20
const SHIFT_MAX = 8 * HOUR

/** Billed tasks of audited accounts that are within the window however their times are shifted. */
function tellingTasks(draft: Draft): number {
  const audited = new Set(auditedAccounts(draft))
  return draft.tasks.filter((task) => {
    const account = accountOf(draft, task)
    return (
      account !== undefined &&
      audited.has(account) &&
      task.createdAt >= draft.window.start + SHIFT_MAX &&
      task.createdAt < draft.window.end - SHIFT_MAX &&
      task.completedAt !== null &&
      taskEvents(draft, task).length > 0
    )
  }).length
}

/** The zone of the stored times is not the one that the audit was told. */
export const zoneFault: Injector = {
  rule: 'TZ_MISCONFIGURED',
  needs: { attribution: 'keys', links: 'all', reading: 'late', daysMin: 3 },
  plant: (draft, random) => {
    if (tellingTasks(draft) < TELLING_MIN) return undefined
    draft.storedShift = random.pick([-8 * HOUR, -8 * HOUR, -HOUR, -30 * MINUTE, HOUR, 5.5 * HOUR])
    const actual = String(-draft.storedShift / MINUTE)
    return {
      expected: [{ rule: 'TZ_MISCONFIGURED', subject: {}, severity: 'HIGH', expected: '0', actual }],
      allowed: OTHER_DAYS,
    }
  },
  twins: [
    // fal is slow with its bills, by no multiple of half an hour.
    (draft, random) => {
      const slow = random.int(6, 24) * MINUTE
      for (const task of draft.tasks) {
        for (const event of taskEvents(draft, task)) event.at = plus(task.completedAt ?? task.createdAt, slow)
      }
      return []
    },
  ],
}
