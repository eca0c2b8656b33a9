import { describe, expect, it } from 'vitest'
import { failed } from '../../src/fal/answer.ts'
import { createKeySpells } from '../../src/fal/budget.ts'
import { instant, SECOND } from '../../src/units/instant.ts'
import { FEBRUARY, KEY, never, OTHER_KEY, openLine, workspace, zone } from './line.ts'

const DAYS = { range: FEBRUARY, zone: zone('UTC'), timeframe: 'day' } as const
const reasonOf = (answer: object): string => ('reason' in answer ? String(answer.reason) : '')

/** fal fails until it is mended; a back-off takes twice the budget of one second, by a clock that is moved by hand. */
async function outage() {
  let now = 0
  const line = await openLine(
    { workspaces: [workspace()], faults: [{ kind: 'status', status: 503, times: 1 }] },
    {
      attempts: 3,
      failureBudget: SECOND,
      clock: () => instant(now),
      wallClock: () => instant(Date.parse('2026-02-10T00:00:00Z') + now),
      sleep: async () => {
        now += 2 * SECOND
      },
    },
  )
  const pass = (span: number): void => {
    now += span
  }
  return { ...line, pass }
}

describe('a key that rests', () => {
  it('says that it was not asked, why and when it failed, and when it is asked again', async () => {
    const { client, double, pass } = await outage()
    const first = await client.billing(KEY, never())
    expect(reasonOf(first)).toMatch(/^fal answered 503/)
    expect(reasonOf(first)).not.toContain('not asked')
    pass(10 * SECOND)
    const answer = await client.billing(KEY, never())
    expect(double.requests).toHaveLength(1)
    expect(answer).toMatchObject({ status: 'failed', failure: 'server-error' })
    expect(reasonOf(answer)).toMatch(
      /^fal was not asked now, and is asked again in 18 s \(from 2026-02-10T00:00:30Z on\): it had failed for 1 s, last at 2026-02-10T00:00:00Z: fal answered 503/,
    )
  })

  it('is asked again after half a minute', async () => {
    const { client, double, pass } = await outage()
    await client.billing(KEY, never())
    pass(30 * SECOND - 2 * SECOND - 1)
    expect((await client.billing(KEY, never())).status).toBe('failed')
    expect(double.requests).toHaveLength(1)
    pass(1 + 2 * SECOND)
    expect((await client.billing(KEY, never())).status).toBe('complete')
  })

  it('is asked at once where somebody wants to know, and other keys are as ever', async () => {
    const { client, double } = await outage()
    await client.billing(KEY, never())
    expect((await client.usage(KEY, DAYS, never())).status).toBe('failed')
    expect(double.requests).toHaveLength(1)
    await client.askAgain?.()
    expect((await client.usage(KEY, DAYS, never())).status).toBe('complete')
    expect((await client.billing(OTHER_KEY, never())).status).toBe('failed')
  })

  it('tells what made it rest, not what another endpoint refused meanwhile', () => {
    const spell = createKeySpells(1000, () => instant(0))('a')
    spell.fail(failed('unreachable', 'it hung'))
    spell.fail(failed('forbidden', 'it may not'))
    expect(spell.lastFailure()?.reason).toBe('it hung')
    spell.fail(failed('server-error', 'it broke'))
    expect(spell.lastFailure()?.reason).toBe('it broke')
  })

  it('of a call that was asked is not told: it says what its own tries met', async () => {
    const { client } = await openLine(
      { faults: [{ kind: 'status', status: 503 }] },
      { attempts: 50, failureBudget: 1500, random: () => 0 },
    )
    const answers = await Promise.all([1, 2, 3].map(() => client.billing(KEY, never())))
    expect(reasonOf(answers[0]!)).toMatch(/^fal answered 503.*\(tried \d+ times\)$/)
  })
})

describe('a key that was answered', () => {
  it('counts as one until it is left without an answer, be it a refusal', () => {
    const spell = createKeySpells(SECOND, () => instant(0))(KEY)
    expect(spell.isAnswered()).toBe(false)
    spell.succeed()
    expect(spell.isAnswered()).toBe(true)
    spell.fail(failed('rate-limited', 'too many'))
    expect(spell.isAnswered()).toBe(true)
    spell.fail(failed('unreachable', 'it hung'))
    expect(spell.isAnswered()).toBe(false)
  })
})
