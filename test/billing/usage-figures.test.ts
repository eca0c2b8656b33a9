import { expect, it } from 'vitest'
import { usageFigures } from '../../src/billing/usage-figures.ts'
import { event } from '../kit/books.ts'
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
