import { AuditError, abortReason, throwIfAborted } from '../errors.ts'
import type { Millis } from '../units/instant.ts'

/** What ends a read before its time: the caller's signal, or the time limit. */
export interface Guard {
  /** Watches one read; calls back once, with the reason to stop. Returns what ends the watch. */
  watch(onStop: (reason: AuditError) => void): () => void
  /** Throws where a read must not go on. */
  check(): void
}

/**
 * Makes the guard of one snapshot. Only time spent reading counts against the limit: a snapshot may be held open while
 * fal is asked. The limit is kept here and not by max_statement_time or MAX_EXECUTION_TIME, which are wall-clock and
 * would end a stream that is merely read slowly.
 */
export function guardOf(signal: AbortSignal, limit: Millis): Guard {
  let spent = 0
  let since: number | undefined
  const total = () => spent + (since === undefined ? 0 : performance.now() - since)
  return {
    watch(onStop) {
      const stop = (reason: AuditError) => {
        end()
        onStop(reason)
      }
      const onAbort = () => stop(abortReason(signal))
      const timer = setTimeout(() => stop(overdue(limit)), Math.max(0, limit - spent))
      timer.unref()
      signal.addEventListener('abort', onAbort, { once: true })
      since = performance.now()
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        spent = total()
        since = undefined
      }
      return end
    },
    check() {
      throwIfAborted(signal)
      if (total() >= limit) throw overdue(limit)
    },
  }
}

function overdue(limit: Millis): AuditError {
  return new AuditError('source', `reading the database took longer than the limit of ${limit / 1000} s`, {
    field: 'DATABASE_URL',
    next: 'see whether the server still answers; where it does, audit a shorter window, or add an index on the time columns of the tables',
    failure: 'ended',
  })
}
