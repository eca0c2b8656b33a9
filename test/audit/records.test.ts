import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entryCodec } from '../../src/audit/entry-records.ts'
import { newBytesOfId } from '../../src/audit/id-bytes.ts'
import { IdIndex, mayBeOtherForm, NO_TASK, SHARED_ID } from '../../src/audit/id-index.ts'
import { type CellTask, taskCodec } from '../../src/audit/task-records.ts'
import type { LedgerEntry, TaskRow } from '../../src/ledger/reader.ts'
import { RowWriter } from '../../src/spool/bytes.ts'
import { nanoUsd } from '../../src/units/nano-usd.ts'
import { points } from '../../src/units/points.ts'
import { entryRow, taskRow } from '../kit/rows.ts'

const HUGE = 2n ** 70n

function taskRecords(tasks: readonly TaskRow[], selected: (index: number) => boolean = () => true) {
  const codec = taskCodec()
  const writer = new RowWriter()
  for (const [index, task] of tasks.entries()) codec.write({ task, selected: selected(index) }, writer)
  return codec.read(writer.view(), tasks.length)
}

function entryRecords(entries: readonly LedgerEntry[]) {
  const codec = entryCodec()
  const writer = new RowWriter()
  for (const entry of entries) codec.write(entry, writer)
  return codec.read(writer.view(), entries.length)
}

describe('records of tasks', () => {
  const tasks = [
    taskRow(),
    taskRow({ status: 'failed', refunded: true, completedAt: null, requestId: '', model: '通义千问 😀' }),
    taskRow({ status: 'unfinished', costNanoUsd: nanoUsd(-HUGE), chargedPoints: points(HUGE), inputTokens: 0 }),
    taskRow({ taskId: '任务-1', requestId: 'é', apiKey: '', inputTokens: null, outputTokens: 7 }),
    taskRow({ chargedPoints: points(-3n), costNanoUsd: nanoUsd(2n ** 53n), taskId: '' }),
    taskRow({ chargedPoints: points(2n ** 53n - 1n), costNanoUsd: nanoUsd(1n - 2n ** 53n) }),
  ]
  const records = taskRecords(tasks, (index) => index % 2 === 0)

  it('give every field again, of whatever row before or after', () => {
    const told = (index: number) => [
      ...[records.userId(index), records.createdAt(index), records.isSelected(index)],
      ...[records.isRefunded(index), records.hasFailed(index)],
    ]
    for (const [index, task] of [...tasks.entries()].reverse()) {
      const { userId, createdAt, refunded, status } = task
      expect(told(index)).toEqual([userId, createdAt, index % 2 === 0, refunded, status === 'failed'])
      const tokens = 'inputTokens' in task && { inputTokens: task.inputTokens, outputTokens: task.outputTokens ?? null }
      expect(records.row(index)).toEqual({ ...task, ...tokens })
    }
    expect(records.rows()).toEqual(tasks.map((_, index) => records.row(index)))
  })

  it('say of a charge that no number holds whole that it does not add up', () => {
    expect([0, 4, 5].map((index) => records.chargedPoints(index))).toEqual([
      Number(tasks[0]?.chargedPoints),
      -3,
      2 ** 53 - 1,
    ])
    expect(() => records.chargedPoints(2)).toThrow('is charged')
  })

  it('hand out what the layer of tasks needs, amounts of any size', () => {
    const cells: CellTask[] = []
    records.eachCell((cell) => cells.push({ ...cell }))
    for (const [index, { createdAt, apiKey, userId, model, chargedPoints, costNanoUsd, refunded }] of tasks.entries()) {
      const cell = { createdAt, apiKey, userId, model, chargedPoints, costNanoUsd, refunded }
      expect(cells[index]).toMatchObject(cell)
    }
    expect(cells).toHaveLength(tasks.length)
  })
})

