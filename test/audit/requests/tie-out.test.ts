import { describe, expect, it } from 'vitest'
import type { Placement } from '../../../src/audit/requests/period-bill.ts'
import type { RequestGroup } from '../../../src/audit/requests/request-group.ts'
import { TieOutTally } from '../../../src/audit/requests/tie-out.ts'
import type { TaskVerdict } from '../../../src/audit/rules/facts.ts'
import { EN } from '../../../src/render/words-en.ts'
import { matched, unmatched, usd } from '../../kit/books.ts'

interface Placed {
  readonly claimedBy?: number
  readonly owner?: RequestGroup['owner']
  readonly inTime?: string
  readonly carriedIn?: string
  readonly carriedOut?: string
  readonly matched?: string
  readonly orphan?: string
}

/** A request of account 5, by the row of the task that claims it and by where its cost belongs. */
function placed({ claimedBy, owner = { accountId: 5 }, ...amounts }: Placed): Placement {
  const amount = (name: keyof typeof amounts) => usd(amounts[name] ?? '0')
  return {
    group: { claimedBy: claimedBy === undefined ? null : { rowId: claimedBy }, owner } as RequestGroup,
    inTimeNanoUsd: amount('inTime'),
    carriedInNanoUsd: amount('carriedIn'),
    carriedOutNanoUsd: amount('carriedOut'),
    matchedNanoUsd: amount('matched'),
    orphanNanoUsd: amount('orphan'),
    undatedNanoUsd: usd('0'),
    undatedBeyondNanoUsd: usd('0'),
    undatedWithinNanoUsd: usd('0'),
    isInTime: true,
    events: [],
  }
}

const tolerated = matched({ rowId: 1, costNanoUsd: usd('4') }, { billedNanoUsd: usd('5') })
const mismatched = matched({ rowId: 3, costNanoUsd: usd('10') }, { billedNanoUsd: usd('19') })
const verdicts = [
  tolerated,
  mismatched,
  unmatched('not-evaluated', { rowId: 2, costNanoUsd: usd('80') }),
  unmatched('unbilled', { rowId: 4, costNanoUsd: usd('20') }),
  unmatched('pending', { rowId: 5, costNanoUsd: usd('30') }),
  unmatched('failed', { rowId: 6, costNanoUsd: usd('40') }),
  unmatched('unfinished', { rowId: 7, costNanoUsd: usd('50') }),
  unmatched('without-id', { rowId: 8, costNanoUsd: usd('60') }),
  unmatched('duplicate', { rowId: 9, costNanoUsd: usd('70') }),
]
/** Of account 8 nothing is said. */
const isRead = (accountId: number): boolean => accountId !== 8
const leftOut = placed({ owner: 'undivided', inTime: '1000', orphan: '1000' })
const placements = [
  placed({ claimedBy: 1, inTime: '3', carriedOut: '2', matched: '5' }),
  placed({ claimedBy: 2, inTime: '7', matched: '7' }),
  placed({ claimedBy: 3, inTime: '19', matched: '19' }),
  placed({ claimedBy: 99, inTime: '11', carriedIn: '11' }),
  placed({ inTime: '13', orphan: '13' }),
  placed({ owner: 'unattributed', inTime: '17', orphan: '17' }),
  leftOut,
]

function tieOut(
  requests: readonly Placement[],
  isLeftOut: (placement: Placement) => boolean,
  judged: readonly TaskVerdict[],
  total: string,
  open?: string,
) {
  const tally = new TieOutTally()
  tally.add(requests, isLeftOut, judged, (verdict) => verdict === mismatched, isRead)
  return tally.close(usd(total), open === undefined ? undefined : usd(open))
}

const books = (total = '364', open?: string) =>
  tieOut(placements, (placement) => placement === leftOut, verdicts, total, open)

describe('what counted as unbilled and is not known to be', () => {
  it('is not evaluated, and leaves nothing over', () => {
    const before = books()
    const after = books('364', '20')
    expect([before.recordedUnbilled, before.recordedNotEvaluated]).toEqual(['20', '80'])
    expect([after.recordedUnbilled, after.recordedNotEvaluated]).toEqual(['0', '100'])
    const others = { recordedUnbilled: '', recordedNotEvaluated: '' }
    expect({ ...after, ...others }).toEqual({ ...before, ...others })
  })
})

