import { DAY } from '../../src/units/instant.ts'
import { ACCOUNTS, dateOf, MODELS, type Shape, TIMEZONE, tasksOf, turnOf } from './shape.ts'
import {
  BILLED_AFTER_TURN_MAX,
  EARLY_MAX,
  isFailed,
  keyIdOf,
  modelName,
  priceMicroUsd,
  requestIdOf,
  type Task,
  taskOf,
} from './tasks.ts'

/** fal's bill begins a day before the window: that much may cross its edge. */
const BILL_BEFORE = DAY
const SORTED_EVERY = 4000

/** The first task that fal's bill tells of. */
export const firstBilled = (shape: Shape): number => Math.max(0, Math.ceil(shape.history - BILL_BEFORE / shape.step))

/** Events of one account in order of time, a few at a time; the last call has them all. */
export type EventSink = (account: number, tasks: readonly Task[]) => void

/** Walks fal's events, of each account in order of time, holding minutes of them only. Yields now and then. */
export function* walkEvents(shape: Shape, sink: EventSink): Generator<void> {
  const waiting: Task[][] = Array.from({ length: ACCOUNTS }, () => [])
  const release = (before: number): void => {
    waiting.forEach((tasks, account) => {
      tasks.sort((a, b) => a.billedAt - b.billedAt || a.number - b.number)
      const open = tasks.findIndex(({ billedAt }) => billedAt >= before)
      const ready = tasks.splice(0, open < 0 ? tasks.length : open)
      if (ready.length > 0) sink(account, ready)
    })
  }
  for (let number = firstBilled(shape); number < tasksOf(shape); number++) {
    if (!isFailed(number)) {
      const task = taskOf(shape, number)
      waiting[task.account]?.push(task)
    }
    if (number % SORTED_EVERY === 0) {
      // Whatever comes later is billed after this.
      release(turnOf(shape, number) - EARLY_MAX)
      yield
    }
  }
  release(Number.POSITIVE_INFINITY)
  yield
}

/** Whether an event of this task may have come by then: tells where to look for it. */
export const billedSpan = (shape: Shape, number: number): { from: number; to: number } => ({
  from: turnOf(shape, number) - EARLY_MAX,
  to: turnOf(shape, number) + BILLED_AFTER_TURN_MAX,
})

const usd = (microUsd: number): string => {
  const whole = Math.floor(microUsd / 1e6)
  const fraction = String(microUsd - whole * 1e6)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return fraction === '' ? String(whole) : `${whole}.${fraction}`
}

/** An event as fal's Platform API tells it, in the same keys and order as the double of the demo. */
export function eventJson(shape: Shape, task: Task): string {
  const { number, model, quantity, costMicroUsd, billedAt } = task
  const cost = usd(costMicroUsd)
  return `{"request_id":"${requestIdOf(shape, number)}","timestamp":"${new Date(billedAt).toISOString()}","output_units":${quantity},"quantity":${quantity},${modelJson(shape, task.account, model)},"cost_subtotal":${cost},"cost_discount":0,"cost_total":${cost},"cost_estimate_nano_usd":${costMicroUsd}000}`
}

function modelJson(shape: Shape, account: number, model: number): string {
  const keyId = keyIdOf(shape, account)
  return `"endpoint_id":"${modelName(model)}","unit":"image","unit_price":${usd(priceMicroUsd(model))},"percent_discount":null,"auth_method_structured":{"detail":"Key ${keyId}","api_key_id":"${keyId}"}`
}

/** A row of usage: one day, account and model. */
export interface UsageSum {
  readonly date: string
  readonly model: number
  readonly quantity: number
  readonly costMicroUsd: number
}

export function usageJson(shape: Shape, account: number, row: UsageSum): string {
  const keyId = keyIdOf(shape, account)
  const cost = usd(row.costMicroUsd)
  return `{${modelJson(shape, account, row.model)},"auth_method":"Key ${keyId}","quantity":${row.quantity},"cost_subtotal":${cost},"cost_discount":0,"cost_total":${cost},"cost":${cost},"currency":"USD"}`
}

/** Adds events up by day of the world's zone and model, as usage has them. */
export function createUsage() {
  const days: Map<string, { quantity: Float64Array; costMicroUsd: Float64Array }>[] = Array.from(
    { length: ACCOUNTS },
    () => new Map(),
  )
  return {
    add(account: number, { billedAt, model, quantity, costMicroUsd }: Task): void {
      const own = days[account]
      if (own === undefined) throw new RangeError(`no account ${account}`)
      const date = dateOf(billedAt)
      let sums = own.get(date)
      if (sums === undefined) {
        sums = { quantity: new Float64Array(MODELS), costMicroUsd: new Float64Array(MODELS) }
        own.set(date, sums)
      }
      sums.quantity[model] = (sums.quantity[model] ?? 0) + quantity
      sums.costMicroUsd[model] = (sums.costMicroUsd[model] ?? 0) + costMicroUsd
    },
    rowsOf(account: number): UsageSum[] {
      return [...(days[account] ?? [])]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([date, sums]) =>
          [...sums.quantity].flatMap((quantity, model) =>
            quantity === 0 ? [] : [{ date, model, quantity, costMicroUsd: sums.costMicroUsd[model] ?? 0 }],
          ),
        )
    },
  }
}

/** fal asks for zones by name. */
export const USAGE_TIMEZONES: readonly string[] = [TIMEZONE, 'Etc/GMT-8']
