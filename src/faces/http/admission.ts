import { setMaxListeners } from 'node:events'
import { AuditError, throwIfAborted, withDeadline } from '../../errors.ts'
import type { ServeLimits } from '../../limits.ts'
import type { CallContext, Tool } from '../../tool.ts'
import { MINUTE, type Millis } from '../../units/instant.ts'

export type Outcome = 'done' | 'failed'

/** Lets operations run, some at a time, whichever face called them. */
export interface Admission {
  /** Runs the work once it is its turn, under a signal that also ends it on a time limit and on stop(). */
  run<T>(name: string, context: CallContext, work: (context: CallContext) => Promise<T>): Promise<T>
  running(): number
  waiting(): number
  /** Ends what runs and waits, and whatever comes later. */
  stop(): void
  /** Settles once nothing runs or waits. */
  idle(): Promise<void>
}

export function createAdmission(limits: ServeLimits, onOutcome: (name: string, outcome: Outcome) => void): Admission {
  const line = createLine(limits.operations)
  const open = new Set<Promise<unknown>>()
  const stopping = new AbortController()
  // Every call listens to it, and untangles itself when it ends.
  setMaxListeners(0, stopping.signal)

  async function run<T>(name: string, context: CallContext, work: (context: CallContext) => Promise<T>): Promise<T> {
    throwIfAborted(stopping.signal)
    if (line.waiting() >= limits.operationsWaiting) throw crowded(limits.operationsWaiting)
    const late = tooLong(limits.operationTimeout)
    const { signal, release } = withDeadline([context.signal, stopping.signal], limits.operationTimeout, late)
    const answer = line.inTurn(signal, () => work({ ...context, signal }))
    open.add(answer)
    try {
      const result = await answer
      onOutcome(name, 'done')
      return result
    } catch (error) {
      onOutcome(name, 'failed')
      throw error
    } finally {
      release()
      open.delete(answer)
    }
  }

  return {
    run,
    running: line.running,
    waiting: line.waiting,
    stop: () => stopping.abort(stopped()),
    idle: async () => {
      await Promise.allSettled(open)
    },
  }
}

/**
 * Lets so many works run at once, the others in the order in which they came. Whose signal is aborted leaves the line at once:
 * the place of a caller who has gone is another's.
 */
function createLine(places: number) {
  let running = 0
  const waiting = new Set<() => void>()
  const next = (): void => {
    running--
    const [first] = waiting
    first?.()
  }
  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(enter)
        reject(signal.reason)
      }
      const enter = (): void => {
        waiting.delete(enter)
        signal.removeEventListener('abort', leave)
        running++
        resolve()
      }
      signal.addEventListener('abort', leave, { once: true })
      if (running < places) enter()
      else waiting.add(enter)
    })
  return {
    async inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
      throwIfAborted(signal)
      await turn(signal)
      try {
        throwIfAborted(signal)
        return await work()
      } finally {
        next()
      }
    },
    running: () => running,
    waiting: () => waiting.size,
  }
}

/** The tools, each of whose runs is admitted first. */
export const admitted = (tools: readonly Tool[], admission: Admission): readonly Tool[] =>
  tools.map((tool) => ({
    ...tool,
    run: (input, dependencies, context) =>
      admission.run(tool.name, context, (within) => tool.run(input, dependencies, within)),
  }))

const stopped = (): AuditError =>
  new AuditError('cancelled', 'the server is stopping, so the call was cancelled', {
    next: 'call again once the server is back; nothing was changed',
  })

const crowded = (most: number): AuditError =>
  new AuditError('source', `more than ${most} calls are waiting`, { next: 'try again later' })

const tooLong = (most: Millis): AuditError =>
  new AuditError('source', `the call took longer than ${most / MINUTE} minutes`, {
    next: 'ask for a shorter window, or for fewer accounts or users',
  })
