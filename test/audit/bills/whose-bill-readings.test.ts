import { describe, expect, it } from 'vitest'
import { withFilter } from '../../../src/audit/bills/whose-bill.ts'
import {
  account,
  attribute,
  event,
  key,
  none,
  part,
  row,
  type Space,
  strange,
  who,
  whole,
} from '../../kit/attribution.ts'

const shares = { code: 'no-key-ids' }
const unread = { code: 'bill-unread', params: { detail: 'refused', failure: 'forbidden' } }

describe('ids that no account has, where it is not known whether ids say anything', () => {
  const one = (...rows: ReturnType<typeof row>[]) => {
    const { costs, shared } = attribute([{ members: [5], usage: whole(rows) }], { recorded: [5], otherRows: 'unread' })
    return { costs, ...shared[0] }
  }

  it('leave rows without any to nobody as well', () => {
    expect(one(row(1, strange), row(2, who.nobody))).toMatchObject({
      costs: { 5: { code: 'key-ids-unmatched' } },
      undivided: [1, 2],
      membersKnown: false,
    })
  })

  it('leave nothing open of a bill that holds none', () => {
    expect(one(row(2, who.nobody))).toMatchObject({ costs: { 5: [2] }, undivided: null, membersKnown: true })
    expect(one()).toMatchObject({ costs: { 5: [] }, undivided: null, membersKnown: true })
  })
})

describe('rows that several accounts share', () => {
  it('are no figure of one outside the audit', () => {
    const { costs, shared } = attribute([{ members: [5, 9], usage: whole([row(1, who.nobody)]) }], { outside: [9] })
    expect(costs).toEqual({ 5: shares })
    expect(shared[0]?.undivided).toEqual([1])
  })

  it('are none where the usage was not read, and that is why nothing is known', () => {
    const events = whole([event('a', who.nobody)])
    const { costs, shared } = attribute([{ members: [5, 6], usage: none, events }])
    expect(costs).toEqual({ 5: unread, 6: unread })
    expect(shared).toMatchObject([{ undivided: [], unattributed: [] }])
  })
})

describe('what would be the members’, had they recorded cost', () => {
  const spaces = [{ members: [5, 6], usage: whole([row(1, strange)]) }]
  const known = [...spaces, { name: 'other', members: [7], usage: whole([row(2, key(7))]) }]
  const hangsOn = (...given: Parameters<typeof attribute>) =>
    attribute(...given).result.workspaces.map((bill) => bill.hangsOn)

  it('is that of all, where not one id is known', () => {
    expect(hangsOn(spaces)).toEqual([[5, 6]])
  })

  it('is that of those whose key shows no id, where one is', () => {
    expect(hangsOn(known)).toEqual([[], []])
    const all = [account(5), account(6, 'plain'), account(7)]
    expect(hangsOn(known, { all, recorded: [5, 7] })).toEqual([[6], []])
  })

  it('is nothing where they did: then ids say nothing already', () => {
    expect(hangsOn(spaces, { recorded: [5] })).toEqual([[]])
  })
})

describe('two readings of one bill', () => {
  const rows = [row(1, key(5)), row(2, key(6))]
  const events = [event('a', key(5)), event('b', key(6))]
  const read = (...readings: Pick<Space, 'usage' | 'events'>[]) => {
    const { result } = attribute(readings.map((each, index) => ({ ...each, name: 'team', members: [5 + index] })))
    return result.workspaces.map(({ source }) => [
      source.usage.status,
      source.events?.status ?? null,
      source.apiKey.slice(-1),
    ])
  }

  it('give the better part of each, and the key that read the better events', () => {
    const [usage, cut] = [whole(rows), part(rows)]
    expect(read({ usage, events: part(events) }, { usage: cut, events: whole(events) })).toEqual([
      ['complete', 'complete', '1'],
    ])
    expect(read({ usage: cut, events: whole(events) }, { usage, events: part(events) })).toEqual([
      ['complete', 'complete', '0'],
    ])
    expect(read({ usage, events: none }, { usage, events: whole(events) })).toEqual([['complete', 'complete', '1']])
    expect(read({ usage, events: part(events) }, { usage, events: part(events.slice(1)) })).toEqual([
      ['complete', 'partial', '0'],
    ])
  })

  it('keep the first key where no events were asked for', () => {
    expect(read({ usage: part(rows) }, { usage: whole(rows) })).toEqual([['complete', null, '0']])
  })
})

