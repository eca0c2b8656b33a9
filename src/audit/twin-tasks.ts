import { canonicalModel } from './model-name.ts'
import { entryOf } from './nested.ts'
import type { AuditPlan } from './plan.ts'
import type { TaskVerdict } from './rules/facts.ts'
import { isDue } from './task-standing.ts'

/** By account and canonical stored name of the model, how many due tasks bear a request that fal billed and another task claims. */
export type TwinTasks = ReadonlyMap<number, ReadonlyMap<string, number>>

/** Those of some accounts together, where there are any. */
export function twinsOf(
  requests: { readonly twinTasks: TwinTasks } | null,
  accountIds: readonly number[],
): { readonly twins?: ReadonlyMap<string, number> } {
  const twins = new Map<string, number>()
  for (const accountId of accountIds) {
    for (const [model, count] of requests?.twinTasks.get(accountId) ?? [])
      twins.set(model, (twins.get(model) ?? 0) + count)
  }
  return twins.size === 0 ? {} : { twins }
}

/** Counts the due tasks of the window that share their request with the one that it is billed for, whenever that was made. */
export class TwinTaskCounts {
  readonly #plan: AuditPlan
  readonly #counts = new Map<number, Map<string, number>>()

  constructor(plan: AuditPlan) {
    this.#plan = plan
  }

  add({ accountId, task, isBilledAsOther }: TaskVerdict): void {
    if (accountId === null || isBilledAsOther !== true || !isDue(task, this.#plan)) return
    const byModel = entryOf(this.#counts, accountId, () => new Map<string, number>())
    const model = canonicalModel(task.model, this.#plan.settings.modelAliases)
    byModel.set(model, (byModel.get(model) ?? 0) + 1)
  }

  counts(): TwinTasks {
    return this.#counts
  }
}
