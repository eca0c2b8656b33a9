import { describe, expect, it } from 'vitest'
import type { FalFault } from '../../src/demo/fal-double-faults.ts'
import type { FalEvent } from '../../src/demo/stored-world.ts'
import type { FetchFailure } from '../../src/fal/reader.ts'
import { EventWords } from '../../src/rows/event-records.ts'
import { event, FEBRUARY, KEY, manyEvents, never, openLine, range, workspace } from './line.ts'

const idsOf = (events: readonly { readonly requestId: string }[]): string[] => events.map(({ requestId }) => requestId)

/** The pages of a world under faults, three events each. */
async function pagesOf(events: FalEvent[], faults: FalFault[] = []) {
  const { client, double } = await openLine(
    { workspaces: [workspace({ events })], faults },
    { attempts: 1, limits: { eventPageRows: 3 } },
  )
  const pages: string[][] = []
  const answer = await client.eachEvents(KEY, { range: FEBRUARY }, never(), new EventWords(), (page) => {
    pages.push(idsOf(page.events()))
  })
  return { answer, pages, double, client }
}

describe('events page by page', () => {
  it('come as fal hands them out', async () => {
    const { answer, pages, double } = await pagesOf(manyEvents(7))
    expect(answer).toEqual({ status: 'complete', value: null })
    expect(pages).toEqual([['r1', 'r2', 'r3'], ['r4', 'r5', 'r6'], ['r7']])
    expect(double.requests).toHaveLength(3)
  })

  it('are the same that come at once', async () => {
    const events = [...manyEvents(8), event('late', { percentDiscount: '10' }), event('late')]
    const { client } = await openLine({ workspaces: [workspace({ events })] }, { limits: { eventPageRows: 4 } })
    const taken: unknown[] = []
    await client.eachEvents(KEY, { range: FEBRUARY }, never(), new EventWords(), (page) => taken.push(...page.events()))
    expect({ status: 'complete', value: taken }).toEqual(await client.events(KEY, { range: FEBRUARY }, never()))
    expect(taken).toHaveLength(10)
  })

  it.each([1, 2, 3])('count once where a page repeats the last %i rows of the one before', async (rows) => {
    const { answer, pages } = await pagesOf(manyEvents(9), [{ kind: 'repeat-page', rows, page: 1 }])
    expect(answer.status).toBe('complete')
    expect(pages.flat()).toEqual(idsOf(manyEvents(9)))
  })

  it('come last where they are billed twice and the edge of a page lies between them', async () => {
    const [first, second, third, last] = manyEvents(4) as [FalEvent, FalEvent, FalEvent, FalEvent]
    const { answer, pages, double } = await pagesOf([first, second, third, third, last])
    expect(answer.status).toBe('complete')
    expect(pages).toEqual([['r1', 'r2', 'r3'], ['r4'], ['r3']])
    expect(double.requests.at(-1)?.query.request_id).toEqual(['r3'])
  })

  it('are partial where pages repeat them and fal tells otherwise when asked about them alone', async () => {
    const alone = (text: string): FalFault[] => [
      { kind: 'repeat-page', rows: 1, page: 1, times: 1 },
      { kind: 'body', text, page: 1, times: 1 },
    ]
    const nothing = await pagesOf(manyEvents(6), alone(JSON.stringify({ billing_events: [] })))
    expect(nothing.answer).toMatchObject({ status: 'partial', failure: 'bad-answer' })
    expect(nothing.answer.status === 'partial' && nothing.answer.reason).toContain('of 1 requests')
    const others = { request_id: 'r3', endpoint_id: 'm', timestamp: '2026-02-02T00:02:00Z', cost_total: 9 }
    const other = await pagesOf(manyEvents(6), alone(JSON.stringify({ billing_events: [others] })))
    expect(other.answer).toMatchObject({ status: 'partial', failure: 'bad-answer' })
    // The same event in other words must not be counted again.
    expect(other.pages.flat().sort()).toEqual(idsOf(manyEvents(6)))
  })

  it.each<[FalFault, FetchFailure]>([
    [{ kind: 'status', status: 404, page: 3 }, 'not-found'],
    [{ kind: 'wrong-shape', page: 3 }, 'bad-answer'],
    [{ kind: 'repeat-cursor' }, 'repeating-cursor'],
  ])('are partial after %o, and what came before stays', async (fault, failure) => {
    const { answer, pages } = await pagesOf(manyEvents(9), [fault])
    expect(answer).toMatchObject({ status: 'partial', failure })
    expect(pages.flat()).toEqual(idsOf(manyEvents(6)))
  })

  it('hold no secret of the program', async () => {
    const { client } = await openLine(
      { workspaces: [workspace({ events: [event('r1', { endpointId: 'fal-ai/s3cr3t' })] })] },
      { redact: (text) => text.replace('s3cr3t', '***') },
    )
    const models: string[] = []
    await client.eachEvents(KEY, { range: FEBRUARY }, never(), new EventWords(), (page) =>
      models.push(...page.events().map(({ model }) => model)),
    )
    expect(models).toEqual(['fal-ai/***'])
  })

  it('of several spans are all given, whichever comes first', async () => {
    const events = ['2026-01-05', '2026-04-05', '2026-07-05'].map((day) =>
      event(day, { timestamp: `${day}T10:00:00Z` }),
    )
    const { client } = await openLine({ workspaces: [workspace({ events })] })
    const taken: string[] = []
    const query = { range: range('2026-01-01T00:00:00Z', '2026-08-01T00:00:00Z') }
    const answer = await client.eachEvents(KEY, query, never(), new EventWords(), (page) =>
      taken.push(...idsOf(page.events())),
    )
    expect(answer.status).toBe('complete')
    expect(taken.sort()).toEqual(idsOf(events))
    expect(
      idsOf(await client.events(KEY, query, never()).then((all) => (all.status === 'complete' ? all.value : []))),
    ).toEqual(idsOf(events))
  })

  it('do not run into one another where they are long, and of other lengths', async () => {
    const events = manyEvents(5000).map((each, index) => ({
      ...each,
      unit: 'u'.repeat(1 + (index % 7) * (index % 300)),
    }))
    const { client } = await openLine({ workspaces: [workspace({ events })] }, { limits: { eventPageRows: 1200 } })
    for (let round = 0; round < 2; round++) {
      const taken: string[] = []
      const answer = await client.eachEvents(KEY, { range: FEBRUARY }, never(), new EventWords(), (page) =>
        taken.push(...page.events().map(({ requestId, unit }) => `${requestId} ${unit?.length}`)),
      )
      expect(answer.status).toBe('complete')
      expect(taken).toEqual(events.map(({ requestId, unit }) => `${requestId} ${unit.length}`))
    }
  })

  it('end with the error of the signal, and with that of whoever takes them', async () => {
    const { client } = await openLine(
      { workspaces: [workspace({ events: manyEvents(9) })] },
      { limits: { eventPageRows: 3 } },
    )
    const abort = new AbortController()
    const cancelled = client.eachEvents(KEY, { range: FEBRUARY }, abort.signal, new EventWords(), () => abort.abort())
    await expect(cancelled).rejects.toMatchObject({ kind: 'cancelled' })
    const failing = client.eachEvents(KEY, { range: FEBRUARY }, never(), new EventWords(), () => {
      throw new RangeError('full')
    })
    await expect(failing).rejects.toThrow('full')
    expect((await client.events(KEY, { range: FEBRUARY }, never())).status).toBe('complete')
  })
})

