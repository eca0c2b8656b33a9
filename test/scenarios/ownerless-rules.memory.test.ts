import { describe, expect, it } from 'vitest'
import type { Report } from '../../schemas/report.ts'
import { MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { traceTask } from '../../src/operations/task-trace.ts'
import { userLedgers } from '../../src/operations/user-ledgers.ts'
import { auditWorld, memoryDependencies, quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

/** What ledger rows without a user leave open, rule by rule: what one of them may be, and nothing beyond it. */

const user = 101
/** User 666 stands for nobody: the rows of that user lose their user. */
const NOBODY = 666
const failed = { user, status: 'failed', billed: false, cost: '0' } as const
const refund = { sourceType: 'refund', at: '2026-02-06 13:00:00' } as const

function anonymous(made: MiniWorld): World {
  const built = made.build()
  const hide = <Row extends { readonly userId: number }>(rows: readonly Row[]): Row[] =>
    rows.map((row) => (row.userId === NOBODY ? ({ ...row, userId: null } as unknown as Row) : row))
  return { ...built, tables: { ...built.tables, points: hide(built.tables.points), cash: hide(built.tables.cash) } }
}

async function reported(made: MiniWorld, options: WorldAudit = {}): Promise<Report> {
  const world = anonymous(made)
  const report = await auditWorld(world, { depth: 'requests', ...options })
  // However the rows are cut into pieces.
  expect(await auditWorld(world, { depth: 'requests', ...options, pieceRows: 1 })).toEqual(report)
  return report
}

async function said(made: MiniWorld, ...rules: Parameters<typeof saidOf>[1][]) {
  const { findings, open } = saidOf(await reported(made), ...rules)
  return { findings: findings.sort(), open }
}

describe('a payment without a user that names a task', () => {
  const task = (paid: number, ...nobodys: readonly number[]) => {
    const world = withLinkedTasks().task({ user, paid: paid === 0 ? false : { points: paid } })
    for (const amount of nobodys) world.points(NOBODY, -amount, { orderId: 'task-41' })
    return said(world, 'A4', 'B10')
  }
  const found = ['A4 userId=101', 'B10 taskId=task-41']
  const open = ['A4 userId=101', 'B10 userId=101']

  it.each([
    // What the user's row took, what the others did, and what is found.
    [0, [], found],
    [0, [100], []],
    [0, [99], found],
    [0, [60, 40], []],
    [0, [60, 41], ['B10 taskId=task-41']],
    [30, [70], []],
    [30, [69], found],
    [101, [5], found],
    [100, [], []],
  ] as const)('%d and %j', async (paid, nobodys, findings) => {
    expect((await task(paid, ...nobodys)).findings).toEqual(findings)
  })

  it('leaves open what it may be: all of the charge, a part, or one time too many', async () => {
    expect(await task(0, 100)).toEqual({ findings: [], open })
    expect(await task(100, 100)).toEqual({ findings: [], open })
    expect(await task(90, 20)).toEqual({ findings: ['B10 taskId=task-41'], open: ['A4 userId=101'] })
  })

  it('says at most how much was paid', async () => {
    const world = withLinkedTasks().task({ user, paid: false }).points(NOBODY, -99, { orderId: 'task-41' })
    const report = await reported(world)
    const finding = report.findings.find(({ rule }) => rule === 'A4')
    expect([finding?.expected, finding?.actual]).toEqual(['100', '99'])
    const row = report.ledger.rows.find(({ userId }) => userId === user)
    expect(row).toMatchObject({ status: 'DIFF', differencePoints: null, pointsConsumed: null, cashConsumed: 0 })
  })

  it('by its request id in another form as well, and of two users of whom each may be it', async () => {
    const requestId = requestIdOf(5000)
    const world = withLinkedTasks()
      .task({ user, requestId, paid: false })
      .task({ user: 102, requestId, paid: false, billed: false, cost: '0' })
      .points(NOBODY, -100, { orderId: `fal-ai/flux/requests/${requestId}` })
    expect(await said(world, 'A4', 'B10')).toEqual({
      findings: [],
      open: ['A4 userId=101', 'A4 userId=102', 'B10 userId=101', 'B10 userId=102'],
    })
  })

  it('of a task that names no user either, or of another time, is nobody else’s', async () => {
    const world = withLinkedTasks()
      .task({ user, paid: false })
      .task({ user: 102, at: '2026-01-20 12:00:00', paid: false })
      .points(NOBODY, -100, { orderId: 'task-42' })
    expect((await said(world, 'A4', 'B10')).findings).toEqual(found)
  })

  it('is no second row of a task unless it is the same', async () => {
    const twice = (amount: number) =>
      said(withLinkedTasks().task({ user }).points(NOBODY, -amount, { orderId: 'task-41' }), 'B6')
    expect(await twice(100)).toEqual({ findings: [], open: ['B6 userId=101'] })
    expect(await twice(99)).toEqual({ findings: [], open: [] })
    const typeless = withLinkedTasks().task({ user }).points(NOBODY, -100, { orderId: 'task-41', sourceType: 'deduct' })
    expect(await said(typeless, 'B6')).toEqual({ findings: [], open: ['B6 userId=101'] })
    // One without an amount beside 40 of 100 is no second that would be too much; two may be 40 and more than 20.
    const untold = (rows: number) => {
      const world = withLinkedTasks().task({ user, paid: { points: 40 } })
      for (let row = 0; row < rows; row++)
        world.points(NOBODY, null as never, { orderId: 'task-41', sourceType: 'consume' })
      return said(world, 'B6')
    }
    expect(await untold(1)).toEqual({ findings: [], open: [] })
    expect(await untold(2)).toEqual({ findings: [], open: ['B6 userId=101'] })
    const own = withLinkedTasks().task({ user }).points(user, -100, { orderId: 'task-41' })
    expect(await said(own.points(NOBODY, -100, { orderId: 'task-41' }), 'B6')).toEqual({
      findings: ['B6 taskId=task-41'],
      open: [],
    })
  })

  it('may be what was given back', async () => {
    const back = (taken: number) => {
      const world = withLinkedTasks().task({ ...failed, paid: false, refunded: true })
      world.points(user, 100, { ...refund, orderId: 'task-41' })
      return said(taken === 0 ? world : world.points(NOBODY, -taken, { orderId: 'task-41' }), 'B9')
    }
    expect(await back(0)).toEqual({ findings: ['B9 taskId=task-41'], open: [] })
    expect(await back(99)).toEqual({ findings: ['B9 taskId=task-41'], open: [] })
    expect(await back(100)).toEqual({ findings: [], open: ['B9 userId=101'] })
  })

  it('is none where it was bought or given away, whenever that was', async () => {
    for (const at of ['2026-02-06 12:00:00', '2026-02-08 23:00:00']) {
      for (const sourceType of ['recharge', 'gift']) {
        const world = withLinkedTasks()
          .task({ user, paid: false })
          .task({ ...failed, refunded: true })
        for (const orderId of ['task-41', 'task-42']) world.points(NOBODY, 100, { at, orderId, sourceType })
        const { findings, open } = await said(world, 'A4', 'B8', 'B10')
        expect([findings, open]).toEqual([['A4 userId=101', 'B10 taskId=task-41', 'B8 taskId=task-42'], []])
        const refunded = await said(world.points(NOBODY, 100, { at, orderId: 'task-42', sourceType: 'refund' }), 'B8')
        expect(refunded).toEqual({ findings: [], open: ['B8 userId=101'] })
      }
    }
  })

  it('that gave something back again leaves open what is left', async () => {
    const world = withLinkedTasks().task({ user, paid: false })
    world.points(NOBODY, -99, { orderId: 'task-41' }).points(NOBODY, 1, { orderId: 'task-41', sourceType: 'consume' })
    expect(await said(world, 'A4', 'B10')).toEqual({ findings: [], open })
  })
})

describe('a payment without a user or a task', () => {
  const back = { sourceType: 'consume' } as const

  it.each(['order', 'total'] as const)('that came back explains no more than it is: %s', async (ledgerLink) => {
    const rows = async (amount: number, book: 'points' | 'cash') => {
      const world = withLinkedTasks().task({ user, paid: false }).task({ user: 102, points: 101, paid: false })
      if (book === 'points') world.points(NOBODY, amount, back)
      else world.cash(NOBODY, amount, { transactionType: 1 })
      const report = await reported(world, { settings: { ledgerLink } })
      return saidOf(report, 'A4').findings
    }
    for (const book of ['points', 'cash'] as const) {
      expect(await rows(1, book)).toEqual(['A4 userId=102', 'A4 userId=101'])
      expect(await rows(99, book)).toEqual(['A4 userId=102', 'A4 userId=101'])
      // It may have taken as much, and be told without its sign.
      expect(await rows(100, book)).toEqual(['A4 userId=102'])
      expect(await rows(101, book)).toEqual([])
    }
  })

  it('that came back leaves the refund of another task certain', async () => {
    const world = withLinkedTasks().task({ ...failed, paid: false, refunded: true })
    world.points(user, 100, { ...refund, orderId: 'task-41' })
    expect(await said(world.points(NOBODY, 1, back), 'B9')).toEqual({ findings: ['B9 taskId=task-41'], open: [] })
    expect(await said(world.points(NOBODY, 99, back), 'B9')).toEqual({ findings: [], open: ['B9 userId=101'] })
  })
})

describe('a refund without a user', () => {
  it.each([
    [false, 'B7'],
    [true, 'B8'],
  ] as const)('and without a task may be of everybody who lacks as much (marked: %s)', async (refunded, rule) => {
    const of = (amount: number, at: string = refund.at) => {
      const world = withLinkedTasks()
        .task({ ...failed, refunded })
        .task({ ...failed, user: 102, refunded })
        .task({ ...failed, user: 103, refunded, points: 101 })
      return said(world.points(NOBODY, amount, { ...refund, at, orderId: 'RF-1' }), 'B7', 'B8')
    }
    const found = [41, 42, 43].map((task) => `${rule} taskId=task-${task}`)
    expect(await of(99)).toEqual({ findings: found, open: [] })
    expect(await of(100)).toEqual({
      findings: [`${rule} taskId=task-43`],
      open: [`${rule} userId=101`, `${rule} userId=102`],
    })
    expect((await of(101)).findings).toEqual([])
    expect((await of(100, '2026-02-06 11:59:59')).findings).toEqual(found)
  })

  it('adds to those of a user whose orders are looked up for it', async () => {
    const of = (amount: number) => {
      const world = withLinkedTasks()
        .task(failed)
        .points(user, 40, { ...refund, orderId: 'RF-2' })
      return said(world.points(NOBODY, amount, refund), 'B7')
    }
    expect((await of(59)).findings).toEqual(['B7 taskId=task-41'])
    expect(await of(60)).toEqual({ findings: [], open: ['B7 userId=101'] })
  })

  it('says of no user what came back or was bought', async () => {
    const rows = async (...row: Parameters<MiniWorld['points']>) => {
      const report = await reported(
        withLinkedTasks()
          .task({ user })
          .points(...row),
      )
      const { pointsRefunded, pointsRecharged, cashRecharged } = report.ledger.rows.find(
        (each) => each.userId === user,
      )!
      return [pointsRefunded, pointsRecharged, cashRecharged]
    }
    expect(await rows(NOBODY, 100, { ...refund, orderId: 'RF-1' })).toEqual([null, null, 0])
    expect(await rows(NOBODY, 100)).toEqual([null, null, 0])
    expect(await rows(NOBODY, 100, { sourceType: 'gift' })).toEqual([0, 0, 0])
    expect(await rows(NOBODY, -100, { orderId: 'task-1' })).toEqual([0, 0, 0])
  })
})

describe('where rows name no tasks', () => {
  it('what was paid in all may be more, and not less', async () => {
    const paid = (own: number, nobodys: number) => {
      const world = new MiniWorld().account(5)
      for (let each = 0; each < 10; each++) world.task({ user, paid: { orderId: null, points: own } })
      return said(nobodys === 0 ? world : world.points(NOBODY, -nobodys), 'A4')
    }
    expect(await paid(99, 0)).toEqual({ findings: ['A4 userId=101'], open: [] })
    const once = ['A4 userId=undefined']
    expect(await paid(99, 9)).toEqual({ findings: ['A4 userId=101'], open: once })
    expect(await paid(99, 10)).toEqual({ findings: [], open: ['A4 userId=101'] })
    expect(await paid(101, 10)).toEqual({ findings: ['A4 userId=101'], open: once })
    expect(await paid(100, 10)).toEqual({ findings: [], open: once })
  })
})

describe('the chain of balances', () => {
  const three = (second: number, over: object = {}, at = '2026-02-06 12:00:00') => {
    const world = withLinkedTasks().points(7, -10, { at }).points(7, -10, { at }).points(7, -10)
    const built = world.build()
    const points = built.tables.points.map((row) =>
      row.id === 42 ? { ...row, userId: second as number, ...over } : row,
    )
    return { ...built, tables: { ...built.tables, points } }
  }
  const chain = async (world: World) => saidOf(await auditWorld(world, { depth: 'requests' }), 'B11', 'B12', 'B13')
  const none = null as unknown as number
  const once = ['B11 userId=undefined', 'B12 userId=undefined', 'B13 userId=undefined']

  it('may go through a row without a user, and is no chain of nobody', async () => {
    expect(await chain(three(7))).toEqual({ findings: [], open: [] })
    expect(await chain(three(8))).toEqual({ findings: ['B12 userId=7'], open: [] })
    expect(await chain(three(none))).toEqual({ findings: [], open: [...once.slice(0, 2), 'B12 userId=7', once[2]] })
    const unknown = { balanceBefore: null, balanceAfter: null }
    expect((await chain(three(none, unknown))).findings).toEqual([])
    for (const elsewhere of [{ balanceBefore: 1 }, { balanceAfter: 1 }]) {
      expect((await chain(three(none, elsewhere))).findings).toEqual(['B12 userId=7'])
    }
  })

  it('also through one of before the rows that were read', async () => {
    const at = '2026-01-20 12:00:00'
    expect(await chain(three(8, {}, at))).toEqual({ findings: ['B12 userId=7'], open: [] })
    expect(await chain(three(none, {}, at))).toEqual({ findings: [], open: ['B12 userId=7'] })
  })
})

describe('a user whose id is 0', () => {
  it('is somebody', async () => {
    const world = withLinkedTasks().task({ user: 0 }).points(0, -10, { orderId: 'shop-1' })
    const report = await reported(world)
    expect([report.findings, report.coverage.complete]).toEqual([[], true])
  })
})

describe('other tools', () => {
  const world = anonymous(withLinkedTasks().task({ user, paid: false }).points(NOBODY, -100, { orderId: 'task-41' }))
  const partial = { source: 'points', status: 'partial', reason: expect.stringMatching(/^1 ledger row names no user/) }

  it('say so as the audit does', async () => {
    const day = { start: '2026-02-06', end: '2026-02-06' }
    const ledgers = await userLedgers(
      { ...day, user_ids: [user], entries: true },
      memoryDependencies(world, {}),
      quietContext(),
    )
    expect(ledgers).toMatchObject({ complete: false, sources: expect.arrayContaining([partial]), entries: [] })
    expect(ledgers.rows).toMatchObject([
      { userId: user, status: 'UNVERIFIED', reason: expect.stringContaining('no user') },
    ])
    const trace = await traceTask(
      { id: 'task-41', kind: 'auto', lang: 'en' } as Parameters<typeof traceTask>[0],
      memoryDependencies(world, {}),
      quietContext(),
    )
    expect(trace).toMatchObject({
      complete: false,
      sources: expect.arrayContaining([partial]),
      findings: [],
      entries: [{ userId: null, rowId: 41 }],
    })
    expect(trace.notEvaluated).toContainEqual({ rule: 'B10', reason: expect.stringContaining('no user') })
  })

  it('in Chinese too', async () => {
    const report = await auditWorld(world, { lang: 'zh' })
    expect(report.coverage.sources.find(({ source }) => source === 'points')?.reason).toBe(
      '有 1 行流水没有用户（首行 id 41），无法判断属于谁',
    )
  })
})
