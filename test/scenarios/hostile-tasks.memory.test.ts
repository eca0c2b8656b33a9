import { describe, expect, it } from 'vitest'
import { MiniWorld, requestIdOf } from '../../src/demo/mini-world.ts'
import { instant } from '../../src/units/instant.ts'
import { ratio } from '../../src/units/ratio.ts'
import { base, breaksOf } from '../kit/audit-with.ts'
import { auditWorld, inShort } from '../kit/audit-world.ts'

// Worlds in which a careless audit accuses somebody of nothing, or misses what is there.
const R = { depth: 'requests' as const }

describe('what is young, or ends in the future', () => {
  it('a task that runs, or just ended without an id, is no break', async () => {
    for (const young of [{ status: 'processing', completed: null }, { requestId: null }]) {
      const world = base().task({ cost: '100', at: '2026-02-06 11:59:00', billed: false, points: 10_000, ...young })
      const now = world.instant('2026-02-06 12:30:00')
      for (const depth of ['summary', 'requests'] as const)
        expect(breaksOf(await auditWorld(world.build(), { depth, now }))).toEqual([])
    }
  })

  it('a success that says it ends in 2099 is due all the same', async () => {
    const world = base().task({ cost: '2', completed: '2099-01-01 00:00:00', billed: false })
    expect(inShort(await auditWorld(world.build(), R))).toEqual([`B2 taskId=task-2 requestId=${requestIdOf(2)}`])
  })
})

describe('an end before its task was made', () => {
  const ended = (ends: readonly string[]) => {
    const world = base()
    for (const completed of ends) world.task({ completed, billed: { timestamp: '2026-02-06T04:00:10Z' } })
    return auditWorld(world.build(), R)
  }

  it('tells of the clocks where it may be stored in another zone', async () => {
    expect(inShort(await ended(new Array(40).fill('2026-02-06 04:00:00')))).toEqual(['TZ_MISCONFIGURED '])
    expect(inShort(await ended(new Array(18).fill('2026-02-06 04:00:00')))).toEqual([])
  })

  it('says nothing of them where no zone can be the reason, of however many tasks it is told', async () => {
    expect(inShort(await ended(new Array(40).fill('1970-01-01 08:00:00')))).toEqual([])
  })

  it('hides no clock that other ends tell to be wrong', async () => {
    const wrong = new Array(20).fill('2026-02-06 20:00:00')
    expect(inShort(await ended([...wrong, ...new Array(40).fill('1970-01-01 08:00:00')]))).toEqual([
      'TZ_MISCONFIGURED ',
    ])
  })
})

