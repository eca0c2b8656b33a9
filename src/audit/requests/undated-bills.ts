import type { TaskRow } from '../../ledger/reader.ts'
import { within } from '../../units/instant.ts'
import { addNanoUsd, type NanoUsd, ZERO_NANO_USD } from '../../units/nano-usd.ts'
import { keyForm } from '../bills/account-keys.ts'
import type { Owner } from '../bills/whose-bill.ts'
import { entryOf } from '../nested.ts'
import type { UndatedBill } from '../rules/facts.ts'
import type { UndatedPart } from '../rules/unplaced-tasks.ts'
import { isShown } from '../tasks/cell-tally.ts'
import { canonicalModel, endpointName } from '../tasks/model-name.ts'
import { mayBeOld } from '../tasks/task-standing.ts'
import type { Placement } from './period-bill.ts'
import type { Ownership } from './placement-sums.ts'
import type { RequestGroup, SharingTask } from './request-group.ts'
import { isUndated, type JoinScope } from './requests.ts'

/** What was billed for one task, by whose bill it is in. */
interface Part extends Ownership {
  readonly task: TaskRow
  readonly billedNanoUsd: NanoUsd
  /** As what, by canonical name and as billed. */
  readonly names: ReadonlyMap<string, string>
  /** Tasks that may be billed for it in its stead. */
  readonly others: readonly TaskRow[]
}

/** A task without a time of a request that was billed, or that others may claim: it waits for no bill. */
interface Bearer {
  readonly task: TaskRow
  /** Whose bill that is in, where it is billed for it itself, or a task of the window in its stead. */
  readonly billedIn?: Ownership
}

/** What was billed for one task, or may have been. */
type TaskBill = { -readonly [Key in keyof Omit<UndatedBill, 'canonical'>]: UndatedBill[Key] } & {
  readonly task: TaskRow
}

/**
 * What fal billed for tasks that have no time, one by one: few tasks have none. And what hangs on these of tasks that bear their
 * request ids.
 */
export class UndatedBills {
  readonly #parts: Part[] = []
  readonly #bearers: Bearer[] = []
  readonly #tasks = new Map<number, TaskBill>()
  readonly #links = new Map<string, Set<string>>()

  /** Of a request that a task without a time bears, or several tasks, one of them without. */
  add({ group, undatedNanoUsd }: Placement, scope: JoinScope): void {
    const { claimedBy: task, bill, owner, sharing } = group
    if (task === null) return
    const others = (sharing ?? []).filter((each) => each.task !== task)
    if (isUndated(task)) {
      const isOpen = others.some((other) => other.mayClaim && mayCount(other, scope))
      const claiming = others.filter(({ mayClaim }) => mayClaim).map((each) => each.task)
      if (undatedNanoUsd !== 0n) {
        const names = namesOf(group)
        this.#parts.push({ bill, owner, task, billedNanoUsd: undatedNanoUsd, names, others: claiming })
      }
      for (const { model } of claiming) {
        const endpoints = entryOf(this.#links, nameIn(scope)(model), newSet)
        for (const endpoint of namesOf(group).keys()) endpoints.add(endpoint)
      }
      const isBilled = undatedNanoUsd !== 0n && areOfWindow(claiming, scope)
      this.#bearers.push({ task, ...(isBilled && { billedIn: { bill, owner } }) })
      this.#addTask(task, group.costNanoUsd, isOpen)
    }
    // With a task of the window that is billed for it for sure, others of the window count already.
    const [isSure, isElsewhere] = [!isUndated(task), !within(task.createdAt, scope.plan.window)]
    for (const other of others) {
      if (isUndated(other.task)) this.addUnclaiming(other.task)
      if (isSure && (isElsewhere || !isUndated(other.task))) continue
      if (mayCount(other, scope)) this.#addOther(other, group)
    }
  }

  /** Of one that bears the id of a request that others may claim: it waits for no bill. */
  addUnclaiming(task: TaskRow): void {
    this.#bearers.push({ task })
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
    // Those that are young were not counted among what fal did not bill.
    const loose = this.#bearers.filter(
      ({ task, billedIn }) => isOwn(task) && !(billedIn && belongs(billedIn)) && !mayBeOld(task, scope.plan),
    )
    const tasks = new Map(loose.map(({ task }) => [task.rowId, task]))
    const own = this.#parts.filter(belongs)
    const known = new Set(own.map(({ task }) => task.rowId))
    // A request may be billed in several workspaces: its task is recorded once.
    const elsewhere = new Map<number, Part>()
    for (const part of this.#parts) {
      const { task, owner } = part
      if (isKeyless(task) && isOfAccount(owner) && !known.has(task.rowId)) elsewhere.set(task.rowId, part)
    }
    return [
      ...own.map((part) => undatedPart(part, isOwn, scope)),
      ...[...elsewhere.values()].map((part) => partOfOthers(undatedPart(part, isOwn, scope))),
      ...[...tasks.values()].filter(({ rowId }) => scope.unplacedRows?.has(rowId)).map(unbilledPart(nameIn(scope))),
    ]
  }

