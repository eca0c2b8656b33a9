import { HOUR, type Instant, instant, MINUTE, plus, SECOND, within } from '../../../src/units/instant.ts'
import { dateOf, refundsOf } from './arithmetic.ts'
import { accountOf, type Draft, type DraftEvent, type DraftTask, remove, taskEntries, taskEvents } from './draft.ts'
import { addSafely, addTask, charge, fail, refund, unbill, unpay } from './life.ts'
import { MODELS } from './models.ts'
import type { Prng } from './prng.ts'

/** Share of a day's charge that may be refunded in a clean world; rule A5 speaks above 0.3. */
const REFUND_SHARE_MAX = 0.22
/** What people and rotated keys may spend in a workspace; rule B21 speaks from 1 USD on. */
const UNATTRIBUTED_MAX_NANO_USD = 850_000_000n
const CHEAP = MODELS[0] as (typeof MODELS)[number]

/** What looks odd and is not: the life that every reseller's books are full of. */
export function addBenignLife(draft: Draft, random: Prng): void {
  crossings(draft, random)
  retries(draft, random)
  youngTasks(draft, random)
  for (const task of inWindow(draft)) if (random.chance(0.08)) failAndRefund(draft, random, task)
  for (const task of draft.tasks) {
    if (random.chance(0.1)) splitPayment(draft, random, task)
    if (random.chance(0.05)) delayBill(draft, random, task)
    if (random.chance(0.04)) fineQuantity(draft, random, task)
    if (random.chance(0.03) && isPlainSuccess(task)) task.completedAt = null
  }
  lateRows(draft, random)
  atTheEdge(draft, random)
  otherMoney(draft, random)
  spendOfPeople(draft, random)
  unlink(draft, random)
}

const inWindow = ({ tasks, window }: Draft): DraftTask[] => tasks.filter(({ createdAt }) => within(createdAt, window))

const isPlainSuccess = ({ refunded, points, costNanoUsd, completedAt }: DraftTask): boolean =>
  !refunded && points > 0 && (costNanoUsd ?? 0n) > 0n && completedAt !== null

/** Tasks made seconds before midnight and billed after it, at the edges of the window and within it. */
function crossings(draft: Draft, random: Prng): void {
  const { window, now } = draft
  for (let midnight = window.start; midnight <= window.end; midnight = plus(midnight, 24 * HOUR)) {
    if (midnight > now - 2 * HOUR || random.chance(0.4)) continue
    const at = plus(midnight, -random.int(1, 15) * SECOND)
    const account = random.pick(draft.accounts.filter(({ status }) => status === 1))
    const user = random.pick(draft.users)
    addSafely(draft, random, {
      ...{ userId: user.id, account, model: CHEAP, at },
      ...{ runs: random.int(5, 30) * SECOND, billedAfter: random.int(10, 60) * SECOND },
    })
  }
}

/** A failed attempt that nobody paid for, then the same again with success. */
function retries(draft: Draft, random: Prng): void {
  for (const task of inWindow(draft)) {
    if (!random.chance(0.04) || !isPlainSuccess(task) || task.createdAt - draft.window.start < MINUTE) continue
    const account = accountOf(draft, task)
    if (account === undefined) continue
    const attempt = addTask(draft, random, {
      ...{ userId: task.userId, account, model: CHEAP, at: plus(task.createdAt, -30 * SECOND), points: 0 },
      runs: 20 * SECOND,
    })
    fail(draft, random, attempt)
    attempt.model = task.model
    attempt.onlineTaskId = random.pick([attempt.requestId, '', null, '-'])
    if (attempt.onlineTaskId !== attempt.requestId) attempt.requestId = ''
  }
}

