import { createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createFalClient } from '../../src/fal/client.ts'
import { KEY, never } from './line.ts'

const HEADER = 'BilledCost,BillingCurrency,BillingPeriodStart,InvoiceId\n'
const LINE = '10.00,USD,2026-02-01,INV1\n'
const MONTH = { from: '2026-02', to: '2026-02' }

/** A host that answers every question with these bytes, and then does as it is told. */
async function clientOf(answer: string, end: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${answer}`, () => setTimeout(() => end(socket), 20)))
  })
  onTestFinished(() => void server.close())
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  const client = createFalClient({ baseUrl: `http://127.0.0.1:${port}`, attempts: 1 })
  onTestFinished(() => client.close())
  return client
}

describe('an invoice report that ends with its connection alone', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['breaks', (socket) => socket.resetAndDestroy()],
    ['ends', (socket) => socket.end()],
  ])('is not taken for whole, since one that was cut between lines looks the same: it %s', async (_, end) => {
    const client = await clientOf(`connection: close\r\n\r\n${HEADER}${LINE}${LINE}`, end)
    expect(await client.focus(KEY, MONTH, never())).toMatchObject({
      status: 'failed',
      failure: 'bad-answer',
      reason: expect.stringContaining('does not say where it ends'),
    })
  })

  it.each([
    ['a length', `content-length: ${HEADER.length + LINE.length}\r\n\r\n${HEADER}${LINE}`],
    [
      'chunks',
      `transfer-encoding: chunked\r\n\r\n${(HEADER.length + LINE.length).toString(16)}\r\n${HEADER}${LINE}\r\n0\r\n\r\n`,
    ],
  ])('is whole where %s tells the end', async (_, answer) => {
    const client = await clientOf(`connection: close\r\n${answer}`, (socket) => socket.end())
    expect(await client.focus(KEY, MONTH, never())).toMatchObject({
      status: 'complete',
      value: [{ billedCostNanoUsd: 10_000_000_000n }],
    })
  })

  it('is whole as JSON, which tells its end itself', async () => {
    const client = await clientOf('connection: close\r\n\r\n{"username":"acme"}', (socket) => socket.end())
    expect(await client.billing(KEY, never())).toMatchObject({ status: 'complete' })
  })
})
