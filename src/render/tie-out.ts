import type { Report } from '../../schemas/report.ts'
import { cleanText } from './clean.ts'
import { countCell, usdCell } from './money.ts'
import type { Block } from './view.ts'
import type { TieOutKey, Vocabulary } from './words-en.ts'

const REQUEST_KINDS = ['matched', 'unrecorded', 'unbilled', 'pending', 'mismatched'] as const

/** A total and its parts, each with the sign it counts with; what is left over comes last. */
interface Identity {
  readonly total: TieOutKey
  readonly parts: readonly (readonly [sign: '=' | '+' | '−', key: TieOutKey])[]
  readonly residual: TieOutKey
}

/** The three identities and the bridge, in the order of the audit specification. */
const IDENTITIES: readonly Identity[] = [
  {
    total: 'eventsTotal',
    parts: [
      ['=', 'eventsMatched'],
      ['+', 'eventsNotEvaluated'],
      ['+', 'eventsCarried'],
      ['+', 'eventsUnrecorded'],
      ['+', 'eventsUnattributed'],
    ],
    residual: 'eventsResidual',
  },
  {
    total: 'recordedTotal',
    parts: [
      ['=', 'recordedMatched'],
      ['+', 'recordedUnbilled'],
      ['+', 'recordedPending'],
      ['+', 'recordedFailedOrUnfinished'],
      ['+', 'recordedWithoutId'],
      ['+', 'recordedDuplicate'],
      ['+', 'recordedNotEvaluated'],
    ],
    residual: 'recordedResidual',
  },
  {
    total: 'differenceMatched',
    parts: [
      ['=', 'differenceB3'],
      ['+', 'differenceTolerated'],
      ['+', 'differenceUntold'],
    ],
    residual: 'differenceResidual',
  },
  {
    total: 'bridgeByEventTime',
    parts: [
      ['−', 'bridgeCarriedIn'],
      ['+', 'bridgeCarriedOut'],
      ['=', 'bridgeByTaskPeriod'],
    ],
    residual: 'bridgeResidual',
  },
]

/** How the requests of bill and task table match, and the sums that prove that none was lost. */
export function requestBlocks(report: Report, words: Vocabulary): Block[] {
  const { requests, settings } = report
  if (requests === null) return [{ kind: 'list', title: '', lines: [{ lead: words.requestsUnread, text: '' }] }]
  return [
    { kind: 'heading', text: words.requests },
    {
      kind: 'table',
      table: {
        columns: REQUEST_KINDS.map((kind) => ({ title: words.requestKinds[kind], align: 'right' })),
        rows: [REQUEST_KINDS.map((kind) => countCell(requests[kind]))],
      },
    },
    ...tieOutBlocks(report.tieOut ?? {}, words),
    ...(settings.filters.userIds.length === 0 ? [] : [ofAllUsers(words)]),
  ]
}

/** Layer 2 holds the users that were asked for alone: its sums are not these. */
const ofAllUsers = (words: Vocabulary): Block => ({
  kind: 'list',
  title: '',
  lines: [{ lead: words.requestsOfAllUsers, text: '' }],
})

function tieOutBlocks(tieOut: Readonly<Record<string, string>>, words: Vocabulary): Block[] {
  const unknown = new Map(Object.entries(tieOut))
  const rows: [name: string, amount: string][] = []
  const take = (lead: string, key: TieOutKey): void => {
    const amount = unknown.get(key)
    if (amount === undefined) return
    unknown.delete(key)
    rows.push([`${lead}${words.tieOutItems[key]}`, usdCell(amount)])
  }
  for (const { total, parts, residual } of IDENTITIES) {
    take('', total)
    for (const [sign, key] of parts) take(`  ${sign} `, key)
    take('  ', residual)
  }
  const places = Math.max(0, ...rows.map(([, amount]) => placesOf(amount)))
  const known = rows.map(([name, amount]) => [name, withPlaces(amount, places)])
  // A sum that this view does not know is shown as it is: one that is left out would prove nothing.
  const others = [...unknown].map(([key, amount]) => [cleanText(key), cleanText(amount)])
  if (known.length + others.length === 0) return []
  const columns = [
    { title: words.tieOutItem, align: 'left' },
    { title: 'USD', align: 'right' },
  ] as const
  return [
    { kind: 'heading', text: words.tieOut },
    { kind: 'table', table: { columns, rows: [...known, ...others] } },
  ]
}

const placesOf = (amount: string): number => /^-?\d+\.(\d+)$/.exec(amount)?.[1]?.length ?? 0

/** Filled up with zeros, so that the points of a column stand under each other. What is no decimal stays as it is. */
const withPlaces = (amount: string, places: number): string =>
  placesOf(amount) === 0 ? amount : amount + '0'.repeat(places - placesOf(amount))
