import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashOfText } from '../../src/rows/bytes.ts'
import { ENTRY_RECORDS, entryRecordsOf } from '../../src/rows/entry-records.ts'
import { EVENT_RECORDS, eventRecordsOf } from '../../src/rows/event-records.ts'
import type { RecordKind, RecordList } from '../../src/rows/record-list.ts'
import { TASK_RECORDS } from '../../src/rows/task-records.ts'
import { taskRecordsOf } from '../../src/rows/task-writer.ts'
import { ReadingRoom } from '../../src/spool/reading-room.ts'
import { PARTS, partOfHash, partOfNumber, pieceParts, Spool } from '../../src/spool/spool.ts'
import { SpoolFile } from '../../src/spool/spool-file.ts'
import { anyEntry, anyEvent, anyTask } from '../kit/any-rows.ts'
import { taskRow } from '../kit/rows.ts'

const partOf = (text: string): number => partOfHash(hashOfText(text))

/** Some records, by way of a spool and the part that each is told. */
function again<Words, Records extends RecordList<Words>>(
  kind: RecordKind<Words, Records>,
  records: Records,
  partAt: (index: number) => number,
): Records {
  const file = new SpoolFile()
  const spool = new Spool(kind, file)
  for (let index = 0; index < records.count; index++) spool.add(partAt(index), records, index)
  const read = spool.read(Array.from({ length: PARTS }, (_, part) => part))
  file.close()
  return read
}

describe('a row that was spooled', () => {
  const size = { maxLength: 30 }

  it('is the same task again, selected as it was', () => {
    fc.assert(
      fc.property(fc.array(anyTask, size), (tasks) => {
        const records = taskRecordsOf(tasks)
        for (const index of tasks.keys()) records.select(index, index % 2 === 0)
        const read = again(TASK_RECORDS, records, () => 7)
        expect(read.rows()).toEqual(tasks)
        expect(tasks.map((_, index) => read.isSelected(index))).toEqual(tasks.map((_, index) => index % 2 === 0))
      }),
      { numRuns: 60 },
    )
  })

  it('is the same ledger row again', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, size), (entries) => {
        expect(again(ENTRY_RECORDS, entryRecordsOf(entries), () => 7).rows()).toEqual(entries)
      }),
      { numRuns: 60 },
    )
  })

  it('is the same event of its lot again, what is not told and what is empty kept apart', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, size), (events) => {
        const records = eventRecordsOf(events)
        for (const index of events.keys()) records.setLot(index, index % 3)
        const read = again(EVENT_RECORDS, records, () => 7)
        expect(read.events()).toEqual(events)
        expect(events.map((_, index) => read.lot(index))).toEqual(events.map((_, index) => index % 3))
      }),
      { numRuns: 60 },
    )
  })

  it('is in its part, and in no other, whatever the parts that are read together', () => {
    const rows = fc.array(fc.record({ task: anyTask, part: fc.constantFrom(0, 1, 2, PARTS - 1) }), { maxLength: 40 })
    fc.assert(
      fc.property(rows, fc.subarray([0, 1, 2, 3, PARTS - 1]), (given, parts) => {
        const spool = new Spool(TASK_RECORDS, new SpoolFile())
        const records = taskRecordsOf(given.map(({ task }) => task))
        for (const [index, { part }] of given.entries()) spool.add(part, records, index)
        const expected = parts.flatMap((part) => given.filter((each) => each.part === part))
        expect(spool.read(parts).rows()).toEqual(expected.map(({ task }) => task))
      }),
      { numRuns: 100 },
    )
  })
})

/** What of ours has a name in the folder for temporary files. */
const named = () => readdirSync(tmpdir()).filter((name) => name.startsWith('fal-consumption-audit-'))
/** A task of that text, which is all that matters about it. */
const rowOf = (text: string) => taskRow({ taskId: text })

