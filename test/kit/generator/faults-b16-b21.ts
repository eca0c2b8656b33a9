import { earlier, HOUR, instant, later, MINUTE, plus, within } from '../../../src/units/instant.ts'
import { dateOf, refundsOf } from './arithmetic.ts'
import { auditedAccounts, type Draft, type DraftEvent, taskEvents } from './draft.ts'
import {
  type Allowed,
  addOrphan,
  also,
  claim,
  deviates,
  freeAccounts,
  type Injector,
  isFree,
  place,
  plainTasks,
  recordedModels,
  takePlain,
  taskSubject,
} from './faults.ts'
import { usd } from './faults-b1-b5.ts'
import { momentIn } from './generate.ts'
import { fail, keyIdOf, refund, unbill } from './life.ts'
import { MODELS, UNUSED_MODEL } from './models.ts'
import type { Prng } from './prng.ts'

const KEYED = { attribution: 'keys' } as const
const DEAR = MODELS[7] as (typeof MODELS)[number]
const POINTS_PER_USD = 400

const b16: Injector = {
  rule: 'B16',
  needs: { rate: true },
  plant: (draft, random) => {
    const points = random.int(10, 239)
    const placed = place(draft, random, { model: UNUSED_MODEL, quantity: 4, points })
    if (placed === undefined) return undefined
    const subject = { model: UNUSED_MODEL.endpoint, date: dateOf(draft, placed.task.createdAt) }
    const actual = usd(BigInt(points) * BigInt(1e9 / POINTS_PER_USD))
    const amounts = { expected: '0.6', actual, count: 1 }
    return { expected: [{ rule: 'B16', subject, severity: 'MEDIUM', ...amounts }], allowed: [] }
  },
  twins: [
    // At cost, to the point.
    (draft, random) => place(draft, random, { model: UNUSED_MODEL, quantity: 4, points: 240 }) && [],
  ],
}

const b17: Injector = {
  rule: 'B17',
  needs: KEYED,
  plant: (draft, random) => {
    const turned = turn(draft, random, (event) => {
      event.unitPriceNanoUsd = (event.unitPriceNanoUsd * 11n) / 10n
      event.costNanoUsd = (event.costNanoUsd * 11n) / 10n
    })
    if (turned === undefined) return undefined
    const amounts = { expected: usd(turned.before), actual: usd((turned.before * 11n) / 10n) }
    const subject = { model: turned.endpoint }
    return { expected: [{ rule: 'B17', subject, severity: 'LOW', ...amounts, count: 1 }], allowed: [] }
  },
  twins: [
    // From then on there is a discount; the price before it is the same.
    (draft, random) =>
      turn(draft, random, (event) => {
        event.percentDiscount = 30
        event.costNanoUsd = (event.costNanoUsd * 7n) / 10n
      }) && [],
    // From then on another unit, with a price of its own.
    (draft, random) =>
      turn(draft, random, (event) => {
        event.unit = 'compute seconds'
        event.unitPriceNanoUsd /= 2n
        event.quantity *= 2
      }) && [],
  ],
}

/** Changes all bills of a model in a workspace from some moment of the window on, and what the tasks record with them. */
function turn(draft: Draft, random: Prng, change: (event: DraftEvent) => void) {
  for (const { task, event } of random.shuffled(billedTasks(draft, random))) {
    const same = draft.events.filter(
      ({ workspace, endpoint, percentDiscount }) =>
        workspace === event.workspace && endpoint === event.endpoint && percentDiscount === event.percentDiscount,
    )
    // Keys of accounts that the audit leaves out tell no prices.
    const audited = new Set(auditedAccounts(draft).map(({ apiKey }) => keyIdOf(apiKey)))
    const isBefore = ({ at, keyId }: DraftEvent): boolean =>
      at < event.at && within(at, draft.window) && audited.has(keyId ?? '')
    if (!same.some(isBefore)) continue
    const members = draft.accounts.filter(({ workspace }) => workspace === event.workspace)
    if (!isFree(draft, ...members.map(({ id }) => `account ${id}`))) continue
    claim(draft, ...members.map(({ id }) => `account ${id}`), `user ${task.userId}`)
    const { endpoint, unitPriceNanoUsd } = event
    for (const each of same.filter(({ at }) => at >= event.at)) {
      change(each)
      for (const recorded of draft.tasks) {
        if (recorded.requestId === each.requestId && recorded.costNanoUsd !== null)
          recorded.costNanoUsd = each.costNanoUsd
      }
    }
    return { endpoint, before: unitPriceNanoUsd }
  }
  return undefined
}

