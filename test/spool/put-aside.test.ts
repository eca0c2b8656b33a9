import { describe, expect, it } from 'vitest'
import { putAside, putNumbersAside } from '../../src/spool/put-aside.ts'
import { ReadingRoom } from '../../src/spool/reading-room.ts'
import { SpoolFile } from '../../src/spool/spool-file.ts'
import { taskRow } from '../kit/rows.ts'

describe('what was put aside', () => {
  it('is made anew each time, with all that it held, in memory and out of the file', () => {
    const file = new SpoolFile()
    // Of any length, and more than is kept in memory.
    const values = Array.from({ length: 300 }, (_, index) => [
      { task: taskRow({ rowId: index, completedAt: null }), entries: [{ amountPoints: -(2n ** 70n), at: index }] },
      'ü'.repeat(index * 40),
    ])
    const readers = values.map((value) => putAside(file, value))
    for (const again of [1, 2]) expect([again, readers.map((read) => read())]).toEqual([again, values])
    expect(readers[0]?.()).not.toBe(readers[0]?.())
    file.close()
    expect(() => readers[0]?.()).toThrow('was closed')
  })
})

describe('numbers put aside', () => {
  it.each([0, 1, 5000, 400_000])('are read as they were written, %i of them', (length) => {
    const file = new SpoolFile()
    const numbers = Int32Array.from({ length: length + 2 }, (_, index) => (index % 2 === 0 ? index : ~index))
    // A part of a longer list.
    const told = putNumbersAside(file, numbers.subarray(1, length + 1))
    const other = putNumbersAside(file, Int32Array.of(1, 2, 3))
    const room = new ReadingRoom()
    expect(Array.from(other(room))).toEqual([1, 2, 3])
    expect(told(room)).toEqual(numbers.slice(1, length + 1))
    expect(Array.from(other(room))).toEqual([1, 2, 3])
    file.close()
  })
})
