import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { failed } from '../../src/fal/answer.ts'
import { createKeySpells, createSpell } from '../../src/fal/budget.ts'
import { createFalClient } from '../../src/fal/client.ts'
import { type Instant, instant, SECOND } from '../../src/units/instant.ts'
import { FEBRUARY, KEY, KEY_ID, never, OTHER_KEY, openLine, workspace, zone } from './line.ts'

const BOTH = [workspace(), workspace({ username: 'other', apiKeys: [OTHER_KEY] })]

function handClock(): { now: number; clock: () => Instant } {
  const hand = { now: 1_000_000, clock: () => instant(hand.now) }
  return hand
}

describe('a spell', () => {
  it('runs while somebody tries, once however many do', () => {
    const hand = handClock()
    const spell = createSpell(100, hand.clock)
    hand.now += 1000
    expect(spell.remaining()).toBe(100)
    const first = spell.enter()
    hand.now += 10
    const second = spell.enter()
    hand.now += 20
    first()
    hand.now += 30
    second()
    hand.now += 1000
    expect(spell.remaining()).toBe(40)
  })

  it('begins anew with a success, also in the middle of a try', () => {
    const hand = handClock()
    const spell = createSpell(100, hand.clock)
    const leave = spell.enter()
    hand.now += 90
    spell.succeed()
    hand.now += 5
    expect(spell.remaining()).toBe(95)
    leave()
    expect(spell.remaining()).toBe(95)
  })

  it('of a key is forgotten after a rest', () => {
    const hand = handClock()
    const spellOf = createKeySpells(100, hand.clock)
    const leave = spellOf('a').enter()
    hand.now += 100
    spellOf('a').fail(failed('server-error', 'why'))
    leave()
    hand.now += 30 * SECOND - 1
    expect(spellOf('a').remaining()).toBe(0)
    expect(spellOf('a').lastFailure()?.reason).toBe('why')
    expect(spellOf('b').remaining()).toBe(100)
    hand.now += 1
    expect(spellOf('a').remaining()).toBe(100)
  })
})

describe('a spell with too little left for a try', () => {
  it('is spent, and forgotten after a rest all the same', () => {
    const hand = handClock()
    const spellOf = createKeySpells(100, hand.clock, 20)
    const leave = spellOf('a').enter()
    hand.now += 80
    expect(spellOf('a').isSpent()).toBe(false)
    hand.now += 1
    expect(spellOf('a').isSpent()).toBe(true)
    spellOf('a').fail(failed('unreachable', 'why'))
    leave()
    hand.now += 30 * SECOND
    expect(spellOf('a').isSpent()).toBe(false)
  })
})

