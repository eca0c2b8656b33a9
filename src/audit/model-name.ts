import { entryOf } from './nested.ts'
import type { ModelMatches } from './rules/books.ts'

/**
 * The name by which a model is compared across the books: the configured alias of a stored name, without the owner
 * prefix that fal's own models may be written with or without.
 */
export function canonicalModel(name: string, aliases: ReadonlyMap<string, string>): string {
  const model = (aliases.get(name) ?? name)
    .trim()
    .toLowerCase()
    .replace(/^\/+|\/+$/g, '')
  return model.startsWith('fal-ai/') ? model.slice('fal-ai/'.length) : model
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
  for (const [name, models] of matchedNames) {
    const canonical = canonicalModel(name, aliases)
    // A task that names no model teaches no name.
    if (canonical === '') continue
    for (const model of models) {
      const endpoint = canonicalModel(model, aliases)
      entryOf(endpoints, canonical, () => new Set([canonical])).add(endpoint)
      entryOf(stored, endpoint, () => new Set([endpoint])).add(canonical)
    }
  }
  return {
    endpointsOf: (name) => [...(endpoints.get(name) ?? [name])],
    storedNamesOf: (endpoint) => [...(stored.get(endpoint) ?? [endpoint])],
  }
}
