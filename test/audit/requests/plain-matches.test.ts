import { describe, expect, it } from 'vitest'
import { apiKeyOf } from '../../../src/demo/mini-world.ts'
import type { BillingEvent } from '../../../src/fal/reader.ts'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { HOUR } from '../../../src/units/instant.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import { at, later, usd } from '../../kit/books.ts'
import { eventOf, type GivenSpace, taskOf, usageOf, whole } from '../../kit/evidence.ts'
import { readRequests } from '../../kit/request-spools.ts'
import { planOf } from '../../kit/rows.ts'

// Of a plain match nothing is said by any rule: whatever one might say something of is none.
const start = at('2026-02-06 00:00:00')
const end = at('2026-02-07 00:00:00')
const accounts = [5, 6, 9]

interface Given {
  readonly tasks: readonly TaskRow[]
  readonly spaces: readonly GivenSpace[]
  readonly table?: readonly TaskRow[]
  /** Accounts of which the events were read whole. */
  readonly read?: readonly number[]
}

/** Request ids of the tasks that match plainly. Account 9 is not audited. */
async function plainOf({ read = accounts, ...given }: Given): Promise<string[]> {
  const { source } = await readRequests(given)
  const terms = {
    plan: planOf(),
    accountOf: (apiKey: string) => accounts.find((id) => apiKeyOf(id) === apiKey),
    audited: new Set([5, 6]),
    eventsRead: (accountId: number) => read.includes(accountId),
  }
  const ids: string[] = []
  for (const { plain } of source.pieces(terms)) {
    const own = [...(plain?.tasks.subarray(0, plain.count) ?? [])]
    for (const task of own) ids.push(plain?.piece.tasks.row(task).requestId ?? '')
  }
  return ids.sort()
}

const one = (task: Partial<TaskRow> = {}, event: Partial<BillingEvent> = {}, account = 5, more: object = {}) =>
  plainOf({
    tasks: [taskOf(account, 1, task)],
    // That a row names a known key tells that ids say something.
    spaces: [
      {
        members: [account],
        usage: whole([usageOf(account, '1')]),
        events: whole([eventOf(account, 'request-1', event)]),
      },
    ],
    ...more,
  })
const PLAIN = ['request-1']

describe('a plain match', () => {
  it('is a success that was billed once, to its own key, within the window and at what was recorded', async () => {
    expect(await one()).toEqual(PLAIN)
    expect(await one({ costNanoUsd: usd('0') }, { costNanoUsd: usd('0') })).toEqual(PLAIN)
  })

  it.each<[string, Partial<TaskRow>, Partial<BillingEvent>]>([
    ['that was refunded', { refunded: true }, {}],
    ['that failed', { status: 'failed' }, {}],
    ['that still runs', { status: 'unfinished' }, {}],
    ['made right before the window', { createdAt: later(start, -1), completedAt: null }, {}],
    ['made right at its end', { createdAt: end, completedAt: null }, {}],
    ['billed right before the window', { createdAt: start }, { at: later(start, -1) }],
    ['billed right at its end', {}, { at: end }],
    ['that tells no cost', { costNanoUsd: usd('0'), costUntold: true }, { costNanoUsd: usd('0') }],
    ['billed at more than a FLOAT may be off by', {}, { costNanoUsd: nanoUsd(1_000_000_062n) }],
    ['on a key that is in no account row', { apiKey: 'none' }, {}],
    ['on the key of another account', { apiKey: apiKeyOf(6) }, {}],
    ['billed to a key that is in no account row', {}, { keyId: '00000077-0000-4000-8000-000000000000' }],
    ['billed to a person', {}, { keyId: null, login: 'somebody' }],
  ])('is none %s', async (_, task, event) => {
    expect(await one(task, event)).toEqual([])
  })

  it.each<[string, Partial<TaskRow>, Partial<BillingEvent>]>([
    ['made right at the start', { createdAt: start }, {}],
    ['made right before its end', { createdAt: later(end, -1), completedAt: null }, {}],
    ['billed right at the start', { createdAt: start }, { at: start }],
    ['billed right before its end', {}, { at: later(end, -1) }],
    ['billed at what a FLOAT may be off by', {}, { costNanoUsd: nanoUsd(1_000_000_059n) }],
    ['billed to nobody, in the bill of its account alone', {}, { keyId: null }],
  ])('is one %s', async (_, task, event) => {
    expect(await one(task, event)).toEqual(PLAIN)
  })

  it('is of an audited account whose events were read whole', async () => {
    expect(await one({}, {}, 9)).toEqual([])
    expect(await one({}, {}, 5, { read: [6] })).toEqual([])
  })

  it('is none of a request that something else bears', async () => {
    const event = eventOf(5, 'request-1')
    const twice = [event, { ...event, at: later(event.at, HOUR) }]
    expect(await one({}, {}, 5, { spaces: [{ members: [5], events: whole(twice) }] })).toEqual([])
    const two = [taskOf(5, 1), taskOf(5, 2, { requestId: 'request-1' })]
    expect(await one({}, {}, 5, { tasks: two })).toEqual([])
  })

  it('is told by whom its own event names, whoever that before it named', async () => {
    const tasks = [1, 2, 3].map((id) => taskOf(5, id))
    const anonymous = { keyId: null, login: null }
    const events = [
      eventOf(5, 'request-1', anonymous),
      eventOf(5, 'request-2', { ...anonymous, login: 'somebody' }),
      eventOf(5, 'request-3', anonymous),
    ]
    expect(await plainOf({ tasks, spaces: [{ members: [5], events: whole(events) }] })).toEqual([
      'request-1',
      'request-3',
    ])
    // In the bill of another account it is that one's.
    const spaces = [5, 6].map((account, index) => ({
      ...{ members: [account], name: `team-${index}` },
      events: whole(events.slice(index, index + 1).map((event) => ({ ...event, ...anonymous }))),
    }))
    expect(await plainOf({ tasks, spaces })).toEqual(['request-1'])
    expect(await plainOf({ tasks: tasks.reverse(), spaces })).toEqual(['request-1'])
  })
})
