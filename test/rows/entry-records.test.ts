import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LedgerEntry } from '../../src/ledger/reader.ts'
import { hashOfText } from '../../src/rows/bytes.ts'
import { ENTRY_RECORDS, type EntryRecords, EntryWriter, entryRecordsOf } from '../../src/rows/entry-records.ts'
import { newBytesOfId } from '../../src/rows/id-bytes.ts'
import { mayBeOtherForm } from '../../src/rows/other-forms.ts'
import { points } from '../../src/units/points.ts'
import { anyEntry } from '../kit/any-rows.ts'
import { expectWholeAtAnyEnd } from '../kit/room-ends.ts'
import { entryRow } from '../kit/rows.ts'

const SAFE = 2n ** 53n - 1n
const HUGE = 2n ** 70n
const untoldEntry = anyEntry.map((row): LedgerEntry => ({ ...row, amountPoints: points(0n), amountUntold: true }))
const kindlessEntry = fc
  .oneof(anyEntry, untoldEntry)
  .map((row): LedgerEntry => ({ ...row, kind: 'other', kindUntold: true }))
const entriesOfAnyKind = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: anyEntry },
    { weight: 1, arbitrary: untoldEntry },
    { weight: 1, arbitrary: kindlessEntry },
  ),
  { maxLength: 12 },
)
const isSafe = (amount: bigint | null): boolean => amount === null || (amount <= SAFE && amount >= -SAFE)

function expectFields(records: EntryRecords, rows: readonly LedgerEntry[]): void {
  expect([records.count, records.hasTitles]).toEqual([rows.length, rows.some(({ title }) => title !== '')])
  for (const [index, row] of [...rows.entries()].reverse()) {
    const { amountPoints, balanceBefore, balanceAfter } = row
    const id = records.orderId(index, newBytesOfId())
    const isLarge = ![amountPoints, balanceBefore, balanceAfter].every(isSafe)
    expect({
      ...{ book: records.book(index), kind: records.kind(index), rowId: records.rowId(index) },
      ...{ userId: records.userId(index), at: records.time(index), orderId: records.orderText(index) },
      ...{ orderBytes: records.bytes.toString('utf8', id.from, id.from + id.length), orderHash: id.hash },
      ...{ isLarge: records.isLarge(index), otherForm: records.mayBeOtherForm(index) },
      isUntold: records.isUntold(index),
      isKindUntold: records.isKindUntold(index),
      isUserUntold: records.isUserUntold(index),
      hasOrder: records.hasOrder(index),
      before: records.balanceBefore(index),
      after: records.balanceAfter(index),
    }).toEqual({
      ...{ book: row.book, kind: row.kind, rowId: row.rowId, userId: row.userId, at: row.at },
      ...{ orderId: row.orderId, orderBytes: row.orderId, orderHash: hashOfText(row.orderId), isLarge },
      otherForm: mayBeOtherForm(row.orderId),
      isUntold: row.amountUntold === true,
      isKindUntold: row.kindUntold === true,
      isUserUntold: row.userUntold === true,
      hasOrder: row.orderId !== '',
      before: balanceBefore === null ? Number.NaN : Number(balanceBefore),
      after: balanceAfter === null ? Number.NaN : Number(balanceAfter),
    })
    if (isSafe(amountPoints)) expect(records.amountPoints(index)).toBe(Number(amountPoints))
    else {
      const said = `row ${row.rowId} of the ${row.book} ledger holds ${amountPoints}`
      expect(() => records.amountPoints(index)).toThrow(said)
    }
  }
}

describe('records of ledger rows', () => {
  it('give every row again, of whatever row before or after, and each field on its own', () => {
    fc.assert(
      fc.property(entriesOfAnyKind, (rows) => {
        const records = entryRecordsOf(rows)
        expect(records.rows()).toStrictEqual(rows)
        expectFields(records, rows)
        const own = Buffer.allocUnsafeSlow(records.bytes.length)
        records.bytes.copy(own)
        expect(ENTRY_RECORDS.list(own, rows.length, null).rows()).toEqual(rows)
      }),
      { numRuns: 500 },
    )
  })

  it('hold a title only where there is one', () => {
    const records = entryRecordsOf([
      entryRow(1, 5, { title: 'secret', orderId: 'o' }),
      entryRow(2, 5, { orderId: 'o' }),
    ])
    expect(records.rows().map(({ title }) => title)).toEqual(['secret', ''])
    expect(records.sizeOf(1)).toBeLessThan(records.sizeOf(0))
    expect(entryRecordsOf([entryRow(1, 5)]).bytes.toString()).not.toContain('secret')
  })

  it('keep amounts and balances of any size beside each other, to the last digit', () => {
    const large = { balanceBefore: points(-HUGE - 1n), balanceAfter: null, title: 'behind them' }
    const rows = [
      entryRow(1, 7, large),
      entryRow(2, 0, { amountPoints: points(HUGE), balanceBefore: points(3n), orderId: '订单' }),
      entryRow(3, 0, { amountPoints: points(-SAFE), balanceBefore: points(SAFE), balanceAfter: points(0n) }),
      entryRow(4, 0, { balanceAfter: points(SAFE + 1n) }),
    ]
    const records = entryRecordsOf(rows)
    expect(records.rows()).toEqual(rows)
    expect(rows.map((_, index) => records.isLarge(index))).toEqual([true, true, false, true])
    // What is large about the first and the last are their balances alone.
    expect([records.amountPoints(0), records.amountPoints(3)]).toEqual([7, 0])
    expect(() => records.amountPoints(1)).toThrow(`row 2 of the points ledger holds ${HUGE}`)
  })

  it('are whole wherever the room for them ends', () => {
    const balances = { balanceBefore: points(5n), balanceAfter: points(4n) }
    const large = { balanceBefore: points(HUGE), balanceAfter: points(-HUGE) }
    expectWholeAtAnyEnd(
      (chars) => {
        const [orderId, title] = ['o'.repeat(chars), 't'.repeat(chars)]
        return [{ orderId }, { title }, { ...balances, orderId, title }, { ...large, orderId, title }, large].map(
          (more) => entryRow(1, -5, more),
        )
      },
      (entries) => entryRecordsOf(entries).rows(),
    )
  })

  it('are written over where a writer begins anew', () => {
    fc.assert(
      fc.property(fc.array(entriesOfAnyKind, { minLength: 2, maxLength: 4 }), (rounds) => {
        const writer = new EntryWriter()
        for (const rows of rounds) {
          writer.clear()
          for (const row of rows) writer.writeRow(row)
          expect([writer.count, writer.written().rows()]).toEqual([rows.length, rows])
        }
      }),
      { numRuns: 100 },
    )
  })
})
