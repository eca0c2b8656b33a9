import { describe, expect, it } from 'vitest'
import type { Owner, SharedBill } from '../../../src/audit/bills/whose-bill.ts'
import type { Placement } from '../../../src/audit/requests/period-bill.ts'
import { type PlacementSum, PlacementSums } from '../../../src/audit/requests/placement-sums.ts'
import type { BillingEvent } from '../../../src/fal/reader.ts'
import type { TaskRow } from '../../../src/ledger/reader.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import { eventOf, evidenceOf, taskOf, whole } from '../../kit/evidence.ts'

const [team5, team6] = evidenceOf({
  spaces: [
    { members: [5], events: whole([]) },
    { members: [6], events: whole([]) },
  ],
}).attribution.workspaces

interface Given {
  readonly bill?: SharedBill | undefined
  readonly owner?: Owner
  readonly claimedBy?: TaskRow | null
  /** All events of the request: model and cost. */
  readonly events?: readonly (readonly [string, bigint])[]
  /** Those that belong to the window; all of them by default. */
  readonly placed?: readonly (readonly [string, bigint])[]
  readonly amounts?: Partial<Record<keyof typeof NONE, bigint>>
  readonly isInTime?: boolean
  /** Those within the window, where they name several endpoints. */
  readonly inTime?: readonly (readonly [string, bigint])[]
  /** Those outside it that no task claims. */
  readonly around?: readonly (readonly [string, bigint])[]
}

const NONE = {
  ...{ inTimeNanoUsd: 0n, carriedInNanoUsd: 0n, carriedOutNanoUsd: 0n, matchedNanoUsd: 0n, orphanNanoUsd: 0n },
  ...{ undatedNanoUsd: 0n, undatedBeyondNanoUsd: 0n, undatedWithinNanoUsd: 0n },
}

function placement(given: Given): Placement {
  const { bill = team5, owner = { accountId: 5 }, claimedBy = null, events = [['veo3', 1n]], amounts = {} } = given
  if (bill === undefined) throw new RangeError('no such bill')
  const told = (list: readonly (readonly [string, bigint])[]): BillingEvent[] =>
    list.map(([model, cost]) => eventOf(5, 'r', { model, costNanoUsd: nanoUsd(cost) }))
  const group = { bill, owner, claimedBy, requestId: 'r', events: told(events), costNanoUsd: nanoUsd(0n) }
  const sums = Object.fromEntries(Object.entries({ ...NONE, ...amounts }).map(([name, sum]) => [name, nanoUsd(sum)]))
  return {
    ...(sums as Pick<Placement, keyof typeof NONE>),
    group,
    isInTime: given.isInTime ?? true,
    ...(given.inTime !== undefined && { inTimeOfSeveral: told(given.inTime) }),
    ...(given.around !== undefined && { around: told(given.around) }),
    events: told(given.placed ?? events),
  }
}

function sumsOf(...given: readonly Given[]): readonly PlacementSum[] {
  const sums = new PlacementSums()
  for (const each of given) sums.add(placement(each))
  return sums.list()
}
const shortOf = (sums: readonly PlacementSum[]) =>
  sums.map(({ stored, endpoint, placedNanoUsd, requests }) => [stored, endpoint, placedNanoUsd, requests])

