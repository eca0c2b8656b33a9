import { keyForm } from '../audit/bills/account-keys.ts'
import { entryOf } from '../audit/nested.ts'
import { DateReader } from '../audit/tasks/date-reader.ts'
import { aliased, canonicalModel, endpointName } from '../audit/tasks/model-name.ts'
import type { CalendarDate, Zone } from '../units/zone.ts'
import { TokenNature } from './token-nature.ts'
import { type UsageFact, UsageSums } from './usage-sums.ts'

export type UsageDimension = 'day' | 'model' | 'key' | 'user'

export interface TallyOptions {
  /** Zone in which days begin and end. */
  readonly zone: Zone
  /** What is told apart besides the whole; each costs memory for its groups. */
  readonly by: readonly UsageDimension[]
  /** app_name as stored → fal's endpoint id. */
  readonly aliases: ReadonlyMap<string, string>
  /** Whether a task without an event that failed, or is unfinished, is young enough that fal may yet bill it. */
  readonly mayYetBeBilled: (task: UsageFact['task']) => boolean
  /** Makes a stored name fit to be shown. */
  readonly clean: (untrusted: string) => string
}

export interface ModelUsage {
  /** fal's endpoint id where a match or an alias tells it, otherwise the name as stored. */
  readonly modelId: string
  /** Of the stored names the first in order; '' where no task has one. */
  readonly modelName: string
  readonly sums: UsageSums
}

export interface KeyUsage {
  /** null: a key that no account row holds. */
  readonly accountId: number | null
  /** As tasks store it: of several ways to write it the first. */
  apiKey: string
  readonly sums: UsageSums
}

/** What the tasks of one stored name, or of none with one endpoint, teach of their model. */
interface StoredModel {
  /** What their matches are billed as. */
  readonly endpoints: Set<string>
  readonly tokens: TokenNature
}

/** A model by the name that it is told by, and the one by which it is compared. */
interface ModelName {
  readonly modelId: string
  readonly canonical: string
}

/** Usage of a window, added up. */
export interface UsageBook {
  readonly total: UsageSums
  readonly days: ReadonlyMap<CalendarDate, UsageSums>
  /** In order of modelId. */
  readonly models: readonly ModelUsage[]
  /** Accounts first, then unknown keys in order. */
  readonly keys: readonly KeyUsage[]
  /** Without tasks that name no user: they are of the whole, and nobody's. */
  readonly users: ReadonlyMap<number, UsageSums>
  /** Tasks of which a bill may still come. */
  readonly pendingCount: number
  /** Whether one may still come of a task that the filters do not leave, and would be the first to tell what a model is called. */
  readonly namesPending: boolean
  /** Tasks whose bill was not read, by account; null: keys that no account row holds. */
  readonly unread: ReadonlyMap<number | null, number>
  /** Tasks besides whose bill was not read, since they hold no key. */
  readonly unreadKeyless: number
}

/**
 * Adds usage up, task by task, in any order and in one pass; memory grows with the groups, not with the tasks. What a stored
 * model is called on the bill may be learned last, so models are named in the end.
 */
export class UsageTally {
  readonly #options: TallyOptions
  readonly #dates: DateReader
  readonly #wanted: ReadonlySet<UsageDimension>
  readonly #total = new UsageSums()
  readonly #days = new Map<CalendarDate, UsageSums>()
  readonly #models = new Map<string, UsageSums>()
  readonly #keys = new Map<string, KeyUsage>()
  readonly #users = new Map<number, UsageSums>()
  readonly #stored = new Map<string, StoredModel>()
  readonly #unread = new Map<number | null, number>()
  #unreadKeyless = 0
  #pendingCount = 0
  /** Stored names of tasks that the filters do not leave and that may yet be billed. */
  readonly #pendingNames = new Set<string>()

  constructor(options: TallyOptions) {
    this.#options = options
    this.#dates = new DateReader(options.zone)
    this.#wanted = new Set(options.by)
  }

