import { entryOf } from '../nested.ts'
import type { AuditPlan } from '../plan.ts'
import type { ModelMatches } from '../rules/books.ts'
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

/** Counts the due tasks of the window that share their request with the one that it is billed for as their model, made outside it. */
export class TwinTaskCounts {
  readonly #plan: AuditPlan
  /** By account and canonical stored name, as what each was billed. */
  readonly #billed = new Map<number, Map<string, ReadonlySet<string>[]>>()

  constructor(plan: AuditPlan) {
    this.#plan = plan
  }

  add({ accountId, task, billedElsewhenAs }: TaskVerdict): void {
    if (accountId === null || billedElsewhenAs === undefined || !isDue(task, this.#plan)) return
    const byModel = entryOf(this.#billed, accountId, () => new Map<string, ReadonlySet<string>[]>())
    const model = canonicalModel(task.model, this.#plan.settings.modelAliases)
    entryOf(byModel, model, () => []).push(billedElsewhenAs)
  }

  /** By all names that matches connect: the tasks that share a request may store two names of one model. */
  counts({ endpointsOf }: ModelMatches): TwinTasks {
    const counts = new Map<number, Map<string, number>>()
    for (const [accountId, byModel] of this.#billed) {
      const ofAccount = entryOf(counts, accountId, () => new Map<string, number>())
      for (const [model, billed] of byModel) {
        const names = endpointsOf(model)
        const count = billed.filter((as) => names.some((name) => as.has(name))).length
        if (count > 0) ofAccount.set(model, count)
      }
    }
    return counts
  }
}
