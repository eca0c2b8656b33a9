import { describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { auditWorld, inShort, type WorldAudit } from '../kit/audit-world.ts'
import { openOf } from '../kit/null-world.ts'

// Tasks that name no user may be of one who was asked for.
const DAY = '2026-02-06'
type Task = Parameters<MiniWorld['task']>[0] & { readonly noCharge?: true; readonly day?: string }

/** Tasks of user 101, of nobody, and of others; what A5 and A7 say of the first of these. */
async function told(own: readonly Task[], nobodys: readonly Task[], options: WorldAudit = { userIds: [101] }) {
  const world = new MiniWorld().account(5).account(6)
  const all = [...own, ...nobodys]
  for (const { day = DAY, ...task } of all) world.task({ points: 100, at: `${day} 12:00:00`, ...task })
  const built = world.build()
  const tasks = built.tables.tasks.map((row, index) => ({
    ...row,
    ...(index >= own.length && { userId: null as never }),
    ...(all[index]?.noCharge === true && { money: null as never }),
  }))
  const report = await auditWorld({ ...built, tables: { ...built.tables, tasks } }, options)
  const of = (texts: readonly string[]) => texts.filter((text) => /^A[57]/.test(text))
  const examined = report.rules.find(({ rule }) => rule === 'A5')?.examined
  return [of(inShort(report)), of(openOf(report, 'hold no user')), examined]
}

const FOUND = [`A5 date=${DAY}`]
const OPEN = [`A5 ${DAY}`]
const kept = (points: number): Task => ({ points })
const back = (points: number): Task => ({ points, refunded: true })

describe('a day of a user who was asked for', () => {
  it('is none of many refunds where what nobody owns may have been charged besides, to the point', async () => {
    // 40 of 100 are more than three tenths; of 133.3 they are not.
    expect(await told([kept(60), back(40)], [])).toEqual([FOUND, [], 1])
    expect(await told([kept(60), back(40)], [kept(33)])).toEqual([FOUND, [], 1])
    expect(await told([kept(60), back(40)], [kept(34)])).toEqual([[], OPEN, 0])
    expect(await told([kept(60), back(40)], [kept(20), kept(14)])).toEqual([[], OPEN, 0])
    // What was given back to nobody makes it none the less.
    expect(await told([kept(60), back(40)], [back(1000)])).toEqual([FOUND, [], 1])
  })

  it('may be one of many where what nobody owns was given back, to the point', async () => {
    expect(await told([kept(70), back(30)], [])).toEqual([[], [], 1])
    expect(await told([kept(70), back(30)], [back(1)])).toEqual([[], OPEN, 0])
    expect(await told([kept(70)], [back(30)])).toEqual([[], [], 1])
    expect(await told([kept(70)], [back(31)])).toEqual([[], OPEN, 0])
    expect(await told([kept(70), back(30)], [kept(1000)])).toEqual([[], [], 1])
  })

  it('may be one of which nothing else is known', async () => {
    expect(await told([{ ...kept(70), day: '2026-02-05' }], [back(1)])).toEqual([[], OPEN, 0])
    expect(await told([{ ...kept(70), day: '2026-02-05' }], [kept(1)])).toEqual([[], [], 0])
    expect(await told([kept(70)], [{ ...back(1000), day: '2026-02-05' }])).toEqual([[], [], 1])
  })

  it('is open where they tell no charge', async () => {
    expect(await told([kept(60), back(40)], [{ noCharge: true, cost: '0' }])).toEqual([[], OPEN, 0])
    expect(await told([kept(60), back(40)], [{ noCharge: true, cost: '0', refunded: true }])).toEqual([FOUND, [], 1])
    expect(await told([kept(70), back(30)], [{ noCharge: true, cost: '0', refunded: true }])).toEqual([[], OPEN, 0])
    expect(await told([kept(70), back(30)], [{ noCharge: true, cost: '0' }])).toEqual([[], [], 1])
  })

  it('is judged with all of them where nobody was asked for', async () => {
    expect(await told([kept(60), back(40)], [kept(34)], {})).toEqual([[], [], 1])
    expect(await told([kept(70), back(30)], [back(1)], {})).toEqual([FOUND, [], 1])
  })

  it('takes no tasks of accounts that the filters leave out', async () => {
    const elsewhere = { userIds: [101], ids: [5] }
    expect(await told([kept(70), back(30)], [{ ...back(1), account: 6 }], elsewhere)).toEqual([[], [], 1])
    expect(await told([kept(70), back(30)], [{ ...back(1), account: 5 }], elsewhere)).toEqual([[], OPEN, 0])
  })
})

describe('a task without a charge that names no user', () => {
  it('may be one of a user who was asked for', async () => {
    const free = { points: 0, cost: '1' }
    expect(await told([kept(70)], [free])).toEqual([[], ['A7'], 1])
    expect(await told([kept(70)], [free], {})).toEqual([[], ['A7'], 1])
    expect(await told([kept(70)], [{ ...free, refunded: true }])).toEqual([[], [], 1])
    expect(await told([kept(70)], [{ ...free, points: 1 }])).toEqual([[], [], 1])
    expect(await told([kept(70)], [{ ...free, cost: '0' }])).toEqual([[], [], 1])
  })
})

it.each([
  ['2026-01-06', []],
  ['2026-01-07', [DAY]],
] as const)(
  'a day of a long period is open for what the user was charged in the 30 days before it alone: %s',
  async (day, open) => {
    const world = new MiniWorld().account(5)
    for (const each of ['2026-01-03', day, day, '2026-02-01', '2026-02-02', '2026-02-03'])
      world.task({ points: 100, at: `${each} 12:00:00` })
    const built = world.task({ points: 1000 }).build()
    // The first of them is of long before.
    const isUntold = (id: number): boolean => id === 1 || id === 2
    const tasks = built.tables.tasks.map((row) => (isUntold(row.id) ? { ...row, money: null as never } : row))
    const window = { start: '2026-01-01', end: DAY }
    const report = await auditWorld({ ...built, tables: { ...built.tables, tasks } }, window)
    const found = report.findings.filter(({ rule }) => rule === 'A6').map(({ subject }) => subject.date)
    const left = report.notEvaluated.filter(({ rule, subject }) => rule === 'A6' && subject.userId === 101)
    expect(left.map(({ subject }) => subject.date)).toEqual(open)
    expect(found).toEqual(open.length > 0 ? [] : [DAY])
  },
)
