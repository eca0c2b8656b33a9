import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventLotTally, lotOf } from '../../src/audit/event-lot.ts'
import { billingEvent } from '../kit/rows.ts'

/** Ids of one length, so that their order is that of their numbers. */
const ids = (count: number) => Array.from({ length: count }, (_, index) => `r-${String(index).padStart(6, '0')}`)
const lot = (requestIds: readonly string[], number = 0) =>
  lotOf(
    requestIds.map((requestId) => billingEvent({ requestId })),
    number,
  )

describe('a reading of a bill', () => {
  it('has its number and its length, and whom it names, each once', () => {
    const named = [
      { keyId: 'a', login: null },
      { keyId: 'a', login: null },
      { keyId: 'a', login: 'x' },
      { keyId: null, login: 'x' },
      { keyId: 'a', login: null },
      { keyId: null, login: null },
    ]
    const {
      who,
      length,
      lot: number,
    } = lotOf(
      named.map((who) => billingEvent(who)),
      7,
    )
    expect([number, length, who]).toEqual([7, 6, [named[0], named[2], named[3], named[5]]])
    expect(new EventLotTally(3).close()).toEqual({ lot: 3, length: 0, who: [], sample: new Set() })
  })

  it('is known by its 256 smallest ids, in whatever order they come', () => {
    const all = ids(5000)
    const smallest = new Set(all.slice(0, 256))
    expect(lot(all).sample).toEqual(smallest)
    expect(lot([...all].reverse()).sample).toEqual(smallest)
    expect(lot(all.slice(0, 256)).sample).toEqual(smallest)
    expect(lot(all.slice(0, 255)).sample.size).toBe(255)
  })

  it('counts an id once in its sample, however many events it has', () => {
    const all = ids(300)
    const many = all.flatMap((id) => [id, id, id, id, id])
    expect(lot(many).sample).toEqual(new Set(all.slice(0, 256)))
    expect(lot(many).length).toBe(1500)
    expect(lot(['b', 'a', 'b']).sample).toEqual(new Set(['a', 'b']))
  })
})

describe('the sample of a reading', () => {
  it('is the smallest ids, each once, in whatever order they come', () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 2000, maxLength: 6000 })
    fc.assert(
      fc.property(numbers, (given) => {
        const requestIds = given.map((number) => `r${number}`)
        const smallest = [...new Set(requestIds)].sort().slice(0, 256)
        expect([...lot(requestIds).sample]).toEqual(smallest)
      }),
      { numRuns: 20 },
    )
  })
})
