import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EventLot, EventLotTally, lotOf } from '../../../src/audit/bills/event-lot.ts'
import { hashOfText } from '../../../src/rows/bytes.ts'
import { eventRecordsOf } from '../../../src/rows/event-records.ts'
import { idsOfOneHash } from '../../kit/alike.ts'
import { later, usd } from '../../kit/books.ts'
import { billingEvent } from '../../kit/rows.ts'

const ids = (count: number) => Array.from({ length: count }, (_, index) => `r-${String(index).padStart(6, '0')}`)
/** The ids of the smallest hashes, each once; of one hash, the smallest ids. */
const smallestOf = (requestIds: readonly string[], count = 256) =>
  [...new Set(requestIds)]
    .map((id) => ({ id, hash: hashOfText(id) }))
    .sort((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1))
    .slice(0, count)
    .map(({ id }) => id)
const lot = (requestIds: readonly string[], number = 0) =>
  lotOf(
    requestIds.map((requestId) => billingEvent({ requestId })),
    number,
  )
/** The request ids of a sample, whose events are all of one time and cost. */
const idsIn = ({ sample }: EventLot) => new Set([...sample].map((event) => event.split(' ')[0]))

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

  it('is known by its 256 ids of the smallest hashes, in whatever order they come', () => {
    const all = ids(5000)
    const smallest = new Set(smallestOf(all))
    expect(idsIn(lot(all))).toEqual(smallest)
    expect(idsIn(lot([...all].reverse()))).toEqual(smallest)
    expect(idsIn(lot(all.slice(0, 256)))).toEqual(new Set(all.slice(0, 256)))
    expect(lot(all.slice(0, 255)).sample.size).toBe(255)
  })

  it('names whom its pages name, whatever words these share', () => {
    const tally = new EventLotTally(1)
    for (const keyId of ['a', 'b', 'a']) {
      // The first text of its words each time: the same code, and another key.
      const page = eventRecordsOf([
        billingEvent({ keyId, login: keyId, model: keyId, quantity: null, unitPrice: null }),
      ])
      expect(page.keyIdCode(0)).toBe(1)
      tally.add(page, 0)
    }
    expect(tally.close().who).toEqual(['a', 'b'].map((keyId) => ({ keyId, login: keyId })))
  })

  it('keeps ids of one hash apart in its sample', () => {
    const both = idsOfOneHash()
    expect(idsIn(lot([...both, ...both]))).toEqual(new Set(both))
  })

  it('tells events of one request apart by their time, cost and key', () => {
    const event = billingEvent({ requestId: 'a' })
    const others = [
      { ...event, at: later(event.at, 1) },
      { ...event, costNanoUsd: usd('9') },
      { ...event, keyId: 'another' },
    ]
    expect(lotOf([event, ...others, event], 0).sample.size).toBe(4)
  })

  it('counts an id once in its sample, however many events it has', () => {
    const all = ids(300)
    const many = all.flatMap((id) => [id, id, id, id, id])
    expect(idsIn(lot(many))).toEqual(new Set(smallestOf(all)))
    expect(lot(many).length).toBe(1500)
    expect(idsIn(lot(['b', 'a', 'b']))).toEqual(new Set(['a', 'b']))
  })
})

describe('the sample of a reading', () => {
  it('is the ids of the smallest hashes, each once, in whatever order they come', () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 2000, maxLength: 6000 })
    fc.assert(
      fc.property(numbers, (given) => {
        const requestIds = given.map((number) => `r${number}`)
        expect([...idsIn(lot(requestIds))]).toEqual(smallestOf(requestIds))
        // Two readings of one bill have them in common, whatever their order and however they are cut into pages.
        expect(lot([...requestIds].reverse()).sample).toEqual(lot(requestIds).sample)
      }),
      { numRuns: 20 },
    )
  })
})
