import { describe, expect, it, onTestFinished } from 'vitest'
import { report as reportSchema } from '../../schemas/report.ts'
import { apiKeyOf, keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import { runAudit } from '../../src/operation.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { taskTraceTool } from '../../tools/task-trace.ts'
import { tasksByUserTool } from '../../tools/tasks-by-user.ts'
import { userLedgerTool } from '../../tools/user-ledger.ts'
import { auditInput, inShort, quietContext } from '../kit/audit-world.ts'
import { openWorld, STORES } from '../kit/real-audit.ts'
import { call } from '../tools/call.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06' }

/** Two users, of whom the second paid too little for one task, whose balances go on from day to day. */
function worldOf(odd: number): MiniWorld {
  const world = new MiniWorld().account(5).task({ user: 101, cost: '100', points: 10_000 })
  for (const at of ['2026-02-05 12:00:00', '2026-02-06 12:00:00', '2026-02-06 13:00:00']) world.task({ user: odd, at })
  return world.task({ user: odd, points: 80, paid: { points: 60 } }).points(odd, -10, { at: '2026-02-06 15:00:00' })
}

describe.each(STORES)('users with odd ids, on %s', (store) => {
  it.each([-7, 0, 7])('are judged and told as any other: %i', async (userId) => {
    const world = worldOf(userId).build()
    const real = await openWorld(world, { store })
    onTestFinished(real.close)
    await real.exec('UPDATE ts_points_detail SET balance_before = balance_before + 5 WHERE id = 4')
    const deps = real.dependencies()
    const report = reportSchema.parse(await runAudit(auditInput({ ...DAY, depth: 'requests' }), deps, quietContext()))
    expect(inShort(report).map((each) => each.replace(/ requestId=.*/, ''))).toEqual([
      `B11 userId=${userId} rowId=4`,
      `B12 userId=${userId} rowId=4`,
      `A4 userId=${userId}`,
      'B10 taskId=task-5',
    ])
    const users = await call(tasksByUserTool, DAY, deps, world)
    expect(users.users.map((each) => each.userId)).toEqual([101, userId])
    const ledger = await call(userLedgerTool, DAY, deps, world)
    expect(ledger.rows.map((each) => each.userId)).toEqual([userId, 101])
    const trace = await call(taskTraceTool, { id: 'task-5' }, deps, world)
    expect(trace.tasks.map((each) => each.userId)).toEqual([userId])
    // And asked for, as a trace names them.
    expect(trace.next).toContain(`user-ledger with user_ids ${userId},`)
    expect((await call(userLedgerTool, { ...DAY, user_ids: [userId] }, deps, world)).rows).toEqual([ledger.rows[0]])
    expect((await call(tasksByUserTool, { ...DAY, user_ids: [userId] }, deps, world)).users).toEqual([users.users[1]])
    const { findings = [] } = await call(auditReconcileTool, { ...DAY, user_id: userId }, deps, world)
    expect(findings.map(({ rule }) => rule)).toEqual(['B11', 'B12', 'A4', 'B10'])
  })
})

describe.each(STORES)('an account with an odd id beside a key of no account, on %s', (store) => {
  // Of one account fal does not tell the workspace, so that what the bills hold tells whether they are one.
  it.each([-2, -1, 0])('keeps its own bill: %i', async (accountId) => {
    const world = new MiniWorld().account(accountId, { apiKey: apiKeyOf(3), workspace: 'other' }).account(5)
    for (let count = 0; count < 4; count++)
      world.task({ cost: '1' }).task({ cost: '2', model: 'b', apiKey: apiKeyOf(3) })
    const stranger = '99999999-0000-4000-8000-000000000000'
    world.event({ cost: '0.5', timestamp: '2026-02-06T05:00:00Z', keyId: stranger })
    const faults = [{ kind: 'status', status: 403, path: '/account/billing', keyId: keyIdOfAccount(3) }] as const
    const real = await openWorld(world.build(), { store, double: { faults } })
    onTestFinished(real.close)
    const report = await runAudit(auditInput({ ...DAY, depth: 'requests' }), real.dependencies(), quietContext())
    expect(inShort(report)).toEqual([])
    expect(report.official.rows.map((row) => [row.accountId, row.costUsd])).toEqual([
      [accountId, '8'],
      [5, '4'],
      [null, '0.5'],
    ])
  })
})

describe.each(STORES)('the chain of balances of user 0 beside rows that name nobody, on %s', (store) => {
  // The second is of nobody; the third is the first of the window.
  const found = async (name: string, balance: number) => {
    const world = new MiniWorld().account(5).task({ cost: '100', points: 10_000, user: 101 })
    for (const at of ['2025-11-06 10:00:00', '2025-11-07 10:00:00', '2026-02-06 11:00:00']) world.points(0, -10, { at })
    const real = await openWorld(world.build(), { store })
    onTestFinished(real.close)
    if (store === 'mariadb') await real.exec('ALTER TABLE ts_points_detail MODIFY user_id VARCHAR(40) NULL')
    await real.exec(
      `UPDATE ts_points_detail SET user_id = ${name}, balance_before = 70, balance_after = 80 WHERE id = 3`,
    )
    await real.exec(
      `UPDATE ts_points_detail SET balance_before = ${balance}, balance_after = ${balance - 10} WHERE id = 4`,
    )
    const report = await runAudit(auditInput({ ...DAY, depth: 'requests' }), real.dependencies(), quietContext())
    return inShort(report)
  }

  it.each(["''", "'  '", 'NULL'])('goes on over a row of %s', async (name) => {
    expect(await found(name, 999_990)).toEqual([])
    expect(await found(name, 999_989)).toEqual(['B12 userId=0 rowId=4'])
    // It begins where that row ended, which is none of the user's.
    expect(await found(name, 80)).toEqual(['B12 userId=0 rowId=4'])
  })
})
