import { describe, expect, it } from 'vitest'
import { indexOfUuid } from '../../bench/world/chance.ts'
import { createUsage, eventJson, firstBilled, walkEvents } from '../../bench/world/events.ts'
import { chargeRows, LEDGER_ROWS_A_TASK, type PointsRow, walkLedgers } from '../../bench/world/ledgers.ts'
import { tablesOf } from '../../bench/world/rows.ts'
import { ACCOUNTS, dateOf, shapeOf, tasksOf, usualEndDate, windowDates } from '../../bench/world/shape.ts'
import { apiKeyOf, requestIdOf, type Task, taskIdOf, taskOf, workspaceOf } from '../../bench/world/tasks.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { instant } from '../../src/units/instant.ts'
import { auditWorld, inShort } from '../kit/audit-world.ts'

const SHAPE = shapeOf(7, 1600, '2026-02-01')
const NUMBERS = Array.from({ length: tasksOf(SHAPE) }, (_, number) => number)
const WINDOW_TASKS = NUMBERS.slice(SHAPE.history).map((number) => taskOf(SHAPE, number))

/** Cells of a table, as the server would read its lines. */
function cellsOf(shape: typeof SHAPE, name: string): Record<string, string>[] {
  const table = tablesOf(shape).find((each) => each.table === name)!
  const text = [...table.lines()].map((part) => part.text).join('')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => Object.fromEntries(line.split('\t').map((cell, at) => [table.columns[at], cell])))
}

function ledgersOf(shape: typeof SHAPE): { points: PointsRow[]; rows: number } {
  const points: PointsRow[] = []
  let rows = 0
  const sink = { points: (row: PointsRow) => rows++ < 0 || points.push(row), cash: () => rows++ }
  for (const _ of walkLedgers(shape, sink, () => false));
  return { points, rows }
}

function eventsOf(shape: typeof SHAPE): Task[][] {
  const events: Task[][] = Array.from({ length: ACCOUNTS }, () => [])
  for (const _ of walkEvents(shape, (account, tasks) => events[account]!.push(...tasks)));
  return events
}

describe('a bench world', () => {
  it('is the same whenever it is made, and another for another seed', () => {
    const text = (seed: number): string => JSON.stringify(cellsOf(shapeOf(seed, 400, '2026-02-01'), 'ts_fal_tasks'))
    expect(text(7)).toBe(text(7))
    expect(text(7)).not.toBe(text(8))
  })

  it('has as many tasks in its window as were asked for, nearly in order of time', () => {
    const tasks = cellsOf(SHAPE, 'ts_fal_tasks')
    const within = tasks.filter(({ created_at = '' }) => created_at >= '2026-01-02' && created_at < '2026-02-01')
    expect(windowDates(SHAPE)).toEqual({ first: '2026-01-02', last: '2026-01-31' })
    expect(within).toHaveLength(1600)
    expect(within[0]!.id).toBe(String(SHAPE.history + 1))
    expect(
      new Set(
        tasks.flatMap(({ input_params = '', output_params = '' }) => [input_params.length, output_params.length]),
      ),
    ).toEqual(new Set([300]))
  })

  it('gives each account as many tasks as any other, and each user', () => {
    const perAccount = Array.from({ length: ACCOUNTS }, (_, account) =>
      WINDOW_TASKS.filter((t) => t.account === account),
    )
    expect(new Set(perAccount.map((tasks) => tasks.length))).toEqual(new Set([1600 / ACCOUNTS]))
    const perUser = new Map<number, number>()
    for (const { userId } of WINDOW_TASKS) perUser.set(userId, (perUser.get(userId) ?? 0) + 1)
    expect(new Set(perUser.values())).toEqual(new Set([1600 / SHAPE.users]))
  })

  it('tells by its id which request is whose', () => {
    expect(NUMBERS.map((number) => indexOfUuid(SHAPE.seed, requestIdOf(SHAPE, number)))).toEqual(NUMBERS)
  })

  it('takes what each task costs its user, in 2.5 rows a task, and balances follow', () => {
    const { points, rows } = ledgersOf(SHAPE)
    expect(rows).toBe(tasksOf(SHAPE) * LEDGER_ROWS_A_TASK + SHAPE.users)
    const balances = new Map<number, number>()
    const paid = new Map<string, number>()
    const broken = points.filter((row) => {
      const before = balances.get(row.userId) ?? 0
      balances.set(row.userId, row.balanceAfter)
      paid.set(row.orderId, (paid.get(row.orderId) ?? 0) - row.points)
      return row.balanceBefore !== before || row.balanceAfter !== before + row.points || row.balanceAfter < 0
    })
    expect(broken).toEqual([])
    const unpaid = NUMBERS.map((number) => taskOf(SHAPE, number)).filter((task) => {
      const { points: parts, cash } = chargeRows(task)
      const isSplit = parts.reduce((sum, part) => sum + part, cash) === task.points
      return !isSplit || paid.get(taskIdOf(task.number)) !== (task.failed ? 0 : task.points - cash)
    })
    expect(unpaid).toEqual([])
  })

  it('is billed once a task that did not fail, in order of time, and usage adds up to the same', () => {
    const events = eventsOf(SHAPE)
    const expected = NUMBERS.slice(firstBilled(SHAPE)).filter((number) => !taskOf(SHAPE, number).failed)
    expect(events.flatMap((own) => own.map(({ number }) => number)).sort((a, b) => a - b)).toEqual(expected)
    for (const own of events)
      expect(own.map((t) => t.billedAt)).toEqual(own.map((t) => t.billedAt).sort((a, b) => a - b))
    const usage = createUsage()
    events.forEach((own, account) => {
      for (const task of own) usage.add(account, task)
    })
    const first = usage.rowsOf(3)[0]!
    const same = events[3]!.filter((t) => dateOf(t.billedAt) === first.date && t.model === first.model)
    expect(first.costMicroUsd).toBe(same.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0))
  })

  it('ends with the last month that is settled', () => {
    expect(usualEndDate(Date.parse('2026-03-20T12:00:00Z'))).toBe('2026-03-01')
    expect(usualEndDate(Date.parse('2026-03-02T12:00:00Z'))).toBe('2026-02-01')
  })
})

