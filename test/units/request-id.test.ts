import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bareId, isBareUuid } from '../../src/units/request-id.ts'

const ID = '764cabcf-b745-4b3e-ae38-1200304cf45b'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

describe('a bare UUID', () => {
  it('is 36 characters in lower case, with a dash at four places and nowhere else', () => {
    expect(isBareUuid(ID)).toBe(true)
    for (const wrong of [ID.toUpperCase(), ID.slice(1), `${ID}0`, '', ID.replaceAll('-', '0'), '-'.repeat(36)]) {
      expect(isBareUuid(wrong)).toBe(false)
    }
  })

  it('has no other character at any place', () => {
    // Among them some that end in the byte of a digit, of a letter and of a dash.
    const foreign = [
      'g',
      '/',
      ':',
      '`',
      '@',
      'A',
      'F',
      '-',
      '0',
      ' ',
      '\u0130',
      '\u0161',
      '\u012d',
      '\u{ff10}',
      '\ud830',
    ]
    for (let at = 0; at < ID.length; at++) {
      for (const each of foreign) {
        const text = `${ID.slice(0, at)}${each}${ID.slice(at + 1)}`
        expect([text, isBareUuid(text)]).toEqual([text, UUID.test(text)])
      }
    }
  })

  it('is what a regular expression says it is', () => {
    const char = fc.constantFrom(...'0123456789abcdef-g\u0161')
    const texts = fc.oneof(
      fc.uuid(),
      fc.array(char, { minLength: 36, maxLength: 36 }).map((chars) => chars.join('')),
      fc.tuple(fc.uuid(), fc.nat(35), char).map(([id, at, other]) => `${id.slice(0, at)}${other}${id.slice(at + 1)}`),
    )
    fc.assert(
      fc.property(texts, (text) => {
        expect(isBareUuid(text)).toBe(UUID.test(text))
        if (UUID.test(text)) expect(bareId(text)).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('what stands after an id', () => {
  const TAIL = /(?:\/(?:status|response|cancel|stream|logs))*\/*$/i
  const parts = fc.constantFrom('/', '//', 'status', 'STATUS', 'logs', 'stats', 'a', 'x y', '-', '#')

  it('is left out as a regular expression says', () => {
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 8 }), (texts) => {
        const text = texts.join('').trim()
        const head = text.replace(TAIL, '')
        expect(bareId(text)).toBe(head.slice(Math.max(head.lastIndexOf('#'), head.lastIndexOf('/')) + 1).trim())
      }),
      { numRuns: 5000 },
    )
  })

  it('is gone through once, however long it is', () => {
    expect(bareId(`${'/'.repeat(2_000_000)}x`)).toBe('x')
    expect(bareId(`a${'/status'.repeat(300_000)}/x`)).toBe('x')
    expect(bareId(`a${'/status'.repeat(300_000)}`)).toBe('a')
  })
})
