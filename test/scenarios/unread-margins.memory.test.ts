import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { apiKeyOf, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { ratio } from '../../src/units/ratio.ts'
import { auditWith } from '../kit/audit-with.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { eachOf } from '../kit/memory-ports.ts'
import { refusing } from '../kit/refusing.ts'

const R = { depth: 'requests' as const, settings: { pointsPerUsd: ratio('100') } }
const MODEL = 'fal-ai/flux/schnell'
const DAY = { model: MODEL, date: '2026-02-06' }

/** Account 5 lost 0.5 USD on the model that day; what account 6 sold of it on the same day makes up for that, or does not. */
const soldIn = (other: Parameters<MiniWorld['task']>[0] = {}): MiniWorld =>
  new MiniWorld()
    .account(5)
    .account(6)
    .task({ cost: '1', points: 50 })
    .task({ account: 6, user: 102, cost: '0.1', points: 100, ...other })

const sold = (other: Parameters<MiniWorld['task']>[0] = {}): World => soldIn(other).build()

const unreadable = (world: World) => auditWith(world, (fal) => refusing(fal, new Set([apiKeyOf(6)])), R)

/** fal answers by pages, and not what it is asked by id. */
const unanswering = (world: World) =>
  auditWith(
    world,
    (fal) => {
      const events: typeof fal.events = async (key, query, signal) =>
        query.requestIds === undefined
          ? fal.events(key, query, signal)
          : { status: 'failed', failure: 'server-error', reason: 'fal answered 500' }
      return { events, eachEvents: eachOf(events) }
    },
    R,
  )

const lossesIn = ({ findings }: Report) => findings.filter(({ rule }) => rule === 'B16').map(({ subject }) => subject)
const openIn = ({ notEvaluated }: Report) =>
  notEvaluated.filter(({ rule }) => rule === 'B16').map(({ subject, reason }) => [subject, reason] as const)

describe('the margin of a day of which one bill was not read', () => {
  it('is no loss where what was charged on that bill may make up for it', async () => {
    expect(lossesIn(await auditWorld(sold(), R))).toEqual([])
    const report = await unreadable(sold())
    expect(lossesIn(report)).toEqual([])
    const reason = expect.stringContaining('fal answered 401')
    expect(openIn(report)).toEqual([
      [DAY, reason],
      [{ accountId: 6 }, reason],
    ])
  })

  it.each([
    ['the charge is too small', { points: 49 }],
    ['it was given back', { refunded: true }],
    ['it was of another model', { model: 'fal-ai/kling/v2' }],
    ['it was of another day', { at: '2026-02-05 12:00:00' }],
    ['it has no request', { requestId: null }],
  ])('is a loss where %s', async (_, other) => {
    const report = await unreadable(sold(other))
    expect(lossesIn(report)).toEqual([DAY])
    expect(report.findings.find(({ rule }) => rule === 'B16')).toMatchObject({ expected: '1', actual: '0.5', count: 1 })
  })

  it('is none where that and what tasks without a model were charged make up for it together', async () => {
    const nameless = { user: 103, cost: '0.01', model: '' }
    const said = async (unread: number, points: number) => {
      const world = soldIn({ points: unread }).task({ ...nameless, points })
      const report = await unreadable(world.build())
      return [lossesIn(report), openIn(report).map(([subject]) => subject)]
    }
    const ofDay = { date: DAY.date }
    expect(await said(25, 25)).toEqual([[], [ofDay, DAY, { accountId: 6 }]])
    expect(await said(25, 24)).toEqual([[DAY], [ofDay, { accountId: 6 }]])
    // And where those are on that bill.
    const onThatBill = async (points: number) => {
      const report = await unreadable(sold({ points, model: '' }))
      return [lossesIn(report), openIn(report).map(([subject]) => subject)]
    }
    expect(await onThatBill(50)).toEqual([[], [DAY, { accountId: 6 }]])
    expect(await onThatBill(49)).toEqual([[DAY], [{ accountId: 6 }]])
  })

  it('is a loss to the point: what makes up for it exactly leaves none', async () => {
    expect(lossesIn(await unreadable(sold({ points: 50 })))).toEqual([])
  })

  it('hangs on keys of no account row too, and on what fal did not answer by id', async () => {
    const strange = '99999999-0000-4000-8000-000000000000:secret'
    const unknownKey = sold({ apiKey: strange, billed: false })
    expect(openIn(await auditWorld(unknownKey, R)).map(([subject]) => subject)).toEqual([DAY, {}])
    const late = sold({ billed: { timestamp: '2026-02-08T20:00:00Z', requestId: requestIdOf(2) } })
    expect(lossesIn(await auditWorld(late, R))).toEqual([])
    const report = await unanswering(late)
    expect(lossesIn(report)).toEqual([])
    expect(openIn(report)).toContainEqual([DAY, expect.any(String)])
  })
})

describe('the margin of a model that one user lost', () => {
  it('is not that of another, who alone is asked about', async () => {
    const OTHER = 'fal-ai/kling/v2'
    const world = new MiniWorld()
      .account(5)
      .task({ cost: '1', points: 50, model: OTHER })
      .task({ user: 102, cost: '1', points: 500 })
      .build()
    const about = async (userIds: number[]) => lossesIn(await auditWorld(world, { ...R, userIds }))
    expect(await about([])).toEqual([{ model: OTHER, date: DAY.date }])
    expect(await about([101])).toEqual([{ model: OTHER, date: DAY.date }])
    expect(await about([102])).toEqual([])
  })
})
