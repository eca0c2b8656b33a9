import { lotOf } from '../../src/audit/bills/event-lot.ts'
import { attributeBills } from '../../src/audit/bills/whose-bill.ts'
import type { AccountEvidence, Bills, WorkspaceBill } from '../../src/audit/evidence.ts'
import { apiKeyOf, keyIdOfAccount } from '../../src/demo/mini-world.ts'
import type { BillingEvent, Fetched, UsageRow } from '../../src/fal/reader.ts'
import type { AccountRow } from '../../src/ledger/reader.ts'
import { instant } from '../../src/units/instant.ts'
import { nanoUsd } from '../../src/units/nano-usd.ts'
import type { CalendarDate } from '../../src/units/zone.ts'

// Bills of workspaces, given to the accounts that have them.

export const account = (accountId: number, apiKey = apiKeyOf(accountId)): AccountRow => ({
  accountId,
  name: `account-${accountId}`,
  apiKey,
  balanceNanoUsd: null,
  disabled: false,
})
export const who = { nobody: { keyId: null, login: null }, person: { keyId: null, login: 'alice' } }
export const key = (accountId: number) => ({ keyId: keyIdOfAccount(accountId), login: null })
export const strange = { keyId: 'deadbeef-0000-4000-8000-000000000000', login: null }
export const row = (cost: number, by: { keyId: string | null; login: string | null }, model = 'm'): UsageRow => ({
  bucketStart: instant(0),
  date: '2026-02-06' as CalendarDate,
  model,
  unit: 'u',
  quantity: '1',
  unitPrice: null,
  percentDiscount: null,
  costNanoUsd: nanoUsd(BigInt(cost)),
  ...by,
})
export const event = (requestId: string, by: { keyId: string | null; login: string | null }): BillingEvent => ({
  requestId,
  model: 'm',
  at: instant(0),
  quantity: null,
  unit: null,
  unitPrice: null,
  percentDiscount: null,
  costNanoUsd: nanoUsd(1n),
  ...by,
})
export const whole = <T>(value: T): Fetched<T> => ({ status: 'complete', value })
export const part = <T>(value: T): Fetched<T> => ({
  status: 'partial',
  value,
  failure: 'page-limit',
  reason: 'too long',
})
export const none: Extract<Fetched<never>, { status: 'failed' }> = {
  status: 'failed',
  failure: 'forbidden',
  reason: 'refused',
}

export interface Space {
  readonly name?: string | null
  readonly members: readonly number[]
  readonly usage: Fetched<readonly UsageRow[]>
  readonly events?: Fetched<readonly BillingEvent[]> | null
}

/** Audited accounts are the members of the spaces, but for those that are `outside`. */
export function attribute(
  spaces: readonly Space[],
  options: {
    outside?: number[]
    unplaced?: number[]
    recorded?: number[]
    active?: number[]
    all?: AccountRow[]
    otherRows?: Bills['otherRows']
  } = {},
) {
  const workspaces = spaces.map(
    ({ name = 'team', members, usage, events = null }, lot): WorkspaceBill => ({
      name,
      members,
      usage,
      events: events === null || events.status === 'failed' ? events : { ...events, value: lotOf(events.value, lot) },
      apiKey: `key of bill ${lot}`,
    }),
  )
  const accounts = spaces.flatMap(({ members, usage }, workspace) =>
    members
      .filter((id) => options.outside?.includes(id) !== true)
      .map((id): AccountEvidence => {
        const read: Fetched<null> = usage.status === 'failed' ? usage : { ...usage, value: null }
        return { account: account(id), billing: none, workspace, usage: read, events: null }
      }),
  )
  const ids = spaces.flatMap(({ members }) => members)
  const all = options.all ?? [...ids, ...(options.unplaced ?? [])].map((id) => account(id))
  const { unplaced = [], otherRows } = options
  const bills: Bills = { accounts, workspaces, unplaced, ...(otherRows !== undefined && { otherRows }) }
  const recorded = (id: number) => options.recorded?.includes(id) ?? false
  const result = attributeBills(bills, all, recorded, (id) => options.active?.includes(id) ?? recorded(id))
  const costs = Object.fromEntries(
    [...result.byAccount].map(([id, rows]) => [
      id,
      rows.known ? rows.value.map(({ costNanoUsd }) => Number(costNanoUsd)).sort((a, b) => a - b) : rows.reason,
    ]),
  )
  const costsOf = (rows: readonly UsageRow[] | null) =>
    rows?.map(({ costNanoUsd }) => Number(costNanoUsd)).sort((a, b) => a - b) ?? null
  const shared = result.workspaces.map((bill) => ({
    label: bill.label,
    members: [...bill.members],
    unattributed: costsOf(bill.unattributed),
    undivided: costsOf(bill.undivided),
    membersKnown: bill.membersKnown,
  }))
  return { costs, shared, result }
}
