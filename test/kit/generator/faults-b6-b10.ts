import { earlier, HOUR, instant, later, MINUTE, plus } from '../../../src/units/instant.ts'
import { dateOf, refundsOf } from './arithmetic.ts'
import { type Draft, type DraftTask, taskEntries, taskEvents } from './draft.ts'
import {
  type Allowed,
  also,
  type Injector,
  type Plant,
  place,
  SETTLED,
  type Twin,
  takePlain,
  taskSubject,
} from './faults.ts'
import { charge, FAILED_WORDS, fail, refund, unpay } from './life.ts'
import { MODELS } from './models.ts'
import type { Prng } from './prng.ts'

const LINKED = { links: 'all' } as const
const EVEN = MODELS[1] as (typeof MODELS)[number]

const sumOf = (entries: readonly { readonly amount: number }[]): number =>
  entries.reduce((sum, { amount }) => sum + Math.abs(amount), 0)

const behindA4 = ({ userId }: DraftTask): Allowed =>
  also('A4', { userId }, 'the user paid another sum than was charged')

const behindB10 = (task: DraftTask): Allowed =>
  also('B10', taskSubject(task), 'the rows of the task no longer add up to its charge')

const b6: Injector = {
  rule: 'B6',
  needs: LINKED,
  plant: (draft, random) => {
    const task = takePlain(draft, random)?.task
    const rows = task === undefined ? [] : taskEntries(draft, task)
    if (task === undefined || rows.length === 0) return undefined
    draft.entries.push({ ...random.pick(rows) })
    const amounts = { expected: String(task.points), actual: String(sumOf(taskEntries(draft, task))), count: 1 }
    return {
      expected: [{ rule: 'B6', subject: taskSubject(task), severity: 'HIGH', ...amounts }],
      allowed: [behindA4(task), behindB10(task)],
    }
  },
  twins: [
    // Two equal rows that are the charge together.
    (draft, random) => {
      const placed = place(draft, random, { model: EVEN })
      if (placed === undefined) return undefined
      unpay(draft, placed.task)
      const half = placed.task.points / 2
      const sameBook = random.chance(0.5)
      charge(draft, placed.task, half, sameBook ? 0 : half)
      if (sameBook) charge(draft, placed.task, half, 0)
      return []
    },
    // A charge and a refund of the same amount.
    (draft, random) => (failed(draft, random, { marked: true, refunded: true }) === undefined ? undefined : []),
  ],
}

interface Failing {
  readonly marked: boolean
  readonly refunded: boolean
  /** Ended less than a day before the moment of reading. */
  readonly young?: boolean
  /** fal billed it all the same: a 422. */
  readonly billed?: boolean
}

/** A task more that failed, in a day whose share of refunds stays low. */
function failed(draft: Draft, random: Prng, { marked, refunded, young, billed }: Failing): DraftTask | undefined {
  const at = young === true ? youngMoment(draft, random) : undefined
  const placed = place(draft, random, { model: random.pick([EVEN, MODELS[0] as typeof EVEN]), ...(at && { at }) })
  if (placed === undefined) return undefined
  const { task } = placed
  if (billed === true) task.status = random.pick(FAILED_WORDS)
  else fail(draft, random, task)
  task.refunded = marked
  if (refunded) refund(draft, task, plus(task.createdAt, random.int(6, 55) * MINUTE))
  const share = refundsOf(draft, dateOf(draft, task.createdAt))
  return share.refunded * 10 > share.charged * 3 ? undefined : task
}

/** A moment of the window within the last 22 hours. */
function youngMoment(draft: Draft, random: Prng) {
  const from = later(plus(draft.now, -22 * HOUR), draft.window.start)
  const until = earlier(plus(draft.now, -2 * HOUR), draft.window.end)
  return until <= from ? undefined : instant(from + random.int(0, (until - from) / 1000 - 1) * 1000)
}

const young = (how: Failing): Twin => ({
  needs: { reading: 'early' },
  bend: (draft, random) => {
    const task = failed(draft, random, { ...how, young: true })
    return task === undefined || task.createdAt < draft.now - 24 * HOUR ? undefined : []
  },
})

