import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { estimate } from '../../schemas/billing-estimate.ts'
import { detailOutput, listOutput } from '../../schemas/billing-rules.ts'
import { openBillingStore } from '../../src/billing-store.ts'
import { TOOLS, WRITE_TOOLS } from '../../tools/registry.ts'
import { at } from '../kit/billing.ts'
import { fakeDependencies } from './fake-tools.ts'
import { type Answer, ask, postJson, serveFakes } from './http-calls.ts'

const READ = 'a-token-for-reading'
const ADMIN = 'a-token-for-writing'
const TOKENS = { serve: READ, admin: ADMIN }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const NOW = at('2026-02-10T12:00:00Z')

/** The server on a store of its own, in a folder that ends with the test. */
async function serve({ tokens = TOKENS as { serve: string | undefined; admin: string | undefined } } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'http-billing-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'billing.db')
  const dependencies = { ...fakeDependencies, clock: () => NOW, billing: openBillingStore(path, new Map()) }
  const { restUrl, logged } = await serveFakes(TOOLS, { tokens, dependencies: async () => dependencies })
  const get = (route: string, token = READ) => ask(`${restUrl}${route}`, { headers: bearer(token) })
  const send = (method: string, route: string, body: unknown, token = ADMIN) =>
    postJson(`${restUrl}${route}`, body, { method, headers: bearer(token) })
  return { restUrl, get, send, path, logged, billing: dependencies.billing }
}

const RULES = '/admin/v1/billing/rules'
/** The example of the seed. */
const CLAUDE = {
  model_id: 'claude-3-5-sonnet',
  membership_level: 'free',
  input_price: '0.045',
  output_price: '0.135',
  unit: 'per_1k_tokens',
  currency: 'CNY',
  effective_at: '2024-02-01T00:00:00Z',
}
const GPT = {
  ...CLAUDE,
  model_id: 'gpt-4o',
  model_name: 'GPT-4o',
  membership_level: 'basic',
  input_price: '0.028',
  output_price: '0.084',
  effective_at: '2024-01-01T00:00:00Z',
}
const dataOf = ({ json }: Answer): Record<string, unknown> => json.data as Record<string, unknown>

describe('the rules of the seed over HTTP', () => {
  it('are made, listed, filtered and shown', async () => {
    const { get, send } = await serve()
    expect((await get('/api/v1/billing/rules')).json).toEqual({ code: 0, data: { items: [] } })
    const made = await send('POST', RULES, GPT)
    expect([made.status, made.json]).toEqual([
      200,
      { code: 0, data: { ...GPT, rule_id: 'br_001', revision: 1, in_force: true } },
    ])
    expect((await send('POST', RULES, CLAUDE)).json).toEqual({
      code: 0,
      data: { ...CLAUDE, model_name: CLAUDE.model_id, rule_id: 'br_002', revision: 1, in_force: true },
    })
    const all = await get('/api/v1/billing/rules')
    expect(listOutput.parse(dataOf(all)).items.map(({ rule_id }) => rule_id)).toEqual(['br_001', 'br_002'])
    const some = await get('/api/v1/billing/rules?model_id=gpt-4o&membership_level=basic')
    expect(dataOf(some).items).toEqual([dataOf(made)])
    const one = await get('/api/v1/billing/rules/br_002')
    expect(detailOutput.parse(dataOf(one)).history).toEqual([
      expect.objectContaining({ revision: 1, recorded_at: '2026-02-10T12:00:00Z', superseded: false }),
    ])
  })

  it('change in part, and keep the prices of what was before', async () => {
    const { get, send } = await serve()
    await send('POST', RULES, GPT)
    const changed = await send('PUT', `${RULES}/br_001`, {
      output_price: '0.09',
      effective_at: '2026-02-16T00:00:00+08:00',
    })
    expect([changed.status, dataOf(changed)]).toEqual([
      200,
      {
        ...GPT,
        output_price: '0.09',
        effective_at: '2026-02-15T16:00:00Z',
        rule_id: 'br_001',
        revision: 2,
        in_force: false,
      },
    ])
    const shown = dataOf(await get('/api/v1/billing/rules/br_001'))
    expect(shown).toMatchObject({ output_price: '0.084', revision: 1, in_force: true })
    expect(shown.history).toHaveLength(2)
    const later = dataOf(await get('/api/v1/billing/rules/br_001?at=2026-02-15T16:00:00Z'))
    expect(later).toMatchObject({ output_price: '0.09', revision: 2, in_force: true })
  })

  it('estimate as the seed does, on both sides of a change', async () => {
    const { send } = await serve()
    await send('POST', RULES, GPT)
    await send('PUT', `${RULES}/br_001`, { input_price: '0.03', effective_at: '2026-02-16T00:00:00+08:00' })
    const asked = { model_id: 'gpt-4o', input_tokens: 1000, output_tokens: 500 }
    const now = await send('POST', '/api/v1/billing/estimate', asked, READ)
    expect([now.status, now.json.code]).toEqual([200, 0])
    expect(estimate.parse(dataOf(now))).toMatchObject({
      ...asked,
      model_name: 'GPT-4o',
      input_cost: '0.028',
      output_cost: '0.042',
      total_cost: '0.070',
      currency: 'CNY',
      applied_rule: { membership_level: 'basic', input_price: '0.028', output_price: '0.084' },
    })
    const totals = await Promise.all(
      ['2026-02-15T15:59:59.999Z', '2026-02-15T16:00:00Z'].map((when) =>
        send('POST', '/api/v1/billing/estimate', { ...asked, at: when }, READ),
      ),
    )
    expect(totals.map((each) => dataOf(each).total_cost)).toEqual(['0.070', '0.072'])
  })
})

