import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCsv } from '../../src/fal/csv.ts'

describe('parseCsv', () => {
  it.each([
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['\uFEFFa\n\n"x, y"\n', [['a'], ['x, y']]],
    ['"line\r\nbreak","say ""hi"""\n', [['line\r\nbreak', 'say "hi"']]],
    ['a,,\n', [['a', '', '']]],
    ['a,b\r1,"2"\r', ['a,b', '1,2'].map((line) => line.split(','))],
    ['a,b\r\r\n1,2\r\r\n', ['a,b', '1,2'].map((line) => line.split(','))],
    ['', []],
    ['a,b\n1', [['a', 'b'], ['1']]],
    ['a,b\n"1"', [['a', 'b'], ['1']]],
    ['a,b\n1,', ['a,b', '1,'].map((line) => line.split(','))],
    ['5" pipe,x\n', [['5" pipe', 'x']]],
  ])('reads %j', (text, records) => {
    expect(parseCsv(text)).toEqual(records)
  })

  it('notices a quote that is never closed', () => {
    expect(parseCsv('a,"b\n1,2\n')).toBeUndefined()
  })

  it.each([
    ['a,"b\n1,"c\n', 'two quotes that are never closed would be one field, and swallow a line'],
    ['a,"b"c\n', 'a quote that ends before its field does'],
    ['a,"say "hi" now"\n', 'quotes that are not doubled'],
  ])('takes %j for no CSV: %s', (text) => {
    expect(parseCsv(text)).toBeUndefined()
  })

  it('reads back whatever was quoted', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '值') })
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(table, (records) => {
        const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`
        const text = records.map((record) => record.map(quote).join(',')).join('\r\n')
        expect(parseCsv(text)).toEqual(records)
      }),
      { numRuns: 200 },
    )
  })
})
