import { afterEach, describe, expect, it } from 'vitest'
import { apiKeyOf, keyIdOfAccount, MiniWorld } from '../../src/demo/mini-world.ts'
import type { World } from '../../src/demo/stored-world.ts'
import type { FalReader } from '../../src/fal/reader.ts'
import { falEstimateCostTool } from '../../tools/fal-estimate-cost.ts'
import { memoryDependencies, settingsFor } from '../kit/audit-world.ts'
import { openWorld, type RealParts, type RealWorld } from '../kit/real-audit.ts'
import { twoNames } from '../kit/two-names.ts'
import { call, refusal } from './call.ts'

const open: RealWorld[] = []
afterEach(async () => {
  for (const real of open.splice(0)) await real.close()
})

const PRICES = [
  { endpointId: 'fal-ai/flux/dev', unitPrice: '0.025', unit: 'megapixels', callPrice: '0.03' },
  { endpointId: 'fal-ai/kling', unitPrice: '0.28', unit: 'seconds' },
  { endpointId: 'fal-ai/euro', unitPrice: '1', unit: 'images', currency: 'EUR' },
]

async function real(world: World, double: RealParts['double'] = {}): Promise<RealWorld> {
  const options = { prices: PRICES, ...double }
  const opened = await openWorld(world, { store: 'embedded', double: options, client: { failureBudget: 3000 } })
  open.push(opened)
  return opened
}

/** Two workspaces; read at 2026-02-09T04:00:00Z, so that the 30 days begin on the 10th of January. */
function world(live: string | null = '12.3'): World {
  const flux = { endpointId: 'fal-ai/flux/dev', unit: 'megapixels' }
  return new MiniWorld()
    .account(5, { workspace: 'acme', live })
    .account(6, { workspace: 'acme', live })
    .account(7, { live: '1' })
    .event({ ...flux, cost: '0.05', quantity: '2', timestamp: '2026-01-10T04:00:00Z' })
    .event({ ...flux, cost: '9', quantity: '1', timestamp: '2026-01-10T03:59:59Z' })
    .event({ ...flux, cost: '0.02', quantity: '1', timestamp: '2026-02-01T00:00:00Z' }, apiKeyOf(7))
    .event({
      endpointId: 'fal-ai/kling',
      unit: 'seconds',
      cost: '0.5',
      quantity: '2',
      timestamp: '2026-02-01T00:00:00Z',
    })
    .event({ endpointId: 'fal-ai/kling', unit: 'videos', cost: '3', quantity: '1', timestamp: '2026-02-01T00:00:00Z' })
    .build()
}

const EVENT = { participants: 100, uses_per_head: 2, model: 'fal-ai/flux/dev' }

