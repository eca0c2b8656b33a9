import { afterEach, describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { LIMITS } from '../../src/limits.ts'
import { renderText } from '../../src/render/text.ts'
import { createReportStore } from '../../src/reports.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { auditWorld, memoryDependencies } from '../kit/audit-world.ts'
import { call } from '../tools/call.ts'
import { MARCH, statementOf } from '../tools/statement-world.ts'

const { findingsPerRule, reportTaskRows } = LIMITS
/** What a report holds, smaller than what the world below gives. */
const small = (): void => void Object.assign(LIMITS, { findingsPerRule: 2, reportTaskRows: 2 })
afterEach(() => void Object.assign(LIMITS, { findingsPerRule, reportTaskRows }))

/** One day with several findings of HIGH (B1), MEDIUM (B2) and LOW (B18, one of it MEDIUM), and five rows of layer 2. */
function manyFaults() {
  const world = new MiniWorld().account(5).task()
  for (let index = 0; index < 4; index++) {
    world.event({ cost: `0.${index + 1}`, timestamp: world.iso('2026-02-06 10:00:00'), requestId: `lost-${index}` })
    world.task({ user: 102 + index, billed: false, cost: `0.0${index + 1}`, model: `fal-ai/model-${index}` })
  }
  const stuck = { status: 'processing', completed: null, paid: false, points: 0, at: '2026-02-06 01:00:00' } as const
  world.task({ ...stuck, user: 110, cost: '0.01' })
  for (let index = 0; index < 4; index++) world.task({ ...stuck, user: 110, cost: '0', billed: false })
  return world.build()
}
const DAY = { depth: 'requests', now: MARCH } as const

describe('a report that does not list all', () => {
  it('counts all by severity, as one that does', async () => {
    const whole = await auditWorld(manyFaults(), DAY)
    const listed = (severity: string) =>
      whole.findings.filter((each) => each.classification === 'BREAK' && each.severity === severity).length
    const { bySeverity } = whole.summary
    expect(bySeverity).toEqual({ high: listed('HIGH'), medium: listed('MEDIUM'), low: listed('LOW') })
    for (const count of Object.values(bySeverity)) expect(count).toBeGreaterThan(2)
    small()
    const cut = await auditWorld(manyFaults(), DAY)
    expect(cut.findings.length).toBeLessThan(whole.findings.length)
    expect(cut.summary).toEqual(whole.summary)
  })

  it('gives a statement the same counts', async () => {
    const whole = await statementOf(manyFaults(), 'inv_202602')
    small()
    expect((await statementOf(manyFaults(), 'inv_202602')).findings).toEqual(whole.findings)
  })

  it('says so, with what is left out', async () => {
    small()
    const report = await auditWorld(manyFaults(), DAY)
    const cut = report.rules.filter(({ omitted }) => omitted !== undefined)
    expect(cut.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['B1', 'B2', 'B18']))
    const text = renderText(report, { lang: 'en' })
    for (const { rule, findings } of cut) {
      expect(text).toContain(`\n  ${rule}: ${findings - 2} of ${findings} alerts left out, the lesser ones\n`)
    }
    expect(text).toContain('\n  4 of all 6 rows, those of least cost, are too many for the report')
  })

  it('has a filter that finds nothing say what else may match', async () => {
    const reports = createReportStore()
    const dependencies = { ...memoryDependencies(manyFaults(), DAY), reports }
    const ask = (given: object) =>
      call(auditReconcileTool, { start: '2026-02-06', end: '2026-02-06', rule: 'B2', ...given }, dependencies)
    const ofUser = { user_id: 102 }
    const { findings: [wanted, ...others] = [], matching: all } = await ask(ofUser)
    expect(wanted?.context?.userId).toBe(102)
    expect(others).toEqual([])
    expect(all).not.toHaveProperty('unlisted')
    small()
    const { findings, matching, next } = await ask(ofUser)
    expect(findings).toEqual([])
    expect(matching).toMatchObject({ findings: 0, unlisted: 2 })
    expect(next).toContain('say that 2 lesser findings are counted and not listed (B2 2)')
    // As it advises: of that user alone nothing is left out.
    expect((await ask({ ...ofUser, user_ids: [102] })).findings).toEqual([wanted])
  })
})

describe('the limits of a report', () => {
  it('are what the texts say', () => {
    expect([LIMITS.findingsPerRule, LIMITS.reportTaskRows]).toEqual([10_000, 50_000])
  })
})
