import { apiKeyOf } from '../../../src/demo/mini-world.ts'
import { shortKeyId } from '../../../src/units/api-key.ts'
import { HOUR, within } from '../../../src/units/instant.ts'
import { auditedAccounts, type Draft, type DraftEntry, taskEvents } from './draft.ts'
import {
  type Allowed,
  addOrphan,
  also,
  billOf,
  claim,
  deviates,
  freeAccounts,
  type Injector,
  isFree,
  place,
  recordedModels,
} from './faults.ts'
import { usd } from './faults-b1-b5.ts'
import { keyIdOf } from './life.ts'
import { MODELS } from './models.ts'
import type { Prng } from './prng.ts'

const KEYED = { attribution: 'keys' } as const
const CHEAP = MODELS[0] as (typeof MODELS)[number]
const DEAR = MODELS[7] as (typeof MODELS)[number]

const byTime = (a: DraftEntry, b: DraftEntry): number => a.at - b.at

/** Rows of the points ledger of a user, in order of row id. */
const rowsOf = ({ entries }: Draft, userId: number): DraftEntry[] =>
  entries.filter((entry) => entry.book === 'points' && entry.userId === userId).sort(byTime)

/** A row of the window, of a user that no fault has touched, and not the user's first. */
function takeRow(draft: Draft, random: Prng, isFit: (entry: DraftEntry) => boolean): DraftEntry | undefined {
  const rows = draft.users
    .filter(({ id }) => isFree(draft, `user ${id}`))
    .flatMap(({ id }) => rowsOf(draft, id).slice(1))
    .filter(isFit)
  const row = rows.length === 0 ? undefined : random.pick(rows)
  if (row !== undefined) claim(draft, `user ${row.userId}`)
  return row
}

const inWindow =
  ({ window }: Draft) =>
  (entry: DraftEntry): boolean =>
    within(entry.at, window)

const longBefore =
  ({ window }: Draft) =>
  (entry: DraftEntry): boolean =>
    entry.at < window.start - 25 * HOUR

const off = (random: Prng): number => random.pick([-500, -7, -1, 1, 3, 1000])

const b11: Injector = {
  rule: 'B11',
  needs: {},
  plant: (draft, random) => {
    const row = takeRow(draft, random, inWindow(draft))
    if (row === undefined) return undefined
    row.miscount = off(random)
    const difference = String(row.miscount)
    const { userId } = row
    return {
      expected: [{ rule: 'B11', subject: { userId }, row, severity: 'HIGH', difference, count: 1 }],
      allowed: [],
    }
  },
  twins: [
    // Before the window it is none of this window's business.
    (draft, random) => {
      const row = takeRow(draft, random, longBefore(draft))
      if (row === undefined) return undefined
      row.miscount = off(random)
      return []
    },
  ],
}

const b12: Injector = {
  rule: 'B12',
  needs: {},
  plant: (draft, random) => {
    const row = takeRow(draft, random, inWindow(draft))
    if (row === undefined) return undefined
    row.jump = off(random)
    const difference = String(row.jump)
    const { userId } = row
    return {
      expected: [{ rule: 'B12', subject: { userId }, row, severity: 'HIGH', difference, count: 1 }],
      allowed: [],
    }
  },
  twins: [
    (draft, random) => {
      const row = takeRow(draft, random, longBefore(draft))
      if (row === undefined) return undefined
      row.jump = off(random)
      return []
    },
  ],
}

const b13: Injector = {
  rule: 'B13',
  needs: {},
  plant: (draft, random) => sinkTo(draft, random, -random.int(1, 5)),
  // Down to nothing, and no further.
  twins: [(draft, random) => (sinkTo(draft, random, 0) === undefined ? undefined : [])],
}

/** Lets a user's lowest balance be `lowest`, on a row of the window. */
function sinkTo(draft: Draft, random: Prng, lowest: number) {
  for (const user of random.shuffled(draft.users)) {
    if (!isFree(draft, `user ${user.id}`)) continue
    let sum = 0
    const balances = rowsOf(draft, user.id).map((row) => {
      sum += row.amount + (row.jump ?? 0) + (row.miscount ?? 0)
      return { row, sum }
    })
    const inside = balances.filter(({ row }) => within(row.at, draft.window))
    const least = Math.min(...inside.map((each) => each.sum))
    const before = Math.min(...balances.filter(({ row }) => row.at < draft.window.start).map((each) => each.sum))
    if (inside.length === 0 || before + (lowest - least) < 0 || lowest - least < 0) continue
    user.opening = lowest - least
    claim(draft, `user ${user.id}`)
    const negative = inside.filter((each) => each.sum + user.opening < 0)
    const [first] = negative
    if (first === undefined) return { expected: [], allowed: [] }
    const amounts = { expected: '0', actual: String(first.sum + user.opening), count: negative.length }
    const subject = { userId: user.id }
    return { expected: [{ rule: 'B13', subject, row: first.row, severity: 'HIGH', ...amounts } as const], allowed: [] }
  }
  return undefined
}

