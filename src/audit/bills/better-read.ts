import type { Fetched } from '../../fal/reader.ts'

/** The better of two readings of one source: a whole one before a part, a part before none, the longer part otherwise. */
export function betterRead<T extends { readonly length: number }>(first: Fetched<T>, second: Fetched<T>): Fetched<T> {
  if (first.status === 'complete' || second.status === 'failed') return first
  if (second.status === 'complete' || first.status === 'failed') return second
  return second.value.length > first.value.length ? second : first
}
