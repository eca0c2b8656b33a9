import { describe, expect, it } from 'vitest'
import { known, type UnlinkedRows } from '../../../src/audit/rules/books.ts'
import { evaluate, linked, points, unlinkedRows, user } from '../../kit/books.ts'

// What refund rows that tell no user leave open beside those of a user, of failures of 1000 points that nothing gave back.
function said(failures: number, refunded: number, unlinked: Partial<UnlinkedRows> = {}) {
  const tasks = Array.from({ length: failures }, (_, at) =>
    linked({ rowId: at + 1, taskId: `task-${at + 1}`, status: 'failed' }, []),
  )
  const { findings, notEvaluated } = evaluate('B7', {
    taskLedgers: known(tasks),
    users: [{ ...user(101, { charged: 0, paid: 0 }), unlinked: known(unlinkedRows(unlinked)) }],
    ownerless: {
      ...{ takenPoints: points(0), anyTaken: false, cashIn: [], refundUntold: false },
      refunds: [{ points: points(refunded), at: null }],
    },
  })
  return {
    found: findings.map(({ subject, detail }) => [subject.taskId, detail.orRefunded]),
    open: notEvaluated.map(({ subject, reason }) => [subject.userId, reason.code]),
  }
}

describe('a refund row that tells no user', () => {
  it('is of one failure, and of the others it is told of which', () => {
    expect(said(1, 1000)).toEqual({ found: [], open: [[101, 'owner-untold']] })
    expect(said(2, 1000)).toEqual({ found: [['task-1', 'task-2']], open: [[101, 'owner-untold']] })
    expect(said(2, 999)).toEqual({
      found: [
        ['task-1', undefined],
        ['task-2', undefined],
      ],
      open: [],
    })
  })

  it('may be it with rows of which too many were there to look them up', () => {
    const withOpen = (refunded: number) => said(1, refunded, { refundsOpenPoints: points(600) })
    expect(withOpen(400)).toEqual({ found: [], open: [[101, 'lookup-limit']] })
    expect(withOpen(399)).toEqual({ found: [['task-1', undefined]], open: [] })
  })
})
