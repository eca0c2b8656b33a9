import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { complete, failed } from '../../src/fal/answer.ts'
import { createOverlap } from '../../src/fal/overlap.ts'
import { eachPage, type PageHead, type RowPage } from '../../src/fal/pages.ts'
import { hashJson, newHalves } from '../../src/fal/row-hash.ts'
import { hashesOf } from './event-pages.ts'
import { never } from './line.ts'

/** Rows of one question. */
const pageOf = (rows: readonly number[]) => ({ rows, hashes: hashesOf(rows.map((row) => ({ row, kind: 'event' }))) })

describe('the overlap of pages', () => {
  it('leaves of each row as many as the page has that has most of them', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 12 }), { maxLength: 6 }), (told) => {
        const overlap = createOverlap()
        const repeats: number[] = []
        const fresh = told.flatMap((rows) => {
          const again = new Set(overlap.repeatsOf(pageOf(rows).hashes))
          repeats.push(...rows.filter((_, at) => again.has(at)))
          return rows.filter((_, at) => !again.has(at))
        })
        const most = (row: number) => Math.max(0, ...told.map((rows) => rows.filter((each) => each === row).length))
        for (let row = 0; row <= 6; row++) expect(fresh.filter((each) => each === row)).toHaveLength(most(row))
        expect([...fresh, ...repeats].sort()).toEqual(told.flat().sort())
        // What another answer tells more often than that.
        const other = [0, 0, 0, 1, 2, 3, 3]
        const pages = [other.slice(0, 2), other.slice(2)]
        const beyond = overlap
          .beyond(pages.map((rows) => pageOf(rows).hashes))
          .flatMap((places, page) => places.map((at) => pages[page]![at]!))
        for (const row of [0, 1, 2, 3]) {
          const extra = Math.max(0, other.filter((each) => each === row).length - most(row))
          expect(beyond.filter((each) => each === row)).toHaveLength(extra)
          expect(overlap.has(pageOf([row]).hashes, 0)).toBe(most(row) > 0)
        }
      }),
    )
  })

  it('is told among many rows, page after page', () => {
    const overlap = createOverlap()
    const numbers = (from: number) => Array.from({ length: 5000 }, (_, index) => from + index)
    let repeats = 0
    for (let page = 0; page < 30; page++) {
      const again = overlap.repeatsOf(pageOf(numbers(page * 4990)).hashes)
      expect(again).toEqual(page === 0 ? [] : numbers(0).slice(0, 10))
      repeats += again.length
    }
    expect(repeats).toBe(29 * 10)
  })
})

describe('the hash of a row', () => {
  const hashOf = (value: unknown) => {
    const hash = newHalves()
    hashJson(value, hash)
    return hash
  }

  it('is the same for the same JSON, and another for any other', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [textA, textB] = [JSON.stringify(a), JSON.stringify(b)]
        expect(hashOf(JSON.parse(textA))).toEqual(hashOf(JSON.parse(textA)))
        if (textA === textB) expect(hashOf(a)).toEqual(hashOf(b))
        else expect(hashOf(JSON.parse(textA))).not.toEqual(hashOf(JSON.parse(textB)))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    [{ a: 1 }, { b: 1 }],
    [{ a: [1, 2] }, { a: [[1], 2] }],
    [{ a: null }, {}],
    ['1', 1],
    [
      ['ab', 'c'],
      ['a', 'bc'],
    ],
    [[true], [false]],
    [{ a: { b: 1 }, c: 2 }, { a: { b: 1, c: 2 } }],
  ])('tells %j from %j', (a, b) => expect(hashOf(a)).not.toEqual(hashOf(b)))

  it('depends on no order of keys, and no way of writing', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const turned = Object.fromEntries(Object.entries(object).reverse())
        expect(hashOf(turned)).toEqual(hashOf(JSON.parse(JSON.stringify(object, null, 1))))
      }),
    )
    expect(hashOf(JSON.parse('{"a":-0,"b":1e2,"c":"\\u00e9"}'))).toEqual(hashOf({ a: 0, b: 100, c: 'é' }))
  })

  it('tells apart what differs in one or two letters, halves of letters included, wherever they are', () => {
    const texts = fc.string({
      unit: fc.constantFrom('a', 'b', '\0', 'é', '中', '\ud800', '\udc00', '\ufffd'),
      maxLength: 9,
    })
    fc.assert(
      fc.property(fc.tuple(texts, texts), fc.tuple(texts, texts), ([a, b], [c, d]) => {
        const isSame = a === c && b === d
        const [one, other] = [hashOf({ x: a, y: b }), hashOf({ x: c, y: d })]
        if (isSame) expect(one).toEqual(other)
        else expect(one).not.toEqual(other)
      }),
      { numRuns: 3000 },
    )
    expect(hashOf({ a: 'a', b: 'b' })).not.toEqual(hashOf({ a: 'b', b: 'a' }))
    expect(hashOf({ a: 'a' })).not.toEqual(hashOf({ b: 'b' }))
  })

  it('shares neither of its halves among many rows but by chance', () => {
    const hashes = Array.from({ length: 40_000 }, (_, index) =>
      hashOf({ id: `r${index % 200}`, cost: Math.floor(index / 200) }),
    )
    const shared = (half: (hash: { high: number; low: number }) => number) => 40_000 - new Set(hashes.map(half)).size
    // Of so many numbers of 32 bits 0.2 pairs are the same.
    expect(shared(({ high }) => high)).toBeLessThan(5)
    expect(shared(({ low }) => low)).toBeLessThan(5)
  })

  it('knows any number of kinds of rows', () => {
    const hashes = Array.from({ length: 300 }, (_, index) => hashOf({ [`key${index}`]: 1 }))
    expect(new Set(hashes.map(({ high, low }) => `${high} ${low}`)).size).toBe(300)
    expect(hashOf({ key250: 1 })).toEqual(hashes[250])
  })
})

