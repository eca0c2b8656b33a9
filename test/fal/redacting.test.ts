import { describe, expect, it } from 'vitest'
import { createSecrets } from '../../src/secrets.ts'
import { event, FEBRUARY, KEY, never, OTHER_KEY, openLine, workspace, zone } from './line.ts'

/** A world whose names hold the key of another account, behind enough text for a cut to hit it. */
const long = `${'x'.repeat(60)} ${OTHER_KEY}`
const clean = `${'x'.repeat(60)} [redacted]`

function openRedacting(faults: Parameters<typeof openLine>[0] = {}) {
  const secrets = createSecrets()
  secrets.add(OTHER_KEY)
  return openLine(
    {
      workspaces: [workspace({ username: long, events: [event('r1', { endpointId: long }), event(OTHER_KEY)] })],
      serverless: {
        [long]: [{ timestamp: '2026-02-02T10:00:00Z', app: long, machineType: 'GPU', quantity: '1', cost: '1' }],
      },
      ...faults,
    },
    { redact: secrets.redact },
  )
}

describe('what fal says', () => {
  it('holds no secret of the program, but in ids', async () => {
    const { client } = await openRedacting()
    const days = { range: FEBRUARY, zone: zone('UTC'), timeframe: 'day' } as const
    expect(await client.billing(KEY, never())).toMatchObject({ value: { username: clean } })
    const usage = await client.usage(KEY, days, never())
    expect(usage.status === 'complete' && usage.value.map(({ model }) => model).sort()).toEqual(['fal-ai/flux', clean])
    const events = await client.events(KEY, { range: FEBRUARY }, never())
    expect(events.status === 'complete' && events.value.map(({ model }) => model).sort()).toEqual([
      'fal-ai/flux',
      clean,
    ])
    expect(events.status === 'complete' && events.value.map(({ requestId }) => requestId)).toContain(OTHER_KEY)
    expect(await client.serverlessUsage(KEY, days, never())).toMatchObject({ value: [{ app: clean }] })
  })

  it('in an error neither, whether or not the cut would have left a part', async () => {
    const { client } = await openRedacting({ faults: [{ kind: 'status', status: 400, message: long }] })
    expect(await client.billing(KEY, never())).toMatchObject({ reason: expect.stringContaining(`"${clean}"`) })
  })
})
