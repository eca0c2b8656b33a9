import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RequestScout } from '../../src/audit/request-scout.ts'
import type { BillingEvent } from '../../src/fal/reader.ts'
import { EVENT_RECORDS, eventRecordsOf } from '../../src/rows/event-records.ts'
import { taskRecordsOf } from '../../src/rows/task-writer.ts'
import { PARTS, Spool } from '../../src/spool/spool.ts'
import { SpoolFile } from '../../src/spool/spool-file.ts'
import { idsOfOneHash } from '../kit/alike.ts'
import { billingEvent, taskRow } from '../kit/rows.ts'

const ALL = Array.from({ length: PARTS }, (_, part) => part)

interface Given {
  readonly tasks: readonly string[]
  readonly events: readonly { readonly lot: number; readonly id: string }[]
}

/** One piece with tasks and events of these request ids. */
function pieceOf({ tasks, events }: Given) {
  const records = eventRecordsOf(events.map(({ id }) => billingEvent({ requestId: id })))
  for (const [index, { lot }] of events.entries()) records.setLot(index, lot)
  return { parts: ALL, tasks: taskRecordsOf(tasks.map((requestId) => taskRow({ requestId }))), events: records }
}

const ids = fc.constantFrom('', 'a', 'b', 'c', 'é', '😀', 'request-1', 'request-2', 'x'.repeat(300))
const LOTS = [0, 1, 2]

describe('the ids of a piece', () => {
  it('are told as sets of texts would tell them', () => {
    const given = fc.record({
      tasks: fc.array(ids, { maxLength: 12 }),
      events: fc.array(fc.record({ lot: fc.constantFrom(...LOTS), id: ids }), { maxLength: 16 }),
    })
    fc.assert(
      fc.property(given, fc.subarray(LOTS), ({ tasks, events }, lots) => {
        const scout = new RequestScout(pieceOf({ tasks, events }))
        const billed = new Set<string>()
        for (const lot of lots) {
          const own = [...events.entries()].filter(([, event]) => event.lot === lot)
          const unrecorded: number[] = []
          const several = scout.addLot(lot, (event) => unrecorded.push(event))
          // A task without an id bears none.
          const isRecorded = (id: string) => id !== '' && tasks.includes(id)
          expect(unrecorded).toEqual(own.filter(([, { id }]) => !isRecorded(id)).map(([index]) => index))
          const times = (id: string) => own.filter(([, event]) => event.id === id).length
          expect(several).toEqual(own.filter(([, { id }]) => times(id) > 1).map(([index]) => index))
          for (const [, { id }] of own) billed.add(id)
        }
        const open = [...tasks.entries()].filter(([, id]) => id !== '' && !billed.has(id)).map(([index]) => index)
        expect([...scout.withoutEvent()]).toEqual(open)
      }),
    )
  })

  it('are told apart where they have one hash', () => {
    const [one, other] = idsOfOneHash()
    const scout = new RequestScout(pieceOf({ tasks: [one], events: [{ lot: 0, id: other }] }))
    const unrecorded: number[] = []
    expect(scout.addLot(0, (event) => unrecorded.push(event))).toEqual([])
    expect([unrecorded, [...scout.withoutEvent()]]).toEqual([[0], [0]])
    const repeated = new RequestScout(pieceOf({ tasks: [], events: [one, other, one].map((id) => ({ lot: 0, id })) }))
    expect(repeated.addLot(0, () => undefined)).toEqual([0, 2])
  })

  it('are told among many', () => {
    const numbers = Array.from({ length: 9000 }, (_, index) => `request-${index}`)
    const piece = pieceOf({
      tasks: numbers.filter((_, index) => index % 3 !== 0),
      events: numbers.filter((_, index) => index % 2 === 0).map((id) => ({ lot: 7, id })),
    })
    const scout = new RequestScout(piece)
    let unrecorded = 0
    expect(scout.addLot(7, () => unrecorded++)).toEqual([])
    expect([unrecorded, [...scout.withoutEvent()].length]).toEqual([1500, 3000])
    expect(scout.addLot(8, () => unrecorded++)).toEqual([])
  })
})

/** These events of one lot, spooled and read again. */
function spooled(events: readonly BillingEvent[], lot: number) {
  const spool = new Spool(EVENT_RECORDS, new SpoolFile())
  const records = eventRecordsOf(events)
  for (let index = 0; index < records.count; index++) {
    records.setLot(index, lot)
    spool.add(1, records, index)
  }
  return spool.read([1])
}

describe('events that were spooled', () => {
  it('keep their quantities, however many different ones there are', () => {
    const quantities = [...Array.from({ length: 20_500 }, (_, index) => `${index}.5`), null, '', '3.5', '20400.5']
    const read = spooled(
      quantities.map((quantity) => billingEvent({ quantity })),
      0,
    )
    expect(read.ofLot(0).map((index) => read.event(index).quantity)).toEqual(quantities)
    expect(read.ofLot(1)).toEqual([])
  })

  it('keep a large cost beside a quantity of their own', () => {
    const events = Array.from({ length: 20_001 }, (_, index) =>
      billingEvent({ quantity: String(index), costNanoUsd: (2n ** 70n + BigInt(index)) as never }),
    )
    const read = spooled(events, 3)
    expect([read.event(0), read.event(20_000), read.lot(20_000), read.time(5)]).toEqual([
      events[0],
      events[20_000],
      3,
      events[5]?.at,
    ])
  })
})
