import { describe, expect, it } from 'vitest'
import { KeyModels } from '../../../src/audit/bills/account-keys.ts'
import { taskRecordsOf } from '../../../src/rows/task-writer.ts'
import { taskRow } from '../../kit/rows.ts'

describe('what is the same for tasks of one key and model', () => {
  it('is decided once for each pair, of few keys and models as of many, and anew for other words', () => {
    const rows = Array.from({ length: 3000 }, (_, index) =>
      taskRow({ apiKey: `key-${index % 150}`, model: `model-${index % 700}` }),
    )
    const decided: string[] = []
    const pairs = new KeyModels((apiKey, model) => {
      decided.push(`${apiKey} ${model}`)
      return `${apiKey} ${model}`
    })
    for (const records of [taskRecordsOf(rows), taskRecordsOf([...rows].reverse())]) {
      for (let task = 0; task < records.count; task++) {
        expect(pairs.ofTask(records, task)).toBe(`${records.apiKey(task)} ${records.model(task)}`)
      }
    }
    expect(decided.sort()).toEqual([...new Set(rows.map(({ apiKey, model }) => `${apiKey} ${model}`))].sort())
  })
})
