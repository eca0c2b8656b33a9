import { describe, expect, it, onTestFinished } from 'vitest'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import { ODD_ROWS_MAX, ORDERS_NAMED_MAX, readOnce } from '../../src/ledger/order-names.ts'
import { queriesOf } from '../../src/ledger/queries.ts'
import { LIMITS } from '../../src/limits.ts'
import { WORDS } from '../kit/server-words.ts'
import { BACKENDS, pointsRow, reading } from './backends.ts'

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
    expect(statementOf().binds).toEqual(['', '!', 'http', 'httq', 'fal-ai/', 'fal-ai0'])
    expect(statementOf().sql).toContain(` limit ${ODD_ROWS_MAX + 1}`)
  })

  // As MariaDB has them, and as MySQL 8 has it by default: blanks at the end count, or do not; by code, or by Unicode.
  it.each([
    ...['utf8mb4_general_ci', 'utf8mb4_bin', 'utf8mb4_unicode_ci', 'utf8mb4_unicode_520_ci', 'utf8mb4_danish_ci'],
    ...[...WORDS.ownCollations, 'utf8mb4_lithuanian_ci', 'latin1_swedish_ci', 'latin1_bin', 'gbk_chinese_ci', 'binary'],
  ])('and are found behind what they begin with in a column of %s', async (collation) => {
    const id = uuid.replace('abc', '123')
    const odd = [` ${id}`, `\t${id}`, `\n${id}`, `\r\n${id}`, `  ${id}`]
    const named = [`https://queue.fal.run/x/requests/${id}`, `http://x/requests/${id}/status`, `fal-ai/flux/dev#${id}`]
    const others = ['', ' ', '!', `!-${id}`, 'httq', 'fal-ai0', `x${id}`]
    const stored = await BACKENDS[0]!.create({
      points: [...odd, ...named, ...others].map((orderId, index) => pointsRow(index, { orderId })),
    })
    onTestFinished(() => stored.remove())
    const type =
      collation === 'binary'
        ? 'VARBINARY(255)'
        : `VARCHAR(255) CHARACTER SET ${collation.split('_')[0]} COLLATE ${collation}`
    await stored.exec(`ALTER TABLE ts_points_detail MODIFY order_id ${type}`)
    await reading(stored, async (snapshot) => {
      const found = await snapshot.pointsByOrderIds([id])
      expect(found.map(({ orderId }) => orderId.trim())).toEqual([...odd.map((each) => each.trim()), ...named])
    })
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
