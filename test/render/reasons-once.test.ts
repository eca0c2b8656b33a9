import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { vocabulary } from '../../src/render/messages.ts'
import { reasonsOnce } from '../../src/render/reasons-once.ts'
import { renderText } from '../../src/render/text.ts'
import { createReportStore } from '../../src/reports.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { auditWorld, memoryDependencies } from '../kit/audit-world.ts'
import { call } from '../tools/call.ts'

const REFUSED = 'fal answered 403: the key may not read billing'
const source = (accountId: number, reason: string) =>
  ({ source: 'fal-events', accountId, status: 'failed', reason }) as const
const check = (rule: 'A1' | 'B1' | 'B2', accountId: number, reason: string) => ({
  rule,
  subject: { accountId },
  reason,
})

describe('why a source of an account was not read', () => {
  it('is told once, and all checks stay', () => {
    const sources = [source(5, REFUSED), source(7, REFUSED), source(9, 'the connection broke')]
    const said = (why: string) => `the billing events of the account could not be read${why}`
    expect(
      reasonsOnce(
        [
          ...[5, 7, 9].map((id) => check('B1', id, said(`: ${id === 9 ? 'the connection broke' : REFUSED}`))),
          ...[5, 9].map((id) =>
            check('B2', id, `未能读取该账号的计费明细：${id === 9 ? 'the connection broke' : REFUSED}`),
          ),
        ],
        sources,
      ),
    ).toEqual([
      check('B1', 5, said(`: ${REFUSED}`)),
      check('B1', 7, said('')),
      check('B1', 9, said(': the connection broke')),
      check('B2', 5, '未能读取该账号的计费明细'),
      check('B2', 9, '未能读取该账号的计费明细'),
    ])
  })

  it('takes nothing from reasons of another kind, of no account, or of one that was read', () => {
    const sources = [source(5, REFUSED), { source: 'fal-events', accountId: 7, status: 'complete' } as const]
    const kept = [
      check('B1', 5, `the billing events of the account could not be read: ${REFUSED}`),
      check('B2', 5, 'the bill names no key'),
      check('B2', 5, REFUSED),
      check('B2', 7, `the billing events of the account could not be read: ${REFUSED}`),
      { rule: 'B2' as const, subject: {}, reason: `of some: ${REFUSED}` },
    ]
    expect(reasonsOnce(kept, sources)).toEqual(kept)
  })

  it.each(['zh', 'en'] as const)(
    'in audit-reconcile, where its resource as JSON tells it of every check, in %s',
    async (lang) => {
      const books = new MiniWorld()
      for (let id = 1; id <= 20; id++) books.account(id).task({ account: id, paid: { points: 100 } })
      const world = { ...books.build(), workspaces: [] }
      const deps = { ...memoryDependencies(world, {}), reports: createReportStore() }
      const given = { start: '2026-02-06', end: '2026-02-06', lang }
      const { reportId, notEvaluated = [] } = await call(auditReconcileTool, given, deps, world)
      const whole = deps.reports.get(reportId)?.notEvaluated ?? []
      const namesOf = (checks: typeof whole) => checks.map(({ rule, subject }) => [rule, subject])
      expect(namesOf(notEvaluated)).toEqual(namesOf(whole))
      const saying = (checks: typeof whole) => checks.filter(({ reason }) => reason.includes('fal answered 401')).length
      expect(saying(whole)).toBeGreaterThan(200)
      expect(saying(notEvaluated)).toBe(1)
      expect(JSON.stringify(notEvaluated).length).toBeLessThan(JSON.stringify(whole).length)
      expect(notEvaluated.every(({ reason }) => reason.length > 10)).toBe(true)
      const ofRule = await call(auditReconcileTool, { report_id: reportId, rule: 'B3', account_id: 20 }, deps, world)
      expect(ofRule.notEvaluated?.map(({ reason }) => reason.includes('fal answered 401'))).toEqual([true])
    },
  )

  it.each(['zh', 'en'] as const)(
    'in the report as text, below the sources, with a line a rule, in %s',
    async (lang) => {
      const books = new MiniWorld()
      for (const id of [5, 6, 7]) books.account(id).task({ account: id })
      const { workspaces, ...world } = books.build()
      const report = await auditWorld({ ...world, workspaces: workspaces.slice(0, 1) }, { depth: 'requests', lang })
      const [top = '', checks = ''] = renderText(report, { lang }).split(vocabulary(lang).notEvaluated)
      const saying = (text: string) => text.split('\n').filter((line) => line.includes('401'))
      expect(saying(top)).toHaveLength(6)
      expect(saying(checks)).toEqual([expect.stringMatching(/^ {2}A1 ×2/)])
      for (const rule of ['A2', 'A3', 'B1', 'B15', 'B21'])
        expect(checks).toMatch(new RegExp(`^ {2}${rule} ×2.+6.+7`, 'm'))
    },
  )
})
