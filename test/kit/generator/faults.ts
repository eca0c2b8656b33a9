import type { RuleId, Severity, Subject } from '../../../schemas/report.ts'
import { HOUR, type Instant, instant, MINUTE, type Millis, plus, SECOND, within } from '../../../src/units/instant.ts'
import { dateOf } from './arithmetic.ts'
import {
  accountOf,
  auditedAccounts,
  type Draft,
  type DraftAccount,
  type DraftEntry,
  type DraftEvent,
  type DraftTask,
  taskEntries,
  taskEvents,
} from './draft.ts'
import { momentIn, type WorldNeeds } from './generate.ts'
import { addSafely, keyIdOf, SUCCESS_WORDS } from './life.ts'
import { MODELS, type Model } from './models.ts'
import type { Prng } from './prng.ts'

/** The finding that a fault must lead to. Amounts that are not given are not held against the report. */
export interface Expected {
  readonly rule: RuleId
  /** Whole, but for the row id of `row`. */
  readonly subject: Subject
  readonly row?: DraftEntry
  readonly severity?: Severity
  readonly expected?: string
  readonly actual?: string
  readonly difference?: string
  readonly count?: number
}

/** A finding that a fault may lead to besides, because the rule's own arithmetic says so. */
export interface Allowed {
  readonly rule: RuleId
  /** What the finding's subject must hold at least. */
  readonly subject: Subject
  readonly timing?: boolean
  readonly because: string
}

export interface Plant {
  readonly expected: readonly Expected[]
  readonly allowed: readonly Allowed[]
}

/** Bends a clean world in place; undefined where the world has no place for it. */
export type Bend<T> = (draft: Draft, random: Prng) => T | undefined

/** One rule's fault, and what looks like it and is none: that may raise nothing but what is allowed. */
export interface Injector {
  readonly rule: RuleId
  readonly needs: WorldNeeds
  readonly plant: Bend<Plant>
  readonly twins: readonly Twin[]
}

/** A twin, with what its world must be like over the injector's own needs. */
export type Twin = Bend<readonly Allowed[]> | { readonly needs: WorldNeeds; readonly bend: Bend<readonly Allowed[]> }

/** Longest time within which fal has billed in these worlds, and more than the settlement lag. */
export const SETTLED: Millis = 30 * HOUR
/** Tries to find a user and a time for one more task. */
const PLACES_MAX = 60

export const claim = (draft: Draft, ...things: readonly string[]): void => {
  for (const thing of things) draft.claimed.add(thing)
}

export const isFree = (draft: Draft, ...things: readonly string[]): boolean =>
  things.every((thing) => !draft.claimed.has(thing))

export const taskSubject = ({ taskId, requestId }: DraftTask): Subject =>
  requestId === '' ? { taskId } : { taskId, requestId }

/** Accounts that a fault may use: audited, enabled and not claimed, nor one that shares the bill, in random order. */
export const freeAccounts = (draft: Draft, random: Prng, status: 0 | 1 = 1): DraftAccount[] =>
  random
    .shuffled(auditedAccounts(draft))
    .filter((account) => account.status === status)
    .filter((account) => billMembers(draft, account).every(({ id }) => isFree(draft, `account ${id}`)))

/** Settled, billed, charged, paid and linked tasks of the window that no fault has touched, in random order. */
export function plainTasks(draft: Draft, random: Prng): DraftTask[] {
  const accounts = new Set(freeAccounts(draft, random).map(({ apiKey }) => apiKey))
  const successes = new Set<string>(SUCCESS_WORDS)
  const plain = draft.tasks.filter(
    (task) =>
      within(task.createdAt, draft.window) &&
      accounts.has(task.apiKey) &&
      successes.has(task.status) &&
      !task.refunded &&
      task.points > 1 &&
      task.completedAt !== null &&
      task.completedAt < draft.now - SETTLED &&
      isFree(draft, `user ${task.userId}`, `task ${task.taskId}`, `date ${dateOf(draft, task.createdAt)}`) &&
      taskEvents(draft, task).length === 1 &&
      taskEntries(draft, task).reduce((sum, { amount }) => sum - amount, 0) === task.points,
  )
  return random.shuffled(plain)
}

/** One of them, claimed with its user and account. */
export function takePlain(
  draft: Draft,
  random: Prng,
  isFit: (task: DraftTask) => boolean = () => true,
): { task: DraftTask; account: DraftAccount } | undefined {
  const task = plainTasks(draft, random).find(isFit)
  const account = task === undefined ? undefined : accountOf(draft, task)
  if (task === undefined || account === undefined) return undefined
  claim(draft, `user ${task.userId}`, `account ${account.id}`, `task ${task.taskId}`)
  return { task, account }
}