describe('the failure budget', () => {
  const days = { range: FEBRUARY, zone: zone('UTC'), timeframe: 'day' } as const

  it('is shared by the endpoints of a key, asked at once or in turn, and spares the other keys', async () => {
    const { client, double } = await openLine(
      { workspaces: BOTH, faults: [{ kind: 'hang', keyId: KEY_ID }] },
      { requestTimeout: 100, failureBudget: 300, random: () => 0, sleep: () => Promise.resolve(), attempts: 50 },
    )
    const answers = await Promise.all([
      client.usage(KEY, days, never()),
      client.events(KEY, { range: FEBRUARY }, never()),
      client.billing(KEY, never()),
    ])
    for (const answer of answers) expect(answer).toMatchObject({ status: 'failed', failure: 'unreachable' })
    const asked = double.requests.length
    expect(await client.serverlessUsage(KEY, days, never())).toMatchObject({ status: 'failed', failure: 'unreachable' })
    expect((await client.billing(OTHER_KEY, never())).status).toBe('complete')
    expect(double.requests.length).toBeLessThanOrEqual(asked + 2)
  })

  it('holds where the connection itself does not come about', async () => {
    // Takes the connection, and says nothing of TLS.
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as AddressInfo
    const baseUrl = `https://127.0.0.1:${port}/v1`
    const client = createFalClient({ baseUrl, requestTimeout: 300, failureBudget: 600 })
    const began = performance.now()
    expect(await client.billing(KEY, never())).toMatchObject({ status: 'failed', failure: 'unreachable' })
    expect(performance.now() - began).toBeLessThan(1000)
    await client.close()
  })

  it('ends the retries, and then fails at once with the same reason', async () => {
    const { client, double, slept } = await openLine(
      { faults: [{ kind: 'status', status: 503 }] },
      { attempts: 1000, random: () => 1 },
    )
    const first = await client.billing(KEY, never())
    const spent = slept.reduce((sum, span) => sum + span, 0)
    expect(first).toMatchObject({ status: 'failed', failure: 'server-error' })
    expect(spent).toBeLessThan(15_000)
    // 0.5 + 1 + 2 + 4 s; the next, 8 s, would be too long.
    expect(slept).toEqual([500, 1000, 2000, 4000])
    await client.billing(KEY, never())
    await client.billing(KEY, never())
    expect(slept.reduce((sum, span) => sum + span, 0)).toBeLessThan(15_000)
    expect(double.requests.length).toBeLessThan(20)
  })

  it('once spent costs no request any more', async () => {
    let now = 0
    const { client, double } = await openLine(
      { faults: [{ kind: 'status', status: 503 }] },
      {
        attempts: 3,
        failureBudget: 1000,
        clock: () => instant(now),
        // A sleep that takes longer than it should, as on a busy machine.
        sleep: async () => {
          now += 2000
        },
      },
    )
    const first = await client.billing(KEY, never())
    expect(double.requests).toHaveLength(1)
    const second = await client.billing(KEY, never())
    expect(double.requests).toHaveLength(1)
    expect(second).toMatchObject({ status: 'failed', failure: 'server-error' })
    expect(first).toMatchObject({ failure: 'server-error' })
    now += 30 * SECOND
    await client.billing(KEY, never())
    expect(double.requests).toHaveLength(2)
  })

  it('starts no try with hardly any time left', async () => {
    const { client, double } = await openLine(
      { faults: [{ kind: 'hang' }] },
      { requestTimeout: 200, failureBudget: 215, attempts: 50, sleep: () => Promise.resolve() },
    )
    const answer = await client.billing(KEY, never())
    expect(answer).toMatchObject({ reason: expect.stringContaining('within 0.2 s') })
    expect(double.requests).toHaveLength(1)
  })

  it('names the time limit or itself, never what happened to be left of it', async () => {
    const { client } = await openLine(
      { faults: [{ kind: 'hang' }] },
      { requestTimeout: 200, failureBudget: 300, attempts: 50, sleep: () => Promise.resolve() },
    )
    const answers = await Promise.all([1, 2, 3].map(() => client.billing(KEY, never())))
    for (const answer of answers) {
      expect(answer.status === 'failed' && answer.reason).toMatch(/within 0\.2 s|gave up after 0\.3 s of failures/)
    }
  })

  it('begins anew with each success, so a long reading with hiccups goes through', async () => {
    const pages = Array.from({ length: 8 }, (_, index) => index + 1)
    const { client, slept } = await openLine(
      {
        workspaces: [
          workspace({
            events: Array.from({ length: 8 }, (_, index) => ({ ...BOTH[0]!.events[0]!, requestId: `r${index}` })),
          }),
        ],
        faults: pages.map((page) => ({ kind: 'status', status: 429, retryAfter: '5', page, times: 1 }) as const),
      },
      { limits: { eventPageRows: 1 } },
    )
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer.status === 'complete' && answer.value.length).toBe(8)
    expect(slept).toEqual(pages.map(() => 5000))
  })

  it('does not count the time in the queue', async () => {
    const { client } = await openLine(
      { workspaces: BOTH, faults: [{ kind: 'hang', keyId: KEY_ID, times: 2 }] },
      { concurrency: 1, requestTimeout: 200, failureBudget: 300, attempts: 1 },
    )
    const hanging = [client.billing(KEY, never()), client.billing(KEY, never())]
    expect((await client.billing(OTHER_KEY, never())).status).toBe('complete')
    for (const answer of await Promise.all(hanging)) expect(answer.status).toBe('failed')
  })

  it('lets a neighbour on the same client go on while it sleeps, with one socket alone', async () => {
    let wake = (): void => undefined
    const { client } = await openLine(
      { workspaces: BOTH, faults: [{ kind: 'status', status: 500, keyId: KEY_ID, times: 1 }] },
      { concurrency: 1, sleep: () => new Promise((resolve) => (wake = resolve)) },
    )
    const sleeping = client.billing(KEY, never())
    expect((await client.billing(OTHER_KEY, never())).status).toBe('complete')
    wake()
    expect((await sleeping).status).toBe('complete')
  })
})

