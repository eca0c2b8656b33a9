import { earlier, HOUR, MINUTE, plus, SECOND, within } from '../../../src/units/instant.ts'
import { chargesByDate, dateOf, refundsOf, spikes } from './arithmetic.ts'
import { type Draft, type DraftTask, remove, taskEntries } from './draft.ts'
import {
  type Allowed,
  addOrphan,
  also,
  billMembers,
  billOf,
  billSubject,
  claim,
  deviates,
  freeAccounts,
  type Injector,
  isFree,
  justBefore,
  late,
  type Plant,
  place,
  plainTasks,
  recordedModels,
  SETTLED,
  takePlain,
  taskSubject,
} from './faults.ts'
import { addTask, fail, forget, refund, unbill } from './life.ts'
import { MODELS, UNUSED_MODEL } from './models.ts'
import type { Prng } from './prng.ts'

const MIDDLE = MODELS[1] as (typeof MODELS)[number]

const a1: Injector = {
  rule: 'A1',
  needs: {},
  plant: (draft, random) => {
    const account = freeAccounts(draft, random).find((each) => billOf(draft, each) > 0n)
    if (account === undefined) return undefined
    claim(draft, `account ${account.id}`)
    const leaks = random.chance(0.5) || draft.depth === 'summary'
    const allowed = leaks ? leak(draft, random, account) : understate(draft, account)
    if (allowed === undefined) return undefined
    return { expected: [{ rule: 'A1', subject: billSubject(draft, account), severity: 'HIGH' }], allowed }
  },
  twins: [crossingTwin],
}

type Account = ReturnType<typeof freeAccounts>[number]

/** Somebody else spends on the key: more than half as much again as its bill. */
function leak(draft: Draft, random: Prng, account: Account): Allowed[] | undefined {
  const [model] = random.shuffled(recordedModels(draft, account))
  if (model === undefined) return undefined
  const because = 'what nobody recorded is what the deviation is made of'
  const allowed = [also('B15', { accountId: account.id }, because)]
  const wanted = (billOf(draft, account) * 6n) / 10n + 50_000_000n + carriedIn(draft, account) + untold(draft, account)
  for (let spent = 0n; spent < wanted; ) {
    const event = addOrphan(draft, random, account, model, random.int(20, 60))
    if (event === undefined) return undefined
    spent += event.costNanoUsd
    allowed.push(also('B1', { requestId: event.requestId }, because))
  }
  return allowed
}

/** What tasks of the day before the window cost: at depth summary they may explain so much of the bill. */
const carriedIn = ({ tasks, window, depth }: Draft, { apiKey }: Account): bigint =>
  depth === 'requests'
    ? 0n
    : tasks
        .filter(
          (task) =>
            task.apiKey === apiKey && task.createdAt < window.start && task.createdAt > window.start - 25 * HOUR,
        )
        .reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0n), 0n)

/**
 * What tasks that failed or still run, and tell no cost, may have cost: at depth summary they may explain so much of the bill, each
 * as much as the dearest of its model.
 */
function untold({ tasks, window, depth }: Draft, { apiKey }: Account): bigint {
  if (depth === 'requests') return 0n
  const own = tasks.filter((task) => task.apiKey === apiKey && task.createdAt > window.start - 25 * HOUR)
  const costOf = ({ costNanoUsd }: DraftTask): bigint => costNanoUsd ?? 0n
  const dearest = (model: string): bigint =>
    own.reduce((most, task) => (task.model === model && costOf(task) > most ? costOf(task) : most), 0n)
  return own.reduce((sum, { costNanoUsd, model }) => sum + (costNanoUsd === null ? dearest(model) : 0n), 0n)
}

/** The system records a third too little, for every task of the account. */
function understate(draft: Draft, account: Account): Allowed[] | undefined {
  const keys = new Set(billMembers(draft, account).map(({ apiKey }) => apiKey))
  const tasks = draft.tasks.filter(
    ({ apiKey, createdAt, costNanoUsd }) =>
      keys.has(apiKey) && (costNanoUsd ?? 0n) > 0n && createdAt >= draft.window.start - 24 * HOUR,
  )
  if (
    !tasks.some(
      (task) => within(task.createdAt, draft.window) && (task.completedAt ?? task.createdAt) < draft.now - SETTLED,
    )
  ) {
    return undefined
  }
  for (const task of tasks) task.costNanoUsd = roundMicro(((task.costNanoUsd ?? 0n) * 2n) / 3n)
  return tasks.map((task) => also('B3', { taskId: task.taskId }, 'each of them differs from its bill'))
}

