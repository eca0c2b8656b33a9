import { DAY, earlier, HOUR, instant, later, MINUTE, plus, SECOND } from '../../../src/units/instant.ts'
import { formatUsd, nanoUsd } from '../../../src/units/nano-usd.ts'
import { dateOf, refundsOf, spikes } from './arithmetic.ts'
import type { Draft, DraftAccount, DraftTask } from './draft.ts'
import { taskEvents } from './draft.ts'
import {
  type Allowed,
  addOrphan,
  also,
  billSubject,
  claim,
  deviates,
  freeAccounts,
  type Injector,
  place,
  plainTasks,
  recordedModels,
  takePlain,
  taskSubject,
} from './faults.ts'
import { addTask, fail, forget, refund, unbill } from './life.ts'
import { FREE_MODEL, MODELS } from './models.ts'
import type { Prng } from './prng.ts'
import { storedFloat } from './render.ts'

const CHEAP = MODELS[0] as (typeof MODELS)[number]

export const usd = (cost: bigint): string => formatUsd(nanoUsd(cost))
const storedCost = ({ costNanoUsd }: DraftTask): bigint =>
  BigInt(Math.round(Number(storedFloat(costNanoUsd ?? 0n)) * 1e9))

const onlyBill = (draft: Draft, account: DraftAccount, task: DraftTask): Allowed =>
  also(
    'A2',
    { ...billSubject(draft, account), model: task.model },
    'it was all that fal billed of the model to the key',
  )

const b1: Injector = {
  rule: 'B1',
  needs: {},
  plant: (draft, random) => {
    const account = freeAccounts(draft, random).find((each) => recordedModels(draft, each).length > 0)
    const model = account && random.pick(recordedModels(draft, account))
    const event = account && model && addOrphan(draft, random, account, model, random.int(1, 5))
    if (account === undefined || event === undefined) return undefined
    claim(draft, `account ${account.id}`)
    return {
      expected: [
        {
          ...{ rule: 'B1', subject: { requestId: event.requestId }, severity: 'HIGH', count: 1 },
          ...{ expected: usd(event.costNanoUsd), actual: '0' },
        },
      ],
      allowed: [deviates(draft, account)],
    }
  },
  twins: [
    // The task was made days before the window, and billed in it.
    (draft, random) => {
      const [account] = freeAccounts(draft, random)
      if (account === undefined) return undefined
      const at = plus(draft.window.start, -random.int(25, 70) * HOUR)
      const billed = plus(draft.window.start, random.int(1, 20) * HOUR)
      for (const { id: userId } of random.shuffled(draft.users)) {
        const task = addTask(draft, random, { userId, account, model: CHEAP, at, runs: 20 * SECOND })
        for (const event of taskEvents(draft, task)) event.at = earlier(billed, plus(draft.now, -HOUR))
        if (!spikes(draft, userId)) return []
        forget(draft, task)
      }
      return undefined
    },
    // The id is stored in other forms.
    (draft, random) => {
      const tasks = plainTasks(draft, random).slice(0, 4)
      const forms = [
        (id: string) => `https://queue.fal.run/fal-ai/flux/requests/${id}/status?logs=1`,
        (id: string) => id.toUpperCase(),
        (id: string) => `fal-ai/flux#${id}`,
        (id: string) => ` ${id} `,
      ]
      tasks.forEach((task, index) => {
        task.onlineTaskId = forms[index]?.(task.requestId) ?? task.requestId
      })
      return tasks.length === 0 ? undefined : []
    },
    // It cost nothing.
    (draft, random) => {
      const [account] = freeAccounts(draft, random)
      return account && addOrphan(draft, random, account, FREE_MODEL, 1) && []
    },
  ],
}

const b2: Injector = {
  rule: 'B2',
  needs: {},
  plant: (draft, random) => {
    const taken = takePlain(draft, random)
    if (taken === undefined) return undefined
    const { task, account } = taken
    unbill(draft, task)
    const actual = usd(storedCost(task))
    return {
      expected: [{ rule: 'B2', subject: taskSubject(task), severity: 'MEDIUM', expected: '0', actual, count: 1 }],
      allowed: [deviates(draft, account), onlyBill(draft, account, task)],
    }
  },
  twins: [
    // fal billed it much later than anything that was fetched: only asking by id finds it.
    {
      needs: { reading: 'late' },
      bend: (draft, random) => {
        const from = plus(draft.window.end, DAY + HOUR)
        const taken = from < draft.now - HOUR ? takePlain(draft, random) : undefined
        const span = Math.floor((draft.now - HOUR - from) / 1000)
        if (taken === undefined) return undefined
        for (const event of taskEvents(draft, taken.task)) event.at = instant(from + random.int(0, span) * 1000)
        return []
      },
    },
    // Without a request id it is counted apart, and nobody is accused.
    (draft, random) => {
      const account = freeAccounts(draft, random).find((each) => recordedModels(draft, each).includes(CHEAP))
      const placed = account && place(draft, random, { account, model: CHEAP, quantity: 1 })
      if (placed === undefined) return undefined
      unbill(draft, placed.task)
      placed.task.requestId = ''
      placed.task.onlineTaskId = random.pick(['', null, 'null', '-'])
      return [deviates(draft, placed.account), onlyBill(draft, placed.account, placed.task)]
    },
    // It has ended less than the settlement lag ago.
    {
      needs: { reading: 'early' },
      bend: (draft, random) => {
        const latest = earlier(plus(draft.now, -HOUR), plus(draft.window.end, -MINUTE))
        const at = later(plus(draft.now, -22 * HOUR), draft.window.start)
        const placed = place(draft, random, { at: instant(at + random.int(0, (latest - at) / 1000) * 1000) })
        if (placed === undefined) return undefined
        unbill(draft, placed.task)
        return []
      },
    },
  ],
}

