import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

const requests = { depth: 'requests' } as const
const refund = { sourceType: 'refund', at: '2026-02-06 12:10:00' } as const
const failed = { user: 101, status: 'failed', billed: false, cost: '0' } as const

describe('a refund that was taken back', () => {
  /** Rows of one order after another. */
  const world = (task: Parameters<MiniWorld['task']>[0], ...rows: readonly number[]) => {
    const all = withLinkedTasks().task(task)
    for (const amount of rows) all.points(101, amount, { ...refund, orderId: all.lastTaskId })
    return auditWorld(all.build(), requests)
  }

  it.each([
    ['of a success', { user: 101 }, []],
    ['of a failure', failed, ['B7 taskId=task-41']],
    ['of a failure that is marked', { ...failed, refunded: true }, ['B8 taskId=task-41']],
  ])('%s is none, and so is a row of nothing', async (_, task, expected) => {
    for (const rows of [[100, -100], [0]]) {
      expect(saidOf(await world(task, ...rows), 'B7', 'B8', 'B9').findings).toEqual(expected)
    }
  })

  it('but for a point is a refund', async () => {
    expect(saidOf(await world({ user: 101 }, 100, -99), 'B7', 'B8', 'B9').findings).toEqual(['B8 taskId=task-41'])
    expect(saidOf(await world(failed, 100, -99), 'B7', 'B8', 'B9').findings).toEqual(['B8 taskId=task-41'])
    expect(saidOf(await world({ ...failed, refunded: true }, 100, -99), 'B7', 'B8', 'B9').findings).toEqual([])
  })
})

describe('a refund of what rows took, which was less than the charge', () => {
  /** Of 100 points 60 were taken; what came back names no task of any time. */
  const world = (refunded: boolean, amount: number, orderId: string | null) =>
    withLinkedTasks()
      .task({ ...failed, refunded, paid: { points: 60 } })
      .points(101, amount, { ...refund, orderId })

  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)('may bear a refund number as well as no order (marked: %s)', async (refunded, rule) => {
    for (const orderId of [null, 'RF-1']) {
      const said = async (amount: number) =>
        saidOf(await auditWorld(world(refunded, amount, orderId).build(), requests), 'B7', 'B8')
      expect(await said(60)).toEqual({ findings: [], open: [`${rule} userId=101`] })
      expect(await said(59)).toEqual({ findings: [`${rule} taskId=task-41`], open: [] })
    }
  })
})

describe('where only one account is asked for, so that nobody can say what the user paid', () => {
  const two = () => withLinkedTasks(new MiniWorld().account(5).account(6))
  /** Task 41 of account 5 and one of account 6, each paid by a row that names no task. */
  const unpaid = (task: Parameters<MiniWorld['task']>[0]) =>
    two()
      .task({ ...failed, ...task, paid: { orderId: null } })
      .task({ user: 101, account: 6, paid: { orderId: null } })
  const audited = (world: MiniWorld) => auditWorld(world.build(), { ...requests, ids: [5] })

  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)('a refund without an order leaves it open whose it is (marked: %s)', async (refunded, rule) => {
    const world = (amount: number) => unpaid({ refunded }).points(101, amount, refund)
    const report = await audited(world(100))
    expect(saidOf(report, 'A4').open).toEqual(['A4 userId=101'])
    expect(saidOf(report, 'B7', 'B8')).toEqual({ findings: [], open: [`${rule} userId=101`] })
    for (const other of [world(99), unpaid({ refunded })]) {
      expect(saidOf(await audited(other), 'B7', 'B8')).toEqual({ findings: [`${rule} taskId=task-41`], open: [] })
    }
  })

  it('a task that got more back than it paid is found, but where its payment may name no task', async () => {
    const over = (paid: { orderId?: null }) => {
      const world = two().task({ ...failed, refunded: true, paid })
      const orderId = world.lastTaskId
      world.task({ user: 101, account: 6, paid: { orderId: null } }).task({ user: 101, paid: false })
      return audited(world.points(101, 101, { ...refund, orderId }))
    }
    const linked = await over({})
    expect(saidOf(linked, 'A4').open).toEqual(['A4 userId=101'])
    expect(saidOf(linked, 'B9')).toEqual({ findings: ['B9 taskId=task-41'], open: [] })
    expect(saidOf(await over({ orderId: null }), 'B9')).toEqual({ findings: [], open: ['B9 userId=101'] })
  })
})