  /** Takes one task of the window. */
  add(fact: UsageFact): void {
    const { task, accountId, standing, apiKey } = fact
    this.#learn(fact)
    const isOpen = (standing === 'failed' || standing === 'unfinished') && this.#options.mayYetBeBilled(task)
    const isPending = standing === 'pending' || isOpen
    if (!fact.selected) {
      if (isPending) this.#pendingNames.add(task.model)
      return
    }
    this.#total.add(fact)
    if (this.#wanted.has('day')) groupIn(this.#days, this.#dates.dateOf(task.createdAt)).add(fact)
    if (this.#wanted.has('model')) groupIn(this.#models, nameOf(fact)).add(fact)
    if (this.#wanted.has('user') && task.userUntold !== true) groupIn(this.#users, task.userId).add(fact)
    if (this.#wanted.has('key')) this.#keyGroup(accountId, apiKey).add(fact)
    if (standing === 'not-evaluated' && apiKey === '') this.#unreadKeyless += 1
    else if (standing === 'not-evaluated') this.#unread.set(accountId, (this.#unread.get(accountId) ?? 0) + 1)
    if (isPending) this.#pendingCount += 1
  }

  /** Whether no bill has told yet what a model of the groups is called, and that of a task of this stored name would. */
  hangsOn(stored: string): boolean {
    const { aliases } = this.#options
    const canonical = canonicalModel(stored, aliases)
    const isUnnamed = (own: string): boolean =>
      canonicalModel(own, aliases) === canonical && this.#stored.get(own)?.endpoints.size === 0
    // Tasks that name no model go each by its own bill.
    return stored !== '' && [...this.#models.keys()].some((own) => !own.startsWith(NAMELESS) && isUnnamed(own))
  }

  /** The sums, once every task was taken. */
  close(): UsageBook {
    const names = this.#modelNames()
    this.#settleTokens(names)
    return {
      total: this.#total,
      days: this.#days,
      models: this.#namedModels(names),
      keys: [...this.#keys.values()].sort(byKey),
      users: this.#users,
      pendingCount: this.#pendingCount,
      namesPending: [...this.#pendingNames].some((stored) => this.hangsOn(stored)),
      unread: this.#unread,
      unreadKeyless: this.#unreadKeyless,
    }
  }

  #learn(fact: UsageFact): void {
    const model = nameOf(fact)
    const known = this.#stored.get(model) ?? { endpoints: new Set(), tokens: new TokenNature() }
    for (const event of fact.events) known.endpoints.add(event.model)
    known.tokens.learn(fact)
    this.#stored.set(model, known)
  }

  #keyGroup(accountId: number | null, apiKey: string): UsageSums {
    // Whatever the case in which tasks store a key, it is one key.
    const id = accountId === null ? `key ${keyForm(apiKey)}` : `account ${accountId}`
    const known = entryOf(this.#keys, id, (): KeyUsage => ({ accountId, apiKey, sums: new UsageSums() }))
    if (apiKey < known.apiKey) known.apiKey = apiKey
    return known.sums
  }

  /**
   * What each stored name means, in order. All tasks take part, so that a model is called the same for one user as for all. A
   * filter by account leaves the bills of the others unread, and what they would teach unknown.
   */
  #modelNames(): Map<string, ModelName> {
    const { clean } = this.#options
    const names = [...this.#stored]
      .sort(([a], [b]) => compare(a, b))
      .map(([stored, { endpoints }]) => {
        const modelId = this.#nameOnBill(stored, endpoints)
        return [stored, { modelId, canonical: clean(endpointName(modelId)) }] as const
      })
    return new Map(names)
  }

  /** Whether a task without a bill may have tokens is what the other tasks of its model say, by whatever name. */
  #settleTokens(names: ReadonlyMap<string, ModelName>): void {
    const natures = new Map<string, TokenNature>()
    for (const [stored, { canonical }] of names) {
      const own = this.#stored.get(stored)?.tokens
      if (own !== undefined) entryOf(natures, canonical, newNature).merge(own)
    }
    const hasNone = (stored: string): boolean => {
      // Of what kind a task is that names no model ('', which is no name here) no other can tell.
      const name = names.get(stored)
      return name !== undefined && natures.get(name.canonical)?.hasNone === true
    }
    const keys = [...this.#keys.values()].map(({ sums }) => sums)
    const groups = [this.#days, this.#models, this.#users].flatMap((each) => [...each.values()])
    for (const sums of [this.#total, ...keys, ...groups]) sums.settleTokens(hasNone)
  }

  /** Stored names that mean one model are one line. */
  #namedModels(names: ReadonlyMap<string, ModelName>): ModelUsage[] {
    const { clean } = this.#options
    const ids = new Map<string, string>()
    const groups = new Map<string, { readonly modelName: string; readonly sums: UsageSums }>()
    for (const [stored, { modelId, canonical }] of names) {
      const known = ids.get(canonical)
      // The owner's prefix marks an endpoint id that is told in full.
      if (known === undefined || isFuller(modelId, known)) ids.set(canonical, clean(modelId))
      const own = this.#models.get(stored)
      if (own === undefined) continue
      const name = stored.startsWith(NAMELESS) ? '' : clean(stored)
      const { modelName, sums } = groups.get(canonical) ?? { modelName: '', sums: new UsageSums() }
      sums.merge(own)
      groups.set(canonical, { modelName: modelName === '' ? name : modelName, sums })
    }
    const named = [...groups].map(([canonical, group]) => ({ modelId: ids.get(canonical) ?? canonical, ...group }))
    return named.sort((a, b) => compare(a.modelId, b.modelId))
  }

  /** The endpoint id of its matches, where they agree on one; its alias otherwise. */
  #nameOnBill(stored: string, billedAs: ReadonlySet<string>): string {
    const { aliases } = this.#options
    if (stored.startsWith(NAMELESS)) return stored.slice(NAMELESS.length)
    const endpoints = [...billedAs].sort(compare)
    const canonical = canonicalModel(stored, aliases)
    const own = endpoints.find((endpoint) => endpointName(endpoint) === canonical)
    if (own !== undefined) return own
    const [only] = endpoints
    if (only !== undefined && endpoints.length === 1) return only
    return aliased(stored, aliases)
  }
}

/** Before the endpoint of a task that names no model; a stored name has no break. */
const NAMELESS = '\n'

/** What a task goes by: its stored name. One that has none is what it was itself billed as: others of its kind tell nothing of it. */
function nameOf({ task, events }: UsageFact): string {
  if (task.model !== '') return task.model
  const endpoints = new Set(events.map(({ model }) => model))
  return `${NAMELESS}${endpoints.size === 1 ? [...endpoints].join('') : ''}`
}

const newNature = (): TokenNature => new TokenNature()

function groupIn<Key>(groups: Map<Key, UsageSums>, key: Key): UsageSums {
  const known = groups.get(key)
  if (known !== undefined) return known
  const made = new UsageSums()
  groups.set(key, made)
  return made
}

const isFuller = (candidate: string, known: string): boolean =>
  candidate.startsWith('fal-ai/') && !known.startsWith('fal-ai/')

const byKey = (a: KeyUsage, b: KeyUsage): number => {
  if (a.accountId !== null && b.accountId !== null) return a.accountId - b.accountId
  if (a.accountId !== b.accountId) return a.accountId === null ? 1 : -1
  return compare(a.apiKey, b.apiKey)
}

/** By code units, so that the order is the same on every machine. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
