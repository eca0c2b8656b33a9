import { within } from '../../units/instant.ts'
import { addNanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { keyForm } from '../bills/account-keys.ts'
import { entryOf } from '../nested.ts'
import type { AuditPlan } from '../plan.ts'
import type { KeylessBill } from '../rules/keyless-tasks.ts'
import { canonicalModel } from '../tasks/model-name.ts'
import { isPending, mayBeDue, mustCross } from '../tasks/task-standing.ts'
import type { RequestGroup } from './request-group.ts'

/** Adds up the tasks of the window that name no key and that fal billed to the key of one account: they are of no other. */
export class KeylessBills {
  readonly #plan: AuditPlan
  readonly #bills = new Map<number, Map<string, { -readonly [Key in keyof KeylessBill]: KeylessBill[Key] }>>()

  constructor(plan: AuditPlan) {
    this.#plan = plan
  }

  /** Where several tasks may be what was billed, or several accounts were billed for one, it is not told whose it is. */
  add({ claimedBy, owner, elsewhere, sharing }: RequestGroup): void {
    if (claimedBy === null || keyForm(claimedBy.apiKey) !== '' || typeof owner !== 'object') return
    if (elsewhere !== undefined || sharing !== undefined || !within(claimedBy.createdAt, this.#plan.window)) return
    const { accountId } = owner
    const model = canonicalModel(claimedBy.model, this.#plan.settings.modelAliases)
    const byModel = entryOf(this.#bills, accountId, () => new Map())
    const counts = { taskCount: 0, untoldCosts: 0, untoldWithin: 0, untoldAcross: 0, untoldOld: 0, dueCount: 0 }
    const none = { accountId, model, ...counts, costNanoUsd: ZERO_NANO_USD, youngNanoUsd: ZERO_NANO_USD }
    const bill = entryOf(byModel, model, () => none)
    bill.taskCount += 1
    if (mayBeDue(claimedBy, this.#plan)) bill.dueCount += 1
    if (claimedBy.costUntold === true) {
      bill.untoldCosts += 1
      if (claimedBy.status !== 'success') return
      if (mustCross(claimedBy, this.#plan)) bill.untoldAcross += 1
      else bill.untoldWithin += 1
      if (!isPending(claimedBy, this.#plan)) bill.untoldOld += 1
      return
    }
    bill.costNanoUsd = addNanoUsd(bill.costNanoUsd, claimedBy.costNanoUsd)
    if (isPending(claimedBy, this.#plan)) bill.youngNanoUsd = addNanoUsd(bill.youngNanoUsd, claimedBy.costNanoUsd)
  }

  list(): readonly KeylessBill[] {
    return [...this.#bills.values()].flatMap((byModel) => [...byModel.values()])
  }
}
