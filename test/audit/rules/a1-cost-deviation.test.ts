import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../../src/demo/mini-world.ts'
import { auditWorld, inShort } from '../../kit/audit-world.ts'

/** Two accounts; account 5 records `recorded` USD of which fal billed `billed`. */
function world(recorded: string, billed: string, at = '2026-02-06 12:00:00') {
  return new MiniWorld()
    .account(5)
    .account(6)
    .task({ account: 6, user: 102, cost: '1' })
    .task({ cost: recorded, at, billed: { cost: billed } })
}

describe('A1: cost deviation by account', () => {
  it('stays silent where bill and record agree', async () => {
    expect(inShort(await auditWorld(world('1', '1').build()))).toEqual([])
  })

  it.each([
    ['0.9', '1', []],
    ['0.899999999', '1', ['A1 accountId=5']],
    ['1.1', '1', []],
    ['1.100000001', '1', ['A1 accountId=5']],
    ['10.8', '12', []],
    ['10.79', '12', ['A1 accountId=5']],
  ])('recorded %s against %s billed: %j, to the nano-dollar', async (recorded, billed, expected) => {
    expect(inShort(await auditWorld(world(recorded, billed).build()))).toEqual(expected)
  })

  it('reports both sums and the signed difference', async () => {
    const report = await auditWorld(world('33.6', '99.92').build())
    expect(report.findings[0]).toMatchObject({
      rule: 'A1',
      severity: 'HIGH',
      classification: 'BREAK',
      subject: { accountId: 5 },
      expected: '99.92',
      actual: '33.6',
      difference: '-66.32',
      unit: 'USD',
    })
    expect(report.findings[0]?.message).toContain('66.4')
  })

  it('takes its threshold from the settings', async () => {
    const { DEFAULT_THRESHOLDS } = await import('../../../src/settings.ts')
    const { ratio } = await import('../../../src/units/ratio.ts')
    const loose = { ...DEFAULT_THRESHOLDS, a1DeviationRatio: ratio('0.7') }
    expect(inShort(await auditWorld(world('0.5', '1').build(), { thresholds: loose }))).toEqual([])
    expect(inShort(await auditWorld(world('0.5', '1').build()))).toEqual(['A1 accountId=5'])
  })

  it('counts the record of every status, as the bill may hold them all', async () => {
    const built = new MiniWorld()
      .account(5)
      .task({ status: 'failed', cost: '1' })
      .task({ status: 'running', completed: null })
    expect(inShort(await auditWorld(built.build()))).toEqual([])
  })

  describe('at the edges of the window', () => {
    it('a task made before midnight and billed after it is timing, on both days', async () => {
      const late = () =>
        new MiniWorld()
          .account(5)
          .task({ cost: '1' })
          .task({ cost: '1', at: '2026-02-07 12:00:00' })
          .task({ cost: '0.5', at: '2026-02-06 23:59:58' })
      expect(inShort(await auditWorld(late().build()))).toEqual(['A1 TIMING accountId=5'])
      const next = { start: '2026-02-07', end: '2026-02-07' }
      expect(inShort(await auditWorld(late().build(), next))).toEqual(['A1 TIMING accountId=5'])
      const both = { start: '2026-02-06', end: '2026-02-07' }
      expect(inShort(await auditWorld(late().build(), both))).toEqual([])
    })

    it('timing does not warn and does not count', async () => {
      const built = new MiniWorld().account(5).task({ cost: '1' }).task({ cost: '0.5', at: '2026-02-06 23:59:58' })
      const { findings, summary } = await auditWorld(built.build())
      expect(findings[0]).toMatchObject({ severity: 'LOW', classification: 'TIMING' })
      expect(summary).toMatchObject({ warning: 0, critical: 0 })
    })

    it('a difference one nano-dollar larger than what could have crossed, and FLOATs be off by, is a break', async () => {
      const crossing = (cost: string) =>
        new MiniWorld()
          .account(5)
          .task({ cost: '1' })
          .task({ cost, billed: false, requestId: null })
          .task({ cost: '0.5', at: '2026-02-06 23:59:58' })
      expect(inShort(await auditWorld(crossing('0.000000094').build()))).toEqual(['A1 TIMING accountId=5'])
      expect(inShort(await auditWorld(crossing('0.000000095').build()))).toEqual(['A1 accountId=5'])
    })

    it('a task of midday explains nothing', async () => {
      expect(inShort(await auditWorld(world('2', '1').build()))).toEqual(['A1 accountId=5'])
    })
  })

  it('names what is pending, as the tie-out does, apart from what still runs', async () => {
    const built = new MiniWorld().account(5).task({ cost: '1', at: '2026-02-06 02:00:00' })
    built.task({ cost: '3', at: '2026-02-06 03:00:00', billed: { cost: '1' } })
    built.task({ cost: '5', status: 'running', at: '2026-02-06 20:00:00', billed: false, completed: null })
    const now = built.instant('2026-02-07 10:00:00')
    const said = async () => {
      const report = await auditWorld(built.build(), { depth: 'requests', now })
      const { actual, message } = report.findings.find(({ rule }) => rule === 'A1') ?? {}
      return [report.tieOut?.recordedPending, actual, message?.match(/bridge.*= 2.00 USD, (.*)$/)?.[1]]
    }
    expect(await said()).toEqual(['0', '4', 'pending and left out 0.00 USD, still running and left out 5.00 USD'])
    built.task({ cost: '2', at: '2026-02-06 20:00:00', billed: false })
    expect(await said()).toEqual(['2', '4', 'pending and left out 2.00 USD, still running and left out 5.00 USD'])
  })
})
