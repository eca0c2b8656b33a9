import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { apiKeyOf, type MiniTask, MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { FalEvent, World } from '../../src/demo/stored-world.ts'
import { renderText } from '../../src/render/text.ts'
import { auditWorld, inShort, type WorldAudit } from '../kit/audit-world.ts'

const team = () =>
  new MiniWorld()
    .account(5, { workspace: 'team' })
    .account(6, { workspace: 'team' })
    .task({ account: 5, cost: '1' })
    .task({ account: 6, cost: '2', user: 102 })

/** The same world, its bill without any attribution. */
const anonymous = (world: World, drop: (event: FalEvent) => boolean = () => true): World => ({
  ...world,
  workspaces: world.workspaces.map((space) => ({
    ...space,
    events: space.events.map((event) => {
      if (!drop(event)) return event
      const { keyId, ...rest } = event
      return rest
    }),
  })),
})

describe('25 accounts', () => {
  it('ids ask for accounts by name, newest or not', async () => {
    const world = new MiniWorld()
    for (let id = 1; id <= 25; id++) world.account(id).task({ account: id })
    const report = await auditWorld(world.build(), { ids: [2, 25] })
    expect(report.official.rows.map(({ accountId }) => accountId)).toEqual([2, 25])
    expect(report.tasks.totals).toMatchObject({ taskCount: 2, outsideAccounts: { taskCount: 23 } })
    await expect(auditWorld(world.build(), { ids: [2, 99] })).rejects.toMatchObject({
      kind: 'input',
      field: 'ids',
      value: '99',
    })
  })
})

describe('a bill that names no keys', () => {
  it('belongs to the one account of its workspace', async () => {
    const world = new MiniWorld().account(5).task({ cost: '1', billed: { cost: '3' } })
    const report = await auditWorld(anonymous(world.build()))
    expect(inShort(report)).toEqual(['A1 accountId=5'])
  })

  it('of several accounts is judged for the workspace, and for none of them', async () => {
    const clean = await auditWorld(anonymous(team().build()))
    expect(inShort(clean)).toEqual([])
    expect(clean.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'A1', subject: { accountId: 6 } }))
    expect(clean.official.rows).toMatchObject([
      { accountId: 5, costUsd: null },
      { accountId: 6, costUsd: null },
      { accountId: null, workspace: 'team', costUsd: '3' },
    ])
    // All was read, and the cost of the accounts is in the sum: it is neither unread nor that of keys without an account.
    expect(clean.official.rows.every(({ undivided }) => undivided === true)).toBe(true)
    const text = renderText(clean, { lang: 'en', modelsPerAccount: true })
    expect(text.match(/ {2}undivided team {2}/g)).toHaveLength(2)
    expect(text).not.toMatch(/unattributed team|covers only the accounts/)
    const built = team()
    built.event({ cost: '3', timestamp: built.iso('2026-02-06 10:00:00') })
    expect(inShort(await auditWorld(anonymous(built.build())))).toEqual(['A1 workspace=team'])
  })

  it('beside another that was not read leaves the sum short, and of keys without an account it is unattributed', async () => {
    const beside = anonymous(team().account(7).task({ account: 7, cost: '9', user: 103 }).build())
    const workspaces = beside.workspaces.filter(({ username }) => username === 'team')
    const short = await auditWorld({ ...beside, workspaces })
    expect(renderText(short, { lang: 'en' })).toContain('The total covers only the accounts that were read')
    const owned = team().event({ cost: '3', timestamp: '2026-02-06T02:00:00Z', keyId: 'deadbeef-0000' })
    const told = await auditWorld(owned.build())
    expect(told.official.rows.some((row) => 'undivided' in row)).toBe(false)
    expect(renderText(told, { lang: 'zh' })).toContain('未归属 team')
  })

  it('in part says so: what names keys is not denied', async () => {
    let dropped = 0
    const partly = await auditWorld(anonymous(team().build(), () => dropped++ === 0))
    const reasons = new Set(partly.notEvaluated.filter(({ rule }) => rule === 'A1').map(({ reason }) => reason))
    expect([...reasons]).toEqual([expect.stringMatching(/^the bill, or part of it, names no key, /)])
  })

  it('is not given to one audited account while another of the workspace is left out of the audit', async () => {
    const report = await auditWorld(anonymous(team().build()), { ids: [5] })
    expect(inShort(report)).toEqual([])
    expect(report.official.rows[0]).toMatchObject({ accountId: 5, costUsd: null })
  })

  it('is not given to one while another row tells no key, and tasks name one that no row holds', async () => {
    const world = anonymous(team().build())
    const accounts = world.tables.accounts.map((row) => (row.id === 6 ? { ...row, apiKey: '' } : row))
    const said = async (tasks: World['tables']['tasks'], options: WorldAudit) =>
      inShort(await auditWorld({ ...world, tables: { ...world.tables, accounts, tasks } }, options))
    const { tasks } = world.tables
    for (const depth of ['summary', 'requests'] as const) {
      expect(await said(tasks, { depth })).toEqual([expect.stringMatching(/^B14/)])
      expect(await said(tasks, { depth, ids: [5] })).toEqual([])
      // Where there is none, or none but long before, there is nothing that may be of it, whatever is asked for.
      const old = tasks.map((row, at) =>
        at === 0 ? row : { ...row, onlineTaskId: null, createdAt: '2026-01-20 12:00:00' },
      )
      for (const asked of [{}, { ids: [5] }, { userIds: [101] }])
        for (const few of [tasks.slice(0, 1), old])
          expect(await said(few, { depth, ...asked })).toContain('A1 accountId=5')
    }
  })
})

