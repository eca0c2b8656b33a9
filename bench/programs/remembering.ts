/**
 * A port whose every answer is worked out once, so that asking again takes no time. For questions of plain values: what is
 * told through a function that the question hands over would be told once only.
 */
export function remembering<Port extends object>(port: Port): Port {
  const answers = new Map<string, unknown>()
  const atOnce = new Set<PropertyKey>()
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function' || atOnce.has(name)) return member
      return (...question: readonly unknown[]) => {
        const key = `${String(name)} ${question.map(textOf).join(' ')}`
        if (answers.has(key)) return answers.get(key)
        const answer: unknown = Reflect.apply(member, target, question)
        const kept = isStream(answer) ? collected(answer) : answer
        if (kept instanceof Promise || isStream(kept)) answers.set(key, kept)
        else atOnce.add(name)
        return kept
      }
    },
  })
}

/** More ids than these are told by how many they are, and the first and the last of them. */
const IDS_JOINED_MAX = 8

/** As short work as can be: it is a part of what is measured, and none of the tool. The questions of one call differ in so much. */
const textOf = (value: unknown): string => {
  if (value instanceof AbortSignal) return ''
  if (value instanceof Set || value instanceof Map || Array.isArray(value)) {
    const each = Array.isArray(value) ? value : [...value]
    return each.length > IDS_JOINED_MAX
      ? `${each.length} ${textOf(each[0])} ${textOf(each.at(-1))}`
      : each.map(textOf).join()
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const isStream = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** A stream that may be read again and again. */
function collected(stream: AsyncIterable<unknown>): AsyncIterable<unknown> {
  let kept: Promise<unknown[]> | undefined
  const collect = async (): Promise<unknown[]> => {
    const all: unknown[] = []
    for await (const each of stream) all.push(each)
    return all
  }
  return {
    async *[Symbol.asyncIterator]() {
      kept ??= collect()
      yield* await kept
    },
  }
}
