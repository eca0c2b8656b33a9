import { throwIfAborted } from '../errors.ts'
import { type Clock, type Millis, plus, SECOND } from '../units/instant.ts'
import type { Answer, Failed } from './answer.ts'
import { createKeySpells, createSpell, type KeySpell, type Spell } from './budget.ts'
import { ERROR_TOLD } from './json.ts'
import { createPlaces, HANGING_MAX } from './places.ts'
import type { Proxies } from './proxy.ts'
import {
  afterTries,
  END_UNTOLD,
  failureOfBudget,
  failureOfError,
  failureOfRest,
  failureOfStatus,
  failureOfTimeout,
  KEY_MALFORMED,
} from './reasons.ts'
import type { Redact } from './redacting.ts'
import { type Ask, createSocket, OK, type Reply } from './socket.ts'
import { backOff, retryAfter, type Sleep, untilAborted } from './waiting.ts'

/** Query parameters in order; a name may come several times. */
export type Params = readonly (readonly [string, string])[]

interface Asking {
  /** Another address than the Platform API's, with a failure budget of its own; undefined: the Platform API. */
  readonly baseUrl?: string
  readonly apiKey: string
  readonly path: string
  readonly params: Params
  readonly accept: 'application/json' | 'text/csv'
  /** JSON that is sent with POST; undefined: a GET. Only questions that change nothing: they may be asked several times. */
  readonly body?: string
}

/** Reads a 2xx answer, as text or as the bytes of it; what it refuses is not asked for again. Bytes are good until it returns. */
type Reading<T> =
  | { readonly read: (text: string) => Answer<T>; readonly readBytes?: never }
  | { readonly readBytes: (body: Buffer) => Answer<T> }

export type Question<T> = Asking & Reading<T>

export interface Transport {
  /** Asks until there is an answer, a failure that a retry cannot mend, or no budget. Throws only when cancelled. */
  ask<T>(question: Question<T>, signal: AbortSignal): Promise<Answer<T>>
  /** Asks every key at the next question, also one that was given up a short while ago. */
  endRests(): void
  /** How far the clock of whoever answered last was ahead of this machine's; undefined: nobody told. */
  clockAhead(): Millis | undefined
  close(): Promise<void>
}

export interface TransportOptions {
  readonly baseUrl: string
  readonly proxies: Proxies
  readonly concurrency: number
  readonly requestTimeout: Millis
  readonly failureBudget: Millis
  readonly attempts: number
  readonly answerBytes: number
  readonly redact: Redact
  readonly random: () => number
  readonly sleep: Sleep
  readonly clock: Clock
  /** The time of this machine, which somebody may set. */
  readonly wallClock: Clock
}

/** A try that was not made, because the budget is spent. */
interface NotTried {
  readonly budgetSpent: true
}
type Tried = Answer<Reply> | NotTried

/** A try with less time than this, or than a tenth of what a request is given, would only fail again. */
const TRY_LEAST: Millis = SECOND / 2
/** Share of the time of a request after which one for a key without an answer gives up its place. */
const PATIENCE_SHARE = 0.2

const SENDABLE_KEY = /^[\x21-\x7e]+$/

/**
 * HTTP to fal: keep-alive sockets behind one limiter, time-outs, retries with back-off, and the failure budget of each key.
 * The limiter is around the socket only, so a call that backs off holds nobody up; nor do keys that were never answered.
 */
