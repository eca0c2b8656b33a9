// A thread whose work is easy to tell: see second-thread.test.ts.
import { parentPort } from 'node:worker_threads'
import { AuditError } from '../../src/errors.ts'
import type { JobKind } from '../../src/thread/job.ts'
import { serveJobs, skill } from '../../src/thread/serve-jobs.ts'

/** Adds what it is given to what it began with, and tells the sum so far. */
export const ADDING: JobKind<number, number, number> = { name: 'adding' }
/** Gives bytes back, one more each. */
export const BYTES: JobKind<null, ArrayBuffer, ArrayBuffer> = { name: 'bytes' }
/** Fails in one way or another. */
export const FAILING: JobKind<'begin' | 'work', 'audit' | 'range' | 'text' | 'exit', never> = { name: 'failing' }

const fail = (how: string): never => {
  if (how === 'exit') process.exit(3)
  if (how === 'text') throw 'no error at all'
  if (how === 'range') throw new RangeError('too far')
  throw new AuditError('source', 'a row is bad', { field: 'money', value: 'x', accepted: 'numbers', next: 'mend it' })
}

if (parentPort === null) throw new Error('this file is run by a thread')
serveJobs(parentPort, [
  skill(ADDING, (start, answer) => {
    let sum = start
    return (more) => {
      sum += more
      answer(sum)
    }
  }),
  skill(BYTES, (_, answer) => (buffer) => {
    const bytes = new Uint8Array(buffer)
    for (let at = 0; at < bytes.length; at++) bytes[at] = (bytes[at] ?? 0) + 1
    answer(buffer, [buffer])
  }),
  skill(FAILING, (when) => {
    if (when === 'begin') fail('audit')
    return (how) => fail(how)
  }),
])
