import { describe, expect, it } from 'vitest'
import {
  alikeReadings,
  type BillEvidence,
  groupBills,
  keyIdsIn,
  usageLines,
} from '../../../src/audit/bills/same-bill.ts'
import type { UsageRow } from '../../../src/fal/reader.ts'
import { instant } from '../../../src/units/instant.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import type { CalendarDate } from '../../../src/units/zone.ts'

const OWNERS = new Map<string, number | null>([
  ['k5', 5],
  ['k6', 6],
  ['twin', null],
])

interface Told extends Partial<Omit<BillEvidence, 'lines' | 'requests'>> {
  readonly id: string
  /** Lines that name nobody; one that begins with a key and a colon names it. */
  readonly lines?: readonly string[]
  readonly requests?: readonly string[]
  readonly cutRequests?: readonly string[]
}

const evidenceOf = ({ lines = [], requests, cutRequests, ...told }: Told): BillEvidence => ({
  name: null,
  members: [],
  kind: 'usage',
  whole: true,
  lines: () => lines.map((mark) => ({ keyId: /^(\w+):/.exec(mark)?.[1] ?? null, mark })),
  ...(requests !== undefined && { requests: { ids: new Set(requests), whole: true } }),
  ...(cutRequests !== undefined && { requests: { ids: new Set(cutRequests), whole: false } }),
  ...told,
})

/** Groups in short: ids together, with a question mark where a group may be another one. */
const grouped = (...readings: Told[]): string[] =>
  groupBills(readings, evidenceOf, OWNERS).map(
    ({ readings: each, sure }) => each.map(({ id }) => id).join('+') + (sure ? '' : '?'),
  )

const ALIKE = ['flux', 'kling', 'sora']

describe('two bills are', () => {
  it.each([
    ['one names the key of an account of the other', { lines: ['k6:flux'] }, { members: [6], lines: ['x'] }],
    ['both name one key, whoever has it', { lines: ['strange:flux', 'a'] }, { lines: ['strange:flux', 'b'] }],
    ['both name a key that several accounts have', { lines: ['twin:flux'] }, { lines: ['twin:kling'] }],
    ['both bill one request', { requests: ['r1', 'r2'] }, { requests: ['r2', 'r3'] }],
    ['both bill one request, though one was read in part', { requests: ['r1'] }, { cutRequests: ['r1'] }],
  ])('one, where %s', (_, a, b) => {
    expect(grouped({ id: 'a', ...a }, { id: 'b', ...b })).toEqual(['a+b'])
    expect(grouped({ id: 'b', ...b, name: 'team' }, { id: 'a', ...a })).toEqual(['b+a'])
  })

  it.each([
    ['fal named both, whatever they hold', { name: 'v', lines: ALIKE }, { name: 'w', lines: ALIKE }],
    ['they name keys, and none in common', { lines: ['k5:a', ...ALIKE] }, { lines: ['k6:a', ...ALIKE] }],
    ['they bill requests, and none in common', { requests: ['r1'], lines: ALIKE }, { requests: ['r2'], lines: ALIKE }],
    [
      'they bill requests, and few in common',
      { requests: ['r1', 'r2', 'r3'], lines: ALIKE },
      { requests: ['r3', 'r4', 'r5'], lines: ALIKE },
    ],
    [
      'they name keys, and bill one request both',
      { requests: ['r1'], lines: ['k5:a', ...ALIKE] },
      { requests: ['r1'], lines: ['k6:a', ...ALIKE] },
    ],
    ['they have no line in common', { lines: ['flux'] }, { lines: ['kling'] }],
    ['one names a key of no account, beside account -1', { lines: ['k:a'] }, { members: [-1], lines: ['b'] }],
    ['one names a key of several, beside account -1', { lines: ['twin:a'] }, { members: [-1], lines: ['b'] }],
    ['less than half of the lines of the shorter one', { lines: ALIKE }, { lines: ['flux', 'a', 'b', 'c'] }],
    ['one of them holds nothing', { lines: ALIKE }, { lines: [] }],
    ['one of them, of another kind, holds nothing', { lines: ALIKE }, { kind: 'focus' as const, lines: [] }],
    ['one names a key of nobody', { lines: ['strange:flux'] }, { members: [1], lines: ['k6:flux'] }],
    ['both hold nothing', {}, {}],
  ])('two, where %s', (_, a, b) => {
    expect(grouped({ id: 'a', ...a }, { id: 'b', ...b })).toEqual(['a', 'b'])
  })

  it.each([
    ['their lines are the same', { lines: ALIKE }, { lines: ALIKE }],
    ['one has grown since', { lines: ['flux'] }, { lines: ['flux', 'kling', 'sora'] }],
    ['half of the lines of the shorter one are in the other', { lines: ['flux', 'x'] }, { lines: ALIKE }],
    [
      'one was read in part, and might name keys',
      { lines: ['k5:a', ...ALIKE] },
      { lines: ['k6:a', ...ALIKE], whole: false },
    ],
    ['only one names keys', { lines: ['k5:a', ...ALIKE] }, { lines: ALIKE }],
    [
      'the requests of one were read in part',
      { requests: ['r1'], lines: ALIKE },
      { cutRequests: ['r2'], lines: ALIKE },
    ],
    ['the requests of one were not read', { requests: ['r1'], lines: ALIKE }, { lines: ALIKE }],
    ['one bills no request', { requests: ['r1'], lines: ALIKE }, { requests: [], lines: ALIKE }],
    ['they are of two kinds', { lines: ['flux'] }, { kind: 'focus', lines: ['INV-1'] }],
  ] as const)('one or two, where %s', (_, a, b) => {
    expect(grouped({ id: 'a', ...a }, { id: 'b', ...b })).toEqual(['a?', 'b?'])
    expect(grouped({ id: 'b', ...b }, { id: 'a', ...a })).toEqual(['b?', 'a?'])
    expect(grouped({ id: 'a', name: 'team', ...a }, { id: 'b', ...b })).toEqual(['a?', 'b?'])
  })
})

