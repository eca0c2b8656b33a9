import { it } from 'vitest'
import { appendFileSync } from 'node:fs'
import { apiKeyOf, keyIdOfAccount, MiniWorld, requestIdOf } from '../src/demo/mini-world.ts'
import { runAudit } from '../src/operation.ts'
import { auditInput, auditWorld, inShort, memoryDependencies, quietContext } from './kit/audit-world.ts'
const R = { depth: 'requests' as const }
const OUT = '/tmp/hostile-engine.out'
const say = (name: string, value: unknown) => appendFileSync(OUT, `## ${name}\n${JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v), 1)}\n`)
const brief = (r: any, extra: object = {}) => ({ f: inShort(r), amounts: r.findings.map((x: any) => `${x.rule} ${x.severity} exp=${x.expected} act=${x.actual} diff=${x.difference} n=${x.count} fp=${x.fingerprint}`), ne: r.notEvaluated.map((n: any) => `${n.rule} ${JSON.stringify(n.subject)} ${n.reason.slice(0, 90)}`), link: r.settings.ledgerLink, cov: r.coverage.complete, sum: r.summary, ...extra })
const res = (r: any) => Object.fromEntries(Object.entries(r.tieOut ?? {}).filter(([k]) => k.endsWith('Residual')))
async function withFal(world: any, options: any, wrap: (fal: any) => any) {
  const deps = memoryDependencies(world, options)
  const fal: any = deps.fal
  return runAudit(auditInput(options), { ...deps, fal: { ...fal, ...wrap(fal) } } as any, quietContext())
}
const bad = { status: 'failed', failure: 'server-error', reason: 'fal answered 500' } as const
const t = (name: string, run: () => Promise<void>) => it(name, async () => { try { await run() } catch (e: any) { say(name + ' THROWS', String(e?.stack ?? e)) ; } })
const base = () => new MiniWorld().account(5)
const noKeys = { keyId: undefined }


