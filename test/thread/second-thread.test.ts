import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuditError } from '../../src/errors.ts'
import type { JobKind } from '../../src/thread/job.ts'
import { SecondThread } from '../../src/thread/second-thread.ts'
import { threadProgram } from '../kit/two-threads.ts'
import type { ADDING, BYTES, FAILING } from './worker.ts'

// As in worker.ts, which a thread alone can load.
const adding: typeof ADDING = { name: 'adding' }
const bytes: typeof BYTES = { name: 'bytes' }
const failing: typeof FAILING = { name: 'failing' }

let program: URL
let thread: SecondThread
beforeAll(async () => {
  program = await threadProgram(fileURLToPath(new URL('worker.ts', import.meta.url)))
  thread = new SecondThread(program)
})
afterAll(() => thread.close())

/** A job whose answers, or what became of it, are waited for. */
function begin<Setup, Question, Answer>(
  kind: JobKind<Setup, Question, Answer>,
  setup: Setup,
  on: SecondThread = thread,
) {
  const answers: Answer[] = []
  let failure: Error | undefined
  let wake = () => {}
  const job = on.begin<Setup, Question, Answer>(kind, setup, {
    onAnswer: (answer) => {
      answers.push(answer)
      wake()
    },
    onFailure: (cause) => {
      failure = cause
      wake()
    },
  })
  const until = async (isDone: () => boolean) => {
    while (!isDone()) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    ...job,
    answered: answers,
    answers: async (count: number) => {
      await until(() => answers.length >= count || failure !== undefined)
      if (failure !== undefined) throw failure
      return answers
    },
    failure: async () => {
      await until(() => failure !== undefined)
      return failure as Error
    },
  }
}

describe('a job in a second thread', () => {
  it('answers in the order in which it is asked, beside another one', async () => {
    const [one, other] = [begin(adding, 10), begin(adding, 0)]
    for (const more of [1, 2, 3]) {
      one.ask(more)
      other.ask(10 * more)
    }
    expect(await one.answers(3)).toEqual([11, 13, 16])
    expect(await other.answers(3)).toEqual([10, 30, 60])
    one.end()
    other.end()
  })

  it('is given buffers, and gives them back', async () => {
    const job = begin(bytes, null)
    const buffer = Uint8Array.of(1, 2, 254).buffer
    job.ask(buffer, [buffer])
    expect(buffer.byteLength).toBe(0)
    const [back] = await job.answers(1)
    expect([...new Uint8Array(back ?? new ArrayBuffer(0))]).toEqual([2, 3, 255])
    job.end()
  })

  it('tells nobody of what comes after its end', async () => {
    const job = begin(adding, 0)
    job.ask(1)
    job.end()
    job.end()
    const next = begin(adding, 5)
    next.ask(1)
    expect(await next.answers(1)).toEqual([6])
    expect(job.answered).toEqual([])
    next.end()
  })
})

describe('a job that fails', () => {
  it.each(['begin', 'work'] as const)('at %s tells all of an AuditError, and others go on', async (when) => {
    const other = begin(adding, 0)
    const job = begin(failing, when)
    job.ask('audit')
    const cause = await job.failure()
    expect(cause).toBeInstanceOf(AuditError)
    expect({ ...cause, message: cause.message }).toEqual({
      name: 'AuditError',
      message: 'a row is bad',
      kind: 'source',
      field: 'money',
      value: 'x',
      accepted: 'numbers',
      next: 'mend it',
    })
    // What is asked of it then is lost on nobody.
    job.ask('audit')
    other.ask(1)
    expect(await other.answers(1)).toEqual([1])
    other.end()
  })

  it('tells of other errors what they are, and where they come from', async () => {
    const job = begin(failing, 'work')
    job.ask('range')
    const cause = await job.failure()
    expect(cause).toBeInstanceOf(RangeError)
    expect([cause.message, cause.stack]).toEqual(['too far', expect.stringContaining('thread.mjs')])
    const odd = begin(failing, 'work')
    odd.ask('text')
    expect((await odd.failure()).message).toBe('no error at all')
  })

  it('for there is no such work', async () => {
    expect((await begin({ name: 'flying' }, null).failure()).message).toContain('flying')
  })

  it('with its thread takes the others along, and the next one has a new thread', async () => {
    const own = new SecondThread(program)
    const [job, other] = [begin(failing, 'work', own), begin(adding, 0, own)]
    job.ask('exit')
    expect((await job.failure()).message).toContain('ended (3)')
    expect((await other.failure()).message).toContain('ended (3)')
    const next = begin(adding, 1, own)
    next.ask(1)
    expect(await next.answers(1)).toEqual([2])
    next.end()
    await own.close()
  })

  it('since there is no such program says so', async () => {
    const own = new SecondThread(new URL('nowhere.mjs', program))
    expect((await begin(adding, 0, own).failure()).message).toContain('nowhere.mjs')
    await own.close()
  })

  it('where its thread is closed', async () => {
    const own = new SecondThread(program)
    const job = begin(adding, 0, own)
    void own.close()
    expect((await job.failure()).message).toContain('before its work was done')
  })
})

describe('a process with a second thread', () => {
  /** Runs some lines that have a thread, until the process ends by itself. */
  const run = async (lines: string) => {
    const source = fileURLToPath(new URL('../../src/thread/second-thread.ts', import.meta.url))
    const { outputFiles } = await build({
      stdin: { contents: `import { SecondThread } from ${JSON.stringify(source)}\n${lines}`, resolveDir: '.' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      write: false,
    })
    const arguments_ = ['--input-type=module', '-', program.href]
    return spawnSync(process.execPath, arguments_, { input: outputFiles[0]?.text, encoding: 'utf8', timeout: 20_000 })
  }
  const job = `
    const thread = new SecondThread(new URL(process.argv[2]))
    const job = thread.begin({ name: 'adding' }, 40, { onFailure: console.log, onAnswer: (sum) => {
      console.log(sum)
      if (process.argv.length) END
    } })
    job.ask(2)`

  it('does not end before the answer, though nothing else is left to do, and then by itself', async () => {
    const { stdout, status } = await run(job.replace('END', 'job.end()'))
    expect([stdout, status]).toEqual(['42\n', 0])
  })

  it('goes on where another job follows at once', async () => {
    const again = `{ job.end(); if (!globalThis.again) { globalThis.again = true
      const next = thread.begin({ name: 'adding' }, 1, { onFailure: console.log, onAnswer: (sum) => { console.log(sum); next.end() } })
      next.ask(1) } }`
    const { stdout, status } = await run(job.replace('END', again))
    expect([stdout, status]).toEqual(['42\n2\n', 0])
  })
})
