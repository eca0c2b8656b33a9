import { expect, it } from 'vitest'
import { BalanceTrailTally } from '../../../src/audit/ledgers/balance-trail.ts'
import { entryRecordsOf } from '../../../src/rows/entry-records.ts'
import { at, points } from '../../kit/books.ts'
import { entryRow } from '../../kit/rows.ts'

const window = { start: at('2026-02-06 00:00:00'), end: at('2026-02-07 00:00:00') }

it.each([
  [true, [101]],
  [false, []],
])('a row between two balances alike adds up to 0 only where it tells so (amount untold: %s)', (amountUntold, told) => {
  const level = { balanceBefore: points(90), balanceAfter: points(90) }
  const rows = [
    entryRow(1, 90, { at: at('2026-02-05 23:59:59'), balanceBefore: points(0), balanceAfter: points(90) }),
    entryRow(2, 0, { ...level, ...(amountUntold && { amountUntold }) }),
  ]
  const tally = new BalanceTrailTally(window, () => true)
  const records = entryRecordsOf(rows)
  for (let index = 0; index < records.count; index++) tally.add(records, index)
  expect(tally.close()).toMatchObject({ amountUntold: told, arithmetic: [], continuity: [], users: 1 })
})

it.each([
  [[entryRow(1, -1, { balanceBefore: points(5), balanceAfter: points(4) })], 1],
  [
    [
      entryRow(1, -1, { balanceBefore: points(5), balanceAfter: points(4) }),
      entryRow(2, -1, { balanceBefore: points(4), balanceAfter: points(3) }),
    ],
    0,
  ],
])('of a user in doubt something was examined where two rows were compared', (rows, unsettledWhole) => {
  const tally = new BalanceTrailTally(window, () => true)
  const records = entryRecordsOf(rows)
  for (let index = 0; index < records.count; index++) tally.add(records, index)
  expect(tally.close()).toMatchObject({ unsettled: [101], unsettledWhole })
})
