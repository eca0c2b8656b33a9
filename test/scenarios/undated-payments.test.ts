import { describe, expect, it, onTestFinished } from 'vitest'
import { type MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import type { StoredTables } from '../../src/demo/stored-world.ts'
import { userLedgers } from '../../src/operations/user-ledgers.ts'
import { quietContext, type WorldAudit } from '../kit/audit-world.ts'
import { audited, clean, foundIn, openOf } from '../kit/null-world.ts'
import { openWorld, STORES, type StoreKind } from '../kit/real-audit.ts'

// A task without created_at may be of the period as well as not. Where that decides whether a user paid what was charged, A4 is
// open for that user; and for nobody else.
const LOST = [['without created_at'], ['that cannot be read']] as const
type Change = Partial<{ [Table in keyof StoredTables]: (row: StoredTables[Table][number]) => object }>
const losing = (from: number, createdAt: string | null, cells: object = {}): Change => ({
  tasks: (row) => (row.id >= from ? { createdAt, ...cells } : {}),
})
interface Asked extends WorldAudit {
  readonly store?: StoreKind
  readonly from?: number
  readonly words?: string
  readonly cells?: object
}

/** What A4 finds, and what it leaves open, where the last tasks, from the 41st on, have no time. */
async function A4(world: MiniWorld, { store = 'embedded', from = 41, words, cells, ...options }: Asked = {}) {
  const time = words === 'that cannot be read' ? '2026-02-06 25:00:00' : null
  const report = await audited(store, world, 'summary', losing(from, time, cells), options)
  const ofRule = (texts: readonly string[]) => texts.filter((text) => /^A4($| )/.test(text))
  return [
    ...ofRule(foundIn(report)).map((text) => `! ${text}`),
    ...ofRule(openOf(report, words ?? 'without created_at')),
  ]
}
const one = (task: MiniTask, world = clean()): MiniWorld => world.task({ user: 104, cost: '0.1', ...task })
/** Long before all that is read of the ledgers, and within. */
const LONG_AGO = '2025-11-01 12:00:00'
const WITHIN = '2026-02-06 15:00:00'
const order = { settings: { ledgerLink: 'order' } } as const
const total = { settings: { ledgerLink: 'total' } } as const

describe.each(STORES)('A4 of a user with a task without a time, on %s', (store) => {
  // A column of DATETIME holds no time that cannot be read.
  it.each(store === 'embedded' ? LOST : LOST.slice(0, 1))(
    'is open where its rows do not pay its charge, to the point: %s',
    async (words) => {
      const said = (task: MiniTask) => A4(one(task), { store, words })
      expect(await said({ paid: false })).toEqual(['A4 104'])
      for (const at of [WITHIN, LONG_AGO]) {
        expect(await said({ paid: { points: 99, at } })).toEqual(['A4 104'])
        expect(await said({ paid: { points: 101, at } })).toEqual(['A4 104'])
        expect(await said({ paid: { points: 100, at } })).toEqual([])
        expect(await said({ paid: { points: 60, cash: 40, at } })).toEqual([])
        expect(await said({ paid: { points: 60, cash: 39, at } })).toEqual(['A4 104'])
      }
    },
  )

  it('knows its rows by its request id in another form', async () => {
    const orderId = 'https://queue.fal.run/fal-ai/flux/requests/00000041-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
    expect(await A4(one({ paid: { orderId } }), { store })).toEqual([])
    expect(await A4(one({ paid: { orderId, points: 99 } }), { store })).toEqual(['A4 104'])
  })

  it('takes none of its rows for those of another task', async () => {
    const found = ['! A4 userId=104']
    for (const at of [WITHIN, LONG_AGO]) {
      const lacking = clean().task({ user: 104, paid: false })
      expect(await A4(one({ paid: { at } }, lacking), { store, from: 42 })).toEqual(found)
    }
  })

  it('is open of a user who has no other task, and silent of one whose task is paid', async () => {
    expect(await A4(one({ user: 199, paid: false }), { store })).toEqual(['A4 199'])
    expect(await A4(one({ user: 199, paid: { points: 99, at: LONG_AGO } }), { store })).toEqual(['A4 199'])
    expect(await A4(one({ user: 199, paid: { at: LONG_AGO } }), { store })).toEqual([])
    expect(await A4(one({ user: 199, points: 0, paid: false }), { store })).toEqual([])
  })
})

describe('A4, link mode order', () => {
  it('stands where the task was free, and goes by the charge whether or not it was given back', async () => {
    expect(await A4(one({ points: 0, paid: false }))).toEqual([])
    expect(await A4(one({ points: 1, paid: false }))).toEqual(['A4 104'])
    expect(await A4(one({ points: 0, paid: { points: 1 } }))).toEqual(['A4 104'])
    expect(await A4(one({ refunded: true, paid: false }))).toEqual(['A4 104'])
    expect(await A4(one({ refunded: true }))).toEqual([])
  })

  it('stays a finding where the task makes it none in no case', async () => {
    const short = () => clean().task({ user: 104, points: 50, paid: { points: 20 } })
    const found = ['! A4 userId=104']
    expect(await A4(one({ paid: false }, short()), { from: 42 })).toEqual(found)
    expect(await A4(one({}, short()), { from: 42 })).toEqual(found)
    // Paid by as much too much as the other lacks.
    expect(await A4(one({ paid: { points: 130 } }, short()), { from: 42 })).toEqual(['A4 104'])
    expect(await A4(one({ paid: { points: 129 } }, short()), { from: 42 })).toEqual(found)
    expect(await A4(one({ paid: { points: 131 } }, short()), { from: 42 })).toEqual(found)
  })

  it('holds a task without rows against rows without a task', async () => {
    const paid = { orderId: null, at: WITHIN }
    expect(await A4(one({ paid }))).toEqual([])
    expect(await A4(one({ paid: { ...paid, points: 99 } }))).toEqual(['A4 104'])
    expect(await A4(one({ paid: { ...paid, points: 101 } }))).toEqual(['A4 104'])
    expect(await A4(one({ user: 199, paid }))).toEqual([])
    // Rows of something else, which is no task.
    const bought = () => one({ paid: false }, clean().points(104, -100, { orderId: 'shop-1', at: WITHIN }))
    expect(await A4(bought())).toEqual([])
    expect(await A4(bought().points(104, -1, { orderId: 'shop-2', at: WITHIN }))).toEqual(['A4 104'])
  })

  it('is open where rows right after the end may have paid the task, as far as that tells', async () => {
    expect(await A4(one({ paid: { orderId: null, at: '2026-02-07 00:05:00' } }))).toEqual(['A4 104'])
    expect(await A4(one({ points: 0, paid: false }).points(104, -9, { at: '2026-02-07 00:05:00' }))).toEqual([])
  })

  it('goes by several together', async () => {
    const two = (points: number) => one({ paid: { points: 90 } }).task({ user: 104, paid: { points } })
    expect(await A4(two(110))).toEqual(['A4 104'])
    expect(await A4(one({}).task({ user: 104 }))).toEqual([])
    const many = clean()
    for (let each = 0; each < 40; each++) many.task({ user: 104, paid: each > 0 ? {} : { points: 99 } })
    expect(await A4(many)).toEqual(['A4 104'])
  })

  it('is open where the charge is not told and rows took something, or may have', async () => {
    const cells = { money: null }
    expect(await A4(one({}), { cells })).toEqual(['A4 104'])
    expect(await A4(one({ paid: false }), { cells })).toEqual([])
    expect(await A4(one({ paid: { orderId: null } }), { cells })).toEqual(['A4 104'])
  })

  it.each(['many', '9007199254740991', '-9007199254740991'])(
    'is open where no number holds the charge: %s',
    async (money) => {
      expect(await A4(one({}), { cells: { money } })).toEqual(['A4 104'])
      expect(await A4(one({ user: 199 }), { cells: { money } })).toEqual(['A4 199'])
    },
  )

  it('is open where the id of the task is that of another, with a time or without', async () => {
    const requestId = '00000040-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
    expect(await A4(one({ user: 104, requestId, paid: false }))).toEqual(['A4 104'])
    expect(await A4(one({ requestId: 'same' }).task({ user: 104, requestId: 'same' }))).toEqual(['A4 104'])
    expect(await A4(one({ user: 103, requestId }))).toEqual([])
  })

  it('goes by the filters', async () => {
    const other = () => one({ account: 6, paid: false }, clean().account(6))
    expect(await A4(other(), { ids: [5] })).toEqual([])
    expect(await A4(other(), { ids: [6, 5] })).toEqual(['A4 104'])
    expect(await A4(other(), { userIds: [104] })).toEqual(['A4 104'])
    expect(await A4(other(), { userIds: [101] })).toEqual([])
    expect(await A4(one({ user: 199, paid: false }), { userIds: [101] })).toEqual([])
  })

  it('is open for all where the task names no user', async () => {
    expect(await A4(one({ paid: false }), { cells: { userId: null } })).toEqual(['A4'])
  })
})

describe('A4, link mode total', () => {
  const inAll = (task: MiniTask, options: Asked = {}, world = clean()) => A4(one(task, world), { ...total, ...options })

  it('is open where the charge decides, to the point', async () => {
    expect(await inAll({ paid: false })).toEqual(['A4 104'])
    expect(await inAll({ points: 0, paid: false })).toEqual([])
    expect(await inAll({})).toEqual(['A4 104'])
    expect(await inAll({ user: 199, paid: false })).toEqual(['A4 199'])
    expect(await inAll({ user: 199 })).toEqual([])
    expect(await inAll({ user: 199, paid: { points: 99 } })).toEqual(['A4 199'])
  })

  it('stays a finding where it does not', async () => {
    const found = ['! A4 userId=104']
    const short = () => clean().task({ user: 104, paid: false })
    expect(await inAll({ paid: false }, { from: 42 }, short())).toEqual(found)
    expect(await inAll({ paid: false }, {}, clean().points(104, -101, { at: WITHIN }))).toEqual(found)
    expect(await inAll({ paid: false }, {}, clean().points(104, -100, { at: WITHIN }))).toEqual(['A4 104'])
    const edge = clean().points(104, -1, { at: '2026-02-07 00:05:00' })
    expect(await inAll({ paid: false }, { from: 42 }, edge.task({ user: 104, paid: false }))).toEqual(['A4 104'])
  })

  it('is open where what was paid too much may have been for a task that names no user', async () => {
    const world = clean().points(103, -100, { at: WITHIN })
    expect(await inAll({ paid: false }, { cells: { userId: null } }, world)).toEqual(['A4', 'A4 103'])
  })
})

describe('A4, where tasks without a time may decide how rows link', () => {
  /** So many of a hundred tasks of one user bear a row, the others none. */
  const mixed = (linked: number) => {
    const world = new MiniWorld().account(5)
    for (let each = 0; each < 100; each++) {
      const paid = each < linked ? {} : { orderId: null }
      world.task({ user: each < 50 ? 101 : 102, paid, at: WITHIN })
    }
    // In mode order that is another product, and in mode total too much.
    return world.points(101, -7, { at: WITHIN })
  }

  it('is open for those of whom each way says something else', async () => {
    const said = (linked: number) => A4(mixed(linked).task({ user: 103, points: 100, paid: false }), { from: 101 })
    expect(await said(90)).toEqual(['A4 101', 'A4 103'])
    expect(await said(91)).toEqual(['A4 103'])
    expect(await said(89)).toEqual(['! A4 userId=101', 'A4 103'])
    const paid = (linked: number) => A4(mixed(linked).task({ user: 103 }), { from: 101 })
    expect(await paid(90)).toEqual([])
    // Were ten more of the period and linked, nine tenths would be.
    const ten = (linked: number, count: number) => {
      const world = mixed(linked)
      for (let each = 0; each < count; each++)
        world.task({ user: 103, points: 9, paid: each === 0 ? {} : { at: LONG_AGO } })
      return A4(world, { from: 101 })
    }
    expect(await ten(89, 10)).toEqual(expect.arrayContaining(['A4 101']))
    expect(await ten(89, 9)).toEqual(expect.arrayContaining(['! A4 userId=101']))
  })
})

describe('A4 of more tasks without a time than are told apart', () => {
  it('is open for all users whom they may concern', async () => {
    const world = clean()
    for (let each = 0; each < 1001; each++) world.task({ user: each % 2 === 0 ? 104 : 199, cost: '0', billed: false })
    expect(await A4(world, order)).toEqual(['A4 104', 'A4 199'])
    expect(await A4(world, { ...order, from: 42 })).toEqual([])
  })
})

describe('user-ledger of such a user', () => {
  async function rowOf(task: MiniTask, user_ids: number[], ledgerLink: 'auto' | 'total' = 'auto') {
    const world = one(task).build()
    const tasks = world.tables.tasks.map((row) => (row.id > 40 ? { ...row, createdAt: null as never } : row))
    const real = await openWorld({ ...world, tables: { ...world.tables, tasks } }, { store: 'embedded' })
    onTestFinished(real.close)
    const input = { start: '2026-02-06', end: '2026-02-06', user_ids, entries: false }
    const { rows } = await userLedgers(input, real.dependencies({ settings: { ledgerLink } }), quietContext())
    return rows.map(({ userId, status, reason }) => [userId, status, reason?.includes('without created_at')])
  }

  it('says what the audit does', async () => {
    expect(await rowOf({ paid: false }, [104, 103])).toEqual([
      [104, 'UNVERIFIED', true],
      [103, 'OK', undefined],
    ])
    expect(await rowOf({ paid: { at: LONG_AGO } }, [104])).toEqual([[104, 'OK', undefined]])
    expect(await rowOf({ user: 199, paid: false }, [199])).toEqual([[199, 'UNVERIFIED', true]])
    expect(await rowOf({ user: 199, paid: { at: LONG_AGO } }, [199])).toEqual([[199, 'OK', undefined]])
  })

  it('accuses nobody of what may have been paid for such a task', async () => {
    expect(await rowOf({ user: 199 }, [199], 'total')).toEqual([[199, 'UNVERIFIED', true]])
    expect(await rowOf({ user: 199, paid: { points: 99 } }, [199], 'total')).toEqual([[199, 'UNVERIFIED', true]])
    expect(await rowOf({}, [104], 'total')).toEqual([[104, 'UNVERIFIED', true]])
    expect(await rowOf({ points: 0, paid: false }, [104], 'total')).toEqual([[104, 'OK', undefined]])
  })
})
