import { describe, expect, it } from 'vitest'
import { apiKeyOf, keyIdOfAccount, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { runAudit } from '../../src/operation.ts'
import { instant } from '../../src/units/instant.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { auditInput, memoryDependencies, quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { eachOf } from '../kit/memory-ports.ts'
import { call } from '../tools/call.ts'

const FORBIDDEN = { status: 'failed', failure: 'forbidden', reason: 'fal answered 403' } as const

interface Asked extends WorldAudit {
  /** Keys that may not read billing events. */
  readonly refused?: readonly string[]
  /** What usage tells, where it is another story than the events. */
  readonly usageOf?: World
}

function dependenciesOf(world: World, { refused = [], usageOf, ...audit }: Asked) {
  const dependencies = memoryDependencies(world, audit)
  const { fal } = dependencies
  const events: FalReader['events'] = async (apiKey, query, signal) =>
    refused.includes(apiKey) ? FORBIDDEN : fal.events(apiKey, query, signal)
  const usage = usageOf === undefined ? fal.usage : memoryDependencies(usageOf, audit).fal.usage
  return { ...dependencies, fal: { ...fal, events, eachEvents: eachOf(events), usage } }
}

/** What the audit of the day and a trace say of the same world. */
async function both(world: World, id: string, asked: Asked = {}) {
  const dependencies = dependenciesOf(world, asked)
  const report = await runAudit(auditInput({ depth: 'requests' }), dependencies, quietContext())
  const trace = await call(taskTraceTool, { id, lang: 'en' }, dependencies, world)
  const said = new Set(report.findings.map(({ fingerprint }) => fingerprint))
  const beyond = trace.findings.filter(({ fingerprint }) => fingerprint !== undefined && !said.has(fingerprint))
  expect(beyond).toEqual([])
  return { report, trace }
}

const orphan = { requestId: 'orphan-0', timestamp: '2026-02-06T05:00:00Z' }
const AT_NOON = { requestId: requestIdOf(1), timestamp: '2026-02-06T04:00:30Z' }
const rules = (findings: readonly { rule: string }[]) => findings.map(({ rule }) => rule).sort()

describe('a task whose request fal billed in another workspace', () => {
  const world = (cost: string | null) => {
    const mini = new MiniWorld().account(5).account(7).task({ billed: false })
    return (cost === null ? mini : mini.event({ ...AT_NOON, cost }, apiKeyOf(7))).build()
  }

  it('is matched, as the audit says', async () => {
    const { report, trace } = await both(world('0.05'), 'task-1')
    expect(report.requests).toMatchObject({ matched: 1, unbilled: 0 })
    expect(trace).toMatchObject({ verdict: 'matched', complete: true, tasks: [{ billedUsd: '0.05' }], findings: [] })
  })

  it('is unbilled only where no workspace bills it', async () => {
    const { report, trace } = await both(world(null), 'task-1')
    expect(report.requests).toMatchObject({ matched: 0, unbilled: 1 })
    expect(trace).toMatchObject({ verdict: 'unbilled', complete: true, findings: [{ rule: 'B2' }] })
    expect(trace.sentence).toMatch(/fal bills nothing for it, also/)
  })

  it('counts what each workspace bills for it', async () => {
    const mini = new MiniWorld()
      .account(5)
      .account(7)
      .task()
      .event({ ...AT_NOON, cost: '0.05' }, apiKeyOf(7))
    const { report, trace } = await both(mini.build(), 'task-1')
    expect(report.requests).toMatchObject({ matched: 1, mismatched: 1 })
    expect(trace).toMatchObject({ verdict: 'amount', tasks: [{ billedUsd: '0.1' }], findings: [{ rule: 'B3' }] })
  })

  it('of which a workspace cannot be read: the sentence says so, and the trace is not complete', async () => {
    const { report, trace } = await both(world('0.05'), 'task-1', { refused: [apiKeyOf(7)] })
    expect(report.requests).toMatchObject({ matched: 0, unbilled: 1 })
    expect(trace).toMatchObject({ verdict: 'unbilled', complete: false, billing: 'partial' })
    expect(trace.sentence).toMatch(/fal bills nothing for it in the bills that could be read/)
    expect(trace.notEvaluated).toEqual([])
  })
})

describe('a key that may not read events', () => {
  it('is no matter where another key of its workspace may', async () => {
    const mini = new MiniWorld()
      .account(5, { workspace: 'acme' })
      .account(7, { workspace: 'acme' })
      .task()
      .task({ account: 7 })
    const { report, trace } = await both(mini.build(), 'task-1', { refused: [apiKeyOf(5)] })
    expect(report.requests).toMatchObject({ matched: 2 })
    expect(trace).toMatchObject({ verdict: 'matched', billing: 'read', complete: true, tasks: [{ billedUsd: '0.05' }] })
  })

  it('leaves the task open where it is the only one', async () => {
    const mini = new MiniWorld().account(5).account(7).task({ billed: false })
    const { report, trace } = await both(mini.build(), 'task-1', { refused: [apiKeyOf(5)] })
    expect(report.requests).toMatchObject({ unbilled: 0, verdicts: { 'not-evaluated': 1 } })
    expect(trace).toMatchObject({ verdict: 'not-evaluated', tasks: [{ billedUsd: null }], findings: [] })
    expect(trace.sentence).toMatch(/403/)
  })
})

describe('a task that fal cannot be asked about', () => {
  const none = { requestId: null, billed: false, points: 0 } as const
  it.each([
    ['failed', 'nothing-due', { ...none, status: 'failed', cost: '0' }],
    ['unfinished', 'unfinished', { ...none, status: 'running', completed: null, cost: '0' }],
    ['pending', 'pending', { ...none, at: '2026-02-09 11:00:00', cost: '0.1' }],
    ['successful', 'without-id', { ...none, cost: '0.1' }],
  ] as const)('%s: its bill is not told, and not called nothing', async (_, verdict, task) => {
    const { trace } = await both(new MiniWorld().account(5).task(task).build(), 'task-1')
    expect(trace).toMatchObject({ verdict, billing: 'not-asked', tasks: [{ billedUsd: null }] })
    expect(trace.sentence).toMatch(/has no request id/)
    expect(trace.sentence).not.toMatch(/fal bills|fal has not billed/)
    const zh = await call(
      taskTraceTool,
      { id: 'task-1', lang: 'zh' },
      dependenciesOf(new MiniWorld().account(5).task(task).build(), {}),
    )
    expect(zh.sentence).toMatch(/没有.*请求编号/)
    expect(zh.sentence).not.toMatch(/未计费/)
  })

  it.each([
    ['failed', /failed and fal bills nothing for it, as/, { status: 'failed', cost: '0' }],
    ['unfinished', /fal bills nothing for it so far/, { status: 'running', completed: null, cost: '0' }],
    ['pending', /fal has not billed it yet/, { at: '2026-02-09 11:00:00', cost: '0.1' }],
  ] as const)('%s, with a request id: fal was asked, and bills 0', async (_, sentence, task) => {
    const world = new MiniWorld()
      .account(5)
      .task({ billed: false, points: 0, ...task })
      .build()
    const { trace } = await both(world, 'task-1')
    expect(trace).toMatchObject({ billing: 'read', tasks: [{ billedUsd: '0' }] })
    expect(trace.sentence).toMatch(sentence)
  })
})

describe('an event that no task records', () => {
  it.each([
    ['0', 'nothing-due', []],
    ['0.000000001', 'unrecorded', ['B1']],
  ])('of %s USD is %s', async (cost, verdict, found) => {
    const world = new MiniWorld()
      .account(5)
      .event({ ...orphan, cost })
      .build()
    const { report, trace } = await both(world, 'orphan-0')
    expect(report.requests?.unrecorded).toBe(found.length)
    expect(trace.verdict).toBe(verdict)
    expect(rules(trace.findings)).toEqual(found)
  })

  it("of a key id that no account has is nobody else's where no id of the bill is known", async () => {
    const keyId = 'cafebabe-0000-4000-8000-00000000abcd'
    const mini = new MiniWorld().account(5).task({ billed: { keyId } })
    const { report, trace } = await both(mini.event({ ...orphan, cost: '0.4', keyId }).build(), 'orphan-0')
    expect(rules(report.findings)).toContain('B1')
    expect(trace).toMatchObject({ verdict: 'unrecorded', findings: [{ rule: 'B1' }] })
    expect(trace.sentence).not.toMatch(/no account row/)
  })

  it('of a key id that no account has is told as that where others are known', async () => {
    const keyId = 'cafebabe-0000-4000-8000-00000000abcd'
    const mini = new MiniWorld().account(5).task()
    const { report, trace } = await both(mini.event({ ...orphan, cost: '0.4', keyId }).build(), 'orphan-0')
    expect(rules(report.findings)).not.toContain('B1')
    expect(trace).toMatchObject({ verdict: 'unrecorded', findings: [] })
    expect(trace.sentence).toMatch(/no account row/)
  })
})

describe('what only the whole day shows', () => {
  it('usage that tells of more than the events: an unbilled task is left open', async () => {
    const world = new MiniWorld().account(5).task().task({ billed: false }).build()
    const usageOf = new MiniWorld().account(5).task().task().build()
    const { report, trace } = await both(world, 'task-2', { usageOf })
    expect(rules(report.findings)).not.toContain('B2')
    expect(trace).toMatchObject({ verdict: 'not-evaluated', tasks: [{ billedUsd: null }], findings: [] })
    expect(trace.notEvaluated).toContainEqual({ rule: 'B2', reason: expect.stringMatching(/0\.05/) })
    // Its events were read: it is not for want of them.
    expect(trace).toMatchObject({ billing: 'read', complete: true })
    expect(trace.sentence).toMatch(/^nothing is said of the bill: fal contradicts itself/)
    expect((await both(world, 'task-2')).trace).toMatchObject({ verdict: 'unbilled', findings: [{ rule: 'B2' }] })
  })

  it('is left open for its own reason, not for that of another account whose events could not be read', async () => {
    const made = () => new MiniWorld().account(3).account(5)
    const world = made().task({ billed: false }).task().build()
    const { trace } = await both(world, 'task-1', { usageOf: made().task().task().build(), refused: [apiKeyOf(3)] })
    expect(trace).toMatchObject({ verdict: 'not-evaluated', findings: [], tasks: [{ accountId: 5 }] })
    for (const told of [trace.sentence, ...trace.notEvaluated.map(({ reason }) => reason)]) {
      expect(told).toMatch(/usage tells of more cost/)
      expect(told).not.toMatch(/403/)
    }
  })

  it.each([
    ['2026-02-06 23:59:59', []],
    ['2026-02-07 23:59:00', []],
    ['2026-02-08 00:00:00', ['B2']],
  ])('usage that tells of more than the events up to a day later, and no later: of %s', async (at, found) => {
    const made = () => new MiniWorld().account(5).task({ at: '2026-02-06 23:50:00', billed: false })
    const world = made().build()
    const usageOf = made().task({ at, completed: at, billed: { timestamp: made().iso(at) } })
    // Read when all of these days are over.
    const now = instant(Date.parse('2026-02-10T04:00:00Z'))
    const { trace } = await both(world, 'task-1', { usageOf: usageOf.build(), now })
    expect(trace).toMatchObject({ verdict: found.length > 0 ? 'unbilled' : 'not-evaluated' })
    expect(rules(trace.findings)).toEqual(found)
    if (found.length === 0) expect(trace.notEvaluated.map(({ rule }) => rule)).toContain('B2')
  })

  it.each([
    [19, ['B7']],
    [20, []],
  ])('clocks that disagree over %i matched requests: B7', async (matched, found) => {
    const mini = new MiniWorld().account(5).task({ status: 'failed', cost: '0' })
    // Billed eight hours before they ended: stored times are of another zone.
    for (let made = 0; made < matched; made++) mini.task({ billed: { timestamp: '2026-02-05T20:00:20Z' } })
    const { report, trace } = await both(mini.build(), 'task-1')
    expect(rules(report.findings).filter((rule) => rule === 'B7')).toEqual(found)
    expect(rules(trace.findings)).toEqual(found)
    if (found.length === 0) expect(trace.notEvaluated.map(({ rule }) => rule)).toContain('B7')
  })

  it('is told as grave as the audit tells it', async () => {
    // Of a failure without a request id whose account cannot be read it is not known that fal billed nothing.
    const mini = new MiniWorld().account(5).task({ status: 'failed', cost: '0', requestId: null, billed: false })
    const { report, trace } = await both(mini.build(), 'task-1', { refused: [apiKeyOf(5)] })
    const severity = report.findings.find(({ rule }) => rule === 'B7')?.severity
    expect(severity).toBeDefined()
    expect(trace.findings).toMatchObject([{ rule: 'B7', severity }])
  })
})

describe('a request id that more tasks bear than are shown', () => {
  it('is claimed by the task that the audit says claims it', async () => {
    const mini = new MiniWorld().account(5)
    const shared = { requestId: 'shared-1', at: '2026-02-06 13:00:00', billed: false } as const
    for (let made = 0; made < 24; made++) mini.task(shared)
    mini.task({ requestId: 'shared-1', at: '2026-02-06 12:00:00' })
    const { report, trace } = await both(mini.build(), 'task-1')
    expect(report.requests).toMatchObject({ matched: 1, verdicts: { duplicate: 24, matched: 1 } })
    expect(trace).toMatchObject({ verdict: 'duplicate', moreTasks: 5 })
    expect(trace.tasks.every(({ verdict }) => verdict === 'duplicate')).toBe(true)
    const told = report.findings.find(({ rule }) => rule === 'B4')
    expect(trace.findings).toMatchObject([{ rule: 'B4', actual: told?.actual, fingerprint: told?.fingerprint }])
    const byRequest = await both(mini.build(), 'shared-1')
    expect(byRequest.trace.moreTasks).toBe(15)
    expect(byRequest.trace.verdict).toBe('duplicate')
  })
})

describe('a task of an account outside the audited ones', () => {
  const settings = { accountLimit: 1 }
  it('is judged as by an audit that is asked for it', async () => {
    const world = new MiniWorld().account(5).account(7).task({ billed: false }).task({ account: 7 }).build()
    const dependencies = dependenciesOf(world, { settings })
    const trace = await call(taskTraceTool, { id: 'task-1', lang: 'en' }, dependencies, world)
    const asked = await runAudit(auditInput({ depth: 'requests', ids: [5, 7] }), dependencies, quietContext())
    const b2 = asked.findings.find(({ rule }) => rule === 'B2')
    expect(trace).toMatchObject({ verdict: 'unbilled', findings: [{ rule: 'B2', fingerprint: b2?.fingerprint }] })
  })
})

describe('a question that is cancelled', () => {
  it('ends, and says nothing', async () => {
    const world = new MiniWorld().account(5).task({ billed: false }).build()
    const dependencies = dependenciesOf(world, { now: instant(Date.parse('2026-02-09T04:00:00Z')) })
    const ends = new AbortController()
    const fal: FalReader = {
      ...dependencies.fal,
      usage: async () => {
        ends.abort()
        ends.signal.throwIfAborted()
        throw new Error('unreachable')
      },
    }
    const context = { ...quietContext(), signal: ends.signal }
    await expect(
      taskTraceTool.run({ id: 'task-1', kind: 'auto', lang: 'en' } as never, { ...dependencies, fal }, context),
    ).rejects.toThrow()
  })
})

it('a request that an event gives to an account outside the audited ones is judged as an audit of that account does', async () => {
  const world = new MiniWorld()
    .account(5, { workspace: 'acme' })
    .account(6, { workspace: 'acme' })
    .task({ account: 6 })
    .event({ ...orphan, cost: '3', keyId: keyIdOfAccount(5) })
    .build()
  const dependencies = memoryDependencies(world, { settings: { accountLimit: 1 } })
  const report = await runAudit(auditInput({ depth: 'requests', ids: [5] }), dependencies, quietContext())
  const trace = await call(taskTraceTool, { id: 'orphan-0', lang: 'en' }, dependencies, world)
  expect([trace.verdict, rules(trace.findings)]).toEqual(['unrecorded', ['B1']])
  const said = report.findings.filter(({ rule }) => rule === 'B1').map(({ fingerprint }) => fingerprint)
  expect(trace.findings.map(({ fingerprint }) => fingerprint)).toEqual(said)
})