describe('links to tasks', () => {
  const linked = (world: MiniWorld, count = 19) => {
    for (let index = 0; index < count; index++) world.task({ user: 200 })
    return world
  }

  it('one request id on two tasks does not say which of them a row pays, in whatever order they come', async () => {
    const world = linked(base())
    const twin = { requestId: requestIdOf(777), points: 100 }
    world.task({
      ...twin,
      at: '2026-02-06 10:00:00',
      billed: { requestId: requestIdOf(777) },
      paid: { orderId: requestIdOf(777) },
    })
    world.task({ ...twin, at: '2026-02-06 10:30:00', billed: false, paid: { orderId: requestIdOf(777) } })
    const built = world.build()
    const reversed = { ...built, tables: { ...built.tables, tasks: [...built.tables.tasks].reverse() } }
    for (const order of [built, reversed]) {
      expect(breaksOf(await auditWorld(order, R))).toEqual([`B4 requestId=${requestIdOf(777)}`])
    }
  })

  it.each([
    ['none of the period', { points: 0 }, []],
    ['one of the period', { points: 1 }, [`B4 requestId=${requestIdOf(777)}`]],
  ])('an id that was charged twice before is a break where %s was charged as well', async (_, own, expected) => {
    const twin = { requestId: requestIdOf(777), cost: '0', billed: false } as const
    const world = base()
      .task({ ...twin, at: '2026-01-06 12:00:00' })
      .task({ ...twin, at: '2026-01-06 12:10:00' })
    expect(breaksOf(await auditWorld(world.task({ ...twin, ...own }).build(), R))).toEqual(expected)
  })

  it('an id that was charged in two periods is a break of either, for the users who paid in it', async () => {
    const twin = { requestId: requestIdOf(777), cost: '0', billed: false } as const
    const world = base()
      .task({ ...twin, user: 102, at: '2026-01-06 12:00:00' })
      .task({ ...twin, user: 103 })
      .build()
    const found = async (date: string, ...userIds: number[]) =>
      breaksOf(await auditWorld(world, { ...R, start: date, end: date, userIds })).filter((text) =>
        text.startsWith('B4'),
      )
    const shared = [`B4 requestId=${requestIdOf(777)}`]
    for (const [date, paid, other] of [
      ['2026-01-06', 102, 103],
      ['2026-02-06', 103, 102],
    ] as const) {
      expect([await found(date), await found(date, paid), await found(date, other)]).toEqual([shared, shared, []])
    }
  })

  it('an id that was charged twice before is left open where the task of the period tells no charge', async () => {
    const twin = { requestId: requestIdOf(777), cost: '0', billed: false } as const
    const world = base()
      .task({ ...twin, at: '2026-01-06 12:00:00' })
      .task({ ...twin, at: '2026-01-06 12:10:00' })
    const { tables, ...rest } = world.task({ ...twin, paid: false }).build()
    const tasks = tables.tasks.map((row) => (row.id === 4 ? { ...row, money: null as unknown as number } : row))
    const report = await auditWorld({ ...rest, tables: { ...tables, tasks } }, R)
    expect(breaksOf(report)).toEqual([])
    expect(report.notEvaluated.filter(({ rule }) => rule === 'B4')).toEqual([
      { rule: 'B4', subject: {}, reason: expect.stringContaining('task-4') },
    ])
  })

  it('an id that other users were charged for twice is nothing of a user who was not', async () => {
    const twin = { requestId: requestIdOf(777), cost: '0', billed: false } as const
    const world = base()
      .task({ ...twin, user: 102 })
      .task({ ...twin, user: 103 })
      .task({ ...twin, user: 104, points: 0 })
    const found = async (userId: number) => breaksOf(await auditWorld(world.build(), { ...R, userIds: [userId] }))
    expect(await found(104)).toEqual([])
    expect(await found(103)).toEqual([`B4 requestId=${requestIdOf(777)}`])
  })

  it('two charges for one request that fal bills once are no loss, and one is', async () => {
    const requestId = requestIdOf(777)
    const settings = { pointsPerUsd: ratio('400') }
    const losses = async (second: { points: number; refunded?: boolean; requestId?: string }) => {
      const world = new MiniWorld().account(5).task({ requestId, points: 300, cost: '1' })
      world.task({ user: 102, requestId, cost: '1', billed: false, ...second })
      return inShort(await auditWorld(world.build(), { ...R, settings })).filter((found) => found.startsWith('B16'))
    }
    const loss = ['B16 model=fal-ai/flux/schnell date=2026-02-06']
    expect(await losses({ points: 300 })).toEqual([])
    expect(await losses({ points: 100 })).toEqual([])
    expect(await losses({ points: 99 })).toEqual(loss)
    expect(await losses({ points: 300, refunded: true })).toEqual(loss)
    expect(await losses({ points: 300, requestId: requestIdOf(778) })).toEqual(loss)
  })

  it('a filter by user does not change the mode, nor accuse', async () => {
    const world = linked(base())
      .task({ user: 103, paid: { orderId: null } })
      .points(103, -50)
    for (const options of [{}, { userIds: [103] }]) {
      const report = await auditWorld(world.build(), { ...R, ...options })
      expect(report.settings.ledgerLink).toBe('order')
      expect(breaksOf(report)).toEqual([])
    }
  })

  it('a filter by account does not take the payment of one account for that of another', async () => {
    const world = linked(base().account(6), 38)
      .task({ user: 103, account: 5, paid: { orderId: null } })
      .task({ user: 103, account: 6, paid: false })
    expect(breaksOf(await auditWorld(world.build(), R))).toContain('A4 userId=103')
    const filtered = await auditWorld(world.build(), { ...R, ids: [6] })
    expect(filtered.ledger.rows.find(({ userId }) => userId === 103)?.status).toBe('UNVERIFIED')
  })

  it.each([
    ['an URL', (id: string) => `https://queue.fal.run/fal-ai/flux/requests/${id}`],
    ['capitals', (id: string) => id.toUpperCase()],
  ])('an order id that is the request id as %s links', async (_, form) => {
    const world = base().task({
      requestId: form(requestIdOf(8)),
      billed: { requestId: requestIdOf(8) },
      paid: { orderId: form(requestIdOf(8)) },
    })
    const report = await auditWorld(world.build(), R)
    expect(report.settings.ledgerLinkedRatio).toBe('1.000')
    expect(inShort(report)).toEqual([])
  })

  it('a second payment is found at any time, at either depth', async () => {
    const world = base().task().points(101, -100, { orderId: 'task-2', at: '2026-02-08 13:00:00' })
    for (const depth of ['summary', 'requests'] as const)
      expect(inShort(await auditWorld(world.build(), { depth }))).toContain('A4 userId=101')
  })

  it('a charge in the first minutes is only explained by a task from before the window', async () => {
    const early = (before: boolean) => {
      const world = new MiniWorld().account(5).task({ at: '2026-02-06 00:02:00', paid: { orderId: null } })
      if (before) world.task({ at: '2026-02-05 23:59:00', paid: false, billed: false })
      return world.points(101, -100, { at: '2026-02-06 00:01:00' }).build()
    }
    expect(inShort(await auditWorld(early(false)))).toEqual(['A4 userId=101'])
    expect(inShort(await auditWorld(early(true)))).toEqual(['A4 TIMING userId=101'])
  })

  it('a refund row that names no order may be the refund', async () => {
    const world = linked(base()).task({ status: 'failed', refunded: true, cost: '0', points: 100, billed: false })
    expect(breaksOf(await auditWorld(world.build(), R)).some((text) => text.startsWith('B8'))).toBe(true)
    world.points(101, 100, { sourceType: 'refund' })
    expect(breaksOf(await auditWorld(world.build(), R)).some((text) => text.startsWith('B8'))).toBe(false)
  })
})

