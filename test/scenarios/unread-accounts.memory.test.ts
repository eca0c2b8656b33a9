import { setTimeout as timer } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { apiKeyOf, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { auditWith, refused } from '../kit/audit-with.ts'
import { auditWorld, inShort } from '../kit/audit-world.ts'

const requests = { depth: 'requests' as const }

/** Nothing is answered to the key of account 6, whose requests are on the bill that the key of account 5 reads. */
function sixRefused(fal: FalReader): Partial<FalReader> {
  const isSix = (apiKey: string): boolean => apiKey === apiKeyOf(6)
  return {
    billing: async (apiKey, signal) => (isSix(apiKey) ? refused : fal.billing(apiKey, signal)),
    usage: async (apiKey, query, signal) => (isSix(apiKey) ? refused : fal.usage(apiKey, query, signal)),
    events: async (apiKey, query, signal) => (isSix(apiKey) ? refused : fal.events(apiKey, query, signal)),
  }
}

const lost = (number: number, cost: string) => ({
  ...{ requestId: requestIdOf(number), cost, timestamp: '2026-02-06T08:00:00Z' },
})

/** Account 5 lost one request, and account 6 two, one of them for nothing. */
const world = () =>
  new MiniWorld()
    .account(5, { workspace: 'w' })
    .account(6, { workspace: 'w' })
    .task({ account: 5, cost: '100' })
    .task({ account: 6, cost: '3', user: 102 })
    .event(lost(777, '0.2'), apiKeyOf(5))
    .event(lost(778, '0.400000001'), apiKeyOf(6))
    .event(lost(779, '0'), apiKeyOf(6))

const unrecorded = (report: Report): string[] => inShort(report).filter((text) => text.startsWith('B1 '))

describe('requests of an account that was not read', () => {
  it('are counted as not evaluated, and what is counted as unrecorded is what B1 finds', async () => {
    const report = await auditWith(world().build(), sixRefused, requests)
    expect(unrecorded(report)).toEqual([`B1 requestId=${requestIdOf(777)}`])
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'B1', subject: { accountId: 6 } }))
    expect(report.requests).toMatchObject({
      matched: 1,
      unrecorded: 1,
      verdicts: { matched: 1, 'not-evaluated': 2, unrecorded: 1 },
    })
    expect(report.rules.find(({ rule }) => rule === 'B1')).toMatchObject({ examined: 4, findings: 1 })
  })

  it('stay in the sums, to the nano-dollar', async () => {
    const report = await auditWith(world().build(), sixRefused, requests)
    expect(report.tieOut).toMatchObject({
      eventsTotal: '103.600000001',
      eventsMatched: '100',
      eventsNotEvaluated: '3.400000001',
      eventsUnrecorded: '0.2',
      eventsResidual: '0',
      recordedNotEvaluated: '3',
      recordedResidual: '0',
      bridgeByEventTime: '103.600000001',
      bridgeByTaskPeriod: '103.600000001',
      bridgeResidual: '0',
    })
  })

  it('are unrecorded once it is read', async () => {
    const report = await auditWorld(world().build(), requests)
    expect(unrecorded(report)).toHaveLength(2)
    expect(report.requests).toMatchObject({ matched: 2, unrecorded: 2, verdicts: { matched: 2, unrecorded: 2 } })
    expect(report.rules.find(({ rule }) => rule === 'B1')).toMatchObject({ examined: 5, findings: 2 })
    expect(report.tieOut).toMatchObject({
      eventsTotal: '103.600000001',
      eventsNotEvaluated: '0',
      eventsUnrecorded: '0.600000001',
      eventsResidual: '0',
    })
  })
})

