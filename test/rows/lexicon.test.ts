import { describe, expect, it } from 'vitest'
import { Lexicon } from '../../src/rows/lexicon.ts'

describe('texts that many rows repeat', () => {
  it('have a number each, and none has 0', () => {
    const words = new Lexicon()
    const codes = ['a', '', 'b', 'a', null, ''].map((text) => words.codeOf(text))
    expect([codes, codes.map((code) => words.textOf(code)), words.size]).toEqual([
      [1, 2, 3, 1, 0, 2],
      ['a', '', 'b', 'a', null, ''],
      3,
    ])
    expect(words.textOf(99)).toBeNull()
  })

  it('are given in other words from then on, each revised once, under the code that it had', () => {
    const words = new Lexicon()
    const seen: string[] = []
    const revise = () =>
      words.revise((text) => {
        seen.push(text)
        return text.replace('secret', '***')
      })
    const codes = ['plain', 'a secret'].map((text) => words.codeOf(text))
    revise()
    expect(codes.map((code) => words.textOf(code))).toEqual(['plain', 'a ***'])
    // The text as it comes is still the same one; what it was changed to is another.
    expect(words.codeOf('a secret')).toBe(codes[1])
    expect(codes).not.toContain(words.codeOf('a ***'))
    const late = words.codeOf('no secret')
    expect(words.textOf(late)).toBe('no secret')
    revise()
    expect([words.textOf(late), words.textOf(codes[1] ?? 0), words.textOf(0)]).toEqual(['no ***', 'a ***', null])
    revise()
    expect(seen).toEqual(['plain', 'a secret', 'a ***', 'no secret'])
    expect(words.size).toBe(4)
  })
})