describe('several bills', () => {
  it('come with the named ones first, and a reading joins the named one', () => {
    const five = { members: [5], lines: ['k5:a'] }
    expect(grouped({ id: 'u', lines: ['k5:a', 'b'] }, { id: 'n', name: 'n', ...five }, { id: 'm', name: 'm' })).toEqual(
      ['n+u', 'm'],
    )
  })

  it('that one more shows to be one, are one', () => {
    const a = { id: 'a', members: [5], lines: ['strange:x'] }
    const b = { id: 'b', members: [6], lines: ['k6:x'] }
    expect(grouped(a, b)).toEqual(['a', 'b'])
    expect(grouped(a, b, { id: 'c', lines: ['strange:x', 'k6:x'] })).toEqual(['a+c+b'])
  })

  it('are one with a third that is one with any of them, and in doubt where any of them is', () => {
    const a = { id: 'a', lines: ['strange:x'] }
    const b = { id: 'b', lines: ['strange:y', 'other:y'] }
    expect(grouped(a, b, { id: 'c', lines: ['other:z'] })).toEqual(['a+b+c'])
    const m = { id: 'm', members: [5], lines: ['zzz'] }
    const u = { id: 'u', lines: ['k5:a', 'flux'] }
    const alike = { id: 'c', lines: ['flux'] }
    expect(grouped(m, alike)).toEqual(['m', 'c'])
    expect(grouped(m, u, alike)).toEqual(['m+u?', 'c?'])
    expect(grouped(alike, m, u)).toEqual(['c?', 'm+u?'])
  })

  it('leave a doubt under a name with what may be a reading of it without one', () => {
    const named = { id: 'v', name: 'v', lines: ['k5:flux'] }
    const nameless = { id: 'u', members: [5], lines: ALIKE }
    expect(grouped(named, nameless, { id: 'w', name: 'w', lines: ALIKE })).toEqual(['v+u?', 'w?'])
    expect(grouped(named, nameless, { id: 'w', name: 'w', lines: ['kling', 'x', 'y'] })).toEqual(['v+u', 'w'])
  })

  it('of two names are never one: the contradiction leaves both open', () => {
    const v = { id: 'v', name: 'v', members: [5], lines: ['x'] }
    const w = { id: 'w', name: 'w', members: [6], lines: ['y'] }
    expect(grouped(v, w, { id: 'u', lines: ['k5:x', 'k6:x'] })).toEqual(['v+u?', 'w?'])
  })

  it('leave a doubt with those that may be one, and none with the others', () => {
    expect(
      grouped(
        { id: 'a', lines: ['flux'] },
        { id: 'b', lines: ['flux'] },
        { id: 'c', lines: ['kling'] },
        { id: 'n', name: 'n', lines: ['sora'] },
      ),
    ).toEqual(['n', 'a?', 'b?', 'c'])
  })

  describe('under two names', () => {
    const withKeys = (told: Told): BillEvidence => {
      const evidence = evidenceOf(told)
      return { ...evidence, keyIds: () => new Set(evidence.lines().flatMap(({ keyId }) => keyId ?? [])) }
    }
    const groupedByKeys = (...readings: Told[]): string[] =>
      groupBills(readings, withKeys, OWNERS).map(({ readings: each }) => each.map(({ id }) => id).join('+'))
    const v = { id: 'v', name: 'v', members: [5] }
    const w = { id: 'w', name: 'w', members: [6] }

    it.each([
      ['each names the keys of both', ['k5:a', 'k6:b'], ['k5:a', 'k6:b']],
      ['one has grown since', ['k5:a', 'k6:b'], ['k5:a', 'k6:b', 'k6:c', 'd']],
      ['both name one key, whoever has it', ['strange:a', 'b'], ['strange:a', 'b']],
    ])('are one, where %s', (_, lines, others) => {
      expect(groupedByKeys({ ...v, lines }, { ...w, lines: others })).toEqual(['v+w'])
    })

    it.each([
      ['each names its own keys', ['k5:a', ...ALIKE], ['k6:a', ...ALIKE]],
      ['they name no keys', ALIKE, ALIKE],
      ['a key stands in both, which hold other lines', ['k5:a', 'b', 'c'], ['k5:d', 'e', 'f']],
      ['one of them holds nothing', ['k5:a', 'k6:b'], []],
    ])('are two, where %s', (_, lines, others) => {
      expect(groupedByKeys({ ...v, lines }, { ...w, lines: others })).toEqual(['v', 'w'])
    })
  })

  it('under two names are one where they hold the same lines and most of the same requests, and no key', () => {
    const one = { id: 'v', name: 'v', lines: ALIKE, requests: ['r1', 'r2', 'r3'], keyIds: () => new Set<string>() }
    const two = { ...one, id: 'w', name: 'w' }
    expect(grouped(one, two)).toEqual(['v+w'])
    expect(grouped(one, { ...two, requests: ['r2', 'r3', 'r4'] })).toEqual(['v+w'])
    expect(grouped(one, { ...two, requests: ['r3', 'r4', 'r5'] })).toEqual(['v', 'w'])
    // One of few may be billed twice; of one bill, read twice, both readings hold nearly all.
    expect(grouped(one, { ...two, requests: ['r1'] })).toEqual(['v', 'w'])
    expect(grouped({ ...one, requests: ['r1', 'r2'] }, { ...two, requests: ['r1'] })).toEqual(['v+w'])
    expect(grouped(one, { ...two, lines: ['x', 'y'] })).toEqual(['v', 'w'])
    expect(grouped({ ...one, requests: [] }, { ...two, requests: [] })).toEqual(['v', 'w'])
  })

  it('under two names are one by their requests alone where one of them shows no line', () => {
    const keyIds = () => new Set<string>()
    const one = { id: 'v', name: 'v', lines: ['k5:a', 'b'], requests: ['r1', 'r2'], keyIds }
    const unread = { id: 'w', name: 'w', whole: false, requests: ['r1', 'r2'], keyIds }
    expect(grouped(one, unread)).toEqual(['v+w'])
    expect(grouped({ ...one, lines: [], whole: false }, unread)).toEqual(['v+w'])
    expect(grouped(one, { ...unread, requests: ['r3', 'r4'] })).toEqual(['v', 'w'])
    const { requests, ...cut } = unread
    expect(grouped(one, { ...cut, cutRequests: requests })).toEqual(['v', 'w'])
  })

  describe('under two names, that name no keys', () => {
    const lines = (...amounts: readonly string[]) =>
      amounts.map((amount, index) => ({ keyId: null, mark: ALIKE[index] ?? '', amount }))
    const told = (id: string, amounts: readonly string[], more: Partial<BillEvidence> = {}): BillEvidence => ({
      ...evidenceOf({ id, name: id }),
      lines: () => lines(...amounts),
      keyIds: () => new Set(),
      ...more,
    })
    const sureOf = (...both: readonly [BillEvidence, BillEvidence]): boolean[] =>
      groupBills(both, (each) => each, OWNERS).map(({ sure }) => sure)
    const ONE = ['1', '2', '3']

    it.each([
      ['all their lines amount to the same', ONE, ONE],
      ['half of them do, and one has more since', ['1', '2'], ['1', '9', '3']],
    ])('may be one where %s', (_, a, b) => {
      expect(sureOf(told('v', a), told('w', b))).toEqual([false, false])
    })

    it.each([
      ['less than half of their lines amount to the same', ONE, ['1', '8', '9'], {}],
      ['what one bills is the lesser part of the lines of the other', ['1'], ONE, {}],
      ['one of them holds nothing', ONE, [], {}],
      ['each names keys, and none in common', ONE, ONE, { keyIds: () => new Set(['other']) }],
      ['each bills requests, and most are of one alone', ONE, ONE, { requests: { ids: new Set(['r2']), whole: true } }],
    ])('are two where %s', (_, a, b, more) => {
      const requests = { ids: new Set(['r1']), whole: true }
      const keyIds = () => new Set('keyIds' in more ? ['strange'] : [])
      expect(sureOf(told('v', a, { requests, keyIds }), told('w', b, more))).toEqual([true, true])
    })

    it('may be one where requests, keys or lines were read of one alone, or in part', () => {
      const requests = { ids: new Set(['r1']), whole: true }
      const keyIds = () => new Set(['strange'])
      expect(sureOf(told('v', ONE, { requests }), told('w', ONE))).toEqual([false, false])
      const others = { ids: new Set(['r2']), whole: false }
      expect(sureOf(told('v', ONE, { requests }), told('w', ONE, { requests: others }))).toEqual([false, false])
      expect(sureOf(told('v', ONE, { keyIds }), told('w', ONE))).toEqual([false, false])
      expect(sureOf(told('v', ['1'], { whole: false }), told('w', ONE))).toEqual([false, false])
      const more = { keyIds: () => new Set(['other']), whole: false }
      expect(sureOf(told('v', ONE, { keyIds }), told('w', ONE, more))).toEqual([false, false])
    })
  })

  it('of two names whose readings do not tell the keys of workspaces are two, whatever lines they share', () => {
    const lines = ['k5:a', 'k6:b']
    const [v, w] = [
      { id: 'v', name: 'v', members: [5], lines },
      { id: 'w', name: 'w', members: [6], lines },
    ]
    expect(grouped(v, w)).toEqual(['v', 'w'])
    // Both have to tell them: what one tells says nothing of the other.
    const told = { keyIds: () => new Set(['k5', 'k6']) }
    expect(grouped({ ...v, ...told }, w)).toEqual(['v', 'w'])
    expect(grouped(v, { ...w, ...told })).toEqual(['v', 'w'])
    expect(grouped({ ...v, ...told }, { ...w, ...told })).toEqual(['v+w'])
  })

  it('that fal named are not looked into', () => {
    const lines = () => {
      throw new Error('looked into')
    }
    const named = ['v', 'w'].map((name) => ({ id: name, name }))
    expect(groupBills(named, (told) => ({ ...evidenceOf(told), lines }), OWNERS)).toHaveLength(2)
  })
})

