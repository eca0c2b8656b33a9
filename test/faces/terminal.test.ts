import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createTerminal, type TerminalParts } from '../../src/faces/terminal.ts'

/** A terminal whose stderr is remembered, and whose clock is set by hand. */
function open(changes: Partial<TerminalParts> = {}, isTTY = true, columns = 20) {
  const hand = { now: 0, written: '' }
  const stderr = Object.assign(new PassThrough(), { isTTY, columns })
  stderr.on('data', (chunk) => {
    hand.written += chunk
  })
  const terminal = createTerminal({
    stdout: new PassThrough(),
    stderr,
    stdinIsTerminal: false,
    environment: { TERM: 'xterm' },
    now: () => hand.now,
    ...changes,
  })
  return { hand, terminal }
}

/** A stdout that fails with the code. */
function failing(code: string): Writable {
  const stream = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  })
  return stream.on('error', () => {})
}

describe('data that cannot be written', () => {
  it.each(['ENOSPC', 'EIO'])('for %s is an error that names stdout', async (code) => {
    const { terminal } = open({ stdout: failing(code) })
    await expect(terminal.write('report')).rejects.toMatchObject({
      kind: 'source',
      message: `stdout: it cannot be written (${code})`,
    })
  })

  it('is not made any more once its reader has seen enough', async () => {
    let made = 0
    async function* pieces() {
      for (; made < 5; made++) yield 'piece'
    }
    const { terminal } = open({ stdout: failing('EPIPE') })
    await terminal.write(pieces())
    expect(made).toBe(0)
    made = 0
    await open().terminal.write(pieces())
    expect(made).toBe(5)
  })

  it('because its reader has seen enough is none', async () => {
    await open({ stdout: failing('EPIPE') }).terminal.write('report')
  })
})

describe('the passing line', () => {
  const steps = (changes: Partial<TerminalParts>, isTTY = true): string => {
    const { hand, terminal } = open(changes, isTTY)
    terminal.status('')
    terminal.status('reading tasks 10/1000')
    terminal.status('too soon')
    hand.now = 150
    terminal.status('fal 1/2')
    terminal.status('')
    terminal.status('')
    return hand.written
  }

  it('takes the place of the one before, and goes', () => {
    expect(steps({})).toBe('\r\u001b[2Kreading tasks 10/10\r\u001b[2Kfal 1/2\r\u001b[2K')
  })

  it('has no escape codes with NO_COLOR', () => {
    const blanks = ' '.repeat(19 - 7)
    expect(steps({ environment: { NO_COLOR: '1', TERM: 'xterm' } })).toBe(
      `\rreading tasks 10/10\rfal 1/2${blanks}\r       \r`,
    )
  })

  it('is whole where the terminal knows no width', () => {
    const { hand, terminal } = open({}, true, 0)
    hand.now = 150
    terminal.status('tasks read 10/1000')
    expect(hand.written).toBe('\r\u001b[2Ktasks read 10/1000')
  })

  it('is not shown on a dumb terminal, or where stderr is none', () => {
    expect(steps({ environment: { TERM: 'dumb' } })).toBe('')
    expect(steps({}, false)).toBe('')
  })
})
