import { describe, expect, it } from 'vitest'
import { apiKeyOf, type MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { auditWorld, inShort, type WorldAudit } from '../kit/audit-world.ts'

// A filter holds in every layer: what it leaves out is neither counted nor accused, and what it leaves is all the same.
const FREE = { points: 0, paid: false } as const

/** Users 101 on account 5 and 102 on account 6, each with a free task; 103 has ledger rows alone. All balances are off by a point. */
function world(): World {
  const built = new MiniWorld().account(4).account(5).account(6)
  for (const [user, account] of [
    [101, 5],
    [102, 6],
  ] as const) {
    built.task({ user, account }).task({ user, account, ...FREE })
  }
  const { tables, workspaces } = built.points(103, -100, { orderId: 'else' }).build()
  const points = tables.points.map((row) => ({ ...row, balanceAfter: Number(row.balanceAfter) - 1 }))
  return { workspaces, tables: { ...tables, points } }
}

async function told(options: WorldAudit = {}) {
  const report = await auditWorld(world(), { depth: 'requests', ...options })
  const { official, tasks, ledger } = report
  return {
    accounts: official.rows.map(({ accountId }) => accountId),
    tasks: tasks.rows.map(({ accountId, userId, taskCount }) => [accountId, userId, taskCount]).sort(),
    users: ledger.rows.map(({ userId }) => userId),
    findings: inShort(report).sort(),
    followed: report.rules.find(({ rule }) => rule === 'B11')?.examined,
    outside: tasks.totals.outsideAccounts?.taskCount,
  }
}

const ALL = {
  accounts: [4, 5, 6],
  tasks: [
    [5, 101, 2],
    [6, 102, 2],
  ],
  users: [101, 102],
  findings: [
    ...['A7 userId=101', 'A7 userId=102'],
    ...['B11 userId=101 rowId=1', 'B11 userId=102 rowId=2', 'B11 userId=103 rowId=3'],
  ],
  followed: 3,
  outside: 0,
}
const OF_101 = {
  ...{ tasks: [[5, 101, 2]], users: [101], findings: ['A7 userId=101', 'B11 userId=101 rowId=1'], followed: 1 },
}

describe('a filter', () => {
  it('that is none leaves all', async () => {
    expect(await told()).toEqual(ALL)
  })

  it('by user leaves those users in tasks, ledgers and findings, and every account its bill', async () => {
    expect(await told({ userIds: [101] })).toEqual({ ...ALL, ...OF_101 })
    const of103 = { tasks: [], users: [], findings: ['B11 userId=103 rowId=3'], followed: 1 }
    expect(await told({ userIds: [103] })).toEqual({ ...ALL, ...of103 })
  })

  it('by account leaves those accounts, and users with tasks of theirs', async () => {
    expect(await told({ ids: [5] })).toEqual({ ...OF_101, accounts: [5], outside: 2 })
    expect(await told({ ids: [5, 6] })).toEqual({
      ...ALL,
      accounts: [5, 6],
      findings: ALL.findings.slice(0, 4),
      followed: 2,
    })
    expect(await told({ ids: [6], userIds: [101] })).toMatchObject({ accounts: [6], tasks: [], users: [] })
  })

  it('of the newest accounts leaves those with the largest ids, and counts the tasks of the others', async () => {
    const newest = (accountLimit: number) => told({ settings: { accountLimit } })
    expect(await newest(3)).toEqual(ALL)
    expect((await newest(2)).accounts).toEqual([5, 6])
    expect(await newest(1)).toMatchObject({ accounts: [6], tasks: [[6, 102, 2]], outside: 2 })
  })

  it('by account does not give a row without an order to the task that it leaves, where another one lacks a row too', async () => {
    const a4 = async (options: WorldAudit, other: MiniTask) => {
      const built = new MiniWorld().account(5).account(6)
      for (let each = 0; each < 20; each++) built.task()
      built
        .task({ paid: false })
        .task({ account: 6, ...other })
        .points(101, -100)
      const report = await auditWorld(built.build(), options)
      const open = report.notEvaluated.filter(({ rule }) => rule === 'A4').map(({ subject }) => subject)
      return [report.ledger.rows.map(({ status }) => status).join(), ...open]
    }
    expect(await a4({}, { paid: false })).toEqual(['DIFF'])
    expect(await a4({ ids: [5] }, { paid: false })).toEqual(['UNVERIFIED', { userId: 101 }])
    expect(await a4({ ids: [5] }, {})).toEqual(['OK'])
  })
})

it('B14 says of tasks without a key that name no user either that they may be of those who were asked for', async () => {
  const world = new MiniWorld()
    .account(5)
    .account(6)
    .task()
    .task({ user: 102, paid: { points: 50 } })
    .build()
  const said = async (cells: object, options: WorldAudit) => {
    const tasks = world.tables.tasks.map((task) => (task.id === 2 ? { ...task, ...cells } : task))
    const { findings, notEvaluated } = await auditWorld({ ...world, tables: { ...world.tables, tasks } }, options)
    return [...findings, ...notEvaluated].map(({ rule }) => rule).filter((rule) => rule === 'A4' || rule === 'B14')
  }
  const [keyless, nobodys] = [{ apiKey: '' }, { userId: null }]
  const asked = { ids: [5], userIds: [102] }
  expect(await said({}, asked)).toEqual(['A4'])
  expect(await said(keyless, asked)).toEqual(['B14'])
  expect(await said(nobodys, asked)).toEqual(['A4'])
  expect(await said({ ...keyless, ...nobodys }, asked)).toEqual(['B14'])
  // Of an account or a user that was not asked for it is nobody's.
  expect(await said({ ...nobodys, apiKey: apiKeyOf(6) }, asked)).toEqual([])
  expect(await said({ ...keyless, userId: 101 }, asked)).toEqual([])
})
