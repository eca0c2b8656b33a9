import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Finding, RULE_IDS } from '../../schemas/report.ts'
import { keyIdOfAccount, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { runAudit } from '../../src/operation.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { auditInput, memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { openWorld, type RealWorld, STORES } from '../kit/real-audit.ts'
import { call, refusal } from './call.ts'
import { LEAKED, STRANGERS, TRACED, traceWorld } from './trace-world.ts'

const WORLD = traceWorld()
const DAYS = { start: '2026-02-01', end: '2026-02-09' }

describe.each(STORES)('task-trace, on %s', (store) => {
  let real: RealWorld
  beforeAll(async () => {
    real = await openWorld(WORLD, { store })
  })
  afterAll(() => real.close())
  const trace = (id: string, more: object = {}) =>
    call(taskTraceTool, { id, lang: 'en', ...more }, real.dependencies(), WORLD)

  it.each(TRACED)('a task that is %s', async (verdict, id, sentence, rules) => {
    const result = await trace(id)
    expect(result).toMatchObject({ verdict, complete: true })
    const told = rules.length === 0 ? '' : `; findings: ${result.findings.map(({ rule }) => rule).join(', ')}`
    expect(result.sentence.slice(0, result.sentence.length - told.length)).toMatch(sentence)
    expect(result.findings.map(({ rule }) => rule).sort()).toEqual(rules)
    const [task] = result.tasks
    expect(task).toMatchObject({ taskId: id, named: true, verdict })
    // Fal and the task may agree where the user paid something else: who reads the sentence alone is told so.
    expect(result.sentence).toBe(`${task?.sentence}${told}`)
    const zh = (await trace(id, { lang: 'zh' })).sentence
    expect(zh).toMatch(/\p{Script=Han}/u)
    expect(zh.includes('；告警：')).toBe(rules.length > 0)
  })

  it('names the day of the task for what to call next, in the zone that was asked for', async () => {
    const rows = (day: string) =>
      `user-ledger with user_ids 101, start and end ${day}, and entries true: all rows of the user around it`
    expect((await trace('task-2')).next).toBe(rows('2026-02-06 (timezone Asia/Shanghai)'))
    const elsewhere = await trace('task-2', { timezone: 'Pacific/Honolulu' })
    expect(elsewhere.next).toBe(rows('2026-02-05 (timezone Pacific/Honolulu)'))
  })

  it('holds the three books side by side, to the last digit', async () => {
    expect(await trace('task-2')).toEqual({
      id: 'task-2',
      asOf: '2026-02-09T12:00:00+08:00',
      timezone: 'Asia/Shanghai',
      complete: true,
      verdict: 'amount',
      sentence:
        'fal billed 0.080000001 USD in 2 events, but the task recorded 0.05 USD: -0.030000001 USD recorded − billed; findings: B3',
      foundAs: [
        { role: 'task', rows: 1 },
        { role: 'order', rows: 2 },
      ],
      billing: 'read',
      billingSince: '2026-02-05T12:00:00+08:00',
      tasks: [
        {
          taskId: 'task-2',
          requestId: requestIdOf(2),
          rowId: 2,
          named: true,
          accountId: 5,
          keyId: '00000005…',
          userId: 101,
          userName: 'Eve red',
          model: 'fal-ai/flux/schnell',
          status: 'success',
          chargedPoints: 100,
          costUsd: '0.05',
          billedUsd: '0.080000001',
          refunded: false,
          createdAt: '2026-02-06T12:00:00+08:00',
          completedAt: '2026-02-06T12:00:20+08:00',
          verdict: 'amount',
          sentence: expect.any(String),
        },
      ],
      events: [
        {
          requestId: requestIdOf(2),
          model: 'fal-ai/flux/schnell',
          at: '2026-02-06T12:00:30+08:00',
          costUsd: '0.05',
          quantity: '0.05',
          unit: 'units',
          unitPriceUsd: '1',
          accountId: 5,
          keyId: '00000005…',
          workspace: 'workspace-5',
        },
        expect.objectContaining({ at: '2026-02-06T12:05:00+08:00', costUsd: '0.030000001' }),
      ],
      entries: [
        expect.objectContaining({ book: 'points', kind: 'consume', amountPoints: -60, orderId: 'task-2' }),
        expect.objectContaining({ book: 'cash', kind: 'consume', amountPoints: -40, orderId: 'task-2' }),
      ],
      findings: [
        expect.objectContaining({ rule: 'B3', expected: '0.080000001', actual: '0.05', difference: '-0.030000001' }),
      ],
      notEvaluated: [],
      sources: expect.any(Array),
      next: expect.stringContaining('user_ids 101'),
    })
  })

  it('finds a request in every stored form, and the same by the bare id', async () => {
    const bare = requestIdOf(13)
    for (const id of [
      bare,
      bare.toUpperCase(),
      `fal-ai/flux#${bare}`,
      `https://queue.fal.run/x/requests/${bare}/status`,
    ]) {
      const result = await trace(id, { kind: 'request' })
      expect(result.tasks.map(({ taskId }) => taskId)).toEqual(['task-13'])
      expect(result).toMatchObject({ verdict: 'matched', foundAs: [{ role: 'request' }, { role: 'event', rows: 1 }] })
    }
  })

  it('asks each workspace once for events, by id and with an explicit start', async () => {
    const before = real.double.requests.length
    await trace('task-1')
    const asked = real.double.requests.slice(before).filter(({ path }) => path !== '/account/billing')
    expect(asked.map(({ path, workspace }) => `${path} ${workspace}`).sort()).toEqual([
      '/models/billing-events workspace-5',
      '/models/billing-events workspace-7',
      '/models/billing-events workspace-9',
    ])
    for (const { query } of asked) {
      expect(query).toMatchObject({ request_id: [requestIdOf(1)], start: ['2026-02-05T04:00:00Z'] })
    }
  })

  it('shows the tasks that share a request id, and by that id judges all of them', async () => {
    const shared = await trace('task-6')
    expect(shared.tasks.map(({ taskId, named, verdict }) => [taskId, named, verdict])).toEqual([
      ['task-6', true, 'duplicate'],
      ['task-5', false, 'matched'],
    ])
    expect(shared.entries.map(({ orderId }) => orderId).sort()).toEqual(['task-5', 'task-6'])
    expect(shared.findings.map(({ rule }) => rule)).toEqual(['B4'])
    const byRequest = await trace(requestIdOf(5))
    expect(byRequest.tasks.every(({ named }) => named)).toBe(true)
    expect(byRequest.verdict).toBe('duplicate')
  })

  it('a request that no task records, and one of a key in no account row', async () => {
    const leaked = await trace(LEAKED)
    expect(leaked).toMatchObject({
      verdict: 'unrecorded',
      foundAs: [{ role: 'event', rows: 1 }],
      tasks: [],
      events: [{ accountId: 7, costUsd: '0.25', workspace: 'workspace-7' }],
      findings: [{ rule: 'B1', subject: { requestId: LEAKED }, difference: '-0.25' }],
    })
    const strange = await trace(STRANGERS)
    expect(strange).toMatchObject({ verdict: 'unrecorded', findings: [] })
    expect(strange.sentence).toMatch(/key or login that no account row holds/)
    expect(strange.events[0]).not.toHaveProperty('accountId')
    expect(JSON.stringify(strange)).not.toContain('mallory')
  })

  it('an order that only the ledger knows', async () => {
    expect(await trace('shop-1')).toMatchObject({
      verdict: 'ledger-only',
      foundAs: [{ role: 'order', rows: 1 }],
      entries: [{ book: 'points', amountPoints: -300 }],
      findings: [],
    })
    const asOrder = await trace('shop-1', { kind: 'order' })
    expect(asOrder).toMatchObject({ billing: 'not-asked', events: [] })
    expect(asOrder.sentence).not.toMatch(/fal/)
  })

  it('an id in several roles is told in all of them', async () => {
    const result = await trace('both-1')
    expect(result.foundAs).toEqual([
      { role: 'task', rows: 1 },
      { role: 'request', rows: 1 },
      { role: 'order', rows: 1 },
      { role: 'event', rows: 1 },
    ])
    expect(result.tasks.map(({ taskId, requestId }) => [taskId, requestId])).toEqual([
      ['task-16', 'both-1'],
      ['both-1', requestIdOf(17)],
    ])
    expect((await trace('both-1', { kind: 'task' })).tasks.map(({ taskId }) => taskId)).toEqual(['both-1'])
  })

  it('says of every finding about a task or request just what the audit says', async () => {
    const report = await runAudit(auditInput({ ...DAYS, depth: 'requests' }), real.dependencies(), quietContext())
    const concerned = report.findings.filter(({ subject }) => subject.taskId ?? subject.requestId)
    expect(new Set(concerned.map(({ rule }) => rule)).size).toBeGreaterThan(6)
    const told = ({ evidence: _evidence, context: _context, ...finding }: Finding) => finding
    for (const finding of concerned) {
      const { findings } = await trace(finding.subject.taskId ?? finding.subject.requestId ?? '')
      expect(findings, finding.message).toContainEqual(told(finding))
    }
    const known = new Set(report.findings.map(({ fingerprint }) => fingerprint))
    for (const [, id] of TRACED) {
      const { findings } = await trace(id)
      for (const { fingerprint } of findings) if (fingerprint !== undefined) expect(known).toContain(fingerprint)
    }
  })

  it('an id that is nowhere: what was searched, and what to do', async () => {
    const error = await refusal(taskTraceTool, { id: 'nowhere-1' }, real.dependencies())
    expect(error).toMatchObject({ kind: 'input', field: 'id' })
    expect(error.message).toMatch(/"nowhere-1" was not found.*task table.*ledgers.*fal \(of the last 360 days/)
    const asTask = await refusal(taskTraceTool, { id: requestIdOf(1), kind: 'task' }, real.dependencies())
    expect(asTask.message).not.toMatch(/fal/)
    const asTold =
      /may lack invisible characters or blanks.*request id of its task.*user-ledger, user_ids and entries true/
    await expect(trace('a told  id')).rejects.toMatchObject({ next: expect.stringMatching(asTold) })
    // Whoever blanks out what is secret has to see that it was cut.
    const long = await refusal(taskTraceTool, { id: `mysql://u:${'p'.repeat(99)}@h/db` }, real.dependencies())
    expect(long.message).toMatch(/^id: "mysql:..u:p+…" was not found/)
  })
})

describe('task-trace of a request billed to an account beyond the limit', () => {
  const stray = '0000eeee-bbbb-4bbb-8bbb-bbbbbbbbbbbb'
  const old = new MiniWorld().account(5).account(7)
  old.event({ requestId: stray, cost: '0.75', timestamp: old.iso('2026-02-06 12:00:00') })
  const deps = memoryDependencies(old.build(), { settings: { accountLimit: 1 } })
  const audit = (given: object) =>
    call(auditReconcileTool, { start: '2026-02-06', end: '2026-02-06', lang: 'en', ...given }, deps)

  it('finds what an audit with ids found, asked with the same ids', async () => {
    const { findings = [], next } = await audit({ ids: [5] })
    expect(findings.map(({ rule }) => rule)).toContain('B1')
    expect(next).toMatch(/task-trace with .* of a finding as id, and with the timezone of window and the same ids/)
    const traced = await call(taskTraceTool, { id: stray, ids: [5], lang: 'en' }, deps)
    expect(traced).toMatchObject({ verdict: 'unrecorded', findings: [{ rule: 'B1' }], events: [{ accountId: 5 }] })
    expect(traced.next).toMatch(/^audit-reconcile over its day \(timezone Asia\/Shanghai\), with ids 5: /)
    expect((await audit({})).next).not.toContain('same ids')
  })

  it('says without ids that accounts were not asked, and of an id of no account that there is none', async () => {
    await expect(call(taskTraceTool, { id: stray }, deps)).rejects.toMatchObject({
      next: expect.stringMatching(/accounts beyond the limit .* 1 were not asked: .* in ids\.$/),
    })
    await expect(call(taskTraceTool, { id: stray, kind: 'task' }, deps)).rejects.toMatchObject({
      next: expect.not.stringContaining('beyond the limit'),
    })
    await expect(call(taskTraceTool, { id: stray, ids: [99] }, deps)).rejects.toMatchObject({ field: 'ids' })
  })
})

describe('task-trace, where fal does not answer', () => {
  let real: RealWorld
  beforeAll(async () => {
    const faults = [{ kind: 'status', status: 401, keyId: keyIdOfAccount(7) }] as const
    real = await openWorld(WORLD, { store: 'embedded', double: { faults } })
  })
  afterAll(() => real.close())
  const trace = (id: string) => call(taskTraceTool, { id, lang: 'en' }, real.dependencies(), WORLD)

  it('calls the bill unread, and never unbilled', async () => {
    const result = await trace('task-15')
    expect(result).toMatchObject({
      verdict: 'not-evaluated',
      billing: 'partial',
      complete: false,
      events: [],
      findings: [],
      tasks: [{ accountId: 7, billedUsd: null }],
      entries: [{ amountPoints: -100 }],
    })
    expect(result.sentence).toMatch(/could not be read.*401/)
    expect(result.sources).toContainEqual(
      expect.objectContaining({ source: 'fal-events', accountId: 7, status: 'failed', reason: expect.any(String) }),
    )
    expect(result.notEvaluated.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['B1', 'B2', 'B3']))
    expect(result.next).toMatch(/fal-list-accounts/)
  })

  it('still finds what other workspaces bill', async () => {
    expect(await trace(STRANGERS)).toMatchObject({ verdict: 'unrecorded', billing: 'partial', complete: false })
  })

  it('says of a request billed to an account that was read nothing of the one that was not, and what to do about it', async () => {
    const stray = '0000dddd-bbbb-4bbb-8bbb-bbbbbbbbbbbb'
    const world = new MiniWorld().account(5).account(7)
    world.event({ requestId: stray, cost: '0.75', timestamp: world.iso('2026-02-06 12:00:00') })
    const faults = [{ kind: 'status', status: 401, keyId: keyIdOfAccount(7) }] as const
    const other = await openWorld(world.build(), { store: 'embedded', double: { faults } })
    try {
      const result = await call(taskTraceTool, { id: stray, lang: 'en' }, other.dependencies())
      expect(result).toMatchObject({ verdict: 'unrecorded', billing: 'partial', findings: [{ rule: 'B1' }] })
      expect(result.notEvaluated).toEqual([])
      expect(result.next).toMatch(/^audit-reconcile over its day \(timezone Asia\/Shanghai\): /)
    } finally {
      await other.close()
    }
    // Of one that is nobody's it is not known which account it concerns.
    expect((await trace(STRANGERS)).notEvaluated.map(({ rule }) => rule)).toContain('B1')
  })

  it('does not say of an order that fal does not bill it', async () => {
    expect(await trace('shop-1')).toMatchObject({ verdict: 'not-evaluated', entries: [{ amountPoints: -300 }] })
  })

  it('names what was not read where nothing was found', async () => {
    const error = await refusal(taskTraceTool, { id: LEAKED }, real.dependencies())
    expect(error.message).toMatch(/not read: fal-events of account 7$/)
  })
})

describe('task-trace, in memory', () => {
  it.each([
    [{}, 'id'],
    [{ id: ' ' }, 'id'],
    [{ id: 'task-1', kind: 'anything' }, 'kind'],
    [{ id: 'task-1', timezone: 'Mars' }, 'timezone'],
  ])('%j is refused by name', async (given, field) => {
    expect(await refusal(taskTraceTool, given, memoryDependencies(WORLD, {}))).toMatchObject({ kind: 'input', field })
  })

  it('does not accuse where the ledger names no tasks', async () => {
    const dependencies = memoryDependencies(WORLD, { settings: { ledgerLink: 'total' } })
    const { findings, notEvaluated } = await call(taskTraceTool, { id: 'task-14', lang: 'en' }, dependencies, WORLD)
    expect(findings).toEqual([])
    expect(notEvaluated.map(({ rule }) => rule)).toEqual(['B10', 'B6', 'B8', 'B9'])
    expect(RULE_IDS).toContain(notEvaluated[0]?.rule)
  })

  it('a ledger that cannot be read is named, and the rest is told', async () => {
    const memory = memoryDependencies(WORLD, {})
    const { AuditError } = await import('../../src/errors.ts')
    const broken = async () => {
      throw new AuditError('source', 'points: no grant')
    }
    const ledger = {
      snapshot: async (signal: AbortSignal) => {
        const snapshot = await memory.ledger!.snapshot(signal)
        return { ...snapshot, pointsByOrderIds: broken }
      },
    }
    const result = await call(taskTraceTool, { id: 'task-1', lang: 'en' }, { ...memory, ledger }, WORLD)
    expect(result).toMatchObject({ verdict: 'matched', complete: false, entries: [] })
    expect(result.sources).toContainEqual({ source: 'points', status: 'failed', reason: 'points: no grant' })
  })
})
