import type { EventFact } from './facts.ts'

/** What two events of one request have in common that are one event told twice: endpoint, time, units, their price, and cost. */
export const eventKey = (event: Omit<EventFact, 'requestId'>): string =>
  JSON.stringify([
    ...[event.model, event.at, event.quantity, event.unit, event.unitPrice, event.percentDiscount],
    String(event.costNanoUsd),
  ])
