import type { AccountRow } from '../../ledger/reader.ts'
import type { TaskRecords, TaskWords } from '../../rows/task-records.ts'
import { keyIdOf } from '../../units/api-key.ts'

/** The form in which whole keys are compared: as the database's own joins do, without case and surrounding blanks. */
export const keyForm = (apiKey: string): string => apiKey.trim().toLowerCase()

/** Whether a row of the account table holds no key (NULL or empty): no task can be told to be of that account. */
export const tellsNoKey = ({ apiKey }: Pick<AccountRow, 'apiKey'>): boolean => keyForm(apiKey) === ''

/** Which account a task's key belongs to: the one way to ask. An empty key belongs to nobody. */
export function accountFinder(
  accounts: readonly Pick<AccountRow, 'accountId' | 'apiKey'>[],
): (apiKey: string) => number | undefined {
  const byKey = new Map<string, number>()
  for (const { apiKey, accountId } of accounts) {
    const form = keyForm(apiKey)
    if (form !== '' && !byKey.has(form)) byKey.set(form, accountId)
  }
  // Tasks name the same few keys millions of times.
  const seen = new Map<string, number | undefined>()
  return (apiKey) => {
    if (!seen.has(apiKey)) seen.set(apiKey, byKey.get(keyForm(apiKey)))
    return seen.get(apiKey)
  }
}

/** Most installations have no more keys and models than these: an array finds them at once. */
const FIRST_KEYS = 64
const FIRST_MODELS = 512
/** More codes than there are. */
const CODES_MAX = 2 ** 26

/** What is the same for all tasks of one key and model, decided once: tasks name the same few pairs millions of times. */
export class KeyModels<Value> {
  readonly #decide: (apiKey: string, model: string) => Value
  readonly #byKey = new Map<string, Map<string, Value>>()
  /** By the codes of the words that the records came with last: of the first keys and models, and of all others. */
  #first: (Value | undefined)[] = []
  readonly #others = new Map<number, Value>()
  #words: TaskWords | undefined

  constructor(decide: (apiKey: string, model: string) => Value) {
    this.#decide = decide
  }

  ofTask(tasks: TaskRecords, index: number): Value {
    if (tasks.words !== this.#words) {
      this.#words = tasks.words
      this.#first = []
      this.#others.clear()
    }
    const keyCode = tasks.apiKeyCode(index)
    const modelCode = tasks.modelCode(index)
    if (keyCode < FIRST_KEYS && modelCode < FIRST_MODELS) {
      const place = modelCode * FIRST_KEYS + keyCode
      const known = this.#first[place]
      if (known !== undefined) return known
      const value = this.of(tasks.apiKey(index), tasks.model(index))
      // Without holes: an array of holes is looked up like a dictionary.
      while (this.#first.length <= place) this.#first.push(undefined)
      this.#first[place] = value
      return value
    }
    const name = keyCode * CODES_MAX + modelCode
    const known = this.#others.get(name)
    if (known !== undefined) return known
    const value = this.of(tasks.apiKey(index), tasks.model(index))
    this.#others.set(name, value)
    return value
  }

  of(apiKey: string, model: string): Value {
    let models = this.#byKey.get(apiKey)
    if (models === undefined) {
      models = new Map()
      this.#byKey.set(apiKey, models)
    }
    let value = models.get(model)
    if (value === undefined) {
      value = this.#decide(apiKey, model)
      models.set(model, value)
    }
    return value
  }
}

/** Which account a key id of the bill belongs to; null where several accounts have it, so that it tells none of them. */
export function keyIdOwners(accounts: readonly AccountRow[]): Map<string, number | null> {
  const owners = new Map<string, number | null>()
  for (const { apiKey, accountId } of accounts) {
    const keyId = keyIdOf(apiKey)
    if (keyId !== null) owners.set(keyId, owners.has(keyId) ? null : accountId)
  }
  return owners
}
