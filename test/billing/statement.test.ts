import { describe, expect, it } from 'vitest'
import {
  canonicalJson,
  contentHash,
  parseContent,
  restate,
  type StatementContent,
} from '../../src/billing/statement.ts'
import { parseStatementId, statementId } from '../../src/billing/statement-id.ts'

const LINE = {
  model_id: 'fal-ai/veo3',
  model_name: 'veo3',
  input_tokens: null,
  output_tokens: null,
  total_tokens: null,
  total_cost: '10.00',
  charged_points: 1000,
  refunded_points: 0,
  request_count: 1,
  net_points: 1000,
  fal_cost_usd: '1',
  margin_usd: null,
}

function content(overrides: Partial<StatementContent> = {}): StatementContent {
  const { model_id: _id, model_name: _name, ...figures } = LINE
  return {
    invoice_id: 'inv_202602',
    kind: 'operator',
    user_id: null,
    user_name: null,
    period: '2026-02',
    timezone: 'Asia/Shanghai',
    currency: 'CNY',
    ...figures,
    breakdown: [LINE],
    ...overrides,
  }
}

describe('the id of a statement', () => {
  it.each([
    ['inv_202602', { period: '2026-02', userId: null }],
    ['inv_202612_u101', { period: '2026-12', userId: 101 }],
    ['inv_202601_u0', { period: '2026-01', userId: 0 }],
    ['inv_202601_u-7', { period: '2026-01', userId: -7 }],
  ])('%s is read, and written the same', (id, parsed) => {
    expect(parseStatementId(id)).toEqual(parsed)
    expect(statementId(parsed)).toBe(id)
  })

  it.each([
    '',
    'inv_2026',
    'inv_202600',
    'inv_202613',
    'inv_202602_u',
    'inv_202602_u01',
    'inv_202602_u-0',
    'inv_202602_u-01',
    'inv_202602_u--1',
    'INV_202602',
  ])('"%s" is none', (id) => expect(parseStatementId(id)).toBeUndefined())

  it('has no user beyond exact integers, and nothing around it', () => {
    expect(parseStatementId('inv_202602_u9999999999999999')).toBeUndefined()
    expect(parseStatementId('inv_202602_u-9999999999999999')).toBeUndefined()
    expect(parseStatementId(' inv_202602')).toBeUndefined()
    expect(parseStatementId('inv_202602\n')).toBeUndefined()
  })
})

describe('the hash of a content', () => {
  it('is of its canonical JSON, whatever the order of its keys', () => {
    expect(canonicalJson({ b: [1, null, 'x"'], a: { d: true, c: '' } })).toBe(
      '{"a":{"c":"","d":true},"b":[1,null,"x\\""]}',
    )
    const shuffled = Object.fromEntries(Object.entries(content()).reverse())
    expect(contentHash(canonicalJson(shuffled))).toBe(contentHash(canonicalJson(content())))
    expect(contentHash(canonicalJson({}))).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
  })

  it('changes with any figure', () => {
    const hashes = [content(), content({ net_points: 999 }), content({ breakdown: [{ ...LINE, fal_cost_usd: null }] })]
    expect(new Set(hashes.map((each) => contentHash(canonicalJson(each)))).size).toBe(3)
  })
})

describe('a restatement', () => {
  it('of the same content has no lines', () => {
    expect(restate(content(), content(), true)).toEqual([])
  })

  it('names every figure that changed, the whole first, then models in order', () => {
    const now = content({
      charged_points: 1500,
      net_points: 1500,
      total_cost: '15.00',
      request_count: 2,
      breakdown: [
        { ...LINE, model_id: 'a', model_name: 'a', charged_points: 500, net_points: 500, total_cost: '5.00' },
        LINE,
      ],
    })
    expect(restate(content(), now, true)).toEqual([
      { line: 'total', field: 'charged_points', settled: '1000', now: '1500' },
      { line: 'total', field: 'net_points', settled: '1000', now: '1500' },
      { line: 'total', field: 'request_count', settled: '1', now: '2' },
      { line: 'total', field: 'total_cost', settled: '10.00', now: '15.00' },
      { line: 'a', field: 'charged_points', settled: null, now: '500' },
      { line: 'a', field: 'fal_cost_usd', settled: null, now: '1' },
      { line: 'a', field: 'model_name', settled: null, now: 'a' },
      { line: 'a', field: 'net_points', settled: null, now: '500' },
      { line: 'a', field: 'refunded_points', settled: null, now: '0' },
      { line: 'a', field: 'request_count', settled: null, now: '1' },
      { line: 'a', field: 'total_cost', settled: null, now: '5.00' },
    ])
    const gone = restate(content(), { ...now, breakdown: now.breakdown.slice(0, 1) }, true)
    expect([...new Set(gone.map(({ line }) => line))]).toEqual(['total', 'a', 'fal-ai/veo3'])
  })

  it('tells a model that is called total from the whole', () => {
    const named = (net: number) => content({ breakdown: [{ ...LINE, model_id: 'total', net_points: net }] })
    expect(restate(named(1000), named(900), true)).toEqual([
      { line: 'total', model_id: 'total', field: 'net_points', settled: '1000', now: '900' },
    ])
  })

  it('tells a user of another name, and not that the name is not known now', () => {
    const named = (name: string | null) => content({ kind: 'user', user_id: 101, user_name: name })
    expect(restate(named('Ada'), named('Bo'), true)).toEqual([
      { line: 'total', field: 'user_name', settled: 'Ada', now: 'Bo' },
    ])
    expect(restate(named('Ada'), named(null), true)).toEqual([])
  })

  it('tells a model that went, figure by figure', () => {
    const lines = restate(content(), content({ breakdown: [] }), true)
    expect(lines).toContainEqual({ line: 'fal-ai/veo3', field: 'fal_cost_usd', settled: '1', now: null })
    expect(lines.every(({ now }) => now === null)).toBe(true)
  })

  it('of bills that were not read whole now compares only what the task table tells', () => {
    const unread = content({ fal_cost_usd: null, breakdown: [{ ...LINE, model_id: 'veo3', fal_cost_usd: null }] })
    expect(restate(content(), unread, false)).toEqual([])
    expect(restate(content(), { ...unread, charged_points: 900 }, false)).toEqual([
      { line: 'total', field: 'charged_points', settled: '1000', now: '900' },
    ])
  })
})

describe('a recorded content', () => {
  it('is read back as it was', () => {
    expect(parseContent(canonicalJson(content()))).toEqual(content())
  })

  it.each(['', '{', 'null', '[]', '{"breakdown":1}'])('%s is none of ours', (text) => {
    expect(parseContent(text)).toBeUndefined()
  })
})
