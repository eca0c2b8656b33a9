import { describe, expect, it } from 'vitest'
import {
  inOnePiece,
  partOfRequest,
  pricePoint,
  type RequestSpools,
  rowsOf,
  type SpooledPiece,
} from '../../../src/audit/requests/request-source.ts'
import { sequenceKey } from '../../../src/audit/rules/price-sequence.ts'
import { DAY, HOUR } from '../../../src/units/instant.ts'
import { AS_OF, at, later, MODEL, usd } from '../../kit/books.ts'
import { eventOf, evidenceOf, failed, type GivenEvidence, part, taskOf, whole } from '../../kit/evidence.ts'
import { type GivenReading, readRequests } from '../../kit/request-spools.ts'
import { planOf } from '../../kit/rows.ts'

const noon = at('2026-02-06 12:00:00')
const longAgo = later(noon, -60 * DAY)
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
const ofFive = (...events: ReturnType<typeof eventOf>[]): GivenEvidence => ({
  spaces: [{ members: [5], events: whole(events) }],
})

/** The same rows joined all at once and in as many pieces as there can be: both must say the same. */
async function inAnyPieces(given: GivenReading) {
  const one = await readRequests(given)
  const many = await readRequests({ ...given, pieceRows: 1 })
  expect([one.pieces.length, many.pieces.length > 1]).toEqual([1, true])
  const told = ({ pieces, source, eventsOf, ...reading }: typeof one) => ({
    ...reading,
    ...{ spools: null, asked: reading.asked.length, readBills: [...source.readBills].map(({ label }) => label) },
    tasks: pieces.flatMap(({ tasks }) => tasks),
    otherTasks: [...reading.otherTasks].sort((a, b) => a.rowId - b.rowId),
    lookedUp: reading.lookedUp.map((ids) => [...ids].sort()),
    events: ['team-5', 'team-6'].map((label) =>
      eventsOf(label)
        ?.map(({ requestId, at }) => [requestId, at])
        .sort(),
    ),
  })
  expect(told(many)).toEqual(told(one))
  return many
}

/** What is told of each piece, one after the other: each is gone with the next. */
function eachPiece<Told>(spools: RequestSpools, tell: (piece: SpooledPiece) => Told): Told[] {
  const told: Told[] = []
  for (const piece of spools.read()) told.push(tell(piece))
  return told
}