describe('a row of a user that names a task of somebody else', () => {
  const at = '2026-02-06 12:05:00'
  const said = async (all: MiniWorld) => saidOf(await auditWorld(all.build(), requests), 'B9')

  it('pays none of the user, and leaves nothing open of a refund for a task whose own rows took nothing', async () => {
    // Task 41 was paid and that was taken back in rows of type consume; then it was refunded.
    const world = (orderId: string, ...rows: readonly number[]) => {
      const all = withLinkedTasks().task({ user: 101, refunded: true, paid: false })
      for (const amount of rows) all.points(101, amount, { orderId: 'task-41', sourceType: 'consume', at })
      return all.points(101, 100, { ...refund, orderId: 'task-41' }).points(101, -100, { orderId, at })
    }
    for (const rows of [[-100, 100], [-100, 150], [0], []]) {
      expect((await said(world('task-1', ...rows))).findings).toContain('B9 taskId=task-41')
      expect((await said(world('task-1', ...rows))).open).not.toContain('B9 userId=101')
    }
    // Of an order that is no task it may be the payment, but for what rows took back beyond it.
    for (const rows of [[-100, 100], [0], []]) {
      expect((await said(world('shop-1', ...rows))).open).toContain('B9 userId=101')
    }
    expect((await said(world('shop-1', -100, 150))).findings).toContain('B9 taskId=task-41')
    expect((await said(world('task-1', -100))).findings).toEqual([])
  })

  it('nor of tasks that share an id and were given back more than rows took', async () => {
    const shared = { user: 101, requestId: 'request-shared', points: 0, cost: '0', paid: false } as const
    const world = (orderId: string) => {
      const all = withLinkedTasks().task(shared).task(shared)
      all.points(101, 30, { orderId: shared.requestId, sourceType: 'consume', at })
      return all.points(101, 50, { ...refund, orderId: shared.requestId }).points(101, -80, { orderId, at })
    }
    expect(await said(world('task-1'))).toMatchObject({ findings: ['B9 taskId=task-41'], open: [] })
    expect(await said(world('shop-1'))).toMatchObject({ findings: [], open: ['B9 userId=101'] })
  })

  it('is told of as none of the task in what its own user paid', async () => {
    const world = withLinkedTasks().task({ user: 101, paid: false }).points(102, -100, { orderId: 'task-41', at })
    const { findings } = await auditWorld(world.build(), requests)
    const message = findings.find(({ rule }) => rule === 'B10')?.message
    expect(message).toContain('the ledger rows of this user that name it took 0 points')
    const inChinese = await auditWorld(world.build(), { ...requests, lang: 'zh' })
    expect(inChinese.findings.find(({ rule }) => rule === 'B10')?.message).toContain(
      '该用户以此任务为订单的流水扣费 0 积分',
    )
  })
})

describe('cash that came in without an order', () => {
  const at = '2026-02-06 12:10:00'
  const world = (refunded: boolean) => withLinkedTasks().task({ ...failed, refunded, paid: { cash: 100 } })
  const audited = async (all: MiniWorld) => {
    const report = await auditWorld(all.build(), requests)
    return { ...saidOf(report, 'B7', 'B8'), row: report.ledger.rows.find(({ userId }) => userId === 101) }
  }

  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)(
    'may be the refund where it is as much to the point, and stays a recharge (marked: %s)',
    async (refunded, rule) => {
      const found = { findings: [`${rule} taskId=task-41`], open: [] }
      const open = { findings: [], open: [`${rule} userId=101`] }
      for (const [cents, expected] of [
        [99, found],
        [100, open],
        [101, found],
        [1000, found],
      ] as const) {
        const said = await audited(world(refunded).cash(101, cents, { at }))
        expect(said).toMatchObject({ ...expected, row: { cashRecharged: cents, cashRefunded: 0 } })
      }
      // Together with a refund that names no order, and in two parts.
      expect(await audited(world(refunded).cash(101, 60, { at }).points(101, 40, refund))).toMatchObject(open)
      expect(await audited(world(refunded).cash(101, 60, { at }).points(101, 39, refund))).toMatchObject(found)
      expect(await audited(world(refunded).cash(101, 60, { at }).cash(101, 40, { at }))).toMatchObject(open)
      expect(await audited(world(refunded).cash(101, 1000, { at }).cash(101, 100, { at }))).toMatchObject(open)
      // Long after the end of the window, as far as rows are read.
      expect(await audited(world(refunded).cash(101, 100, { at: '2026-02-07 23:59:59' }))).toMatchObject(open)
    },
  )

  it.each([
    ['of before the window', (all: MiniWorld) => all.cash(101, 100, { at: '2026-02-05 23:59:59' })],
    ['of somebody else', (all: MiniWorld) => all.cash(900, 100, { at })],
    ['as income', (all: MiniWorld) => all.cash(101, 100, { at, transactionType: 3 })],
    ['for an order that is no task', (all: MiniWorld) => all.cash(101, 100, { at, orderId: 'pay-1' })],
    ['as points that were bought', (all: MiniWorld) => all.points(101, 100, { at })],
  ])('is none where it came in %s', async (_, add) => {
    expect(await audited(add(world(false)))).toMatchObject({ findings: ['B7 taskId=task-41'], open: [] })
    expect(await audited(add(world(true)))).toMatchObject({ findings: ['B8 taskId=task-41'], open: [] })
  })

  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)(
    'may give back all that rows took beyond the charge, to the cent (marked: %s)',
    async (refunded, rule) => {
      const twice = (cents: number) => {
        const all = world(refunded)
        return all.cash(101, -100, { at, orderId: all.lastTaskId }).cash(101, cents, { at })
      }
      const open = { findings: [], open: [`${rule} userId=101`] }
      expect(await audited(twice(200))).toMatchObject(open)
      for (const cents of [199, 201])
        expect(await audited(twice(cents))).toMatchObject({ findings: [`${rule} taskId=task-41`], open: [] })
      expect(await audited(twice(160).points(101, 40, refund))).toMatchObject(open)
      expect(await audited(twice(160).points(101, 39, refund))).toMatchObject({ open: [] })
    },
  )

  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)(
    'may give back in one amount all that rows took beyond the charges of several tasks (marked: %s)',
    async (refunded, rule) => {
      const twice = (cents: number) => {
        const all = withLinkedTasks()
        for (let each = 0; each < 2; each++) {
          all.task({ ...failed, refunded })
          all.cash(101, -100, { at, orderId: all.lastTaskId })
        }
        return audited(all.cash(101, cents, { at }))
      }
      expect(await twice(400)).toMatchObject({ findings: [], open: [`${rule} userId=101`] })
      for (const cents of [399, 401])
        expect((await twice(cents)).findings.sort()).toEqual([`${rule} taskId=task-41`, `${rule} taskId=task-42`])
    },
  )

  it('is not made less by refunds that were taken back', async () => {
    const all = world(false).cash(101, 100, { at }).points(101, -100, refund)
    expect(await audited(all)).toMatchObject({ findings: [], open: ['B7 userId=101'] })
  })
})

