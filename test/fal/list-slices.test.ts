import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slicedList } from '../../src/fal/list-slices.ts'

/** What slices of so few characters make of a text: the object with the list in it; undefined where it is to be read whole. */
function pieced(text: string, sliceChars: number): { whole: unknown; slices: number } | undefined {
  const sliced = slicedList(text, 'rows', sliceChars)
  if (sliced === undefined) return undefined
  const slices = [...sliced.slices()]
  return sliced.isBroken() ? undefined : { whole: { ...sliced.rest, rows: slices.flat() }, slices: slices.length }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const texts = fc.constantFrom('', 'a', '},{', '"', ']', '[', '{', '}', '\\', '"rows":[', '],"x":[', ',')
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    texts,
    fc.integer(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(texts, fc.constant('rows')), tie('value'), { maxKeys: 3 }),
  ),
})).value
const pages = fc
  .tuple(
    fc.dictionary(texts, values, { maxKeys: 2 }),
    fc.array(fc.dictionary(texts, values, { minKeys: 1, maxKeys: 3 }), { maxLength: 12 }),
    fc.dictionary(texts, values, { maxKeys: 2 }),
  )
  .map(([before, rows, after]) => JSON.stringify({ ...before, rows, ...after }))

describe('a list read slice by slice', () => {
  it('is the list that the whole text has, wherever it is cut', () => {
    let cut = 0
    fc.assert(
      fc.property(pages, fc.integer({ min: 1, max: 40 }), (text, sliceChars) => {
        const read = pieced(text, sliceChars)
        if (read === undefined) return
        expect(read.whole).toEqual(parsed(text))
        if (read.slices > 1) cut += 1
      }),
      { numRuns: 3000 },
    )
    expect(cut).toBeGreaterThan(200)
  })

  it('is none where the text is broken anywhere', () => {
    const marks = fc.constantFrom('', ',', '{', '}', '[', ']', '"', ':', '\\', '},{', ']}', '"rows":[', '7')
    fc.assert(
      fc.property(
        pages,
        fc.nat(),
        fc.nat({ max: 3 }),
        marks,
        fc.integer({ min: 1, max: 40 }),
        (text, at, out, mark, n) => {
          const from = at % (text.length + 1)
          const broken = text.slice(0, from) + mark + text.slice(from + out)
          const read = pieced(broken, n)
          if (read !== undefined) expect(read.whole).toEqual(parsed(broken))
        },
      ),
      { numRuns: 5000 },
    )
  })

  it.each([
    ['the list comes twice', '{"rows":[{"a":1},{"a":2}],"rows":[{"a":3}]}'],
    ['the list comes twice, in other letters', '{"rows":[{"a":1},{"a":2}],"\\u0072ows":[]}'],
    ['it is a list within a list', '[{"rows":[{"a":1},{"a":2}]}]'],
    ['it is not on the first level', '{"x":{"rows":[{"a":1},{"a":2}]}}'],
    ['there is none', '{"others":[{"a":1},{"a":2}]}'],
    ['it is short', '{"rows":[]}'],
  ])('is left to be read whole where %s', (_, text) => expect(pieced(text, 1)).toBeUndefined())

  it('is the later one where another with a name in other letters comes before', () => {
    const text = '{"\\u0072ows":[{"a":0}],"rows":[{"a":1},{"a":2}],"next":"c"}'
    expect(pieced(text, 1)).toEqual({ whole: parsed(text), slices: 2 })
  })
})