  /** Models of tasks that may be billed in the stead of one without a time, and as what, by canonical names. */
  get links(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#links
  }

  /** Those that rules per task would judge, and those that may be of a user who was asked for. */
  list(scope: JoinScope): UndatedBill[] {
    const { userIds } = scope.plan
    const nameOf = nameIn(scope)
    return [...this.#tasks.values()].flatMap((bill): UndatedBill[] => {
      const each = { ...bill, canonical: nameOf(bill.task.model) }
      const { apiKey, userId, userUntold } = each.task
      if (!isShown(scope.plan, scope.audited, scope.accountOf(apiKey) ?? null)) return []
      if (userIds.size === 0) return [each]
      if (userUntold === true) return isUndated(each.task) ? [{ ...each, userOpen: true }] : []
      return userIds.has(userId) ? [each] : []
    })
  }
}

/** Whether a task may be one of the window whose bill is read. */
function mayCount({ task }: SharingTask, { plan, accountOf, eventsRead }: JoinScope): boolean {
  const accountId = accountOf(task.apiKey)
  return (isUndated(task) || within(task.createdAt, plan.window)) && (accountId === undefined || eventsRead(accountId))
}

const areOfWindow = (tasks: readonly TaskRow[], { plan }: JoinScope): boolean =>
  tasks.every(({ createdAt }) => within(createdAt, plan.window))

const newSet = (): Set<string> => new Set()

const nameIn =
  ({ plan: { settings } }: JoinScope) =>
  (stored: string): string =>
    canonicalModel(stored, settings.modelAliases)

/** One that was not billed, or not here, though it waits for no bill: its cost may be in the record alone. */
const unbilledPart =
  (nameOf: (stored: string) => string) =>
  ({ model, costNanoUsd }: TaskRow): UndatedPart => ({
    ...{ model: nameOf(model), billedNanoUsd: 0n, recordedNanoUsd: 0n, amongNanoUsd: -costNanoUsd },
    ...{ isDue: false, isUntold: false, isUntoldRecord: false },
  })

/** One without a key is not of the record of a bill where another holds what was billed for it. */
const partOfOthers = ({ model, amongNanoUsd, isDue, isUntoldRecord }: UndatedPart): UndatedPart => ({
  ...{ model, billedNanoUsd: 0n, recordedNanoUsd: 0n, amongNanoUsd },
  ...{ isDue, isUntold: false, isUntoldRecord },
})

const isKeyless = ({ apiKey }: TaskRow): boolean => keyForm(apiKey) === ''

const isOfAccount = (owner: Owner): boolean => typeof owner === 'object'

const namesOf = ({ events }: RequestGroup): Map<string, string> =>
  new Map(events.map(({ model }) => [endpointName(model), model]))

function undatedPart(
  { task, billedNanoUsd, names, others }: Part,
  isOfBill: (task: TaskRow) => boolean,
  scope: JoinScope,
): UndatedPart {
  const { plan, unplacedRows } = scope
  const { status, refunded, model, rowId, chargedPoints, costNanoUsd, costUntold, chargeUntold } = task
  const nameOf = nameIn(scope)
  const isOwn = isOfBill(task)
  const isOld = mayBeOld(task, plan)
  const isWorth = costNanoUsd > 0n || chargedPoints > 0n || costUntold === true || chargeUntold === true
  // Where it is of the window, so is what fal billed: unless another task is billed for that, of another time.
  const isMet = (isOwn || isKeyless(task)) && areOfWindow(others, scope) && unplacedRows?.has(rowId) === true
  // Billed for a task of another time, it is in no bill of the period.
  const near = others.filter((other) => isUndated(other) || within(other.createdAt, plan.window))
  const isAsBilled = others.every((other) => isOfBill(other) && nameOf(other.model) === nameOf(model))
  return {
    model: nameOf(model),
    billedNanoUsd,
    recordedNanoUsd: !isOwn && !isKeyless(task) ? 0n : costUntold === true ? billedNanoUsd : costNanoUsd,
    amongNanoUsd: isMet && isOld ? costNanoUsd : 0n,
    isDue: isMet && isAsBilled && isOld && status === 'success' && !refunded && isWorth,
    isUntold: isMet && isOwn && costUntold === true,
    isUntoldRecord: isMet && isOld && costUntold === true && status === 'success',
    ...((near.length > 0 || costUntold === true || isKeyless(task)) && { mayLackRecord: true as const }),
    ...(![task, ...near].every(isOfBill) && billedNanoUsd > 0n && { unrecorded: names }),
  }
}