const roundMicro = (nanoUsd: bigint): bigint => (nanoUsd / 1000n) * 1000n

/** A dear task in the last seconds of the window, billed after it: by period there is no deviation. */
function crossingTwin(draft: Draft, random: Prng): readonly Allowed[] | undefined {
  const [account] = freeAccounts(draft, random)
  const end = draft.window.end < draft.now - SETTLED ? draft.window.end : undefined
  const midnight = end === undefined || random.chance(0.5) ? draft.window.start : end
  if (account === undefined) return undefined
  const user = random.shuffled(draft.users).find(({ id }) => {
    const spec = { userId: id, account, model: MIDDLE, at: justBefore(random, midnight), quantity: 2 }
    const task = addTask(draft, random, { ...spec, runs: 20 * SECOND, billedAfter: late(random, 1, 40) })
    if (!spikes(draft, id)) return true
    forget(draft, task)
    return false
  })
  if (user === undefined) return undefined
  return [
    { ...deviates(draft, account), timing: true, because: 'only the raw figures deviate, and by period they do not' },
  ]
}

/** At depth summary a task that may have been billed across an edge accuses nobody. */
const isNearEdge = ({ window }: Draft, { createdAt }: DraftTask): boolean =>
  createdAt < window.start + 2 * HOUR || createdAt > window.end - 2 * HOUR

const a2: Injector = {
  rule: 'A2',
  needs: {},
  plant: (draft, random) => {
    const taken = takePlain(draft, random, (each) => draft.depth === 'requests' || !isNearEdge(draft, each))
    if (taken === undefined) return undefined
    const { task, account } = taken
    const keys = new Set(billMembers(draft, account).map(({ apiKey }) => apiKey))
    const same = draft.tasks.filter(({ apiKey, model }) => keys.has(apiKey) && model === task.model)
    for (const each of same) unbill(draft, each)
    // A bill without any row does not say that its rows name no key.
    const isNothingLeft = billMembers(draft, account).length > 1 && billOf(draft, account) === 0n
    if (isNothingLeft) return undefined
    const because = 'what is unbilled as a model is unbilled task by task'
    return {
      expected: [
        { rule: 'A2', subject: { ...billSubject(draft, account), model: task.model }, severity: 'HIGH', expected: '0' },
      ],
      allowed: [deviates(draft, account), ...same.map((each) => also('B2', { taskId: each.taskId }, because))],
    }
  },
  twins: [
    // The only tasks of a model were refunded, and rightly never billed.
    (draft, random) => {
      const [account] = freeAccounts(draft, random)
      const placed = account && place(draft, random, { account, model: UNUSED_MODEL, points: 2 })
      if (placed === undefined) return undefined
      fail(draft, random, placed.task)
      placed.task.refunded = true
      refund(draft, placed.task, plus(placed.task.completedAt ?? placed.task.createdAt, MINUTE))
      const date = dateOf(draft, placed.task.createdAt)
      const { charged, refunded } = refundsOf(draft, date)
      return refunded * 10 > charged * 3 ? undefined : []
    },
    // They were billed after the window's end.
    (draft, random) => {
      const [account] = freeAccounts(draft, random)
      if (account === undefined || draft.window.end > draft.now - SETTLED) return undefined
      const at = justBefore(random, draft.window.end)
      const placed = place(draft, random, { account, model: UNUSED_MODEL, quantity: 1, points: 61, at })
      if (placed === undefined) return undefined
      for (const event of draft.events) {
        if (event.requestId === placed.task.requestId) event.at = plus(draft.window.end, late(random, 1, 50))
      }
      return [
        { ...deviates(draft, account), timing: true },
        { ...also('A2', billSubject(draft, account), 'with usage rows alone the edge is all there is'), timing: true },
      ]
    },
  ],
}

