import { describe, expect, it } from 'vitest'
import { keyIdOfAccount } from '../../../src/demo/mini-world.ts'
import type { UsageRow } from '../../../src/fal/reader.ts'
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
const unmatched = { code: 'key-ids-unmatched' }

describe('rows with ids', () => {
  it('go to the account of the key; others are nobody’s', () => {
    const { costs, shared } = attribute([
      {
        members: [5, 6],
        usage: whole([row(1, key(5)), row(2, key(6)), row(4, key(5)), row(8, strange), row(16, who.person)]),
      },
    ])
    expect(costs).toEqual({ 5: [1, 4], 6: [2] })
    expect(shared).toEqual([
      { label: 'team', members: [5, 6], unattributed: [8, 16], undivided: null, membersKnown: true },
    ])
  })

  it('of accounts outside the audit are left out', () => {
    const { costs, shared } = attribute([{ members: [5, 9], usage: whole([row(1, key(5)), row(2, key(9))]) }], {
      outside: [9],
    })
    expect(costs).toEqual({ 5: [1] })
    expect(shared[0]).toMatchObject({ unattributed: [], undivided: null })
  })

  it('that several accounts have, tell none of them', () => {
    const twin = `${keyIdOfAccount(5)}:other`
    const all = [account(5), account(6, twin)]
    const costsOf = (...rows: UsageRow[]) => attribute([{ members: [5, 6], usage: whole(rows) }], { all }).costs
    const oneKey = { code: 'key-ids-shared' }
    expect(costsOf(row(1, key(5)))).toEqual({ 5: oneKey, 6: oneKey })
    // A row that names no key, or one that may be of either, leaves more open than that.
    expect(costsOf(row(1, key(5)), row(2, who.nobody))).toEqual({ 5: shares, 6: shares })
  })
})

describe('rows without ids', () => {
  it('belong to the one member', () => {
    expect(attribute([{ members: [5], usage: whole([row(1, who.nobody), row(2, key(5))]) }]).costs).toEqual({
      5: [1, 2],
    })
  })

  it('of several members belong to them together', () => {
    const { costs, shared } = attribute([
      { members: [5, 6], usage: whole([row(1, who.nobody), row(2, key(5)), row(4, strange)]) },
    ])
    expect(costs).toEqual({ 5: shares, 6: shares })
    expect(shared[0]).toMatchObject({ undivided: [1, 2], unattributed: [4], membersKnown: true })
  })

  it('belong to nobody where events name all keys, and one that no account has', () => {
    const open = (...by: { keyId: string | null; login: string | null }[]) => {
      const events = whole(by.map((each, at) => event(`r${at}`, each)))
      return attribute([{ members: [5], usage: whole([row(1, who.nobody)]), events }]).costs
    }
    expect(open(key(5), strange)).toEqual({ 5: shares })
    expect(open(key(5), who.person)).toEqual({ 5: shares })
    // Beside others that name nobody, too: which of the two the row is nobody can tell.
    expect(open(key(5), strange, who.nobody)).toEqual({ 5: shares })
    const events = whole([key(5), strange, who.nobody].map((each, at) => event(`r${at}`, each)))
    const spaces = [{ members: [5], usage: whole([row(1, who.nobody), row(2, strange)]), events }]
    expect(attribute(spaces).costs).toEqual({ 5: [1] })
    // No key but that of the account tells of nobody else; a login names no key.
    expect(open(key(5))).toEqual({ 5: [1] })
    expect(open(who.person)).toEqual({ 5: [1] })
  })

  it('belong to nobody while an account that has tasks may be one more member', () => {
    const spaces = [{ members: [5], usage: whole([row(1, who.nobody)]) }]
    expect(attribute(spaces, { unplaced: [6] }).costs).toEqual({ 5: [1] })
    const open = attribute(spaces, { unplaced: [6], active: [6] })
    expect(open.costs).toEqual({ 5: shares })
    expect(open.shared[0]?.membersKnown).toBe(false)
    expect(attribute(spaces, { unplaced: [5], active: [5] }).costs).toEqual({ 5: [1] })
  })

  it('of a workspace without a name belong to nobody while any account that has tasks may be one more member', () => {
    const unnamed = { name: null, members: [5], usage: whole([row(1, who.nobody)]) }
    const all = [account(5), account(6)]
    expect(attribute([unnamed], { all }).costs).toEqual({ 5: [1] })
    expect(attribute([unnamed], { all, active: [5] }).costs).toEqual({ 5: [1] })
    expect(attribute([unnamed], { all, active: [6] }).costs).toEqual({ 5: shares })
    // The bill of the other one was read, and is another one, whether or not it has a name.
    const read = { members: [6], usage: whole([row(2, who.nobody, 'other')]) }
    for (const name of [null, 'team']) {
      expect(attribute([unnamed, { ...read, name }], { all, active: [5, 6] }).costs).toEqual({ 5: [1], 6: [2] })
    }
    expect(attribute([unnamed, { ...read, usage: none }], { all, active: [5, 6] }).costs).toMatchObject({ 5: shares })
  })

  it('are seen in the events around the window, too', () => {
    const usage = whole([row(1, key(5))])
    expect(attribute([{ members: [5, 6], usage, events: whole([event('a', who.nobody)]) }]).costs).toEqual({
      5: shares,
      6: shares,
    })
    expect(
      attribute([{ members: [5, 6], usage, events: part([event('a', key(5)), event('b', who.nobody)]) }]).costs,
    ).toEqual({ 5: shares, 6: shares })
    expect(attribute([{ members: [5, 6], usage, events: whole([event('a', key(6))]) }]).costs).toEqual({
      5: [1],
      6: [],
    })
    expect(attribute([{ members: [5, 6], usage, events: none }]).costs).toEqual({ 5: [1], 6: [] })
  })
})