it('hold nobody up: all bills are asked about single requests at once', async () => {
  const accounts = [5, 6, 7]
  const world = new MiniWorld()
  for (const account of accounts) world.account(account).task({ account, cost: '1', billed: false })
  let asking = 0
  let mostAtOnce = 0
  const slow = (fal: FalReader): Partial<FalReader> => ({
    events: async (apiKey, query, signal) => {
      if (query.requestIds === undefined) return fal.events(apiKey, query, signal)
      mostAtOnce = Math.max(mostAtOnce, ++asking)
      await timer(50)
      asking -= 1
      return fal.events(apiKey, query, signal)
    },
  })
  const report = await auditWith(world.build(), slow, requests)
  expect(mostAtOnce).toBe(accounts.length)
  expect(report.coverage.complete).toBe(true)
})

it.each([
  ['of one account', [6], 1],
  ['of both', [5, 6], 0],
])('usage that is refused %s is no bill that B21 looked at, though events were read', async (_, ids, examined) => {
  const two = new MiniWorld().account(5).account(6).task({ cost: '1' }).task({ account: 6, cost: '1' }).build()
  const keys = ids.map(apiKeyOf)
  for (const depth of ['summary', 'requests'] as const) {
    const report = await auditWith(
      two,
      (fal) => ({
        usage: async (key, query, signal) => (keys.includes(key) ? refused : fal.usage(key, query, signal)),
      }),
      { depth },
    )
    expect(report.rules).toContainEqual({ rule: 'B21', examined, findings: 0 })
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'B21' }))
  }
})

describe('a request that is billed to another account than its task names', () => {
  /** Account 5 recorded the second task, which account 6 was billed for. */
  const world = () => {
    const crossed = new MiniWorld().account(5).account(6).task({ cost: '100' }).task({ cost: '1', billed: false })
    return crossed
      .task({ account: 6, cost: '100' })
      .event({ requestId: requestIdOf(2), cost: '1', timestamp: '2026-02-06T06:00:00Z' }, apiKeyOf(6))
      .build()
  }
  const isSix = (apiKey: string): boolean => apiKey === apiKeyOf(6)
  /** Of account 6 so many events are read, and then none. */
  const cutAfter =
    (count: number, usage: Partial<FalReader> = {}) =>
    (fal: FalReader): Partial<FalReader> => ({
      events: async (apiKey, query, signal) => {
        const told = await fal.events(apiKey, query, signal)
        if (!isSix(apiKey) || told.status === 'failed') return told
        return { status: 'partial', value: told.value.slice(0, count), failure: 'server-error', reason: '500' }
      },
      ...usage,
    })
  const unbilled = (report: Report): string[] => inShort(report).filter((text) => text.startsWith('B2 '))
  const isOpen = ({ notEvaluated }: Report): boolean =>
    notEvaluated.some(({ rule, subject }) => rule === 'B2' && subject.accountId === 5)

  it('is no task that fal did not bill where the bill that holds it broke off', async () => {
    const whole = await auditWorld(world(), requests)
    expect([whole.requests?.matched, unbilled(whole), isOpen(whole)]).toEqual([3, [], false])
    const refusing: Partial<FalReader> = { usage: async () => refused }
    for (const change of [cutAfter(9), cutAfter(9, refusing)]) {
      const report = await auditWith(world(), change, requests)
      expect([unbilled(report), isOpen(report)]).toEqual([[], true])
      expect(report.requests).toMatchObject({ unbilled: 0 })
      expect(report.tieOut).toMatchObject({ recordedUnbilled: '0', recordedResidual: '0', eventsResidual: '0' })
    }
  })

  it('is none where fal contradicts the bill that holds it', async () => {
    const twice = (fal: FalReader): Partial<FalReader> => ({
      events: async (apiKey, query, signal) => {
        const told = await fal.events(apiKey, query, signal)
        if (!isSix(apiKey) || told.status === 'failed') return told
        return { ...told, value: query.requestIds === undefined ? [...told.value, ...told.value] : [] }
      },
    })
    const report = await auditWith(world(), twice, requests)
    expect([unbilled(report), isOpen(report)]).toEqual([[], true])
  })

  it('is one where nothing that was read of the other bill holds it', async () => {
    const report = await auditWith(world(), cutAfter(0), requests)
    expect([unbilled(report).length, isOpen(report)]).toEqual([1, false])
  })
})
