import type { Report } from '../../schemas/report.ts'
import { accountFinder } from '../audit/bills/account-keys.ts'
import { collectEvidence, type PriceReader } from '../audit/collect.ts'
import type { AuditPlan } from '../audit/plan.ts'
import { buildReport } from '../audit/report/report.ts'
import { FOR_SUMS } from '../audit/requests/asking-terms.ts'
import { isOfUsers } from '../audit/tasks/cell-tally.ts'
import type { UsageFact } from '../billing/usage-sums.ts'
import type { FalReader } from '../fal/reader.ts'
import type { AccountRow, LedgerSnapshot } from '../ledger/reader.ts'
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
 * handed over is added up. Charges are held against `prices` where they are given. The one place where billing meets the
 * engine of the audit.
 */
export async function readVerdicts(
  plan: AuditPlan,
  snapshot: LedgerSnapshot,
  fal: FalReader,
  context: CallContext,
  take: (fact: UsageFact) => void,
  prices?: PriceReader,
): Promise<VerdictReading> {
  return withSpoolFile(async (file) => {
    const evidence = await collectEvidence(plan, snapshot, fal, file, {
      ...collecting(context),
      asking: FOR_SUMS,
      ...(prices && { prices }),
    })
    const accountOf = accountFinder(evidence.allAccounts)
    const report = await buildReport(evidence, 'en', {
      signal: context.signal,
      take: ({ join }, { tasks }) => {
        const verdicts = new Map([...join.verdicts, ...join.outside].map((each) => [each.task.rowId, each]))
        for (const task of tasks) {
          if (!within(task.createdAt, plan.window)) continue
          const accountId = accountOf(task.apiKey) ?? null
          const verdict = verdicts.get(task.rowId)
          take({
            task,
            accountId,
            standing: verdict?.standing ?? 'not-evaluated',
            events: verdict?.events ?? [],
            billedNanoUsd: verdict?.billedNanoUsd ?? ZERO_NANO_USD,
            selected: leaves(plan, accountId, task),
            apiKey: task.apiKey,
            inputTokens: task.inputTokens ?? null,
            outputTokens: task.outputTokens ?? null,
          })
        }
      },
    })
    return { report, accounts: evidence.allAccounts, userNames: evidence.userNames }
  })
}

/** Whether the filters leave a task: as for the rules that look at all tasks of the window. */
const leaves = (plan: AuditPlan, accountId: number | null, { userId, userUntold }: UsageFact['task']): boolean =>
  (plan.ids.size === 0 || (accountId !== null && plan.ids.has(accountId))) && isOfUsers(plan, userId, userUntold)