const a3: Injector = {
  rule: 'A3',
  needs: {},
  plant: (draft, random) => {
    const [account] = freeAccounts(draft, random)
    const event = account && addOrphan(draft, random, account, UNUSED_MODEL, random.int(1, 5), someTime(draft, random))
    if (account === undefined || event === undefined) return undefined
    claim(draft, `account ${account.id}`)
    return {
      expected: [
        {
          ...{
            rule: 'A3',
            subject: { ...billSubject(draft, account), model: UNUSED_MODEL.endpoint },
            severity: 'HIGH',
            actual: '0',
          },
        },
      ],
      allowed: [
        deviates(draft, account),
        also('B1', { requestId: event.requestId }, 'a model nobody recorded is made of requests nobody recorded'),
      ],
    }
  },
  twins: [
    // The task that records it was made just before the window.
    (draft, random) => {
      const [account] = freeAccounts(draft, random)
      const user = random.shuffled(draft.users).find(({ id }) => chargesByDate(draft, id).size < 2)
      if (account === undefined || user === undefined) return undefined
      const at = justBefore(random, draft.window.start)
      const spec = { userId: user.id, account, model: UNUSED_MODEL, at, quantity: 1 }
      const task = addTask(draft, random, { ...spec, runs: 15 * SECOND, billedAfter: late(random, 1, 50) })
      if (spikes(draft, user.id)) {
        forget(draft, task)
        return undefined
      }
      return [
        { ...deviates(draft, account), timing: true },
        { ...also('A3', billSubject(draft, account), 'with usage rows alone the edge is all there is'), timing: true },
      ]
    },
  ],
}

const someTime = (draft: Draft, random: Prng) =>
  random.pick(
    plainTasks(draft, random)
      .map(({ createdAt }) => createdAt)
      .concat(plus(draft.window.start, HOUR)),
  )

/** Where no row names a task, all of a user's consume rows are held against all charges: away from the edges, one will do. */
function underpayTotal(draft: Draft, random: Prng): Plant | undefined {
  const { window, now } = draft
  const rows = draft.entries.filter(
    ({ kind, at, userId, amount }) =>
      kind === 'consume' &&
      amount < -1 &&
      at > window.start + HOUR &&
      at < earlier(window.end, now) - HOUR &&
      isFree(draft, `user ${userId}`),
  )
  if (rows.length === 0) return undefined
  const row = random.pick(rows)
  const change = random.pick([1, -9])
  row.amount += change
  claim(draft, `user ${row.userId}`)
  const charged = chargeOfUser(draft, row.userId)
  const amounts = { expected: String(charged), actual: String(charged - change) }
  return { expected: [{ rule: 'A4', subject: { userId: row.userId }, severity: 'MEDIUM', ...amounts }], allowed: [] }
}

const chargeOfUser = (draft: Draft, user: number): number =>
  draft.tasks
    .filter(({ userId, createdAt }) => userId === user && within(createdAt, draft.window))
    .reduce((sum, { points }) => sum + points, 0)

const a4: Injector = {
  rule: 'A4',
  needs: {},
  plant: (draft, random) => {
    if (draft.settings.links === 'none') return underpayTotal(draft, random)
    const taken = takePlain(draft, random)
    const [entry] = taken === undefined ? [] : taskEntries(draft, taken.task)
    if (taken === undefined || entry === undefined) return undefined
    const { task } = taken
    const charged = chargeOfUser(draft, task.userId)
    const change = random.chance(0.7) ? random.int(1, Math.max(1, -entry.amount - 1)) : -random.int(1, 50)
    if (change === -entry.amount) remove(draft.entries, [entry])
    else entry.amount += change
    return {
      expected: [
        { rule: 'A4', subject: { userId: task.userId }, expected: String(charged), actual: String(charged - change) },
      ],
      allowed: [also('B10', taskSubject(task), 'the detail behind A4')],
    }
  },
  twins: [
    // Paid in three rows of two books, and another product right beside it.
    {
      needs: { links: 'all' },
      bend: (draft, random) => {
        const placed = place(draft, random, { model: MIDDLE })
        const [entry] = placed === undefined ? [] : taskEntries(draft, placed.task)
        if (placed === undefined || entry === undefined) return undefined
        draft.entries.push({ ...entry, amount: -1 }, { ...entry, book: 'cash', amount: -7 })
        draft.entries.push({ ...entry, orderId: 'shop-77', amount: -5 })
        entry.amount += 8
        return []
      },
    },
  ],
}

export const FAULTS_A1_A4: readonly Injector[] = [a1, a2, a3, a4]
