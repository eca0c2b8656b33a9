import type { BillingEvent } from '../../fal/reader.ts'
import { bareId } from '../../units/request-id.ts'
import { eventKey } from '../rules/same-event.ts'

/** An event that one answer holds more than once. */
export interface RepeatedEvent {
  readonly event: BillingEvent
  readonly times: number
}

/** An event of an answer under its bare request id, as tasks have it. */
export function withBareId(event: BillingEvent): BillingEvent {
  const requestId = bareId(event.requestId)
  return requestId === event.requestId ? event : { ...event, requestId }
}

/** The events that one answer to questions by id holds more than once. */
export const repeatedEvents = (answered: readonly BillingEvent[]): RepeatedEvent[] =>
  [...countSame(answered).values()].filter(({ times }) => times > 1)

function countSame(events: readonly BillingEvent[]): Map<string, { event: BillingEvent; times: number }> {
  const counts = new Map<string, { event: BillingEvent; times: number }>()
  // Only requests with several events can hold one twice; of a million there are few.
  const seen = new Set<string>()
  const several = new Set<string>()
  for (const { requestId } of events) {
    if (seen.has(requestId)) several.add(requestId)
    else seen.add(requestId)
  }
  if (several.size === 0) return counts
  for (const event of events) {
    if (!several.has(event.requestId)) continue
    const key = `${event.requestId} ${eventKey(event)}`
    const known = counts.get(key)
    if (known === undefined) counts.set(key, { event, times: 1 })
    else known.times += 1
  }
  return counts
}
