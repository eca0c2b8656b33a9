import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareIds, EvidenceList } from '../../../src/audit/rules/evidence-list.ts'
import { LIMITS } from '../../../src/limits.ts'
import { taskRecordsOf } from '../../../src/rows/task-writer.ts'
import { anyId } from '../../kit/any-rows.ts'
import { taskRow } from '../../kit/rows.ts'

/** Ids that are near each other: of equal length, alike but for one character, ASCII and not. */
const nearIds = fc.string({
  unit: fc.constantFrom('a', 'b', '1', '~', 'é', '\u0080', '\u07ff', '任', '😀', '\uffff'),
  maxLength: 4,
})
const ids = fc.array(fc.oneof(nearIds, nearIds, anyId), { maxLength: 80, size: 'max' })

describe('ids that prove something', () => {
  it('are the same, whether they come as texts or as tasks, or some so and some so', () => {
    fc.assert(
      fc.property(ids, fc.infiniteStream(fc.boolean()), (given, asTask) => {
        const tasks = taskRecordsOf(given.map((taskId) => taskRow({ taskId })))
        const [byText, byTask, mixed] = [new EvidenceList(), new EvidenceList(), new EvidenceList()]
        for (const [index, id] of given.entries()) {
          byText.add(id)
          byTask.addTask(tasks, index)
          if (asTask.next().value === true) mixed.addTask(tasks, index)
          else mixed.add(id)
          const seen = given.slice(0, index + 1)
          const expected = { total: seen.length, ids: [...seen].sort(compareIds).slice(0, LIMITS.evidenceIds) }
          expect(byText.view()).toEqual(expected)
          expect(byTask.view()).toEqual(expected)
          expect(mixed.view()).toEqual(expected)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('are told from the largest that is kept by length before letters, and by characters, not by bytes', () => {
    const kept = Array.from({ length: LIMITS.evidenceIds }, () => 'mm')
    const listAfter = (...more: readonly string[]) => {
      const list = new EvidenceList()
      const tasks = taskRecordsOf([...kept, ...more].map((taskId) => taskRow({ taskId })))
      for (let index = 0; index < tasks.count; index++) list.addTask(tasks, index)
      return list.view()
    }
    // One character of two or four bytes is shorter than two of one.
    for (const id of ['é', 'z', '\u{ffff}', '', 'ml']) expect(listAfter(id).ids).toContain(id)
    for (const id of ['mn', 'mm', 'éé', '😀', 'aaa', 'mé']) expect(listAfter(id).ids).toEqual(kept)
    expect(listAfter('mn', 'ml', 'zzz')).toEqual({ total: 13, ids: ['ml', ...kept.slice(1)] })
  })
})
