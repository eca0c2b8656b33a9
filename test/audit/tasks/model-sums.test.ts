import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { floatTolerance } from '../../../src/audit/rules/b3-amount.ts'
import { ModelSums, toleranceOf } from '../../../src/audit/tasks/model-sums.ts'
import { taskRecordsOf } from '../../../src/rows/task-writer.ts'
import { wholeOf } from '../../../src/units/exact-sums.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import { taskRow } from '../../kit/rows.ts'

describe('what a stored FLOAT may be off by', () => {
  const same = (amount: bigint) => {
    expect([amount, BigInt(toleranceOf(wholeOf(amount)))]).toEqual([amount, floatTolerance(nanoUsd(amount))])
  }

  it('is the same with numbers as with bigints, at every step of it', () => {
    // The tolerance goes up by one where six times the amount passes a multiple of 100,000,000.
    for (let step = 0n; step < 70_000n; step += step < 100n ? 1n : 997n) {
      const edge = (step * 100_000_000n) / 6n
      for (const off of [-1n, 0n, 1n, 2n]) {
        same(edge + off)
        same(-(edge + off))
      }
    }
  })

  it('is the same for any amount, around what is left to bigints too', () => {
    for (const bound of [2n ** 40n, 2n ** 53n, 2n ** 63n, 2n ** 70n]) {
      for (const off of [-1n, 0n, 1n]) {
        same(bound + off)
        same(-bound + off)
      }
    }
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 42n), max: 2n ** 42n }), same), { numRuns: 3000 })
  })
})

describe('the tasks of one model', () => {
  it('are exact beyond what a number holds', () => {
    const sums = new ModelSums('m')
    const large = wholeOf(2n ** 53n - 1n)
    const tasks = taskRecordsOf([0, 1, 2].map((count) => taskRow({ taskId: `task-${count}` })))
    for (let count = 0; count < 3; count++) {
      sums.add(large, true)
      sums.addDue(tasks, count, wholeOf(2n ** 64n), large, false)
      sums.addCrossingIn(large)
    }
    expect(sums.close()).toEqual({
      ...{ model: 'm', taskCount: 3 },
      costNanoUsd: 3n * (2n ** 53n - 1n),
      crossingOutNanoUsd: 3n * (2n ** 53n - 1n),
      crossingInNanoUsd: 3n * (2n ** 53n - 1n),
      dearestNanoUsd: 2n ** 53n - 1n,
      untoldCosts: 0,
      roundingNanoUsd: 6n * floatTolerance(nanoUsd(2n ** 53n - 1n)),
      due: {
        ...{ count: 3, costNanoUsd: 3n * 2n ** 64n, chargedPoints: 3n * (2n ** 53n - 1n), crossingCount: 0 },
        evidence: { total: 3, ids: ['task-0', 'task-1', 'task-2'] },
      },
    })
  })
})
