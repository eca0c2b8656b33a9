import { setMaxListeners } from 'node:events'
import pLimit from 'p-limit'
import { AuditError, cancelled, throwIfAborted } from '../../errors.ts'
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
  const limit = pLimit(limits.operations)
  const open = new Set<Promise<unknown>>()
  const stopping = new AbortController()
  // Every call listens to it, and untangles itself when it ends.
  setMaxListeners(0, stopping.signal)

  async function run<T>(name: string, context: CallContext, work: (context: CallContext) => Promise<T>): Promise<T> {
    throwIfAborted(stopping.signal)
    if (limit.pendingCount >= limits.operationsWaiting) throw crowded(limits.operationsWaiting)
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(tooLong(limits.operationTimeout)), limits.operationTimeout)
    const { signal, release } = joined([context.signal, stopping.signal, deadline.signal])
    const answer = limit(() => {
      throwIfAborted(signal)
      return work({ ...context, signal })
    })
    open.add(answer)
    try {
      const result = await answer
      onOutcome(name, 'done')
      return result
    } catch (error) {
      onOutcome(name, 'failed')
      throw error
    } finally {
      clearTimeout(timer)
      release()
      open.delete(answer)
    }
  }

  return {
    run,
    running: () => limit.activeCount,
    waiting: () => limit.pendingCount,
    stop: () => stopping.abort(stopped()),
    idle: async () => {
      await Promise.allSettled(open)
    },
  }
}

/** The tools, each of whose runs is admitted first. */
export const admitted = (tools: readonly Tool[], admission: Admission): readonly Tool[] =>
  tools.map((tool) => ({
    ...tool,
    run: (input, dependencies, context) =>
      admission.run(tool.name, context, (within) => tool.run(input, dependencies, within)),
  }))

/**
 * One signal of several. AbortSignal.any would tie each call to the signal of the whole process for as long as that
 * lives; these ties are released with the call.
 */
function joined(signals: readonly AbortSignal[]): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController()
  const ties = signals.map((signal) => {
    const abort = (): void => controller.abort(signal.reason instanceof AuditError ? signal.reason : cancelled())
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    return () => signal.removeEventListener('abort', abort)
  })
  return {
    signal: controller.signal,
    release: () => {
      for (const untie of ties) untie()
    },
  }
}

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
