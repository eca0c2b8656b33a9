import { describe, expect, test } from 'vitest'
import type { Cell } from '../../src/ledger/cells.ts'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import type { TaskStatus, UnreadTimesOf } from '../../src/ledger/reader.ts'
import { CellRow } from '../../src/ledger/row-cells.ts'
import { UnreadTaskRows } from '../../src/ledger/unread-rows.ts'
import { openZone } from '../../src/units/zone.ts'
import { at } from './backends.ts'

interface Stored {
  readonly id?: number
  readonly userId?: Cell
  readonly model?: string
  readonly key?: string
  readonly status?: TaskStatus
  readonly money?: Cell
  readonly cost?: Cell
  readonly refund?: Cell
  readonly end?: Cell
}

const zone = openZone('UTC') ?? expect.fail()
const END = '2026-02-03 12:00:00'

function cellsOf({ id = 1, ...more }: Stored): Cell[] {
  const { userId = 101, model = 'm', key = 'k', status = 'success', money = 40, cost = '0.1', refund = 0 } = more
  return [id, 'soon', userId, `t${id}`, `r${id}`, model, key, status, money, cost, refund, more.end ?? null]
}

const rowsOf = () => new UnreadTaskRows(DEFAULT_MAPPING, { statusOf: (word) => word as TaskStatus, zone })

function toldOf(stored: readonly Stored[], rows = rowsOf()): UnreadTimesOf {
  const row = new CellRow()
  stored.forEach((each, index) => {
    rows.add(row.of(cellsOf({ id: index + 1, ...each })))
  })
  return rows.told()
}

const many = (count: number, storedOf: (index: number) => Stored): Stored[] =>
  Array.from({ length: count }, (_, index) => storedOf(index))