export function createTransport(options: TransportOptions): Transport {
  const { requestTimeout, failureBudget } = options
  const places = createPlaces(options.concurrency, requestTimeout * PATIENCE_SHARE)
  const socket = createSocket(options.concurrency + HANGING_MAX, options.proxies)
  const least = Math.min(TRY_LEAST, requestTimeout / 10)
  const spellOf = createKeySpells(failureBudget, options.clock, least)
  let clockAhead: Millis | undefined

  async function tryOnce(request: Request, spells: Spells, signal: AbortSignal): Promise<Tried> {
    throwIfAborted(signal)
    // Looked at here and not before queueing: other calls of the key may have spent the budget meanwhile.
    if (spells.isSpent()) return { budgetSpent: true }
    const remaining = spells.remaining()
    const leave = spells.enter()
    try {
      const timeout = Math.min(requestTimeout, remaining)
      const late = remaining < requestTimeout ? failureOfBudget(failureBudget) : failureOfTimeout(requestTimeout)
      const sentAt = options.wallClock()
      const reply = await socket.send({ ...request, timeout, late, bytesMax: options.answerBytes }, signal)
      if (reply.status === 'complete') clockAhead = aheadOf(reply.value.date, sentAt, options.wallClock()) ?? clockAhead
      return reply
    } finally {
      leave()
    }
  }

  async function ask<T>(question: Question<T>, signal: AbortSignal): Promise<Answer<T>> {
    throwIfAborted(signal)
    const key = question.apiKey.trim()
    if (!SENDABLE_KEY.test(key)) return KEY_MALFORMED
    const { accept, body, baseUrl } = question
    const url = `${baseUrl ?? options.baseUrl}${question.path}${queryOf(question.params)}`
    const request: Request = { url, apiKey: key, accept, ...(body !== undefined && { body }) }
    // The call's own spell: a neighbour's success must not let an endpoint that only fails go on for ever.
    // By address too: one that is down must not use up what a key may fail at the Platform API.
    const ofKey = spellOf(baseUrl === undefined ? key : `${baseUrl} ${key}`)
    const spells = bothSpells(ofKey, createSpell(failureBudget, options.clock, least))
    let last: Failed | undefined
    for (let tries = 1; ; tries++) {
      const tried = await untilAborted(
        ofKey.inTurn(() => places.take(() => tryOnce(request, spells, signal), !ofKey.isAnswered())),
        signal,
      )
      if ('budgetSpent' in tried) return last === undefined ? restOf(ofKey) : afterTries(last, tries - 1)
      const answer = outcomeOf(tried, question, options.redact)
      if (answer.status === 'complete') {
        spells.succeed()
        return answer
      }
      spells.fail(answer)
      last = answer
      if (!mayPass(tried) || tries >= options.attempts) return afterTries(answer, tries)
      const asked = askedWait(tried)
      const wait = asked ?? backOff(tries, options.random)
      // Sleeping through the rest of the budget would only make the same failure come later.
      if (wait >= spells.remaining() - least) return afterTries(answer, tries, asked)
      const leave = spells.enter()
      try {
        await untilAborted(options.sleep(wait, signal), signal)
      } finally {
        leave()
      }
    }
  }

  /** Why a key was not asked at all, with what happened before and when it is asked again. */
  const restOf = (key: KeySpell): Failed => {
    const now = options.wallClock()
    return failureOfRest(key.lastFailure() ?? failureOfBudget(failureBudget), {
      budget: failureBudget,
      failedAt: plus(now, -key.failedAgo()),
      askedAt: plus(now, key.restLeft()),
      wait: key.restLeft(),
    })
  }

  const askedWait = (tried: Answer<Reply>): Millis | undefined =>
    tried.status === 'complete' ? retryAfter(tried.value.retryAfter, tried.value.date, options.wallClock()) : undefined

  return { ask, endRests: spellOf.endRests, clockAhead: () => clockAhead, close: () => socket.close() }
}

function outcomeOf<T>(tried: Answer<Reply>, question: Question<T>, redact: Redact): Answer<T> {
  if (tried.status === 'failed') return tried
  const { status, body, isEndTold, release } = tried.value
  try {
    if (status !== OK) return failureOfStatus(status, body.toString(), question.apiKey, redact)
    // JSON that was cut is broken; of lines nobody could tell.
    if (question.accept === 'text/csv' && !isEndTold) return END_UNTOLD
    const answer = question.readBytes === undefined ? question.read(body.toString()) : question.readBytes(body)
    return answer === ERROR_TOLD ? failureOfError(answer, body.toString(), question.apiKey, redact) : answer
  } finally {
    release()
  }
}

/** Whether asking again may help: rate limits, fal's own failures, broken connections and time-outs. */
function mayPass(tried: Answer<Reply>): boolean {
  if (tried.status === 'failed') return tried.failure === 'unreachable'
  return tried.value.status === 429 || tried.value.status >= 500
}

function queryOf(params: Params): string {
  const query = new URLSearchParams()
  for (const [name, value] of params) query.append(name, value)
  return params.length === 0 ? '' : `?${query}`
}

/** The header is cut to the second, and was written at some time between sending and receiving. */
function aheadOf(date: string | undefined, sentAt: number, receivedAt: number): Millis | undefined {
  const there = Date.parse(date ?? '')
  return Number.isNaN(there) ? undefined : there + SECOND / 2 - (sentAt + receivedAt) / 2
}

type Request = Omit<Ask, 'timeout' | 'late' | 'bytesMax'>

type Spells = ReturnType<typeof bothSpells>

function bothSpells(ofKey: KeySpell, ofCall: Spell) {
  return {
    remaining: (): Millis => Math.min(ofKey.remaining(), ofCall.remaining()),
    isSpent: (): boolean => ofKey.isSpent() || ofCall.isSpent(),
    enter: (): (() => void) => {
      const leaveKey = ofKey.enter()
      const leaveCall = ofCall.enter()
      return () => {
        leaveKey()
        leaveCall()
      }
    },
    succeed: (): void => {
      ofKey.succeed()
      ofCall.succeed()
    },
    fail: ofKey.fail,
  }
}