t('P1 running task with cost recorded at creation, today', async () => {
  const w = base().task({ cost: '1', at: '2026-02-06 09:00:00' }).task({ cost: '1', at: '2026-02-06 11:59:00', status: 'processing', completed: null, billed: false })
  const now = w.instant('2026-02-06 12:00:00')
  say('P1 requests', brief(await auditWorld(w.build(), { ...R, now })))
  say('P1 summary', inShort(await auditWorld(w.build(), { now })))
  const v = base().task({ cost: '1', at: '2026-02-06 09:00:00' }).task({ cost: '1', at: '2026-02-06 11:59:00', completed: '2026-02-06 11:59:50', requestId: null, billed: false })
  say('P1 without id requests', inShort(await auditWorld(v.build(), { ...R, now })))
  say('P1 without id summary', inShort(await auditWorld(v.build(), { now })))
})
t('P2 double claim over the split', async () => {
  const w = base().task({ cost: '5', status: 'failed', at: '2026-02-06 23:50:00', requestId: requestIdOf(77), billed: { requestId: requestIdOf(77), timestamp: '2026-02-06T15:58:00Z' } })
  w.task({ cost: '5', at: '2026-02-07 00:30:00', requestId: requestIdOf(77), billed: false })
  for (const [s, e] of [['2026-02-06', '2026-02-06'], ['2026-02-07', '2026-02-07'], ['2026-02-06', '2026-02-07']]) {
    const r = await auditWorld(w.build(), { ...R, start: s, end: e })
    say(`P2 ${s} ${e}`, { f: inShort(r), m: r.tieOut?.eventsMatched, req: r.requests })
  }
})
t('P3 B19 at the edge', async () => {
  const w = base().task({ cost: '1' }).task({ cost: '0.5', at: '2026-02-06 23:59:58' })
  // usage books the request on the day it began, events on the day it ended
  const r = async (start: string, end: string) => withFal(w.build(), { ...R, start, end }, (fal) => ({ usage: async (k: string, q: any, s: any) => {
    const shifted = { ...q, range: { start: q.range.start + 60_000, end: q.range.end + 60_000 } }
    const got = await fal.usage(k, shifted, s)
    return { ...got, value: got.value.map((row: any) => (row.date === '2026-02-07' ? { ...row, date: '2026-02-06' } : row)) }
  } }))
  say('P3 one day', brief(await r('2026-02-06', '2026-02-06')))
})
t('P4 B7 severity with events unread', async () => {
  const w = base().task().task({ status: 'failed', cost: '1', at: '2026-02-06 01:00:00' })
  say('P4 read', brief(await auditWorld(w.build(), R)))
  say('P4 unread', brief(await withFal(w.build(), R, () => ({ events: async () => bad }))))
})
t('P5 net zero', async () => {
  const w = base().task({ cost: '1', model: 'fal-ai/credit' }).event({ requestId: requestIdOf(1), endpointId: 'fal-ai/credit', cost: '-1', timestamp: '2026-02-06T07:00:00Z' })
  say('P5', brief(await auditWorld(w.build(), R)))
})
t('P6 late billed, not asked', async () => {
  const late = '2026-02-08T20:00:00Z'
  const w = base().task().task({ cost: '0', status: 'processing', completed: null, at: '2026-02-06 01:00:00' }).event({ requestId: requestIdOf(2), cost: '9', timestamp: late })
  w.task({ cost: '0', at: '2026-02-06 01:00:00' }).event({ requestId: requestIdOf(3), cost: '9', timestamp: late })
  say('P6', brief(await auditWorld(w.build(), R)))
})
t('P7 filter hides unpaid', async () => {
  const w = base().account(6)
  for (let i = 0; i < 38; i++) w.task({ user: 200, account: i % 2 ? 5 : 6 })
  w.task({ user: 101, account: 5, paid: { orderId: null } }).task({ user: 101, account: 6, paid: false })
  say('P7 all', inShort(await auditWorld(w.build(), R)))
  const r = await auditWorld(w.build(), { ...R, ids: [6] })
  say('P7 ids 6', brief(r, { led: r.ledger.rows }))
})
t('P8 pending forever', async () => {
  const w = base().task({ cost: '10' }).task({ cost: '50', completed: '2099-01-01 00:00:00', billed: false })
  say('P8', brief(await auditWorld(w.build(), R), { req: (await auditWorld(w.build(), R)).requests }))
})
t('P9 event order and owner', async () => {
  const w = new MiniWorld().account(5, { workspace: 'w' }).account(6, { workspace: 'w' }).task({ cost: '1' }).task({ account: 6, cost: '1' })
  w.event({ requestId: 'x-1', cost: '2', timestamp: '2026-02-06T05:00:00Z' }).event({ requestId: 'x-1', cost: '2', keyId: keyIdOfAccount(6), timestamp: '2026-02-06T05:00:01Z' })
  const a = w.build()
  say('P9 fwd', inShort(await auditWorld(a, R)))
  say('P9 rev', inShort(await auditWorld({ ...a, workspaces: a.workspaces.map((x) => ({ ...x, events: [...x.events].reverse() })) }, R)))
})
t('P10 refund of a task under another form of id and user filter without tasks', async () => {
  const w = base().task()
  w.points(999, -50, { orderId: 'vip' })
  say('P10', brief(await auditWorld(w.build(), { ...R, userIds: [999] }), { led: (await auditWorld(w.build(), { ...R, userIds: [999] })).ledger.rows }))
})
t('P11 cost on two accounts, request of 6 recorded on 5', async () => {
  const w = new MiniWorld().account(5).account(6).task({ cost: '1', billed: false }).task({ cost: '4' }).task({ account: 6, cost: '4' })
  w.event({ requestId: requestIdOf(1), endpointId: 'fal-ai/only-six', cost: '1', timestamp: '2026-02-06T05:00:00Z' }, apiKeyOf(6))
  say('P11', inShort(await auditWorld(w.build(), R)))
})
t('P12 B12 hidden: row id higher before the window', async () => {
  const w = base().task()
  w.points(7, -10, { at: '2026-02-06 10:00:00' }).points(7, -10, { at: '2026-02-03 10:00:00' })
  const b = w.build()
  // first row of the window starts nowhere near: and a later-numbered, earlier-dated row is the only one before
  const points = b.tables.points.map((p) => ({ ...p }))
  points.unshift({ ...points.find((p) => p.userId === 7)!, id: 0.5 as any, createdAt: '2026-02-02 10:00:00', points: -1, balanceBefore: 5, balanceAfter: 4 })
  const renum = points.map((p, i) => ({ ...p, id: i + 1 }))
  say('P12', brief(await auditWorld({ ...b, tables: { ...b.tables, points: renum } }, R), { rows: renum.filter((p) => p.userId === 7) }))
})
t('P13 probe of outside member fails', async () => {
  const w = new MiniWorld().account(5, { workspace: 'w' }).account(6, { workspace: 'w' })
  w.task({ account: 5, cost: '1', billed: noKeys }).task({ account: 6, cost: '1', billed: noKeys })
  say('P13', brief(await withFal(w.build(), { ...R, ids: [6] }, (fal) => ({ billing: (k: string, s: any) => (k === apiKeyOf(5) ? Promise.resolve(bad) : fal.billing(k, s)) }))))
})
