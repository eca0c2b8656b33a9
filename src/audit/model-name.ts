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
