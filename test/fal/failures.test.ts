import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FalFault } from '../../src/demo/fal-double-faults.ts'
import { AuditError } from '../../src/errors.ts'
import { createFalClient } from '../../src/fal/client.ts'
import { retryAfter } from '../../src/fal/waiting.ts'
import { makeAuthority } from '../kit/certificates.ts'
import { KEY, KEY_ID, never, OTHER_KEY, openLine, SECRET, workspace } from './line.ts'

const ask = async (faults: FalFault[], options = {}) => {
  const line = await openLine({ faults }, options)
  const answer = await line.client.billing(KEY, never())
  return { ...line, answer, reason: answer.status === 'complete' ? '' : answer.reason }
}

describe('answers that a retry cannot mend', () => {
  it.each([
    [401, 'unauthorized', 'wrong or revoked'],
    [403, 'forbidden', 'https://fal.ai/dashboard/keys'],
    [404, 'not-found', 'FAL_API_BASE_URL'],
    [400, 'invalid', '400'],
    [422, 'invalid', '422'],
    [302, 'bad-answer', 'redirects'],
  ])('status %i is %s, asked once', async (status, failure, word) => {
    const { answer, reason, double, slept } = await ask([{ kind: 'status', status }])
    expect(answer).toMatchObject({ status: 'failed', failure })
    expect(reason).toContain(word)
    expect(double.requests).toHaveLength(1)
    expect(slept).toEqual([])
  })

  it.each(['html', 'broken-json', 'wrong-shape'] as const)(
    '%s with status 200 is a bad answer, asked once',
    async (kind) => {
      const { answer, double } = await ask([{ kind }])
      expect(answer).toMatchObject({ status: 'failed', failure: 'bad-answer' })
      expect(double.requests).toHaveLength(1)
    },
  )

  it.each([201, 202, 203, 206])('data with status %i is no whole bill, and with 200 it is', async (status) => {
    const text = JSON.stringify({ username: 'acme' })
    const { answer, reason } = await ask([{ kind: 'body', text, status }])
    expect(answer).toMatchObject({ status: 'failed', failure: 'bad-answer' })
    expect(reason).toContain(`${status} instead of data (200)`)
    expect((await ask([{ kind: 'body', text }])).answer.status).toBe('complete')
  })

  it('says that a page of a proxy is none of fal', async () => {
    expect((await ask([{ kind: 'html' }])).reason).toContain('HTML')
    expect((await ask([{ kind: 'html', status: 403 }])).answer).toMatchObject({ failure: 'forbidden' })
    expect((await ask([{ kind: 'html', status: 403 }])).reason).toContain('proxy')
  })

  it('names the path of a wrong shape', async () => {
    expect((await ask([{ kind: 'wrong-shape' }])).reason).toContain('username')
    expect((await ask([{ kind: 'body', text: '[]' }])).reason).toContain('the whole')
  })

  it('takes a key that no workspace has for a wrong one', async () => {
    const { client } = await openLine()
    expect(await client.billing(OTHER_KEY, never())).toMatchObject({ failure: 'unauthorized' })
  })

  it.each(['', '  ', 'key with blanks', 'schlüssel', 'line\r\nbreak: x'])(
    'does not send the key %j',
    async (apiKey) => {
      const { client, double } = await openLine()
      expect(await client.billing(apiKey, never())).toMatchObject({ status: 'failed', failure: 'unauthorized' })
      expect(double.requests).toHaveLength(0)
    },
  )

  it('sends a key without the blanks around it', async () => {
    const { client } = await openLine()
    expect((await client.billing(` ${KEY}\n`, never())).status).toBe('complete')
  })
})