describe('bills without a name that hold some of the same rows', () => {
  const alike = [row(2, who.nobody, 'flux'), row(4, who.nobody, 'kling')]
  const twice = (...readings: Pick<Space, 'usage' | 'events'>[]) =>
    attribute(readings.map((each, index) => ({ ...each, name: null, members: [5 + index] }))).result.workspaces.map(
      ({ maybeTwice }) => maybeTwice,
    )

  it('may be one while either was read in part, and might name keys of the other', () => {
    const [five, six] = [
      [row(1, key(5)), ...alike],
      [row(1, key(6)), ...alike],
    ]
    expect(twice({ usage: whole(five) }, { usage: whole(six) })).toEqual([false, false])
    expect(twice({ usage: part(five) }, { usage: whole(six) })).toEqual([true, true])
    expect(twice({ usage: whole(five) }, { usage: part(six) })).toEqual([true, true])
  })

  it('may be one while the requests of either were read in part', () => {
    const usage = whole(alike)
    const [a, b] = [[event('a', who.nobody)], [event('b', who.nobody)]]
    expect(twice({ usage, events: whole(a) }, { usage, events: whole(b) })).toEqual([false, false])
    expect(twice({ usage, events: part(a) }, { usage, events: whole(b) })).toEqual([true, true])
    expect(twice({ usage, events: whole(a) }, { usage, events: part(b) })).toEqual([true, true])
  })
})

describe('a bill that fal does not name, beside one that shows nothing to hold against it', () => {
  const rows = whole([row(2, who.nobody)])
  const events = whole([event('a', who.nobody)])
  const nothing = { usage: whole([]), events: whole([]) }
  const besides = (other: Pick<Space, 'usage' | 'events'>, own: Pick<Space, 'usage' | 'events'>, active = [5, 6]) => {
    const spaces = [
      { members: [5], ...other },
      { name: null, members: [6], ...own },
    ]
    return attribute(spaces, { active }).shared.map(({ membersKnown, undivided }) => [membersKnown, undivided])[1]
  }

  it.each([
    ['whose usage broke off before its first row', { usage: part([]) }, { usage: rows }],
    [
      'whose events did, and usage of neither has a row',
      { usage: whole([]), events: part([]) },
      { ...nothing, events },
    ],
    ['of which the one shows rows alone, the other events', { usage: none, events }, { usage: rows, events: part([]) }],
  ])('may be that of its account too: one %s', (_, other, own) => {
    expect(besides(other, own)?.[0]).toBe(false)
    // Who has no tasks caused nothing of it.
    expect(besides(other, own, [6])?.[0]).toBe(true)
  })

  it.each([
    ['read whole, without a row', { usage: whole([]) }, { usage: rows }],
    ['read whole, without an event', nothing, { ...nothing, events }],
    ['of other rows', { usage: part([row(9, who.nobody, 'kling')]) }, { usage: rows }],
    ['that is as empty', nothing, nothing],
  ])('is that of its own account beside one %s', (_, other, own) => {
    expect(besides(other, own)?.[0]).toBe(true)
  })
})

describe('a filter by account', () => {
  const { result } = attribute([{ members: [5], usage: whole([row(1, strange)]) }])
  const bills = {
    accounts: [{ account: account(5), billing: none, workspace: 0, usage: whole(null), events: null }],
    workspaces: result.workspaces.map(({ source }) => source),
    unplaced: [],
  }
  const others = [account(5), account(6)]

  it('leaves out bills that may show whether ids say anything', () => {
    expect(withFilter(bills, true, others)).toEqual({ ...bills, otherRows: 'unread' })
    expect(withFilter({ ...bills, otherRows: 'name-none' }, true, others).otherRows).toBe('unread')
  })

  it.each([
    ['there is none', bills, false, others],
    ['other rows showed that they do', { ...bills, otherRows: 'name-known-keys' } as const, true, others],
    ['the others have keys without an id', bills, true, [account(5), account(6, 'plain')]],
    ['it leaves out nobody', bills, true, [account(5)]],
  ])('changes nothing where %s', (_, given, isFiltered, all) => {
    expect(withFilter(given, isFiltered, all)).toBe(given)
  })
})
