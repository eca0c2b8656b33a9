import type { TaskRow } from '../ledger/reader.ts'
import { addNanoUsd, type NanoUsd } from '../units/nano-usd.ts'
import { canonicalModel } from './model-name.ts'
import type { Placement } from './period-bill.ts'
import type { Ownership } from './placement-sums.ts'
import { inLayer, type JoinScope, type RequestGroup } from './requests.ts'
import type { UndatedBill } from './rules/facts.ts'
import type { UndatedPart } from './rules/unplaced-tasks.ts'
import { mayBeOld } from './task-standing.ts'

/** What was billed for one task, by whose bill it is in. */
interface Part extends Ownership {
  readonly task: TaskRow
  readonly billedNanoUsd: NanoUsd
  /** As what, by canonical name and as billed. */
  readonly names: ReadonlyMap<string, string>
}

/** What fal billed for tasks that have no time, one by one: few tasks have none. */
export class UndatedBills {
  readonly #parts: Part[] = []
  readonly #tasks = new Map<number, { task: TaskRow; billedNanoUsd: NanoUsd }>()

  /** Of a placement with a cost that is of no period. */
  add({ group, undatedNanoUsd }: Placement, scope: JoinScope): void {
    const { claimedBy: task, bill, owner } = group
    if (task === null) return
    this.#parts.push({ bill, owner, task, billedNanoUsd: undatedNanoUsd, names: namesOf(group, scope) })
    const known = this.#tasks.get(task.rowId)
    if (known === undefined) this.#tasks.set(task.rowId, { task, billedNanoUsd: undatedNanoUsd })
    else known.billedNanoUsd = addNanoUsd(known.billedNanoUsd, undatedNanoUsd)
  }

  /** Those of one bill, which is held against the record of some accounts. */
  of(belongs: (whose: Ownership) => boolean, accountIds: readonly number[], scope: JoinScope): UndatedPart[] {
    const isOwn = ({ task }: Part): boolean => {
      const accountId = scope.accountOf(task.apiKey)
      return accountId !== undefined && accountIds.includes(accountId)
    }
    return this.#parts.filter(belongs).map((part) => undatedPart(part, isOwn(part), scope))
  }

  /** Those that rules per task would judge, and those that may be of a user who was asked for. */
  list(scope: JoinScope): UndatedBill[] {
    const { userIds } = scope.plan
    return [...this.#tasks.values()].flatMap((each): UndatedBill[] => {
      const { apiKey, userId, userUntold } = each.task
      if (!inLayer(scope.accountOf(apiKey) ?? null, scope)) return []
      if (userIds.size === 0) return [each]
      if (userUntold === true) return [{ ...each, userOpen: true }]
      return userIds.has(userId) ? [each] : []
    })
  }
}

const namesOf = ({ events }: RequestGroup, { plan: { settings } }: JoinScope): Map<string, string> =>
  new Map(events.map(({ model }) => [canonicalModel(model, settings.modelAliases), model]))

function undatedPart(
  { task, billedNanoUsd, names }: Part,
  isOwn: boolean,
  { plan, unplacedRows }: JoinScope,
): UndatedPart {
  const { status, refunded, model, rowId, chargedPoints, costNanoUsd, costUntold, chargeUntold } = task
  const isOld = mayBeOld(task, plan)
  const isWorth = costNanoUsd > 0n || chargedPoints > 0n || costUntold === true || chargeUntold === true
  const isMet = isOwn && unplacedRows?.has(rowId) === true
  return {
    model: canonicalModel(model, plan.settings.modelAliases),
    billedNanoUsd,
    // What is not told is held to be what fal billed.
    recordedNanoUsd: !isOwn ? 0n : costUntold === true ? billedNanoUsd : costNanoUsd,
    amongNanoUsd: isMet && isOld ? costNanoUsd : 0n,
    isDue: isMet && isOld && status === 'success' && !refunded && isWorth,
    isUntold: isMet && costUntold === true,
    isUntoldRecord: isMet && isOld && costUntold === true && status === 'success',
    ...(!isOwn && billedNanoUsd > 0n && { unrecorded: names }),
  }
}
