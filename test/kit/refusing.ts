import type { FalReader } from '../../src/fal/reader.ts'
import { eachOf } from './memory-ports.ts'

/** fal that answers 401 to some keys. */
export function refusing(fal: FalReader, refused: ReadonlySet<string>): FalReader {
  const refusal = { status: 'failed', failure: 'unauthorized', reason: 'fal answered 401' } as const
  const events: FalReader['events'] = async (apiKey, query, signal) =>
    refused.has(apiKey) ? refusal : fal.events(apiKey, query, signal)
  return {
    ...fal,
    usage: async (apiKey, query, signal) => (refused.has(apiKey) ? refusal : fal.usage(apiKey, query, signal)),
    events,
    eachEvents: eachOf(events),
    billing: async (apiKey, signal) => (refused.has(apiKey) ? refusal : fal.billing(apiKey, signal)),
  }
}