describe('answers that may pass', () => {
  it.each<[string, FalFault, string]>([
    ['429', { kind: 'status', status: 429 }, 'rate-limited'],
    ['500', { kind: 'status', status: 500 }, 'server-error'],
    ['502 in HTML', { kind: 'html', status: 502 }, 'server-error'],
    ['a broken answer', { kind: 'break-off' }, 'unreachable'],
    ['a dropped connection', { kind: 'refuse' }, 'unreachable'],
    ['a time-out', { kind: 'hang' }, 'unreachable'],
  ])('%s: asked again, and well', async (_, fault, failure) => {
    // Only what hangs is to be waited for; a busy machine may take longer over what answers.
    const options = { requestTimeout: fault.kind === 'hang' ? 500 : 20_000 }
    const mended = await ask([{ ...fault, times: 3 }], options)
    expect(mended.answer.status).toBe('complete')
    expect(mended.double.requests).toHaveLength(4)
    expect(mended.slept).toHaveLength(3)
    const broken = await ask([fault], options)
    expect(broken.answer).toMatchObject({ status: 'failed', failure })
    expect(broken.reason).toContain('tried 4 times')
    expect(broken.double.requests).toHaveLength(4)
  })

  it('waits twice as long each time, with jitter', async () => {
    const faults: FalFault[] = [{ kind: 'status', status: 500, times: 3 }]
    expect((await ask(faults)).slept).toEqual([375, 750, 1500])
    expect((await ask(faults, { random: () => 0 })).slept).toEqual([250, 500, 1000])
  })

  it.each([
    ['2', 2000],
    ['0', 375],
    ['soon', 375],
    ['Mon, 01 Jan 2024 00:00:00 GMT', 375],
    ['-5', 375],
  ])('waits as Retry-After: %s says', async (header, span) => {
    const { answer, slept } = await ask([{ kind: 'status', status: 429, retryAfter: header, times: 1 }])
    expect(answer.status).toBe('complete')
    expect(slept).toEqual([span])
  })

  it('waits until the HTTP date of Retry-After by the clock of the answer, whatever this machine’s says', async () => {
    const retryAfter = new Date(Date.now() + 5000).toUTCString()
    const { slept } = await ask([{ kind: 'status', status: 503, retryAfter, times: 1 }])
    expect(slept[0]).toBeGreaterThan(3000)
    expect(slept[0]).toBeLessThanOrEqual(5000)
  })

  it.each([
    ['that of the answer', 'Tue, 10 Feb 2026 00:00:02 GMT', 3000],
    ['this machine’s, where the answer tells none', undefined, 5000],
    ['this machine’s, where the answer tells none that can be read', 'soon', 5000],
  ])('reads the HTTP date of Retry-After by a clock: %s', (_, date, span) => {
    expect(retryAfter('Tue, 10 Feb 2026 00:00:05 GMT', date, Date.parse('2026-02-10T00:00:00Z'))).toBe(span)
  })

  it('gives up at once where fal asks for a longer wait than the budget', async () => {
    const { answer, reason, slept, double } = await ask([{ kind: 'status', status: 429, retryAfter: '60' }])
    expect(answer).toMatchObject({ status: 'failed', failure: 'rate-limited' })
    expect(reason).toContain('fal asks to wait 60 s')
    expect(slept).toEqual([])
    expect(double.requests).toHaveLength(1)
  })

  it('is unreachable where nobody listens', async () => {
    const server = createServer()
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
    })
    await new Promise((resolve) => server.close(resolve))
    const client = createFalClient({ baseUrl: `http://127.0.0.1:${port}`, attempts: 1 })
    onTestFinished(() => client.close())
    const answer = await client.billing(KEY, never())
    expect(answer).toMatchObject({ failure: 'unreachable', reason: expect.stringContaining('refused') })
  })
})

it('a host with a certificate of an authority that is not known is sent no key, asked once, and it is told how to make it known', async () => {
  const authority = makeAuthority()
  onTestFinished(() => authority.remove())
  const { cert, key } = authority.issue('fal', 'DNS:localhost')
  let requests = 0
  const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, () => requests++)
  let connections = 0
  server.on('connection', () => connections++)
  onTestFinished(() => void server.close())
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  const client = createFalClient({ baseUrl: `https://localhost:${port}` })
  onTestFinished(() => client.close())
  const answer = await client.billing(KEY, never())
  expect(answer).toMatchObject({
    failure: 'untrusted',
    reason: expect.stringMatching(/authority .* NODE_EXTRA_CA_CERTS$/),
  })
  expect([connections, requests]).toEqual([1, 0])
})

describe('the size of an answer', () => {
  const text = JSON.stringify({ username: 'acme', filler: 'x'.repeat(200_000) })

  it.each([
    [text.length, 'complete'],
    [text.length - 1, 'failed'],
  ])('of %i bytes at most: %s', async (answerBytes, status) => {
    const { answer, double } = await ask([{ kind: 'body', text }], { answerBytes })
    expect(answer.status).toBe(status)
    if (answer.status === 'failed') expect(answer.failure).toBe('too-large')
    expect(double.requests).toHaveLength(1)
  })
})

