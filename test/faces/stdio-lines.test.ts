import { PassThrough, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { serveStdio } from '../../src/faces/mcp-stdio.ts'
import { createToolCalls } from '../../src/faces/tool-calls.ts'
import { echoTool, fakeServices, SECRET } from './fake-tools.ts'

const ping = (id: number | string): string => JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })

/** What a server on stdio says to an input, into an output of whoever reads it, and what it logs. */
async function serve(
  input: string | Buffer,
  stdout: Writable,
  signal = new AbortController().signal,
): Promise<string[]> {
  const services = fakeServices([echoTool])
  const stdin = new PassThrough()
  const served = serveStdio(
    { ...services, toolCalls: async () => createToolCalls(services) },
    { stdin, stdout, signal },
  )
  stdin.end(input)
  await served
  return services.logged
}

async function said(input: string | Buffer) {
  const stdout = new PassThrough()
  const logged = await serve(input, stdout)
  const lines = String(stdout.read() ?? '').split('\n')
  return { answers: lines.filter((line) => line !== '').map((line) => JSON.parse(line)), logged }
}

/** An output whose reader takes its time for each line. */
function slowOutput(millis: number) {
  const seen = { lines: 0, drains: 0 }
  const stdout = new Writable({
    highWaterMark: 1,
    write: (_chunk, _encoding, taken) => {
      seen.drains = Math.max(seen.drains, stdout.listenerCount('drain'))
      seen.lines++
      setTimeout(taken, millis)
    },
  })
  return { stdout, seen }
}

describe('a reader that takes its time', () => {
  it('gets every answer though the input has ended long before', async () => {
    const { stdout, seen } = slowOutput(2)
    const lines = Array.from({ length: 200 }, (_, id) => `${ping(id)}\n`)
    expect(await serve(lines.join(''), stdout)).toEqual([])
    // Node warns on stderr of more than ten.
    expect(seen).toEqual({ lines: 200, drains: 0 })
  })

  it('and takes none is not waited for beyond the signal, and what it lost is told', async () => {
    const { stdout } = slowOutput(3_600_000)
    const stop = new AbortController()
    const served = serve(`${ping(1)}\n${ping(2)}\n`, stdout, stop.signal)
    await sleep(100)
    stop.abort()
    expect(await served).toEqual(['mcp: the output was not read: 2 messages were lost'])
  })
})

describe('a line', () => {
  it('that is the last one needs no newline', async () => {
    const { answers, logged } = await said(`${ping(1)}\n${ping(2)}`)
    expect([answers.map(({ id }) => id), logged]).toEqual([[1, 2], []])
  })

  it('that broke off is told as one that is no JSON', async () => {
    const { answers } = await said(`${ping(1)}\n${ping(2).slice(0, 20)}`)
    expect(answers).toMatchObject([{ id: 1 }, { id: null, error: { code: -32700 } }])
  })

  it('that is no message is quoted without secrets, in the answer and in the log', async () => {
    const { answers, logged } = await said(JSON.stringify({ ...JSON.parse(ping(1)), [`by ${SECRET}`]: 1 }))
    expect(answers).toMatchObject([
      { id: 1, error: { message: expect.stringMatching(/^by \[redacted\]: there is no/) } },
    ])
    expect(logged).toEqual([expect.stringContaining('by [redacted]: there is no')])
  })

  it('in another encoding than UTF-8 is refused: its texts would be read as others', async () => {
    const gbk = Buffer.concat([Buffer.from('{"jsonrpc":"2.0","method":"ping","id":"'), Buffer.from([0xcf, 0xfb])])
    const { answers } = await said(Buffer.concat([gbk, Buffer.from(`"}\n${ping(2)}\n`)]))
    expect(answers).toMatchObject([{ id: null, error: { message: expect.stringContaining('UTF-8') } }, { id: 2 }])
  })

  it('may begin with the mark that Windows writes before a text', async () => {
    expect((await said(`\ufeff${ping(1)}\n`)).answers).toMatchObject([{ id: 1, result: {} }])
  })
})
