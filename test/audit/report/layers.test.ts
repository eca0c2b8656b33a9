import { describe, expect, it } from 'vitest'
import { officialLayer } from '../../../src/audit/report/layers.ts'
import {
  accountRow,
  eventOf,
  evidenceOf,
  type GivenEvidence,
  part,
  sumsOf,
  usageOf,
  whole,
} from '../../kit/evidence.ts'

// Accounts 5 and 6 share a workspace, and 7 and 8 another, whose bills do not tell them apart.
const ids = [5, 6, 7, 8]
const ofAll = { accounts: ids.map((id) => accountRow(id)), audited: ids }

function rowsOf(given: GivenEvidence) {
  const evidence = evidenceOf({ ...ofAll, ...given })
  const { rows, totals } = officialLayer(evidence, sumsOf(evidence))
  const told = rows.map(({ accountId, workspace, costUsd, modelCount, requestCount }) =>
    [accountId ?? workspace, costUsd, modelCount, requestCount].join(' '),
  )
  return [...told, [totals.costUsd, totals.requestCount].join(' ')]
}

const team = (members: readonly number[], cost: string, ...requests: readonly string[]) => ({
  members,
  usage: whole([usageOf(null, cost)]),
  events: whole(requests.map((id) => eventOf(null, id))),
})

describe('layer 1, of workspaces whose bills tell no accounts apart', () => {
  it('has a row for each, with its own requests', () => {
    const spaces = [team([5, 6], '2', 'a', 'b'), team([7, 8], '1', 'c')]
    expect(rowsOf({ spaces })).toEqual([
      ...['5   ', '6   ', '7   ', '8   '],
      ...['team-5 2 1 2', 'team-7 1 1 1'],
      '3 3',
    ])
  })

  it('does not tell what was billed to one whose bill was read in part', () => {
    const short = { ...team([5, 6], '2', 'a'), usage: part([usageOf(null, '2')]) }
    expect(rowsOf({ spaces: [short, team([7, 8], '1', 'c')] })).toEqual([
      ...['5   ', '6   ', '7   ', '8   '],
      ...['team-5   ', 'team-7 1 1 1'],
      '1 1',
    ])
    expect(rowsOf({ spaces: [short] }).slice(2)).toEqual(['team-5   ', ' '])
  })
})
