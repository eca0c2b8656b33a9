import { describe, expect, it } from 'vitest'
import { ClosedUser, type ResolvedOrders } from '../../../src/audit/ledgers/user-figures.ts'
import { points } from '../../kit/books.ts'
import { tallyOf, toldOfUser } from '../../kit/ledger-spools.ts'
import { entryRow, planOf, taskRow } from '../../kit/rows.ts'

/** Cash that came in by two orders, and refunds of three, one of which was taken back: none of them a task that was read. */
const ROWS = [
  entryRow(1, -1000, { orderId: 'task-1' }),
  entryRow(2, 20, { book: 'cash', kind: 'recharge', orderId: 'in-1' }),
  entryRow(3, 30, { book: 'cash', kind: 'recharge', orderId: 'in-2' }),
  entryRow(4, 10, { kind: 'refund', orderId: 'back-1' }),
  entryRow(5, 3, { kind: 'refund', orderId: 'back-2' }),
  entryRow(6, -4, { kind: 'refund', orderId: 'back-3' }),
]
const ORDERS = ROWS.slice(1).map(({ orderId }) => orderId)

/** One that was paid, and one that failed and lacks its refund. */
const TASKS = [
  taskRow(),
  taskRow({ rowId: 2, taskId: 'task-2', requestId: 'request-2', status: 'failed', chargedPoints: points(5) }),
]

function closed(rows = ROWS): ClosedUser {
  const [figures] = tallyOf(TASKS, rows).figures()
  if (figures === undefined) throw new RangeError('no such user')
  return new ClosedUser(figures, { plan: planOf(), mode: 'order', failed: new Set() })
}

const askedFor = (asked: readonly string[], tasks: readonly string[] = []): ResolvedOrders => ({
  asked: new Set(asked),
  tasks: new Set(tasks),
})

const refundsOf = (user: ClosedUser) => (user.unlinked.known ? user.unlinked.value : undefined)

describe('rows of a user whose orders nobody could ask about', () => {
  it('are told alike before and after that is known, without a row being kept', () => {
    const user = closed()
    const before = toldOfUser(user)
    expect(before).toMatchObject({ cashRecharged: null, cashRefunded: null, pointsRecharged: 0n, pointsRefunded: 0n })
    expect(refundsOf(user)).toMatchObject({ refundsOpenPoints: 13n, refundedPoints: 0n })
    user.resolve(askedFor([]))
    expect([toldOfUser(user), user.waiting]).toEqual([before, []])
    user.resolve(askedFor(ORDERS))
    expect(toldOfUser(user)).toEqual(before)
  })

  it.each([['in-1'], ['in-2']])('leave cash open where one of two is among them: only %s was asked about', (order) => {
    const user = closed()
    user.resolve(askedFor([order, 'back-1', 'back-2', 'back-3']))
    expect(user).toMatchObject({ cashRecharged: null, cashRefunded: null })
    expect(refundsOf(user)).toMatchObject({ refundsOpenPoints: 0n, refundedPoints: 9n })
  })

  it('leave nothing open where there are none', () => {
    const user = closed()
    user.resolve(askedFor(ORDERS, ['in-2', 'back-1']))
    expect(user).toMatchObject({ cashRecharged: 20n, pointsRecharged: 0n })
    expect(refundsOf(user)).toMatchObject({ refundsOpenPoints: 0n, refundedPoints: 0n })
  })

  it('leave open what refunds gave back that come to more than a number holds', () => {
    const most = 9_000_000_000_000_000
    const user = closed([
      ...ROWS.slice(0, 1),
      entryRow(4, most, { kind: 'refund', orderId: 'back-1' }),
      entryRow(5, most, { kind: 'refund', orderId: 'back-2' }),
    ])
    expect(user.unlinked).toMatchObject({ known: false, reason: { code: 'sums-too-large' } })
    user.resolve(askedFor([]))
    expect(user.unlinked).toMatchObject({ known: false, reason: { code: 'sums-too-large' } })
    user.resolve(askedFor(ORDERS))
    expect(user.unlinked).toMatchObject({ known: false })
  })

  it('leave points open where points came in so', () => {
    const user = closed([...ROWS, entryRow(7, 5, { kind: 'recharge', orderId: 'in-3' })])
    expect(user).toMatchObject({ pointsRecharged: 5n })
  })
})