const billedTasks = (draft: Draft, random: Prng) =>
  plainTasks(draft, random).flatMap((task) =>
    taskEvents(draft, task)
      .filter(({ at }) => within(at, draft.window))
      .map((event) => ({ task, event })),
  )

const b18: Injector = {
  rule: 'B18',
  needs: {},
  plant: (draft, random) => {
    const placed = place(draft, random)
    if (placed === undefined) return undefined
    const { task } = placed
    const billed = random.chance(0.4)
    task.status = random.pick(['processing', 'IN_QUEUE', ''])
    task.completedAt = null
    const actual = billed ? usd(task.costNanoUsd ?? 0n) : '0'
    if (!billed) {
      task.costNanoUsd = null
      unbill(draft, task)
    }
    const severity = billed ? 'MEDIUM' : 'LOW'
    const amounts = { expected: '0', actual, count: 1 }
    const allowed: Allowed[] = []
    if (billed && random.chance(0.5)) {
      // The system never learned that it ended, nor what it cost.
      task.costNanoUsd = null
      allowed.push(also('B3', taskSubject(task), 'billed, and no cost was recorded'), deviates(draft, placed.account))
    }
    return { expected: [{ rule: 'B18', subject: taskSubject(task), severity, ...amounts }], allowed }
  },
  twins: [
    // It was made less than a day ago.
    {
      needs: { reading: 'early' },
      bend: (draft, random) => {
        const from = later(plus(draft.now, -22 * HOUR), draft.window.start)
        const until = earlier(plus(draft.now, -HOUR), plus(draft.window.end, -MINUTE))
        const at = instant(from + random.int(0, (until - from) / 1000) * 1000)
        const placed = place(draft, random, { at })
        if (placed === undefined) return undefined
        Object.assign(placed.task, { status: 'running', completedAt: null, costNanoUsd: null })
        unbill(draft, placed.task)
        return []
      },
    },
  ],
}

const b19: Injector = {
  rule: 'B19',
  needs: KEYED,
  plant: (draft, random) => {
    const account = freeAccounts(draft, random).find((each) => recordedModels(draft, each).length > 0)
    const model = account && random.pick(recordedModels(draft, account))
    const event = account && model && addOrphan(draft, random, account, model, 1, momentIn(draft, random, 50 * HOUR))
    if (account === undefined || event === undefined) return undefined
    event.usageOnly = true
    claim(draft, `account ${account.id}`)
    const date = dateOf(draft, event.at)
    const same = draft.events.filter(
      ({ keyId, endpoint, at }) => keyId === event.keyId && endpoint === event.endpoint && dateOf(draft, at) === date,
    )
    const usage = same.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0n)
    const amounts = { expected: usd(usage), actual: usd(usage - event.costNanoUsd) }
    const subject = { accountId: account.id, model: event.endpoint, date }
    return { expected: [{ rule: 'B19', subject, severity: 'HIGH', ...amounts }], allowed: [deviates(draft, account)] }
  },
  twins: [
    // Usage has it a day later than the event: the two days cancel.
    {
      needs: { daysMin: 2, reading: 'late' },
      bend: (draft, random) => {
        const taken = takePlain(draft, random)
        const [event] = taken === undefined ? [] : taskEvents(draft, taken.task)
        if (taken === undefined || event === undefined) return undefined
        const usageAt = [plus(event.at, 24 * HOUR), plus(event.at, -24 * HOUR)].find((at) => within(at, draft.window))
        if (usageAt === undefined || !within(event.at, draft.window)) return undefined
        event.usageAt = usageAt
        const subject = { accountId: taken.account.id, model: event.endpoint }
        return [{ ...also('B19', subject, 'days beside each other that cancel are timing'), timing: true }]
      },
    },
  ],
}

