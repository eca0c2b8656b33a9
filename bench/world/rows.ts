import { drawn } from './chance.ts'
import { walkLedgers } from './ledgers.ts'
import { ACCOUNTS, type Shape, storedTime, tasksOf } from './shape.ts'
import { apiKeyOf, modelName, storedRequestId, type Task, taskIdOf, taskOf } from './tasks.ts'

/** A table as lines for LOAD DATA: tabs between columns, a newline after each row, \N for NULL. */
export interface TableLines {
  readonly table: string
  readonly columns: readonly string[]
  /** Text of many rows at a time, and how many. */
  readonly lines: () => Generator<Lines>
}

export interface Lines {
  readonly text: string
  readonly rows: number
}

const ROWS_A_PART = 2000
/** Characters of each of the JSON columns. */
export const JSON_CHARS = 300

export function tablesOf(shape: Shape): TableLines[] {
  return [
    { table: 'ts_fal_account', columns: ACCOUNT_COLUMNS, lines: () => accountLines(shape) },
    { table: 'ts_users', columns: ['id', 'username'], lines: () => userLines(shape) },
    { table: 'ts_fal_tasks', columns: TASK_COLUMNS, lines: () => taskLines(shape) },
    { table: 'ts_points_detail', columns: POINTS_COLUMNS, lines: () => ledgerLines(shape, 'points') },
    { table: 'ts_financial_transactions', columns: CASH_COLUMNS, lines: () => ledgerLines(shape, 'cash') },
  ]
}

const ACCOUNT_COLUMNS = ['id', 'name', 'api_key', 'balance', 'use_cnt', 'error_cnt', 'status']
const TASK_COLUMNS = [
  ...[
    'id',
    'user_id',
    'task_id',
    'online_task_id',
    'app_name',
    'api_key',
    'task_type',
    'status',
    'money',
    'cost_money',
  ],
  ...['is_refund', 'input_params', 'output_params', 'created_at', 'completed_at'],
]
const POINTS_COLUMNS = [
  ...['id', 'user_id', 'points', 'order_id', 'title', 'source_type', 'balance_before', 'balance_after', 'created_at'],
]
const CASH_COLUMNS = [
  ...['id', 'user_id', 'money', 'order_id', 'title', 'time', 'transaction_type', 'pay_type', 'is_cash'],
]

function* accountLines(shape: Shape): Generator<Lines> {
  const rows = Array.from({ length: ACCOUNTS }, (_, account) =>
    [account + 1, `bench account ${account + 1}`, apiKeyOf(shape, account), '123.45', 0, 0, 1].join('\t'),
  )
  yield { text: `${rows.join('\n')}\n`, rows: rows.length }
}

function* userLines({ users }: Shape): Generator<Lines> {
  for (let from = 1; from <= users; from += ROWS_A_PART) {
    const rows = Math.min(ROWS_A_PART, users - from + 1)
    yield { text: Array.from({ length: rows }, (_, at) => `${from + at}\tuser${from + at}\n`).join(''), rows }
  }
}

function* taskLines(shape: Shape): Generator<Lines> {
  const keys = Array.from({ length: ACCOUNTS }, (_, account) => apiKeyOf(shape, account))
  const json = jsonPool(shape.seed)
  const all = tasksOf(shape)
  for (let from = 0; from < all; from += ROWS_A_PART) {
    const rows = Math.min(ROWS_A_PART, all - from)
    let text = ''
    for (let number = from; number < from + rows; number++) text += taskLine(shape, taskOf(shape, number), keys, json)
    yield { text, rows }
  }
}

const STATUS_WORDS = ['completed', 'completed', 'SUCCESS', 'succeeded']

function taskLine(shape: Shape, task: Task, keys: readonly string[], json: readonly string[]): string {
  const { number } = task
  const draw = drawn(shape.seed, number, 8)
  const status = task.failed ? 'failed' : STATUS_WORDS[draw % STATUS_WORDS.length]
  const input = json[(draw >>> 4) % json.length]
  const output = json[(draw >>> 16) % json.length]
  return `${number + 1}\t${task.userId}\t${taskIdOf(number)}\t${storedRequestId(shape, task)}\t${modelName(task.model)}\t${keys[task.account]}\timage\t${status}\t${task.points}\t${task.costMicroUsd / 1e6}\t${task.failed ? 1 : 0}\t${input}\t${output}\t${storedTime(task.createdAt)}\t${storedTime(task.completedAt)}\n`
}

/** Texts of JSON_CHARS characters each, as the wide columns hold them. */
function jsonPool(seed: number): string[] {
  const words = ['quiet', 'harbour', 'at', 'dawn', 'soft', 'light', 'film', 'grain', 'wide', 'angle', 'portrait', 'of']
  return Array.from({ length: 256 }, (_, index) => {
    const head = `{"seed":${drawn(seed, index, 9)},"image_size":"landscape_4_3","num_images":1,"prompt":"`
    let prompt = ''
    for (let word = 0; prompt.length < JSON_CHARS; word++) {
      prompt += `${words[drawn(seed, index, 10 + word) % words.length]} `
    }
    return `${head}${prompt.slice(0, JSON_CHARS - head.length - 2)}"}`
  })
}

const CASH_TITLES = { 0: 'wallet recharge or refund', 1: 'text to image' } as const
const POINTS_TITLES = { consume: 'text to image', refund: 'refund of a task', recharge: 'recharge', gift: 'daily gift' }

/** One of the ledgers, in order of id. Both are walked, since their rows depend on each other in time. */
function* ledgerLines(shape: Shape, book: 'points' | 'cash'): Generator<Lines> {
  let text = ''
  let rows = 0
  let id = 0
  const take = (line: string): void => {
    text += line
    rows += 1
  }
  const walk = walkLedgers(
    shape,
    {
      points: (row) => {
        if (book !== 'points') return
        id += 1
        take(
          `${id}\t${row.userId}\t${row.points}\t${row.orderId}\t${POINTS_TITLES[row.sourceType]}\t${row.sourceType}\t${row.balanceBefore}\t${row.balanceAfter}\t${storedTime(row.at)}\n`,
        )
      },
      cash: (row) => {
        if (book !== 'cash') return
        id += 1
        take(
          `${id}\t${row.userId}\t${row.money}\t${row.orderId}\t${CASH_TITLES[row.transactionType]}\t${storedTime(row.at)}\t${row.transactionType}\t1\t1\n`,
        )
      },
    },
    () => rows >= ROWS_A_PART,
  )
  for (const _ of walk) {
    if (rows === 0) continue
    yield { text, rows }
    text = ''
    rows = 0
  }
}
