/** The value under a key, made where there is none yet. Maps within maps are looked up much faster than by joined texts. */
export function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

export const newMap = <Key, Value>(): Map<Key, Value> => new Map<Key, Value>()
