import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { DailyBills } from '../../../src/audit/requests/daily-bills.ts'
import { frameOf } from '../../../src/audit/requests/request-books.ts'
import { nanoUsd } from '../../../src/units/nano-usd.ts'
import { at, date } from '../../kit/books.ts'
import { accountRow, eventOf, evidenceOf, usageOf, whole } from '../../kit/evidence.ts'
import { planOf } from '../../kit/rows.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Bytes on the heap that are in use. */
function heapUsed(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const MODELS = 900
const ACCOUNTS = 200
const DAYS = Array.from({ length: 31 }, (_, index) => `2026-01-${String(index + 1).padStart(2, '0')}`)
const ids = Array.from({ length: ACCOUNTS }, (_, index) => 10 + index)
const [first, ...others] = ids as [number, ...number[]]
const modelsOf = (id: number): string[] =>
  id === first ? Array.from({ length: MODELS }, (_, model) => `model-${model}`) : ['model-0', 'model-450', 'model-899']

function given() {
  const usageOfAccount = (id: number) =>
    (id === first ? DAYS.slice(0, 1) : DAYS).flatMap((day) =>
      modelsOf(id).map((model) => usageOf(id, '1', { model, date: date(day), bucketStart: at(`${day} 00:00:00`) })),
    )
  const evidence = evidenceOf({
    plan: planOf({ start: '2026-01-01', end: '2026-01-31' }),
    accounts: ids.map((id) => accountRow(id)),
    audited: ids,
    spaces: ids.map((id) => ({ members: [id], usage: whole(usageOfAccount(id)) })),
  })
  if (evidence.requests === null) throw new RangeError('no requests at this depth')
  const bill = evidence.attribution.workspaces[0]
  if (bill === undefined) throw new RangeError('no bill')
  return { frame: frameOf(evidence, evidence.requests), bill }
}

describe('daily bills of many accounts, each with a few of many models', () => {
  const { frame, bill } = given()

  it('take room for the rows there are, not for the models', () => {
    const before = heapUsed()
    const days = new DailyBills(frame)
    const bytes = heapUsed() - before
    expect(days.list()).toHaveLength(MODELS + others.length * DAYS.length * 3)
    expect(bytes / (MODELS + others.length * DAYS.length * 3)).toBeLessThan(500)
  })

  it('are each of their account, model and day', () => {
    const days = new DailyBills(frame)
    const own = (id: number, model: string, day: string, cost: bigint): void =>
      days.add({
        ...{ bill, requestId: 'r', claimedBy: null, costNanoUsd: nanoUsd(cost), owner: { accountId: id } },
        events: [eventOf(id, 'r', { model, at: at(`${day} 12:00:00`), costNanoUsd: nanoUsd(cost) })],
      })
    const wanted = new Map<string, bigint>()
    let cost = 0n
    for (const id of ids.slice(0, 4)) {
      for (const model of ['model-0', 'model-1', 'model-450', 'model-899', 'only events']) {
        for (const day of DAYS) {
          cost += 1n
          own(id, model, day, cost)
          own(id, model, day, 1_000_000n)
          wanted.set(`${id} ${model} ${day}`, cost + 1_000_000n)
        }
      }
    }
    const list = days.list()
    const keys = list.map(({ accountId, model, date: day }) => `${accountId} ${model} ${day}`)
    expect(new Set(keys).size).toBe(keys.length)
    expect(list.map(({ eventsNanoUsd }) => eventsNanoUsd)).toEqual(keys.map((key) => wanted.get(key) ?? 0n))
    expect(keys).toEqual(expect.arrayContaining([...wanted.keys()]))
    const billed = list.filter(({ usageRows }) => usageRows === 1)
    expect(billed).toHaveLength(MODELS + others.length * DAYS.length * 3)
    expect(list.every(({ usageRows, usageNanoUsd }) => usageNanoUsd === BigInt(usageRows) * 1_000_000_000n)).toBe(true)
  })
})