describe('key ids', () => {
  const rename = (world: World): World => ({
    ...world,
    workspaces: world.workspaces.map((space) => ({
      ...space,
      events: space.events.map((event) => ({ ...event, keyId: `renamed-${event.keyId}` })),
    })),
  })

  it('of which not one is known say nothing: that they equal the account table is only inferred', async () => {
    const one = new MiniWorld().account(5).task({ cost: '1' })
    expect(inShort(await auditWorld(rename(one.build())))).toEqual([])
    const several = await auditWorld(rename(team().build()))
    expect(inShort(several)).toEqual([])
    expect(several.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'A2', subject: { accountId: 5 } }))
  })

  it('of which not one is known leave open what is spent by others, and say so', async () => {
    const open = async (world: World, depth: 'summary' | 'requests') => {
      const { notEvaluated } = await auditWorld(rename(world), { depth })
      return notEvaluated.flatMap(({ rule, subject }) => (rule === 'B21' ? [subject] : []))
    }
    const one = new MiniWorld().account(5, { workspace: 'team' }).task({ cost: '1' })
    expect(await open(one.build(), 'summary')).toEqual([{ workspace: 'team' }])
    expect(await open(one.build(), 'requests')).toEqual([{ workspace: 'team' }])
    expect(await open(new MiniWorld().account(5).task({ cost: '0.9' }).build(), 'summary')).toEqual([])
  })

  it('of which not one is known accuse no key of an account: they may be those of others', async () => {
    // Account 6 shows that ids are those of the account table; a filter that leaves it out does not make a leak of them.
    const built = new MiniWorld().account(5, { status: 0 }).account(6).task({ account: 6, cost: '1' })
    const strange = { keyId: 'beef0000-0000-4000-8000-000000000000', timestamp: built.iso('2026-02-06 10:00:00') }
    const world = built
      .task({ cost: '1', billed: false })
      .event({ ...strange, cost: '2' })
      .build()
    const about = async (ids: readonly number[]) => {
      const { findings, notEvaluated } = await auditWorld(world, { depth: 'requests', ids: [...ids] })
      const isLeak = ({ rule }: { rule: string }) => rule === 'B15'
      return [findings.filter(isLeak).length, notEvaluated.filter(isLeak).map(({ subject }) => subject)]
    }
    expect(await about([])).toEqual([0, []])
    expect(await about([5])).toEqual([0, [{ accountId: 5 }]])
  })

  it.each(['summary', 'requests'] as const)(
    'of which not one is known leave open what is spent by others where a task without a key cost something: %s',
    async (depth) => {
      const event = { requestId: requestIdOf(1), cost: '3', timestamp: '2026-02-06T05:00:00Z', keyId: 'unknown' }
      const b21 = async (task: MiniTask, world = new MiniWorld().account(5)) => {
        world.task({ apiKey: '', billed: false, ...task }).event(event)
        const report = await auditWorld(world.build(), { depth })
        const open = report.notEvaluated.filter(({ rule }) => rule === 'B21')
        return [...inShort(report), ...open.map(({ reason }) => reason)].filter((text) =>
          /B21|without a key/.test(text),
        )
      }
      const open = ['tasks without a key (1): whether it is a known one cannot be told']
      expect(await b21({ cost: '0.1' })).toEqual(open)
      expect(await b21({ cost: null, apiKey: ' ' })).toEqual(open)
      const found = ['B21 workspace=workspace-5']
      expect(await b21({ cost: '0' })).toEqual(found)
      expect(await b21({ cost: '0.1', apiKey: 'of-nobody' })).toEqual(found)
      expect(await b21({ cost: '0.1', at: '2026-02-05 12:00:00' })).toEqual(found)
      // Ids say something.
      expect(await b21({ cost: '0.1' }, new MiniWorld().account(5).account(6).task({ account: 6 }))).toEqual(found)
    },
  )

  it('of which not one is known leave it open for a success that tells no cost, not for a failure billed elsewhere', async () => {
    const b21 = async (...tasks: readonly MiniTask[]) => {
      const world = new MiniWorld().account(5).account(6)
      const timestamp = '2026-02-06T05:00:00Z'
      world.event({ requestId: 'loose', cost: '3', timestamp, keyId: 'unknown' })
      // The bill of the other account names nobody.
      world.event({ requestId: requestIdOf(1), cost: '0.05', timestamp, keyId: undefined as never }, apiKeyOf(6))
      world.task({ apiKey: '', cost: null, status: 'failed', billed: false })
      for (const task of tasks) world.task({ apiKey: '', billed: false, ...task })
      const report = await auditWorld(world.build(), { depth: 'requests' })
      const open = report.notEvaluated.map(({ rule, reason }) => `${rule}: ${reason}`)
      return [...inShort(report), ...open].filter((text) => text.startsWith('B21'))
    }
    expect(await b21()).toEqual(['B21 workspace=workspace-5'])
    expect(await b21({ cost: '0' })).toEqual(['B21 workspace=workspace-5'])
    const open = ['B21: tasks without a key (1): whether it is a known one cannot be told']
    for (const cost of [null, '0.1']) expect(await b21({ cost })).toEqual(open)
  })

  it('of which not one is known accuse nobody in a workspace of one account either; a bill without ids does', async () => {
    const spent = async (keyId: string | undefined) => {
      const built = new MiniWorld().account(5, { status: 0 }).task({ cost: '1', billed: false })
      const timestamp = built.iso('2026-02-06 10:00:00')
      const world = built.event({ cost: '2', timestamp, keyId: keyId as never }).build()
      const { findings, notEvaluated } = await auditWorld(world, { depth: 'requests' })
      const isLeak = ({ rule }: { rule: string }) => rule === 'B15'
      return [findings.filter(isLeak).length, notEvaluated.filter(isLeak).map(({ subject }) => subject)]
    }
    expect(await spent('beef0000-0000-4000-8000-000000000000')).toEqual([0, [{ accountId: 5 }]])
    expect(await spent(undefined)).toEqual([1, []])
  })

  it("of which not one is known are nobody's where a filter leaves out accounts that may show what ids say", async () => {
    const built = new MiniWorld()
      .account(5)
      .account(6)
      .task({ account: 6, cost: '1' })
      .task({ cost: '1', billed: false })
    const strange = { keyId: 'beef0000-0000-4000-8000-000000000000', timestamp: built.iso('2026-02-06 10:00:00') }
    const world = built.event({ ...strange, cost: '2' }).build()
    const whole = await auditWorld(world)
    expect(inShort(whole)).toEqual(['A2 accountId=5 model=fal-ai/flux/schnell', 'B21 workspace=workspace-5'])
    const filtered = await auditWorld(world, { ids: [5] })
    expect(inShort(filtered)).toEqual([])
    expect(filtered.official.rows).toMatchObject([
      { accountId: 5, costUsd: null },
      { accountId: null, costUsd: '2' },
    ])
    const open = filtered.notEvaluated.filter(({ subject }) => subject.accountId === 5).map(({ rule }) => rule)
    expect(open).toEqual(['A1', 'A2', 'A3'])
  })

  it.each([
    ['of the account', { 5: 'a-key-without-any-id-5', 6: undefined }],
    ['of the others', { 5: undefined, 6: 'a-key-without-any-id-6' }],
  ] as const)('of which not one is known say nothing with a filter too, where the key %s has none', async (_, keys) => {
    const keyOf = (id: 5 | 6) => (keys[id] === undefined ? {} : { apiKey: keys[id] })
    const built = new MiniWorld()
      .account(5, keyOf(5))
      .account(6, keyOf(6))
      .task({ ...keyOf(5), cost: '1' })
    const world = rename(built.build())
    for (const ids of [[], [5]]) {
      const report = await auditWorld(world, { ids })
      expect(inShort(report)).toEqual([])
      expect(report.official.rows.find(({ accountId }) => accountId === 5)).toMatchObject({ costUsd: '1' })
    }
  })

  it('are known by events too, also by those that are billed after the window', async () => {
    const built = new MiniWorld().account(5, { workspace: 'team' }).task({ cost: '1', at: '2026-02-06 23:59:50' })
    const strange = { keyId: 'beef0000-0000-4000-8000-000000000000', timestamp: built.iso('2026-02-06 10:00:00') }
    const report = await auditWorld(built.event({ ...strange, cost: '2' }).build(), { depth: 'requests' })
    expect(inShort(report)).toEqual(['B21 workspace=team'])
    expect(report.official.rows).toMatchObject([
      { accountId: 5, costUsd: '0' },
      { accountId: null, costUsd: '2' },
    ])
  })

  it("that say nothing are nobody's in events as well, where a filter leaves out accounts", async () => {
    const built = new MiniWorld().account(5).account(6).task({ account: 6, cost: '1' })
    const billed = { keyId: 'beef0000-0000-4000-8000-000000000000', timestamp: built.iso('2026-02-07 00:00:10') }
    const world = built.task({ cost: '1', at: '2026-02-06 23:59:50', billed: { ...billed, cost: '3' } }).build()
    const [whole, filtered] = [
      await auditWorld(world, { depth: 'requests' }),
      await auditWorld(world, { depth: 'requests', ids: [5] }),
    ]
    expect(inShort(whole)).toEqual(['A2 accountId=5 model=fal-ai/flux/schnell', expect.stringMatching(/^B3 /)])
    expect(inShort(filtered)).toEqual([expect.stringMatching(/^B3 /)])
    expect(filtered.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'A1', subject: { accountId: 5 } }))
  })

  it("people's logins are never shown, their cost is", async () => {
    const built = team()
    const timestamp = built.iso('2026-02-06 10:00:00')
    built.event({ cost: '4', timestamp, login: 'alice@example.com' })
    const world = anonymous(built.build(), ({ login }) => login !== undefined)
    const report = await auditWorld(world)
    expect(inShort(report)).toEqual(['B21 workspace=team'])
    expect(report.official.rows.at(-1)).toMatchObject({ accountId: null, workspace: 'team', costUsd: '4' })
    expect(JSON.stringify(report)).not.toContain('alice')
  })
})