describe('pages', () => {
  /** What happens, in order, while so many pages are read. */
  const happenings = async (pages: number, tellsHead = true, refuses = 0) => {
    const told: string[] = []
    const result = await eachPage<RowPage<number>>({
      pagesMax: 10,
      signal: never(),
      take: ({ rows }) => told.push(`take ${rows[0]}`),
      ask: async (cursor, onHead, signal) => {
        const page = Number(cursor ?? 1)
        told.push(`ask ${page}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
        if (signal.aborted) told.push(`${page} is not waited for`)
        const head: PageHead = page < pages ? { next_cursor: String(page + 1) } : {}
        if (tellsHead) onHead(head)
        return page === refuses ? failed('bad-answer', 'refused') : complete({ ...head, ...pageOf([page]) })
      },
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    return { told, result }
  }

  it('are asked for while the one before is read, and never more than one ahead', async () => {
    const { told, result } = await happenings(3)
    expect(told).toEqual(['ask 1', 'ask 2', 'take 1', 'ask 3', 'take 2', 'take 3'])
    expect(result.fetched).toEqual({ status: 'complete', value: null })
  })

  it('are asked for afterwards where nothing is told ahead', async () => {
    const { told } = await happenings(3, false)
    expect(told).toEqual(['ask 1', 'take 1', 'ask 2', 'take 2', 'ask 3', 'take 3'])
  })

  it('are given up where the one before cannot be read', async () => {
    const { told, result } = await happenings(3, true, 2)
    expect(told).toEqual(['ask 1', 'ask 2', 'take 1', 'ask 3', '3 is not waited for'])
    expect(result.fetched).toMatchObject({ status: 'partial', failure: 'bad-answer' })
  })

  /** What happens where the first page tells a head ahead that is not the one it has in the end. */
  const corrected = async (ahead: PageHead, first: PageHead) => {
    const told: string[] = []
    const { fetched } = await eachPage<RowPage<number>>({
      pagesMax: 10,
      signal: never(),
      take: ({ rows }) => told.push(`take ${rows[0]}`),
      ask: async (cursor, onHead, signal) => {
        const page = Number(cursor ?? 1)
        told.push(`ask ${page}`)
        signal.addEventListener('abort', () => told.push(`drop ${page}`))
        await new Promise((resolve) => setTimeout(resolve, 5))
        const head: PageHead = page === 1 ? first : page === 2 ? { next_cursor: '3' } : {}
        onHead(page === 1 ? ahead : head)
        if (page === 9) await new Promise((resolve) => setTimeout(resolve, 1000))
        return complete({ ...head, ...pageOf([page]) })
      },
    })
    return { told: told.slice(0, told.lastIndexOf('take 3') + 1), fetched }
  }
  const followed = ['ask 2', 'ask 3', 'take 2', 'take 3']

  it.each<[string, PageHead, PageHead, string[]]>([
    ['an end', {}, { next_cursor: '2' }, ['ask 1', 'take 1', ...followed]],
    ['more of no name', { has_more: true }, { next_cursor: '2' }, ['ask 1', 'take 1', ...followed]],
    ['another page', { next_cursor: '9' }, { next_cursor: '2' }, ['ask 1', 'ask 9', 'take 1', 'drop 9', ...followed]],
    [
      'a page that comes later',
      { next_cursor: '3' },
      { next_cursor: '2' },
      ['ask 1', 'ask 3', 'take 1', 'drop 3', ...followed],
    ],
  ])('follow what a page says as it was read, where %s was told ahead', async (_, ahead, first, order) => {
    const { told, fetched } = await corrected(ahead, first)
    expect(fetched).toEqual(complete(null))
    expect(told).toEqual(order)
  })
})
