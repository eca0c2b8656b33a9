import { endpointForm } from '../units/endpoint.ts'
import { failed, partial } from './answer.ts'
import type { Fetched } from './reader.ts'

/**
 * Holds an answer about named endpoints against the question. What it tells of others is left out: added to what was asked for,
 * it would be passed off as the cost of that. Where one that was named has no row, rows of others may be its own by another name.
 */
export class NamedEndpoints {
  /** null: the question names none, and every endpoint is asked for. */
  readonly #ids: ReadonlySet<string> | null
  readonly #told = new Set<string>()
  #others = 0

  constructor(endpointIds: readonly string[]) {
    this.#ids = endpointIds.length === 0 ? null : new Set(endpointIds.map(endpointForm))
  }

  /** Notes a row, be it one that nobody asked for. */
  isAsked(endpointId: string | null | undefined): boolean {
    if (this.#ids === null) return true
    const form = endpointForm(endpointId ?? '')
    const isAsked = this.#ids.has(form)
    if (isAsked) this.#told.add(form)
    else this.#others++
    return isAsked
  }

  judge<T>(fetched: Fetched<T>): Fetched<T> {
    const untold = (this.#ids?.size ?? 0) - this.#told.size
    if (this.#others === 0 || untold === 0 || fetched.status !== 'complete') return fetched
    const told = `fal told no row of ${untold} endpoints that it was asked about, and ${this.#others} of others, which are left out`
    return partial(fetched.value, failed('bad-answer', told))
  }
}
