import { CellTally } from '../../src/audit/tasks/cell-tally.ts'
import { TaskTally } from '../../src/audit/tasks/task-book.ts'
import type { TaskRow } from '../../src/ledger/reader.ts'
import { taskRecordsOf } from '../../src/rows/task-writer.ts'
import { AS_OF, points, type Settings } from './books.ts'
import { planOf, taskRow } from './rows.ts'

const account = (accountId: number) => ({
  ...{ accountId, apiKey: `key-${accountId}`, name: '', balanceNanoUsd: null, disabled: false },
})

/** A task of account 5, charged 100 points and recorded at 1 USD. */
export const task = (rowId: number, overrides: Partial<TaskRow> = {}): TaskRow =>
  taskRow({ rowId, taskId: `task-${rowId}`, apiKey: 'key-5', chargedPoints: points(100), ...overrides })

/** Accounts 5 and 6 are audited, 9 is known. */
export function tallyOf(
  tasks: readonly TaskRow[],
  request: Parameters<typeof planOf>[0] = {},
  given: Settings = {},
  asOf = AS_OF,
) {
  const plan = planOf(request, given, asOf)
  const accounts = [account(5), account(6), account(9)]
  const tally = new TaskTally(plan, accounts, new Set([5, 6]))
  const layer = new CellTally(plan, accounts, new Set([5, 6]))
  const records = taskRecordsOf(tasks)
  const taken = tasks.filter((_, index) => tally.add(records, index)).map(({ rowId }) => rowId)
  for (const index of tasks.keys()) layer.add(records, index)
  return { taken, ...tally.close(), cells: layer.close().cells }
}