/** Tasks that are still running at the moment of reading, and some that have just ended and are not billed yet. */
function youngTasks(draft: Draft, random: Prng): void {
  const { now } = draft
  for (let count = random.int(0, 3); count > 0; count--) {
    const at = instant(now - random.int(10 * MINUTE, 20 * HOUR))
    const second = instant(Math.floor(at / SECOND) * SECOND)
    const account = random.pick(draft.accounts.filter(({ status }) => status === 1))
    const user = random.pick(draft.users)
    const task = addSafely(draft, random, { userId: user.id, account, model: CHEAP, at: second, quantity: 1, runs: 0 })
    if (task === undefined) continue
    const running = random.chance(0.5)
    if (running) {
      task.status = random.pick(['processing', 'QUEUED', 'running', ''])
      task.completedAt = null
      task.costNanoUsd = null
      unbill(draft, task)
    } else if (random.chance(0.6)) unbill(draft, task)
  }
  for (const task of draft.tasks) {
    if (task.completedAt === null || task.completedAt < now) continue
    task.status = 'processing'
    task.completedAt = null
    task.costNanoUsd = null
    unbill(draft, task)
  }
}

function failAndRefund(draft: Draft, random: Prng, task: DraftTask): void {
  if (!isPlainSuccess(task) || task.completedAt === null || task.completedAt > draft.now - HOUR) return
  const { charged, refunded } = refundsOf(draft, dateOf(draft, task.createdAt))
  if (refunded + task.points > charged * REFUND_SHARE_MAX) return
  fail(draft, random, task)
  task.refunded = true
  refund(draft, task, plus(task.completedAt, random.int(1, 50) * MINUTE))
}

/** Where rows are linked, some are only posted when the task has ended, or after a while. */
function lateRows(draft: Draft, random: Prng): void {
  if (draft.settings.links !== 'all') return
  for (const task of draft.tasks) {
    const rows = random.chance(0.03) ? taskEntries(draft, task) : []
    const at = plus(task.createdAt, random.int(1, 90) * MINUTE)
    const refundedAt = taskEntries(draft, task, 'refund')[0]?.at ?? draft.now
    for (const row of rows) row.at = instant(Math.min(at, refundedAt, draft.now - SECOND))
  }
}

/** Half-open to the second: a task made with the first second of the window, or with the first one after it. */
function atTheEdge(draft: Draft, random: Prng): void {
  const { window, now, accounts, users } = draft
  for (const at of [window.start, window.end]) {
    if (at > now - 2 * HOUR || random.chance(0.7)) continue
    const account = random.pick(accounts.filter(({ status }) => status === 1))
    const spec = { userId: random.pick(users).id, account, model: CHEAP, at }
    addSafely(draft, random, { ...spec, runs: 20 * SECOND, billedAfter: random.pick([0, 1, 5000]) })
    const before = addSafely(draft, random, { ...spec, at: plus(at, -20 * SECOND), runs: 20 * SECOND })
    // Billed with the very first millisecond, or with the last one.
    for (const event of before === undefined ? [] : taskEvents(draft, before)) event.at = plus(at, random.pick([0, -1]))
  }
}

/** Points first and the rest in cash; or in two rows of points. What was refunded is refunded the same way. */
function splitPayment(draft: Draft, random: Prng, task: DraftTask): void {
  if (task.points < 2) return
  const part = random.int(1, task.points - 1)
  const refundedAt = taskEntries(draft, task, 'refund')[0]?.at
  remove(draft.entries, taskEntries(draft, task, 'refund'))
  unpay(draft, task)
  if (random.chance(0.7)) charge(draft, task, part, task.points - part)
  else {
    charge(draft, task, part, 0)
    charge(draft, task, task.points - part, 0)
  }
  if (refundedAt !== undefined) refund(draft, task, refundedAt)
}

function delayBill(draft: Draft, random: Prng, task: DraftTask): void {
  const late = draft.depth === 'summary' ? random.int(5, 50) * MINUTE : random.int(10, 20 * 60) * MINUTE
  for (const event of taskEvents(draft, task)) event.at = plus(task.completedAt ?? task.createdAt, late)
}

