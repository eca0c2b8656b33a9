import { describe, expect, it } from 'vitest'
import {
  type KindlessSums,
  kindlessRows,
  kindlessTogether,
  toldAmount,
  toldAmountIn,
  withKindless,
} from '../../../src/audit/ledgers/kindless-rows.ts'
import type { LedgerEntry } from '../../../src/ledger/reader.ts'
import { LIMITS } from '../../../src/limits.ts'
import { entryRecordsOf } from '../../../src/rows/entry-records.ts'
import type { Points } from '../../../src/units/points.ts'
import { points } from '../../kit/books.ts'
import { tallyOf } from '../../kit/ledger-spools.ts'
import { entryRow, planOf, taskRow } from '../../kit/rows.ts'

describe('rows of no known type', () => {
  it('come to what went out and what came in, each for itself', () => {
    const sums = [-400, 10, 0, -1].reduce<KindlessSums | undefined>(
      (all, amount) => withKindless(all, amount),
      undefined,
    )
    const told = { count: 4, outPoints: 401n, inPoints: 10n }
    expect(sums && kindlessRows(sums)).toEqual(told)
    expect(kindlessTogether([undefined, sums])).toBe(sums)
    expect(kindlessTogether([])).toBe(undefined)
    const twice = kindlessTogether([sums, undefined, sums])
    expect(twice && kindlessRows(twice)).toEqual({ count: 8, outPoints: 802n, inPoints: 20n })
  })

  it('come to nothing that is known where one does not tell, or it is too large to be known', () => {
    const unknown = { count: 2, outPoints: null, inPoints: null }
    expect(kindlessRows(withKindless(withKindless(undefined, -1), null))).toEqual(unknown)
    const most = Number.MAX_SAFE_INTEGER
    expect(kindlessRows(withKindless(withKindless(undefined, -1), -most))).toEqual({ ...unknown, inPoints: 0n })
  })

  it('tell their amount as other rows do', () => {
    const rows: LedgerEntry[] = [entryRow(1, -5), { ...entryRow(2, 0), amountUntold: true }]
    expect(rows.map(toldAmount)).toEqual([-5, null])
    expect([0, 1].map((row) => toldAmountIn(entryRecordsOf(rows), row))).toEqual([-5, null])
  })

  it('leave open what was paid; the order is looked up among very many where something was given back', () => {
    const task = (rowId: number, charged: Points) =>
      taskRow({ rowId, taskId: `task-${rowId}`, requestId: '', chargedPoints: charged })
    const many = Array.from({ length: LIMITS.lookupIdsTotal / 2 }, (_, index) => task(index + 10, points(0)))
    const open = (...rows: LedgerEntry[]) =>
      tallyOf([task(1, points(100)), ...many], rows, { plan: planOf({ depth: 'requests' }) }).openOrderIds('window')
    const kindless = entryRow(1, -60, { orderId: 'task-1', kind: 'other', kindUntold: true })
    expect(open(kindless)).toEqual([])
    expect(open(kindless, entryRow(2, 1, { orderId: 'task-1', kind: 'refund' }))).toEqual(['task-1'])
  })
})
