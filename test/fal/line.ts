import { onTestFinished } from 'vitest'
import { type FalDouble, type FalDoubleOptions, startFalDouble } from '../../src/demo/fal-double.ts'
import type { FalEvent, FalWorkspace } from '../../src/demo/stored-world.ts'
import { createFalClient, type FalClient, type FalClientOptions } from '../../src/fal/client.ts'
import { type Instant, type InstantRange, instant, type Millis, parseInstant } from '../../src/units/instant.ts'
import { openZone, type Zone } from '../../src/units/zone.ts'

/** A client and a double that talk real HTTP over loopback, and end with the test. */
export const KEY_ID = '0a1b2c3d-0000-4000-8000-000000000001'
export const SECRET = 'feedfacefeedfacefeedfacefeedface'
export const KEY = `${KEY_ID}:${SECRET}`
export const OTHER_KEY_ID = '0a1b2c3d-0000-4000-8000-000000000002'
export const OTHER_KEY = `${OTHER_KEY_ID}:cafecafecafecafecafecafecafecafe`

export const NOW = at('2026-02-10T00:00:00Z')

export function at(text: string): Instant {
  const read = parseInstant(text)
  if (read === undefined) throw new RangeError(text)
  return read
}

export function zone(id: string): Zone {
  const opened = openZone(id)
  if (opened === undefined) throw new RangeError(id)
  return opened
}

export const range = (start: string, end: string): InstantRange => ({ start: at(start), end: at(end) })

export const FEBRUARY = range('2026-02-01T00:00:00Z', '2026-02-08T00:00:00Z')

export function event(requestId: string, over: Partial<FalEvent> = {}): FalEvent {
  return {
    requestId,
    endpointId: 'fal-ai/flux',
    timestamp: '2026-02-02T10:00:00Z',
    quantity: '1',
    unit: 'image',
    unitPrice: '0.05',
    cost: '0.05',
    keyId: KEY_ID,
    ...over,
  }
}

/** Events a minute apart, r1 to rN. */
export const manyEvents = (count: number, start = '2026-02-02T00:00:00Z'): FalEvent[] =>
  Array.from({ length: count }, (_, index) =>
    event(`r${index + 1}`, { timestamp: new Date(at(start) + index * 60_000).toISOString() }),
  )

export const workspace = (over: Partial<FalWorkspace> = {}): FalWorkspace => ({
  username: 'acme',
  balance: '12.5',
  apiKeys: [KEY],
  events: [event('r1')],
  ...over,
})

export interface Line {
  readonly client: FalClient
  readonly double: FalDouble
  /** The back-offs slept through so far. */
  readonly slept: Millis[]
}

/** Opens a line. Back-offs take no real time: they are noted, and move the client's clock. */
export async function openLine(
  doubleOptions: Partial<FalDoubleOptions> = {},
  clientOptions: Partial<FalClientOptions> = {},
): Promise<Line> {
  const double = await startFalDouble({ workspaces: [workspace()], clock: () => NOW, ...doubleOptions })
  const slept: Millis[] = []
  const started = performance.now()
  const client = createFalClient({
    baseUrl: double.url,
    legacyBillingBaseUrl: doubleOptions.legacyInvoices === undefined ? undefined : double.url,
    random: () => 0.5,
    clock: () => instant(NOW + performance.now() - started + slept.reduce((sum, span) => sum + span, 0)),
    sleep: async (span) => {
      slept.push(span)
    },
    ...clientOptions,
  })
  onTestFinished(async () => {
    await client.close()
    await double.close()
  })
  return { client, double, slept }
}

export const never = (): AbortSignal => new AbortController().signal
