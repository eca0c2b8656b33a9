import { describe, expect, it } from 'vitest'
import { linkModeOf, mayBeOtherMode } from '../../../src/audit/ledgers/link-mode.ts'
import { settings } from '../../kit/books.ts'

// Rows link by their orders where at least 90 % of the charged tasks have one.
const auto = settings()

describe('the link mode', () => {
  it('is told by the share of charged tasks with a linked row, to the task', () => {
    expect([89, 90, 91].map((linked) => linkModeOf({ charged: 100, linked }, auto))).toEqual([
      'total',
      'order',
      'order',
    ])
    expect(linkModeOf({ charged: 0, linked: 0 }, auto)).toBe('order')
    expect(linkModeOf({ charged: 100, linked: 100 }, { ...auto, ledgerLink: 'total' })).toBe('total')
    expect(linkModeOf({ charged: 100, linked: 0 }, { ...auto, ledgerLink: 'order' })).toBe('order')
  })

  const hangs = (linked: number, undated: { mayBeCharged: number; linked: number }, given = auto): boolean =>
    mayBeOtherMode({ charged: 100, linked }, undated, given)

  it('hangs on tasks without a time that lack a row and may be of the window', () => {
    expect(hangs(90, { mayBeCharged: 1, linked: 0 })).toBe(true)
    expect(hangs(90, { mayBeCharged: 1, linked: 1 })).toBe(false)
    expect(hangs(90, { mayBeCharged: 2, linked: 1 })).toBe(true)
    expect(hangs(91, { mayBeCharged: 1, linked: 0 })).toBe(false)
    expect(hangs(91, { mayBeCharged: 2, linked: 0 })).toBe(true)
  })

  it('hangs on such as would make up the share, had each a row', () => {
    expect(hangs(89, { mayBeCharged: 9, linked: 0 })).toBe(false)
    expect(hangs(89, { mayBeCharged: 10, linked: 0 })).toBe(true)
  })

  it('hangs on nothing where there are none, or the mode is configured', () => {
    expect(hangs(90, { mayBeCharged: 0, linked: 0 })).toBe(false)
    for (const ledgerLink of ['order', 'total'] as const) {
      expect(hangs(90, { mayBeCharged: 1, linked: 0 }, { ...auto, ledgerLink })).toBe(false)
    }
  })
})
