import { expect, it } from 'vitest'
import { SHANGHAI } from '../../src/demo/mini-world.ts'
import { entryRows } from '../../src/operations/ledger-rows.ts'
import { entryRow } from '../kit/rows.ts'

it('a ledger row that holds no amount is listed without one, and one of nothing with 0', () => {
  const rows = entryRows([entryRow(1, 0, { amountUntold: true }), entryRow(2, 0)], SHANGHAI)
  expect(rows.map(({ rowId, amountPoints }) => [rowId, amountPoints])).toEqual([
    [1, null],
    [2, 0],
  ])
})
