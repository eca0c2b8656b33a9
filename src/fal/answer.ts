import type { Fetched, UnreadBecause } from './reader.ts'

/** One answer of fal: whole, or a failure with its reason. */
export type Answer<T> = Extract<Fetched<T>, { status: 'complete' | 'failed' }>

/** A failure that may be mapped to any kind of answer. */
export type Failed = Extract<Fetched<never>, { status: 'failed' }>

export const complete = <T>(value: T): { readonly status: 'complete'; readonly value: T } => ({
  status: 'complete',
  value,
})

export const partial = <T>(value: T, why: UnreadBecause): Fetched<T> => ({
  status: 'partial',
  value,
  failure: why.failure,
  reason: why.reason,
})

export const failed = (failure: Failed['failure'], reason: string): Failed => ({ status: 'failed', failure, reason })