describe('readings that are alike', () => {
  const alike = (a: Omit<Told, 'id'>, b: Omit<Told, 'id'>): number =>
    alikeReadings([{ id: 'a', ...a }, { id: 'b', ...b }, { id: 'c' }], evidenceOf, OWNERS).length

  it.each([
    ['hold the same lines, and name no keys', { lines: ALIKE }, { lines: ALIKE }, 1],
    ['hold the same lines, of which one names keys', { lines: ['k5:a', ...ALIKE] }, { lines: ALIKE }, 1],
    [
      'are of two kinds, and one names a key that opens the other',
      { lines: ['k6:a'] },
      { members: [6], lines: ['b'] },
      1,
    ],
    ['each name their own keys', { lines: ['k5:a', ...ALIKE] }, { lines: ['k6:a', ...ALIKE] }, 0],
    [
      'each name their own keys, as far as one was read',
      { lines: ['k5:a', ...ALIKE] },
      { lines: ['k6:a', ...ALIKE], whole: false },
      1,
    ],
    ['hold other lines', { lines: ['a'] }, { lines: ['b'] }, 0],
    ['hold nothing', {}, {}, 0],
    ['hold nothing, of which the other names a key', { lines: ['k6:a'] }, { members: [6] }, 0],
  ])('%s', (_, a, b, count) => {
    expect(alike(a, b)).toBe(count)
    expect(alike(b, a)).toBe(count)
  })
})

