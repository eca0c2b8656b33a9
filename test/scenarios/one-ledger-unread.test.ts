import { expect, it, onTestFinished } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, quietContext } from '../kit/audit-world.ts'
import { openWorld } from '../kit/real-audit.ts'

/** Tasks paid in cash, one of which failed and was given back two days later. */
function paidInCash(): MiniWorld {
  const world = new MiniWorld().account(5)
  for (let task = 0; task < 20; task++) world.task({ user: 900, paid: { cash: 100 } })
  world.task({ user: 101, status: 'failed', billed: false, paid: { cash: 100 } })
  return world.cash(101, 100, { orderId: world.lastTaskId, at: '2026-02-08 20:00:00' })
}

it('what cash gave back at another time is not told where the points could not be read: nobody looked for it', async () => {
  const real = await openWorld(paidInCash().build(), { store: 'embedded' })
  onTestFinished(real.close)
  const rowOf = async (userId: number, ledgerLink: 'auto' | 'total' = 'auto') => {
    const dependencies = real.dependencies({ settings: { ledgerLink } })
    const report = await runAudit(auditInput({ depth: 'requests' }), dependencies, quietContext())
    return report.ledger.rows.find((row) => row.userId === userId)
  }
  expect(await rowOf(101)).toMatchObject({ cashRefunded: 100, pointsRefunded: 0, status: 'OK' })
  await real.exec('DROP TABLE ts_points_detail')
  const unread = { pointsRefunded: null, pointsRecharged: null, cashRecharged: 0, status: 'UNVERIFIED' }
  expect(await rowOf(101)).toMatchObject({ ...unread, cashRefunded: null })
  // Where rows count by their own day, none of another is missing.
  expect(await rowOf(101, 'total')).toMatchObject({ ...unread, cashRefunded: 0 })
})
