import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { runAudit } from '../../src/operation.ts'
import { auditInput, inShort, quietContext } from '../kit/audit-world.ts'
import { openWorld, STORES } from '../kit/real-audit.ts'

/** Twenty tasks, and 0.04 USD that none of them records: less than B15 minds, but of a disabled account. */
function worldWithOrphan() {
  const world = new MiniWorld().account(5)
  for (let minute = 10; minute < 30; minute++) world.task({ at: `2026-02-06 12:${minute}:00` })
  return world.event({ requestId: 'nobodys', cost: '0.04', timestamp: '2026-02-06T04:40:00Z' }).build()
}

describe.each(STORES)('the status of an account, on %s', (store) => {
  it.each([
    ["'0'", true],
    ["'false'", true],
    ["' FALSE '", true],
    ["'true'", false],
    ["'active'", false],
    ["''", false],
    ['NULL', false],
  ])('%s', async (status, isDisabled) => {
    const real = await openWorld(worldWithOrphan(), { store })
    try {
      if (store === 'mariadb') await real.exec('ALTER TABLE ts_fal_account MODIFY status VARCHAR(20)')
      await real.exec(`UPDATE ts_fal_account SET status = ${status}`)
      const found = inShort(await runAudit(auditInput({ depth: 'requests' }), real.dependencies(), quietContext()))
      expect(found.map((text) => text.split(' ')[0])).toEqual(isDisabled ? ['B1', 'B15'] : ['B1'])
    } finally {
      await real.close()
    }
  })
})
