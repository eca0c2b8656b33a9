import { setTimeout as timer } from 'node:timers/promises'
import { abortReason } from '../errors.ts'
import { type Clock, instant, type Millis, SECOND } from '../units/instant.ts'

/** Waits out a back-off. */
export type Sleep = (span: Millis, signal: AbortSignal) => Promise<void>

export const realSleep: Sleep = (span, signal) => timer(span, undefined, { signal })

/** Time that never jumps when the computer's clock is set. */
export const steadyClock: Clock = () => instant(performance.timeOrigin + performance.now())

const BACK_OFF_FIRST: Millis = SECOND / 2
const BACK_OFF_MAX: Millis = 8 * SECOND

/** How long to wait after the given failed try (1 is the first): doubled each time, and between half and the whole of it. */
export function backOff(tries: number, random: () => number): Millis {
  const span = Math.min(BACK_OFF_MAX, BACK_OFF_FIRST * 2 ** (tries - 1))
  return span * (0.5 + random() / 2)
}

/**
 * Reads Retry-After: seconds or an HTTP date, which is of the clock that `date`, the header Date, tells; without one of this
 * machine's. Undefined where it is absent, unreadable or not in the future.
 */
export function retryAfter(header: string | undefined, date: string | undefined, now: number): Millis | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const there = Date.parse(date ?? '')
  const isSpan = /^\d{1,9}(?:\.\d+)?$/.test(text)
  const span = isSpan ? Number(text) * SECOND : Date.parse(text) - (Number.isNaN(there) ? now : there)
  return Number.isFinite(span) && span > 0 ? span : undefined
}

/** The work's outcome, or the error of the signal as soon as it is aborted, whatever the work does about it. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortReason(signal))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