describe('a spool', () => {
  const all = Array.from({ length: PARTS }, (_, part) => part)

  it('gives back every row of a part, in order, from memory and from its file', () => {
    const before = named()
    const file = new SpoolFile()
    const spool = new Spool(TASK_RECORDS, file)
    const texts = Array.from({ length: 20_000 }, (_, index) => `row ${index} ${'x'.repeat(index % 300)}`)
    texts.push('y'.repeat(100_000), 'last')
    const records = taskRecordsOf(texts.map(rowOf))
    for (const [index, text] of texts.entries()) spool.add(partOf(text) % 3, records, index)
    expect(spool.rows).toBe(20_002)
    for (const part of [0, 1, 2]) {
      const expected = texts.filter((text) => partOf(text) % 3 === part)
      expect(spool.rowsIn(part)).toBe(expected.length)
      const read = spool.read([part])
      expect(expected.map((_, index) => read.taskIdText(index))).toEqual(expected)
      expect(read.count).toBe(expected.length)
    }
    expect(spool.read(all).count).toBe(20_002)
    // Nobody else can open what has no name.
    expect(named()).toEqual(before)
    file.close()
  })

  it('reads pieces into one room, each as long as the next was not asked for', () => {
    const file = new SpoolFile()
    const spool = new Spool(TASK_RECORDS, file)
    const texts = Array.from({ length: 9000 }, (_, index) => `row ${index} ${'x'.repeat(index % 400)}`)
    const records = taskRecordsOf(texts.map(rowOf))
    for (const [index, text] of texts.entries()) spool.add(partOf(text) % 5, records, index)
    const room = new ReadingRoom()
    const placesOf = new Set<ArrayBufferLike>()
    for (const parts of [[3], [0, 1, 2], [4], [1], [], [3, 4]]) {
      const read = spool.read(parts, room)
      const expected = parts.flatMap((part) => texts.filter((text) => partOf(text) % 5 === part))
      expect(expected.map((_, index) => read.taskIdText(index))).toEqual(expected)
      expect(read.count).toBe(expected.length)
      placesOf.add(read.bytes.buffer)
    }
    // It grew once, for the three parts.
    expect(placesOf.size).toBe(2)
    file.close()
  })

  it('keeps thousands of rows apart over all its parts, beside another in one file', () => {
    const file = new SpoolFile()
    const [first, second] = [new Spool(TASK_RECORDS, file), new Spool(TASK_RECORDS, file)]
    const tasks = Array.from({ length: 30_000 }, (_, index) =>
      taskRow({ rowId: index, userId: index % 700, taskId: `t${'x'.repeat(index % 97)}` }),
    )
    const records = taskRecordsOf(tasks)
    for (const [index, { userId }] of tasks.entries()) {
      first.add(partOfNumber(userId), records, index)
      second.add(partOfNumber(index), records, index)
    }
    const seen: number[] = []
    for (const parts of pieceParts((part) => first.rowsIn(part), 1000)) {
      const read = first.read(parts)
      expect(read.count).toBe(parts.reduce((sum, part) => sum + first.rowsIn(part), 0))
      for (let index = 0; index < read.count; index++) {
        const task = tasks[read.rowId(index)]
        if (task === undefined) throw new RangeError('a row that was never added')
        seen.push(task.rowId)
        if (read.taskIdText(index) !== task.taskId || !parts.includes(partOfNumber(task.userId))) {
          expect.unreachable(`row ${task.rowId}`)
        }
      }
    }
    expect(seen.sort((a, b) => a - b)).toEqual(tasks.map(({ rowId }) => rowId))
    for (const part of [0, 100, 511]) {
      const own = tasks.filter(({ rowId }) => partOfNumber(rowId) === part)
      expect(second.read([part]).rows()).toEqual(own)
    }
    file.close()
  })

  it('makes no file for few rows, and closing twice is no harm', () => {
    const before = named()
    const file = new SpoolFile()
    const spool = new Spool(TASK_RECORDS, file)
    const records = taskRecordsOf(['a', 'b'].map(rowOf))
    for (const index of [0, 1]) spool.add(0, records, index)
    expect(spool.read([0]).rows()).toEqual(['a', 'b'].map(rowOf))
    file.close()
    file.close()
    expect(named()).toEqual(before)
  })

  it('is divided into pieces that hold every part once, few rows in one and many in several', () => {
    const few = pieceParts(() => 1, PARTS)
    expect(few).toEqual([all])
    const many = pieceParts(() => 10, 25)
    expect(many.flat()).toEqual(all)
    expect(new Set(many.map(({ length }) => length))).toEqual(new Set([2]))
    expect(pieceParts(() => 100, 1)).toHaveLength(PARTS)
  })

  it('spreads ids over its parts', () => {
    const counts = new Uint32Array(PARTS)
    const users = new Uint32Array(PARTS)
    for (let index = 0; index < 100_000; index++) {
      const part = partOf(`0000${index}-0000-4000-8000-${index}`)
      counts[part] = (counts[part] ?? 0) + 1
      const own = partOfNumber(index)
      users[own] = (users[own] ?? 0) + 1
    }
    const fair = 100_000 / PARTS
    for (const spread of [counts, users]) {
      expect(Math.max(...spread)).toBeLessThan(fair * 2)
      expect(Math.min(...spread)).toBeGreaterThan(fair / 2)
    }
  })
})
