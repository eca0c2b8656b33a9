import { describe, expect, it, onTestFinished } from 'vitest'
import { MiniWorld } from '../../../src/demo/mini-world.ts'
import { runAudit } from '../../../src/operation.ts'
import { auditInput, auditWorld, quietContext } from '../../kit/audit-world.ts'
import { openWorld } from '../../kit/real-audit.ts'
import { pointsRow } from '../../ledger/backends.ts'

/** Of each user, and more than are looked up one by one. */
const ROWS = 33

/** Two users whose rows of the day, in order of id, lie between rows of another month: each seems to follow the wrong one. */
function interleaved(lost: ReadonlyMap<number, number> = new Map()) {
  const balance = new Map<number, number>([101, 102].map((userId) => [userId, 10_000]))
  const points = Array.from({ length: 4 * ROWS }, (_, at) => {
    const userId = at % 2 === 0 ? 101 : 102
    const balanceBefore = (balance.get(userId) ?? 0) - (lost.get(at + 1) ?? 0)
    balance.set(userId, balanceBefore - 10)
    const createdAt = at % 4 < 2 ? '2026-05-01 12:00:00' : '2026-02-06 12:00:00'
    const balances = { points: -10, balanceBefore, balanceAfter: balanceBefore - 10, orderId: null }
    return pointsRow(at + 1, { userId, createdAt, ...balances })
  })
  const world = new MiniWorld().account(5).build()
  return { ...world, tables: { ...world.tables, points } }
}

describe.each(['memory', 'embedded', 'mariadb'] as const)('rows of ids that are not in order of time (%s)', (store) => {
  const b12 = async (lost?: ReadonlyMap<number, number>) => {
    const world = interleaved(lost)
    const audited = async () => {
      if (store === 'memory') return auditWorld(world, { depth: 'requests' })
      const real = await openWorld(world, { store })
      onTestFinished(() => real.close())
      return runAudit(auditInput({ depth: 'requests' }), real.dependencies(), quietContext())
    }
    const { rules, notEvaluated, findings } = await audited()
    return [
      rules.find(({ rule }) => rule === 'B12')?.examined,
      notEvaluated.filter(({ rule }) => rule === 'B12').length,
      ...findings.filter(({ rule }) => rule === 'B12').map(({ subject, count }) => [subject.rowId, count]),
    ]
  }

  it('are judged however many of one user are in doubt', async () => {
    expect(await b12()).toEqual([2, 0])
  })

  it('break the chain where points went unseen, of the day and not of another month', async () => {
    // Of 101 before its last row, and of 102 before one of May and before two of the day.
    const lost = new Map([4 * ROWS - 1, 6, 8, 4 * ROWS].map((rowId) => [rowId, 7] as const))
    expect(await b12(lost)).toEqual([2, 0, [4 * ROWS - 1, 1], [8, 2]])
  })
})