describe('secrets', () => {
  const saying = (message: string): Promise<{ reason: string }> => ask([{ kind: 'status', status: 422, message }])

  it.each([
    `bad key ${KEY} given`,
    `bad secret ${SECRET}`,
    `BAD SECRET ${SECRET.toUpperCase()}`,
    `${'x'.repeat(100)}${SECRET}`,
    `${SECRET.slice(0, 10)}\u200b${SECRET.slice(10)}`,
    `${SECRET.slice(0, 10)}\u0000${SECRET.slice(10)}`,
    `${SECRET} and ${SECRET.slice(0, 10)}\r\n ${SECRET.slice(10)}`,
    `id ${KEY_ID}`,
    `Authorization: Key ${KEY}`,
  ])('do not survive in a message of fal: %j', async (message) => {
    const { reason } = await saying(message)
    const dense = reason.toLowerCase().replace(/[^0-9a-z-]/g, '')
    for (const part of [SECRET.slice(0, 10), SECRET.slice(-10)]) expect(dense).not.toContain(part)
    expect(dense).not.toContain(KEY_ID)
    expect(reason).toContain('422')
  })

  it('quotes the rest of the message on one line, cut to 120 characters', async () => {
    const { reason } = await saying(`first\n\u202e\u001b[31msecond ${'long '.repeat(100)}`)
    const quote = /fal says: "(.*)"$/u.exec(reason)?.[1] ?? ''
    expect(quote).toMatch(/^first \[31msecond long /)
    expect(quote).toHaveLength(120)
    expect(reason).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  it('are in no answer of any failure', async () => {
    const faults: FalFault[] = [
      { kind: 'status', status: 401, message: KEY },
      { kind: 'status', status: 500, message: KEY },
      { kind: 'body', text: `{"${SECRET}": ` },
      { kind: 'body', text: `{"username": ["${SECRET}"]}` },
      { kind: 'html' },
      { kind: 'refuse' },
      { kind: 'break-off' },
    ]
    for (const fault of faults) {
      const { answer } = await ask([fault])
      expect(JSON.stringify(answer)).not.toContain(SECRET)
      expect(JSON.stringify(answer)).not.toContain(KEY_ID)
    }
  })
})

describe('the base URL', () => {
  it.each(['', 'api.fal.ai', 'ftp://fal.ai', 'https://user:pass@fal.ai/v1', 'https://fal.ai/v1?x=1'])(
    'is not %j',
    (baseUrl) => {
      expect(() => createFalClient({ baseUrl })).toThrow(AuditError)
      expect(() => createFalClient({ baseUrl })).not.toThrow(/pass/)
    },
  )

  it('may end in a slash', async () => {
    const { double } = await openLine()
    const client = createFalClient({ baseUrl: `${double.url}/` })
    onTestFinished(() => client.close())
    expect((await client.billing(KEY, never())).status).toBe('complete')
    expect(double.requests[0]?.path).toBe('/account/billing')
  })
})

describe('a cancelled call', () => {
  const cases: [string, FalFault[], object][] = [
    ['while a socket hangs', [{ kind: 'hang' }], {}],
    ['while it backs off', [{ kind: 'status', status: 500 }], { sleep: () => new Promise(() => undefined) }],
    ['while it really backs off', [{ kind: 'status', status: 429, retryAfter: '9' }], { sleep: undefined }],
    ['while it queues', [{ kind: 'hang' }], { concurrency: 1 }],
  ]
  it.each(cases)('%s throws at once', async (_, faults, options) => {
    const { client, double } = await openLine({ faults }, options)
    const controller = new AbortController()
    const calls = [client.billing(KEY, controller.signal), client.billing(KEY, controller.signal)]
    const outcomes = Promise.allSettled(calls)
    while (double.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 20))
    controller.abort()
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { kind: 'cancelled' } })
    }
  })

  it('throws before anything is asked where the signal is aborted already', async () => {
    const { client, double } = await openLine()
    await expect(client.billing(KEY, AbortSignal.abort())).rejects.toMatchObject({ kind: 'cancelled' })
    expect(double.requests).toHaveLength(0)
  })

  it('throws the reason of its signal where that is an error of ours', async () => {
    const { client } = await openLine()
    const deadline = new AuditError('source', 'too late')
    await expect(client.billing(KEY, AbortSignal.abort(deadline))).rejects.toBe(deadline)
  })

  it('leaves others alone', async () => {
    const { client } = await openLine({
      workspaces: [workspace(), workspace({ username: 'other', apiKeys: [OTHER_KEY] })],
      faults: [{ kind: 'hang', keyId: KEY_ID }],
    })
    const controller = new AbortController()
    const hanging = client.billing(KEY, controller.signal)
    const other = client.billing(OTHER_KEY, never())
    expect((await other).status).toBe('complete')
    controller.abort()
    await expect(hanging).rejects.toMatchObject({ kind: 'cancelled' })
  })
})