/** A quantity with more digits than a FLOAT keeps of its cost. */
function fineQuantity(draft: Draft, random: Prng, task: DraftTask): void {
  const [event] = taskEvents(draft, task)
  if (event === undefined || task.costNanoUsd === null || task.costNanoUsd === 0n) return
  const pointsPerUnit = MODELS.find(({ endpoint }) => endpoint === event.endpoint)?.pointsPerUnit ?? 1
  // The operator charges whole units: what is above them is worth less than a point.
  const more = Math.floor((random.int(1, 999_999) * 10) / Math.max(10, pointsPerUnit))
  const tenMillionths = Math.round(event.quantity * 1e7) + more
  event.quantity = tenMillionths / 1e7
  const subtotal = (event.unitPriceNanoUsd * BigInt(tenMillionths)) / 10_000_000n
  event.costNanoUsd = (subtotal * BigInt(100 - event.percentDiscount)) / 100n
  task.costNanoUsd = event.costNanoUsd
}

/** Recharges, gifts, an agent's income, and products that are not fal. */
function otherMoney(draft: Draft, random: Prng): void {
  const { window, now, settings, users, entries } = draft
  const from = plus(window.start, -5 * 24 * HOUR)
  for (const { id: userId } of users) {
    const at = (): Instant => instant(from + random.int(0, Math.floor((now - from) / SECOND) - 1) * SECOND)
    if (random.chance(0.3)) {
      entries.push({
        book: 'points',
        userId,
        amount: random.int(1, 20) * 100,
        orderId: null,
        kind: 'recharge',
        at: at(),
      })
    }
    if (random.chance(0.2)) {
      const orderId = `pay-${random.int(1000, 9999)}`
      entries.push({ book: 'cash', userId, amount: random.int(1, 20) * 100, orderId, kind: 'recharge', at: at() })
    }
    if (random.chance(0.1)) entries.push({ book: 'points', userId, amount: 50, orderId: null, kind: 'gift', at: at() })
    if (random.chance(0.05)) entries.push({ book: 'cash', userId, amount: 33, orderId: null, kind: 'income', at: at() })
    // Where rows are not linked to tasks, or not all, another product could not be told from a task.
    if (settings.links !== 'all' || !random.chance(0.3)) continue
    const book = random.chance(0.7) ? 'points' : 'cash'
    const orderId = random.pick([`shop-${random.int(1000, 9999)}`, null])
    entries.push({ book, userId, amount: -random.int(10, 400), orderId, kind: 'consume', at: at() })
  }
}

/** People try things out in the playground, and old keys still have some calls in them: little money, in no account row. */
function spendOfPeople(draft: Draft, random: Prng): void {
  const { window, now, workspaces, events, settings } = draft
  const from = plus(window.start, -2 * HOUR)
  for (const { username } of workspaces) {
    if (!random.chance(0.3)) continue
    let spent = 0n
    for (let count = random.int(1, 4); count > 0; count--) {
      const model = random.pick(MODELS)
      spent += model.unitPriceNanoUsd
      if (spent > UNATTRIBUTED_MAX_NANO_USD) break
      const event: DraftEvent = {
        ...{ workspace: username, requestId: random.uuid(), endpoint: model.endpoint, quantity: 1, unit: model.unit },
        ...{ unitPriceNanoUsd: model.unitPriceNanoUsd, percentDiscount: 0, costNanoUsd: model.unitPriceNanoUsd },
        at: instant(from + random.int(0, now - from - 1)),
      }
      // Without ids in the bill a rotated key cannot be told from the account's own.
      if (settings.attribution === 'keys' && random.chance(0.3)) event.keyId = 'deadbeef-0000-4000-8000-00000000dead'
      else event.login = `person-${random.int(1, 3)}@example.com`
      events.push(event)
    }
  }
}

/** An installation that sets order ids on some ledger rows only, or on none. */
function unlink(draft: Draft, random: Prng): void {
  const { links } = draft.settings
  if (links === 'all') return
  if (links === 'none') {
    const ids = new Set(draft.tasks.map(({ taskId }) => taskId))
    for (const entry of draft.entries) if (entry.orderId !== null && ids.has(entry.orderId)) entry.orderId = null
    return
  }
  const charged = inWindow(draft).filter(({ points }) => points > 0)
  const plain = charged.filter(({ refunded }) => !refunded)
  for (const task of random.shuffled(plain).slice(0, Math.floor(charged.length * 0.05))) {
    for (const entry of taskEntries(draft, task)) entry.orderId = null
  }
}
