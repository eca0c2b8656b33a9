import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TaskRow } from '../../src/ledger/reader.ts'
import { hashOfText } from '../../src/rows/bytes.ts'
import { newBytesOfId } from '../../src/rows/id-bytes.ts'
import { TASK_RECORDS, type TaskRecords, TaskWords } from '../../src/rows/task-records.ts'
import { TaskWriter, taskRecordsOf } from '../../src/rows/task-writer.ts'
import { wholeOf } from '../../src/units/exact-sums.ts'
import { nanoUsd } from '../../src/units/nano-usd.ts'
import { points } from '../../src/units/points.ts'
import { anyTask } from '../kit/any-rows.ts'
import { expectWholeAtAnyEnd } from '../kit/room-ends.ts'
import { taskRow } from '../kit/rows.ts'

const HUGE = 2n ** 70n
const untoldTask = fc.tuple(anyTask, fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()).map(
  ([row, user, charge, cost, end]): TaskRow => ({
    ...row,
    ...(user && { userId: 0, userUntold: true }),
    ...(charge && { chargedPoints: points(0n), chargeUntold: true }),
    ...(cost && { costNanoUsd: nanoUsd(0n), costUntold: true }),
    ...(end && { completedAt: null, endUntold: true }),
  }),
)
const tasksOfAnyKind = fc.array(fc.oneof(anyTask, untoldTask), { maxLength: 12 })

/** The text that stands where a record says that an id stands. */
const textOf = (records: TaskRecords, { from, length }: { from: number; length: number }): string =>
  records.bytes.toString('utf8', from, from + length)

/** Each field of each task on its own, as whoever reads millions of them asks for it. */
function expectFields(records: TaskRecords, tasks: readonly TaskRow[]): void {
  expect(records.count).toBe(tasks.length)
  // From the last to the first: nothing depends on the one before.
  for (const [index, task] of [...tasks.entries()].reverse()) {
    const id = newBytesOfId()
    const completedAt = records.completedAt(index)
    expect({
      ...{ rowId: records.rowId(index), userId: records.userId(index), createdAt: records.createdAt(index) },
      ...{ completedAt: Number.isNaN(completedAt) ? null : completedAt, status: records.status(index) },
      ...{ refunded: records.isRefunded(index), hasFailed: records.hasFailed(index) },
      ...{ charged: records.charged(index), cost: records.cost(index), isCharged: records.isCharged(index) },
      ...{ model: records.model(index), apiKey: records.apiKey(index), taskId: records.taskIdText(index) },
      ...{ taskBytes: textOf(records, records.taskId(index, id)), taskHash: id.hash },
      hasTaskId: records.hasTaskId(index),
      ...{ requestBytes: textOf(records, records.requestId(index, id)), requestHash: id.hash },
      ...{
        lookedForBy: records.requestHash(index),
        hasRequestId: records.hasRequestId(index),
        ids: records.ids(index),
      },
      untold: [records.isUserUntold(index), records.isChargeUntold(index), records.isCostUntold(index)],
      endUntold: records.isEndUntold(index),
    }).toEqual({
      ...{ rowId: task.rowId, userId: task.userId, createdAt: task.createdAt, completedAt: task.completedAt },
      ...{ status: task.status, refunded: task.refunded, hasFailed: task.status === 'failed' },
      ...{ charged: wholeOf(task.chargedPoints), cost: wholeOf(task.costNanoUsd), isCharged: task.chargedPoints > 0n },
      ...{ model: task.model, apiKey: task.apiKey, taskId: task.taskId, taskBytes: task.taskId },
      ...{ taskHash: hashOfText(task.taskId), hasTaskId: task.taskId !== '' },
      ...{ requestBytes: task.requestId, requestHash: hashOfText(task.requestId) },
      lookedForBy: hashOfText(task.requestId === '' ? task.taskId : task.requestId),
      hasRequestId: task.requestId !== '',
      ids: [...new Set([task.taskId, task.requestId].filter((each) => each !== ''))],
      untold: [task.userUntold, task.chargeUntold, task.costUntold].map((each) => each === true),
      endUntold: task.endUntold === true,
    })
  }
}

