import { describe, expect, it } from 'vitest'
import { atOnce, inBreaths } from '../../../src/audit/breathe.ts'
import { LedgerTally } from '../../../src/audit/ledgers/ledger-tally.ts'
import { entryRecordsOf } from '../../../src/rows/entry-records.ts'
import { taskRecordsOf } from '../../../src/rows/task-writer.ts'
import { points } from '../../kit/books.ts'
import { settledLedgers } from '../../kit/ledger-spools.ts'
import { entryRow, planOf, taskRow } from '../../kit/rows.ts'

/** More than are linked without a breath, and not a multiple of them. */
const TASKS = 120_001
const FREE = new AbortController().signal

const tasks = Array.from({ length: TASKS }, (_, number) =>
  taskRow({ rowId: number + 1, taskId: `task-${number}`, requestId: `request-${number}`, chargedPoints: points(3) }),
)
const entries = tasks.map(({ taskId }, number) => entryRow(number + 1, -3, { orderId: taskId }))
const linking = () =>
  LedgerTally.linking(
    planOf(),
    { tasks: taskRecordsOf(tasks), entries: entryRecordsOf(entries), holds: () => true },
    TASKS,
  )

describe('a user of very many rows', () => {
  it('is linked whole, with or without breaths between the steps', async () => {
    const whole = { charged: TASKS, linked: TASKS }
    expect(atOnce(linking()).linkCount()).toEqual(whole)
    expect((await inBreaths(linking(), FREE)).linkCount()).toEqual(whole)
  })

  /** Aborted once others had so many turns. */
  function abortedAt(turns: number): AbortSignal {
    const ends = new AbortController()
    const takeTurn = (left: number) => (left === 0 ? ends.abort() : setImmediate(takeTurn, left - 1))
    takeTurn(turns)
    return ends.signal
  }

  it('gives others their turn at each step, and is not linked to the end where that is in vain', async () => {
    // Six loops of three steps each.
    await expect(inBreaths(linking(), abortedAt(12))).rejects.toMatchObject({ kind: 'cancelled' })
    expect((await inBreaths(linking(), abortedAt(13))).linkCount().linked).toBe(TASKS)
  })

  it('ends the reading of the ledgers where it is cancelled', async () => {
    await expect(settledLedgers({ tasks, entries, signal: abortedAt(10) })).rejects.toMatchObject({ kind: 'cancelled' })
  })
})