describe('one request over the edge of two windows', () => {
  it('is counted in one of them', async () => {
    const shared = { requestId: requestIdOf(777), cost: '5', paid: false as const, points: 0 }
    const world = base()
      .task({ ...shared, at: '2026-02-06 23:50:00', status: 'failed', billed: false, cost: '0' })
      .task({ ...shared, at: '2026-02-07 00:30:00', billed: { requestId: requestIdOf(777) }, refunded: true })
    const [first, second] = await Promise.all(
      ['2026-02-06', '2026-02-07'].map((day) => auditWorld(world.build(), { ...R, start: day, end: day })),
    )
    expect([first?.tieOut?.eventsMatched, second?.tieOut?.eventsMatched]).toEqual(['100', '5'])
  })
})

describe('long ids', () => {
  it('are kept whole, so that they can be looked up', async () => {
    const world = base().task({ cost: '2', billed: false }).build()
    const tasks = world.tables.tasks.map((task) => (task.id === 2 ? { ...task, taskId: 'T'.repeat(100) } : task))
    const report = await auditWorld(
      { ...world, tables: { ...world.tables, tasks } },
      { ...R, now: instant(Date.parse('2026-02-12T00:00:00Z')) },
    )
    expect(report.findings.find(({ rule }) => rule === 'B2')?.subject.taskId).toBe('T'.repeat(100))
  })
})

describe('failures that say they end in the future', () => {
  it('are held to their creation', async () => {
    const world = base()
    for (let index = 0; index < 19; index++) world.task({ user: 200 })
    world.task({ status: 'failed', points: 100, cost: '0', completed: '2099-01-01 00:00:00', billed: false })
    expect(breaksOf(await auditWorld(world.build(), R)).some((text) => text.startsWith('B7'))).toBe(true)
  })
})

describe('balances that are NULL', () => {
  const audited = async (isNull: (userId: number, row: number) => boolean) => {
    const { tables, ...world } = base().task({ user: 102 }).task({ user: 102 }).build()
    const points = tables.points.map((row, index) =>
      isNull(row.userId, index) ? { ...row, balanceBefore: null, balanceAfter: null } : row,
    )
    const { rules, notEvaluated } = await auditWorld({ ...world, tables: { ...tables, points } }, R)
    const ofTrail = ({ rule }: { rule: string }) => ['B11', 'B12', 'B13'].includes(rule)
    return [rules.filter(ofTrail).map(({ examined }) => examined), notEvaluated.filter(ofTrail)] as const
  }
  const told = (subject: object) =>
    ['B11', 'B12', 'B13'].map((rule) => ({ rule, subject, reason: expect.stringContaining('NULL') }))

  it('are not examined: of all users, or of some', async () => {
    expect(await audited(() => true)).toEqual([[0, 0, 0], told({})])
    expect(await audited((userId) => userId === 102)).toEqual([[1, 1, 1], told({ userId: 102 })])
  })

  it('leave to be compared what the other rows tell', async () => {
    expect(await audited(() => false)).toEqual([[2, 2, 2], []])
    expect(await audited((_, row) => row === 2)).toEqual([[2, 2, 2], []])
  })
})
