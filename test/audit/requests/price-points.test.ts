import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PriceChanges, PricePoints } from '../../../src/audit/requests/price-points.ts'
import type { PricePoint } from '../../../src/audit/rules/facts.ts'
import { sequenceKey } from '../../../src/audit/rules/price-sequence.ts'
import { at, later } from '../../kit/books.ts'

const noon = at('2026-02-06 12:00:00')
const point = (minutes: number, overrides: Partial<PricePoint> = {}): PricePoint => ({
  ...{ workspace: 'team', model: 'fal-ai/veo3', unit: 'seconds', percentDiscount: '0', unitPrice: '0.5' },
  ...{ at: later(noon, minutes * 60_000), ...overrides },
})

/** The prices that are kept, in order, of points that come one after another. */
function kept(points: readonly PricePoint[], known: readonly PricePoint[] = points): PricePoint[] {
  const changes = new PriceChanges()
  for (const each of known) changes.add(each)
  const prices = new PricePoints((key) => changes.changes(key))
  for (const each of points) prices.add(each, each.at)
  return prices.list()
}

describe('a price that never changes', () => {
  it('is told by its first point alone, whatever the order in which its points come', () => {
    const points = [point(5), point(3), point(3), point(9)]
    expect(kept(points)).toEqual([point(3)])
    expect(kept([...points].reverse())).toEqual([point(3)])
  })

  it('is one price however it is written', () => {
    const points = [point(1, { unitPrice: '0.50' }), point(2, { unitPrice: '0.5' }), point(3, { unitPrice: '0.500' })]
    expect(kept(points)).toEqual([points[0]])
  })
})

describe('a price that changes', () => {
  const points = [point(1), point(2), point(3, { unitPrice: '0.6' }), point(4, { unitPrice: '0.6' })]

  it('is told point by point, in order of time', () => {
    expect(kept(points)).toEqual(points)
    expect(kept([...points].reverse())).toEqual(points)
  })

  it('is told from its first point on, though the change comes only with a later piece', () => {
    const [first = point(1), ...others] = points
    const changes = new PriceChanges()
    changes.add(first)
    expect(changes.changes(sequenceKey(first))).toBe(false)
    for (const each of others) changes.add(each)
    expect(changes.changes(sequenceKey(first))).toBe(true)
    // Each piece holds one price only: neither of them shows the change.
    expect(kept(points.slice(0, 2), points)).toEqual(points.slice(0, 2))
    expect(kept(points.slice(2), points)).toEqual(points.slice(2))
  })

  it('and comes back is told as well', () => {
    const back = [point(1), point(2, { unitPrice: '0.6' }), point(3)]
    expect(kept(back)).toEqual(back)
  })

  it.each([
    ['workspace', { workspace: 'other' }],
    ['model', { model: 'other' }],
    ['unit', { unit: 'images' }],
    ['discount', { percentDiscount: '10' }],
  ])('with another %s is another price', (_, other) => {
    const own = [point(1), point(2)]
    const others = [point(0, { ...other, unitPrice: '7' }), point(4, { ...other, unitPrice: '7' })]
    expect(kept([...own, ...others])).toEqual([others[0], own[0]])
    const changed = [point(1), point(2), point(3, { ...other }), point(5, { ...other, unitPrice: '9' })]
    expect(kept(changed)).toEqual([changed[0], changed[2], changed[3]])
  })

  it('is no other for a discount that is written otherwise', () => {
    const changes = [point(1, { percentDiscount: '10.0' }), point(2, { percentDiscount: '10', unitPrice: '1' })]
    expect(kept(changes)).toEqual(changes)
  })
})

describe('no price', () => {
  it('is told where none was billed, and what was not seen does not change', () => {
    expect(kept([])).toEqual([])
    expect(new PriceChanges().changes(sequenceKey(point(1)))).toBe(false)
  })
})

describe('changes that were found apart', () => {
  it('are those of all prices together, under the name of their workspace', () => {
    const prices = fc.record({
      unit: fc.constantFrom('seconds', 'images'),
      percentDiscount: fc.constantFrom('0', '10', '10.0'),
      unitPrice: fc.constantFrom('0.5', '0.50', '0.6'),
    })
    const readings = fc.array(fc.tuple(fc.constantFrom('team', 'other'), fc.array(prices, { maxLength: 6 })))
    fc.assert(
      fc.property(readings, (given) => {
        const whole = new PriceChanges()
        const together = new PriceChanges()
        for (const [workspace, own] of given) {
          const apart = new PriceChanges()
          for (const price of own) {
            whole.add(point(0, { ...price, workspace }))
            apart.add(point(0, { ...price, workspace: '' }))
          }
          together.addAll(workspace, apart)
        }
        for (const workspace of ['team', 'other', '']) {
          for (const unit of ['seconds', 'images']) {
            for (const percentDiscount of ['0', '10']) {
              const key = sequenceKey(point(0, { workspace, unit, percentDiscount }))
              expect(together.changes(key)).toBe(whole.changes(key))
            }
          }
        }
      }),
    )
  })
})
