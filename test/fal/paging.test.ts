import { describe, expect, it } from 'vitest'
import type { FalFault } from '../../src/demo/fal-double-faults.ts'
import { event, FEBRUARY, KEY, manyEvents, never, openLine, workspace, zone } from './line.ts'

const ids = (count: number): string[] => manyEvents(count).map(({ requestId }) => requestId)

/** The events of a world of nine, three a page, under faults. */
async function nine(faults: FalFault[], pages = 10) {
  const line = await openLine(
    { workspaces: [workspace({ events: manyEvents(9) })], faults },
    { attempts: 1, limits: { eventPageRows: 3, pages } },
  )
  const answer = await line.client.events(KEY, { range: FEBRUARY }, never())
  const read = answer.status === 'failed' ? [] : answer.value.map(({ requestId }) => requestId)
  return { ...line, answer, read }
}

describe('pages', () => {
  it('are read to the end', async () => {
    const { answer, read, double } = await nine([])
    expect(answer.status).toBe('complete')
    expect(read).toEqual(ids(9))
    expect(double.requests).toHaveLength(3)
    expect(double.requests[1]?.query.cursor?.[0]).toBeTruthy()
  })

  it('may come in any order within', async () => {
    const { answer, read } = await nine([{ kind: 'reorder' }])
    expect(answer.status).toBe('complete')
    expect(read.sort()).toEqual(ids(9))
  })

  it('of usage may cut a bucket, and overlap', async () => {
    const events = Array.from({ length: 5 }, (_, index) => event(`r${index}`, { endpointId: `m${index}` }))
    const { client } = await openLine(
      { workspaces: [workspace({ events })], faults: [{ kind: 'repeat-page', rows: 1, page: 1 }] },
      { limits: { usagePageRows: 2 } },
    )
    const answer = await client.usage(KEY, { range: FEBRUARY, zone: zone('UTC'), timeframe: 'day' }, never())
    expect(answer.status === 'complete' && answer.value.map(({ model }) => model)).toEqual([
      'm0',
      'm1',
      'm2',
      'm3',
      'm4',
    ])
  })

  it('are partial where the cursor repeats', async () => {
    const { answer, read, double } = await nine([{ kind: 'repeat-cursor' }])
    expect(answer).toMatchObject({ status: 'partial', failure: 'repeating-cursor' })
    expect(read).toEqual(ids(6))
    expect(double.requests).toHaveLength(2)
  })

  it.each([1, 2])('are partial where page %i announces more without a cursor', async (page) => {
    const { answer, read } = await nine([{ kind: 'has-more-without-cursor', page }])
    expect(answer).toMatchObject({
      status: 'partial',
      failure: 'bad-answer',
      reason: expect.stringContaining('no cursor'),
    })
    expect(read).toEqual(ids(3 * page))
  })

  it.each([
    [3, 'complete', 9],
    [2, 'partial', 6],
    [1, 'partial', 3],
  ])('with a limit of %i pages are %s', async (pages, status, rows) => {
    const { answer, read, double } = await nine([], pages)
    expect(answer.status).toBe(status)
    if (answer.status === 'partial') expect(answer.failure).toBe('page-limit')
    expect(read).toEqual(ids(rows))
    expect(double.requests).toHaveLength(pages)
  })

  it('end at the limit where they move on for ever', async () => {
    const { answer, read } = await nine([{ kind: 'repeat-page' }])
    expect(answer).toMatchObject({ status: 'partial', failure: 'page-limit' })
    expect(read).toEqual(ids(3))
  })

  it.each([
    ['break-off', 'unreachable'],
    ['refuse', 'unreachable'],
    ['broken-json', 'bad-answer'],
    ['wrong-shape', 'bad-answer'],
    ['html', 'bad-answer'],
  ] as const)(
    'that end in %s are partial with what came before, and failed when it is the first',
    async (kind, failure) => {
      const later = await nine([{ kind, page: 3 }])
      expect(later.answer).toMatchObject({ status: 'partial', failure, reason: expect.stringContaining('page 3') })
      expect(later.read).toEqual(ids(6))
      const first = await nine([{ kind, page: 1 }])
      expect(first.answer).toMatchObject({ status: 'failed', failure })
    },
  )

  it('go on with as many rows a page as they began with: one that fal does not accept then is not asked otherwise', async () => {
    const { answer, read, double } = await nine([{ kind: 'status', status: 422, page: 2, times: 1 }])
    expect(answer).toMatchObject({ status: 'partial', failure: 'invalid' })
    expect(read).toEqual(ids(3))
    expect(double.requests.map(({ query }) => query.limit)).toEqual([['3'], ['3']])
  })

  const page = (more: object): string => JSON.stringify({ billing_events: [], ...more })

  it.each([
    [{ has_more: false, next_cursor: 'Ni8z' }, 1],
    [{ has_more: false }, 1],
    [{}, 1],
    [{ next_cursor: null, has_more: null }, 1],
    [{ next_cursor: '' }, 1],
    [{ next_cursor: 'Ni8z' }, 2],
  ])('after %j: %i asked', async (more, asked) => {
    const { answer, double } = await nine([{ kind: 'body', text: page(more), times: 1 }])
    expect(answer.status).toBe('complete')
    expect(double.requests).toHaveLength(asked)
  })
})
