import { HOUR, MINUTE, plus } from '../../../src/units/instant.ts'
import { datesOf } from '../../../src/units/window.ts'
import type { CalendarDate } from '../../../src/units/zone.ts'
import { activeDaysBefore, chargesByDate, dateOf, refundsOf, spikeLimit, spikes } from './arithmetic.ts'
import type { Draft } from './draft.ts'
import { also, claim, freeAccounts, type Injector, isFree, place, plainTasks, SETTLED, taskSubject } from './faults.ts'
import { addTask, fail, refund } from './life.ts'
import { FREE_MODEL, MODELS } from './models.ts'
import type { Prng } from './prng.ts'

/** A model of which a unit costs one point. */
const POINT = MODELS[4] as (typeof MODELS)[number]
const LINKED = { links: 'all' } as const
const CHEAP = MODELS[0] as (typeof MODELS)[number]
const MIDDLE = MODELS[1] as (typeof MODELS)[number]
const DEAR = MODELS[7] as (typeof MODELS)[number]

const a5: Injector = {
  rule: 'A5',
  needs: LINKED,
  plant: (draft, random) => {
    const date = refundMuch(draft, random, true)
    if (date === undefined) return undefined
    const { charged, refunded } = refundsOf(draft, date)
    const expected = String(Math.floor((charged * 3) / 10))
    const actual = String(refunded)
    return { expected: [{ rule: 'A5', subject: { date }, severity: 'MEDIUM', expected, actual }], allowed: [] }
  },
  twins: [(draft, random) => (refundMuch(draft, random, false) === undefined ? undefined : [])],
}

/** Lets tasks of one day fail and be refunded, until more than 30 % of its charge is, or as much as may be. */
function refundMuch(draft: Draft, random: Prng, above: boolean): CalendarDate | undefined {
  const tooMuch = (refunded: number, charged: number): boolean => refunded * 10 > charged * 3
  for (const date of random.shuffled(datesOf(draft.window))) {
    const tasks = plainTasks(draft, random).filter(({ createdAt }) => dateOf(draft, createdAt) === date)
    const { charged, refunded } = refundsOf(draft, date)
    const reach = tasks.reduce((total, { points }) => total + points, refunded)
    if (charged === 0 || !isFree(draft, `date ${date}`) || (above && !tooMuch(reach, charged))) continue
    let sum = refunded
    for (const task of tasks) {
      if (above ? tooMuch(sum, charged) : tooMuch(sum + task.points, charged)) continue
      fail(draft, random, task)
      task.refunded = true
      refund(draft, task, plus(task.completedAt ?? task.createdAt, random.int(1, 50) * MINUTE))
      sum += task.points
    }
    claim(draft, `date ${date}`)
    return date
  }
  return undefined
}

const a6: Injector = {
  rule: 'A6',
  needs: {},
  plant: (draft, random) => spike(draft, random, true),
  twins: [
    // Exactly as much as may be, or far more without enough history.
    (draft, random) => (spike(draft, random, false) === undefined ? undefined : []),
    (draft, random) => {
      const [account] = freeAccounts(draft, random)
      const date = draft.firstDate
      const user = draft.users.find(({ id }) => activeDaysBefore(draft, chargesByDate(draft, id), date).length < 3)
      if (account === undefined || user === undefined) return undefined
      const at = plus(draft.window.start, 3 * HOUR)
      for (let count = 0; count < 4; count++)
        addTask(draft, random, { userId: user.id, account, model: DEAR, at, quantity: 8 })
      return spikes(draft, user.id) ? undefined : []
    },
  ],
}

function spike(draft: Draft, random: Prng, above: boolean) {
  const [account] = freeAccounts(draft, random)
  if (account === undefined) return undefined
  for (const { id: userId } of random.shuffled(draft.users)) {
    for (const date of random.shuffled(datesOf(draft.window))) {
      const noon = plus(draft.window.zone.startOfDate(date), 12 * HOUR)
      const limit = spikeLimit(draft, userId, date)
      if (limit === null || noon > draft.now - SETTLED || !isFree(draft, `user ${userId}`, `date ${date}`)) continue
      const missing = limit - (chargesByDate(draft, userId).get(date) ?? 0) + (above ? random.int(1, 40) : 0)
      if (missing < 1) continue
      addTask(draft, random, { userId, account, model: POINT, at: noon, quantity: missing })
      claim(draft, `user ${userId}`)
      const actual = String(chargesByDate(draft, userId).get(date))
      const finding = {
        rule: 'A6',
        subject: { userId, date },
        severity: 'LOW',
        expected: String(limit),
        actual,
      } as const
      return { expected: [finding], allowed: [] }
    }
  }
  return undefined
}

const a7: Injector = {
  rule: 'A7',
  needs: {},
  plant: (draft, random) => {
    const placed = place(draft, random, { points: 0, model: random.pick([CHEAP, MIDDLE]), quantity: 1 })
    if (placed === undefined) return undefined
    const { task } = placed
    const date = dateOf(draft, task.createdAt)
    return {
      expected: [{ rule: 'A7', subject: { userId: task.userId }, severity: 'MEDIUM', actual: '1', count: 1 }],
      allowed: [
        also('B16', { date }, 'what is given away may cost more than the model earns that day'),
        also('B22', taskSubject(task), 'a price rule may ask for what was given away'),
      ],
    }
  },
  twins: [
    // fal gives it away too.
    (draft, random) => (place(draft, random, { model: FREE_MODEL }) === undefined ? undefined : []),
  ],
}

const a8: Injector = {
  rule: 'A8',
  needs: {},
  plant: (draft, random) => {
    const [account] = freeAccounts(draft, random)
    const workspace = draft.workspaces.find(({ username }) => username === account?.workspace)
    if (account === undefined || workspace === undefined) return undefined
    claim(draft, `account ${account.id}`)
    const alone = draft.accounts.filter((each) => each.workspace === account.workspace).length === 1
    const low = random.pick(['0.99', '0', '0.5', '-3'])
    if (alone && random.chance(0.5)) workspace.balance = low
    else {
      workspace.balance = null
      account.balance = low
    }
    return {
      expected: [{ rule: 'A8', subject: { accountId: account.id }, severity: 'LOW', expected: '1', actual: low }],
      allowed: [],
    }
  },
  twins: [
    (draft, random) => {
      const [account] = freeAccounts(draft, random)
      const workspace = draft.workspaces.find(({ username }) => username === account?.workspace)
      if (account === undefined || workspace === undefined) return undefined
      if (random.chance(0.5)) {
        workspace.balance = random.pick(['1', '7.5'])
        account.balance = random.pick(['0.2', null])
      } else {
        workspace.balance = null
        account.balance = '1'
      }
      return []
    },
  ],
}

export const FAULTS_A5_A8: readonly Injector[] = [a5, a6, a7, a8]
