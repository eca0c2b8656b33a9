import { describe, expect, it } from 'vitest'
import { tokensPerUnit } from '../../src/billing/billed-tokens.ts'
import type { UsageFact } from '../../src/billing/usage-sums.ts'
import { at, event } from '../kit/books.ts'
import { bookOf, fact } from '../kit/usage-facts.ts'

describe('tokens', () => {
  const tokens = (facts: readonly UsageFact[]) => {
    const { inputTokens, outputTokens, totalTokens } = bookOf(facts).total
    return [inputTokens, outputTokens, totalTokens]
  }
  const billed = (quantity: string | null, unit: string | null, more: Partial<UsageFact> = {}) =>
    fact({ events: [event({ quantity, unit })], ...more })

  it.each([
    ['tokens', 1n],
    ['token', 1n],
    ['1k tokens', 1000n],
    ['1000 tokens', 1000n],
    ['1M Tokens', 1_000_000n],
    ['million tokens', 1_000_000n],
    [' tokens ', 1n],
    ['images', undefined],
    ['1000 characters', undefined],
    ['', undefined],
    [null, undefined],
  ])('a unit "%s" is %s tokens', (unit, factor) => {
    expect(tokensPerUnit(unit)).toBe(factor)
  })

  it('are null where no model is billed per token, and never 0', () => {
    expect(tokens([])).toEqual([null, null, null])
    expect(tokens([fact(), billed('3', 'images')])).toEqual([null, null, null])
  })

  it('come from the bill as a total', () => {
    expect(tokens([billed('1200', 'tokens'), billed('0.5', '1k tokens'), fact()])).toEqual([null, null, 1700n])
    expect(tokens([billed('0.0005', '1k tokens')])).toEqual([null, null, 1n])
  })

  it('are not told where a bill that may hold some was not read, or a quantity is missing', () => {
    expect(tokens([billed('1200', 'tokens'), fact({ standing: 'not-evaluated' })])).toEqual([null, null, null])
    expect(tokens([billed('1200', 'tokens'), billed(null, 'tokens')])).toEqual([null, null, null])
  })

  it('are not told where the bill of a task was not read, though all that was read of its model is by images', () => {
    const own = { model: 'flux' }
    const images = fact({ events: [event({ ...own, unit: 'images' })] }, own)
    const beside = (standing: UsageFact['standing']) =>
      tokens([billed('1200', 'tokens'), images, fact({ standing }, own)])
    expect(beside('not-evaluated')).toEqual([null, null, null])
    expect(beside('unbilled')).toEqual([null, null, 1200n])
  })

  it('of stored names that mean one model add up', () => {
    const named = (model: string, inputTokens: number, outputTokens: number) =>
      fact({ events: [event({ model: 'fal-ai/x' })], inputTokens, outputTokens }, { model })
    const { models } = bookOf([named('a', 300, 20), named('b', 5, 1)])
    expect(models.map(({ sums }) => [sums.inputTokens, sums.outputTokens, sums.totalTokens])).toEqual([
      [305n, 21n, 326n],
    ])
  })

  it('are not told where a part of the bill of a task names no unit', () => {
    for (const unit of [null, '']) {
      const beside = (events: readonly Partial<UsageFact['events'][number]>[]) =>
        fact({ events: [...events, { quantity: '7', unit }].map((each) => event(each)) })
      expect(tokens([beside([{ quantity: '1200', unit: 'tokens' }])])).toEqual([null, null, null])
      // A model that is billed by images, and never by tokens, has none.
      expect(tokens([billed('5', 'tokens'), beside([{ quantity: '1', unit: 'images' }])])).toEqual([null, null, null])
      const model = 'flux'
      const images = fact({ events: [event({ model, unit: 'images' }), event({ model, unit })] }, { model })
      expect(tokens([billed('5', 'tokens'), images])).toEqual([null, null, 5n])
    }
  })

  it('are not told where more was taken back than used', () => {
    expect(tokens([billed('1200', 'tokens'), billed('-5', 'tokens')])).toEqual([null, null, null])
    const corrected = fact({ events: ['1200', '-5'].map((quantity) => event({ quantity, unit: 'tokens' })) })
    expect(tokens([corrected])).toEqual([null, null, 1195n])
  })

  it('come from the columns before the bill, even where no bill was read', () => {
    const stored = { inputTokens: 300, outputTokens: 20 }
    expect(tokens([billed('9', 'tokens', stored), fact({ standing: 'not-evaluated', ...stored })])).toEqual([
      600n,
      40n,
      640n,
    ])
    // An image has none, and is no reason to keep silent about the rest.
    expect(tokens([fact(stored), fact()])).toEqual([300n, 20n, 320n])
    expect(tokens([fact({ inputTokens: 0, outputTokens: 0 })])).toEqual([0n, 0n, 0n])
  })

  it('of one column alone make no total', () => {
    expect(tokens([fact({ inputTokens: 300 })])).toEqual([300n, null, null])
    expect(tokens([billed('320', 'tokens', { inputTokens: 300 })])).toEqual([300n, null, 320n])
  })

  it('survive the merging of names', () => {
    const facts = [
      fact({ inputTokens: 1, outputTokens: 2, events: [event({ model: 'fal-ai/gpt' })] }, { model: 'gpt' }),
      fact({ events: [event({ model: 'fal-ai/gpt', unit: 'tokens', quantity: '10' })] }, { model: 'fal-ai/gpt' }),
    ]
    const [line] = bookOf(facts).models
    // The bill does not split its ten: 1 and 2 would be a part that passes for the whole.
    expect([line?.modelId, line?.sums.inputTokens, line?.sums.outputTokens, line?.sums.totalTokens]).toEqual([
      'fal-ai/gpt',
      null,
      null,
      13n,
    ])
  })

  it('are not told in part: where no column tells those of a task, and its bill does not, or was not read', () => {
    const stored = fact({ inputTokens: 300, outputTokens: 20 })
    expect(tokens([stored, fact({ standing: 'not-evaluated' })])).toEqual([null, null, null])
    expect(tokens([stored, fact({ inputTokens: 1 })])).toEqual([301n, null, null])
    expect(tokens([stored, fact({ outputTokens: 1 })])).toEqual([null, 21n, null])
    expect(tokens([stored, billed('5', 'tokens', { inputTokens: 1 })])).toEqual([301n, null, 325n])
    expect(tokens([stored, billed(null, 'tokens')])).toEqual([null, null, null])
  })

  describe('of a task that neither the columns nor a bill tell of', () => {
    const STANDINGS = ['unbilled', 'failed', 'unfinished', 'pending', 'without-id', 'duplicate'] as const
    const silent = (model: string, standing: UsageFact['standing'] = 'unbilled') => fact({ standing }, { model })
    const ofTokens = (model = 'llm') =>
      fact({ events: [event({ model, quantity: '1000', unit: 'tokens' })] }, { model })
    const ofImages = (model = 'flux', unit: string | null = 'images') =>
      fact({ events: [event({ model, unit })] }, { model })

    it.each(STANDINGS)('leave the total untold where its model has some: %s', (standing) => {
      expect(tokens([ofTokens(), silent('llm', standing)])).toEqual([null, null, null])
      expect(tokens([silent('llm', standing), ofTokens()])).toEqual([null, null, null])
    })

    it.each(STANDINGS)('are none where its model is billed, and never by tokens: %s', (standing) => {
      expect(tokens([ofTokens(), ofImages(), silent('flux', standing)])).toEqual([null, null, 1000n])
      expect(tokens([silent('flux', standing), ofTokens(), ofImages()])).toEqual([null, null, 1000n])
    })

    it('leave it untold where nothing says what its model is billed by, or it is billed by both', () => {
      expect(tokens([ofTokens(), silent('new')])).toEqual([null, null, null])
      for (const unit of [null, '']) {
        expect(tokens([ofTokens(), ofImages('odd', unit), silent('odd')])).toEqual([null, null, null])
        // Nor does a bill without a unit.
        expect(tokens([ofTokens(), ofImages('odd', unit)])).toEqual([null, null, null])
        expect(tokens([ofTokens(), ofImages('odd', unit), ofImages('odd')])).toEqual([null, null, 1000n])
      }
      expect(tokens([ofTokens('both'), ofImages('both'), silent('both')])).toEqual([null, null, null])
    })

    it('leave it untold where it names no model, whatever others that name none are billed by', () => {
      const nameless = fact({ events: [event({ model: 'a' }), event({ model: 'b' })] }, { model: '' })
      expect(tokens([ofTokens(), nameless])).toEqual([null, null, 1000n])
      expect(tokens([ofTokens(), nameless, silent('')])).toEqual([null, null, null])
    })

    it('leave what the columns tell of others untold too, but for a 0 that says nothing', () => {
      const stored = (count: number) => fact({ inputTokens: count, outputTokens: 0 }, { model: 'flux' })
      expect(tokens([stored(0), ofImages(), silent('flux')])).toEqual([0n, 0n, 0n])
      expect(tokens([stored(1), ofImages(), silent('flux')])).toEqual([null, null, null])
    })

    it('are what other names of its model say, and tasks that the filters leave out', () => {
      const facts = [ofTokens(), { ...ofImages('fal-ai/flux'), selected: false }, silent('flux')]
      expect(tokens(facts)).toEqual([null, null, 1000n])
      const others = [{ ...ofTokens('fal-ai/llm'), selected: false }, ofImages('llm'), ofTokens('other'), silent('llm')]
      expect(tokens(others)).toEqual([null, null, null])
    })

    it('leave the total untold where columns tell the output alone of another task of its model', () => {
      const output = fact({ events: [event({ model: 'flux', unit: 'images' })], outputTokens: 7 }, { model: 'flux' })
      const none = fact({ events: [event({ model: 'flux', unit: 'images' })], outputTokens: 0 }, { model: 'flux' })
      const whole = fact({ inputTokens: 1, outputTokens: 2 })
      const outputOf = (other: UsageFact) => bookOf([whole, other, silent('flux')]).total.outputTokens
      expect([outputOf(output), outputOf(none)]).toEqual([null, 2n])
    })

    it('leave its own groups untold, and no others', () => {
      const { total, models, keys, days, users } = bookOf([
        ofTokens(),
        fact({ standing: 'failed', accountId: 7 }, { model: 'llm', userId: 102, createdAt: at('2026-02-07 12:00:00') }),
        ofTokens('other'),
      ])
      expect(total.totalTokens).toBeNull()
      expect(models.map(({ modelId, sums }) => [modelId, sums.totalTokens])).toEqual([
        ['llm', null],
        ['other', 1000n],
      ])
      expect(keys.map(({ accountId, sums }) => [accountId, sums.totalTokens])).toEqual([
        ...[
          [5, 2000n],
          [7, null],
        ],
      ])
      expect([...days.values(), ...users.values()].map(({ totalTokens }) => totalTokens)).toEqual([
        ...[2000n, null],
        ...[2000n, null],
      ])
    })
  })
})
