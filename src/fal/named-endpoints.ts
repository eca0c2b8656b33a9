import { endpointForm } from '../units/endpoint.ts'
import { failed, partial } from './answer.ts'
import type { Fetched } from './reader.ts'

/**
 * Holds an answer about named endpoints against the question. What it tells of others is left out: added to what was asked for,
 * it would be passed off as the cost of that. And then nothing says that fal told all of those that were named.
 */
export class NamedEndpoints {
  /** null: the question names none, and every endpoint is asked for. */
  readonly #ids: ReadonlySet<string> | null
  #others = 0

  constructor(endpointIds: readonly string[]) {
    this.#ids = endpointIds.length === 0 ? null : new Set(endpointIds.map(endpointForm))
  }

  /** Notes a row that nobody asked for. */
  isAsked(endpointId: string | null | undefined): boolean {
    if (this.#ids?.has(endpointForm(endpointId ?? '')) ?? true) return true
    this.#others++
    return false
  }

  judge<T>(fetched: Fetched<T>): Fetched<T> {
    if (this.#others === 0 || fetched.status !== 'complete') return fetched
    const told = `fal was asked about ${this.#ids?.size} endpoints and told ${this.#others} rows of others, which are left out`
    return partial(fetched.value, failed('bad-answer', told))
  }
}
