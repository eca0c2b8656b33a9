import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BillingEvent } from '../../src/fal/reader.ts'
import { hashOfText } from '../../src/rows/bytes.ts'
import {
  EVENT_RECORDS,
  type EventRecords,
  EventWords,
  EventWriter,
  eventRecordsOf,
} from '../../src/rows/event-records.ts'
import { newBytesOfId } from '../../src/rows/id-bytes.ts'
import { wholeOf } from '../../src/units/exact-sums.ts'
import { anyEvent } from '../kit/any-rows.ts'
import { expectWholeAtAnyEnd } from '../kit/room-ends.ts'
import { billingEvent } from '../kit/rows.ts'

const eventsOfAnyKind = fc.array(anyEvent, { maxLength: 12 })

function expectFields(records: EventRecords, events: readonly BillingEvent[]): void {
  const { texts } = records.words
  expect(records.count).toBe(events.length)
  for (const [index, event] of [...events.entries()].reverse()) {
    const id = records.requestId(index, newBytesOfId())
    expect({
      ...{ at: records.time(index), cost: records.cost(index), requestId: records.requestIdText(index) },
      ...{ bytes: records.bytes.toString('utf8', id.from, id.from + id.length), hash: id.hash },
      ...{ ownHash: records.requestHash(index), model: texts.textOf(records.modelCode(index)) },
      ...{ unit: texts.textOf(records.unitCode(index)), unitPrice: texts.textOf(records.unitPriceCode(index)) },
      percentDiscount: texts.textOf(records.percentDiscountCode(index)),
      ...{ keyId: texts.textOf(records.keyIdCode(index)), login: texts.textOf(records.loginCode(index)) },
    }).toEqual({
      ...{ at: event.at, cost: wholeOf(event.costNanoUsd), requestId: event.requestId, bytes: event.requestId },
      ...{ hash: hashOfText(event.requestId), ownHash: hashOfText(event.requestId), model: event.model },
      ...{ unit: event.unit, unitPrice: event.unitPrice, percentDiscount: event.percentDiscount },
      ...{ keyId: event.keyId, login: event.login },
    })
  }
}

describe('records of events', () => {
  it('give every event again, what is not told and what is empty kept apart, and each field on its own', () => {
    fc.assert(
      fc.property(eventsOfAnyKind, (events) => {
        const records = eventRecordsOf(events)
        expect(records.events()).toStrictEqual(events)
        expectFields(records, events)
      }),
      { numRuns: 400 },
    )
  })

  it('keep their quantities, and large costs behind them, however many different ones there are', () => {
    const words = new EventWords()
    const quantities = [...Array.from({ length: 20_500 }, (_, index) => `${index}.5`), null, '', '3.5', '20400.5']
    const events = quantities.map((quantity, index) =>
      billingEvent({ quantity, costNanoUsd: (index % 7 === 0 ? 2n ** 70n + BigInt(index) : BigInt(index)) as never }),
    )
    const half = eventRecordsOf(events.slice(0, 11_000), words)
    const rest = eventRecordsOf(events.slice(11_000), words)
    expect([...half.events(), ...rest.events()]).toEqual(events)
    // Past those that are kept once for all, none is added to the words; those that are kept stay known.
    const { size } = words.texts
    expect(words.quantityCode('one more')).toBeUndefined()
    expect([words.quantityCode(null), words.texts.textOf(words.quantityCode('3.5') ?? 0)]).toEqual([0, '3.5'])
    expect(words.texts.size).toBe(size)
  })

  it('tell of each whether its cost was rounded', () => {
    const large = (2n ** 70n) as never
    const events = [
      billingEvent(),
      billingEvent({ costRounded: true }),
      billingEvent({ costRounded: true, costNanoUsd: large }),
      billingEvent({ costNanoUsd: large }),
    ]
    const records = eventRecordsOf(events)
    expect(records.events()).toStrictEqual(events)
    expect(events.map((_, index) => records.isCostRounded(index))).toEqual([false, true, true, false])
  })

  it('count a quantity once, though other texts are alike', () => {
    const words = new EventWords()
    const records = eventRecordsOf([billingEvent({ quantity: '1', unitPrice: '1', unit: '1', model: '1' })], words)
    expect(records.event(0)).toMatchObject({ quantity: '1', unitPrice: '1', unit: '1', model: '1' })
    expect(words.texts.size).toBe(1)
  })

  it('belong to a lot, each to its own, and are found by it in the order in which they came', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1, 2, 4_000_000_000), { maxLength: 40 }), (lots) => {
        const events = lots.map((_, index) => billingEvent({ requestId: `r${index}` }))
        const records = eventRecordsOf(events)
        expect(lots.map((_, index) => records.lot(index))).toEqual(lots.map(() => 0))
        for (const [index, lot] of lots.entries()) records.setLot(index, lot)
        const own = Buffer.allocUnsafeSlow(records.bytes.length)
        records.bytes.copy(own)
        const again = EVENT_RECORDS.list(own, lots.length, records.words)
        for (const lot of [0, 1, 2, 3, 4_000_000_000]) {
          expect(again.ofLot(lot)).toEqual(lots.flatMap((each, index) => (each === lot ? [index] : [])))
        }
        expect(lots.map((_, index) => again.lot(index))).toEqual(lots)
        expect(again.events()).toEqual(events)
      }),
    )
  })

  it('are whole wherever the room for them ends', () => {
    // No quantity is kept once for all any more, so each stands in its event.
    const words = new EventWords()
    for (let index = 0; index < 20_000; index++) words.quantityCode(`${index}.25`)
    const costNanoUsd = (2n ** 70n) as never
    expectWholeAtAnyEnd(
      (chars) => {
        const [requestId, quantity] = ['r'.repeat(chars), '9'.repeat(chars + 1)]
        return [{ requestId }, { quantity }, { costNanoUsd, requestId }, { costNanoUsd, requestId, quantity }].map(
          (more) => billingEvent(more),
        )
      },
      (events) => eventRecordsOf(events, words).events(),
    )
  })

  it('are written over where a writer begins anew', () => {
    fc.assert(
      fc.property(fc.array(eventsOfAnyKind, { minLength: 2, maxLength: 4 }), (rounds) => {
        const writer = new EventWriter(new EventWords())
        for (const events of rounds) {
          writer.clear()
          for (const event of events) writer.writeRow(event)
          const written = writer.written()
          expect([writer.count, written.events()]).toEqual([events.length, events])
          for (let index = 0; index < written.count; index++) {
            expect(written.lot(index)).toBe(0)
            written.setLot(index, 5)
          }
        }
      }),
      { numRuns: 100 },
    )
  })
})
