import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scoutRequests } from '../../../src/audit/requests/request-scout.ts'
import type { BillingEvent } from '../../../src/fal/reader.ts'
import { EVENT_RECORDS, eventRecordsOf } from '../../../src/rows/event-records.ts'
import { taskRecordsOf } from '../../../src/rows/task-writer.ts'
import { PARTS, Spool } from '../../../src/spool/spool.ts'
import { SpoolFile } from '../../../src/spool/spool-file.ts'
import { idsOfOneHash } from '../../kit/alike.ts'
import { billingEvent, taskRow } from '../../kit/rows.ts'

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
        const scouted = scoutRequests(pieceOf({ tasks, events }), lots)
        const taken = lots.flatMap((lot) => [...events.entries()].filter(([, event]) => event.lot === lot))
        // A task without an id bears none.
        const isRecorded = (id: string) => id !== '' && tasks.includes(id)
        const timesIn = (lot: number, id: string) =>
          events.filter((event) => event.lot === lot && event.id === id).length
        const indices = (of: typeof taken) => of.map(([index]) => index)
        expect([...scouted.unrecorded]).toEqual(indices(taken.filter(([, { id }]) => !isRecorded(id))))
        expect([...scouted.repeated]).toEqual(indices(taken.filter(([, { lot, id }]) => timesIn(lot, id) > 1)))
        const eventsOf = (id: string) => (id === '' ? [] : taken.filter((event) => event[1].id === id))
        const inOrder = [...tasks.entries()]
        const open = inOrder.filter(([, id]) => id !== '' && eventsOf(id).length === 0)
        expect([...scouted.withoutEvent]).toEqual(open.map(([index]) => index))
        const isAlone = (id: string) => tasks.filter((other) => other === id).length === 1 && eventsOf(id).length === 1
        const alone = inOrder.filter(([, id]) => isAlone(id))
        expect([...scouted.pairs.tasks]).toEqual(alone.map(([index]) => index))
        expect([...scouted.pairs.events]).toEqual(alone.map(([, id]) => eventsOf(id)[0]?.[0]))
      }),
    )
  })

  it('are told apart where they have one hash', () => {
    const [one, other] = idsOfOneHash()
    const scouted = scoutRequests(pieceOf({ tasks: [one], events: [{ lot: 0, id: other }] }), [0])
    expect([[...scouted.unrecorded], [...scouted.withoutEvent], scouted.pairs.tasks.length]).toEqual([[0], [0], 0])
    const repeated = pieceOf({ tasks: [], events: [one, other, one].map((id) => ({ lot: 0, id })) })
    expect([...scoutRequests(repeated, [0]).repeated]).toEqual([0, 2])
  })

  it('are told among many', () => {
    const numbers = Array.from({ length: 9000 }, (_, index) => `request-${index}`)
    const piece = pieceOf({
      tasks: numbers.filter((_, index) => index % 3 !== 0),
      events: numbers.filter((_, index) => index % 2 === 0).map((id) => ({ lot: 7, id })),
    })
    const counts = (lots: readonly number[]) => {
      const { unrecorded, repeated, withoutEvent, pairs } = scoutRequests(piece, lots)
      return [unrecorded.length, repeated.length, withoutEvent.length, pairs.tasks.length]
    }
    expect(counts([7])).toEqual([1500, 0, 3000, 3000])
    expect(counts([8])).toEqual([0, 0, 6000, 0])
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
