import { describe, expect, it } from 'vitest'
import type { EventFact, TaskFact } from '../../src/audit/rules/facts.ts'
import type { DueCharge } from '../../src/audit/rules/prices.ts'
import { type PriceBookOptions, priceBook } from '../../src/billing/price-book.ts'
import type { RuleVersion } from '../../src/billing/rule.ts'
import { ratio } from '../../src/units/ratio.ts'
import { at, decimal, ruleVersion } from '../kit/billing.ts'
import { event, task } from '../kit/books.ts'

const NONE: PriceBookOptions = { defaultLevel: 'basic', aliases: new Map(), pointsPerUsd: undefined }
const LEVELS = new Map([[102, 'VIP']])

/** A rule for the model of the tasks, in points a second unless said. */
const rule = (overrides: Partial<RuleVersion> = {}): RuleVersion =>
  ruleVersion({
    modelId: 'fal-ai/veo3',
    modelName: null,
    inputPrice: decimal('0'),
    outputPrice: decimal('20'),
    unit: 'per_second',
    currency: 'points',
    ...overrides,
  })

const chargeOf = (
  versions: readonly RuleVersion[],
  fact: Partial<TaskFact> = {},
  events: readonly Partial<EventFact>[] = [{ quantity: '5', unit: 'seconds' }],
  options: Partial<PriceBookOptions> = {},
): DueCharge => priceBook(versions, LEVELS, { ...NONE, ...options }).chargeOf(task(fact), events.map(event))

/** Points as a fraction in lowest terms of text, such as "100" or "7.5"; otherwise why there are none. */
function pointsOf(due: DueCharge): string {
  return due.kind === 'due' ? due.terms().exactPoints : due.kind
}

describe('how much a rule counts', () => {
  const cases: [string, Partial<RuleVersion>, Partial<EventFact>[], string][] = [
    ['a request, whatever the bill says', { unit: 'per_request' }, [], '20'],
    ['seconds', {}, [{ quantity: '5', unit: 'seconds' }], '100'],
    [
      'seconds of several events',
      {},
      [
        { quantity: '5', unit: 'Second' },
        { quantity: '0.25', unit: 'secs' },
      ],
      '105',
    ],
    ['minutes by the second', {}, [{ quantity: '1.5', unit: 'minutes' }], '1800'],
    ['seconds by the minute', { unit: 'per_minute' }, [{ quantity: '90', unit: 'seconds' }], '30'],
    ['a third of a minute', { unit: 'per_minute' }, [{ quantity: '20', unit: 'seconds' }], '6.666666666667…'],
    ['images', { unit: 'per_image' }, [{ quantity: '4', unit: 'images' }], '80'],
    ['megapixels', { unit: 'per_megapixel' }, [{ quantity: '1.05', unit: 'megapixels' }], '21'],
    ['videos', { unit: 'per_video' }, [{ quantity: '1', unit: 'videos' }], '20'],
    ['characters', { unit: 'per_1k_characters' }, [{ quantity: '2500', unit: 'characters' }], '50'],
    ['thousands of characters', { unit: 'per_1k_characters' }, [{ quantity: '2.5', unit: '1000 characters' }], '50'],
    [
      'only what is in its unit',
      {},
      [
        { quantity: '5', unit: 'seconds' },
        { quantity: '1', unit: 'images' },
      ],
      '100',
    ],
    ['nothing of another unit', {}, [{ quantity: '5', unit: 'compute seconds' }], 'quantity-unknown'],
    ['nothing of an unknown unit', { unit: 'per_image' }, [{ quantity: '5', unit: null }], 'quantity-unknown'],
    [
      'nothing where an event beside it names no unit',
      {},
      [
        { quantity: '5', unit: 'seconds' },
        { quantity: '5', unit: null },
      ],
      'quantity-unknown',
    ],
    [
      'nothing where the unit beside it is empty',
      {},
      [
        { quantity: '5', unit: 'seconds' },
        { quantity: '5', unit: '' },
      ],
      'quantity-unknown',
    ],
    ['nothing without an event', {}, [], 'quantity-unknown'],
    [
      'nothing where a quantity is missing',
      {},
      [
        { quantity: '5', unit: 'seconds' },
        { quantity: null, unit: 'seconds' },
      ],
      'quantity-unknown',
    ],
    ['nothing of what is no number', {}, [{ quantity: 'many', unit: 'seconds' }], 'quantity-unknown'],
    ['nothing of what was taken back', {}, [{ quantity: '-1', unit: 'seconds' }], 'quantity-unknown'],
    ['nothing need be known of what is free', { outputPrice: decimal('0.00') }, [], '0'],
  ]
  it.each(cases)('%s', (_, terms, events, expected) => {
    expect(pointsOf(chargeOf([rule(terms)], {}, events))).toBe(expected)
  })

  it('says which rule it could not be held against', () => {
    expect(chargeOf([rule()], {}, [])).toEqual({ kind: 'quantity-unknown', model: 'fal-ai/veo3', unit: 'per_second' })
  })
})

