import { complete, failed, partial } from './answer.ts'
import type { Fetched } from './reader.ts'

/** Parts of one question asked at once; so that one account does not fill all of the limiter. */
const LANES = 4

/** What may fail of one part, and says nothing of the others. */
type OfPartAlone = (answer: Fetched<unknown>) => boolean
const NONE: OfPartAlone = () => false

/**
 * Puts one question to fal in several parts, and says whether all of them were read. The first part that is not whole stops
 * the rest: its key, or fal, would fail for them too, and the answer is partial anyway; but for what fails of that part alone.
 */
export async function eachPart<Part>(
  parts: readonly Part[],
  read: (part: Part, index: number) => Promise<Fetched<unknown>>,
  isOfPartAlone = NONE,
): Promise<Fetched<null>> {
  const answers: (Fetched<unknown> | undefined)[] = parts.map(() => undefined)
  const queue = parts.entries()
  let stopped = false
  const lane = async (): Promise<void> => {
    for (const [index, part] of queue) {
      if (stopped) return
      const answer = await read(part, index)
      answers[index] = answer
      if (answer.status !== 'complete' && !isOfPartAlone(answer)) stopped = true
    }
  }
  await Promise.all(Array.from({ length: Math.min(LANES, parts.length) }, lane))
  const allBroken = answers.filter(isBroken)
  const broken = allBroken.find((answer) => !isOfPartAlone(answer)) ?? allBroken[0]
  if (broken === undefined) return complete(null)
  const whole = answers.filter((answer) => answer?.status === 'complete').length
  const nothing = whole === 0 && !answers.some((answer) => answer?.status === 'partial')
  if (nothing) return failed(broken.failure, broken.reason)
  const told = parts.length > 1 ? `${broken.reason} (${whole} of ${parts.length} parts were read whole)` : broken.reason
  return partial(null, failed(broken.failure, told))
}

/** The same, with the rows of all parts together in order. */
export async function readParts<Part, Row>(
  parts: readonly Part[],
  read: (part: Part) => Promise<Fetched<Row[]>>,
  isOfPartAlone = NONE,
): Promise<Fetched<Row[]>> {
  const rows: (readonly Row[])[] = parts.map(() => [])
  const readPart = async (part: Part, index: number): Promise<Fetched<Row[]>> => {
    const answer = await read(part)
    if (answer.status !== 'failed') rows[index] = answer.value
    return answer
  }
  const fetched = await eachPart(parts, readPart, isOfPartAlone)
  return fetched.status === 'failed' ? fetched : { ...fetched, value: rows.flat() }
}

const isBroken = <T>(answer: Fetched<T> | undefined): answer is Exclude<Fetched<T>, { status: 'complete' }> =>
  answer !== undefined && answer.status !== 'complete'

/** Ids that one question may name (fal: 1 to 50). */
const IDS_MAX = 50
/** Characters that all ids of one question take in its URL: servers refuse request lines much over 8,000. */
const ID_CHARS_MAX = 6000

/** Cuts ids, each taken once, into lists that one question may name. */
export function idParts(ids: readonly string[]): string[][] {
  const parts: string[][] = []
  let part: string[] = []
  let chars = 0
  for (const id of new Set(ids)) {
    const idChars = charsInUrl(id)
    if (part.length >= IDS_MAX || (part.length > 0 && chars + idChars > ID_CHARS_MAX)) {
      parts.push(part)
      part = []
      chars = 0
    }
    part.push(id)
    chars += idChars
  }
  return part.length === 0 ? parts : [...parts, part]
}

/** A Chinese letter takes nine: what stands in the place of an id may be the text of an error. */
const charsInUrl = (id: string): number => `${new URLSearchParams([['', id]])}`.length - 1
