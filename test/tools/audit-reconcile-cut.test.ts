import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { createReportStore } from '../../src/reports.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { finding, sampleReport } from '../render/sample-report.ts'
import { call } from './call.ts'
import { traceWorld } from './trace-world.ts'

const B1 = finding({ rule: 'B1', subject: { accountId: 5, requestId: 'r1' }, fingerprint: 'b1' })
const B18 = finding({ rule: 'B18', severity: 'MEDIUM', subject: { taskId: 't1' }, context: { userId: 101 } })

/** Of B1, which is HIGH, three are left out, of B18 forty; rows of layer 2 besides. */
const CUT = sampleReport({
  coverage: { complete: true, sources: [] },
  rules: [
    { rule: 'A1', examined: 2, findings: 0 },
    { rule: 'B1', examined: 9, findings: 4, omitted: 3 },
    { rule: 'B18', examined: 90, findings: 41, omitted: 40 },
  ],
  findings: [B1, B18],
})
const { tasks } = CUT
const CUT_ROWS: Report = { ...CUT, tasks: { ...tasks, totals: { ...tasks.totals, omittedRows: 7 } } }

/** The answer about a kept report. */
const answer = (report: Report, given: object) => {
  const reports = createReportStore()
  const dependencies = { ...memoryDependencies(traceWorld(), {}), reports }
  return call(auditReconcileTool, { report_id: reports.put(report), ...given }, dependencies)
}

describe('a filter, where the report does not list all findings', () => {
  it.each([
    [{ user_id: 999 }, 0, 43, 'B1 3, B18 40'],
    [{ user_id: 101 }, 1, 43, 'B1 3, B18 40'],
    [{ account_id: 6 }, 0, 43, 'B1 3, B18 40'],
    [{ date: '2026-02-06' }, 0, 43, 'B1 3, B18 40'],
    [{ rule: 'B18', user_id: 999 }, 0, 40, 'B18 40'],
    [{ severity: 'LOW' }, 0, 43, 'B1 3, B18 40'],
    // What is left out of B18 is no graver than what is listed of it.
    [{ severity: 'HIGH' }, 1, 3, 'B1 3'],
    [{ fingerprint: 'unknown' }, 0, 43, 'B1 3, B18 40'],
  ])('%j: says how many of the others may match', async (filter, findings, unlisted, rules) => {
    const { matching, next } = await answer(CUT, filter)
    expect(matching).toMatchObject({ findings, ofFindings: 2, unlisted })
    expect(next).toContain(
      `say that ${unlisted} lesser findings are counted and not listed (${rules}), and some of them may match the filter: to see them, audit a shorter window, or with ids or user_ids`,
    )
  })

  it.each([
    [{ rule: 'A1' }, 0],
    [{ fingerprint: 'b1' }, 1],
  ])('%j: says nothing where none of them can match', async (filter, findings) => {
    const { matching, next } = await answer(CUT, filter)
    expect(matching).toMatchObject({ findings })
    expect(matching).not.toHaveProperty('unlisted')
    expect(next).not.toContain('not listed')
  })
})

describe('without a filter, what the report does not list', () => {
  it('is said, on the pages of a kept report too', async () => {
    const { matching, next } = await answer(CUT_ROWS, {})
    expect(matching).toBeUndefined()
    expect(next).toMatch(/^say that 43 lesser findings are counted and not listed \(B1 3, B18 40\): to see them/)
    expect(next).not.toContain('rows of tasks')
  })

  it('is said of rows of tasks where they are asked for', async () => {
    const { next } = await answer(CUT_ROWS, { sections: ['tasks'] })
    expect(next).toContain('say that 7 rows of tasks, those of least cost, are counted and not listed: tasks-by-user')
  })

  it('is not spoken of where all is listed', async () => {
    const rules = CUT.rules.map(({ omitted: _omitted, ...tally }) => tally)
    const { next } = await answer({ ...CUT, rules }, { sections: ['findings', 'tasks'] })
    expect(next).not.toContain('not listed')
  })
})

describe('the title of a kept report', () => {
  it('counts findings that it does not list', () => {
    const reports = createReportStore()
    reports.put(CUT)
    expect(reports.list().map(({ title }) => title)).toEqual([expect.stringMatching(/: 45 findings$/)])
  })
})

describe('a report that is not kept', () => {
  it('is told with how many this process keeps', async () => {
    const dependencies = { ...memoryDependencies(traceWorld(), {}), reports: createReportStore(32) }
    await expect(call(auditReconcileTool, { report_id: 'unknown' }, dependencies)).rejects.toMatchObject({
      accepted: 'the reportId of one of the last 32 audits of this process',
    })
  })
})
