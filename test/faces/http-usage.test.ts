import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import * as statements from '../../schemas/billing-statements.ts'
import { usageByGroup, usageWhole } from '../../schemas/billing-usage.ts'
import { apiKeyOf, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import { createLinkSigner, expiryOf } from '../../src/faces/http/signed-link.ts'
import { renderStatementPdf } from '../../src/render/statement-pdf.ts'
import { type Instant, parseInstant, plus, SECOND } from '../../src/units/instant.ts'
import { memoryDependencies } from '../kit/audit-world.ts'
import { ask, serveFakes } from './http-calls.ts'

const at = (iso: string): Instant => parseInstant(iso)!
const MARCH = at('2026-03-03T04:00:00Z')
const TEN_MINUTES = 600 * SECOND

const february = new MiniWorld()
  .account(5)
  .task({ at: '2026-02-01 00:00:00', points: 1050, cost: '1.25' })
  .task({ at: '2026-02-28 23:59:59', points: 30, cost: '0.05', user: 102 })
  .task({ at: '2026-03-02 12:00:00', points: 7, cost: '0.01' })
  .build()

interface Coded {
  readonly code: number
  readonly data: Record<string, unknown>
  readonly message?: string
  readonly field?: string
}

async function serve(tokens: { serve?: string; admin?: string } = {}, world: World = february) {
  let now = MARCH
  // The store is kept over calls; the clock can be moved.
  const { billing } = memoryDependencies(world, { now })
  const { restUrl } = await serveFakes([], {
    tokens: { serve: tokens.serve, admin: tokens.admin },
    dependencies: async () => memoryDependencies(world, { now, billing }),
  })
  const get = async (path: string, token?: string) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const answer = await ask(path.startsWith('http') ? path : `${restUrl}${path}`, { headers })
    return { ...answer, json: answer.json as unknown as Coded }
  }
  const pass = (millis: number) => {
    now = plus(now, millis)
  }
  return { restUrl, get, pass }
}

describe('usage over REST', () => {
  it('has the fields of the seed and more, in its shape', async () => {
    const { get } = await serve()
    const { status, json } = await get('/api/v1/billing/usage?period=custom&start_date=2026-02-01&end_date=2026-02-28')
    expect(status).toBe(200)
    expect(json.code).toBe(0)
    expect(usageWhole.parse(json.data)).toMatchObject({
      period: 'custom',
      input_tokens: null,
      output_tokens: null,
      total_tokens: null,
      request_count: 2,
      total_cost: '10.80',
      currency: 'CNY',
      fal_cost_usd: '1.3',
      coverage: { complete: true },
    })
  })

  it.each([
    ['daily', { date: '2026-03-01', request_count: 0, total_cost: '0.00' }, 3],
    ['by-model', { model_id: 'fal-ai/flux/schnell', model_name: 'fal-ai/flux/schnell', total_cost: '0.07' }, 1],
    ['by-apikey', { key_id: '00000005…', key_name: 'account-5', key_prefix: '00000005****', total_cost: '0.07' }, 1],
  ])('%s lists items', async (path, first, count) => {
    const { get } = await serve()
    const { json } = await get(`/api/v1/billing/usage/${path}?user_id=101`)
    const { items, period } = usageByGroup.parse(json.data)
    expect(period).toBe('month')
    expect(items).toHaveLength(count)
    expect(items[0]).toMatchObject(first)
  })

  it('refuses what is no question with 400 and what is not accepted with 422, in the shape of the seed', async () => {
    const { get } = await serve()
    const refused = async (query: string) => {
      const { status, json } = await get(`/api/v1/billing/usage${query}`)
      expect(json).toMatchObject({ code: status, data: null })
      expect(json.message).toContain(json.field ?? '?')
      return [status, json.field]
    }
    expect(await refused('?colour=red')).toEqual([400, 'colour'])
    expect(await refused('?user_id=me')).toEqual([400, 'user_id'])
    expect(await refused('?period=today&period=week')).toEqual([400, 'period'])
    expect(await refused('?group_by=day')).toEqual([400, 'group_by'])
    expect(await refused('?full=1')).toEqual([400, 'full'])
    expect(await refused('?period=year')).toEqual([422, 'period'])
    expect(await refused('?period=custom&start_date=2026-02-01')).toEqual([422, 'end_date'])
    expect(await refused('?start_date=2026-02-01')).toEqual([422, 'start_date'])
    expect(await refused('?timezone=Mars')).toEqual([422, 'timezone'])
    expect(await refused('?ids=4')).toEqual([422, 'ids'])
  })

  it('asks for a token where one is set: 401 without and with a wrong one, 405 for another method', async () => {
    const { get, restUrl } = await serve({ serve: 'read-me', admin: 'write-me' })
    for (const path of ['usage', 'usage/daily', 'invoices', 'invoices/inv_202602', 'invoices/inv_202602/download']) {
      const url = `/api/v1/billing/${path}`
      expect(
        [(await get(url)).status, (await get(url, 'wrong')).status, (await get(url, 'read-me')).status],
        path,
      ).toEqual([401, 401, 200])
    }
    expect((await get('/api/v1/billing/usage')).json).toMatchObject({ code: 401, data: null, field: 'Authorization' })
    expect((await get('/api/v1/billing/usage', 'write-me')).status).toBe(200)
    const posted = await ask(`${restUrl}/api/v1/billing/usage`, {
      method: 'POST',
      headers: { authorization: 'Bearer read-me' },
    })
    expect([posted.status, posted.json.code]).toEqual([405, 405])
  })
})

