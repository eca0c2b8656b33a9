import { hashOfText } from '../../src/rows/bytes.ts'

/** Two ids of one hash: of so many one pair nearly always falls together. */
export function idsOfOneHash(): readonly [string, string] {
  const byHash = new Map<number, string>()
  for (let number = 0; number < 2_000_000; number++) {
    const id = `id-${number}`
    const hash = hashOfText(id)
    const other = byHash.get(hash)
    if (other !== undefined) return [other, id]
    byHash.set(hash, id)
  }
  throw new RangeError('no two ids of one hash')
}