describe('the limiter', () => {
  it.each([1, 3])('never has more than %i requests in flight', async (concurrency) => {
    const { client, double } = await openLine({ workspaces: BOTH, latencyMs: 30 }, { concurrency })
    let settled = 0
    const calls = Array.from({ length: 9 }, async () => {
      await client.billing(KEY, never())
      settled++
      expect(double.requests.length - settled).toBeLessThanOrEqual(concurrency)
    })
    await Promise.all(calls)
    expect(double.requests).toHaveLength(9)
  })
})

describe('keys that hang', () => {
  const keyOf = (at: number): string => `0a1b2c3d-0000-4000-8000-0000000000${10 + at}:${'feedface'.repeat(4)}`
  const dead = Array.from({ length: 10 }, (_, at) => at)
  const alive = [10, 11]
  const workspaces = [...dead, ...alive].map((at) => workspace({ username: `w${at}`, apiKeys: [keyOf(at)] }))
  const isDead = (name: string | null): boolean => dead.some((at) => name === `w${at}`)

  it('hold one place each, and not for long: the others are answered before they are asked again', async () => {
    const { client, double } = await openLine(
      { workspaces, faults: dead.map((at) => ({ kind: 'hang', keyId: keyOf(at).slice(0, 36) }) as const) },
      { requestTimeout: 2000, failureBudget: 2500, sleep: () => Promise.resolve() },
    )
    const answered: (string | null)[][] = []
    const asked = [...dead, ...alive].map(async (at) => {
      const days = { range: FEBRUARY, zone: zone('UTC'), timeframe: 'day' } as const
      const answers = await Promise.all([
        client.billing(keyOf(at), never()),
        client.usage(keyOf(at), days, never()),
        client.events(keyOf(at), { range: FEBRUARY }, never()),
      ])
      answered.push(double.requests.map((request) => request.workspace))
      return answers.map(({ status }) => status)
    })
    const statuses = await Promise.all(asked)
    expect(statuses.slice(0, 10).flat()).toEqual(Array(30).fill('failed'))
    expect(statuses.slice(10).flat()).toEqual(Array(6).fill('complete'))
    // When the second of the living was answered, every dead key had been asked once, and none again.
    const log = answered[1] ?? []
    expect(log.filter((name) => !isDead(name))).toHaveLength(6)
    expect(log.filter(isDead).sort()).toEqual(dead.map((at) => `w${at}`).sort())
  })

  it('take turns with one request until they are answered, and then do not', async () => {
    const hanging = { kind: 'hang', times: 1 } as const
    const { client, double } = await openLine(
      { faults: [hanging], latencyMs: 50 },
      { requestTimeout: 2000, failureBudget: 10_000, sleep: () => Promise.resolve() },
    )
    const calls = Array.from({ length: 4 }, () => client.billing(KEY, never()))
    await client.billing(OTHER_KEY, never())
    expect(double.requests.filter((request) => request.workspace !== null)).toHaveLength(1)
    for (const answer of await Promise.all(calls)) expect(answer.status).toBe('complete')
    const again = Array.from({ length: 4 }, () => client.billing(KEY, never()))
    await client.billing(OTHER_KEY, never())
    expect(double.requests.filter((request) => request.workspace !== null)).toHaveLength(9)
    await Promise.all(again)
  })
})