describe('statements over REST', () => {
  it('lists them, and shows one', async () => {
    const { get } = await serve()
    const listed = await get('/api/v1/billing/invoices?limit=2')
    expect(statements.listOutput.parse(listed.json.data).items).toMatchObject([
      { invoice_id: 'inv_202603', period: '2026-03', status: 'draft', settled_at: null, total_cost: '0.07' },
      { invoice_id: 'inv_202602', status: 'settled', settled_at: '2026-03-03T04:00:00Z', total_cost: '10.80' },
    ])
    const one = await get('/api/v1/billing/invoices/inv_202602')
    expect(statements.statement.parse(one.json.data)).toMatchObject({
      invoice_id: 'inv_202602',
      total_cost: '10.80',
      breakdown: [{ model_id: 'fal-ai/flux/schnell', total_cost: '10.80', input_tokens: null }],
      restatement: null,
    })
    const own = await get('/api/v1/billing/invoices?user_id=102')
    expect(statements.listOutput.parse(own.json.data).items.map(({ invoice_id }) => invoice_id)).toEqual([
      'inv_202602_u102',
    ])
  })

  it.each([
    ...['inv_202512', 'inv_202602_u999', 'inv_209901', 'nonsense', 'a%2fb'],
    ...['inv_000001', 'inv_009912', 'inv_010001', 'inv_010001_u101', 'inv_999912'],
  ])('knows no statement %s: 404', async (id) => {
    const { get } = await serve()
    for (const path of [id, `${id}/download`]) {
      const { status, json } = await get(`/api/v1/billing/invoices/${path}`)
      expect([status, json.code, json.data]).toEqual([404, 404, null])
    }
  })

  it('refuses a limit beyond and an unknown language with 422', async () => {
    const { get } = await serve()
    expect((await get('/api/v1/billing/invoices?limit=99')).json).toMatchObject({ code: 422, field: 'limit' })
    const fr = await get('/api/v1/billing/invoices/inv_202602/download?lang=fr')
    expect(fr.json).toMatchObject({ code: 422, field: 'lang' })
  })
})