describe('what is refused, in the shape of the seed', () => {
  const EST = '/api/v1/billing/estimate'
  const broken = { headers: { ...bearer(ADMIN), 'content-type': 'application/json' }, body: '{"model_id": ' }

  const refusals: [string, string, string, unknown, number, string | undefined][] = [
    ['an unknown parameter', 'GET', '/api/v1/billing/rules?model=gpt', undefined, 400, 'model'],
    ['a parameter given twice', 'GET', '/api/v1/billing/rules?model_id=a&model_id=b', undefined, 400, 'model_id'],
    ['a value that is none', 'GET', '/api/v1/billing/rules?at=yesterday', undefined, 422, 'at'],
    ['an id that is none', 'GET', '/api/v1/billing/rules/7', undefined, 422, 'rule_id'],
    ['an id in path and query', 'GET', '/api/v1/billing/rules/br_001?rule_id=br_002', undefined, 422, 'rule_id'],
    ['a rule that is not there', 'GET', '/api/v1/billing/rules/br_009', undefined, 404, 'rule_id'],
    ['a path that is not there', 'GET', '/api/v1/billing/nothing', undefined, 404, undefined],
    ['a missing field', 'POST', RULES, { ...CLAUDE, currency: undefined }, 422, 'currency'],
    ['an unknown field', 'POST', RULES, { ...CLAUDE, price: '1' }, 422, 'price'],
    ['a price that is a number', 'POST', RULES, { ...CLAUDE, output_price: 0.1 }, 422, 'output_price'],
    ['a second price', 'POST', RULES, { ...CLAUDE, unit: 'per_image' }, 422, 'input_price'],
    ['null', 'POST', RULES, { ...CLAUDE, model_id: null }, 422, 'model_id'],
    ['a list', 'POST', RULES, [CLAUDE], 422, 'body'],
    ['the same rule again', 'POST', RULES, { ...GPT, output_price: '1' }, 409, 'effective_at'],
    ['nothing to change', 'PUT', `${RULES}/br_001`, {}, 422, 'body'],
    ['another model', 'PUT', `${RULES}/br_001`, { model_id: 'gpt-5' }, 422, 'model_id'],
    ['another id in the body', 'PUT', `${RULES}/br_001`, { rule_id: 'br_002', output_price: '1' }, 422, 'rule_id'],
    ['an old revision', 'PUT', `${RULES}/br_001`, { output_price: '1', revision: 5 }, 409, 'revision'],
    [
      'a taken instant',
      'PUT',
      `${RULES}/br_001`,
      { output_price: '1', effective_at: GPT.effective_at },
      409,
      'effective_at',
    ],
    ['a change of no rule', 'PUT', `${RULES}/br_009`, { output_price: '1' }, 404, 'rule_id'],
    ['an estimate without a rule', 'POST', EST, { model_id: 'gpt-9', input_tokens: 1 }, 404, 'model_id'],
    ['an estimate without tokens', 'POST', EST, { model_id: 'gpt-4o' }, 422, 'input_tokens'],
    ['tokens that are none', 'POST', EST, { model_id: 'gpt-4o', input_tokens: -1 }, 422, 'input_tokens'],
    ['inputs in the query', 'POST', `${EST}?model_id=gpt-4o`, {}, 422, 'model_id'],
    ['another method', 'DELETE', `${RULES}/br_001`, undefined, 405, undefined],
  ]

  it.each(refusals)('%s', async (_what, method, route, body, status, field) => {
    const { restUrl, send, billing } = await serve()
    await send('POST', RULES, GPT)
    const before = await billing.rules()
    const answer =
      body === undefined
        ? await ask(`${restUrl}${route}`, { method, headers: bearer(ADMIN) })
        : await send(method, route, body)
    expect([answer.status, answer.json]).toEqual([
      status,
      expect.objectContaining({ code: status, message: expect.any(String), data: null }),
    ])
    expect(answer.json.field).toBe(field)
    expect(await billing.rules()).toEqual(before)
  })

  it.each([
    ['POST', RULES],
    ['PUT', `${RULES}/br_001`],
    ['POST', EST],
  ])('%s %s: broken JSON', async (method, route) => {
    const { restUrl } = await serve()
    const answer = await ask(`${restUrl}${route}`, { method, ...broken })
    expect([answer.status, answer.json]).toEqual([
      400,
      expect.objectContaining({ code: 400, data: null, field: 'body' }),
    ])
  })

  it('a store that cannot be read, with 503', async () => {
    const { get, path } = await serve()
    writeFileSync(path, 'no database '.repeat(200))
    const answer = await get('/api/v1/billing/rules')
    expect([answer.status, answer.json.code, answer.json.field]).toEqual([503, 503, 'BILLING_STORE'])
  })
})

