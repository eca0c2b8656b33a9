import { entryOf } from '../nested.ts'
import type { ModelMatches } from '../rules/books.ts'

/**
 * The name by which a model is compared across the books: the configured alias of a stored name, without the owner
 * prefix that fal's own models may be written with or without. Capitals make no difference.
 */
export function canonicalModel(name: string, aliases: ReadonlyMap<string, string>): string {
  const model = plainName(aliased(name, aliases)).replace(/^\/+|\/+$/g, '')
  return model.startsWith('fal-ai/') ? model.slice('fal-ai/'.length) : model
}

const NO_ALIASES: ReadonlyMap<string, string> = new Map()

/** The name by which an endpoint is compared as fal bills it: its own, since aliases are of names that tasks store. */
export const endpointName = (endpoint: string): string => canonicalModel(endpoint, NO_ALIASES)

/** The configured alias of a stored name, as it was configured; the name itself where it has none. Capitals make no difference. */
export const aliased = (name: string, aliases: ReadonlyMap<string, string>): string =>
  aliases.get(name) ?? ofAnyCase(aliases).get(plainName(name)) ?? name

/** A name as it is compared: without capitals, and without blanks around it. */
const plainName = (name: string): string => name.trim().toLowerCase()

const seen = new WeakMap<ReadonlyMap<string, string>, ReadonlyMap<string, string>>()

/** The same aliases by plain names. */
function ofAnyCase(aliases: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const known = seen.get(aliases)
  if (known !== undefined) return known
  const plain = new Map([...aliases].map(([name, model]) => [plainName(name), model]))
  seen.set(aliases, plain)
  return plain
}

/**
 * Which endpoints tasks of a model were billed as, and the other way round, as the matches show it: by canonical names, each
 * with the name itself among them. One name may have been billed as several endpoints, and one endpoint for several names, so
 * that neither stands for the other: both keep their own, and only whether there is any of them is asked by all.
 */
export function matchesOf(
  matchedNames: ReadonlyMap<string, readonly string[]>,
  aliases: ReadonlyMap<string, string>,
): ModelMatches {
  const endpoints = new Map<string, Set<string>>()
  const stored = new Map<string, Set<string>>()
  const namelessEndpoints = new Set<string>()
  for (const [name, models] of matchedNames) {
    const canonical = canonicalModel(name, aliases)
    for (const model of models) {
      const endpoint = endpointName(model)
      // A task that names no model teaches no name.
      if (canonical === '') {
        namelessEndpoints.add(endpoint)
        continue
      }
      entryOf(endpoints, canonical, () => new Set([canonical])).add(endpoint)
      entryOf(stored, endpoint, () => new Set([endpoint])).add(canonical)
    }
  }
  return {
    endpointsOf: (name) => [...(endpoints.get(name) ?? [name])],
    storedNamesOf: (endpoint) => [...(stored.get(endpoint) ?? [endpoint])],
    namelessEndpoints,
  }
}

/** Nothing is known but that equal names mean the same. */
export const NO_MATCHES: ModelMatches = matchesOf(new Map(), new Map())
