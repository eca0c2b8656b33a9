import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventCodec } from '../../src/audit/event-codec.ts'
import { RequestScout } from '../../src/audit/request-scout.ts'
import { taskCodec } from '../../src/audit/task-records.ts'
import { PARTS, Spool, SpoolFile } from '../../src/spool/spool.ts'
import { billingEvent, taskRow } from '../kit/rows.ts'

const ALL = Array.from({ length: PARTS }, (_, part) => part)

interface Given {
  readonly tasks: readonly string[]
  readonly events: readonly { readonly lot: number; readonly id: string }[]
}

/** One piece with tasks and events of these request ids. */
function pieceOf({ tasks, events }: Given) {
  const file = new SpoolFile()
  const taskSpool = new Spool(taskCodec(), file)
  const eventSpool = new Spool(eventCodec(), file)
  for (const requestId of tasks) taskSpool.add(0, { task: taskRow({ requestId }), selected: true })
  for (const { lot, id } of events) eventSpool.add(0, { lot, event: billingEvent({ requestId: id }) })
  return { parts: ALL, tasks: taskSpool.read([0]), events: eventSpool.read([0]) }
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
          expect(unrecorded).toEqual(own.filter(([, { id }]) => !tasks.includes(id)).map(([index]) => index))
          const times = (id: string) => own.filter(([, event]) => event.id === id).length
          expect(several).toEqual(own.filter(([, { id }]) => times(id) > 1).map(([index]) => index))
          for (const [, { id }] of own) billed.add(id)
        }
        const open = [...tasks.entries()].filter(([, id]) => id !== '' && !billed.has(id)).map(([index]) => index)
        expect([...scout.withoutEvent()]).toEqual(open)
      }),
    )
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

describe('events that were spooled', () => {
  it('keep their quantities, however many different ones there are', () => {
    const spool = new Spool(eventCodec(), new SpoolFile())
    const quantities = [...Array.from({ length: 20_500 }, (_, index) => `${index}.5`), null, '', '3.5', '20400.5']
    for (const quantity of quantities) spool.add(1, { lot: 0, event: billingEvent({ quantity }) })
    const read = spool.read([1])
    expect(read.ofLot(0).map((index) => read.event(index).quantity)).toEqual(quantities)
    expect(read.ofLot(1)).toEqual([])
  })

  it('keep a large cost beside a quantity of their own', () => {
    const spool = new Spool(eventCodec(), new SpoolFile())
    const events = Array.from({ length: 20_001 }, (_, index) =>
      billingEvent({ quantity: String(index), costNanoUsd: (2n ** 70n + BigInt(index)) as never }),
    )
    for (const event of events) spool.add(1, { lot: 3, event })
    const read = spool.read([1])
    expect([read.event(0), read.event(20_000), read.lot(20_000), read.at(5)]).toEqual([
      events[0],
      events[20_000],
      3,
      events[5]?.at,
    ])
  })
})
