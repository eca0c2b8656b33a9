import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import * as statements from '../../schemas/billing-statements.ts'
import { usageByGroup, usageWhole } from '../../schemas/billing-usage.ts'
import { openBillingStore } from '../../src/billing-store.ts'
import { MiniWorld } from '../../src/demo/mini-world.ts'
import { type Instant, parseInstant } from '../../src/units/instant.ts'
import { ask, serveFakes } from '../faces/http-calls.ts'
import { openWorld, STORES } from '../kit/real-audit.ts'

const folder = mkdtempSync(join(tmpdir(), 'statements-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (iso: string): Instant => parseInstant(iso)!

/** Real parts all the way: a database, a double of fal behind HTTP, a file of settlements, and requests over a socket. */
it.each(STORES)('usage and statements over HTTP, settled for good in a file, on %s', async (store) => {
  const world = new MiniWorld()
    .account(5, { name: '生产环境' })
    .task({ at: '2026-01-31 23:59:59', points: 500, cost: '0.5' })
    .task({ at: '2026-02-01 00:00:00', points: 1050, cost: '1.25' })
    .task({ at: '2026-02-28 23:59:59', points: 30, cost: '0.05', user: 102, model: '模型' })
    .build()
  const real = await openWorld(world, { store })
  const billing = openBillingStore(join(folder, `${store}.db`), new Map())
  const servingAt = async (now: Instant) => {
    const { restUrl } = await serveFakes([], { dependencies: async () => ({ ...real.dependencies({ now }), billing }) })
    return async (path: string): Promise<{ status: number; data: unknown; text: string }> => {
      const { status, json, text } = await ask(path.startsWith('http') ? path : `${restUrl}/api/v1/billing/${path}`)
      return { status, data: json.data, text }
    }
  }
  try {
    const march = await servingAt(at('2026-03-03T04:00:00Z'))
    const february = 'period=custom&start_date=2026-02-01&end_date=2026-02-28'
    expect(usageWhole.parse((await march(`usage?${february}`)).data)).toMatchObject({
      request_count: 2,
      total_cost: '10.80',
      fal_cost_usd: '1.3',
      coverage: { complete: true },
    })
    const grouped = async (by: string) => usageByGroup.parse((await march(`usage/${by}?${february}`)).data).items
    expect(await grouped('daily')).toHaveLength(28)
    expect((await grouped('by-model')).map(({ model_name }) => model_name)).toEqual(['fal-ai/flux/schnell', '模型'])
    expect((await grouped('by-apikey')).map(({ key_name }) => key_name)).toEqual(['生产环境'])
    const listed = statements.listOutput.parse((await march('invoices')).data)
    expect(listed.items.map(({ invoice_id, status }) => `${invoice_id} ${status}`)).toEqual([
      'inv_202602 settled',
      'inv_202601 settled',
    ])
    const settled = statements.statement.parse((await march('invoices/inv_202602')).data)
    expect(settled).toMatchObject({ total_cost: '10.80', settled_at: '2026-03-03T04:00:00Z', restatement: null })

    const may = await servingAt(at('2026-05-09T00:00:00Z'))
    const later = statements.statement.parse((await may('invoices/inv_202602')).data)
    expect(later).toEqual(settled)
    const { download_url: url } = statements.downloadOutput.parse((await may('invoices/inv_202602/download')).data)
    const file = await may(url)
    expect([file.status, file.text.slice(0, 5)]).toEqual([200, '%PDF-'])
    expect((await may(`${url}A`)).status).toBe(403)
  } finally {
    await real.close()
  }
})
