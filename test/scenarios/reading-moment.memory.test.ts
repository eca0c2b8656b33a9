import { describe, expect, it } from 'vitest'
import { type MiniTask, MiniWorld, SHANGHAI } from '../../src/demo/mini-world.ts'
import { auditWorld, inShort, type WorldAudit } from '../kit/audit-world.ts'
import { saidOf, withLinkedTasks } from '../kit/linked-tasks.ts'

const now = SHANGHAI.fromNaive('2026-02-06 14:00:00')!
const running = { user: 101, points: 70, completed: null, status: 'running', billed: false, cost: '0' } as const
const made = (at: string) =>
  withLinkedTasks()
    .task({ user: 101 })
    .task({ ...running, at, paid: false })
const TOTAL = { settings: { ledgerLink: 'total' } } as const

/** What is said of users by A4 and B10, apart from what link mode total leaves open. */
async function said(world: MiniWorld, options: WorldAudit = {}) {
  const report = await auditWorld(world.build(), { depth: 'requests', lang: 'en', now, ...options })
  const open = saidOf(report, 'A4', 'B10').open.filter((each) => !each.endsWith('undefined'))
  return [...inShort(report).map((each) => each.replace(/ requestId=.*/, '')), ...open]
}
const BREAK = ['A4 userId=101', 'B10 taskId=task-42']
const TIMING = ['A4 TIMING userId=101', 'B10 userId=101']

describe('a task whose row is not there', () => {
  it('yet, right before the moment of reading, is no break', async () => {
    for (const at of ['2026-02-06 13:59:58', '2026-02-06 14:00:00', '2026-02-06 13:50:00', '2026-02-06 14:00:30']) {
      expect(await said(made(at))).toEqual(TIMING)
      expect(await said(made(at), TOTAL)).toEqual(TIMING.slice(0, 1))
    }
    const [open] = (
      await auditWorld(made('2026-02-06 13:59:58').build(), { depth: 'requests', now })
    ).notEvaluated.filter(({ rule }) => rule === 'B10')
    expect(open?.reason).toContain('before the tables were read, within 10 minutes')
  })

  it('and is older than that is one', async () => {
    expect(await said(made('2026-02-06 13:49:59'))).toEqual(BREAK)
    expect(await said(made('2026-02-06 13:49:59'), TOTAL)).toEqual(BREAK.slice(0, 1))
    const world = made('2026-02-06 13:30:00').task({ ...running, at: '2026-02-06 13:59:00', points: 69, paid: false })
    expect(await said(world)).toEqual([...BREAK, 'B10 userId=101'])
  })

  it('beside a later one that has its own is one', async () => {
    const world = () => made('2026-02-06 13:40:00').task({ ...running, at: '2026-02-06 13:59:00' })
    expect(await said(world())).toEqual(BREAK)
    expect(await said(world(), TOTAL)).toEqual(BREAK.slice(0, 1))
  })

  it('is told by itself where a younger one may explain what the user lacks', async () => {
    const world = made('2026-02-06 13:40:00').task({ ...running, at: '2026-02-06 13:59:00', points: 200, paid: false })
    expect(await said(world)).toEqual(['A4 userId=101', 'B10 taskId=task-42', 'B10 userId=101'])
  })

  it('yet is no break beside a task that a row without an order paid', async () => {
    const beside = (at: string) => made(at).task({ user: 101, points: 50, paid: { points: 50, orderId: null } })
    expect(await said(beside('2026-02-06 13:59:58'))).toContain('A4 TIMING userId=101')
    expect(await said(beside('2026-02-06 13:49:59'))).toContain('A4 userId=101')
  })

  it('yet is no break beside one as young of which a row took a part', async () => {
    const beside = (at: string) =>
      made('2026-02-06 13:59:58').task({ ...running, at, points: 100, paid: { points: 30 } })
    expect(await said(beside('2026-02-06 13:59:00'))).toContain('A4 TIMING userId=101')
    expect(await said(beside('2026-02-06 13:49:59'))).toContain('A4 userId=101')
  })

  it('of yesterday may come as well, as long as it is that young', async () => {
    const last = () => made('2026-02-06 23:59:00')
    expect(await said(last(), { now: SHANGHAI.fromNaive('2026-02-07 00:05:00')! })).toEqual(TIMING)
    expect(await said(last(), { now: SHANGHAI.fromNaive('2026-02-07 00:09:01')! })).toEqual(BREAK)
  })

  it('of yesterday may come though one of today has a row that may be of either', async () => {
    const options = { now: SHANGHAI.fromNaive('2026-02-07 00:05:00')! }
    const today = (paid: MiniTask['paid']) =>
      made('2026-02-06 23:59:00').task({ ...running, at: '2026-02-07 00:02:00', paid })
    expect(await said(today({}), { ...options, ...TOTAL })).toEqual(TIMING.slice(0, 1))
    expect(await said(today({ orderId: null }), options)).toEqual(TIMING)
    const older = today(false).task({ ...running, at: '2026-02-06 20:00:00', paid: false })
    expect(await said(older, options)).toEqual(['A4 userId=101', 'B10 taskId=task-44', 'B10 userId=101'])
  })

  it('yet explains nothing that tasks of another account lack, with a filter by account', async () => {
    const world = (at: string) =>
      withLinkedTasks(new MiniWorld().account(5).account(6))
        .task({ ...running, at, paid: false })
        .task({ ...running, account: 6, at: '2026-02-06 13:59:58', paid: false })
    const found = ['A4 userId=101', 'B10 taskId=task-41']
    expect(await said(world('2026-02-06 13:30:00'), { ids: [5] })).toEqual(found)
    expect(await said(world('2026-02-06 13:59:00'), { ids: [5] })).toEqual(TIMING)
    expect(await said(world('2026-02-06 13:30:00'))).toEqual([...found, 'B10 userId=101'])
  })
})

it('too much is too much at any moment, and so is less than a row took of a task that is older', async () => {
  const at = '2026-02-06 13:59:58'
  const over = withLinkedTasks()
    .task({ user: 101 })
    .task({ ...running, at, paid: { points: 71, at } })
  expect(await said(over)).toEqual(BREAK)
  const half = (made: string) => withLinkedTasks().task({ ...running, at: made, paid: { points: 30, at: made } })
  expect(await said(half('2026-02-06 13:40:00'))).toEqual(['A4 userId=101', 'B10 taskId=task-41'])
  expect(await said(half(at))).toEqual(TIMING)
  expect(await said(half(at).points(101, -9))).toEqual(TIMING)
  expect(await said(half(at).task({ ...running, at, paid: false }))).toEqual(TIMING)
  const older = { ...running, at: '2026-02-06 13:40:00' } as const
  for (const paid of [false, { points: 69 }] as const)
    expect(await said(half(at).task({ ...older, paid }))).toEqual([
      'A4 userId=101',
      'B10 taskId=task-42',
      'B10 userId=101',
    ])
})