describe('records of tasks', () => {
  it('give every row again, of whatever row before or after, and each field on its own', () => {
    fc.assert(
      fc.property(tasksOfAnyKind, (tasks) => {
        const records = taskRecordsOf(tasks)
        expect(records.rows()).toEqual(tasks)
        expectFields(records, tasks)
        for (const [index, task] of tasks.entries()) expect(records.row(index)).toStrictEqual(task)
      }),
      { numRuns: 400 },
    )
  })

  it('are the same from bytes alone, with the words that they share', () => {
    fc.assert(
      fc.property(tasksOfAnyKind, tasksOfAnyKind, (first, second) => {
        const words = new TaskWords()
        const lists = [first, second].map((tasks) => taskRecordsOf(tasks, words))
        // As a spool puts them together.
        const bytes = Buffer.concat(lists.map((list) => list.bytes))
        const own = Buffer.allocUnsafeSlow(bytes.length)
        bytes.copy(own)
        const together = TASK_RECORDS.list(own, first.length + second.length, words)
        expect(together.rows()).toEqual([...first, ...second])
        const codes = new Map(
          together.rows().map(({ model, apiKey }, index) => [JSON.stringify([model, apiKey]), index]),
        )
        for (const [index, { model, apiKey }] of [...first, ...second].entries()) {
          const same = codes.get(JSON.stringify([model, apiKey])) ?? -1
          expect([together.modelCode(index), together.apiKeyCode(index)]).toEqual([
            together.modelCode(same),
            together.apiKeyCode(same),
          ])
        }
      }),
      { numRuns: 100 },
    )
  })

  it('are marked as selected or not, and nothing else of them changes', () => {
    const tasks = [
      taskRow({ refunded: true, inputTokens: 5 }),
      taskRow({ status: 'failed', chargedPoints: points(HUGE) }),
    ]
    const records = taskRecordsOf(tasks)
    const seen = () => tasks.map((_, index) => records.isSelected(index))
    expect(seen()).toEqual([false, false])
    records.select(1, true)
    expect(seen()).toEqual([false, true])
    records.select(0, true)
    records.select(1, true)
    records.select(1, false)
    records.select(1, false)
    expect(seen()).toEqual([true, false])
    expectFields(records, tasks)
    expect(records.rows()).toEqual(tasks)
  })

  it('say of a charge that no number holds whole that it does not add up, and are whole up to there', () => {
    const most = 2n ** 53n - 1n
    const tasks = [-3n, most, -most, most + 1n, -most - 1n, HUGE].map((charged, index) =>
      taskRow({ chargedPoints: points(charged), costNanoUsd: nanoUsd(-charged), taskId: `task-${index}` }),
    )
    const records = taskRecordsOf(tasks)
    expect([0, 1, 2].map((index) => records.chargedPoints(index))).toEqual([-3, Number(most), -Number(most)])
    for (const index of [3, 4, 5]) {
      expect(records.exactCharge(index)).toBeUndefined()
      expect(() => records.chargedPoints(index)).toThrow(
        `task "task-${index}" is charged ${tasks[index]?.chargedPoints} points`,
      )
    }
    expect(tasks.map((_, index) => records.exactCharge(index))).toEqual([-3, Number(most), -Number(most), ...Array(3)])
    expect(tasks.map((_, index) => [records.charged(index), records.cost(index)])).toEqual(
      tasks.map(({ chargedPoints, costNanoUsd }) => [wholeOf(chargedPoints), wholeOf(costNanoUsd)]),
    )
    expect(tasks.map((_, index) => records.isCharged(index))).toEqual([false, true, false, true, false, true])
  })

  it('tell columns that are not mapped, NULL and 0 tokens apart', () => {
    const tokens = [{}, { inputTokens: null }, { inputTokens: 0, outputTokens: null }, { outputTokens: 9 }]
    const records = taskRecordsOf(tokens.map((each) => taskRow(each)))
    for (const [index, each] of tokens.entries()) {
      const row = records.row(index)
      expect([index, 'inputTokens' in row, 'outputTokens' in row]).toEqual([
        index,
        'inputTokens' in each,
        'outputTokens' in each,
      ])
      expect(row).toMatchObject(each)
    }
  })

  it('go by their own id and the request id of fal, each once', () => {
    const ids = [
      ['t', 'r'],
      ['same', 'same'],
      ['t', ''],
      ['', 'r'],
      ['', ''],
    ] as const
    const tasks = ids.map(([taskId, requestId]) => taskRow({ taskId, requestId }))
    const records = taskRecordsOf(tasks)
    expect(tasks.map((_, index) => records.ids(index))).toEqual([['t', 'r'], ['same'], ['t'], ['r'], []])
    expectFields(records, tasks)
  })

  it('are whole wherever the room for them ends', () => {
    const large = { chargedPoints: points(HUGE), costNanoUsd: nanoUsd(-HUGE) }
    const tokens = { inputTokens: 1, outputTokens: 2 }
    expectWholeAtAnyEnd(
      (chars) => {
        const id = 'x'.repeat(chars)
        const wide = { taskId: id, requestId: `${id}y` }
        return [{ taskId: id }, { requestId: id }, { ...tokens, ...wide }, { ...large, ...tokens, ...wide }].map(
          taskRow,
        )
      },
      (tasks) => taskRecordsOf(tasks).rows(),
    )
  })

  it('give texts in other words once these are revised', () => {
    const words = new TaskWords()
    const records = taskRecordsOf([taskRow({ model: 'm secret', apiKey: 'secret' })], words)
    words.models.revise((text) => text.replace('secret', '***'))
    expect([records.model(0), records.row(0).model, records.apiKey(0)]).toEqual(['m ***', 'm ***', 'secret'])
  })

  it('are written over where a writer begins anew, and nothing of the rows before is left in them', () => {
    fc.assert(
      fc.property(fc.array(tasksOfAnyKind, { minLength: 2, maxLength: 4 }), (rounds) => {
        const writer = new TaskWriter(new TaskWords())
        for (const tasks of rounds) {
          writer.clear()
          for (const task of tasks) writer.writeRow(task)
          const written = writer.written()
          expect([writer.count, written.rows()]).toEqual([tasks.length, tasks])
          // A mark that somebody set is no mark of the next row in its place.
          for (let index = 0; index < written.count; index++) {
            expect(written.isSelected(index)).toBe(false)
            written.select(index, true)
          }
        }
      }),
      { numRuns: 100 },
    )
  })
})
