import { describe, expect, it } from 'vitest'
import type { FalFault } from '../../src/demo/fal-double-faults.ts'
import { keyIdOfAccount, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { EXIT, exitCodeOf } from '../../src/faces/exit-code.ts'
import { inShort } from '../kit/audit-world.ts'
import { auditRealWorld } from '../kit/real-audit.ts'

// Answers of fal that are read without trouble, and are none to what was asked.
const EVENTS = '/models/billing-events'

/** Two accounts without a break, each with tasks of its own. */
function clean(tasks = 4): MiniWorld {
  const world = new MiniWorld().account(5).account(6)
  for (let each = 0; each < tasks; each++) world.task({ account: 5 + (each % 2), user: 101 + (each % 2), cost: '0.5' })
  return world
}

const audit = (world: MiniWorld, ...faults: FalFault[]) =>
  auditRealWorld(world.build(), { store: 'embedded', double: { faults } }, { depth: 'requests' })

type Audited = Awaited<ReturnType<typeof audit>>
const sourceOf = ({ coverage }: Audited, source: string, accountId: number) =>
  coverage.sources.find((each) => each.source === source && each.accountId === accountId)

describe('an event that names no request', () => {
  const page = (request_id: string) => {
    const auth_method_structured = { api_key_id: keyIdOfAccount(5) }
    const row = { endpoint_id: 'fal-ai/flux/schnell', timestamp: '2026-02-06T05:00:00Z', auth_method_structured }
    return JSON.stringify({ billing_events: [{ request_id, ...row, cost_total: 2 }], has_more: false })
  }
  const answered = (id: string) =>
    audit(clean(), { kind: 'body', text: page(id), keyId: keyIdOfAccount(5), path: EVENTS })

  it.each(['', ' ', 'fal-ai/flux/schnell#'])('as %j: its page is a bad answer, and nobody is accused', async (id) => {
    const report = await answered(id)
    expect(inShort(report)).toEqual([])
    expect(sourceOf(report, 'fal-events', 5)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('billing_events[0].request_id is empty'),
    })
    expect(exitCodeOf(report, 'high')).toBe(EXIT.unverified)
  })

  it('is a break where it names one that no task records', async () => {
    expect(inShort(await answered('orphan-1'))).toContain('B1 requestId=orphan-1')
  })
})

describe('an answer to a question by id', () => {
  const unbilled = () => clean(30).task({ account: 5, cost: '0.5', billed: false })

  it('that tells of other requests counts none of them twice, and leaves open what was asked', async () => {
    const report = await audit(unbilled(), { kind: 'ignore-request-ids', path: EVENTS })
    expect(inShort(report)).toEqual([])
    expect(sourceOf(report, 'fal-events', 5)).toMatchObject({
      status: 'partial',
      reason: expect.stringContaining('events of others'),
    })
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'B2', subject: { accountId: 5 } }))
    expect(exitCodeOf(report, 'high')).toBe(EXIT.unverified)
  })

  it('that keeps to it convicts', async () => {
    expect(inShort(await audit(unbilled()))).toEqual([`B2 taskId=task-31 requestId=${requestIdOf(31)}`])
  })
})

describe('events of another time than was asked for', () => {
  const auth_method_structured = { api_key_id: keyIdOfAccount(5) }
  const page = (timestamp: string) => {
    const row = { request_id: requestIdOf(1), endpoint_id: 'fal-ai/flux/schnell', cost_total: 0.5 }
    return JSON.stringify({ billing_events: [{ ...row, timestamp, auth_method_structured }], has_more: false })
  }

  it('are no bill of the time that was, and accuse nobody', async () => {
    // As where fal answers for a day of its own, whatever it is asked for.
    const fault = { kind: 'body', text: page('2026-01-02T00:00:00Z'), keyId: keyIdOfAccount(5), path: EVENTS } as const
    const report = await audit(clean(), fault)
    expect(inShort(report)).toEqual([])
    expect(sourceOf(report, 'fal-events', 5)).toMatchObject({
      status: 'partial',
      reason: expect.stringContaining('1 events of other times'),
    })
    expect(exitCodeOf(report, 'high')).toBe(EXIT.unverified)
  })
})

describe('usage of another time than was asked for', () => {
  const page = (bucket: string) => {
    const auth_method_structured = { api_key_id: keyIdOfAccount(5) }
    const row = { endpoint_id: 'fal-ai/flux/schnell', quantity: 1, cost_total: 1, auth_method_structured }
    const day = { bucket: '2026-02-06T00:00:00+08:00', results: [row] }
    return JSON.stringify({ time_series: [day, { bucket, results: [{ ...row, cost_total: 9 }] }], has_more: false })
  }
  const answered = (bucket: string) =>
    audit(clean(), { kind: 'body', text: page(bucket), keyId: keyIdOfAccount(5), path: '/models/usage' })

  it.each(['2026-01-01T00:00:00+08:00', '2026-02-07T00:00:00+08:00'])(
    'is not counted, and said to be: %s',
    async (bucket) => {
      const report = await answered(bucket)
      expect(inShort(report)).toEqual([])
      expect(sourceOf(report, 'fal-usage', 5)).toMatchObject({
        status: 'partial',
        reason: expect.stringContaining('outside the time'),
      })
      expect(exitCodeOf(report, 'high')).toBe(EXIT.unverified)
    },
  )

  it('is a break where it is of the time', async () => {
    expect(inShort(await answered('2026-02-06T00:00:00+08:00'))).toContain(
      'B19 accountId=5 model=fal-ai/flux/schnell date=2026-02-06',
    )
  })
})

describe('an error in place of data, with status 200', () => {
  const keyId = keyIdOfAccount(5)
  const error = { type: 'server_error', message: 'try later' }

  it.each<[string, string, object]>([
    ['fal-events', EVENTS, { error, billing_events: [] }],
    ['fal-usage', '/models/usage', { error, time_series: [] }],
  ])('is no empty bill: %s', async (source, path, body) => {
    const report = await audit(clean(), { kind: 'body', text: JSON.stringify(body), keyId, path })
    expect(inShort(report)).toEqual([])
    expect(sourceOf(report, source, 5)).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('"try later"'),
    })
    expect(exitCodeOf(report, 'high')).toBe(EXIT.unverified)
  })
})

describe('events that fal does not keep', () => {
  it('accuse nobody where its usage tells of their cost', async () => {
    const text = JSON.stringify({ billing_events: [], has_more: false, next_cursor: null })
    const report = await audit(clean(20), { kind: 'body', text, keyId: keyIdOfAccount(5), path: EVENTS })
    expect(inShort(report)).toEqual(['B19 accountId=5 model=fal-ai/flux/schnell date=2026-02-06'])
    const subject = { accountId: 5, model: 'fal-ai/flux/schnell' }
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'A2', subject }))
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'B2', subject }))
  })
})