describe('who may', () => {
  it.each([
    ['nobody', {}, 401],
    ['who has another token', bearer('guessed'), 401],
    ['who only reads', bearer(READ), 403],
  ])('write: not %s', async (_who, headers, status) => {
    const { restUrl, billing } = await serve()
    for (const [method, route] of [
      ['POST', RULES],
      ['PUT', `${RULES}/br_001`],
    ] as const) {
      const answer = await postJson(`${restUrl}${route}`, CLAUDE, { method, headers })
      expect([answer.status, answer.json]).toEqual([
        status,
        expect.objectContaining({ code: status, data: null, field: 'Authorization' }),
      ])
      expect(answer.headers['www-authenticate'] !== undefined).toBe(status === 401)
    }
    expect(await billing.rules()).toEqual([])
  })

  it.each([
    ['on loopback, where reading needs no token', { serve: undefined, admin: ADMIN }, {}, 401],
    ['where no ADMIN_TOKEN is set', { serve: READ, admin: undefined }, bearer(READ), 403],
    ['where no token at all is set', { serve: undefined, admin: undefined }, {}, 403],
  ])('write: nobody %s', async (_where, tokens, headers, status) => {
    const { restUrl, billing } = await serve({ tokens })
    for (const route of [RULES, RULES.replace('admin', '%61dmin')]) {
      const answer = await postJson(`${restUrl}${route}`, CLAUDE, { headers })
      expect([answer.status, answer.json.code]).toEqual([status, status])
    }
    expect(await billing.rules()).toEqual([])
  })

  it('read: whoever holds either token, and nobody else', async () => {
    const { restUrl, get } = await serve()
    expect((await get('/api/v1/billing/rules')).status).toBe(200)
    expect((await get('/api/v1/billing/rules', ADMIN)).status).toBe(200)
    const answer = await ask(`${restUrl}/api/v1/billing/rules`)
    expect([answer.status, answer.json]).toEqual([401, expect.objectContaining({ code: 401, data: null })])
  })

  it('write by a tool: nobody over HTTP, whatever the token', async () => {
    const { send, get } = await serve()
    for (const { name } of WRITE_TOOLS) {
      expect((await send('POST', `/v1/tools/${name}`, CLAUDE)).status).toBe(404)
      expect((await get('/v1/tools')).text).not.toContain(name)
    }
  })
})

describe('writers at once over HTTP', () => {
  it('have one winner, and the others are told of the conflict', async () => {
    const { send, billing } = await serve()
    const prices = ['0.1', '0.2', '0.3', '0.4', '0.5']
    const answers = await Promise.all(prices.map((output_price) => send('POST', RULES, { ...CLAUDE, output_price })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409])
    expect(await billing.rules()).toHaveLength(1)
    const updates = await Promise.all(
      prices.map((output_price) => send('PUT', `${RULES}/br_001`, { output_price, revision: 1 })),
    )
    expect(updates.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409])
    expect(await billing.rules()).toHaveLength(2)
  })
})

describe('what is told about these routes', () => {
  it('in /openapi.json: inputs of the path, the shape of errors, and who may write', async () => {
    const { get, restUrl } = await serve()
    const document = (await get('/openapi.json')).json as {
      paths: Record<string, Record<string, Record<string, unknown>>>
      components: { securitySchemes: object }
    }
    const update = document.paths[`${RULES}/{rule_id}`]?.put
    expect(update?.parameters).toEqual([expect.objectContaining({ name: 'rule_id', in: 'path', required: true })])
    expect(JSON.stringify(update?.requestBody)).not.toContain('rule_id')
    expect(update?.security).toEqual([{ admin: [] }])
    expect(Object.keys(update?.responses as object)).toEqual(
      expect.arrayContaining(['200', '400', '401', '403', '404', '409', '422']),
    )
    expect(JSON.stringify(update?.responses)).toContain('schemas/CodedError')
    expect(document.components.securitySchemes).toHaveProperty('admin')
    const list = document.paths['/api/v1/billing/rules']!.get!
    expect((list.parameters as { name: string; in: string }[]).map((each) => `${each.name} ${each.in}`)).toEqual([
      'model_id query',
      'membership_level query',
      'at query',
    ])
    const page = await ask(`${restUrl}/docs`, { headers: bearer(READ) })
    expect(page.text).toContain(`${RULES}/{rule_id}`)
    expect(page.text).toContain('<td><code>rule_id</code></td><td>path</td>')
  })
})