describe('the tie-out', () => {
  it('has no sum that the views do not know', () => {
    expect(Object.keys(books()).sort()).toEqual(Object.keys(EN.tieOutItems).sort())
  })

  it('puts every amount into one class', () => {
    expect(books()).toEqual({
      eventsTotal: '72',
      eventsMatched: '24',
      eventsNotEvaluated: '7',
      eventsCarried: '11',
      eventsUnrecorded: '13',
      eventsUnattributed: '17',
      eventsResidual: '0',
      recordedTotal: '364',
      recordedMatched: '14',
      recordedUnbilled: '20',
      recordedPending: '30',
      recordedFailedOrUnfinished: '90',
      recordedWithoutId: '60',
      recordedDuplicate: '70',
      recordedNotEvaluated: '80',
      recordedResidual: '0',
      differenceMatched: '10',
      differenceB3: '9',
      differenceTolerated: '1',
      differenceUntold: '0',
      differenceResidual: '0',
      bridgeByEventTime: '70',
      bridgeCarriedIn: '11',
      bridgeCarriedOut: '2',
      bridgeByTaskPeriod: '61',
      bridgeResidual: '0',
    })
  })

  it('shows what falls between the classes', () => {
    expect(books('364.000000001')).toMatchObject({ recordedResidual: '0.000000001', recordedTotal: '364.000000001' })
    const lost = tieOut([placed({ inTime: '3' })], () => false, [], '0')
    expect(lost).toMatchObject({ eventsTotal: '3', eventsResidual: '3', bridgeResidual: '3' })
    const unknown = tieOut([], () => false, [tolerated], '4')
    expect(unknown).toMatchObject({ differenceMatched: '-4', differenceTolerated: '1', differenceResidual: '-5' })
  })

  it('is the same however the requests come in pieces, each with the task that claims it', () => {
    const tally = new TieOutTally()
    const isLeftOut = (placement: Placement) => placement === leftOut
    for (const placement of placements) {
      const own = verdicts.filter(({ task }) => task.rowId === placement.group.claimedBy?.rowId)
      tally.add([placement], isLeftOut, own, (verdict) => verdict === mismatched, isRead)
    }
    const claimed = placements.map(({ group }) => group.claimedBy?.rowId)
    tally.add(
      [],
      isLeftOut,
      verdicts.filter(({ task }) => !claimed.includes(task.rowId)),
      () => false,
      isRead,
    )
    expect(tally.close(usd('364'))).toEqual(books())
  })

  it('counts what no task records as not evaluated where nothing is said of its account', () => {
    const unread = placed({ owner: { accountId: 8 }, inTime: '100', orphan: '100' })
    const { eventsTotal, eventsNotEvaluated, bridgeByEventTime, bridgeByTaskPeriod, ...others } = books()
    expect(tieOut([...placements, unread], (placement) => placement === leftOut, verdicts, '364')).toEqual({
      ...others,
      eventsTotal: '172',
      eventsNotEvaluated: '107',
      bridgeByEventTime: '170',
      bridgeByTaskPeriod: '161',
    })
    expect([eventsTotal, eventsNotEvaluated, bridgeByEventTime, bridgeByTaskPeriod]).toEqual(['72', '7', '70', '61'])
  })

  it('leaves out what it is told to', () => {
    const request = placed({ claimedBy: 1, inTime: '5', matched: '5' })
    const orphan = placed({ inTime: '3', orphan: '3' })
    const all = tieOut([request, orphan], (placement) => placement === orphan, [tolerated], '4')
    expect(all).toMatchObject({ eventsTotal: '5', eventsMatched: '5', eventsUnrecorded: '0' })
    const none = tieOut([request, orphan], () => false, [tolerated], '4')
    expect(none).toMatchObject({ eventsTotal: '8', eventsMatched: '5', eventsUnrecorded: '3' })
  })
})