describe('the PDF of a statement', () => {
  const linkOf = async (get: Awaited<ReturnType<typeof serve>>['get'], token?: string, query = '') => {
    const { json } = await get(`/api/v1/billing/invoices/inv_202602/download${query}`, token)
    return statements.downloadOutput.parse(json.data)
  }

  it('opens by its link, without a token, until it expires', async () => {
    const { get, pass, restUrl } = await serve({ serve: 'read-me' })
    const { download_url: url, expires_at: expiresAt } = await linkOf(get, 'read-me')
    expect(url.startsWith(`${restUrl}/api/v1/billing/files/inv_202602.pdf?lang=zh&expires=`)).toBe(true)
    expect(expiresAt).toBe('2026-03-03T04:10:00Z')
    const file = await get(url)
    expect(file.status).toBe(200)
    expect(file.headers['content-type']).toBe('application/pdf')
    expect(file.headers['content-disposition']).toBe('inline; filename="inv_202602.pdf"')
    expect(file.headers['cache-control']).toBe('no-store')
    expect(file.text.startsWith('%PDF-')).toBe(true)
    pass(TEN_MINUTES - 1)
    expect((await get(url)).status).toBe(200)
    pass(1)
    const late = await get(url)
    expect([late.status, late.json]).toMatchObject([403, { code: 403, field: 'expires', data: null }])
    // A token does not mend a link.
    expect((await get(url, 'read-me')).status).toBe(403)
  })

  it('is in the language of the link', async () => {
    const { get } = await serve()
    const { download_url: url } = await linkOf(get, undefined, '?lang=en')
    expect(url).toContain('lang=en')
    expect((await get(url)).status).toBe(200)
  })

  it('does not open by a link that was altered in any part: 403', async () => {
    const { get } = await serve({ serve: 'read-me' })
    const { download_url: url } = await linkOf(get, 'read-me')
    const altered = [
      url.replace('inv_202602.pdf', 'inv_202603.pdf'),
      url.replace('inv_202602.pdf', 'inv_202602_u102.pdf'),
      url.replace('lang=zh', 'lang=en'),
      url.replace(/expires=(\d+)/, (_, seconds: string) => `expires=${Number(seconds) + 1}`),
      url.replace(/signature=./, (text) => (text.endsWith('A') ? 'signature=B' : 'signature=A')),
      withSpareBits(url),
      url.replace(/signature=.*/, 'signature='),
      url.replace(/&signature=.*/, ''),
      url.replace(/\?.*/, ''),
    ]
    for (const each of altered) {
      const { status, json } = await get(each)
      expect([status, json.code], each).toEqual([403, 403])
    }
    expect((await get(`${url}&colour=red`)).status).toBe(400)
  })

  it('holds no more than the JSON: a key that stands among the data is blanked', async () => {
    const leaking = new MiniWorld().account(5).task({ at: '2026-02-03 00:00:00', model: `m ${apiKeyOf(12)}` })
    const { get } = await serve({}, leaking.build())
    const { json } = await get('/api/v1/billing/invoices/inv_202602')
    expect(JSON.stringify(json)).not.toContain(apiKeyOf(12).slice(-16))
    const shown = await renderStatementPdf(statements.statement.parse(json.data), 'zh')
    const { download_url: url } = await linkOf(get)
    expect((await get(url)).text).toBe(Buffer.from(shown).toString('utf8'))
  })

  it('has a link to the host that was let in, whatever the request line names', async () => {
    const { restUrl } = await serve()
    const { host, port } = new URL(restUrl)
    const path = 'http://evil.example/api/v1/billing/invoices/inv_202602/download'
    const answer = await new Promise<string>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (incoming) => {
        text(incoming).then(resolve, reject)
      }).end()
    })
    const { data } = JSON.parse(answer)
    expect(statements.downloadOutput.parse(data).download_url).toContain(`http://${host}/api/v1/billing/files/`)
  })

  it('does not open by a link of another server', async () => {
    const [here, there] = [await serve(), await serve()]
    const { download_url: url } = await linkOf(here.get)
    expect((await there.get(url.replace(here.restUrl, there.restUrl))).status).toBe(403)
  })
})

/** The last character of a signature has two bits that stand for nothing, and are not set. */
const withSpareBits = (signed: string): string =>
  signed.replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1))

describe('a signer of links', () => {
  const signer = createLinkSigner(new Uint8Array(32))

  it('signs path, language and time together', () => {
    const link = signer.sign('/a', 'zh', at('2026-03-03T04:00:00.999Z'))
    expect(new Date(expiryOf(link)).toISOString()).toBe('2026-03-03T04:10:00.000Z')
    expect(() => signer.check(link, MARCH)).not.toThrow()
    expect(() => signer.check({ ...link, path: '/b' }, MARCH)).toThrow('altered')
    expect(() => signer.check({ ...link, lang: 'en' }, MARCH)).toThrow('altered')
    expect(() => signer.check({ ...link, path: '/azh', lang: '' }, MARCH)).toThrow('altered')
    expect(() => signer.check({ path: '/a' }, MARCH)).toThrow('altered')
    const alike = withSpareBits(link.signature)
    expect(Buffer.from(alike, 'base64url')).toEqual(Buffer.from(link.signature, 'base64url'))
    expect(() => signer.check({ ...link, signature: alike }, MARCH)).toThrow('altered')
    expect(() => signer.check(link, expiryOf(link))).toThrow('expired')
    expect(() => createLinkSigner().check(link, MARCH)).toThrow('altered')
  })
})
