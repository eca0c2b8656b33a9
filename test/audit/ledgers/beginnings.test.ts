import { expect, it, onTestFinished } from 'vitest'
import { MiniWorld } from '../../../src/demo/mini-world.ts'
import { runAudit } from '../../../src/operation.ts'
import { auditInput, quietContext } from '../../kit/audit-world.ts'
import { openWorld } from '../../kit/real-audit.ts'
import { pointsRow } from '../../ledger/backends.ts'

/** More than twenty rounds of two thousand users settle. */
const USERS = 42_000

it('B12 tells all users of whose ledger the first row ever lies in the period, and finds the gap of the last', async () => {
  const world = new MiniWorld().account(5).build()
  const begins = Array.from({ length: USERS }, (_, at) => {
    const balances = { points: -40, balanceBefore: 100, balanceAfter: 60, orderId: null }
    return pointsRow(2 * at + 2, { userId: at + 1, createdAt: '2026-02-06 12:00:00', ...balances })
  })
  // By its id right before the last user's first row, and by its time after all that is read.
  const before = { userId: USERS, points: -1, balanceBefore: 71, balanceAfter: 70, createdAt: '2026-05-01 12:00:00' }
  const points = [...begins, pointsRow(2 * USERS - 1, { ...before, orderId: null })]
  const real = await openWorld({ ...world, tables: { ...world.tables, points } }, { store: 'embedded' })
  onTestFinished(() => real.close())
  const report = await runAudit(auditInput({ depth: 'requests' }), real.dependencies(), quietContext())
  expect(report.rules.find(({ rule }) => rule === 'B12')).toEqual({ rule: 'B12', examined: USERS, findings: 1 })
  expect(report.notEvaluated.filter(({ rule }) => rule === 'B12')).toEqual([])
  expect(report.findings.filter(({ rule }) => rule === 'B12')).toMatchObject([
    { subject: { userId: USERS, rowId: 2 * USERS }, expected: '70', actual: '100', count: 1 },
  ])
})