describe('requests that are joined in pieces', () => {
  it('have all that bears one id in one piece: tasks, events, and what was looked up', async () => {
    const tasks = numbers(40).map((id) => taskOf(5, id, { requestId: `r-${id % 20}` }))
    const events = numbers(40).map((id) => eventOf(5, `r-${id % 25}`, { at: later(noon, id * 1000) }))
    const table = [
      taskOf(5, 900, { requestId: 'r-22', createdAt: longAgo }),
      taskOf(5, 901, { requestId: 'r-3', createdAt: longAgo }),
    ]
    const { pieces, otherTasks } = await inAnyPieces({ ...ofFive(...events), tasks, table, byId: [] })
    const places = new Map<string, Set<number>>()
    for (const [place, piece] of pieces.entries()) {
      const told = [...piece.tasks, ...piece.otherTasks, ...[...piece.events.values()].flatMap((own) => own ?? [])]
      for (const { requestId } of told) places.set(requestId, (places.get(requestId) ?? new Set()).add(place))
    }
    expect(places.size).toBe(25)
    for (const [, own] of places) expect(own.size).toBe(1)
    expect(otherTasks.map(({ rowId }) => rowId).sort()).toEqual([900, 901])
  })

  it('show the table and fal every open id once, whatever the piece', async () => {
    const tasks = numbers(30).map((id) => taskOf(5, id))
    const events = [
      ...numbers(20).map((id) => eventOf(5, `request-${id}`)),
      eventOf(5, 'lost'),
      eventOf(5, 'lost', { at: later(noon, HOUR) }),
    ]
    const late = eventOf(5, 'request-25', { at: later(AS_OF, -1) })
    const { lookedUp, askedIds, unanswered, eventsOf, gaps } = await inAnyPieces({
      ...ofFive(...events),
      tasks,
      byId: [late],
    })
    expect(lookedUp.map((ids) => [...ids].sort())).toEqual([
      ['lost', ...tasks.map(({ requestId }) => requestId)].sort(),
    ])
    expect(askedIds).toEqual([numbers(10).map((id) => `request-${id + 20}`)])
    expect([unanswered.size, gaps, eventsOf('team-5')?.filter(({ requestId }) => requestId === 'request-25')]).toEqual([
      0,
      [],
      [late],
    ])
  })

  it('stay open in each piece where fal did not answer', async () => {
    const tasks = numbers(12).map((id) => taskOf(5, id))
    const events = numbers(6).map((id) => eventOf(5, `request-${id}`))
    const { unanswered, gaps, source } = await inAnyPieces({ ...ofFive(...events), tasks, byId: failed('500') })
    expect([...unanswered].sort()).toEqual(
      numbers(6)
        .map((id) => `request-${id + 6}`)
        .sort(),
    )
    expect(gaps).toEqual([['team-5', '6 requests asked for by id were not answered: 500']])
    expect([...source.readBills]).toHaveLength(1)
  })

  it('stay open in the one bill of which fal did not answer, and in no other', async () => {
    const spaces = [5, 6].map((id) => ({ members: [id], events: whole([eventOf(id, `billed-${id}`)]) }))
    const own = numbers(12).map((id) => taskOf(id % 2 === 0 ? 5 : 6, id))
    // Of a key that no account row holds nobody can be asked.
    const tasks = [...own, taskOf(5, 13, { apiKey: 'unknown' })]
    for (const refused of [5, 6]) {
      // Only one of the two knows the task that it is asked for.
      const asked = (id: string): boolean => (Number(id.slice('request-'.length)) % 2 === 0) === (refused === 5)
      const byId: GivenReading['byId'] = ({ requestIds }) =>
        requestIds?.some(asked) === true ? failed('500') : whole([])
      const { unanswered, gaps } = await inAnyPieces({ spaces, tasks, byId })
      const open = own.filter(({ requestId }) => asked(requestId)).map(({ requestId }) => requestId)
      expect([[...unanswered].sort(), gaps.map(([label]) => label)]).toEqual([open.sort(), [`team-${refused}`]])
    }
  })

  it('show tasks of any other time, and those that were read as they were read', async () => {
    const { ranges } = planOf()
    const times = { before: later(ranges.crossingSince, -1), first: ranges.crossingSince }
    const ends = { last: later(ranges.tasks.end, -1), after: ranges.tasks.end }
    const table = Object.entries({ ...times, ...ends }).map(([taskId, createdAt]) =>
      taskOf(5, 1, { taskId, createdAt, requestId: 'shared' }),
    )
    const read = table.filter(({ taskId }) => taskId === 'first' || taskId === 'last')
    const tasks = [taskOf(5, 2, { requestId: 'shared' }), taskOf(5, 3), ...read]
    const { otherTasks } = await inAnyPieces({ ...ofFive(eventOf(5, 'shared'), eventOf(5, 'request-3')), tasks, table })
    expect(otherTasks.map(({ taskId }) => taskId)).toEqual(['before', 'after'])
  })

  it('are not read at all where a repetition in one piece stays open', async () => {
    const events = [...numbers(12).map((id) => eventOf(5, `request-${id}`)), eventOf(5, 'request-4')]
    const six = { members: [6], events: whole([eventOf(6, 'of-six')]) }
    const given = { spaces: [{ members: [5], events: whole(events) }, six], byId: failed('500') }
    const { source, pieces, eventsOf } = await inAnyPieces(given)
    expect([...source.readBills].map(({ label }) => label)).toEqual(['team-6'])
    for (const { events: told } of pieces) expect([...told.values()][0]).toBeNull()
    expect(eventsOf('team-6')?.map(({ requestId }) => requestId)).toEqual(['of-six'])
  })

  it('tell a repetition that fal confirms in the piece of its request alone', async () => {
    const twice = eventOf(5, 'request-4')
    const events = [...numbers(12).map((id) => eventOf(5, `request-${id}`)), twice]
    const { repeated, eventsOf } = await inAnyPieces({ ...ofFive(...events), byId: [twice, twice] })
    expect(repeated).toEqual([{ event: twice, times: 2 }])
    expect(eventsOf('team-5')).toHaveLength(13)
  })

  it('are the same pieces at every call, read once where there is one', async () => {
    const tasks = numbers(10).map((id) => taskOf(5, id))
    const one = await readRequests({ ...ofFive(), tasks })
    expect([...one.spools.read()][0]).toBe([...one.spools.read()][0])
    const many = await readRequests({ ...ofFive(), tasks, pieceRows: 1 })
    const told = () => eachPiece(many.spools, (piece) => [piece.parts, piece.tasks.rows()])
    expect(told().length).toBeGreaterThan(1)
    expect(told()).toEqual(told())
    expect([...many.source.pieces()].map((piece) => piece.tasks)).toEqual(many.pieces.map((piece) => piece.tasks))
  })

  it('end where the reading was cancelled', async () => {
    const tasks = [taskOf(5, 1)]
    await expect(readRequests({ ...ofFive(), tasks, signal: AbortSignal.abort() })).rejects.toThrow('cancelled')
  })

  it('say of each id whether it belongs here, and of which reading an event is', async () => {
    const spaces = [5, 6].map((id) => ({
      members: [id],
      events: whole(numbers(8).map((n) => eventOf(id, `${id}-${n}`))),
    }))
    const { spools } = await readRequests({ spaces, pieceRows: 1 })
    const seen = [0, 0, 0]
    for (const spooled of spools.read()) {
      const piece = rowsOf(spooled)
      for (const lot of [0, 1, 2]) {
        const own = piece.eventsOf(lot)
        seen[lot] = (seen[lot] ?? 0) + own.length
        for (const { requestId } of own)
          expect([requestId.charAt(0), piece.holds(requestId)]).toEqual([lot === 0 ? '5' : '6', true])
      }
    }
    expect(seen).toEqual([8, 8, 0])
    const holding = eachPiece(spools, (piece) => rowsOf(piece).holds('5-1'))
    expect(holding.filter((holds) => holds)).toHaveLength(1)
  })
})

