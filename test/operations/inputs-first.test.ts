import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AuditError } from '../../src/errors.ts'
import { runTool } from '../../src/faces/run-tool.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { openLedgerStore } from '../../src/ledger/open-store.ts'
import { readStatement, requireStatement } from '../../src/operations/billing-statements.ts'
import { checkFirst } from '../../src/operations/input-check.ts'
import type { Dependencies } from '../../src/tool.ts'
import { type Instant, instant } from '../../src/units/instant.ts'
import { openZone, type Zone } from '../../src/units/zone.ts'
import { TOOLS, WRITE_TOOLS } from '../../tools/registry.ts'
import { memoryDependencies, quietContext } from '../kit/audit-world.ts'

/** Noon of 2026-02-09 in UTC: where clocks are most ahead 02-10 has begun. */
const NOW = instant(Date.parse('2026-02-09T12:00:00Z'))
const SHANGHAI = openZone('Asia/Shanghai') as Zone

/** A server that hangs up on whoever calls, and counts the calls. */
let deaf: Server
let port = 0
let connections = 0

beforeAll(async () => {
  deaf = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
  const address = deaf.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
afterAll(() => void deaf.close())
beforeEach(() => {
  connections = 0
})

/** Dependencies whose database nobody reaches; `zone`: AUDIT_TIMEZONE. */
function unreachable(zone: Zone | undefined): Dependencies {
  const clock = () => NOW
  const url = `mysql://nobody:nothing@127.0.0.1:${port}/nowhere`
  const ledger = openLedgerStore({ url, mapping: DEFAULT_MAPPING, dbZone: undefined, clock })
  const tables = { accounts: [], tasks: [], users: [], points: [], cash: [] }
  const dependencies = memoryDependencies({ tables, workspaces: [] }, {})
  const gone = (): Promise<never> => Promise.reject(new AuditError('source', 'the store cannot be read'))
  const billing = { rules: gone, create: gone, update: gone, settled: gone, recordSettled: gone }
  return { ...dependencies, clock, ledger, billing, settings: { ...dependencies.settings, auditZone: zone } }
}

const call = (name: string, given: Record<string, unknown>, dependencies: Dependencies) => {
  const tool = [...TOOLS, ...WRITE_TOOLS].find((each) => each.name === name)
  if (tool === undefined) throw new RangeError(`no such tool: ${name}`)
  return runTool(tool, given as never, async () => dependencies, quietContext())
}

async function refusal(running: Promise<unknown>): Promise<AuditError> {
  const error = await running.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (error instanceof AuditError) return error
  throw new RangeError(`no refusal, but ${String(error)}`)
}

const RULE = 'br_001'

type Case = readonly [field: string, given: Record<string, unknown>]

/** Of a window from start to end. */
const WINDOW: readonly Case[] = [
  ['start', { start: 'soon' }],
  ['start', { start: '2026-02-30' }],
  ['start', { start: '2026-02-06T12:00:00' }],
  ['start', { start: '2026-02-11' }],
  ['start', { end: '2026-02-06' }],
  ['end', { start: '2026-02-06', end: '2026-02-05' }],
  ['end', { start: '2026-02-06', end: 'never' }],
  ['end', { start: '2024-02-06', end: '2026-02-05' }],
  ['end', { start: '2026-02-06T12:00:00Z', end: '2026-02-06T12:00:00Z' }],
  ['end', { start: '2026-02-06', end: '2026-02-05T09:00:00Z' }],
]
const ZONE: Case = ['timezone', { timezone: 'Mars/Olympus' }]
const IDS: Case = ['ids.0', { ids: ['five'] }]
const USERS: Case = ['user_ids.0', { user_ids: [-1.5] }]

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'audit-reconcile': [
    ...WINDOW,
    ...[ZONE, IDS, USERS],
    ['depth', { depth: 'deep' }],
    ['lang', { lang: 'fr' }],
    ['sections.0', { sections: ['sums'] }],
    ['rule', { rule: 'Z9' }],
    ['date', { date: 'soon' }],
    ['a1_deviation_ratio', { a1_deviation_ratio: 'much' }],
    ['report_id', { report_id: 'none' }],
    ['strat', { strat: '2026-02-06' }],
  ],
  'tasks-by-user': [...WINDOW, ZONE, IDS, USERS, ['sort', { sort: 'luck' }]],
  'user-ledger': [...WINDOW, ZONE, IDS, USERS, ['user_ids', { entries: true }], ['entries', { entries: 'all' }]],
  'fal-get-usage': [
    ...WINDOW,
    ...[ZONE, IDS],
    ['group_by', { group_by: 'mood' }],
    ['endpoint_ids', { group_by: 'app', endpoint_ids: ['fal-ai/flux/dev'] }],
  ],
  'fal-list-invoices': [
    ...[ZONE, IDS],
    ['from', { from: '2026-13' }],
    ['to', { to: 'March' }],
    ['to', { to: '2026-03' }],
    ['from', { from: '2026-02', to: '2026-01' }],
    ['from', { from: '2020-01', to: '2026-01' }],
  ],
  'billing-usage': [
    ...[ZONE, IDS],
    ['period', { period: 'year' }],
    ['start_date', { period: 'custom', end_date: '2026-02-06' }],
    ['start_date', { period: 'custom', start_date: '2026-02-30', end_date: '2026-02-06' }],
    ['start_date', { period: 'custom', start_date: '2026-02-11', end_date: '2026-02-12' }],
    ['end_date', { period: 'custom', start_date: '2026-02-06', end_date: '2026-02-05' }],
    ['start_date', { period: 'today', start_date: '2026-02-06' }],
    ['user_id', { user_id: 'me' }],
    ['group_by', { group_by: 'mood' }],
  ],
  'billing-statements': [
    ['invoice_id', { invoice_id: '2026-02' }],
    ['invoice_id', { invoice_id: 'inv_202613' }],
    ['invoice_id', { invoice_id: 'inv_202603' }],
    ['user_id', { invoice_id: 'inv_202601', user_id: 5 }],
    ['limit', { limit: 0 }],
  ],
  'task-trace': [
    ['id', { id: ' ' }],
    ['id', {}],
    ['kind', { id: 'x', kind: 'guess' }],
    ['timezone', { id: 'x', timezone: 'Mars/Olympus' }],
  ],
  'fal-list-accounts': [IDS],
  'fal-balance': [IDS],
  'fal-estimate-cost': [
    IDS,
    ['models', { models: ['no endpoint=1'] }],
    ['limit_usd', { models: ['a/b=1'], limit_usd: '-1' }],
  ],
  'billing-rules': [
    ['at', { at: 'soon' }],
    ['model_id', { rule_id: RULE, model_id: 'm' }],
  ],
  'billing-estimate': [
    ['at', { model_id: 'm', at: 'soon' }],
    ['units', { model_id: 'm', units: 'many' }],
  ],
  'billing-rules-write': [
    ['body', { rule_id: RULE }],
    ['input_price', { rule_id: RULE, input_price: 'much' }],
    ['membership_level', { model_id: 'm' }],
  ],
  doctor: [['lang', { lang: 'fr' }]],
}

/** What asks the database of each tool that does, with inputs that are right. */
const RIGHT: Readonly<Record<string, Record<string, unknown>>> = {
  'audit-reconcile': { start: '2026-02-06', end: '2026-02-06' },
  'tasks-by-user': { start: '2026-02-06T00:00:00Z', end: '2026-02-07T00:00:00Z' },
  'user-ledger': {},
  'fal-get-usage': { start: '2026-02-06', end: '2026-02-07T00:00:00Z' },
  'fal-list-invoices': { from: '2025-12', to: '2026-02' },
  'billing-usage': { period: 'custom', start_date: '2026-02-06', end_date: '2026-02-06' },
  'billing-statements': { invoice_id: 'inv_202601_u5' },
  'task-trace': { id: 'x' },
  'fal-list-accounts': {},
  'fal-balance': {},
  'fal-estimate-cost': { models: ['fal-ai/flux/dev=1'] },
}

describe('bad input', () => {
  it('is looked for in every tool', () => {
    expect(Object.keys(CASES).sort()).toEqual([...TOOLS, ...WRITE_TOOLS].map(({ name }) => name).sort())
  })

  describe.each([
    ['its own', undefined],
    ['AUDIT_TIMEZONE', SHANGHAI],
  ])('is told before the database is asked for anything, in the zone of %s', (_, zone) => {
    it.each(Object.entries(CASES).flatMap(([name, cases]) => cases.map((each) => [name, ...each] as const)))(
      '%s: %s of %o',
      async (name, field, given) => {
        const error = await refusal(call(name, given, unreachable(zone)))
        expect([error.field, error.kind]).toEqual([field, field === 'invoice_id' ? 'not-found' : 'input'])
        expect(error.accepted ?? '').not.toBe('')
        const value = Object.values(given).flat()[0]
        if (error.value !== undefined && Object.keys(given).length === 1) expect(error.value).toBe(String(value))
        expect(connections).toBe(0)
      },
    )

    it.each(Object.entries(RIGHT))('and what is right is asked of the database: %s of %o', async (name, given) => {
      const error = await refusal(call(name, given, unreachable(zone)))
      expect(error.kind).toBe('source')
      expect(connections).toBeGreaterThan(0)
    })
  })

  it('is told of the routes of statements too', async () => {
    for (const read of [readStatement, requireStatement]) {
      const error = await refusal(read('inv_209901', unreachable(undefined), quietContext()))
      expect([error.kind, error.field, connections]).toEqual(['not-found', 'invoice_id', 0])
    }
  })

  it('is told where no database is configured at all', async () => {
    const none: Dependencies = { ...unreachable(undefined), ledger: undefined }
    for (const name of ['audit-reconcile', 'fal-get-usage']) {
      expect(await refusal(call(name, { start: 'soon' }, none))).toMatchObject({ kind: 'input', field: 'start' })
      expect(await refusal(call(name, { start: '2026-02-06' }, none))).toMatchObject({ kind: 'configuration' })
    }
  })
})

describe('what only the zone of the database decides', () => {
  it.each([
    // A day that has begun where clocks are most ahead of UTC alone.
    { start: '2026-02-10' },
    // Its end comes before or after its start by the zone.
    { start: '2026-02-06', end: '2026-02-06T05:00:00Z' },
    { start: '2026-02-06', end: '2026-02-05T12:00:00Z' },
  ])('is left to it: %o', async (given) => {
    expect((await refusal(call('audit-reconcile', given, unreachable(undefined)))).kind).toBe('source')
    expect(connections).toBeGreaterThan(0)
  })

  it('is refused where every zone refuses it, to the quarter of an hour', () => {
    const asked: string[] = []
    const refusing = (accepted: readonly string[]) => (zone: Zone, _: Instant) => {
      asked.push(zone.id)
      if (!accepted.includes(zone.id)) throw new AuditError('input', `not in ${zone.id}`)
    }
    for (const id of ['+14:00', '-14:00', '+05:45', '-09:30', '+00:00']) {
      expect(() => checkFirst(refusing([id]), undefined, instant(0))).not.toThrow()
    }
    expect(() => checkFirst(refusing([]), undefined, instant(0))).toThrow('not in +00:00')
    asked.length = 0
    expect(() => checkFirst(refusing(['+01:00']), SHANGHAI, instant(0))).toThrow('not in Asia/Shanghai')
    expect(asked).toEqual(['Asia/Shanghai'])
  })

  it('keeps what is no refusal', () => {
    const broken = (): never => {
      throw new RangeError('broken')
    }
    expect(() => checkFirst(broken, undefined, instant(0))).toThrow(new RangeError('broken'))
  })
})

describe('who asks in words', () => {
  const of = (name: string, given: Record<string, unknown>) => refusal(call(name, given, unreachable(SHANGHAI)))

  it('for a day is told what time it is', async () => {
    const next = 'Now is 2026-02-09T20:00:00+08:00: count the days from there.'
    expect(await of('audit-reconcile', { start: '上个月' })).toMatchObject({ field: 'start', next })
    expect(await of('tasks-by-user', { start: '2026-02-01', end: 'today' })).toMatchObject({ field: 'end', next })
    const custom = { period: 'custom', start_date: '2026-02-01', end_date: '2026/02/08' }
    expect(await of('billing-usage', custom)).toMatchObject({ field: 'end_date', next })
  })

  it('for a user or an account is told where ids are', async () => {
    const users = expect.stringMatching(/^tasks-by-user /)
    const accounts = expect.stringMatching(/^fal-list-accounts /)
    expect(await of('user-ledger', { user_ids: ['张三'] })).toMatchObject({ field: 'user_ids.0', next: users })
    expect(await of('user-ledger', { user_ids: '张三' })).toMatchObject({ field: 'user_ids', next: users })
    expect(await of('audit-reconcile', { user_id: 'me' })).toMatchObject({ field: 'user_id', next: users })
    expect(await of('fal-get-usage', { ids: [5, 'main'] })).toMatchObject({ field: 'ids.1', next: accounts })
    expect((await of('fal-get-usage', { ids: ['5'] })).next).toBeUndefined()
    expect((await of('user-ledger', { user_ids: '101, 102' })).next).toBeUndefined()
  })
})
