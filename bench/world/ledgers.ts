import { type Shape, tasksOf, turnOf } from './shape.ts'
import { FAILED, type Task, taskIdOf, taskOf } from './tasks.ts'

export interface PointsRow {
  readonly userId: number
  readonly points: number
  readonly orderId: string
  readonly sourceType: 'consume' | 'refund' | 'recharge' | 'gift'
  readonly balanceBefore: number
  readonly balanceAfter: number
  readonly at: number
}

export interface CashRow {
  readonly userId: number
  readonly money: number
  readonly orderId: string
  /** 0 recharge or refund, 1 consumption. */
  readonly transactionType: 0 | 1
  readonly at: number
}

export interface LedgerSink {
  points(row: PointsRow): void
  cash(row: CashRow): void
}

/** Rows of both ledgers for each task: charges, refunds, gifts and recharges together. */
export const LEDGER_ROWS_A_TASK = 2.5
/** What every user starts with, in one row of points a day before the first task. */
const FIRST_RECHARGE = 1_000_000

const CYCLE = 40
const GIFTS_OF_CYCLE = 22
const REFUND_AFTER = 600_000
const DAY = 86_400_000

/** What a task takes: points in one row or two, and cash. They add up to its charge. */
export function chargeRows({ number, points }: Task): { points: readonly number[]; cash: number } {
  const slot = number % CYCLE
  const cash = slot % 5 < 2 ? Math.floor(points / 3) : 0
  const rest = points - cash
  const first = slot % 2 === 0 ? Math.ceil((rest * 2) / 3) : rest
  return { points: first === rest ? [rest] : [first, rest - first], cash }
}

/**
 * Walks both ledgers in order of id, which is nearly order of time. Balances of points add up for every user, and what was
 * taken for a failed task is given back ten minutes later. Between two tasks `pause` may tell to hand over what there is.
 */
export function* walkLedgers(shape: Shape, sink: LedgerSink, pause: () => boolean): Generator<void> {
  const balances = new Int32Array(shape.users + 1)
  const refunds: Task[] = []
  const post = (userId: number, points: number, orderId: string, sourceType: PointsRow['sourceType'], at: number) => {
    const balanceBefore = balances[userId] ?? 0
    const balanceAfter = balanceBefore + points
    balances[userId] = balanceAfter
    sink.points({ userId, points, orderId, sourceType, balanceBefore, balanceAfter, at })
  }
  const refund = (task: Task): void => {
    const { points, cash } = chargeRows(task)
    const at = turnOf(shape, task.number) + REFUND_AFTER
    const orderId = taskIdOf(task.number)
    post(task.userId, points[0] === undefined ? 0 : task.points - cash, orderId, 'refund', at)
    if (cash > 0) sink.cash({ userId: task.userId, money: cash, orderId, transactionType: 0, at })
  }
  for (let userId = 1; userId <= shape.users; userId++) {
    post(userId, FIRST_RECHARGE, `R0-${userId}`, 'recharge', turnOf(shape, 0) - DAY)
  }
  for (let number = 0; number < tasksOf(shape); number++) {
    while (refunds[0] !== undefined && turnOf(shape, refunds[0].number) + REFUND_AFTER <= turnOf(shape, number)) {
      refund(refunds[0])
      refunds.shift()
    }
    const task = taskOf(shape, number)
    const { userId, createdAt } = task
    const orderId = taskIdOf(number)
    const slot = number % CYCLE
    const charge = chargeRows(task)
    for (const points of charge.points) post(userId, -points, orderId, 'consume', createdAt)
    if (charge.cash > 0) sink.cash({ userId, money: -charge.cash, orderId, transactionType: 1, at: createdAt })
    if (task.failed) refunds.push(task)
    else if (slot === CYCLE - 1) post(userId, 200, `R-${number}`, 'recharge', createdAt)
    else if (slot === CYCLE - 2) {
      sink.cash({ userId, money: 500, orderId: `C-${number}`, transactionType: 0, at: createdAt })
    } else if (slot < GIFTS_OF_CYCLE && number % 400 !== FAILED[1] + 1) {
      post(userId, 1 + (number % 5), '', 'gift', createdAt)
    }
    if (pause()) yield
  }
  for (const task of refunds) refund(task)
  yield
}