describe('a row of usage', () => {
  const row: UsageRow = {
    bucketStart: instant(0),
    date: '2026-02-06' as CalendarDate,
    model: 'flux',
    unit: 'images',
    quantity: '1',
    unitPrice: '0.1',
    percentDiscount: null,
    costNanoUsd: nanoUsd(100_000_000n),
    keyId: 'k5',
    login: null,
  }
  const marks = (...rows: UsageRow[]) => new Set(usageLines(rows).map(({ mark }) => mark)).size

  it('stays the same line while its quantity and cost grow', () => {
    expect(marks(row, { ...row, quantity: '2', costNanoUsd: nanoUsd(200_000_000n) })).toBe(1)
  })

  it.each<Partial<UsageRow>>([
    { bucketStart: instant(86_400_000) },
    { model: 'kling' },
    { unit: 'seconds' },
    { unitPrice: '0.2' },
    { percentDiscount: '10' },
    { keyId: 'k6' },
    { keyId: null, login: 'k5' },
  ])('is another line with %o', (other) => {
    expect(marks(row, { ...row, ...other })).toBe(2)
  })

  it('names its key, if it has one', () => {
    const rows = [row, { ...row, keyId: null }, { ...row, keyId: 'k6' }]
    expect(usageLines(rows).map(({ keyId }) => keyId)).toEqual(['k5', null, 'k6'])
    expect([...keyIdsIn(rows)]).toEqual(['k5', 'k6'])
  })
})