describe('tokens', () => {
  const split = { unit: 'per_1k_tokens', inputPrice: decimal('28'), outputPrice: decimal('84') } as const
  const even = { ...split, outputPrice: decimal('28.0') }
  const billed = [{ quantity: '1.5', unit: '1k tokens' }]
  const cases: [string, Partial<RuleVersion>, Partial<TaskFact>, Partial<EventFact>[], string][] = [
    ['are counted by the columns', split, { inputTokens: 1000, outputTokens: 500 }, billed, '70'],
    ['are counted by the columns where nothing was billed', split, { inputTokens: 1000, outputTokens: 500 }, [], '70'],
    ['are not split by a bill', split, {}, billed, 'quantity-unknown'],
    ['need both columns', split, { inputTokens: 1000, outputTokens: null }, billed, 'quantity-unknown'],
    ['need no split where both cost the same', even, {}, billed, '42'],
    [
      'need none however the one price is written',
      { ...split, inputPrice: decimal('28.00'), outputPrice: decimal('28.0') },
      {},
      billed,
      '42',
    ],
    ['that are free need not be known', { ...split, inputPrice: decimal('0') }, { outputTokens: 500 }, [], '42'],
    [
      'that are free on the other side need not be known',
      { ...split, outputPrice: decimal('0') },
      { inputTokens: 500 },
      [],
      '14',
    ],
    ['are not free where one side is', { ...split, outputPrice: decimal('0') }, {}, [], 'quantity-unknown'],
    [
      'are not negative, whatever the other side holds',
      split,
      { inputTokens: -1, outputTokens: 9 },
      [],
      'quantity-unknown',
    ],
    ['come from nothing else', even, {}, [{ quantity: '3', unit: 'images' }], 'quantity-unknown'],
    ['come whole or not at all', even, {}, [{ quantity: null, unit: 'tokens' }], 'quantity-unknown'],
    ['come with the unit of all of it', even, {}, [...billed, { quantity: '9', unit: null }], 'quantity-unknown'],
    ['are whole numbers', split, { inputTokens: 1.5, outputTokens: 1 }, [], 'quantity-unknown'],
    ['of which columns hold 0 are not told', split, { inputTokens: 0, outputTokens: 0 }, billed, 'quantity-unknown'],
    ['come from the bill where columns hold 0', even, { inputTokens: 0, outputTokens: 0 }, billed, '42'],
    ['may be none on one side', split, { inputTokens: 1000, outputTokens: 0 }, billed, '28'],
    [
      'of the side that costs are not told by a 0 alone',
      { ...split, inputPrice: decimal('0') },
      { outputTokens: 0 },
      [],
      'quantity-unknown',
    ],
    [
      'may be none where the other side was used',
      { ...split, inputPrice: decimal('0') },
      { inputTokens: 9, outputTokens: 0 },
      [],
      '0',
    ],
    ['of which the bill holds 0 are not told', even, {}, [{ quantity: '0', unit: 'tokens' }], 'quantity-unknown'],
    ['are not negative', split, { inputTokens: -1, outputTokens: 1 }, [], 'quantity-unknown'],
    ['by the million', { ...even, unit: 'per_1m_tokens' }, { inputTokens: 1, outputTokens: 0 }, [], '0.000028'],
  ]
  it.each(cases)('%s', (_, terms, fact, events, expected) => {
    expect(pointsOf(chargeOf([rule(terms)], fact, events))).toBe(expected)
  })
})

