import { hash } from 'node:crypto'
import pLimit from 'p-limit'
import type { Clock, Millis } from '../units/instant.ts'
import { SECOND } from '../units/instant.ts'
import type { Failed } from './answer.ts'

/**
 * How long work may go on without a success. Its time runs while at least one try or back-off is under way, once however many
 * are: so it is the wall-clock time that somebody waited in vain. Time in the limiter's queue does not count.
 */
export interface Spell {
  remaining(): Millis
  /** Whether too little is left for another try. */
  isSpent(): boolean
  /** Begins a try or a back-off; call the function returned when it is over. */
  enter(): () => void
  succeed(): void
}

/** The spell of one API key, shared by all calls for it; remembers why the last try failed. */
export interface KeySpell extends Spell {
  /** Whether the key was answered, and not left without an answer since. */
  isAnswered(): boolean
  /** Does the work when it is its turn: one at a time until the key was answered, so that a dead one holds one place alone. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  fail(why: Failed): void
  lastFailure(): Failed | undefined
  /** How long ago it last failed. */
  failedAgo(): Millis
  /** How long it still rests before it is asked again. */
  restLeft(): Millis
}

/** The spells of all keys, by key. */
export interface KeySpells {
  (apiKey: string): KeySpell
  /** Ends the rest of all keys: the next question is asked. */
  endRests(): void
}

/**
 * A key whose budget is spent is asked again after this rest: long enough that what one audit asks of a dead key fails at once,
 * and short enough that whoever asks anew after an outage is soon told what is the case.
 */
const REST: Millis = 30 * SECOND
const PASSING: ReadonlySet<Failed['failure']> = new Set(['unreachable', 'server-error', 'rate-limited'])
/** Keys remembered; the least recently added is forgotten beyond that. */
const KEYS_MAX = 10_000

/** `least`: the shortest time that is worth a try. */
export function createSpell(limit: Millis, clock: Clock, least: Millis = 0): Spell {
  let spent = 0
  let active = 0
  let runningSince = 0
  const running = (): Millis => (active > 0 ? clock() - runningSince : 0)
  const remaining = (): Millis => limit - spent - running()
  return {
    remaining,
    isSpent: () => remaining() <= 0 || remaining() < least,
    enter: () => {
      if (active === 0) runningSince = clock()
      active++
      return () => {
        if (active === 1) spent += running()
        active--
      }
    },
    succeed: () => {
      spent = 0
      runningSince = clock()
    },
  }
}

/** Hands out the spell of each key. A key that only fails costs at most `limit`, then fails at once until it has rested. */
export function createKeySpells(limit: Millis, clock: Clock, least: Millis = 0): KeySpells {
  const spells = new Map<string, KeySpell>()
  const create = (): KeySpell => {
    let last: Failed | undefined
    // Until the first failure, the beginning: a key whose first tries are still under way has not rested.
    let failedAt: number = clock()
    const turns = pLimit(1)
    const ofAnyCall = createSpell(limit, clock, least)
    let answered = false
    return {
      ...ofAnyCall,
      isAnswered: () => answered,
      inTurn: turns,
      succeed: () => {
        ofAnyCall.succeed()
        answered = true
        turns.concurrency = Number.POSITIVE_INFINITY
      },
      fail: (why) => {
        // What an answer refused spends no time to speak of: it is not why the key rests.
        if (last === undefined || PASSING.has(why.failure)) last = why
        if (why.failure === 'unreachable') answered = false
        failedAt = clock()
      },
      lastFailure: () => last,
      failedAgo: () => clock() - failedAt,
      restLeft: () => Math.max(0, failedAt + REST - clock()),
    }
  }
  const spellOf = (apiKey: string): KeySpell => {
    // A digest: a key that was sent for one call only is not to stay in memory.
    const id = hash('sha256', apiKey, 'base64')
    const known = spells.get(id)
    const rested = known?.isSpent() && known.restLeft() === 0
    if (known !== undefined && !rested) return known
    if (spells.size >= KEYS_MAX) for (const oldest of [...spells.keys()].slice(0, 1)) spells.delete(oldest)
    const fresh = create()
    spells.set(id, fresh)
    return fresh
  }
  const endRests = (): void => {
    for (const [id, spell] of spells) if (spell.isSpent()) spells.delete(id)
  }
  return Object.assign(spellOf, { endRests })
}