describe('a task', () => {
  it('is found by its request id, and without one by its own', async () => {
    const tasks = [taskOf(5, 1, { requestId: 'r', taskId: 't' }), taskOf(5, 2, { requestId: '', taskId: 't' })]
    const { spools } = await readRequests({ tasks, pieceRows: 1 })
    expect(partOfRequest('r')).not.toBe(partOfRequest('t'))
    const partsOf = new Map(
      eachPiece(spools, (piece) => piece.tasks.rows().map(({ rowId }) => [rowId, piece.parts] as const)).flat(),
    )
    expect(partsOf.get(1)).toContain(partOfRequest('r'))
    expect(partsOf.get(2)).toContain(partOfRequest('t'))
    expect(partsOf.get(1)).not.toContain(partOfRequest('t'))
  })
})

describe('prices', () => {
  const price = { workspace: 'team-5', model: MODEL, unit: 'videos', percentDiscount: '0' }
  const changes = async (given: GivenReading, other: Partial<typeof price> = {}) =>
    (await readRequests({ ...given, pieceRows: 1 })).source.priceChanges(
      sequenceKey({ ...price, unitPrice: '', ...other }),
    )
  const event = (id: string, unitPrice: string | null) => eventOf(5, id, { unitPrice })

  it('change where two pieces name different ones', async () => {
    expect(await changes(ofFive(event('a', '1'), event('b', '1.0')))).toBe(false)
    expect(await changes(ofFive(event('a', '1'), event('b', null)))).toBe(false)
    expect(await changes(ofFive(event('a', '1'), event('b', '2')))).toBe(true)
    expect(await changes(ofFive(event('a', '1'), event('b', '2')), { unit: 'images' })).toBe(false)
  })

  it('change with what fal tells only when asked by id', async () => {
    const given = { ...ofFive(event('a', '1')), tasks: [taskOf(5, 1)] }
    expect(await changes({ ...given, byId: [event('request-1', '1')] })).toBe(false)
    expect(await changes({ ...given, byId: [event('request-1', '3')] })).toBe(true)
  })

  it('are told by workspace, unit and discount, where the event names one', () => {
    const [bill] = evidenceOf(ofFive()).attribution.workspaces
    if (bill === undefined) throw new RangeError('no such bill')
    expect(pricePoint(bill, event('a', '1'))).toEqual({ ...price, unitPrice: '1' })
    expect(pricePoint(bill, event('a', null))).toBeNull()
    const bare = eventOf(5, 'a', { unit: null, percentDiscount: '10', costNanoUsd: usd('9') })
    expect(pricePoint(bill, bare)).toEqual({ ...price, unit: '', percentDiscount: '10', unitPrice: '1' })
  })

  it('of requests that are all in memory are known at once', () => {
    const evidence = evidenceOf({
      spaces: [
        { members: [5], events: whole([event('a', '1'), event('b', '2')]) },
        { members: [6], events: part([eventOf(6, 'c', { unitPrice: '1' }), eventOf(6, 'd', { unitPrice: '2' })]) },
      ],
    })
    const [piece] = evidence.requests?.pieces() ?? []
    if (piece === undefined) throw new RangeError('there is always a piece')
    const source = inOnePiece(piece)
    expect([...source.readBills].map(({ label }) => label)).toEqual(['team-5'])
    const [own, others] = ['team-5', 'team-6'].map((workspace) => sequenceKey({ ...price, workspace, unitPrice: '' }))
    expect([own, others].map((key) => source.priceChanges(key ?? ''))).toEqual([true, false])
    expect([source.gaps, source.sharedSearched, [...source.pieces()]]).toEqual([
      piece.gaps,
      piece.sharedSearched,
      [piece],
    ])
  })
})
