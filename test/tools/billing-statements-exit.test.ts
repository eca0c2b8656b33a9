import { expect, it } from 'vitest'
import type { BillingStore } from '../../src/billing/store.ts'
import { apiKeyOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { AuditError } from '../../src/errors.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { run } from '../faces/command-line.ts'
import { memoryDependencies, type WorldAudit } from '../kit/audit-world.ts'
import { memoryBilling } from '../kit/billing.ts'
import { at, february, MARCH } from './statement-world.ts'

/** The exit codes of the list, and of February's statement. */
async function codes(world: World, options: WorldAudit = {}, listed: readonly string[] = []): Promise<number[]> {
  const dependencies = async () => memoryDependencies(world, { now: MARCH, ...options })
  const asked = [listed, ['--invoice-id', 'inv_202602']]
  const runs = asked.map((args) => run(['billing-statements', ...args], [billingStatementsTool], { dependencies }))
  return (await Promise.all(runs)).map(({ code }) => code)
}

const world = february().build()
const refused = { ...world, workspaces: world.workspaces.filter(({ apiKeys }) => !apiKeys.includes(apiKeyOf(12))) }
const RUNNING = { now: at('2026-02-28T14:00:00Z') }

it('0 where nothing was left unread, whether the month is settled or still runs', async () => {
  expect(await codes(world)).toEqual([0, 0])
  expect(await codes(world, RUNNING)).toEqual([0, 0])
})

it('3 where a bill was not read', async () => {
  expect(await codes(refused)).toEqual([3, 3])
  // The list asks fal about months that are over alone: here January, and then none.
  expect(await codes(refused, RUNNING)).toEqual([3, 3])
  expect(await codes(refused, RUNNING, ['--limit', '1'])).toEqual([0, 3])
})

it('3 where a task tells no charge, in the list of a month that runs or was settled too', async () => {
  const tasks = world.tables.tasks.map((task) => ({ ...task, money: null as unknown as number }))
  const untold = { ...world, tables: { ...world.tables, tasks } }
  expect(await codes(untold, RUNNING, ['--limit', '1'])).toEqual([3, 3])
  const billing = memoryBilling()
  expect(await codes(world, { billing })).toEqual([0, 0])
  expect(await codes(untold, { billing })).toEqual([3, 3])
})

it('3 where the store of settlements cannot be read', async () => {
  const down = async () => {
    throw new AuditError('source', 'the store is locked')
  }
  const billing: BillingStore = { ...memoryBilling(), settled: down, recordSettled: down }
  expect(await codes(world, { billing })).toEqual([3, 3])
})