describe('ids that no account has', () => {
  const spaces = [{ members: [5, 6], usage: whole([row(1, strange)]) }]

  it('say nothing where not one is known and the accounts record cost', () => {
    expect(attribute(spaces, { recorded: [5] }).costs).toEqual({ 5: unmatched, 6: unmatched })
    expect(attribute(spaces).costs).toEqual({ 5: [], 6: [] })
  })

  it('are somebody else’s once any id of the run is known', () => {
    const known = [...spaces, { name: 'other', members: [7], usage: whole([row(2, key(7))]) }]
    const { costs, shared } = attribute(known, { recorded: [5, 7] })
    expect(costs).toEqual({ 5: [], 6: [], 7: [2] })
    expect(shared[0]?.unattributed).toEqual([1])
  })

  it('may be those of a spending account whose key shows no id', () => {
    const all = [account(5), account(6, 'plain'), account(7)]
    const known = [...spaces, { name: 'other', members: [7], usage: whole([row(2, key(7))]) }]
    expect(attribute(known, { recorded: [6], all }).costs).toEqual({ 5: unmatched, 6: unmatched, 7: [2] })
    expect(attribute(known, { recorded: [5], all }).costs).toEqual({ 5: [], 6: [], 7: [2] })
  })
})

describe('ids that no account has, in rows of some endpoints alone', () => {
  const some = [
    { name: 'a', members: [5], usage: whole([row(1, strange)]) },
    { name: 'b', members: [6], usage: whole([row(2, who.nobody)]) },
  ]
  const recorded = [5, 6]

  it('are somebody else’s where other rows name a known one', () => {
    const { costs, shared } = attribute(some, { recorded, otherRows: 'name-known-keys' })
    expect(costs).toEqual({ 5: [], 6: [2] })
    expect(shared.map(({ unattributed }) => unattributed)).toEqual([[1], []])
  })

  it('say nothing where the other rows name none either', () => {
    for (const options of [{ recorded }, { recorded, otherRows: 'name-none' }] as const) {
      expect(attribute(some, { ...options, recorded: [...options.recorded] }).costs).toEqual({ 5: [1], 6: [2] })
    }
  })

  it('are nobody’s where the other rows were not read, unless no account recorded cost', () => {
    const { costs, shared } = attribute(some, { recorded, otherRows: 'unread' })
    expect(costs).toEqual({ 5: unmatched, 6: [2] })
    expect(shared[0]).toMatchObject({ undivided: [1], unattributed: [], membersKnown: false })
    expect(attribute(some, { otherRows: 'unread' }).costs).toEqual({ 5: [], 6: [2] })
  })
})

