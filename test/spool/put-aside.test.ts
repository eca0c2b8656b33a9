import { describe, expect, it } from 'vitest'
import { putAside } from '../../src/spool/put-aside.ts'
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