describe('an audit of a bench world', () => {
  it('matches every request and finds nothing wrong', async () => {
    const report = await auditWorld(worldOf(SHAPE), {
      start: '2026-01-02',
      end: '2026-01-31',
      depth: 'requests',
      now: instant(SHAPE.end + 3 * 86_400_000),
    })
    expect(inShort(report)).toEqual([])
    expect(report.requests?.matched).toBe(WINDOW_TASKS.filter(({ failed }) => !failed).length)
    expect(report.tasks.totals.taskCount).toBe(1600)
  })
})

/** The world as the kit's ports in memory want it. */
function worldOf(shape: typeof SHAPE): World {
  const number = (row: Record<string, string>, name: string): number => Number(row[name])
  const text = (row: Record<string, string>, name: string): string => row[name]!
  return {
    tables: {
      accounts: cellsOf(shape, 'ts_fal_account').map((row) => ({
        id: number(row, 'id'),
        name: text(row, 'name'),
        apiKey: text(row, 'api_key'),
        balance: text(row, 'balance'),
        status: 1,
      })),
      tasks: cellsOf(shape, 'ts_fal_tasks').map((row) => ({
        id: number(row, 'id'),
        userId: number(row, 'user_id'),
        taskId: text(row, 'task_id'),
        onlineTaskId: text(row, 'online_task_id'),
        appName: text(row, 'app_name'),
        apiKey: text(row, 'api_key'),
        status: text(row, 'status'),
        money: number(row, 'money'),
        costMoney: text(row, 'cost_money'),
        isRefund: row.is_refund === '1' ? 1 : 0,
        createdAt: text(row, 'created_at'),
        completedAt: text(row, 'completed_at'),
      })),
      users: cellsOf(shape, 'ts_users').map((row) => ({ id: number(row, 'id'), username: text(row, 'username') })),
      points: cellsOf(shape, 'ts_points_detail').map((row) => ({
        id: number(row, 'id'),
        userId: number(row, 'user_id'),
        points: number(row, 'points'),
        orderId: text(row, 'order_id'),
        title: text(row, 'title'),
        sourceType: text(row, 'source_type'),
        balanceBefore: number(row, 'balance_before'),
        balanceAfter: number(row, 'balance_after'),
        createdAt: text(row, 'created_at'),
      })),
      cash: cellsOf(shape, 'ts_financial_transactions').map((row) => ({
        id: number(row, 'id'),
        userId: number(row, 'user_id'),
        money: number(row, 'money'),
        orderId: text(row, 'order_id'),
        title: text(row, 'title'),
        transactionType: number(row, 'transaction_type'),
        time: text(row, 'time'),
      })),
    },
    workspaces: eventsOf(shape).map((own, account) => ({
      username: workspaceOf(account),
      balance: '123.45',
      apiKeys: [apiKeyOf(shape, account)],
      events: own.map((task) => falEvent(eventJson(shape, task))),
    })),
  }
}

function falEvent(json: string) {
  const wire = JSON.parse(json) as Record<string, string | number> & { auth_method_structured: { api_key_id: string } }
  return {
    requestId: String(wire.request_id),
    endpointId: String(wire.endpoint_id),
    timestamp: String(wire.timestamp),
    quantity: String(wire.quantity),
    unit: String(wire.unit),
    unitPrice: String(wire.unit_price),
    cost: String(wire.cost_total),
    keyId: wire.auth_method_structured.api_key_id,
  }
}
