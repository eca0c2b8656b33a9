import { afterEach, describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { AuditError } from '../../src/errors.ts'
import type { UserTable } from '../../src/ledger/reader.ts'
import type { Dependencies, Tool } from '../../src/tool.ts'
import { auditReconcileTool } from '../../tools/audit-reconcile.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { billingUsageTool } from '../../tools/billing-usage.ts'
import { tasksByUserTool } from '../../tools/tasks-by-user.ts'
import { userLedgerTool } from '../../tools/user-ledger.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { openWorld, type RealWorld } from '../kit/real-audit.ts'
import { call, refusal } from './call.ts'

const DAY = { start: '2026-02-06', end: '2026-02-06' }
const NOBODY = 424_242
const TOOLS: readonly [string, Tool][] = [
  ['user-ledger', userLedgerTool],
  ['audit-reconcile', auditReconcileTool],
  ['tasks-by-user', tasksByUserTool],
]

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

/** 101 has a task of the day; of the others one table each has a row, and none of them one of the day. */
const world = (): World => {
  const built = new MiniWorld()
    .account(5)
    .task({ points: 100, paid: { points: 100 } })
    .user(105, 'silent')
    .points(106, -5, { at: '2025-12-01 08:00:00' })
    .cash(107, 700, { at: '2025-12-01 08:00:00' })
    .task({ user: 108, at: '2025-12-01 08:00:00' })
    .build()
  return { ...built, tables: { ...built.tables, users: built.tables.users.filter(({ id }) => id === 105) } }
}

/** Dependencies in which some tables do not say whom they have. */
const silent = (...tables: UserTable[]): Dependencies => {
  const memory = memoryDependencies(world(), {})
  return {
    ...memory,
    ledger: {
      snapshot: async (...given) => {
        const snapshot = await memory.ledger!.snapshot(...given)
        return {
          ...snapshot,
          usersIn: async (table, ids) => {
            if (tables.includes(table)) throw new AuditError('source', `may not read ${table}`)
            return snapshot.usersIn(table, ids)
          },
        }
      },
    },
  }
}

describe.each(TOOLS)('%s', (_name, tool) => {
  it('refuses users of whom no table has a row, and names them', async () => {
    const opened = await openWorld(world(), { store: 'embedded' })
    open.push(opened)
    const error = await refusal(tool, { ...DAY, user_ids: [NOBODY, 7] }, opened.dependencies())
    expect(error).toMatchObject({ kind: 'input', field: 'user_ids' })
    expect(error.message).toMatch(/424242, 7; give ids of users who have a row/)
    expect(opened.double.requests).toEqual([])
  })

  it.each([105, 106, 107, 108])('knows user %i, of whom one table has a row of another time', async (userId) => {
    const opened = await openWorld(world(), { store: 'embedded' })
    open.push(opened)
    const result = await call(tool, { ...DAY, user_ids: [userId] }, opened.dependencies(), world())
    expect(JSON.stringify(result)).not.toMatch(/no row of tasks|unknownUserIds|任务、积分/)
  })

  it('refuses nobody where a table did not say whom it has', async () => {
    const result = await call(tool, { ...DAY, user_ids: [NOBODY] }, silent('cash'))
    expect(JSON.stringify(result)).toContain(String(NOBODY))
  })
})

describe.each<[string, Tool, object]>([
  ['billing-usage', billingUsageTool, { period: 'custom', start_date: DAY.start, end_date: DAY.end }],
  ['billing-statements', billingStatementsTool, {}],
])('%s', (_name, tool, given) => {
  it('says that no table has a row of the user', async () => {
    const opened = await openWorld(world(), { store: 'embedded' })
    open.push(opened)
    expect(await call(tool, { ...given, user_id: NOBODY }, opened.dependencies())).toMatchObject({
      unknown_user_id: NOBODY,
    })
  })

  it.each([105, 106, 107])('knows user %i, who has no task at all', async (userId) => {
    const result = await call(tool, { ...given, user_id: userId }, memoryDependencies(world(), {}))
    expect(result).toMatchObject(tool === billingUsageTool ? { totals: { request_count: 0 } } : { items: [] })
    expect(result).not.toHaveProperty('unknown_user_id')
  })

  it('says so of nobody where a table did not say whom it has', async () => {
    const result = await call(tool, { ...given, user_id: NOBODY }, silent('cash'))
    expect(result).not.toHaveProperty('unknown_user_id')
  })
})

describe('one user of several who is not known', () => {
  const given = { ...DAY, user_ids: [101, NOBODY] }

  it('is unverified in user-ledger, with the reason, and the others are told', async () => {
    const { rows, summary } = await call(userLedgerTool, given, memoryDependencies(world(), {}))
    expect(summary).toEqual({ ok: 1, diff: 0, unverified: 1 })
    expect(rows.map(({ userId, status, differencePoints }) => [userId, status, differencePoints])).toEqual([
      [NOBODY, 'UNVERIFIED', null],
      [101, 'OK', 0],
    ])
    expect(rows[0]?.reason).toBe(
      'no row of tasks, points, cash or users has this user id, so there may be no such user',
    )
  })

  it('is not evaluated in audit-reconcile, in its language', async () => {
    const en = await call(auditReconcileTool, { ...given, lang: 'en' }, memoryDependencies(world(), {}))
    const about = { rule: 'A4', subject: { userId: NOBODY } }
    expect(en.notEvaluated).toContainEqual({ ...about, reason: expect.stringContaining('no such user') })
    expect(en.summary.ok).toBe(1)
    expect(en.next).toContain('notEvaluated')
    const zh = await call(auditReconcileTool, given, memoryDependencies(world(), {}))
    expect(zh.notEvaluated).toContainEqual({ ...about, reason: expect.stringContaining('可能没有这个用户') })
  })

  it('is named in tasks-by-user', async () => {
    const result = await call(tasksByUserTool, given, memoryDependencies(world(), {}))
    expect(result.unknownUserIds).toEqual([NOBODY])
    expect(result.users.map(({ userId }) => userId)).toEqual([101])
    expect(await call(tasksByUserTool, DAY, memoryDependencies(world(), {}))).not.toHaveProperty('unknownUserIds')
  })

  it('is unverified too where a table did not say, and the reason names that table', async () => {
    const { rows } = await call(userLedgerTool, { ...DAY, user_ids: [NOBODY] }, silent('users', 'tasks'))
    expect(rows).toEqual([expect.objectContaining({ userId: NOBODY, status: 'UNVERIFIED', differencePoints: null })])
    expect(rows[0]?.reason).toContain('not everything could be read: users, tasks')
  })
})
