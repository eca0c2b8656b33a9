import { entryOf } from '../nested.ts'
import type { AuditPlan } from '../plan.ts'
import type { TaskVerdict } from '../rules/facts.ts'
import { canonicalModel } from '../tasks/model-name.ts'
import { isDue } from '../tasks/task-standing.ts'

/** By account and canonical stored name of the model, how many due tasks bear a request that fal billed and a task made outside the window claims. */
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

/** Counts the due tasks of the window that share their request with the one of their model that it is billed for, made outside it. */
export class TwinTaskCounts {
  readonly #plan: AuditPlan
  readonly #counts = new Map<number, Map<string, number>>()

  constructor(plan: AuditPlan) {
    this.#plan = plan
  }

  add({ accountId, task, isBilledElsewhen }: TaskVerdict): void {
    if (accountId === null || isBilledElsewhen !== true || !isDue(task, this.#plan)) return
    const byModel = entryOf(this.#counts, accountId, () => new Map<string, number>())
    const model = canonicalModel(task.model, this.#plan.settings.modelAliases)
    byModel.set(model, (byModel.get(model) ?? 0) + 1)
  }

  counts(): TwinTasks {
    return this.#counts
  }
}
