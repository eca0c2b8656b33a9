import { expect, it } from 'vitest'
import { usageFigures } from '../../src/billing/usage-figures.ts'
import { at, event } from '../kit/books.ts'
import { bookOf, fact } from '../kit/usage-facts.ts'

it('tokens beyond what JSON tells exactly are not told, and nothing else is lost for that', () => {
  const billed = (quantity: string) => fact({ events: [event({ quantity, unit: 'tokens' })] })
  const figuresOf = (quantity: string) =>
    usageFigures([bookOf([billed(quantity)]).total], { currency: 'CNY', pointsPerUsd: undefined })[0]
  expect(figuresOf('9007199254740991')).toMatchObject({ total_tokens: 9007199254740991, total_cost: '10.00' })
  expect(figuresOf('9007199254740992')).toMatchObject({ total_tokens: null, total_cost: '10.00', fal_cost_usd: '1' })
  const stored = fact({ inputTokens: Number.MAX_SAFE_INTEGER, outputTokens: 1 })
  const [columns] = usageFigures([bookOf([stored]).total], { currency: 'CNY', pointsPerUsd: undefined })
  expect(columns).toMatchObject({ input_tokens: Number.MAX_SAFE_INTEGER, output_tokens: 1, total_tokens: null })
})

it('parts of tokens are rounded so that the groups add up to their whole', () => {
  const TERMS = { currency: 'CNY', pointsPerUsd: undefined } as const
  // 0.5, 0.5, 12.5 and 12.5 tokens.
  const facts = ['0.0005', '0.0005', '0.0125', '0.0125'].map((quantity, index) =>
    fact(
      { events: [event({ quantity, unit: '1k tokens' })], accountId: index },
      { model: `llm-${index}`, userId: index, createdAt: at(`2026-02-0${index + 1} 12:00:00`) },
    ),
  )
  const named = facts.map((each) => ({
    ...each,
    events: each.events.map((one) => ({ ...one, model: each.task.model })),
  }))
  const book = bookOf(named)
  expect(usageFigures([book.total], TERMS)[0]?.total_tokens).toBe(26)
  for (const groups of [book.models, book.keys]) {
    const told = usageFigures(
      groups.map(({ sums }) => sums),
      TERMS,
    ).map(({ total_tokens }) => total_tokens)
    expect(told).toEqual([1, 0, 13, 12])
  }
  const days = usageFigures([...book.days.values()], TERMS).map(({ total_tokens }) => total_tokens ?? 0)
  expect(days.reduce((sum, tokens) => sum + tokens, 0)).toBe(26)
  // What is not told breaks off nothing.
  const [, second] = book.models
  const silent = bookOf([fact({ standing: 'not-evaluated' })]).total
  expect(usageFigures([silent, second?.sums ?? silent], TERMS).map(({ total_tokens }) => total_tokens)).toEqual([
    null,
    1,
  ])
})