describe('what it comes to in points', () => {
  it.each([
    ['points', '20', undefined, '100'],
    ['CNY', '0.2', undefined, '100'],
    ['CNY', '0.0001', undefined, '0.05'],
    ['USD', '0.05', '400', '100'],
    ['USD', '0.05', '400.5', '100.125'],
    ['USD', '0.05', undefined, 'rate-missing'],
  ] as const)('%s at %s a second, %s points a dollar: %s', (currency, price, perUsd, expected) => {
    const pointsPerUsd = perUsd === undefined ? undefined : ratio(perUsd)
    const due = chargeOf([rule({ currency, outputPrice: decimal(price) })], {}, undefined, { pointsPerUsd })
    expect(pointsOf(due)).toBe(expected)
  })

  it('is shown with its rule, as the price was given', () => {
    const due = chargeOf([rule({ currency: 'CNY', outputPrice: decimal('0.20') })])
    expect(due.kind === 'due' && due.terms()).toEqual({
      ...{ ruleId: 'br_001', unit: 'per_second', quantity: '5', price: '0.20', currency: 'CNY' },
      ...{ level: 'basic', exactPoints: '100' },
    })
    const tokens = { unit: 'per_1k_tokens', inputPrice: decimal('28'), outputPrice: decimal('84') } as const
    const split = chargeOf([rule(tokens)], { inputTokens: 1000, outputTokens: 500 })
    expect(split.kind === 'due' && split.terms()).toMatchObject({ quantity: '1000 + 500', price: '28 + 84' })
  })
})

