import { describe, expect, it } from 'vitest'
import { keyIdOfAccount } from '../../src/demo/mini-world.ts'
import { SAMPLE_NOW, sampleWorld } from '../../src/demo/sample-world.ts'
import { inShort } from '../kit/audit-world.ts'
import { auditRealWorld, STORES } from '../kit/real-audit.ts'
import { NOTHING_LEFT } from '../kit/tie-out.ts'

const requests = { depth: 'requests' as const }

/** Every residual of the tie-out. */
const residuals = (tieOut: Record<string, string> | null): Record<string, string> =>
  Object.fromEntries(Object.entries(tieOut ?? { missing: 'x' }).filter(([name]) => name.endsWith('Residual')))

describe.each(STORES)('the sample world on %s', (store) => {
  it('ties out to the nano-dollar', async () => {
    const report = await auditRealWorld(sampleWorld(), { store }, { ...requests, now: SAMPLE_NOW })
    expect(residuals(report.tieOut)).toEqual(NOTHING_LEFT)
    expect(report.coverage.complete).toBe(true)
    for (const rule of ['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8'])
      expect(report.summary.byRule).toHaveProperty(rule)
  })

  it.each([
    ['repeats rows', { kind: 'repeat-page' as const, rows: 3, page: 2 }, true],
    ['repeats a page', { kind: 'repeat-page' as const, page: 1 }, true],
    ['reorders its rows', { kind: 'reorder' as const }, true],
    ['breaks off', { kind: 'break-off' as const, page: 2 }, false],
    ['has more without a cursor', { kind: 'has-more-without-cursor' as const, page: 2 }, false],
    ['repeats its cursor', { kind: 'repeat-cursor' as const }, false],
  ])('a bill whose page %s: totals unchanged, or the source is partial', async (_, twist, whole) => {
    const clean = await auditRealWorld(sampleWorld(), { store }, { ...requests, now: SAMPLE_NOW })
    const faults = [{ ...twist, path: '/models/billing-events', keyId: keyIdOfAccount(5) }]
    const client = { limits: { eventPageRows: 20 }, requestTimeout: 2000, failureBudget: 4000 }
    const report = await auditRealWorld(
      sampleWorld(),
      { store, double: { faults }, client },
      { ...requests, now: SAMPLE_NOW },
    )
    if (whole) {
      expect(report).toEqual(clean)
      return
    }
    expect(report.coverage.sources).toContainEqual(
      expect.objectContaining({ source: 'fal-events', accountId: 5, status: 'partial' }),
    )
    const ofBill = ['A1', 'B1', 'B2', 'B3', 'B5', 'B15', 'B19']
    const accused = report.findings.filter(({ rule, context }) => ofBill.includes(rule) && context?.accountId === 5)
    expect(accused).toEqual([])
    expect(report.official.totals.costUsd).toBe(clean.official.totals.costUsd)
    expect(residuals(report.tieOut)).toEqual(NOTHING_LEFT)
  })

  it('goes on with usage alone where events are refused, and says so', async () => {
    const faults = [{ kind: 'status' as const, status: 403, path: '/models/billing-events' }]
    const report = await auditRealWorld(sampleWorld(), { store, double: { faults } }, { ...requests, now: SAMPLE_NOW })
    expect(report.coverage.complete).toBe(false)
    expect(report.requests).toBeNull()
    expect(report.tieOut).toBeNull()
    const found = inShort(report)
    expect(found).toContain('A1 accountId=5')
    expect(found.some((text) => text.startsWith('B1 ') || text.startsWith('B2 '))).toBe(false)
    expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule: 'B1', subject: { accountId: 5 } }))
  })
})