const b14: Injector = {
  rule: 'B14',
  needs: KEYED,
  plant: (draft, random) => {
    // What it costs counts among the spend of the workspace that no account answers for.
    const account = freeAccounts(draft, random).find(({ workspace }) => isFree(draft, `workspace ${workspace}`))
    const placed = account && place(draft, random, { account, model: CHEAP, quantity: 1 })
    if (placed === undefined) return undefined
    claim(draft, `workspace ${placed.account.workspace}`)
    const apiKey = apiKeyOf(9000 + random.int(1, 99))
    placed.task.apiKey = apiKey
    for (const event of taskEvents(draft, placed.task)) event.keyId = keyIdOf(apiKey)
    const subject = { keyId: shortKeyId(apiKey) }
    return { expected: [{ rule: 'B14', subject, severity: 'HIGH', expected: '0', actual: '1', count: 1 }], allowed: [] }
  },
  twins: [
    // The key of an account that the audit leaves out, or of a disabled one.
    (draft, random) => {
      const audited = new Set(auditedAccounts(draft))
      const other = draft.accounts.find((account) => account.status === 0 || !audited.has(account))
      const account = other ?? draft.accounts[0]
      if (other === undefined) draft.settings.accountLimit = draft.accounts.length - 1
      return account && place(draft, random, { account }) && []
    },
  ],
}

const b15: Injector = {
  rule: 'B15',
  needs: { ...KEYED, disabledAccount: true },
  plant: (draft, random) => {
    const disabled = random.chance(0.4)
    const [account] = freeAccounts(draft, random, disabled ? 0 : 1)
    if (account === undefined) return undefined
    claim(draft, `account ${account.id}`)
    const models = recordedModels(draft, account)
    const model = models.length === 0 ? CHEAP : random.pick(models)
    const least = disabled ? 1n : billOf(draft, account) / 15n + 1_050_000_000n
    const { spent, requestIds } = spend(draft, random, account, model, least)
    if (requestIds.length === 0) return undefined
    const because = 'a leaked key is made of requests nobody recorded'
    const allowed: Allowed[] = [
      deviates(draft, account),
      ...requestIds.map((requestId) => also('B1', { requestId }, because)),
    ]
    if (models.length === 0) allowed.push(also('A3', { accountId: account.id }, 'and nothing else of the model'))
    const amounts = { expected: usd(spent), actual: '0', count: requestIds.length }
    return { expected: [{ rule: 'B15', subject: { accountId: account.id }, severity: 'HIGH', ...amounts }], allowed }
  },
  twins: [
    // Less than a dollar on an enabled account: unrecorded, and no leak yet.
    (draft, random) => {
      const account = freeAccounts(draft, random).find((each) => recordedModels(draft, each).includes(CHEAP))
      const event = account && addOrphan(draft, random, account, DEAR, 9)
      if (account === undefined || event === undefined) return undefined
      return [
        deviates(draft, account),
        also('B1', { requestId: event.requestId }, 'it is unrecorded'),
        also('A3', { accountId: account.id, model: DEAR.endpoint }, 'it may be all of its model'),
      ]
    },
  ],
}

type Account = ReturnType<typeof freeAccounts>[number]

/** Bills unrecorded requests until they cost at least so much. */
function spend(draft: Draft, random: Prng, account: Account, model: (typeof MODELS)[number], least: bigint) {
  const requestIds: string[] = []
  let spent = 0n
  const quantity = Math.max(1, Math.ceil(Number(least / 2n) / Number(model.unitPriceNanoUsd)))
  while (spent < least) {
    const event = addOrphan(draft, random, account, model, quantity)
    if (event === undefined) return { spent, requestIds: [] }
    spent += event.costNanoUsd
    requestIds.push(event.requestId)
  }
  return { spent, requestIds }
}

export const FAULTS_B11_B15: readonly Injector[] = [b11, b12, b13, b14, b15]