describe('pages that are written in different ways', () => {
  const row = (id: string, more = '') =>
    `{"request_id":"${id}","endpoint_id":"m","timestamp":"2026-02-02T00:00:00Z","unit":null,"cost_total":0.5${more}}`
  const page = (rows: string[], next?: string) =>
    `{"billing_events":[${rows.join(',')}]${next === undefined ? '' : `,"next_cursor":"${next}"`}}`
  const told = (text: string): FalFault => ({ kind: 'body', text, times: 1 })
  const read = async (...texts: string[]) => {
    const { client, double } = await openLine({ faults: texts.map(told) })
    const taken: string[] = []
    const answer = await client.eachEvents(KEY, { range: FEBRUARY }, never(), new EventWords(), (records) => {
      taken.push(...idsOf(records.events()))
    })
    return { answer, taken, double }
  }
  // What makes the whole page be read as JSON, though it is no other event.
  const TWICE = ',"x":1,"x":2'

  it.each<[string, string, string]>([
    ['white space', row('b'), row('b').replaceAll(':', ' : ').replaceAll(',', ' ,\n').replaceAll(' : 00', ':00')],
    ['other ways of numbers', row('b'), row('b').replace('0.5', '5.0e-1')],
    ['escapes', row('b'), row('b').replace('"m"', '"\\u006d"').replace('"unit"', '"\\u0075nit"')],
    ['another order of keys', row('b'), row('b').replace('"unit":null,', '').replace('}', ',"unit":null}')],
    ['a key twice', row('b', ',"x":2'), row('b', TWICE)],
    ['a key twice before', row('b', TWICE), row('b', ',"x":2')],
    ['values within values', row('b', ',"x":{"p":[1,null],"q":"}"}'), row('b', ',"x":{"q":"\\u007d","p":[1e0,null]}')],
  ])('overlap in an event in spite of %s', async (_, first, second) => {
    const { answer, taken, double } = await read(
      page([row('a'), first], 'MC8y'),
      page([second, row('c')]),
      page([first]),
    )
    expect(answer).toEqual({ status: 'complete', value: null })
    expect(taken).toEqual(['a', 'b', 'c'])
    expect(double.requests.at(-1)?.query.request_id).toEqual(['b'])
  })

  it('are both JSON, or both not, and overlap all the same', async () => {
    for (const odd of ['', TWICE]) {
      const { taken } = await read(
        page([row('a'), row('b', odd)], 'MC8y'),
        page([row('b', odd), row('c')]),
        page([row('b', odd)]),
      )
      expect(taken).toEqual(['a', 'b', 'c'])
    }
  })

  it('do not overlap where a field that is not known tells events apart', async () => {
    const { taken, double } = await read(page([row('b', ',"x":1')], 'MC8y'), page([row('b', TWICE)]))
    expect(taken).toEqual(['b', 'b'])
    expect(double.requests).toHaveLength(2)
  })

  it('are asked about by the id as fal wrote it, and give the bare one', async () => {
    const uuid = '2be1964e-6e4d-42a8-a951-37753df3104f'
    const written = `fal-ai/flux#${uuid.toUpperCase()}`
    const { answer, taken, double } = await read(
      page([row('a'), row(written)], 'MC8y'),
      page([row(written)]),
      page([row(written), row(written)]),
    )
    expect(answer.status).toBe('complete')
    expect(taken).toEqual(['a', uuid, uuid])
    expect(double.requests.at(-1)?.query.request_id).toEqual([written])
  })

  it('are objects under the id that fal wrote, where all events come at once', async () => {
    const { client } = await openLine({ faults: [told(page([row('x#R1'), row('r2')]))] })
    const answer = await client.events(KEY, { range: FEBRUARY }, never())
    expect(answer.status === 'complete' && idsOf(answer.value)).toEqual(['x#R1', 'r2'])
  })
})
