import { describe, expect, it } from 'vitest'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { ODD_ROWS_MAX, ORDERS_NAMED_MAX, readOnce } from '../../src/ledger/order-names.ts'
import { queriesOf } from '../../src/ledger/queries.ts'
import { LIMITS } from '../../src/limits.ts'

describe('rows looked up by their orders', () => {
  const uuid = 'abcdef00-0000-4000-8000-0000000000ab'
  const { pointsByOrderIds, cashByOrderIds, oddPoints, oddCash } = queriesOf(DEFAULT_MAPPING)

  it.each([
    ['points', pointsByOrderIds],
    ['cash', cashByOrderIds],
  ] as const)(
    'are asked for in one list of forms: SQLite has no index for a pattern beside it: %s',
    (_, statementOf) => {
      const { sql, binds } = statementOf([uuid])
      expect(sql).not.toMatch(/ or | like /)
      expect(binds).toEqual([uuid, `${uuid} `, `${uuid}\t`, `${uuid}\n`, `${uuid}\r\n`, uuid.toUpperCase()])
      expect(statementOf(Array.from({ length: ORDERS_NAMED_MAX }, () => uuid)).binds.length).toBeLessThanOrEqual(
        LIMITS.lookupIds,
      )
    },
  )

  it.each([
    ['points', oddPoints],
    ['cash', oddCash],
  ] as const)('and where they begin oddly by what they begin with, no more than are kept: %s', (_, statementOf) => {
    expect(statementOf().binds).toEqual([' %', '\t%', '\n%', '\r%', 'http%', 'fal-ai/%'])
    expect(statementOf().sql).toContain(` limit ${ODD_ROWS_MAX + 1}`)
  })

  it('once a ledger, however often', async () => {
    const asked: string[] = []
    const read = readOnce((book: string) => {
      asked.push(book)
      return Promise.resolve([book])
    })
    expect([await read('points'), await read('cash'), await read('points')]).toEqual([['points'], ['cash'], ['points']])
    expect(asked).toEqual(['points', 'cash'])
  })

  it('and are not kept where they are too many, nor asked for again', async () => {
    let times = 0
    const read = readOnce((rows: number) => {
      times += 1
      return Promise.resolve(new Array<null>(rows).fill(null))
    })
    expect(await read(ODD_ROWS_MAX)).toHaveLength(ODD_ROWS_MAX)
    expect([await read(ODD_ROWS_MAX + 1), await read(ODD_ROWS_MAX + 1), times]).toEqual([null, null, 2])
  })
})
