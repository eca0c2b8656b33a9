import { expect, it, onTestFinished } from 'vitest'
import type { BillingStore } from '../../src/billing/store.ts'
import { apiKeyOf } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { AuditError } from '../../src/errors.ts'
import { billingStatementsTool } from '../../tools/billing-statements.ts'
import { run } from '../faces/command-line.ts'
import { memoryDependencies, type WorldAudit } from '../kit/audit-world.ts'
import { memoryBilling } from '../kit/billing.ts'
import { openWorld } from '../kit/real-audit.ts'
import { call } from './call.ts'
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

it('3 where a task cannot be placed in a month, which the list says of its charges, and of no other month', async () => {
  const [january, ...others] = world.tables.tasks
  if (january === undefined) throw new Error('no task')
  const tasks = [{ ...january, createdAt: '2026-04-00 12:00:00' }, ...others]
  const real = await openWorld({ ...world, tables: { ...world.tables, tasks } }, { store: 'embedded' })
  onTestFinished(real.close)
  const listed = (month: string) =>
    call(billingStatementsTool, {}, real.dependencies({ now: at(`2026-${month}-03T04:00:00Z`) }), world)
  const april = await listed('04')
  // March is read beyond its end, where such a row lies.
  expect(april.items?.map(({ period, status_reason }) => [period, status_reason])).toEqual([
    ['2026-03', 'incomplete'],
    ['2026-02', null],
  ])
  expect(april.sources).toEqual([
    { source: 'tasks', status: 'partial', reason: expect.stringMatching(/1 row has a time that cannot be read/) },
  ])
  expect(billingStatementsTool.verdictOf?.(april)).toBe('unverified')
  // A list that does not reach so far says nothing.
  expect(await listed('02')).not.toHaveProperty('sources')
})

it('3 where the store of settlements cannot be read', async () => {
  const down = async () => {
    throw new AuditError('source', 'the store is locked')
  }
  const billing: BillingStore = { ...memoryBilling(), settled: down, recordSettled: down }
  expect(await codes(world, { billing })).toEqual([3, 3])
})