describe('placements of one bill, owner, model and endpoint', () => {
  it('are added up, each amount for itself', () => {
    const one = {
      inTimeNanoUsd: 1n,
      carriedInNanoUsd: 20n,
      carriedOutNanoUsd: 300n,
      matchedNanoUsd: 4000n,
      orphanNanoUsd: 50_000n,
      undatedNanoUsd: 600_000n,
      undatedBeyondNanoUsd: 8_000_000n,
      undatedWithinNanoUsd: 10_000_000n,
    }
    const two = {
      inTimeNanoUsd: 2n,
      carriedInNanoUsd: 30n,
      carriedOutNanoUsd: 400n,
      matchedNanoUsd: 5000n,
      orphanNanoUsd: 60_000n,
      undatedNanoUsd: 700_000n,
      undatedBeyondNanoUsd: 9_000_000n,
      undatedWithinNanoUsd: 20_000_000n,
    }
    const first: Given = { amounts: one, events: [['veo3', 7n]], around: [['veo3', 9n]] }
    expect(sumsOf(first, { amounts: two, events: [['veo3', 8n]], around: [['veo3', 1n]] })).toEqual([
      {
        ...{
          bill: team5,
          owner: { accountId: 5 },
          stored: null,
          endpoint: 'veo3',
          placedNanoUsd: 15n,
          aroundNanoUsd: 10n,
          requests: 2,
          roundedEvents: 0,
        },
        ...{ inTimeNanoUsd: 3n, billedNanoUsd: 3n, carriedInNanoUsd: 50n, carriedOutNanoUsd: 700n },
        ...{ matchedNanoUsd: 9000n, orphanNanoUsd: 110_000n, undatedNanoUsd: 1_300_000n },
        undatedBeyondNanoUsd: nanoUsd(17_000_000n),
        undatedWithinNanoUsd: nanoUsd(30_000_000n),
      },
    ])
  })

  it('tell what was billed within the window under the endpoint of each event, and the sums are alike', () => {
    const events = [
      ['veo3', 5n],
      ['nsfw', 2n],
    ] as const
    const amounts = { inTimeNanoUsd: 7n }
    const billed = (inTime: readonly (readonly [string, bigint])[]) =>
      sumsOf({ events, amounts, inTime }, { events: [['veo3', 1n]], amounts: { inTimeNanoUsd: 1n } }).map((sum) => [
        sum.endpoint,
        sum.inTimeNanoUsd,
        sum.billedNanoUsd,
      ])
    expect(billed(events)).toEqual([
      ['veo3', 8n, 6n],
      ['nsfw', 0n, 2n],
    ])
  })

  it('count the requests that have an event within the window', () => {
    expect(shortOf(sumsOf({}, { isInTime: false }, {}))).toEqual([[null, 'veo3', 3n, 2]])
  })

  it('say apart from an amount of nothing that nothing belongs to the window', () => {
    expect(shortOf(sumsOf({ placed: [] }))).toEqual([[null, 'veo3', null, 1]])
    expect(shortOf(sumsOf({ placed: [['veo3', 0n]] }))).toEqual([[null, 'veo3', 0n, 1]])
    expect(shortOf(sumsOf({ placed: [] }, {}, { placed: [] }))).toEqual([[null, 'veo3', 1n, 3]])
  })

  it('stand under the endpoint of the first event, and each event under its own', () => {
    const events = [
      ['veo3', 3n],
      ['audio', 4n],
      ['veo3', 5n],
    ] as const
    const sums = sumsOf({ events, amounts: { matchedNanoUsd: 12n } }, { events: [['audio', 10n]] })
    expect(shortOf(sums)).toEqual([
      [null, 'veo3', 8n, 1],
      [null, 'audio', 14n, 1],
    ])
    expect(sums.map(({ matchedNanoUsd }) => matchedNanoUsd)).toEqual([12n, 0n])
    expect(shortOf(sumsOf({ events: [] }))).toEqual([[null, '', null, 1]])
  })

  it.each<[string, Given, Given]>([
    ['bill', { bill: team5 }, { bill: team6 }],
    ['account', { owner: { accountId: 5 } }, { owner: { accountId: 6 } }],
    ['kind of owner', { owner: 'undivided' }, { owner: 'unattributed' }],
    ['endpoint', {}, { events: [['veo2', 1n]] }],
    ['stored model', { claimedBy: taskOf(5, 1, { model: 'a' }) }, { claimedBy: taskOf(5, 2, { model: 'b' }) }],
    ['claim', { claimedBy: taskOf(5, 1, { model: '' }) }, { claimedBy: null }],
  ])('are apart where the %s differs', (_, one, other) => {
    const sums = sumsOf(one, other, one)
    expect(sums.map(({ placedNanoUsd, requests }) => [placedNanoUsd, requests])).toEqual([
      [2n, 2],
      [1n, 1],
    ])
    const whose = [one, other].map((given) => placement(given).group)
    expect(sums.map(({ bill, owner }) => ({ bill, owner }))).toEqual(whose.map(({ bill, owner }) => ({ bill, owner })))
    expect(sums.map(({ stored }) => stored)).toEqual(whose.map(({ claimedBy }) => claimedBy?.model ?? null))
  })

  it('are together where two owners are the same account, or tasks store the same model', () => {
    const claimedBy = () => taskOf(5, 1, { model: 'a' })
    expect(sumsOf({ owner: { accountId: 5 } }, { owner: { accountId: 5 } })).toHaveLength(1)
    expect(sumsOf({ claimedBy: claimedBy() }, { claimedBy: claimedBy() })).toHaveLength(1)
  })
})
