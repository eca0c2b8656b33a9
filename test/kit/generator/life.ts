import { type Instant, MINUTE, type Millis, plus, SECOND } from '../../../src/units/instant.ts'
import { spikes } from './arithmetic.ts'
import {
  type Draft,
  type DraftAccount,
  type DraftEntry,
  type DraftEvent,
  type DraftTask,
  remove,
  taskEntries,
  taskEvents,
} from './draft.ts'
import { chargeOf, costOf, type Model } from './models.ts'
import type { Prng } from './prng.ts'

export interface TaskSpec {
  readonly userId: number
  readonly account: Pick<DraftAccount, 'apiKey' | 'workspace'>
  readonly model: Model
  readonly at: Instant
  readonly quantity?: number
  /** From creation to completion. */
  readonly runs?: Millis
  /** From completion to the bill. */
  readonly billedAfter?: Millis
  readonly points?: number
}

/** The words by which installations say the same. */
export const SUCCESS_WORDS = ['completed', 'SUCCESS', 'succeeded', 'done', 'ok'] as const
export const FAILED_WORDS = ['failed', 'FAILED', 'error', 'timeout', 'Cancelled'] as const

/** Adds a task that fal bills and its user pays exactly as recorded: one task, one event (none for a free model), one ledger row. */
export function addTask(draft: Draft, random: Prng, spec: TaskSpec): DraftTask {
  const { userId, account, model, at } = spec
  const quantity = spec.quantity ?? random.pick(model.quantities)
  const percentDiscount = draft.discounts.get(`${account.workspace} ${model.endpoint}`) ?? 0
  const costNanoUsd = costOf(model, quantity, percentDiscount)
  const completedAt = plus(at, spec.runs ?? random.int(5, 300) * SECOND)
  const requestId = random.uuid()
  draft.serial += 1
  const task: DraftTask = {
    taskId: `t${draft.seed}-${String(draft.serial).padStart(4, '0')}`,
    userId,
    apiKey: account.apiKey,
    model: draft.storedNames.get(model.endpoint) ?? model.endpoint,
    requestId,
    onlineTaskId: storedId(random, requestId, model),
    status: random.pick(SUCCESS_WORDS),
    points: spec.points ?? chargeOf(model, quantity),
    costNanoUsd,
    refunded: false,
    createdAt: at,
    completedAt,
  }
  draft.tasks.push(task)
  if (costNanoUsd > 0n) {
    draft.events.push({
      workspace: account.workspace,
      requestId,
      endpoint: model.endpoint,
      // fal may be done before the operator's poll notices.
      at: plus(completedAt, spec.billedAfter ?? random.int(-20_000, 3 * MINUTE)),
      quantity,
      unit: model.unit,
      unitPriceNanoUsd: model.unitPriceNanoUsd,
      percentDiscount,
      costNanoUsd,
      keyId: keyIdOf(account.apiKey),
    })
  }
  if (task.points > 0) charge(draft, task, task.points, 0)
  return task
}

export const keyIdOf = (apiKey: string): string => apiKey.slice(0, apiKey.indexOf(':'))

/** The request id as installations store it: mostly bare, sometimes at the end of something longer. */
function storedId(random: Prng, requestId: string, { endpoint }: Model): string {
  const form = random.next()
  if (form < 0.05) return `https://queue.fal.run/${endpoint}/requests/${requestId}`
  if (form < 0.1) return `${endpoint}#${requestId}`
  return requestId
}

/** Takes points and cash from the user for a task, when it was made. */
export function charge(draft: Draft, task: DraftTask, points: number, cash: number): DraftEntry[] {
  const row = { userId: task.userId, orderId: task.taskId, kind: 'consume', at: task.createdAt } as const
  const rows: DraftEntry[] = []
  if (points !== 0) rows.push({ ...row, book: 'points', amount: -points })
  if (cash !== 0) rows.push({ ...row, book: 'cash', amount: -cash })
  draft.entries.push(...rows)
  return rows
}

/** Gives back what was taken for a task, in the ledger it was taken from. */
export function refund(draft: Draft, task: DraftTask, at: Instant): DraftEntry[] {
  const rows = taskEntries(draft, task).map(
    (paid): DraftEntry => ({ ...paid, kind: 'refund', amount: -paid.amount, at }),
  )
  draft.entries.push(...rows)
  return rows
}

/** Lets a task have failed: fal bills nothing, the system records no cost. */
export function fail(draft: Draft, random: Prng, task: DraftTask): void {
  task.status = random.pick(FAILED_WORDS)
  task.costNanoUsd = random.chance(0.5) ? 0n : null
  unbill(draft, task)
}

/** Takes away what fal billed for a task. */
export function unbill(draft: Draft, task: DraftTask): DraftEvent[] {
  const events = taskEvents(draft, task)
  remove(draft.events, events)
  return events
}

/** Takes away what the user paid for a task. */
export const unpay = (draft: Draft, task: DraftTask): void => remove(draft.entries, taskEntries(draft, task))

/** Takes a task away with its bill and its ledger rows, as if it had never been. */
export function forget(draft: Draft, task: DraftTask): void {
  unbill(draft, task)
  remove(
    draft.entries,
    draft.entries.filter(({ orderId }) => orderId === task.taskId),
  )
  remove(draft.tasks, [task])
}

/** Adds a task unless it would make a spike of the user's day, or of a later one. */
export function addSafely(draft: Draft, random: Prng, spec: TaskSpec): DraftTask | undefined {
  const task = addTask(draft, random, spec)
  if (!spikes(draft, spec.userId)) return task
  forget(draft, task)
  return undefined
}
