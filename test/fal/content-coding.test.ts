import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, it, onTestFinished } from 'vitest'
import { createFalClient } from '../../src/fal/client.ts'
import { KEY, never } from './line.ts'

/** What a client makes of one answer, and with what headers it asked for it. */
async function answered(coding: string, body: Buffer, status = 200, answerBytes?: number) {
  const asked: IncomingHttpHeaders[] = []
  const server = createServer(({ headers }, response) => {
    asked.push(headers)
    response.writeHead(status, { 'content-type': 'application/json', 'content-encoding': coding })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = createFalClient({ baseUrl, ...(answerBytes !== undefined && { answerBytes }) })
  onTestFinished(() => client.close())
  return { answer: await client.billing(KEY, never()), asked }
}

const BILLING = Buffer.from(
  JSON.stringify({ username: 'acme', credits: { current_balance: 12.5, currency: 'USD' }, note: 'x'.repeat(100_000) }),
)
const READ = { status: 'complete', value: { username: 'acme' } }

it('plain answers are asked for, since without a word any coding would do', async () => {
  const { answer, asked } = await answered('identity', BILLING)
  expect(answer).toMatchObject(READ)
  expect(asked.map((headers) => headers['accept-encoding'])).toEqual(['identity'])
})

it.each([
  ['gzip', gzipSync(BILLING)],
  ['X-GZIP', gzipSync(BILLING)],
  ['deflate', deflateSync(BILLING)],
  ['br', brotliCompressSync(BILLING)],
])('an answer that comes in %s all the same is read', async (coding, body) => {
  expect((await answered(coding, body)).answer).toMatchObject(READ)
})

it.each([
  ['not in that coding', 'gzip', BILLING],
  ['cut', 'gzip', gzipSync(BILLING).subarray(0, 60)],
])(
  'an answer that is %s is told as broken, not as a network that fails, and asked for once',
  async (_, coding, body) => {
    const { answer, asked } = await answered(coding, body)
    expect(answer).toMatchObject({ failure: 'bad-answer', reason: expect.stringMatching(/compressed.*broken/) })
    expect(asked).toHaveLength(1)
  },
)

it('an answer in a coding that is not known is told with its name', async () => {
  const { answer } = await answered('zstd', BILLING)
  expect(answer).toMatchObject({ failure: 'bad-answer', reason: expect.stringMatching(/"zstd".*proxy/) })
  const forged = await answered('x\u0080y'.repeat(30), BILLING)
  expect(forged.answer).toMatchObject({ failure: 'bad-answer', reason: expect.not.stringContaining('\u0080') })
})

it('the limit of an answer is that of what it unfolds to', async () => {
  const { answer } = await answered('gzip', gzipSync(Buffer.alloc(5_000_000, ' ')), 200, 1_000_000)
  expect(answer).toMatchObject({ failure: 'too-large' })
})

it.each([
  ['gzip', gzipSync(Buffer.from('{"error":{"type":"x","message":"no billing"}}')), /no billing/],
  ['gzip', BILLING, /fal answered 403/],
  ['zstd', BILLING, /fal answered 403/],
])('an error in %s keeps its status', async (coding, body, reason) => {
  const { answer } = await answered(coding, body, 403)
  expect(answer).toMatchObject({ failure: 'forbidden', reason: expect.stringMatching(reason) })
})