export interface PlaceSpec {
  readonly account?: DraftAccount
  readonly model?: Model
  readonly quantity?: number
  readonly points?: number
  /** At least so long before the moment of reading. */
  readonly before?: Millis
  readonly at?: Instant
}

/** Adds one more plain task somewhere in the window, where it makes no spike; claimed with its user and account. */
export function place(
  draft: Draft,
  random: Prng,
  spec: PlaceSpec = {},
): { task: DraftTask; account: DraftAccount; model: Model } | undefined {
  const account = spec.account ?? freeAccounts(draft, random)[0]
  const users = random.shuffled(draft.users.filter(({ id }) => isFree(draft, `user ${id}`)))
  if (account === undefined) return undefined
  for (let tried = 0; tried < PLACES_MAX && users.length > 0; tried++) {
    const user = users[tried % users.length] as (typeof users)[number]
    const at = spec.at ?? momentIn(draft, random, spec.before ?? SETTLED)
    if (at === undefined || !isFree(draft, `date ${dateOf(draft, at)}`)) continue
    const model = spec.model ?? random.pick(MODELS)
    const { quantity = random.pick(model.quantities), points } = spec
    const task = addSafely(draft, random, {
      ...{ userId: user.id, account, model, at, quantity },
      ...(points === undefined ? {} : { points }),
    })
    if (task === undefined) continue
    claim(draft, `user ${user.id}`, `account ${account.id}`, `task ${task.taskId}`)
    return { task, account, model }
  }
  return undefined
}

/**
 * Models of which billed tasks of the window are on the account: a bill more for one of them is not the first, and by the
 * match their stored names are known.
 */
export function recordedModels(draft: Draft, { apiKey }: DraftAccount): Model[] {
  const stored = new Set(
    draft.tasks
      .filter((task) => task.apiKey === apiKey && within(task.createdAt, draft.window))
      .filter((task) => taskEvents(draft, task).length > 0)
      .map(({ model }) => model),
  )
  return MODELS.filter(({ endpoint }) => stored.has(draft.storedNames.get(endpoint) ?? endpoint))
}

/** Bills something on the account that no task records. */
export function addOrphan(
  draft: Draft,
  random: Prng,
  account: DraftAccount,
  model: Model,
  quantity: number,
  at: Instant | undefined = momentIn(draft, random, HOUR),
): DraftEvent | undefined {
  if (at === undefined) return undefined
  const event: DraftEvent = {
    ...{ workspace: account.workspace, requestId: random.uuid(), endpoint: model.endpoint, quantity, unit: model.unit },
    ...{ unitPriceNanoUsd: model.unitPriceNanoUsd, percentDiscount: 0, keyId: keyIdOf(account.apiKey) },
    costNanoUsd: (model.unitPriceNanoUsd * BigInt(Math.round(quantity * 1000))) / 1000n,
    at: instant(at + random.int(0, 999)),
  }
  draft.events.push(event)
  return event
}

/** What fal billed within the window to the account's key, or to all keys that its bill does not tell apart. */
export function billOf(draft: Draft, account: DraftAccount): bigint {
  const keyIds = new Set(billMembers(draft, account).map(({ apiKey }) => keyIdOf(apiKey)))
  return draft.events
    .filter(({ keyId, at }) => keyId !== undefined && keyIds.has(keyId) && within(at, draft.window))
    .reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0n)
}

/** A little after the start of the window, or before its end, where tasks are billed on the other side. */
export const justBefore = (random: Prng, midnight: Instant): Instant => plus(midnight, -random.int(2, 9) * SECOND)

export const late = (random: Prng, from: number, to: number): Millis => random.int(from, to) * MINUTE

export const also = (rule: RuleId, subject: Subject, because: string): Allowed => ({ rule, subject, because })

/**
 * Whose bill the account's is: its own, or the workspace's where the rows name no key and the workspace has several.
 * At least one row must be there to say that they name none.
 */
export function billSubject({ settings, accounts }: Draft, { id, workspace }: DraftAccount): Subject {
  const members = accounts.filter((each) => each.workspace === workspace)
  return settings.attribution === 'none' && members.length > 1 ? { workspace } : { accountId: id }
}

/** The accounts that share the bill: a fault of one is a fault of all. */
export const billMembers = (draft: Draft, account: DraftAccount): DraftAccount[] =>
  'workspace' in billSubject(draft, account)
    ? draft.accounts.filter(({ workspace }) => workspace === account.workspace)
    : [account]

export const deviates = (draft: Draft, account: DraftAccount): Allowed =>
  also('A1', billSubject(draft, account), 'bill and record are apart by what was bent, which may be over 10 %')
