import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wordReader } from '../../src/ledger/wire-words.ts'
import { viewOf } from '../../src/rows/bytes.ts'
import { Lexicon } from '../../src/rows/lexicon.ts'

/** Reads texts that lie somewhere within other bytes, and gives what their code stands for. */
function reading() {
  const words = new Lexicon()
  let asked = 0
  const read = wordReader((text) => {
    asked += 1
    return words.codeOf(text)
  })
  return {
    words,
    asked: () => asked,
    textOf(text: string): string | null {
      const bytes = Buffer.from(`..${text}!`)
      return words.textOf(read({ bytes, view: viewOf(bytes), from: 2, length: bytes.length - 3 }))
    },
  }
}

describe('the texts of a column', () => {
  it('have the code of their trimmed text, few or many, alike or not', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 200 }), (texts) => {
        const { textOf, words } = reading()
        for (const text of [...texts, ...texts]) expect(textOf(text)).toBe(text.trim())
        expect(words.size).toBe(new Set(texts.map((text) => text.trim())).size)
      }),
      { numRuns: 60 },
    )
  })

  it('are told apart though they want one place: of one length, end and middle', () => {
    const { textOf } = reading()
    for (let index = 0; index < 30_000; index++) {
      const text = `${String(index).padStart(8, '0')}mmmmmmmmend.`
      if (textOf(text) !== text) expect.unreachable(text)
    }
    // Three by turns, of which two at the most are remembered.
    for (let round = 0; round < 30; round++) {
      const text = `0000000${round % 3}mmmmmmmmend.`
      expect(textOf(text)).toBe(text)
    }
  })

  it('are told from longer and shorter ones that begin alike', () => {
    // Of so many pairs some want one place.
    for (let pair = 0; pair < 6000; pair++) {
      const long = Array.from({ length: 40 }, (_, at) =>
        String.fromCharCode(97 + ((pair * 31 + at * at * 7 + (pair >> 4) * at) % 26)),
      ).join('')
      const short = long.slice(0, 4 + (pair % 36))
      const { textOf } = reading()
      for (const text of pair % 2 === 0 ? [long, short] : [short, long]) {
        if (textOf(text) !== text) expect.unreachable(`${short} and ${long}`)
      }
    }
  })

  it('are looked up once where they repeat, and each time where they are too short or too long for that', () => {
    const { textOf, asked } = reading()
    const askedFor = (text: string) => {
      const before = asked()
      for (let round = 0; round < 10; round++) expect(textOf(text)).toBe(text.trim())
      return asked() - before
    }
    const long = 'x'.repeat(200)
    expect(['completed', ' completed ', long, '状态', 'abcd'].map(askedFor)).toEqual([1, 1, 1, 1, 1])
    expect(['', 'abc', `${long}x`].map(askedFor)).toEqual([10, 10, 10])
  })

  it('are kept as they were, whatever becomes of the bytes that they came in', () => {
    const words = new Lexicon()
    const read = wordReader((text) => words.codeOf(text))
    const bytes = Buffer.from('completed')
    const span = { bytes, view: viewOf(bytes), from: 0, length: 9 }
    const first = read(span)
    // Neither its end nor its middle, by which it is looked for.
    bytes.write('bompleted')
    const second = read(span)
    bytes.write('completed')
    expect([words.textOf(first), words.textOf(second), read(span)]).toEqual(['completed', 'bompleted', first])
  })
})