describe('fal-estimate-cost, of models', () => {
  it('of units shows each model at its advertised price beside what was billed, and one total', async () => {
    const { double, dependencies } = await real(world())
    const given = { models: ['fal-ai/flux/dev=100', 'fal-ai/kling=12.5'], kind: 'units' }
    const result = await call(falEstimateCostTool, given, dependencies(), world())
    expect(result).toMatchObject({
      asOf: '2026-02-09T12:00:00+08:00',
      scope: 'accounts',
      mode: 'models',
      kind: 'units',
      complete: true,
      costUsd: '6',
      availableUsd: null,
      availableSource: 'none',
      leftUsd: null,
      enough: null,
      unknownModels: [],
    })
    expect(result.models).toEqual([
      {
        model: 'fal-ai/flux/dev',
        quantity: '100',
        unitPrice: '0.025',
        unit: 'megapixels',
        currency: 'USD',
        costUsd: '2.5',
        // 0.07 for 3 megapixels, over both workspaces.
        billed: [{ unit: 'megapixels', quantity: '3', costUsd: '0.07', unitPriceUsd: '0.023333333', rounded: true }],
      },
      {
        model: 'fal-ai/kling',
        quantity: '12.5',
        unitPrice: '0.28',
        unit: 'seconds',
        currency: 'USD',
        costUsd: '3.5',
        billed: [
          { unit: 'seconds', quantity: '2', costUsd: '0.5', unitPriceUsd: '0.25', rounded: false },
          { unit: 'videos', quantity: '1', costUsd: '3', unitPriceUsd: '3', rounded: false },
        ],
      },
    ])
    expect(double.requests.filter(({ path }) => path === '/models/usage')).toHaveLength(2)
    expect(double.requests.filter(({ path }) => path.startsWith('/models/pricing'))).toHaveLength(2)
  })

  it('of calls takes what calls have cost, and splits nothing', async () => {
    const { dependencies } = await real(world())
    const result = await call(falEstimateCostTool, { models: ['fal-ai/flux/dev=3'] }, dependencies(), world())
    expect(result).toMatchObject({ kind: 'calls', costUsd: '0.09', models: [{ quantity: '3', unitPrice: '0.025' }] })
    expect(result.models[0]).not.toHaveProperty('costUsd')
  })

  it('lists unknown models, and leaves them out of the total, of which nothing is then enough', async () => {
    const { dependencies } = await real(world())
    const given = { models: ['no/such=5', 'fal-ai/flux/dev=10'], limit_usd: '100' }
    const result = await call(falEstimateCostTool, given, dependencies(), world())
    expect(result).toMatchObject({
      complete: true,
      costUsd: '0.3',
      unknownModels: ['no/such'],
      availableUsd: '100',
      leftUsd: null,
      enough: null,
    })
    expect(result.models.map(({ model }) => model)).toEqual(['fal-ai/flux/dev'])
    expect(result.note).toMatch(/ It lacks unknownModels, which fal does not know, .* of what is left\.$/)
    expect(result.next).toMatch(/^see that unknownModels are right: fal-get-usage with/)
    const none = await call(falEstimateCostTool, { models: ['no/such=5'] }, dependencies(), world())
    expect(none).toMatchObject({ costUsd: null, costReason: expect.stringContaining('none of these'), models: [] })
    // There is no cost that could lack it.
    expect(none.note).not.toContain('lacks')
    const known = await call(falEstimateCostTool, { models: ['fal-ai/flux/dev=10'] }, dependencies(), world())
    expect([known.note, known.next].join()).not.toContain('unknownModels')
  })

  it('tells what a model was billed at whatever the case it is named in, as fal-get-usage does', async () => {
    const named = 'FAL-AI/Flux/dev'
    const memory = memoryDependencies(world(), {})
    // As if fal did not mind case: it answers with its own names.
    const own = (ids: readonly string[] = []) => ids.map((id) => id.toLowerCase())
    const usage: FalReader['usage'] = (key, query, signal) =>
      memory.fal.usage(key, { ...query, endpointIds: own(query.endpointIds) }, signal)
    const told = async (model: string, fal: FalReader) =>
      (await call(falEstimateCostTool, { models: [`${model}=1`] }, { ...memory, fal }, world())).models[0]?.billed
    const pricing: FalReader['pricing'] = async () => ({ status: 'complete', value: { prices: [], unknown: [] } })
    const expected = await told('fal-ai/flux/dev', memory.fal)
    expect(expected).toHaveLength(1)
    expect(await told(named, { ...memory.fal, usage, pricing })).toEqual(expected)
  })

  it('gives no USD for a price in another currency', async () => {
    const { dependencies } = await real(world())
    const { models } = await call(falEstimateCostTool, { models: ['fal-ai/euro=1'], kind: 'units' }, dependencies())
    expect(models).toEqual([
      {
        model: 'fal-ai/euro',
        quantity: '1',
        unitPrice: '1',
        unit: 'images',
        currency: 'EUR',
        costUsd: null,
        billed: [],
      },
    ])
  })

  it('keeps every digit', async () => {
    const prices = [{ endpointId: 'a/b', unitPrice: '0.000000123', unit: 'tokens' }]
    const { dependencies } = await real(world(), { prices })
    const { models, costUsd } = await call(
      falEstimateCostTool,
      { models: ['a/b=123456789.000001'], kind: 'units' },
      dependencies(),
    )
    expect(models[0]?.costUsd).toBe('15.185185047000123')
    // The double tells its total to the nano-dollar.
    expect(costUsd).toBe('15.185185047')
  })

  it.each([
    ['/models/pricing', { costUsd: '0.3', models: [{ unitPrice: null }] }, 'fal-pricing'],
    ['/models/pricing/estimate', { costUsd: null, costReason: expect.stringContaining('403') }, 'fal-estimate'],
    ['/models/usage', { costUsd: '0.3', models: [{ billed: null }] }, 'fal-usage'],
  ])('what %s does not tell is null, and the rest stands', async (path, expected, source) => {
    const { dependencies } = await real(world(), { faults: [{ kind: 'status', status: 403, path }] })
    const result = await call(falEstimateCostTool, { models: ['fal-ai/flux/dev=10'] }, dependencies(), world())
    expect(result).toMatchObject({ complete: false, ...expected })
    expect(result.sources).toContainEqual(expect.objectContaining({ source, status: 'failed' }))
    expect(result.next).toMatch(/^fal-balance/)
  })

  it('leads to the doctor where fal answers for no key', async () => {
    const { dependencies } = await real(world(), { faults: [{ kind: 'status', status: 401 }] })
    const result = await call(falEstimateCostTool, { models: ['fal-ai/flux/dev=10'] }, dependencies(), world())
    expect(result).toMatchObject({ complete: false, costUsd: null })
    expect(result.next).toMatch(/^doctor: why fal answered for none/)
  })

  it('asks with another key where the first may not read prices', async () => {
    const faults = [{ kind: 'status', status: 403, path: '/models/pricing', keyId: keyIdOfAccount(7) }] as const
    const { dependencies } = await real(world(), { faults })
    const result = await call(falEstimateCostTool, { models: ['fal-ai/flux/dev=10'] }, dependencies(), world())
    expect(result).toMatchObject({ complete: true, costUsd: '0.3', models: [{ unitPrice: '0.025' }] })
  })
})

