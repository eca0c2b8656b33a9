import type { Report } from '../../schemas/report.ts'
import { accountFinder } from '../audit/bills/account-keys.ts'
import { collectEvidence, type PriceReader } from '../audit/collect.ts'
import type { AuditPlan } from '../audit/plan.ts'
import { buildReport, type ToldTasks } from '../audit/report/report.ts'
import { FOR_SUMS } from '../audit/requests/asking-terms.ts'
import { isEndOpen } from '../audit/rules/task-end.ts'
import { evidenceOf, taskName } from '../audit/rules/task-subject.ts'
import { isOfUsers } from '../audit/tasks/cell-tally.ts'
import { mayBeOfUsers } from '../audit/tasks/unread-times.ts'
import type { UsageFact } from '../billing/usage-sums.ts'
import type { UsageTally } from '../billing/usage-tally.ts'
import type { FalReader } from '../fal/reader.ts'
import type { AccountRow, LedgerSnapshot, UnreadTimes, UnreadTimesOf } from '../ledger/reader.ts'
import { collecting, withSpoolFile } from '../operation.ts'
import type { CallContext } from '../tool.ts'
import { within } from '../units/instant.ts'
import { ZERO_NANO_USD } from '../units/nano-usd.ts'

/** What was read along with the verdicts. */
export interface VerdictReading {
  readonly report: Report
  /** All rows of the account table. */
  readonly accounts: readonly AccountRow[]
  readonly userNames: ReadonlyMap<number, string>
}

/**
 * Audits a window at depth requests and hands over every task of it, one by one, with its verdict: those of accounts
 * outside the audit too, as not evaluated. Fal is asked by id about every task whose bill the pages may lack, since what is
 * handed over is added up. Charges are held against `prices` where they are given. With a filter by user, how completely
 * tables were read is said of what is told of these users: rows of others leave nothing open there that rules of accounts,
 * which look at all, leave open. The one place where billing meets the engine of the audit.
 */
export async function readVerdicts(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  fal: FalReader,
  context: CallContext,
  tally: UsageTally,
  prices?: PriceReader,
): Promise<VerdictReading> {
  return withSpoolFile(async (file) => {
    const evidence = await collectEvidence(plan, snapshot, fal, file, {
      ...collecting(context),
      asking: FOR_SUMS,
      ...(prices && { prices }),
    })
    const accountOf = accountFinder(evidence.allAccounts)
    const told = toldTasks(plan, snapshot, evidence.unreadTimes ?? {}, tally)
    const report = await buildReport(evidence, 'en', {
      signal: context.signal,
      told,
      take: ({ join }, { tasks }) => {
        const verdicts = new Map([...join.verdicts, ...join.outside].map((each) => [each.task.rowId, each]))
        for (const task of tasks) {
          if (!within(task.createdAt, plan.window)) continue
          const accountId = accountOf(task.apiKey) ?? null
          const verdict = verdicts.get(task.rowId)
          const fact: UsageFact = {
            task,
            accountId,
            standing: verdict?.standing ?? 'not-evaluated',
            events: verdict?.events ?? [],
            billedNanoUsd: verdict?.billedNanoUsd ?? ZERO_NANO_USD,
            selected: leaves(plan, accountId, task),
            apiKey: task.apiKey,
            inputTokens: task.inputTokens ?? null,
            outputTokens: task.outputTokens ?? null,
          }
          tally.add(fact)
          told.take(fact)
        }
      },
    })
    return { report, accounts: evidence.allAccounts, userNames: evidence.userNames }
  })
}

/** What rows may leave open of the tasks that the filters leave, which are taken one by one. */
function toldTasks(
  { asOf, settings, userIds }: AuditPlan,
  snapshot: LedgerSnapshot,
  unread: UnreadTimes,
  tally: UsageTally,
): ToldTasks & { take(fact: UsageFact): void } {
  const unplaced = unread.tasks?.tasks?.each?.map(({ requestId }) => snapshot.bareRequestId(requestId))
  const requests = new Set(unplaced)
  const openEnds: string[] = []
  let sharesRequest = false
  const mayMatter = ({ tasks }: UnreadTimesOf): boolean =>
    sharesRequest || (tasks?.each ?? null) === null || tasks?.sorts?.some(({ model }) => tally.hangsOn(model)) !== false
  return {
    take({ task, standing, selected }) {
      if (!selected) return
      if (task.requestId !== '' && requests.has(task.requestId)) sharesRequest = true
      const mayWait = standing === 'pending' || standing === 'failed'
      if (mayWait && isEndOpen(task, asOf, settings.thresholds.settlementLagMillis)) openEnds.push(taskName(task))
    },
    ...(userIds.size > 0 && {
      hangOn: (table, rows) => mayBeOfUsers(rows, userIds) || (table === 'tasks' && mayMatter(rows)),
    }),
    openEnds: () => ({ count: openEnds.length, evidence: evidenceOf(openEnds) }),
  }
}

/** Whether the filters leave a task: as for the rules that look at all tasks of the window. */
const leaves = (plan: AuditPlan, accountId: number | null, { userId, userUntold }: UsageFact['task']): boolean =>
  (plan.ids.size === 0 || (accountId !== null && plan.ids.has(accountId))) && isOfUsers(plan, userId, userUntold)