const b7: Injector = {
  rule: 'B7',
  needs: LINKED,
  plant: (draft, random) => {
    const billed = random.chance(0.3)
    const task = failed(draft, random, { marked: false, refunded: false, billed })
    if (task === undefined) return undefined
    const severity = billed ? 'MEDIUM' : 'HIGH'
    const amounts = { expected: '0', actual: String(task.points), count: 1 }
    return { expected: [{ rule: 'B7', subject: taskSubject(task), severity, ...amounts }], allowed: [] }
  },
  twins: [
    young({ marked: false, refunded: false }),
    // Refunded into the other book, and in parts.
    (draft, random) => {
      const task = failed(draft, random, { marked: true, refunded: false })
      if (task === undefined) return undefined
      const at = plus(task.createdAt, 20 * MINUTE)
      const row = { userId: task.userId, orderId: task.taskId, kind: 'refund', at } as const
      draft.entries.push({ ...row, book: 'cash', amount: task.points - 1 }, { ...row, book: 'points', amount: 1 })
      return []
    },
    // Failed, and never charged.
    (draft, random) => {
      const task = failed(draft, random, { marked: false, refunded: false })
      if (task === undefined) return undefined
      unpay(draft, task)
      task.points = 0
      return []
    },
  ],
}

const b8: Injector = {
  rule: 'B8',
  needs: LINKED,
  plant: (draft, random) => {
    const marked = random.chance(0.5)
    const task = failed(draft, random, { marked, refunded: !marked })
    if (task === undefined) return undefined
    const charged = String(task.points)
    const amounts = marked ? { expected: charged, actual: '0' } : { expected: '0', actual: charged }
    return {
      expected: [{ rule: 'B8', subject: taskSubject(task), severity: 'HIGH', ...amounts, count: 1 }],
      allowed: [],
    }
  },
  twins: [
    // Posted long after, past the end of the window.
    {
      needs: { reading: 'late' },
      bend: (draft, random) => {
        const task = failed(draft, random, { marked: true, refunded: false })
        if (task === undefined) return undefined
        refund(draft, task, plus(draft.now, -random.int(1, 20) * HOUR))
        return []
      },
    },
    young({ marked: true, refunded: false }),
  ],
}

const b9: Injector = {
  rule: 'B9',
  needs: LINKED,
  plant: (draft, random) => {
    const task = failed(draft, random, { marked: true, refunded: true })
    const [first] = task === undefined ? [] : taskEntries(draft, task, 'refund')
    if (task === undefined || first === undefined) return undefined
    // Another amount than the first: equal rows would be B6.
    const amount = task.points + random.int(1, 50)
    draft.entries.push({ ...first, book: random.pick(['points', 'cash']), amount, at: plus(first.at, 5 * MINUTE) })
    const rows = taskEntries(draft, task, 'refund')
    const amounts = { expected: String(task.points), actual: String(sumOf(rows)), count: rows.length }
    return { expected: [{ rule: 'B9', subject: taskSubject(task), severity: 'HIGH', ...amounts }], allowed: [] }
  },
  twins: [
    // In two parts, points and cash, that are the charge together.
    (draft, random) => {
      const task = failed(draft, random, { marked: true, refunded: true })
      const [row] = task === undefined ? [] : taskEntries(draft, task, 'refund')
      if (task === undefined || row === undefined) return undefined
      row.amount -= 1
      draft.entries.push({ ...row, book: 'cash', amount: 1, at: plus(row.at, MINUTE) })
      return []
    },
  ],
}

const b10: Injector = {
  rule: 'B10',
  needs: LINKED,
  plant: (draft, random): Plant | undefined => {
    const task = takePlain(draft, random)?.task
    const [row] = task === undefined ? [] : taskEntries(draft, task)
    if (task === undefined || row === undefined) return undefined
    row.amount -= random.chance(0.5) || row.amount > -2 ? random.int(1, 30) : -1
    // Equal to another row it would be B6.
    if (taskEntries(draft, task).some((each) => each !== row && each.amount === row.amount)) return undefined
    const amounts = { expected: String(task.points), actual: String(sumOf(taskEntries(draft, task))), count: 1 }
    return {
      expected: [{ rule: 'B10', subject: taskSubject(task), severity: 'MEDIUM', ...amounts }],
      allowed: [behindA4(task)],
    }
  },
  twins: [
    // Paid in three rows, days apart.
    (draft, random) => {
      const placed = place(draft, random, { model: EVEN, before: SETTLED + 2 * HOUR })
      if (placed === undefined) return undefined
      const { task } = placed
      unpay(draft, task)
      charge(draft, task, 3, 4)
      for (const row of charge(draft, task, task.points - 7, 0)) row.at = plus(task.createdAt, HOUR)
      return taskEvents(draft, task).length === 1 ? [] : undefined
    },
  ],
}

export const FAULTS_B6_B10: readonly Injector[] = [b6, b7, b8, b9, b10]
