import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPager, type JsonObject } from '../src/paging.ts'

const charsOf = (value: unknown): number => JSON.stringify(value, null, 2).length

/** All pages of a result, by following its cursors. The bound makes a loop a failure instead of a hang. */
function pagesOf(whole: JsonObject, lists: readonly string[], resultChars: number, pagesMax = 5000): JsonObject[] {
  const pager = createPager({ resultChars })
  const pages = [pager.first('tool', whole, lists)]
  for (let page = pages[0]; page?.nextCursor !== undefined && pages.length < pagesMax; ) {
    page = pager.next('tool', String(page.nextCursor))
    pages.push(page)
  }
  return pages
}

const listIn = (page: JsonObject, path: string): unknown[] =>
  path.split('.').reduce<unknown>((value, key) => (value as JsonObject)[key], page) as unknown[]

const rows = (count: number, chars = 20) => Array.from({ length: count }, (_, id) => ({ id, text: 'x'.repeat(chars) }))

describe('a result that fits', () => {
  it('is returned as it is', () => {
    const whole = { head: 1, findings: rows(3) }
    expect(createPager({ resultChars: 2000 }).first('tool', whole, ['findings'])).toBe(whole)
  })
})

describe('a result that does not fit', () => {
  it('repeats the head, says how much is left of each list, and gives a cursor', () => {
    const whole = { asOf: 'now', findings: rows(30), nested: { rows: rows(30) } }
    const [first, second] = pagesOf(whole, ['findings', 'nested.rows'], 1500)
    const taken = listIn(first!, 'findings').length
    expect(taken).toBeGreaterThan(0)
    expect(first).toMatchObject({ asOf: 'now', truncated: true, omitted: { findings: 30 - taken, 'nested.rows': 30 } })
    expect(first!.nextCursor).toMatch(/^[\w-]+\.\d+$/)
    expect(second).toMatchObject({ asOf: 'now' })
  })

  it('tells fields of the first page there alone, and fills the others with items', () => {
    const whole = { asOf: 'now', rules: { A1: 'x'.repeat(400) }, findings: rows(60) }
    const pager = createPager({ resultChars: 1500 })
    const first = pager.first('tool', whole, ['findings'], { firstPageOnly: ['rules'] })
    const pages = [first]
    for (let page = first; page.nextCursor !== undefined && pages.length < 50; ) {
      page = pager.next('tool', String(page.nextCursor))
      pages.push(page)
    }
    expect(first).toMatchObject({ asOf: 'now', rules: whole.rules })
    for (const page of pages.slice(1)) {
      expect(page).toMatchObject({ asOf: 'now' })
      expect(page).not.toHaveProperty('rules')
      expect(charsOf(page)).toBeLessThanOrEqual(1500)
    }
    expect(pages.flatMap((page) => listIn(page, 'findings'))).toEqual(whole.findings)
    expect(listIn(pages[1]!, 'findings').length).toBeGreaterThan(listIn(first, 'findings').length)
    // Whoever asks for the first page again has it whole.
    const [id] = String(first.nextCursor).split('.')
    expect(pager.next('tool', `${id}.0`)).toEqual(first)
    const short = { ...whole, findings: rows(2) }
    expect(createPager({ resultChars: 1500 }).first('tool', short, ['findings'], { firstPageOnly: ['rules'] })).toBe(
      short,
    )
  })

  it('does not count on later pages what the head of the first one lost', () => {
    const pager = createPager({ resultChars: 2000 })
    const whole = { sources: rows(300), findings: rows(60) }
    const first = pager.first('tool', whole, ['findings'], { firstPageOnly: ['sources'] })
    expect(first.omitted).toHaveProperty('sources')
    const second = pager.next('tool', String(first.nextCursor))
    expect(second.omitted).not.toHaveProperty('sources')
    expect(second).not.toHaveProperty('sources')
  })

  it('leaves the notes of truncation away on its last page', () => {
    const last = pagesOf({ findings: rows(100) }, ['findings'], 1500).at(-1)
    expect(Object.keys(last!)).toEqual(['findings'])
  })

  it('brings the same page again for the same cursor', () => {
    const pager = createPager({ resultChars: 1000 })
    const cursor = String(pager.first('tool', { findings: rows(100) }, ['findings']).nextCursor)
    expect(pager.next('tool', cursor)).toEqual(pager.next('tool', cursor))
  })

  it('loses and repeats nothing, and keeps every page within the limit', () => {
    const item = fc.oneof(
      fc.record({ id: fc.nat(), text: fc.string({ maxLength: 40, unit: 'grapheme' }) }),
      fc.integer(),
      fc.record({ deep: fc.record({ list: fc.array(fc.nat(), { maxLength: 3 }) }) }),
    )
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 120 }),
        fc.array(item, { maxLength: 120 }),
        fc.string({ maxLength: 60 }),
        fc.integer({ min: 800, max: 3000 }),
        (findings, others, head, resultChars) => {
          const whole = { head, findings, nested: { others, note: head } }
          const pages = pagesOf(whole, ['findings', 'nested.others'], resultChars)
          expect(pages.flatMap((page) => listIn(page, 'findings'))).toEqual(findings)
          expect(pages.flatMap((page) => listIn(page, 'nested.others'))).toEqual(others)
          for (const page of pages) {
            expect(charsOf(page)).toBeLessThanOrEqual(resultChars)
            expect(page).toMatchObject({ head, nested: { note: head } })
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  it('counts what is left after each page', () => {
    const pages = pagesOf({ a: rows(40), b: rows(40) }, ['a', 'b'], 1200)
    let left = 80
    for (const page of pages) {
      left -= listIn(page, 'a').length + listIn(page, 'b').length
      const told = Object.values((page.omitted ?? {}) as Record<string, number>).reduce((sum, count) => sum + count, 0)
      expect(told).toBe(left)
    }
    expect(left).toBe(0)
  })

  it('fills its pages', () => {
    for (const page of pagesOf({ findings: rows(200) }, ['findings'], 3000).slice(0, -1)) {
      expect(charsOf(page)).toBeGreaterThan(2700)
    }
  })
})

describe('what is too large by itself', () => {
  it('cuts the texts and lists of an item that no page can hold, and goes on behind it', () => {
    const giant = {
      id: 7,
      message: 'm'.repeat(5000),
      evidence: { total: 900, ids: rows(900).map(({ id }) => `id-${id}`) },
    }
    const pages = pagesOf({ findings: [{ id: 1 }, giant, { id: 2 }] }, ['findings'], 1500)
    for (const page of pages) expect(charsOf(page)).toBeLessThanOrEqual(1500)
    const found = pages.flatMap((page) => listIn(page, 'findings')) as { id: number; evidence?: { total: number } }[]
    expect(found.map(({ id }) => id)).toEqual([1, 7, 2])
    expect(found[1]!.evidence!.total).toBe(900)
    expect(pages.find((page) => (listIn(page, 'findings')[0] as { id: number }).id === 7)).toMatchObject({
      truncated: true,
    })
  })

  it('cuts a head that leaves no room, and says what it lost', () => {
    const [first] = pagesOf({ sources: rows(300), findings: rows(10) }, ['findings'], 2000)
    expect(charsOf(first)).toBeLessThanOrEqual(2000)
    expect(first).toMatchObject({ truncated: true })
    const kept = listIn(first!, 'sources').length
    expect((first!.omitted as Record<string, number>).sources).toBe(300 - kept)
  })

  it('never ends a text in half a character', () => {
    const [page] = pagesOf({ findings: [{ text: '😀'.repeat(2000) }] }, ['findings'], 1200)
    const { text } = listIn(page!, 'findings')[0] as { text: string }
    expect(() => encodeURIComponent(text)).not.toThrow()
  })

  it('still ends where nothing can be cut', () => {
    const stubborn = Object.fromEntries(Array.from({ length: 200 }, (_, key) => [`key${key}`, key]))
    const pages = pagesOf({ findings: [stubborn, stubborn] }, ['findings'], 800)
    expect(pages.flatMap((page) => listIn(page, 'findings'))).toEqual([stubborn, stubborn])
  })
})

describe('what leaves', () => {
  const LISTS = ['findings', 'nested.rows']
  /** Each text longer, so that pages of what was not made fit would hold more. */
  const cleaned = (part: unknown): unknown => {
    if (typeof part === 'string') return part.replaceAll('s', '[redacted]')
    if (Array.isArray(part)) return part.map(cleaned)
    return typeof part !== 'object' || part === null
      ? part
      : Object.fromEntries(Object.entries(part).map(([key, value]) => [key, cleaned(value)]))
  }
  const clean = (part: JsonObject) => cleaned(part) as JsonObject
  const texts = (most: number) =>
    fc.array(fc.record({ id: fc.nat(), text: fc.string({ maxLength: 80 }) }), { maxLength: most })

  it('is what pages of the result as it may leave would be', () => {
    const pagesFrom = (pager: ReturnType<typeof createPager>, whole: JsonObject): JsonObject[] => {
      const pages = [pager.first('tool', whole, LISTS, { firstPageOnly: ['rules'] })]
      for (let page = pages[0]; page?.nextCursor !== undefined && pages.length < 500; pages.push(page)) {
        page = pager.next('tool', String(page.nextCursor))
      }
      return pages.map(({ nextCursor, ...page }) => ({ ...page, at: String(nextCursor).split('.')[1] }))
    }
    const whole = fc.record({
      ...{ asOf: fc.string({ maxLength: 300 }), rules: fc.string({ maxLength: 900 }), findings: texts(200) },
      nested: fc.record({ total: fc.string(), rows: texts(200) }),
    })
    fc.assert(
      fc.property(whole, fc.integer({ min: 900, max: 9000 }), (result, resultChars) => {
        const lazily = pagesFrom(createPager({ resultChars, clean }), result)
        expect(lazily).toEqual(pagesFrom(createPager({ resultChars }), clean(result)))
      }),
      { numRuns: 300 },
    )
  })

  it('is made fit to leave as it comes on a page, not all of it at first', () => {
    let parts = 0
    const counted = (part: JsonObject) => {
      parts += 1
      return clean(part)
    }
    const pager = createPager({ resultChars: 2000, clean: counted })
    const { nextCursor } = pager.first('tool', { findings: rows(100_000), nested: { rows: rows(3) } }, LISTS)
    pager.next('tool', String(nextCursor))
    expect(parts).toBeLessThan(500)
  })
})

describe('a cursor', () => {
  const wholeOf = (count: number) => ({ findings: rows(count) })

  it('names a page that there is: one with a digit less or more would skip rows or tell them twice', () => {
    const pager = createPager({ resultChars: 1200 })
    const cursor = String(pager.first('one', wholeOf(300), ['findings']).nextCursor)
    const [id, offset] = cursor.split('.') as [string, string]
    const others = [offset.slice(0, -1), `${offset}0`, Number(offset) - 1, Number(offset) + 1, `0${offset}`]
    for (const other of others.map((each) => `${id}.${each}`)) {
      expect(() => pager.next('one', other)).toThrow(`cursor: "${other}" is unknown or has expired`)
    }
    const next = String(pager.next('one', cursor).nextCursor)
    expect(pager.next('one', next)).toBeDefined()
  })

  it.each(['', 'x', 'AAAAAAAAAAAA.0', 'AAAAAAAAAAAA.', '../../etc', '.5'])(
    'that is unknown (%j) says to call again',
    (cursor) => {
      expect(() => createPager().next('user-ledger', cursor)).toThrow(
        expect.objectContaining({ kind: 'input', field: 'cursor', next: expect.stringContaining('user-ledger again') }),
      )
    },
  )

  it('of another tool is unknown', () => {
    const pager = createPager({ resultChars: 1000 })
    const cursor = String(pager.first('one', wholeOf(100), ['findings']).nextCursor)
    expect(() => pager.next('two', cursor)).toThrow('unknown or has expired')
  })

  it('beyond the end is unknown', () => {
    const pager = createPager({ resultChars: 1000 })
    const [id] = String(pager.first('one', wholeOf(100), ['findings']).nextCursor).split('.')
    expect(() => pager.next('one', `${id}.100`)).toThrow('unknown or has expired')
  })

  it('expires when enough newer results were kept, unless it is used', () => {
    const pager = createPager({ resultChars: 1000, resultsKept: 2 })
    const cursorOf = () => String(pager.first('one', wholeOf(100), ['findings']).nextCursor)
    const [first, second] = [cursorOf(), cursorOf()]
    pager.next('one', first)
    cursorOf()
    expect(() => pager.next('one', second)).toThrow(`cursor: "${second}" is unknown or has expired`)
    expect(pager.next('one', first)).toBeDefined()
  })

  it('of very large results expires sooner', () => {
    const pager = createPager({ resultChars: 1000, resultsKept: 10, itemsKept: 250 })
    const cursors = [1, 2, 3].map(() => String(pager.first('one', wholeOf(100), ['findings']).nextCursor))
    expect(() => pager.next('one', cursors[0]!)).toThrow('unknown or has expired')
    expect(pager.next('one', cursors[2]!)).toBeDefined()
  })
})