const b20: Injector = {
  rule: 'B20',
  needs: { links: 'all' },
  plant: (draft, random) => {
    const task = takePlain(draft, random)?.task
    if (task === undefined || task.completedAt === null || task.costNanoUsd === null) return undefined
    task.refunded = true
    refund(draft, task, plus(task.completedAt, random.int(1, 50) * MINUTE))
    const date = dateOf(draft, task.createdAt)
    const amounts = { expected: '0', actual: usd(task.costNanoUsd), count: 1 }
    return {
      expected: [{ rule: 'B20', subject: { userId: task.userId }, severity: 'MEDIUM', ...amounts }],
      allowed: [
        also('A5', { date }, 'one more refund may take the day over its share'),
        also('B16', { date, model: task.model }, 'what was given back earns nothing and cost something'),
      ],
    }
  },
  twins: [
    // Refunded, and not billed.
    (draft, random) => {
      const task = takePlain(draft, random)?.task
      if (task === undefined || task.completedAt === null) return undefined
      fail(draft, random, task)
      task.refunded = true
      refund(draft, task, plus(task.completedAt, 9 * MINUTE))
      const { charged, refunded } = refundsOf(draft, dateOf(draft, task.createdAt))
      return refunded * 10 > charged * 3 ? undefined : []
    },
  ],
}

const b21: Injector = {
  rule: 'B21',
  needs: KEYED,
  plant: (draft, random) => {
    const total = spendOf(draft, random, (spent) => 1_000_000_000n - spent + BigInt(random.int(0, 9)) * 100_000_000n)
    if (total === undefined) return undefined
    const amounts = { expected: usd(total.spent), actual: '0' }
    const subject = { workspace: total.workspace }
    return { expected: [{ rule: 'B21', subject, severity: 'MEDIUM', ...amounts }], allowed: [] }
  },
  twins: [
    // Just below a dollar.
    (draft, random) => spendOf(draft, random, (spent) => 999_999_000n - spent) && [],
  ],
}

/** Lets a person spend so much in a workspace, given what people and old keys spent there already. */
function spendOf(draft: Draft, random: Prng, more: (spent: bigint) => bigint) {
  const [account] = freeAccounts(draft, random)
  const at = momentIn(draft, random, HOUR)
  if (account === undefined || at === undefined || !isFree(draft, `workspace ${account.workspace}`)) return undefined
  const { workspace } = account
  const known = new Set(draft.accounts.map(({ apiKey }) => keyIdOf(apiKey)))
  const strange = draft.events.filter(
    (event) => event.workspace === workspace && within(event.at, draft.window) && !known.has(event.keyId ?? ''),
  )
  const spent = strange.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0n)
  const costNanoUsd = more(spent)
  if (costNanoUsd <= 0n) return undefined
  const event = addOrphan(draft, random, account, DEAR, 1, at)
  if (event === undefined) return undefined
  delete event.keyId
  if (random.chance(0.5)) event.keyId = 'feedface-0000-4000-8000-00000000beef'
  else event.login = 'person-9@example.com'
  event.quantity = Number(costNanoUsd) / Number(DEAR.unitPriceNanoUsd)
  event.costNanoUsd = costNanoUsd
  claim(draft, `workspace ${workspace}`)
  return { workspace, spent: spent + costNanoUsd }
}

export const FAULTS_B16_B21: readonly Injector[] = [b16, b17, b18, b19, b20, b21]