describe('what was not read', () => {
  it('has a reason instead of rows, in whole or in part', () => {
    const { costs } = attribute([
      { name: 'a', members: [5], usage: none },
      { name: 'b', members: [6], usage: part([row(1, key(6))]) },
    ])
    expect(costs).toEqual({
      5: { code: 'bill-unread', params: { detail: 'refused', failure: 'forbidden' } },
      6: { code: 'bill-unread', params: { detail: 'too long', failure: 'page-limit' } },
    })
  })

  it('of the usage leaves the events to be judged', () => {
    const { costs, result } = attribute([{ members: [5], usage: none, events: whole([event('a', key(5))]) }])
    expect(costs).toEqual({ 5: { code: 'bill-unread', params: { detail: 'refused', failure: 'forbidden' } } })
    expect(result.workspaces[0]?.ownerOf(key(5))).toEqual({ accountId: 5 })
    expect(attribute([{ members: [5], usage: none, events: part([event('a', key(5))]) }]).shared).toEqual([])
  })
})

describe('bills of workspaces without a name', () => {
  const unnamed = (members: number[], usage: Space['usage'], events: Space['events'] = null): Space => ({
    name: null,
    members,
    usage,
    events,
  })

  it('are one where one names the key of the other', () => {
    const rows = [row(1, key(5)), row(2, key(6)), row(4, strange)]
    const { costs, shared } = attribute([unnamed([5], whole(rows)), unnamed([6], whole(rows))])
    expect(costs).toEqual({ 5: [1], 6: [2] })
    expect(shared).toEqual([
      { label: 'unknown (account 5)', members: [5, 6], unattributed: [4], undivided: null, membersKnown: true },
    ])
    const oneWay = attribute([
      unnamed([5], whole([row(1, key(5))])),
      unnamed([6], whole([row(1, key(5)), row(2, strange)])),
    ])
    expect(oneWay.shared).toHaveLength(1)
  })

  it('are one where the rows of named ids, or the requests, are the same', () => {
    const strangers = whole([row(1, strange), row(2, who.nobody)])
    expect(attribute([unnamed([5], strangers), unnamed([6], strangers)]).shared).toHaveLength(1)
    const requests = (...ids: string[]) => whole(ids.map((id) => event(id, who.nobody)))
    const alike = whole([row(1, who.nobody)])
    expect(
      attribute([unnamed([5], alike, requests('a', 'b')), unnamed([6], alike, requests('b'))]).shared,
    ).toHaveLength(1)
    const apart = attribute([unnamed([5], alike, requests('a')), unnamed([6], alike, requests('b'))])
    expect(apart.costs).toEqual({ 5: [1], 6: [1] })
    expect(apart.shared).toHaveLength(2)
  })

  it('with the same rows that name nobody may be one or two: nobody is judged by them', () => {
    const alike = whole([row(1, who.nobody)])
    const { costs, shared, result } = attribute([
      unnamed([5], alike),
      unnamed([6], alike),
      { members: [7], usage: whole([]) },
    ])
    const twice = { code: 'bill-maybe-twice' }
    expect(costs).toEqual({ 5: twice, 6: twice, 7: [] })
    expect(shared.map(({ membersKnown }) => membersKnown)).toEqual([true, false, false])
    expect(result.workspaces.map(({ maybeTwice }) => maybeTwice)).toEqual([false, true, true])
    // A bill grows between two readings of it, so that the same line at another cost tells nothing.
    const grown = whole([row(2, who.nobody)])
    expect(attribute([unnamed([5], alike), unnamed([6], grown)]).costs).toEqual({ 5: twice, 6: twice })
    const other = whole([row(2, who.nobody, 'other')])
    expect(attribute([unnamed([5], alike), unnamed([6], other)]).costs).toEqual({ 5: [1], 6: [2] })
    expect(
      attribute([unnamed([5], whole([])), unnamed([6], whole([]))]).shared.every(({ membersKnown }) => membersKnown),
    ).toBe(true)
  })

  it('join the named one, and the better reading of the two counts', () => {
    const rows = [row(1, key(5)), row(2, key(6))]
    const joined = attribute([
      unnamed([6], whole(rows)),
      { members: [5], usage: part([row(1, key(5)), row(2, key(6))]) },
    ])
    expect(joined.costs).toEqual({ 5: [1], 6: [2] })
    expect(joined.shared).toMatchObject([{ label: 'team', members: [5, 6] }])
    const worse = attribute([{ members: [5], usage: whole(rows) }, unnamed([6], part(rows.slice(1)))])
    expect(worse.costs).toEqual({ 5: [1], 6: [2] })
  })
})