describe('fal-estimate-cost, before an event', () => {
  it.each([
    ['6', '0', true],
    ['5.999999999', '-0.000000001', false],
    ['100', '94', true],
    ['0', '-6', false],
  ])('against a limit of %s leaves %s: %s', async (limit_usd, leftUsd, enough) => {
    const { dependencies } = await real(world())
    const result = await call(falEstimateCostTool, { ...EVENT, limit_usd }, dependencies(), world())
    expect(result).toMatchObject({
      mode: 'event',
      kind: 'calls',
      requests: 200,
      costUsd: '6',
      availableUsd: limit_usd,
      availableSource: 'limit',
      leftUsd,
      enough,
    })
  })

  it.each([
    ['6', '0', true],
    ['5.999999999', '-0.000000001', false],
  ])('against a live balance of %s leaves %s: %s', async (live, leftUsd, enough) => {
    const { dependencies } = await real(world(live))
    const result = await call(falEstimateCostTool, { ...EVENT, ids: [5, 6] }, dependencies(), world())
    expect(result).toMatchObject({ availableUsd: live, availableSource: 'live-balance', leftUsd, enough })
  })

  it('of several workspaces no balance is taken for the other', async () => {
    const { dependencies } = await real(world())
    const result = await call(falEstimateCostTool, EVENT, dependencies(), world())
    expect(result).toMatchObject({ costUsd: '6', availableUsd: null, leftUsd: null, enough: null })
    expect(result.availableReason).toMatch(/2 workspaces.*ids/)
  })

  it('a balance that fal does not tell leaves the answer open', async () => {
    const { dependencies } = await real(world(null))
    const result = await call(falEstimateCostTool, { ...EVENT, ids: [5] }, dependencies(), world())
    expect(result).toMatchObject({ costUsd: '6', availableUsd: null, leftUsd: null, enough: null })
    expect(result.availableReason).toContain('no credits')
    const faults = [{ kind: 'status', status: 403, path: '/account/billing' }] as const
    const refused = await real(world(), { faults })
    const unread = await call(falEstimateCostTool, { ...EVENT, ids: [5] }, refused.dependencies(), world())
    expect(unread).toMatchObject({ complete: false, availableUsd: null, enough: null })
    expect(unread.availableReason).toContain('403')
  })

  it('an unknown model leaves everything open', async () => {
    const { dependencies } = await real(world())
    const given = { ...EVENT, model: 'no/such', limit_usd: '5' }
    const result = await call(falEstimateCostTool, given, dependencies(), world())
    expect(result).toMatchObject({ costUsd: null, unknownModels: ['no/such'], leftUsd: null, enough: null })
  })

  it.each([
    [3, 1.5, 5],
    [3, 0.001, 1],
    [10, 0.1, 1],
    [11, 0.1, 2],
    [10_000_000, 10_000, 100_000_000_000],
  ])('%i participants with %d uses make %i requests', async (participants, uses_per_head, requests) => {
    const given = { participants, uses_per_head, model: 'fal-ai/flux/dev' }
    const result = await call(falEstimateCostTool, given, memoryDependencies(world(), {}), world())
    expect(result).toMatchObject({ requests, models: [{ quantity: String(requests) }] })
  })

  it('works with FAL_KEY alone, and counts units where told', async () => {
    const { dependencies } = await real(world())
    const keyed = { ...dependencies(), ledger: undefined, settings: settingsFor({ falKey: apiKeyOf(5) }) }
    const result = await call(falEstimateCostTool, { ...EVENT, kind: 'units' }, keyed, world())
    expect(result).toMatchObject({
      scope: 'fal-key',
      costUsd: '5',
      availableUsd: '12.3',
      leftUsd: '7.3',
      enough: true,
      models: [{ quantity: '200', costUsd: '5' }],
    })
  })
})

