import { afterEach, describe, expect, it } from 'vitest'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { falGetUsageTool } from '../../tools/fal-get-usage.ts'
import { falListInvoicesTool } from '../../tools/fal-list-invoices.ts'
import { openWorld, type RealParts, type RealWorld } from '../kit/real-audit.ts'
import { call } from './call.ts'

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

async function real(double: RealParts['double']): Promise<RealWorld> {
  const opened = await openWorld(new MiniWorld().account(5).build(), { store: 'embedded', double })
  open.push(opened)
  return opened
}

/** Usage of one model, in buckets that begin at these times. */
const bucketsAt = (...buckets: string[]): RealParts['double'] => {
  const results = [{ endpoint_id: 'x', quantity: 1, cost_total: 1 }]
  const text = JSON.stringify({ time_series: buckets.map((bucket) => ({ bucket, results })) })
  return { faults: [{ kind: 'body', text, path: '/models/usage' }] }
}

describe('usage that fal cuts at other hours than it was asked to', () => {
  const PERIOD = { start: '2026-02-05', end: '2026-02-06' }
  const [TORN, WHOLE] = ['2026-02-06T00:00:00Z', '2026-02-06T00:00:00+08:00']
  const usageOf = async (bucket: string, group_by: string) => {
    const { dependencies } = await real(bucketsAt(bucket))
    return call(falGetUsageTool, { ...PERIOD, group_by }, dependencies())
  }

  it('is said to be where days are told, and only there', async () => {
    expect(await usageOf(TORN, 'day')).toMatchObject({ costUsd: '1', note: expect.stringContaining('at other hours') })
    expect((await usageOf(WHOLE, 'day')).note).toBeUndefined()
    expect((await usageOf(TORN, 'model')).note).toBeUndefined()
  })

  it('is said to be of monthly sums', async () => {
    const noteOf = async (bucket: string) => {
      const { dependencies } = await real(bucketsAt(bucket))
      return (await call(falListInvoicesTool, { from: '2026-01', to: '2026-02' }, dependencies())).note
    }
    expect(await noteOf('2026-02-01T00:00:00Z')).toContain('at other hours')
    expect(await noteOf('2026-02-01T00:00:00+08:00')).not.toContain('at other hours')
  })

  it('is of the first month asked for where its bucket begins before that, and left out of no sum', async () => {
    const { dependencies } = await real(bucketsAt('2026-02-01T00:00:00Z'))
    // In New York that is still January, which nobody asked for.
    const given = { from: '2026-02', to: '2026-02', timezone: 'America/New_York' }
    const answer = await call(falListInvoicesTool, given, dependencies())
    expect(answer.invoices.map(({ billingMonth, costUsd }) => [billingMonth, costUsd])).toEqual([['2026-02', '1']])
    expect(answer.note).toContain('at other hours')
  })
})
