/** What fal may bill by, as far as a price rule can count it. Minutes are sixty seconds. */
export type Measure = 'token' | 'image' | 'second' | 'megapixel' | 'video' | 'character'

export interface BilledUnit {
  readonly measure: Measure
  /** How many of them one unit of the bill is. */
  readonly each: bigint
}

/** fal's words, without a count before them, as their singular. "compute seconds" are no seconds of what was made. */
const WORDS: Readonly<Record<string, BilledUnit>> = {
  token: { measure: 'token', each: 1n },
  image: { measure: 'image', each: 1n },
  second: { measure: 'second', each: 1n },
  sec: { measure: 'second', each: 1n },
  minute: { measure: 'second', each: 60n },
  min: { measure: 'second', each: 60n },
  megapixel: { measure: 'megapixel', each: 1n },
  mp: { measure: 'megapixel', each: 1n },
  video: { measure: 'video', each: 1n },
  character: { measure: 'character', each: 1n },
  char: { measure: 'character', each: 1n },
}

/** "tokens", "1k tokens", "1000 characters", "million tokens". */
const COUNTED = new RegExp(`^(?:(\\d{1,9})? ?(k|m|thousand|million)? )?(${Object.keys(WORDS).join('|')})s?$`)
const FACTORS: Readonly<Record<string, bigint>> = { k: 1000n, thousand: 1000n, m: 1_000_000n, million: 1_000_000n }

/** Whether an event says in what it was billed. One that does not may be of any unit, the one that is counted too. */
export const namesUnit = ({ unit }: { readonly unit: string | null }): boolean => (unit ?? '').trim() !== ''

/** What a unit of the bill counts; undefined where its words are not known. Case and plural do not matter. */
export function billedUnit(unit: string | null): BilledUnit | undefined {
  const match = COUNTED.exec((unit ?? '').trim().toLowerCase())
  if (match === null) return undefined
  const [, count = '1', factor = '', word = ''] = match
  const known = WORDS[word]
  return known && { measure: known.measure, each: known.each * BigInt(count) * (FACTORS[factor] ?? 1n) }
}
