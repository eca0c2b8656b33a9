import type { TaskRow } from '../ledger/reader.ts'
import { NO_REAL_TIME, within } from '../units/instant.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../units/nano-usd.ts'
import { canonicalModel } from './model-name.ts'
import type { Placement } from './period-bill.ts'
import type { Ownership } from './placement-sums.ts'
import { inLayer, type JoinScope, type RequestGroup, type SharingTask } from './requests.ts'
import type { UndatedBill } from './rules/facts.ts'
import type { UndatedPart } from './rules/unplaced-tasks.ts'
import { mayBeOld } from './task-standing.ts'

/** What was billed for one task, by whose bill it is in. */
interface Part extends Ownership {
  readonly task: TaskRow
  readonly billedNanoUsd: NanoUsd
  /** As what, by canonical name and as billed. */
  readonly names: ReadonlyMap<string, string>
  /** Tasks that may be billed for it in its stead. */
  readonly others: readonly TaskRow[]
}

/** What was billed for one task, or may have been. */
type TaskBill = { -readonly [Key in keyof UndatedBill]: UndatedBill[Key] } & { readonly task: TaskRow }

/**
 * What fal billed for tasks that have no time, one by one: few tasks have none. And what hangs on these of tasks that bear their
 * request ids.
 */
export class UndatedBills {
  readonly #parts: Part[] = []
  readonly #tasks = new Map<number, TaskBill>()

  /** Of a request that a task without a time bears, or several tasks, one of them without. */
  add({ group, undatedNanoUsd }: Placement, scope: JoinScope): void {
    const { claimedBy: task, bill, owner, sharing } = group
    if (task === null) return
    const others = (sharing ?? []).filter((each) => each.task !== task)
    if (isUndated(task)) {
      const isOpen = others.some((other) => other.mayClaim && mayCount(other, scope))
      const claiming = others.filter(({ mayClaim }) => mayClaim).map((each) => each.task)
      if (undatedNanoUsd !== 0n) {
        const names = namesOf(group, scope)
        this.#parts.push({ bill, owner, task, billedNanoUsd: undatedNanoUsd, names, others: claiming })
      }
      this.#addTask(task, group.costNanoUsd, isOpen)
    }
    // With a task of the window that is billed for it for sure, others of the window count already.
    const [isSure, isElsewhere] = [!isUndated(task), !within(task.createdAt, scope.plan.window)]
    for (const other of others) {
      if (isSure && (isElsewhere || !isUndated(other.task))) continue
      if (mayCount(other, scope)) this.#addOther(other, group)
    }
  }

  /** Its charge counts where its request is billed to a task of the window. */
  #addOther({ task, mayClaim }: SharingTask, { costNanoUsd }: RequestGroup): void {
    this.#addTask(task, mayClaim ? costNanoUsd : ZERO_NANO_USD, true)
  }

  #addTask(task: TaskRow, billedNanoUsd: NanoUsd, orOther: boolean): void {
    const known = this.#tasks.get(task.rowId)
    if (known === undefined) this.#tasks.set(task.rowId, { task, billedNanoUsd, ...(orOther && { orOther }) })
    else known.billedNanoUsd = addNanoUsd(known.billedNanoUsd, billedNanoUsd)
  }

  /** Those of one bill, which is held against the record of some accounts. */
  of(belongs: (whose: Ownership) => boolean, accountIds: readonly number[], scope: JoinScope): UndatedPart[] {
    const isOwn = (task: TaskRow): boolean => {
      const accountId = scope.accountOf(task.apiKey)
      return accountId !== undefined && accountIds.includes(accountId)
    }
    return this.#parts.filter(belongs).map((part) => undatedPart(part, isOwn, scope))
  }

  /** Those that rules per task would judge, and those that may be of a user who was asked for. */
  list(scope: JoinScope): UndatedBill[] {
    const { userIds } = scope.plan
    return [...this.#tasks.values()].flatMap((each): UndatedBill[] => {
      const { apiKey, userId, userUntold } = each.task
      if (!inLayer(scope.accountOf(apiKey) ?? null, scope)) return []
      if (userIds.size === 0) return [each]
      if (userUntold === true) return isUndated(each.task) ? [{ ...each, userOpen: true }] : []
      return userIds.has(userId) ? [each] : []
    })
  }
}

const isUndated = ({ createdAt }: TaskRow): boolean => createdAt === NO_REAL_TIME

/** Whether a task may be one of the window whose bill is read. */
function mayCount({ task }: SharingTask, { plan, accountOf, eventsRead }: JoinScope): boolean {
  const accountId = accountOf(task.apiKey)
  return (isUndated(task) || within(task.createdAt, plan.window)) && (accountId === undefined || eventsRead(accountId))
}

const namesOf = ({ events }: RequestGroup, { plan: { settings } }: JoinScope): Map<string, string> =>
  new Map(events.map(({ model }) => [canonicalModel(model, settings.modelAliases), model]))

function undatedPart(
  { task, billedNanoUsd, names, others }: Part,
  isOfBill: (task: TaskRow) => boolean,
  { plan, unplacedRows }: JoinScope,
): UndatedPart {
  const { status, refunded, model, rowId, chargedPoints, costNanoUsd, costUntold, chargeUntold } = task
  const nameOf = (stored: string): string => canonicalModel(stored, plan.settings.modelAliases)
  const isOwn = isOfBill(task)
  const isOld = mayBeOld(task, plan)
  const isWorth = costNanoUsd > 0n || chargedPoints > 0n || costUntold === true || chargeUntold === true
  // Where it is of the window, so is what fal billed: unless another task is billed for that, of another time.
  const isSure = others.every((other) => within(other.createdAt, plan.window))
  const isMet = isOwn && isSure && unplacedRows?.has(rowId) === true
  const isAsBilled = others.every((other) => isOfBill(other) && nameOf(other.model) === nameOf(model))
  return {
    model: nameOf(model),
    billedNanoUsd,
    // What is not told is held to be what fal billed.
    recordedNanoUsd: !isOwn ? 0n : costUntold === true ? billedNanoUsd : costNanoUsd,
    amongNanoUsd: isMet && isOld ? costNanoUsd : 0n,
    isDue: isMet && isAsBilled && isOld && status === 'success' && !refunded && isWorth,
    isUntold: isMet && costUntold === true,
    isUntoldRecord: isMet && isOld && costUntold === true && status === 'success',
    ...(others.length > 0 && { others: new Set(others.map((other) => nameOf(other.model))) }),
    ...(![task, ...others].every(isOfBill) && billedNanoUsd > 0n && { unrecorded: names }),
  }
}
