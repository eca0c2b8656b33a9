import { describe, expect, it } from 'vitest'
import type { EventLot } from '../../../src/audit/bills/event-lot.ts'
import { fetchBills } from '../../../src/audit/bills/fetch-bills.ts'
import type { FalReader, Fetched, UsageRow } from '../../../src/fal/reader.ts'
import { UTC } from '../../../src/units/zone.ts'
import { accountRow, failed, part, usageOf, whole } from '../../kit/evidence.ts'
import { planOf } from '../../kit/rows.ts'

interface Key {
  readonly usage?: Fetched<UsageRow[]>
  readonly events?: Fetched<EventLot>
}

const lot = (number: number, length = 1): EventLot => ({ lot: number, length, who: [], sample: new Set() })

/** Accounts 5, 6 and so on of one workspace: what each of their keys reads of its bill, and which keys were used. */
async function fetched(...keys: readonly Key[]) {
  const accounts = keys.map((_, index) => accountRow(5 + index, { apiKey: `key-${5 + index}` }))
  const keyOf = (apiKey: string): Key => keys[Number(apiKey.slice(4)) - 5] ?? {}
  const used: string[] = []
  const fal: Pick<FalReader, 'billing' | 'usage'> = {
    billing: async () => whole({ username: 'team', balanceNanoUsd: null }),
    usage: async (apiKey) => {
      used.push(apiKey)
      return keyOf(apiKey).usage ?? whole([usageOf(5, '1')])
    },
  }
  const query = {
    usage: { range: planOf().ranges.bill, zone: UTC, timeframe: 'day' as const },
    events: async (apiKey: string) => keyOf(apiKey).events ?? whole(lot(0)),
  }
  const { signal } = new AbortController()
  const bills = await fetchBills(accounts, [], fal as FalReader, query, signal, () => undefined)
  const [workspace] = bills.workspaces
  const { usage, events } = workspace ?? {}
  return {
    used,
    read: [usage?.status, events?.status],
    lot: events?.status === 'failed' ? null : events?.value.lot,
    rows: usage?.status === 'failed' ? null : usage?.value.length,
    apiKey: workspace?.apiKey,
    members: workspace?.members,
  }
}

describe('the bill of a workspace', () => {
  it('is read once, by the first of its keys that may read all of it', async () => {
    expect(await fetched({}, {}, {})).toMatchObject({
      ...{ used: ['key-5'], read: ['complete', 'complete'], apiKey: 'key-5', members: [5, 6, 7] },
    })
    const noEvents = { events: failed() }
    expect(await fetched(noEvents, {}, {})).toMatchObject({
      ...{ used: ['key-5', 'key-6'], read: ['complete', 'complete'], apiKey: 'key-6' },
    })
    expect(await fetched({ usage: failed() }, {}, {})).toMatchObject({
      ...{ used: ['key-5', 'key-6'], read: ['complete', 'complete'], apiKey: 'key-5' },
    })
  })

  it('is asked of the next key also where the first broke off', async () => {
    const brokeOff = { events: part(lot(1)) }
    expect(await fetched(brokeOff, { events: whole(lot(2)) })).toMatchObject({
      ...{ used: ['key-5', 'key-6'], read: ['complete', 'complete'], lot: 2, apiKey: 'key-6' },
    })
    const short = { usage: part([usageOf(5, '1')]) }
    expect(await fetched(short, { usage: whole([usageOf(5, '1'), usageOf(5, '2')]) })).toMatchObject({
      ...{ used: ['key-5', 'key-6'], read: ['complete', 'complete'], rows: 2 },
    })
  })

  it('is the better part of each, and no whole where none read it to its end', async () => {
    const usage = { usage: failed(), events: part(lot(1, 3)) }
    expect(await fetched(usage, { usage: part([]), events: part(lot(2, 2)) })).toMatchObject({
      ...{ used: ['key-5', 'key-6'], read: ['partial', 'partial'], lot: 1, rows: 0 },
    })
    expect(await fetched({ usage: failed(), events: failed() }, { usage: failed(), events: failed() })).toMatchObject({
      read: ['failed', 'failed'],
    })
  })
})
