import { describe, expect, it } from 'vitest'
import { runAudit } from '../../src/operation.ts'
import { auditInput, inShort, quietContext } from '../kit/audit-world.ts'
import { withLinkedTasks } from '../kit/linked-tasks.ts'
import { openWorld, STORES } from '../kit/real-audit.ts'

describe.each(STORES)('a refund flag: %s', (store) => {
  const audited = async (value: string) => {
    const real = await openWorld(withLinkedTasks().build(), { store })
    try {
      await real.exec(`UPDATE ts_fal_tasks SET is_refund = ${value} WHERE id = 7`)
      return inShort(await runAudit(auditInput({ depth: 'requests' }), real.dependencies(), quietContext()))
    } finally {
      await real.close()
    }
  }

  it('of 1 is a refund, and of 0, NULL or any other number none, as the rules have it', async () => {
    expect(await audited('1')).toEqual(expect.arrayContaining([expect.stringMatching(/^B8 .*task-7/)]))
    for (const none of ['0', 'NULL', '2', '-1']) expect(await audited(none)).toEqual([])
  })
})
