import { AuditError } from '../errors.ts'
import { HOUR, type Instant, MINUTE } from '../units/instant.ts'
import { openZone, type Zone } from '../units/zone.ts'

/** Reads inputs that hang on the zone and the clock, and throws an input error for those that are not accepted. */
export type InputCheck = (zone: Zone, asOf: Instant) => unknown

/** No zone is further from UTC, and none lies between these steps. */
const FURTHEST = 14 * HOUR
const STEP = 15 * MINUTE

/**
 * Checks inputs before the database is opened, so that nobody waits for one to hear of a slip of the pen. Where its zone is still
 * to be read from it, that refuses what is refused in every zone there may be, in the words of UTC.
 */
export function checkFirst(check: InputCheck, zone: Zone | undefined, asOf: Instant): void {
  if (zone !== undefined) return void check(zone, asOf)
  const refusal = refusalIn('+00:00', check, asOf)
  if (refusal === undefined) return
  for (let offset = -FURTHEST; offset <= FURTHEST; offset += STEP) {
    if (refusalIn(offsetId(offset), check, asOf) === undefined) return
  }
  throw refusal
}

function refusalIn(id: string, check: InputCheck, asOf: Instant): AuditError | undefined {
  const zone = openZone(id)
  if (zone === undefined) throw new AuditError('internal', `the zone ${id} is not known`)
  try {
    check(zone, asOf)
    return undefined
  } catch (error) {
    if (error instanceof AuditError) return error
    throw error
  }
}

function offsetId(offset: number): string {
  const pad = (value: number): string => String(value).padStart(2, '0')
  const minutes = Math.abs(offset) / MINUTE
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`
}