describe('fal-estimate-cost, given what cannot be', () => {
  const deps = memoryDependencies(world(), {})

  it.each([
    [{}, 'models', /participants/],
    [{ models: [] }, 'models', /fal-ai\/flux\/dev=100/],
    [{ models: ['fal-ai/flux/dev'] }, 'models', /fal-ai\/flux\/dev=100/],
    [{ models: ['=5'] }, 'models', /entries like/],
    [{ models: ['a,b=5'] }, 'models', /entries like/],
    [{ models: ['a/b=0'] }, 'models', /whole number above 0/],
    [{ models: ['a/b=1.5'] }, 'models', /whole number above 0/],
    [{ models: ['a/b=-1'], kind: 'units' }, 'models', /six decimals/],
    [{ models: ['a/b=1.0000001'], kind: 'units' }, 'models', /six decimals/],
    [{ models: ['a/b=1e3'], kind: 'units' }, 'models', /six decimals/],
    [{ models: ['a/b=1', 'a/b=2'] }, 'models', /each endpoint once/],
    [{ models: Array.from({ length: 51 }, (_, at) => `a/${at}=1`) }, 'models', /at most 50/],
    [{ models: ['a/b=1'], kind: 'images' }, 'kind', /calls/],
    [{ ...EVENT, models: ['a/b=1'] }, 'models', /either models/],
    [{ uses_per_head: 2, model: 'a/b' }, 'participants', /whole number/],
    [{ participants: 5, model: 'a/b' }, 'uses_per_head', /above 0/],
    [{ participants: 5, uses_per_head: 1 }, 'model', /fal-ai/],
    [{ models: { 'fal-ai/flux/dev': 100 } }, 'models', /such as \["fal-ai\/flux\/dev=100"\]$/],
    [{ models: 'fal-ai/flux/dev' }, 'models', /such as \["fal-ai\/flux\/dev=100"\]$/],
    [{ ...EVENT, participants: 0 }, 'participants', /at least 1/],
    [{ ...EVENT, participants: 1.5 }, 'participants', /whole/],
    [{ ...EVENT, uses_per_head: 0 }, 'uses_per_head', /more than 0/],
    [{ ...EVENT, uses_per_head: 0.0001 }, 'uses_per_head', /3 decimals/],
    [{ ...EVENT, model: 'a b' }, 'model', /fal-ai/],
    [{ ...EVENT, limit_usd: 'much' }, 'limit_usd', /"100"/],
    [{ ...EVENT, limit_usd: '-1' }, 'limit_usd', /"100"/],
    [{ ...EVENT, ids: [99] }, 'ids', /7, 6, 5/],
  ])('%j: the error names the field and what is accepted', async (given, field, accepted) => {
    const error = await refusal(falEstimateCostTool, given, deps)
    expect(error).toMatchObject({ kind: 'input', field })
    expect(error.accepted).toMatch(accepted)
  })

  it.each([
    [{}, /^models: is missing; give entries like/],
    [{ participants: 3, model: 'fal-ai/flux/dev' }, /^uses_per_head: is missing; give a number above 0/],
  ])('%j: what is not there is said to be missing', async (given, message) => {
    expect((await refusal(falEstimateCostTool, given, deps)).message).toMatch(message)
  })
})

describe('one workspace under two usernames', () => {
  const shared = (keyId: string | undefined): World =>
    twoNames(
      new MiniWorld()
        .account(5, { workspace: 'acme' })
        .account(7, { workspace: 'acme' })
        .event({ endpointId: 'fal-ai/flux/dev', cost: '0.7', quantity: '2', timestamp: '2026-02-01T00:00:00Z', keyId })
        .build(),
    )
  const ask = async (world: World) =>
    call(falEstimateCostTool, { models: ['fal-ai/flux/dev=1'] }, (await real(world)).dependencies())

  it('of which no key tells is said to be one, perhaps: what it was billed counts twice', async () => {
    const { models, note } = await ask(shared(undefined))
    expect(models[0]?.billed).toMatchObject([{ quantity: '4', costUsd: '1.4' }])
    expect(note).toMatch(/The bills of person-\d and person-\d look alike.*counted twice here/)
  })

  it('is one where a key tells', async () => {
    const { models, note } = await ask(shared(keyIdOfAccount(5)))
    expect(models[0]?.billed).toMatchObject([{ quantity: '2', costUsd: '0.7' }])
    expect(note).not.toMatch(/look alike/)
  })
})