describe('records of ledger rows', () => {
  it('give every field that links need', () => {
    const rows = [
      entryRow(1, -5, { orderId: '' }),
      entryRow(2, 7, { book: 'cash', kind: 'recharge', orderId: 'fal-ai/veo3#A', title: 'secret' }),
      entryRow(3, 9, { kind: 'income', orderId: '订单' }),
      entryRow(4, 0, { kind: 'other', amountPoints: points(2n ** 53n - 1n) }),
    ]
    const records = entryRecords(rows)
    expect(records.count).toBe(rows.length)
    for (const [index, row] of [...rows.entries()].reverse()) {
      const told = {
        ...{ book: records.book(index), kind: records.kind(index), rowId: records.rowId(index) },
        ...{ userId: records.userId(index), at: records.at(index), orderId: records.orderText(index) },
        amountPoints: BigInt(records.amountPoints(index)),
      }
      expect(row).toMatchObject(told)
      expect(records.mayBeOtherForm(index)).toBe(mayBeOtherForm(row.orderId))
    }
    expect(records.bytes.toString()).not.toContain('secret')
  })

  it('take no amount that no number holds whole', () => {
    for (const amount of [2n ** 53n, -(2n ** 53n), HUGE]) {
      const row = entryRow(7, 0, { amountPoints: points(amount) })
      expect(() => entryRecords([row])).toThrow(`row 7 of the points ledger holds ${amount}`)
    }
  })
})

describe('the index of ids', () => {
  const ids = fc.constantFrom('', 'a', 'b', 'ab', 'é', '任', 'A/a', 'x#b')

  it('finds the task of a user that bears an id, as a map of maps does', () => {
    const task = fc.record({ userId: fc.integer({ min: 1, max: 3 }), taskId: ids, requestId: ids })
    fc.assert(
      fc.property(fc.array(task, { maxLength: 30 }), (given) => {
        const records = taskRecords(given.map((each) => taskRow(each)))
        const index = new IdIndex(
          records,
          Int32Array.from(given, ({ userId }) => userId),
        )
        const plain = new Map<string, number>()
        for (const [number, { userId, taskId, requestId }] of given.entries()) {
          for (const id of new Set([taskId, requestId])) {
            const key = `${userId} ${id}`
            if (id !== '') plain.set(key, plain.has(key) ? SHARED_ID : number)
          }
        }
        for (const userId of [1, 2, 3, 4]) {
          const orders = ['', 'a', 'b', 'ab', 'é', '任', 'A/a', 'x#b', 'c']
          const entries = entryRecords(orders.map((orderId) => entryRow(1, 1, { orderId })))
          for (const [at, orderId] of orders.entries()) {
            const expected = plain.get(`${userId} ${orderId}`) ?? NO_TASK
            expect(index.find(userId, entries.bytes, entries.orderId(at, newBytesOfId()))).toBe(expected)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('goes by the id itself where hashes are alike', () => {
    const ids = Array.from({ length: 3000 }, (_, number) => `id-${number}`)
    const records = taskRecords(ids.map((taskId) => taskRow({ taskId, requestId: '' })))
    const index = new IdIndex(records, new Int32Array(ids.length))
    const asked = entryRecords(ids.map((orderId) => entryRow(1, 1, { orderId })))
    for (const number of ids.keys()) {
      const id = asked.orderId(number, newBytesOfId())
      expect(index.find(0, asked.bytes, id)).toBe(number)
      // The same hash, and another text.
      const last = (asked.bytes[id.from + id.length - 1] ?? 0) ^ 1
      const other = Buffer.from(asked.bytes)
      other[id.from + id.length - 1] = last
      if (number < 50) expect(index.find(0, other, id)).not.toBe(number)
    }
  })

  it('finds a request id in another form, where the text may be one', () => {
    const id = 'aaaaaaaa-0000-4000-8000-000000000001'
    const records = taskRecords([taskRow({ taskId: 'job', requestId: id })])
    const index = new IdIndex(records, new Int32Array(1))
    const found = ['job', id, id.toUpperCase(), `fal-ai/veo3#${id}`, `order_${id}`, 'JOB', ''].map((stored) =>
      index.findText(0, stored),
    )
    expect(found).toEqual([0, 0, 0, 0, NO_TASK, NO_TASK, NO_TASK])
    expect(index.findText(1, 'job')).toBe(NO_TASK)
  })
})