describe('what tasks whose time cannot be read may add', () => {
  const [free, cost] = [{ kept: 0n, refunded: 0n, worth: 1, free: 1 }, 100_000_000n]
  test.each<[string, Stored, { kept: bigint | null; refunded: bigint | null; worth: number; free: number }]>([
    ['charged', {}, { kept: 40n, refunded: 0n, worth: 1, free: 0 }],
    ['refunded', { refund: 1 }, { kept: 0n, refunded: 40n, worth: 0, free: 0 }],
    ['refunded or not', { refund: 'maybe' }, { kept: 40n, refunded: 40n, worth: 1, free: 0 }],
    ['free', { money: 0 }, free],
    ['of no charge that is told', { money: null }, { ...free, kept: null }],
    ['of a charge that is no number', { money: 'many' }, { ...free, kept: null }],
    [
      'given back, of no charge that is told',
      { money: null, refund: 1 },
      { kept: 0n, refunded: null, worth: 0, free: 0 },
    ],
    ['of a charge below nought', { money: -5 }, { kept: 0n, refunded: 0n, worth: 1, free: 0 }],
    ['of no cost that is told', { cost: null }, { kept: 40n, refunded: 0n, worth: 1, free: 0 }],
    ['of no cost that is told, and free', { cost: null, money: 0 }, free],
    ['the same that failed', { cost: null, money: 0, status: 'failed' }, { ...free, free: 0 }],
    ['the same that still runs', { cost: null, money: 0, status: 'unfinished' }, { ...free, free: 0 }],
    ['free, that failed at a cost', { money: 0, status: 'failed' }, free],
    ['of neither cost nor charge', { cost: 0, money: 0 }, { kept: 0n, refunded: 0n, worth: 0, free: 0 }],
    [
      'of no charge that is told, at no cost',
      { cost: 0, money: null },
      { kept: null, refunded: 0n, worth: 1, free: 0 },
    ],
    ['charged at no cost', { cost: 0 }, { kept: 40n, refunded: 0n, worth: 1, free: 0 }],
    ['of a cost below nought', { cost: -1, money: 0 }, { kept: 0n, refunded: 0n, worth: 0, free: 0 }],
  ])('is told of one %s', (_, stored, { kept, refunded, worth, free: isFree }) => {
    const { sorts, owners, each } = toldOf([stored]).tasks ?? {}
    const amounts = { keptPoints: kept, refundedPoints: refunded }
    const told = stored.cost === undefined ? cost : stored.cost === 0 ? 0n : null
    expect(sorts).toEqual([
      {
        ...{ apiKey: 'k', model: 'm', status: stored.status ?? 'success', endedSince: null, ...amounts, worth },
        ...{ costNanoUsd: told, toldNanoUsd: told ?? 0n, untold: told === null ? 1 : 0 },
      },
    ])
    const isRefunded = stored.refund === 1 || stored.refund === 'maybe'
    expect(owners).toEqual([{ apiKey: 'k', userId: 101, ...amounts, refunded: isRefunded ? 1 : 0, free: isFree }])
    const charge = stored.money === undefined ? 40n : typeof stored.money === 'number' ? BigInt(stored.money) : null
    expect(each?.map(({ chargedPoints }) => chargedPoints)).toEqual([stored.money === null ? undefined : charge])
  })

  test('is one sort with the first end, and one whose end cannot be read with those that have none', () => {
    const earlier = '2026-02-03 11:00:00'
    const sortsOf = (...ends: Cell[]) =>
      toldOf(ends.map((end) => ({ end }))).tasks?.sorts?.map(({ endedSince, endUntold, worth }) => ({
        ...{ endedSince, endUntold, worth },
      }))
    const none = { endedSince: null, endUntold: undefined }
    expect(sortsOf(null, '', '0000-00-00 00:00:00')).toEqual([{ ...none, worth: 3 }])
    for (const ends of [
      [null, 'later', null],
      ['later', null, null],
      [null, null, 'later'],
    ]) {
      expect(sortsOf(...ends)).toEqual([{ ...none, endUntold: true, worth: 3 }])
    }
    expect(sortsOf(END, earlier, END, 'later')).toEqual([
      { endedSince: at('2026-02-03T12:00:00Z'), endUntold: undefined, worth: 2 },
      { endedSince: at('2026-02-03T11:00:00Z'), endUntold: undefined, worth: 1 },
      { ...none, endUntold: true, worth: 1 },
    ])
  })

  test('is told by the first end alone where there are too many, whichever came first', () => {
    const endOf = (index: number) => new Date(Date.UTC(2026, 1, 3, 0, 0, index)).toISOString().slice(0, 19)
    for (const count of [1000, 1001]) {
      for (const order of [(index: number) => index, (index: number) => count - 1 - index]) {
        const { sorts } = toldOf(many(count, (index) => ({ end: endOf(order(index)) }))).tasks ?? {}
        expect(sorts?.length).toBe(count === 1000 ? 1000 : 1)
        expect(Math.min(...(sorts ?? []).map(({ endedSince }) => endedSince ?? 0))).toBe(at('2026-02-03T00:00:00Z'))
      }
    }
  })

  test('is told up to as many as are kept, of users, tasks, sorts and owners', () => {
    const users = (count: number) => toldOf(many(count, (index) => ({ userId: index }))).userIds
    expect([users(200)?.length, users(201)]).toEqual([200, null])
    for (const [count, isTold] of [
      [1000, true],
      [1001, false],
    ] as const) {
      const { tasks } = toldOf(many(count, (index) => ({ model: `m${index}`, userId: index })))
      const kept = isTold ? count : undefined
      expect([tasks?.sorts?.length, tasks?.owners?.length, tasks?.each?.length]).toEqual([kept, kept, kept])
    }
    // Of one sort and owner, however many they are.
    const { tasks, rows } = toldOf(many(1001, () => ({})))
    expect([rows, tasks?.sorts?.length, tasks?.owners?.length, tasks?.each]).toEqual([1001, 1, 1, null])
  })

  test('is nothing of another stream: what was too much there, and what was met', () => {
    const rows = rowsOf()
    toldOf(
      many(1001, (index) => ({ model: `m${index}`, userId: index, end: END })),
      rows,
    )
    rows.clear()
    expect(rows.told()).toEqual({ rows: 0, firstRowId: 0, userIds: [], tasks: { sorts: [], owners: [], each: [] } })
    const few = [
      { id: 7, end: END },
      { id: 5, end: '2026-02-03 11:00:00' },
    ]
    expect(toldOf(few, rows)).toEqual(toldOf(few))
    expect(toldOf(few)).toMatchObject({ rows: 2, firstRowId: 5, userIds: [101], tasks: { sorts: [{}, {}] } })
  })
})