describe('which rule', () => {
  const created = (text: string): Partial<TaskFact> => ({ createdAt: at(text) })
  const changed = [
    rule(),
    rule({ revision: 2, outputPrice: decimal('30'), effectiveAt: at('2026-02-06T12:00:00+08:00') }),
  ]

  it.each([
    ['2026-02-06T11:59:59.999+08:00', '100'],
    ['2026-02-06T12:00:00+08:00', '150'],
    ['2026-02-28T00:00:00+08:00', '150'],
    ['2023-12-31T23:59:59Z', 'uncovered'],
  ])('is in force at the instant of creation: %s', (text, expected) => {
    expect(pointsOf(chargeOf(changed, created(text)))).toBe(expected)
  })

  it('is the one that stands, not one that was corrected', () => {
    const corrected = rule({ revision: 2, outputPrice: decimal('40') })
    expect(pointsOf(chargeOf([rule({ supersededBy: 2 }), corrected]))).toBe('200')
  })

  it("is the user's own level's, otherwise the default level's", () => {
    const rules = [rule(), rule({ ruleId: 'br_002', membershipLevel: 'vip', outputPrice: decimal('10') })]
    expect(pointsOf(chargeOf(rules, { userId: 102 }))).toBe('50')
    expect(pointsOf(chargeOf(rules, { userId: 101 }))).toBe('100')
    expect(pointsOf(chargeOf([rule()], { userId: 102 }))).toBe('100')
    expect(pointsOf(chargeOf(rules, { userId: 101 }, undefined, { defaultLevel: 'Vip' }))).toBe('50')
    expect(pointsOf(chargeOf([rule({ membershipLevel: 'vip' })], { userId: 101 }))).toBe('uncovered')
  })

  it('is of the endpoint that was billed, whatever tasks mean that store the name of that endpoint', () => {
    const aliases = new Map([['fal-ai/veo2', 'fal-ai/veo3']])
    const veo3 = rule({ unit: 'per_request' })
    const billedAs = (model: string, stored: string) =>
      pointsOf(chargeOf([veo3], { model: stored }, [{ model }], { aliases }))
    expect(billedAs('fal-ai/veo2', 'veo-old')).toBe('uncovered')
    expect(billedAs('fal-ai/veo3', 'veo-old')).toBe('20')
    expect(billedAs('fal-ai/veo3', 'fal-ai/veo2')).toBe('20')
    // What a helper was billed counts for no rule.
    const seconds = [
      { model: 'fal-ai/veo3', quantity: '5', unit: 'seconds' },
      { model: 'fal-ai/veo2', quantity: '3', unit: 'seconds' },
    ]
    expect(pointsOf(chargeOf([rule()], { model: 'fal-ai/veo3' }, seconds, { aliases }))).toBe('100')
  })

  it('is found by the stored name, by its alias, and by the endpoint that was billed', () => {
    const billed = [{ model: 'fal-ai/veo3', quantity: '5', unit: 'seconds' }]
    const aliases = new Map([['veo-mine', 'fal-ai/veo3']])
    expect(pointsOf(chargeOf([rule()], { model: 'VEO3' }))).toBe('100')
    expect(pointsOf(chargeOf([rule({ unit: 'per_request' })], { model: 'veo-mine' }, [], { aliases }))).toBe('20')
    expect(pointsOf(chargeOf([rule()], { model: 'veo-mine' }, billed))).toBe('100')
    expect(pointsOf(chargeOf([rule({ unit: 'per_request' })], { model: 'veo-mine' }, []))).toBe('uncovered')
  })

  it('is that of the stored name before that of the endpoint', () => {
    const rules = [rule(), rule({ ruleId: 'br_002', modelId: 'veo-mine', outputPrice: decimal('1') })]
    expect(pointsOf(chargeOf(rules, { model: 'veo-mine' }))).toBe('5')
  })

  it('is none where one request was billed as several models with rules of their own', () => {
    const rules = [rule(), rule({ ruleId: 'br_002', modelId: 'fal-ai/other' })]
    const events = [
      { quantity: '5', unit: 'seconds' },
      { quantity: '5', unit: 'seconds', model: 'fal-ai/other' },
    ]
    expect(pointsOf(chargeOf(rules, { model: 'mine' }, events))).toBe('quantity-unknown')
  })

  it('counts the events of its own model where a helper was billed beside it, and none where that was not billed', () => {
    const helper = { quantity: '1', unit: 'seconds', model: 'fal-ai/check' }
    const own = { quantity: '5', unit: 'seconds' }
    expect(pointsOf(chargeOf([rule()], {}, [helper, own]))).toBe('100')
    expect(pointsOf(chargeOf([rule()], {}, [own, own]))).toBe('200')
    const mine = [rule({ modelId: 'mine' })]
    expect(pointsOf(chargeOf(mine, { model: 'mine' }, [own]))).toBe('100')
    for (const unit of ['per_second', 'per_request'] as const) {
      const rules = [rule({ modelId: 'mine', unit })]
      expect(pointsOf(chargeOf(rules, { model: 'mine' }, [helper, own]))).toBe('quantity-unknown')
    }
  })

  it('is none of what was billed beside a model without a rule, where the stored name does not tell which was ordered', () => {
    const events = [
      { quantity: '5', unit: 'seconds' },
      { quantity: '1', unit: 'images', model: 'fal-ai/main' },
    ]
    for (const unit of ['per_second', 'per_request'] as const) {
      expect(pointsOf(chargeOf([rule({ unit })], { model: 'mine' }, events))).toBe('quantity-unknown')
      expect(pointsOf(chargeOf([rule({ unit })], { model: 'veo3' }, events))).not.toBe('quantity-unknown')
    }
    // Two ways to write one endpoint are one model.
    const alike = [
      { quantity: '5', unit: 'seconds' },
      { quantity: '1', unit: 'seconds', model: 'veo3' },
    ]
    expect(pointsOf(chargeOf([rule()], { model: 'mine' }, alike))).toBe('120')
  })

  it('says nothing of a quantity of 0', () => {
    expect(pointsOf(chargeOf([rule()], {}, [{ quantity: '0', unit: 'seconds' }]))).toBe('quantity-unknown')
  })
})
