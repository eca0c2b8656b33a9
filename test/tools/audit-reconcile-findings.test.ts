import { beforeAll, describe, expect, it } from 'vitest'
import { apiKeyOf, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { runToolPaged } from '../../src/faces/run-tool.ts'
import { failed } from '../../src/fal/answer.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { createPager } from '../../src/paging.ts'
import { createReportStore } from '../../src/reports.ts'
import type { Dependencies } from '../../src/tool.ts'
import { openZone } from '../../src/units/zone.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { noKey } from '../kit/audit-with.ts'
import { memoryDependencies, quietContext } from '../kit/audit-world.ts'
import { memoryFal } from '../kit/memory-ports.ts'
import { refusing } from '../kit/refusing.ts'
import { call, refusal } from './call.ts'
import { traceWorld } from './trace-world.ts'

const WORLD = traceWorld()
const WINDOW = { start: '2026-02-06', end: '2026-02-06', lang: 'en' }

describe('findings of audit-reconcile', () => {
  let dependencies: Dependencies
  let reportId = ''
  let audits = 0
  beforeAll(async () => {
    const memory = memoryDependencies(WORLD, {})
    const ledger = {
      snapshot: (signal: AbortSignal) => {
        audits += 1
        return memory.ledger!.snapshot(signal)
      },
    }
    dependencies = { ...memory, ledger, reports: createReportStore() }
    reportId = (await call(auditReconcileTool, WINDOW, dependencies, WORLD)).reportId
  })
  const all = () => dependencies.reports.get(reportId)!.findings
  const filtered = (filter: object) => call(auditReconcileTool, { report_id: reportId, ...filter }, dependencies, WORLD)

  it('come from a kept report whole, with their evidence, and nothing is audited again', async () => {
    const before = audits
    const result = await filtered({})
    expect(audits).toBe(before)
    expect(result.findings).toEqual(all())
    expect(result).toMatchObject({ reportId, window: { start: '2026-02-06T00:00:00+08:00' } })
    expect(result).not.toHaveProperty('matching')
    for (const key of ['official', 'tasks', 'ledger', 'settings', 'rules', 'tieOut'])
      expect(result).not.toHaveProperty(key)
    expect((await filtered({ sections: ['official'] })).official?.rows).toHaveLength(4)
  })

  it.each([
    [{ rule: 'B3' }, 2, 10],
    [{ rule: 'b1 ' }, 1, 1],
    [{ severity: 'LOW' }, 1, 1],
    [{ account_id: 7 }, 1, 10],
    [{ user_id: 105 }, 1, 10],
    [{ date: '2026-02-06' }, 3, 30],
    [{ date: '2026-02-05' }, 0, 0],
    [{ rule: 'B3', user_id: 105 }, 1, 1],
  ])('%j leaves those that are about it, or whose it is', async (filter, least, most) => {
    const { findings = [], matching } = await filtered(filter)
    expect(findings.length).toBeGreaterThanOrEqual(least)
    expect(findings.length).toBeLessThanOrEqual(most)
    expect(matching).toMatchObject({ findings: findings.length, ofFindings: all().length })
    const { high = 0, medium = 0, low = 0 } = matching ?? {}
    expect(high + medium + low).toBe(findings.length)
    const wanted = all().filter(({ rule, severity, subject, context }) =>
      Object.entries(filter).every(([key, value]) => {
        const name = { account_id: 'accountId', user_id: 'userId', date: 'date' }[key]
        if (name === undefined) return [rule, severity].includes(String(value).trim().toUpperCase() as typeof rule)
        return [Reflect.get(subject, name), Reflect.get(context ?? {}, name)].includes(value)
      }),
    )
    expect(findings).toEqual(wanted)
  })

  it('one is found by its fingerprint, in a new audit too', async () => {
    const [first] = all()
    const { fingerprint = '' } = first ?? {}
    expect((await filtered({ fingerprint })).findings).toEqual([first])
    const again = await call(auditReconcileTool, { ...WINDOW, fingerprint }, dependencies, WORLD)
    expect(again.findings).toEqual([first])
    expect(again.reportId).not.toBe(reportId)
    expect(again.summary.warning).toBe(all().filter(({ classification }) => classification === 'BREAK').length)
    expect((await filtered({ fingerprint: 'none' })).findings).toEqual([])
  })

  it.each([
    [{ account_id: 999 }, 'account 999 was not audited, so it is not known to be fine'],
    [{ user_id: 999 }, 'no row of this report is of user 999: check the id, and that 2026-02-06T00:00:00+08:00 to '],
    [{ date: '2026-02-05' }, '2026-02-05 is no day of this report'],
    [{ date: '2026-02-07' }, '2026-02-07 is no day of this report'],
    [{ fingerprint: '' }, 'no finding listed here has the fingerprint ""'],
    // Whole: half of a secret in it would not be known for one.
    [{ fingerprint: 'f'.repeat(64) }, `no finding listed here has the fingerprint "${'f'.repeat(64)}"`],
  ])('%j leaves none because the report does not look there, and that is said', async (filter, said) => {
    const { matching, next } = await filtered(filter)
    expect(matching).toMatchObject({ findings: 0 })
    expect(next).toContain(`say that ${said}`)
  })

  it('of a workspace that is judged as one are those of each of its accounts, and of no other', async () => {
    const world = new MiniWorld().account(4).account(5, { workspace: 'team' }).account(6, { workspace: 'team' })
    const costly = { cost: '5', timestamp: world.iso('2026-02-06 13:00:00'), ...noKey }
    const built = world
      .task({ billed: noKey })
      .task({ account: 6, billed: noKey })
      .task({ account: 4 })
      .event({ ...costly, endpointId: 'fal-ai/veo3' })
      .build()
    const deps = { ...memoryDependencies(built, {}), reports: createReportStore() }
    const { reportId: kept } = await call(auditReconcileTool, WINDOW, deps, built)
    const answered = (filter: object) => call(auditReconcileTool, { report_id: kept, ...filter }, deps, built)
    const about = async (filter: object) => (await answered(filter)).matching
    for (const id of [5, 6]) expect(await about({ account_id: id })).toMatchObject({ findings: 3, high: 3 })
    // A request of which no account is told says on whose bill it was.
    expect((await answered({ account_id: 6, rule: 'B1' })).findings).toMatchObject([
      { context: { workspace: 'team' }, message: expect.stringContaining('workspace "team"') },
    ])
    expect(await about({ account_id: 5, rule: 'A3' })).toMatchObject({ findings: 1, high: 1 })
    // Who is looked for by user is not looked for by the bill of a workspace.
    for (const none of [{ account_id: 4 }, { account_id: 5, user_id: 101 }])
      expect(await about(none)).toMatchObject({ findings: 0 })
  })

  it('of the workspace of an account that fal does not name are those of this account', async () => {
    const world = new MiniWorld().account(4).account(5).task({ account: 4 }).task()
    const strange = {
      cost: '20',
      timestamp: world.iso('2026-02-06 13:00:00'),
      keyId: 'deadbeef-0000-4000-8000-000000000000',
    }
    const built = world.event(strange).build()
    const fal = memoryFal(built.workspaces)
    const refused = failed('forbidden', 'fal answered 403')
    const deps = { ...memoryDependencies(built, {}), fal: { ...fal, billing: async () => refused } }
    const found = async (id: number) => {
      const { matching } = await call(auditReconcileTool, { ...WINDOW, account_id: id, rule: 'B21' }, deps, built)
      return matching?.findings
    }
    expect([await found(4), await found(5)]).toEqual([0, 1])
  })

  it('about a request that several users were charged for are those of each of them', async () => {
    const requestId = requestIdOf(7000)
    const built = new MiniWorld()
      .account(5)
      .task({ requestId })
      .task({ user: 102, requestId })
      .task({ user: 103 })
      .build()
    const deps = { ...memoryDependencies(built, {}), reports: createReportStore() }
    const { reportId: kept } = await call(auditReconcileTool, WINDOW, deps, built)
    const b4Of = async (filter: object) =>
      (await call(auditReconcileTool, { report_id: kept, rule: 'B4', ...filter }, deps, built)).findings
    for (const userId of [101, 102])
      expect(await b4Of({ user_id: userId })).toMatchObject([
        { subject: { requestId }, context: { userIds: [101, 102] } },
      ])
    expect(await b4Of({ user_id: 103 })).toEqual([])
  })

  it.each([
    [100, false],
    [101, true],
  ])('about a request of %d users say that others may be meant: %s', async (users, isCut) => {
    const requestId = requestIdOf(7000)
    const world = new MiniWorld().account(5)
    for (let user = 101; user <= 100 + users; user++) world.task({ user, requestId })
    const built = world.build()
    const deps = { ...memoryDependencies(built, {}), reports: createReportStore() }
    const { reportId: kept } = await call(auditReconcileTool, WINDOW, deps, built)
    const about = (filter: object) => call(auditReconcileTool, { report_id: kept, rule: 'B4', ...filter }, deps, built)
    expect(await about({ user_id: 200 })).toMatchObject({ matching: { findings: 1 } })
    const { matching, next } = await about({ user_id: 201 })
    expect([matching?.findings, next?.includes('say that 1 more may concern this user')]).toEqual([0, isCut])
    expect((await about({ user_id: 200 })).next).not.toContain('may concern this user')
  })

  it('of a user beside those that were asked for are not known', async () => {
    const narrow = await call(auditReconcileTool, { ...WINDOW, user_ids: [101] }, dependencies, WORLD)
    const about = (userId: number) =>
      call(auditReconcileTool, { report_id: narrow.reportId, user_id: userId }, dependencies, WORLD)
    expect((await about(105)).next).toContain('say that user 105 was not audited')
    expect((await about(101)).next).not.toContain('not audited')
  })

  it('of a user whose id is right are not told as if it were wrong', async () => {
    const world = new MiniWorld()
      .account(5)
      .account(6)
      .task()
      .task({ user: 102, account: 6 })
      .user(104, 'silent')
      .build()
    const deps = { ...memoryDependencies(world, {}), reports: createReportStore() }
    const about = async (userId: number, filters: object) =>
      (await call(auditReconcileTool, { ...WINDOW, ...filters, user_id: userId }, deps, world)).next
    // Asked for, known, and without a task: there is nothing to find.
    expect(await about(104, { user_ids: [101, 104] })).not.toContain('104')
    expect(await about(102, { ids: [5] })).toContain('of some accounts alone, is of user 102: audit without ids')
    expect(await about(104, {})).toContain('no row of this report is of user 104: check the id')
    // Of whom no table has a row it is told why nothing is known.
    expect(await about(999, { user_ids: [101, 999] })).toContain('name what notEvaluated could not judge')
  })

  it.each([
    { account_id: 9, rule: 'A6' },
    { user_id: 105, rule: 'A5' },
    { date: '2026-02-06', rule: 'A5' },
  ])('that are none in what was audited (%j) are just none', async (filter) => {
    const { matching, next } = await filtered(filter)
    expect(matching).toMatchObject({ findings: 0 })
    expect(next).not.toContain('say that')
  })

  it('one that another filter leaves out beside its fingerprint is not told to be gone', async () => {
    const [first] = all()
    const { matching, next } = await filtered({ fingerprint: first?.fingerprint, rule: 'A6' })
    expect(first?.rule).not.toBe('A6')
    expect(matching).toMatchObject({ findings: 0 })
    expect(next).not.toContain('say that')
  })

  it('keep what could not be judged of the same rule and account beside them', async () => {
    const memory = memoryDependencies(WORLD, { settings: { ledgerLink: 'total' } })
    const deps = { ...memory, reports: createReportStore() }
    const result = await call(auditReconcileTool, { ...WINDOW, rule: 'B9', account_id: 5 }, deps, WORLD)
    expect(result.findings).toEqual([])
    expect(result.notEvaluated?.map(({ rule }) => rule)).toEqual(['B9'])
  })

  it('come page by page, each once', async () => {
    const pager = createPager({ resultChars: 4000 })
    const run = (given: object) =>
      runToolPaged(auditReconcileTool, given as never, pager, async () => dependencies, quietContext())
    const seen: unknown[] = []
    let page = await run({ report_id: reportId, sections: ['findings'] })
    for (let count = 0; count < 100; count++) {
      seen.push(...(page.findings as unknown[]))
      if (page.nextCursor === undefined) break
      page = await run({ cursor: page.nextCursor })
    }
    expect(seen).toEqual(all())
  })

  it('come with the grounds of the report on the first page, and on each with where one is', async () => {
    const pager = createPager({ resultChars: 9000 })
    const run = (given: object) =>
      runToolPaged(auditReconcileTool, given as never, pager, async () => dependencies, quietContext())
    const first = await run(WINDOW)
    const second = await run({ cursor: first.nextCursor })
    for (const key of ['settings', 'rules', 'tieOut']) {
      expect(first).toHaveProperty(key)
      expect(second).not.toHaveProperty(key)
    }
    for (const key of ['reportId', 'window', 'coverage', 'summary', 'omitted']) expect(second).toHaveProperty(key)
    expect(auditReconcileTool.output.safeParse(second).error).toBeUndefined()
  })

  it.each([
    [{ report_id: 'unknown' }, 'report_id', /reportId of one of the last/],
    [{ rule: 'C1' }, 'rule', /A1, A2/],
    [{ severity: 'high' }, 'severity', /HIGH/],
    [{ date: 'today' }, 'date', /YYYY-MM-DD/],
    [{ user_id: 'x' }, 'user_id', /number/],
  ])('%j is refused by name', async (given, field, accepted) => {
    const error = await refusal(auditReconcileTool, { ...WINDOW, ...given }, dependencies)
    expect(error).toMatchObject({ kind: 'input', field })
    expect(error.accepted).toMatch(accepted)
  })

  it('say where to look next', async () => {
    expect((await filtered({ rule: 'B3' })).next).toMatch(/task-trace with the taskId/)
  })

  it.each([
    [{ user_ids: [101, 105] }, 'user_ids', /"101,105" is not used with report_id.*give user_id, one user/],
    [{ ids: [5] }, 'ids', /give account_id, one account/],
    [{ start: '2026-02-05' }, 'start', /give date, one day/],
    [{ end: '2026-02-07' }, 'end', /give date, one day/],
    [{ timezone: 'UTC' }, 'timezone', /give no timezone with report_id/],
    [{ a1_deviation_ratio: '0.2' }, 'a1_deviation_ratio', /not used/],
    [{ settlement_lag_hours: 0 }, 'settlement_lag_hours', /"0" is not used/],
    [{ depth: 'summary' }, 'depth', /"summary" is not used/],
  ])('refuse %j beside report_id, which would not be used, and say what is', async (given, field, message) => {
    const error = await refusal(auditReconcileTool, { report_id: reportId, ...given }, dependencies)
    expect(error).toMatchObject({ kind: 'input', field, message: expect.stringMatching(message) })
  })

  it('take what is no wish of its own beside report_id: lists of nothing, and the defaults', async () => {
    const given = { ids: [], user_ids: [], depth: 'requests', lang: 'zh', start: null }
    expect((await filtered(given)).findings).toEqual(all())
  })
})

describe('what makes other findings doubtful comes before them in next', () => {
  const nextOf = async (world: World, zone: string, given: object = {}, own: Partial<Dependencies> = {}) => {
    const memory = { ...memoryDependencies(world, { zone: openZone(zone)! }), reports: createReportStore(), ...own }
    const first = await call(auditReconcileTool, { ...WINDOW, ...given }, memory, world)
    return (await call(auditReconcileTool, { report_id: first.reportId, rule: 'B1' }, memory, world)).next
  }

  it('a zone that is wrong, whichever findings are looked at', async () => {
    const built = new MiniWorld().account(5)
    for (let count = 0; count < 30; count++) built.task({ at: `2026-02-06 12:${count + 10}:00` })
    const world = built.build()
    expect(await nextOf(world, 'UTC')).toMatch(/^say that stored times .* TZ_MISCONFIGURED.* DB_TIMEZONE/)
    expect(await nextOf(world, 'Asia/Shanghai')).not.toContain('DB_TIMEZONE')
  })

  it('models whose names are learned from single requests alone', async () => {
    const endpointId = 'fal-ai/sora-2/image-to-video'
    const world = new MiniWorld().account(5).task({ model: 'sora-2/i2v', billed: { endpointId } }).build()
    expect(await nextOf(world, 'Asia/Shanghai', { depth: 'summary' })).toMatch(/A2 and A3 .*modelAliases/)
    expect(await nextOf(world, 'Asia/Shanghai')).not.toContain('modelAliases')
    const same = new MiniWorld().account(5).task().build()
    expect(await nextOf(same, 'Asia/Shanghai', { depth: 'summary' })).not.toContain('modelAliases')
  })

  it('models of accounts whose billing events could not be read, and of no other account', async () => {
    const aliased = { model: 'sora-2/i2v', billed: { endpointId: 'fal-ai/sora-2/image-to-video' } }
    const nextWithout = (world: World, accountId: number) => {
      const fal = memoryFal(world.workspaces)
      const events = refusing(fal, new Set([apiKeyOf(accountId)])).eachEvents
      return nextOf(world, 'Asia/Shanghai', {}, { fal: { ...fal, eachEvents: events } })
    }
    const world = new MiniWorld().account(5).account(6).task(aliased).task({ account: 6 }).build()
    expect(await nextWithout(world, 5)).toMatch(/A2 and A3 of accounts 5 may .*modelAliases/)
    expect(await nextWithout(world, 6)).not.toContain('modelAliases')
  })

  it('models of accounts whose workspace is judged as one, where its billing events could not be read', async () => {
    const aliased = { model: 'sora-2/i2v', billed: { endpointId: 'fal-ai/sora-2/image-to-video', ...noKey } }
    const world = new MiniWorld().account(4).account(5, { workspace: 'team' }).account(6, { workspace: 'team' })
    const built = world
      .task(aliased)
      .task({ ...aliased, account: 6 })
      .task({ account: 4 })
      .build()
    const next = (fal: FalReader) => nextOf(built, 'Asia/Shanghai', {}, { fal })
    const fal = memoryFal(built.workspaces)
    const { eachEvents } = refusing(fal, new Set([4, 5, 6].map(apiKeyOf)))
    expect(await next({ ...fal, eachEvents })).toMatch(/A2 and A3 of accounts 5, 6 may .*modelAliases/)
    expect(await next(fal)).not.toContain('modelAliases')
  })
})