describe('a refund with a number of its own', () => {
  const world = (refunded: boolean) => withLinkedTasks().task({ ...failed, refunded })
  const said = async (all: MiniWorld) => {
    const report = await auditWorld(all.build(), requests)
    expect(await auditWorld(all.build(), { ...requests, pieceRows: 1 })).toEqual(report)
    return saidOf(report, 'B7', 'B8', 'B9')
  }
  const numbered = { ...refund, orderId: 'RF-41' }

  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)('may be that of any task, from the charge on (marked: %s)', async (refunded, rule) => {
    const found = { findings: [`${rule} taskId=task-41`], open: [] }
    const open = { findings: [], open: [`${rule} userId=101`] }
    expect(await said(world(refunded).points(101, 99, numbered))).toEqual(found)
    expect(await said(world(refunded).points(101, 100, numbered))).toEqual(open)
    expect(await said(world(refunded).points(101, 99, numbered).cash(101, 1, { at: refund.at }))).toEqual(open)
    expect(await said(world(refunded).points(101, 100, { ...numbered, at: '2026-02-07 23:59:59' }))).toEqual(open)
    expect(await said(world(refunded).points(900, 100, numbered))).toEqual(found)
    const back = world(refunded)
      .points(101, 100, numbered)
      .points(101, -1, { ...numbered, orderId: 'RF-42' })
    expect(await said(back)).toEqual(found)
  })

  it('is not one of a task of another time, or of somebody else', async () => {
    const old = world(false).task({ user: 101, at: '2025-12-01 12:00:00' })
    expect(await said(old.points(101, 100, { ...refund, orderId: old.lastTaskId }))).toEqual({
      ...{ findings: ['B7 taskId=task-41'], open: [] },
    })
    expect(await said(world(false).points(101, 100, { ...refund, orderId: 'task-1' }))).toEqual({
      ...{ findings: ['B7 taskId=task-41'], open: [] },
    })
  })
})

it('a refund that names the task and went to somebody else is not said to be none', async () => {
  const world = withLinkedTasks().task({ ...failed, refunded: true })
  const orderId = world.lastTaskId
  world.task({ user: 102 }).points(102, 100, { ...refund, orderId })
  const { findings } = await auditWorld(world.build(), requests)
  expect(findings.map(({ rule, message }) => [rule, message])).toEqual([
    ['B8', expect.stringContaining('no ledger has a refund row of this user for it')],
  ])
})

describe('a failed task that is not marked, where rows do not name their tasks', () => {
  it.each([true, false])(
    'is told by its mark alone, and not of what rows gave back (a refund row names it: %s)',
    async (isNamed) => {
      const all = new MiniWorld().account(5)
      for (let task = 0; task < 5; task++) all.task({ user: 900, paid: { orderId: null } })
      all.task({ ...failed, paid: { orderId: null } })
      if (isNamed) all.points(101, 100, { ...refund, orderId: all.lastTaskId })
      const messages = async (lang: 'en' | 'zh') => {
        const { findings } = await auditWorld(all.build(), { ...requests, lang })
        return findings.filter(({ rule }) => rule === 'B7').map(({ message }) => message)
      }
      const [english, ...more] = await messages('en')
      expect(more).toEqual([])
      expect(english).toContain('charged 100 points, not marked as refunded (')
      expect(english).not.toContain('not refunded')
      expect((await messages('zh'))[0]).toMatch(/已收费 100 积分，未标记退款（/)
    },
  )

  it('is told to be not refunded where they do', async () => {
    const { findings } = await auditWorld(
      withLinkedTasks()
        .task({ ...failed })
        .build(),
      requests,
    )
    expect(findings.find(({ rule }) => rule === 'B7')?.message).toContain('charged 100 points, not refunded')
  })
})
