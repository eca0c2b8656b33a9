import { afterEach, describe, expect, test } from 'vitest'
import type { EntryRequest, LedgerSnapshot } from '../../src/ledger/reader.ts'
import { LIMITS } from '../../src/limits.ts'
import { all, at, BACKENDS, cashRow, pointsRow, reading, type Stored } from './backends.ts'

const RANGE = { start: at('2026-02-01T00:00:00+08:00'), end: at('2026-02-07T00:00:00+08:00') }
const BOOKS = ['points', 'cash'] as const
/** More users than one query names. */
const MANY = Array.from({ length: LIMITS.lookupIds }, (_, index) => 1000 + index)
/** So many orders that a look-up reads those of the whole ledger, as far as no stream had them. */
const FILLERS = Array.from({ length: LIMITS.lookupIds }, (_, index) => `none-${index}`)

describe.each(BACKENDS)('a stream of some rows of a ledger on $name', (backend) => {
  let stored: Stored | undefined
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  /** Rows 1 to 6: of users 101, 101, 102, 102 and of nobody, the even ones coming in. */
  const create = async (): Promise<Stored> => {
    const owners = [101, 101, 102, 102, 0, 0]
    const amount = (index: number) => (index % 2 === 0 ? -40 : 40)
    stored = await backend.create({
      points: owners.map((userId, index) => pointsRow(index + 1, { userId, points: amount(index) })),
      cash: owners.map((userId, index) => cashRow(index + 1, { userId, money: amount(index) })),
    })
    for (const table of ['ts_points_detail', 'ts_financial_transactions']) {
      await stored.exec(`UPDATE ${table} SET user_id = NULL WHERE id > 4`)
    }
    return stored
  }
  const idsOf = (rows: readonly { readonly rowId: number }[]) => rows.map(({ rowId }) => rowId)
  const streamed = async (snapshot: LedgerSnapshot, book: (typeof BOOKS)[number], request: EntryRequest) =>
    idsOf(await all(snapshot[book](RANGE, request)))

  const requests: readonly (readonly [string, EntryRequest, readonly number[]])[] = [
    ['of a user', { userIds: [101] }, [1, 2]],
    ['of many users', { userIds: [101, ...MANY] }, [1, 2]],
    ['of a user and of nobody', { userIds: [101], ownerless: true }, [1, 2, 5, 6]],
    ['of many users and of nobody', { userIds: [101, ...MANY], ownerless: true }, [1, 2, 5, 6]],
    ['of nobody', { userIds: [], ownerless: true }, [5, 6]],
    ['that came in', { cameIn: true }, [2, 4, 6]],
    ['of a user that came in', { userIds: [102], cameIn: true }, [4]],
    ['of many users and of nobody that came in', { userIds: [102, ...MANY], ownerless: true, cameIn: true }, [4, 6]],
  ]

  test.each(requests)('%s has these, and a look-up after it leaves out no other', async (_, request, wanted) => {
    const world = await create()
    const orders = [1, 2, 3, 4, 5, 6].map((id) => `t${id}`)
    for (const book of BOOKS) {
      const lookUp = book === 'points' ? 'pointsByOrderIds' : 'cashByOrderIds'
      await reading(world, async (snapshot) => {
        expect(await streamed(snapshot, book, request)).toEqual(wanted)
        expect(idsOf(await snapshot[lookUp]([...orders, ...FILLERS], RANGE))).toEqual([1, 2, 3, 4, 5, 6])
        // That of all rows has them all.
        expect(await streamed(snapshot, book, {})).toEqual([1, 2, 3, 4, 5, 6])
        expect(idsOf(await snapshot[lookUp]([...orders, ...FILLERS], RANGE))).toEqual([])
      })
    }
  })

  test('that came in has those that do not tell their amount', async () => {
    const world = await create()
    await world.exec('UPDATE ts_points_detail SET points = NULL WHERE id IN (1, 5)')
    await world.exec('UPDATE ts_financial_transactions SET money = NULL WHERE id IN (1, 5)')
    await reading(world, async (snapshot) => {
      for (const book of BOOKS) {
        expect(await streamed(snapshot, book, { cameIn: true })).toEqual([1, 2, 4, 5, 6])
        expect(await streamed(snapshot, book, { userIds: [101], cameIn: true })).toEqual([1, 2])
        const nobodys = await all(snapshot[book](RANGE, { userIds: [], ownerless: true, cameIn: true }))
        expect(nobodys.map(({ rowId, amountUntold }) => [rowId, amountUntold])).toEqual([
          [5, true],
          [6, undefined],
        ])
      }
    })
  })

  test('of nobody adds nothing to what is told of times and types, before a stream of others or after it, until that is forgotten', async () => {
    const world = await create()
    if (backend.name !== 'embedded') await world.exec("SET SESSION sql_mode = ''")
    for (const [table, time] of [
      ['ts_points_detail', 'created_at'],
      ['ts_financial_transactions', 'time'],
    ]) {
      await world.exec(`UPDATE ${table} SET ${time} = '2026-02-00 12:00:00' WHERE id IN (1, 5)`)
    }
    await world.exec("UPDATE ts_points_detail SET source_type = 'coupon' WHERE id IN (3, 6)")
    await world.exec('UPDATE ts_financial_transactions SET transaction_type = 77 WHERE id IN (3, 6)')
    await reading(world, async (snapshot) => {
      const told = () => [snapshot.unreadTimes?.(), snapshot.unknownKinds?.()]
      const looked = async () => {
        for (const book of BOOKS) expect(await streamed(snapshot, book, { userIds: [], ownerless: true })).toEqual([6])
      }
      await looked()
      expect(told()).toEqual([{}, {}])
      for (const book of BOOKS) await streamed(snapshot, book, { userIds: [101, 102] })
      const unread = { rows: 1, firstRowId: 1, userIds: [101] }
      const [points, cash] = [
        { rows: 1, words: ['coupon'] },
        { rows: 1, words: ['77'] },
      ]
      expect(told()).toEqual([
        { points: unread, cash: unread },
        { points, cash },
      ])
      await looked()
      await looked()
      expect(told()).toEqual([
        { points: unread, cash: unread },
        { points, cash },
      ])
      snapshot.forgetMet?.()
      expect(told()).toEqual([{}, {}])
    })
  })
})
