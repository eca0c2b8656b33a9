import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdIndex, NO_TASK, SHARED_ID } from '../../../src/audit/tasks/id-index.ts'
import { viewOf } from '../../../src/rows/bytes.ts'
import { entryRecordsOf } from '../../../src/rows/entry-records.ts'
import { newBytesOfId } from '../../../src/rows/id-bytes.ts'
import type { TaskRecords } from '../../../src/rows/task-records.ts'
import { taskRecordsOf } from '../../../src/rows/task-writer.ts'
import { idsOfOneHash } from '../../kit/alike.ts'
import { entryRow, taskRow } from '../../kit/rows.ts'

function indexOf(tasks: TaskRecords, owners: Int32Array): IdIndex {
  const index = new IdIndex(tasks, owners)
  index.take(0, tasks.count)
  return index
}

describe('the index of ids', () => {
  const ids = fc.constantFrom('', 'a', 'b', 'ab', 'é', '任', 'A/a', 'x#b')

  it('finds the task of a user that bears an id, as a map of maps does', () => {
    const task = fc.record({ userId: fc.integer({ min: 1, max: 3 }), taskId: ids, requestId: ids })
    fc.assert(
      fc.property(fc.array(task, { maxLength: 30 }), (given) => {
        const records = taskRecordsOf(given.map((each) => taskRow(each)))
        const index = indexOf(
          records,
          Int32Array.from(given, ({ userId }) => userId),
        )
        const plain = new Map<string, number>()
        const bearers = new Map<string, number[]>()
        for (const [number, { userId, taskId, requestId }] of given.entries()) {
          for (const id of new Set([taskId, requestId])) {
            const key = `${userId} ${id}`
            if (id === '') continue
            plain.set(key, plain.has(key) ? SHARED_ID : number)
            bearers.set(key, [...(bearers.get(key) ?? []), number])
          }
        }
        for (const userId of [1, 2, 3, 4]) {
          const orders = ['', 'a', 'b', 'ab', 'é', '任', 'A/a', 'x#b', 'c']
          const entries = entryRecordsOf(orders.map((orderId) => entryRow(1, 1, { orderId })))
          for (const [at, orderId] of orders.entries()) {
            const expected = plain.get(`${userId} ${orderId}`) ?? NO_TASK
            expect(index.find(userId, entries.view, entries.orderId(at, newBytesOfId()))).toBe(expected)
            const isShared = index.findText(userId, orderId) === SHARED_ID
            expect(index.bearers(userId, orderId) !== undefined).toBe(isShared)
            if (expected === SHARED_ID)
              expect(index.bearers(userId, orderId)).toEqual(bearers.get(`${userId} ${orderId}`))
            expect(index.bearers(userId, orderId)).toBe(index.bearers(userId, orderId))
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('goes by the id itself where hashes are alike', () => {
    const ids = Array.from({ length: 3000 }, (_, number) => `id-${number}`)
    const records = taskRecordsOf(ids.map((taskId) => taskRow({ taskId, requestId: '' })))
    const index = indexOf(records, new Int32Array(ids.length))
    const asked = entryRecordsOf(ids.map((orderId) => entryRow(1, 1, { orderId })))
    for (const number of ids.keys()) {
      const id = asked.orderId(number, newBytesOfId())
      expect(index.find(0, asked.view, id)).toBe(number)
      // The same hash, and another text.
      const last = (asked.bytes[id.from + id.length - 1] ?? 0) ^ 1
      const other = Buffer.from(asked.bytes)
      other[id.from + id.length - 1] = last
      if (number < 50) expect(index.find(0, viewOf(other), id)).not.toBe(number)
    }
  })

  it('tells two ids of one hash apart, whoever bears them', () => {
    const [one, other] = idsOfOneHash()
    const rows = [
      taskRow({ taskId: one, requestId: '' }),
      taskRow({ taskId: 'a', requestId: other }),
      taskRow({ taskId: other, requestId: one }),
    ]
    const index = indexOf(taskRecordsOf(rows), Int32Array.from([1, 1, 2]))
    expect([one, other].flatMap((id) => [1, 2, 3].map((owner) => index.findText(owner, id)))).toEqual([
      ...[0, 2, NO_TASK],
      ...[1, 2, NO_TASK],
    ])
  })

  it('tells of an id that a task of another time bears that it is shared, once, for that user alone', () => {
    const rows = [taskRow({ taskId: 'a', requestId: 'x' }), taskRow({ taskId: 'a', requestId: 'x' })]
    const index = indexOf(taskRecordsOf(rows), Int32Array.from([1, 2]))
    for (const id of ['x', 'x', '', 'unknown']) index.takeElsewhere(1, id)
    expect(['x', 'a', 'unknown', ''].map((id) => index.findText(1, id))).toEqual([SHARED_ID, 0, NO_TASK, NO_TASK])
    expect([index.bearers(1, 'x'), index.findText(2, 'x')]).toEqual([[0, -1], 1])
  })

  it('finds a request id in another form, where the text may be one', () => {
    const id = 'aaaaaaaa-0000-4000-8000-000000000001'
    const records = taskRecordsOf([taskRow({ taskId: 'job', requestId: id })])
    const index = indexOf(records, new Int32Array(1))
    const own = [id, id.toUpperCase(), `fal-ai/veo3#${id}`, `req_${id}`, `order-${id}`, 'JOB', '']
    const found = ['job', ...own].map((stored) => index.findText(0, stored))
    expect(found).toEqual([0, 0, 0, 0, 0, NO_TASK, NO_TASK, NO_TASK])
    expect(index.findText(1, 'job')).toBe(NO_TASK)
    const twins = [taskRow({ taskId: 'job', requestId: id }), taskRow({ taskId: 'other', requestId: id })]
    const shared = indexOf(taskRecordsOf(twins), new Int32Array(2))
    const forms = ['job', id, id.toUpperCase(), `fal-ai/veo3#${id}`, `req_${id}`, `order-${id}`, '']
    expect(forms.map((stored) => shared.bearers(0, stored))).toEqual([
      ...[undefined, [0, 1], [0, 1], [0, 1], [0, 1]],
      ...[undefined, undefined],
    ])
  })
})
