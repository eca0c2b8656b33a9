import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { createReportStore } from '../../src/reports.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { openWorld, type RealWorld } from '../kit/real-audit.ts'
import { run } from './command-line.ts'

const WINDOW = ['--start', '2026-02-06', '--end', '2026-02-06', '--depth', 'summary']
const world = new MiniWorld()
  .account(5, { balance: '0.5' })
  .task({ points: 100, paid: { points: 80 } })
  .build()

let real: RealWorld
beforeAll(async () => {
  real = await openWorld(world, { store: 'embedded' })
})
afterAll(() => real.close())

const reconcile = (...flags: string[]) =>
  run(['audit-reconcile', ...WINDOW, ...flags], [auditReconcileTool], {
    dependencies: async () => ({ ...real.dependencies(), reports: createReportStore() }),
  })

describe('what only a process that lives on can offer', () => {
  it('is no flag of a command that ends with its answer', async () => {
    const { code, stderr } = await reconcile('--report-id', 'abc')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/there is no flag --report-id/)])
  })

  it('stands neither in its help nor in its output', async () => {
    const { stdout: help } = await run(['audit-reconcile', '--help'], [auditReconcileTool])
    expect(help).not.toMatch(/report.?id|report.?uri|cursor/i)
    expect(help).toMatch(/With\s+a\s+filter:\s+findings,\s+notEvaluated\.\s+Messages/)
    const { stdout } = await reconcile()
    expect(stdout).not.toMatch(/reportId|reportUri|report_id|nextCursor/)
    expect(JSON.parse(stdout).findings.map(({ rule }: { rule: string }) => rule)).toEqual(['A4', 'A8'])
  })

  it('is done there by a filter', async () => {
    const { stdout } = await reconcile('--rule', 'A8')
    expect(JSON.parse(stdout).findings).toEqual([expect.objectContaining({ rule: 'A8' })])
  })
})
