import { describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { openZone } from '../../src/units/zone.ts'
import { auditWorld, inShort } from '../kit/audit-world.ts'
import { NOTHING_LEFT } from '../kit/tie-out.ts'

const requests = { depth: 'requests' as const }
const base = () => new MiniWorld().account(5).task({ cost: '100', points: 10_000 })

describe('requests of a window', () => {
  it('a task made before midnight and billed after it is no break, on either day', async () => {
    const built = base()
      .task({ cost: '50', at: '2026-02-06 23:59:58' })
      .task({ at: '2026-02-07 12:00:00', points: 10_000 })
    const first = await auditWorld(built.build(), requests)
    expect(inShort(first)).toEqual(['A1 TIMING accountId=5'])
    expect(first.requests).toEqual({
      matched: 2,
      unrecorded: 0,
      unbilled: 0,
      pending: 0,
      mismatched: 0,
      verdicts: { matched: 2 },
    })
    expect(first.tieOut).toMatchObject({ ...NOTHING_LEFT, bridgeCarriedOut: '50', bridgeByTaskPeriod: '150' })
    const second = await auditWorld(built.build(), { ...requests, start: '2026-02-07', end: '2026-02-07' })
    expect(second.requests).toMatchObject({ matched: 1, unrecorded: 0 })
    expect(second.tieOut).toMatchObject({ ...NOTHING_LEFT, bridgeCarriedIn: '50', bridgeByTaskPeriod: '0.05' })
    expect(second.findings.every(({ classification }) => classification === 'TIMING')).toBe(true)
  })

  it('an event is unrecorded only when no task of any time bears its id', async () => {
    const old = base().task({ at: '2025-12-24 12:00:00', cost: '2', billed: { timestamp: '2026-02-06T08:00:00Z' } })
    const report = await auditWorld(old.build(), requests)
    expect(inShort(report)).toEqual([])
    expect(report.tieOut).toMatchObject({ ...NOTHING_LEFT, eventsCarried: '2' })
    const lost = base().event({ requestId: requestIdOf(777), cost: '2', timestamp: '2026-02-06T08:00:00Z' })
    const found = await auditWorld(lost.build(), requests)
    expect(inShort(found)).toEqual([`B1 requestId=${requestIdOf(777)}`])
    expect(found.findings[0]).toMatchObject({
      expected: '2',
      actual: '0',
      context: { accountId: 5, date: '2026-02-06' },
    })
    expect(found.tieOut).toMatchObject({ ...NOTHING_LEFT, eventsUnrecorded: '2' })
  })

  it('a settled task is unbilled only when fal, asked for its id, has nothing', async () => {
    const late = base().task({ cost: '2', billed: { timestamp: '2026-02-08T20:00:00Z' } })
    expect(inShort(await auditWorld(late.build(), requests))).toEqual(['A1 TIMING accountId=5'].slice(1))
    const never = base().task({ cost: '2', billed: false })
    expect(inShort(await auditWorld(never.build(), requests))).toEqual([`B2 taskId=task-2 requestId=${requestIdOf(2)}`])
  })

  it('a success that is not settled is pending, and accuses nobody', async () => {
    const built = base().task({ cost: '60', at: '2026-02-06 20:00:00', billed: false })
    const now = built.instant('2026-02-07 19:00:00')
    const report = await auditWorld(built.build(), { ...requests, now })
    expect(report.requests).toMatchObject({ matched: 1, pending: 1, unbilled: 0 })
    expect(report.findings.filter(({ classification }) => classification === 'BREAK')).toEqual([])
    expect(report.tieOut).toMatchObject({ ...NOTHING_LEFT, recordedPending: '60' })
  })

  it.each([
    ['an URL', (id: string) => `https://queue.fal.run/fal-ai/flux/requests/${id}/status`],
    ['endpoint#id', (id: string) => `fal-ai/flux/schnell#${id}`],
    ['capitals', (id: string) => id.toUpperCase()],
  ])('an id stored as %s is the same id', async (_, stored) => {
    const built = base().task({ requestId: stored(requestIdOf(9)), billed: { requestId: requestIdOf(9) } })
    const report = await auditWorld(built.build(), requests)
    expect(inShort(report)).toEqual([])
    expect(report.requests?.matched).toBe(2)
  })

  it('events of one request count together', async () => {
    const built = base().task({ cost: '3', billed: { cost: '1' } })
    built.event({ requestId: requestIdOf(2), cost: '2', timestamp: '2026-02-06T09:00:00Z' })
    expect(inShort(await auditWorld(built.build(), requests))).toEqual([])
  })

  it('names of models are learned from the matches, shown, and used', async () => {
    const built = base().task({
      model: 'sora-2/i2v',
      cost: '9',
      billed: { endpointId: 'fal-ai/sora-2/image-to-video' },
    })
    const report = await auditWorld(built.build(), requests)
    expect(inShort(report)).toEqual([])
    expect(report.settings.learnedAliases).toEqual({ 'sora-2/i2v': 'fal-ai/sora-2/image-to-video' })
    expect(inShort(await auditWorld(built.build(), { depth: 'summary' }))).toHaveLength(2)
  })

  it('a stored name that stands for several endpoints accuses neither', async () => {
    const built = base()
      .task({ model: 'kling', billed: { endpointId: 'fal-ai/kling/i2v' } })
      .task({ model: 'kling', billed: { endpointId: 'fal-ai/kling/t2v' } })
    expect(inShort(await auditWorld(built.build(), requests))).toEqual([])
  })

  it('the number of requests is that of ids, not of events or units', async () => {
    const built = base().task({ billed: { quantity: '40' } })
    built.event({ requestId: requestIdOf(2), cost: '0', timestamp: '2026-02-06T09:00:00Z' })
    const report = await auditWorld(built.build(), requests)
    expect(report.official.rows[0]).toMatchObject({ accountId: 5, requestCount: 2 })
    expect(report.official.totals.requestCount).toBe(2)
  })

  it('a leaked key is told from a single lost request', async () => {
    const built = base().account(6, { status: 0 })
    for (let count = 0; count < 60; count++) {
      built.event({ requestId: requestIdOf(1000 + count), cost: '0.1', timestamp: '2026-02-06T09:00:00Z' })
    }
    built.event({ requestId: requestIdOf(2000), cost: '0.01', timestamp: '2026-02-06T09:00:00Z' }, apiKeyOf(6))
    const found = inShort(await auditWorld(built.build(), requests))
    expect(found).toContain('B15 accountId=5')
    expect(found).toContain('B15 accountId=6')
    expect(found.filter((text) => text.startsWith('B1 '))).toHaveLength(61)
  })
})

describe('a zone that is wrong', () => {
  it.each(['UTC', 'Asia/Shanghai'])('leaves what fal did not bill without a verdict, in sums too: %s', async (zone) => {
    const built = new MiniWorld().account(5)
    for (let count = 0; count < 30; count++) built.task({ at: `2026-02-06 12:${count + 10}:00` })
    built.task({ at: '2026-02-06 12:00:00', cost: '0.7', billed: false })
    const report = await auditWorld(built.build(), { ...requests, zone: openZone(zone)! })
    const isWrong = zone === 'UTC'
    expect(report.requests).toMatchObject({ unbilled: isWrong ? 0 : 1 })
    expect(report.tieOut).toMatchObject({
      ...NOTHING_LEFT,
      ...(isWrong
        ? { recordedUnbilled: '0', recordedNotEvaluated: '0.7' }
        : { recordedUnbilled: '0.7', recordedNotEvaluated: '0' }),
    })
  })

  it('is one finding instead of a break a task', async () => {
    const built = new MiniWorld().account(5)
    for (let count = 0; count < 30; count++)
      built.task({ at: `2026-02-06 ${String(count % 24).padStart(2, '0')}:10:00` })
    const report = await auditWorld(built.build(), { ...requests, zone: openZone('UTC')! })
    expect(inShort(report)).toEqual(['TZ_MISCONFIGURED '])
    expect(report.findings[0]).toMatchObject({ actual: '-480', severity: 'HIGH' })
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'A1', subject: {} }))
  })
})
