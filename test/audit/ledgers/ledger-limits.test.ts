import { describe, expect, it } from 'vitest'
import { LIMITS } from '../../../src/limits.ts'
import { partOfNumber } from '../../../src/spool/spool.ts'
import { DAY } from '../../../src/units/instant.ts'
import { at, later } from '../../kit/books.ts'
import { linking, numbers, paidTask, paymentOf, pays, settledLedgers, toldOf as told } from '../../kit/ledger-spools.ts'
import { entryRow } from '../../kit/rows.ts'

const noon = at('2026-02-06 12:00:00')

describe('very many tasks', () => {
  const users = (count: number) => numbers(count).map((id) => paidTask(id, { requestId: '' }))

  it('have all their rows looked up until they are 50,000 in all pieces together', async () => {
    const most = LIMITS.lookupIdsTotal / 2
    const tasks = users(most)
    const entries = numbers(most).map((id) => pays(id))
    const outside = [paidTask(70_000, { createdAt: later(noon, -DAY) })]
    const every = await settledLedgers({ tasks: [...tasks, ...outside], entries, pieceRows: 1000 })
    expect([every.source.everyOrder, every.spools.windowTasks]).toEqual([true, most])
    expect(every.askedOf('pointsByOrderIds').map((ids) => ids.length)).toEqual([most])
    tasks.push(paidTask(most + 1, { requestId: '' }))
    const open = await settledLedgers({ tasks, entries, pieceRows: 1000 })
    expect([open.source.everyOrder, open.askedOf('pointsByOrderIds')]).toEqual([false, [[`task-${most + 1}`]]])
  })

  it('are more than may be looked up past 100,000 ids, and that is said', async () => {
    const plan = linking('order')
    const most = await settledLedgers({ plan, tasks: users(LIMITS.lookupIdsTotal), pieceRows: 10_000 })
    expect([most.failures, most.source.mode]).toEqual([[], 'order'])
    expect(most.askedOf('cashByOrderIds')[0]?.length).toBe(LIMITS.lookupIdsTotal)
    // The limit is reached with the first piece, and passed with another.
    const [first = 0, other = 0] = [0, 255].map((part) => numbers(5000).find((id) => partOfNumber(id) === part))
    const one = users(LIMITS.lookupIdsTotal).map((task) => ({ ...task, userId: first }))
    const beyond = { ...paidTask(LIMITS.lookupIdsTotal + 1), requestId: '', userId: other }
    const more = await settledLedgers({ plan, tasks: [...one, beyond], pieceRows: 1 })
    // Neither ledger was looked into.
    expect(more.failures.map(([book]) => book)).toEqual(['points', 'cash'])
    const cause = {
      ...{ kind: 'source', message: 'more than 100000 order ids would have to be looked up' },
      next: 'audit fewer days at a time, or set ledgerLink to total in AUDIT_CONFIG',
    }
    expect(more.causes).toMatchObject([cause, cause])
    expect([more.source.mode, more.asked]).toEqual([null, []])
  })

  it('are too many also where they share an id: none of them is left out unsaid', async () => {
    const tasks = numbers(LIMITS.lookupIdsTotal + 2000).map((id) =>
      paidTask(id, {
        taskId: id > LIMITS.lookupIdsTotal ? `task-${id}` : '',
        requestId: 'submit_error',
        userId: id % 50,
      }),
    )
    for (const pieceRows of [3000, 1_000_000]) {
      const { failures, asked, source } = await settledLedgers({ plan: linking('order'), tasks, pieceRows })
      expect([failures.map(([book]) => book), asked, source.mode]).toEqual([['points', 'cash'], [], null])
    }
  })

  it('leave orders open that are beyond 100,000', async () => {
    const beyond = LIMITS.lookupIdsTotal + 10
    const entries = numbers(beyond).map((id) => entryRow(id, -1, { userId: 101, orderId: `order-${id}` }))
    const more = await settledLedgers({ tasks: [paidTask(1)], entries, plan: linking('order'), pieceRows: 1000 })
    expect(more.askedOf('tasksByEitherId')[0]?.length).toBe(LIMITS.lookupIdsTotal)
    const reason = { code: 'lookup-limit', params: { limit: LIMITS.lookupIdsTotal } }
    expect(paymentOf(told(more.source).users, 101)).toEqual({ known: false, reason })
    const most = await settledLedgers({ tasks: [paidTask(1)], entries: entries.slice(10), plan: linking('order') })
    expect(paymentOf(told(most.source).users, 101)).toMatchObject({
      value: { unlinkedPaidPoints: BigInt(LIMITS.lookupIdsTotal) },
    })
  })
})
