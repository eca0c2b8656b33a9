import { describe, expect, it } from 'vitest'
import type { MiniTask, MiniWorld } from '../../src/demo/mini-world.ts'
import { audited, clean, foundIn, openOf } from '../kit/null-world.ts'
import { STORES } from '../kit/real-audit.ts'

// A task that does not tell whether it was refunded.
const NO_MARK = 'hold no mark of a refund'

describe.each(STORES)('is_refund of NULL, on %s', (store) => {
  /** What B7 and B8 find in a world whose last task holds that mark, and what they leave open. */
  const said = async (task: MiniTask, mark: 0 | 1 | null, add: (world: MiniWorld) => MiniWorld = (world) => world) => {
    const world = add(clean().task({ user: 109, ...task }))
    const marked = (row: { id: number }) => (row.id === 41 ? { isRefund: mark } : {})
    const report = await audited(store, world, 'requests', { tasks: marked })
    return { found: foundIn(report).filter((each) => /^B[78] /.test(each)), open: openOf(report, NO_MARK) }
  }
  const refund = (world: MiniWorld) => world.points(109, 100, { orderId: 'task-41', sourceType: 'refund' })
  const FAILED: MiniTask = { status: 'failed', cost: '0', billed: false }

  it('may be that of a refund which was never posted', async () => {
    expect(await said({}, null)).toEqual({ found: [], open: ['B8'] })
    expect(await said({}, 0)).toEqual({ found: [], open: [] })
    expect(await said({}, 1)).toEqual({ found: ['B8 taskId=task-41'], open: [] })
    // Nothing was charged that could be given back.
    expect(await said({ points: 0 }, null)).toEqual({ found: [], open: [] })
  })

  it('does not contradict a refund row', async () => {
    expect(await said({}, null, refund)).toEqual({ found: [], open: ['B8', 'B8 109'] })
    expect(await said({}, 0, refund)).toEqual({ found: ['B8 taskId=task-41'], open: [] })
    expect(await said({}, 1, refund)).toEqual({ found: [], open: [] })
  })

  it('is no refund of a failure to which no row gave anything back', async () => {
    expect(await said(FAILED, null)).toEqual({ found: ['B7 taskId=task-41'], open: ['B8'] })
    expect(await said(FAILED, 0)).toEqual({ found: ['B7 taskId=task-41'], open: [] })
    expect(await said(FAILED, null, refund)).toEqual({ found: [], open: ['B8', 'B8 109'] })
  })

  it('leaves a failure open where no row names its task, and the mark alone tells', async () => {
    const unlinked = (mark: 0 | 1 | null) => {
      const world = clean().task({ user: 109, ...FAILED })
      const cells = {
        points: () => ({ orderId: null }),
        tasks: (row: { id: number }) => (row.id === 41 ? { isRefund: mark } : {}),
      }
      return audited(store, world, 'requests', cells)
    }
    for (const [mark, found, open] of [
      [null, [], ['B7 109']],
      [0, ['B7 taskId=task-41'], []],
      [1, [], []],
    ] as const) {
      const report = await unlinked(mark)
      expect(report.settings.ledgerLink).toBe('total')
      expect(foundIn(report).filter((each) => /^B[78] /.test(each))).toEqual(found)
      expect(openOf(report, NO_MARK)).toEqual(open)
    }
  })
})
