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
      workspaces: [
        workspace({ username: long, events: [event('r1', { endpointId: long, unit: long }), event(OTHER_KEY)] }),
      ],
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
    const named = [
      { model: 'fal-ai/flux', unit: 'image' },
      { model: clean, unit: clean },
    ]
    const usage = await client.usage(KEY, days, never())
    expect(usage).toMatchObject({ value: expect.arrayContaining(named.map((row) => expect.objectContaining(row))) })
    const events = await client.events(KEY, { range: FEBRUARY }, never())
    expect(events).toMatchObject({ value: expect.arrayContaining(named.map((row) => expect.objectContaining(row))) })
    expect(events.status === 'complete' && events.value.map(({ requestId }) => requestId)).toContain(OTHER_KEY)
  })

  it('holds none in what prices name', async () => {
    const price = { endpoint_id: 'm', unit_price: 1, unit: long, currency: long }
    const { client } = await openRedacting({ faults: [{ kind: 'body', text: JSON.stringify({ prices: [price] }) }] })
    const answer = await client.pricing(KEY, ['m'], never())
    expect(answer).toMatchObject({
      value: { prices: [{ unit: clean, currency: `${'X'.repeat(60)} [redacted]` }] },
    })
  })

  it('holds none in what serverless usage and invoices name', async () => {
    const row = { app: long, machine_type: long, unit: long, quantity: 1, cost: 1 }
    const series = JSON.stringify({ time_series: [{ bucket: '2026-02-02', results: [row] }] })
    const report = `InvoiceId,ServiceName,BilledCost,BillingCurrency\n${long},${long},1,USD\n`
    const { client } = await openRedacting({
      faults: [
        { kind: 'body', text: series, path: '/serverless/usage' },
        { kind: 'body', text: report, path: '/account/focus' },
      ],
    })
    const days = { range: FEBRUARY, zone: zone('UTC'), timeframe: 'day' } as const
    const serverless = await client.serverlessUsage(KEY, days, never())
    expect(serverless).toMatchObject({ value: [{ app: clean, gpuClass: clean, unit: clean }] })
    const focus = await client.focus(KEY, { from: '2026-02', to: '2026-02' }, never())
    expect(focus).toMatchObject({ value: [{ invoiceId: clean, service: clean }] })
  })

  it('in an error neither, whether or not the cut would have left a part', async () => {
    const { client } = await openRedacting({ faults: [{ kind: 'status', status: 400, message: long }] })
    expect(await client.billing(KEY, never())).toMatchObject({ reason: expect.stringContaining(`"${clean}"`) })
  })
})
