import { describe, expect, it } from 'vitest'
import type { FalFault } from '../../src/demo/fal-double-faults.ts'
import { keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import { EXIT, exitCodeOf } from '../../src/faces/exit-code.ts'
import { inShort } from '../kit/audit-world.ts'
import { auditRealWorld, STORES } from '../kit/real-audit.ts'

/** Account 6 is at fault as A1, A2 and A3 would have it; account 5 really has a break. */
function world(): MiniWorld {
  const built = new MiniWorld().account(5, { balance: '50' }).account(6, { balance: '40' })
  built.task({ cost: '1', billed: { cost: '2' } })
  built.task({ account: 6, user: 102, cost: '1', billed: false })
  built.task({ account: 6, user: 102, cost: '1', model: 'fal-ai/third' })
  return built.event(
    { endpointId: 'fal-ai/other', cost: '9', timestamp: built.iso('2026-02-06 10:00:00') },
    `${keyIdOfAccount(6)}:${'6'.padStart(32, 'f')}`,
  )
}

const keyId = keyIdOfAccount(6)
const FAILURES: [string, FalFault, RegExp][] = [
  ['401', { kind: 'status', status: 401, keyId }, /401/],
  ['403', { kind: 'status', status: 403, keyId }, /403.*billing/s],
  ['500', { kind: 'status', status: 500, keyId }, /500/],
  ['429', { kind: 'status', status: 429, keyId }, /429/],
  ['broken JSON', { kind: 'broken-json', keyId }, /JSON/],
  ['HTML', { kind: 'html', keyId }, /HTML/],
  ['another shape', { kind: 'wrong-shape', keyId }, /./],
  ['a repeating cursor', { kind: 'repeat-cursor', keyId, path: '/models/usage' }, /cursor/],
  ['a connection that breaks', { kind: 'break-off', keyId }, /./],
  ['no answer at all', { kind: 'hang', keyId }, /./],
]

describe.each(STORES)('an account that cannot be read, on %s', (store) => {
  it.each(FAILURES)('%s: listed with a reason, never judged, everything else audited', async (_, fault, reason) => {
    const report = await auditRealWorld(world().build(), {
      store,
      double: { faults: [fault] },
      client: { requestTimeout: 1000, failureBudget: 2500, limits: { usagePageRows: 1 } },
    })
    expect(inShort(report)).toEqual(['A1 accountId=5'])
    expect(report.official.rows.find(({ accountId }) => accountId === 6)).toMatchObject({
      costUsd: null,
      modelCount: null,
      requestCount: null,
      balanceUsd: '40',
    })
    const unread = report.coverage.sources.filter(({ status }) => status !== 'complete')
    expect(unread.map(({ accountId }) => accountId)).toContain(6)
    expect(unread.every(({ accountId }) => accountId === 6)).toBe(true)
    expect(unread.find(({ source }) => source === 'fal-usage')?.reason).toMatch(reason)
    expect(report.coverage.complete).toBe(false)
    for (const rule of ['A1', 'A2', 'A3']) {
      expect(report.notEvaluated).toContainEqual(expect.objectContaining({ rule, subject: { accountId: 6 } }))
    }
    expect(exitCodeOf(report, 'high')).toBe(EXIT.unverified)
    expect(report.official.totals.costUsd).toBe('2')
    expect(JSON.stringify(report)).not.toContain('6'.padStart(32, 'f'))
  })
})
