import type { Fetched, UsageRow } from '../fal/reader.ts'
import { DAY, type Instant, type InstantRange, plus } from '../units/instant.ts'
import { type NanoUsd, nanoUsd } from '../units/nano-usd.ts'
import type { Zone } from '../units/zone.ts'

export const DASHBOARD = 'https://fal.ai/dashboard/billing'

/** The days before an instant, to the millisecond. */
export const daysBefore = (asOf: Instant, days: number): InstantRange => ({ start: plus(asOf, -days * DAY), end: asOf })

/** A question whose rows are only added up: months are the fewest rows that fal can be asked for. */
export const sumQuery = (range: InstantRange, zone: Zone) => ({ range, zone, timeframe: 'month' }) as const

/** What usage rows cost together; null where they were not read whole. */
export function spentOf(read: Fetched<readonly UsageRow[]>): NanoUsd | null {
  if (read.status !== 'complete') return null
  return nanoUsd(read.value.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0n))
}