describe('a bill that names no key, of a day of which all was billed long after', () => {
  const R = { depth: 'requests' as const }
  const late = (billed: false | Partial<FalEvent>, workspace = 'team'): World =>
    new MiniWorld()
      .account(5, { workspace: 'team' })
      .account(6, { workspace })
      .task({ cost: '2', billed })
      .task({ cost: '2', at: '2026-01-05 12:00:00' })
      .build()
  const found = { timestamp: '2026-02-08T20:00:00Z' }

  it('is that of the workspace: what fal told by id was billed, to whichever of its accounts', async () => {
    const report = await auditWorld(anonymous(late(found)), R)
    expect(report.requests).toMatchObject({ matched: 1, unbilled: 0 })
    expect(inShort(report)).toEqual([])
    const open = report.notEvaluated.filter(({ rule }) => rule === 'A2').map(({ subject }) => subject)
    expect(open).toEqual([{ accountId: 5 }, { accountId: 6 }])
  })

  it.each([
    ['keys are named', late(found)],
    ['the account is alone in its workspace', anonymous(late(found, 'other'))],
  ])('leaves nothing open where %s', async (_, world) => {
    const report = await auditWorld(world, R)
    expect(inShort(report)).toEqual([])
    expect(report.notEvaluated.filter(({ rule }) => rule === 'A2')).toEqual([])
  })

  // Account 9, whose bill names no key either, has the workspaces of all accounts looked up, audited or not.
  const beyondLimit = (own: MiniTask, accountLimit: number) => {
    const world = new MiniWorld()
      .account(5, { workspace: 'team' })
      .account(6, { workspace: 'team' })
      .account(9)
      .task({ account: 6, cost: '1', billed: found })
      .task({ account: 5, cost: '5', billed: false, ...own })
      .task({ account: 9, cost: '1' })
    return auditWorld(anonymous(world.build()), { ...R, settings: { accountLimit } })
  }
  const aboutTeam = ({ findings, notEvaluated }: Report, rule: string) =>
    [findings, notEvaluated].map(
      (each) => each.filter((one) => one.rule === rule && one.subject.workspace === 'team').length,
    )

  it.each([2, 20])(
    'counts its tasks alike where accounts of the workspace are beyond the limit (%i)',
    async (limit) => {
      const pending = await beyondLimit({ completed: '2026-02-09 11:00:00' }, limit)
      expect(aboutTeam(pending, 'A1')).toEqual([0, 0])
      const untold = await beyondLimit({ cost: null }, limit)
      expect(aboutTeam(untold, 'A1')).toEqual([0, 1])
      const due = await beyondLimit({}, limit)
      expect(aboutTeam(due, 'A1')).toEqual([1, 0])
    },
  )

  it('does not hide what was never billed', async () => {
    const report = await auditWorld(anonymous(late(false)), R)
    expect(inShort(report).map((text) => text.slice(0, 14))).toEqual(['A2 accountId=5', 'B2 taskId=task'])
  })
})
