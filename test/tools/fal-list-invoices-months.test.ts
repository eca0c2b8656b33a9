import { afterEach, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { falListInvoicesTool } from '../../tools/fal-list-invoices.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { openWorld, type RealWorld } from '../kit/real-audit.ts'
import { call } from './call.ts'

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

const HEADER = 'BilledCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,InvoiceId,ServiceName'

it('fal-list-invoices tells months apart whose lines name no invoice, or the same one', async () => {
  const lines = (month: string, cost: string, id: string) =>
    `${HEADER}\n${cost},USD,${month}-01,${month}-01,${id},flux\n`
  for (const invoiceId of ['', 'INV-1']) {
    const focus = {
      'workspace-5': { '2026-01': lines('2026-01', '1', invoiceId), '2026-02': lines('2026-02', '2', invoiceId) },
    }
    const real = await openWorld(new MiniWorld().account(5).build(), { store: 'embedded', double: { focus } })
    open.push(real)
    const { invoices } = await call(falListInvoicesTool, { from: '2026-01', to: '2026-02' }, real.dependencies())
    expect(invoices.map(({ billingMonth, costUsd }) => [billingMonth, costUsd])).toEqual([
      ['2026-02', '2'],
      ['2026-01', '1'],
    ])
  }
})

it('a monthly sum of usage ends at the moment of reading', async () => {
  const world = new MiniWorld()
    .account(5)
    .event({ cost: '1', timestamp: '2026-02-09T03:59:59.999Z' })
    .event({ cost: '2', timestamp: '2026-02-09T04:00:00Z' })
  const dependencies = memoryDependencies(world.build(), {})
  const { invoices } = await call(falListInvoicesTool, { from: '2026-02', to: '2026-02' }, dependencies)
  expect(invoices.map(({ costUsd, partial }) => [costUsd, partial])).toEqual([['1', true]])
})