const b3: Injector = {
  rule: 'B3',
  needs: {},
  plant: (draft, random) => {
    const taken = takePlain(draft, random)
    const billed = taken?.task.costNanoUsd
    if (taken === undefined || billed === undefined || billed === null) return undefined
    const { task, account } = taken
    const percent = random.pick([-40, -15, -2, 1, 3, 25, 200])
    task.costNanoUsd = ((billed * BigInt(100 + percent)) / 100_000n) * 1000n
    const amounts = { expected: usd(billed), actual: usd(storedCost(task)) }
    return {
      expected: [{ rule: 'B3', subject: taskSubject(task), severity: 'MEDIUM', ...amounts, count: 1 }],
      allowed: [deviates(draft, account)],
    }
  },
  twins: [
    // Less than half a percent.
    (draft, random) => {
      const task = takePlain(draft, random)?.task
      if (task === undefined || task.costNanoUsd === null) return undefined
      task.costNanoUsd = (task.costNanoUsd * random.pick([1004n, 996n])) / 1000n
      return []
    },
    // A discount, recorded as it was charged.
    (draft, random) => {
      const task = takePlain(draft, random)?.task
      const [event] = task === undefined ? [] : taskEvents(draft, task)
      if (task === undefined || event === undefined) return undefined
      event.percentDiscount = 15
      event.costNanoUsd = (event.costNanoUsd * 85n) / 100n
      task.costNanoUsd = event.costNanoUsd
      return []
    },
    // Several events of one request.
    inTwoEvents,
  ],
}

/** One request billed in two parts, at two times, that add up to what was recorded. */
function inTwoEvents(draft: Draft, random: Prng): readonly Allowed[] | undefined {
  const task = takePlain(draft, random)?.task
  const [event] = task === undefined ? [] : taskEvents(draft, task)
  if (event === undefined) return undefined
  const half = event.costNanoUsd / 2n
  draft.events.push({
    ...event,
    at: plus(event.at, random.int(1, 60) * SECOND),
    costNanoUsd: half,
    quantity: event.quantity / 2,
  })
  event.costNanoUsd -= half
  event.quantity /= 2
  return []
}

const b4: Injector = {
  rule: 'B4',
  needs: {},
  plant: (draft, random) => {
    const taken = takePlain(draft, random)
    const model = taken && MODELS.find(({ endpoint, alias }) => [endpoint, alias].includes(taken.task.model))
    const at = taken && plus(taken.task.createdAt, 5 * SECOND)
    const placed = at && model && place(draft, random, { account: taken.account, model, at })
    if (taken === undefined || placed === undefined) return undefined
    unbill(draft, placed.task)
    placed.task.requestId = taken.task.requestId
    placed.task.onlineTaskId = taken.task.requestId
    const { requestId } = taken.task
    return {
      expected: [{ rule: 'B4', subject: { requestId }, severity: 'HIGH', expected: '1', actual: '2', count: 2 }],
      allowed: [deviates(draft, taken.account)],
    }
  },
  twins: [
    // Words that stand for no id.
    (draft, random) => {
      const word = random.pick(['-', 'null', '', 'N/A'])
      for (let count = 0; count < 2; count++) {
        const placed = place(draft, random, { model: CHEAP, quantity: 1 })
        if (placed === undefined) return undefined
        fail(draft, random, placed.task)
        placed.task.refunded = true
        placed.task.requestId = ''
        placed.task.onlineTaskId = word
        refund(draft, placed.task, plus(placed.task.createdAt, 10 * MINUTE))
        const { charged, refunded } = refundsOf(draft, dateOf(draft, placed.task.createdAt))
        if (refunded * 10 > charged * 3) return undefined
      }
      return []
    },
    // A second row for the same request that nobody was charged for, and that cost nothing.
    (draft, random) => {
      const taken = takePlain(draft, random)
      const at = taken && plus(taken.task.createdAt, 5 * SECOND)
      const placed = at && place(draft, random, { account: taken.account, model: CHEAP, points: 0, at })
      if (taken === undefined || placed === undefined) return undefined
      unbill(draft, placed.task)
      Object.assign(placed.task, {
        requestId: taken.task.requestId,
        onlineTaskId: taken.task.requestId,
        costNanoUsd: 0n,
      })
      return []
    },
  ],
}

const b5: Injector = {
  rule: 'B5',
  needs: {},
  plant: (draft, random) => {
    const taken = takePlain(draft, random)
    const [event] = taken === undefined ? [] : taskEvents(draft, taken.task)
    if (taken === undefined || event === undefined) return undefined
    const times = random.int(2, 3)
    for (let count = 1; count < times; count++) draft.events.push({ ...event })
    const { task, account } = taken
    const amounts = { expected: usd(event.costNanoUsd), actual: usd(event.costNanoUsd * BigInt(times)), count: times }
    return {
      expected: [{ rule: 'B5', subject: taskSubject(task), severity: 'MEDIUM', ...amounts }],
      allowed: [
        deviates(draft, account),
        also('B3', { taskId: task.taskId }, 'what is billed twice is more than what was recorded'),
        also('B16', { date: dateOf(draft, task.createdAt) }, 'billed twice it may cost more than it earned'),
      ],
    }
  },
  twins: [inTwoEvents],
}

export const FAULTS_B1_B5: readonly Injector[] = [b1, b2, b3, b4, b5]
