import { afterEach, describe, expect, test } from 'vitest'
import { DEFAULT_MAPPING } from '../../src/ledger/mapping.ts'
import {
  ALL_TIME,
  account,
  all,
  BACKENDS,
  NOW,
  openSnapshot,
  pointsRow,
  reading,
  type Stored,
  task,
} from './backends.ts'

describe.each(BACKENDS)('what goes wrong in the ledger store on $name', (backend) => {
  let stored: Stored | undefined
  const create = async (tables: Parameters<typeof backend.create>[0]): Promise<Stored> => {
    stored = await backend.create(tables)
    return stored
  }
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  test('a time that is none lies outside every window, but its row is found by id', async () => {
    const world = await create({ tasks: [task(1), task(2)], points: [], cash: [] })
    if (backend.name === 'mariadb') await world.exec("SET SESSION sql_mode = ''")
    await world.exec(
      "UPDATE ts_fal_tasks SET created_at = '0000-00-00 00:00:00', completed_at = '0000-00-00 00:00:00' WHERE id = 2",
    )
    await reading(world, async (snapshot) => {
      expect((await all(snapshot.tasks(ALL_TIME))).map((row) => row.rowId)).toEqual([1])
      const [found] = await snapshot.tasksByTaskIds(['t2'])
      expect(found).toMatchObject({ rowId: 2, createdAt: 0, completedAt: null })
    })
  })

  test('an amount that is no number is an error that names its place', async () => {
    const world = await create({ points: [pointsRow(1)] })
    await world.exec('ALTER TABLE ts_points_detail RENAME COLUMN points TO cents')
    await world.exec('ALTER TABLE ts_points_detail ADD COLUMN points VARCHAR(20)')
    await world.exec("UPDATE ts_points_detail SET points = '12.5'")
    await reading(world, async (snapshot) => {
      await expect(all(snapshot.points(ALL_TIME))).rejects.toMatchObject({
        kind: 'source',
        message: expect.stringMatching(/ts_points_detail\.points holds "12\.5".*\(row with id 1\)$/),
        next: expect.stringContaining('correct the row with id 1,'),
      })
      // The transaction is still there for the other tables.
      expect(await snapshot.accounts()).toEqual([])
    })
  })

  test('so is one of a task or an account, which names its row among the others', async () => {
    const world = await create({ tasks: [1, 2, 3].map((id) => task(id)), accounts: [account(4), account(5)] })
    for (const [table, column] of [
      ['ts_fal_tasks', 'cost_money'],
      ['ts_fal_account', 'balance'],
    ]) {
      await world.exec(`ALTER TABLE ${table} RENAME COLUMN ${column} TO other`)
      await world.exec(`ALTER TABLE ${table} ADD COLUMN ${column} VARCHAR(20)`)
      await world.exec(`UPDATE ${table} SET ${column} = 'NaN' WHERE id IN (2, 5)`)
    }
    await reading(world, async (snapshot) => {
      await expect(all(snapshot.tasks(ALL_TIME))).rejects.toMatchObject({
        kind: 'source',
        field: 'ts_fal_tasks.cost_money',
        message: 'ts_fal_tasks.cost_money holds "NaN", which is not an amount of USD (row with id 2)',
        next: expect.stringContaining('correct the row with id 2,'),
      })
      await expect(snapshot.accounts()).rejects.toMatchObject({
        message: expect.stringContaining('balance holds "NaN", which is not an amount of USD (row with id 5)'),
      })
    })
  })

  test('a key in another column of the accounts is not told by its error: none is known yet that could be blanked out', async () => {
    const apiKey = 'supersecret-token-abcdef'
    const world = await create({ accounts: [account(5, { apiKey })], tasks: [task(1)] })
    const { accounts } = DEFAULT_MAPPING.columns
    for (const [column, said] of [
      ['balance', 'ts_fal_account.api_key holds what could be a key, which is not an amount of USD (row with id 5)'],
      ['id', 'ts_fal_account.api_key holds what could be a key, which is not a whole number of at most'],
    ] as const) {
      const columns = { ...DEFAULT_MAPPING.columns, accounts: { ...accounts, [column]: 'api_key' } }
      const wrong = reading(world, (snapshot) => snapshot.accounts(), { mapping: { ...DEFAULT_MAPPING, columns } })
      await expect(wrong).rejects.toMatchObject({ message: expect.stringContaining(said) })
    }
  })

  test('nor is a key of no account that stands in another column of the tasks', async () => {
    const world = await create({ tasks: [task(1, { apiKey: 'supersecret-token-abcdef' })] })
    const { tasks } = DEFAULT_MAPPING.columns
    const told = 'ts_fal_tasks.api_key holds what could be a key, which is not'
    for (const column of ['id', 'userId', 'money', 'costMoney', 'isRefund', 'inputTokens', 'outputTokens']) {
      const columns = { ...DEFAULT_MAPPING.columns, tasks: { ...tasks, [column]: 'api_key' } }
      const wrong = reading(world, (snapshot) => all(snapshot.tasks(ALL_TIME)), {
        mapping: { ...DEFAULT_MAPPING, columns },
      })
      await expect(wrong, column).rejects.toMatchObject({ message: expect.stringContaining(told) })
    }
  })

  test('sees one moment, whatever is written meanwhile', async () => {
    const world = await create({ tasks: [task(1)], points: [pointsRow(1)], accounts: [account(1)] })
    const snapshot = await openSnapshot(world)
    try {
      expect(snapshot.consistency).toBe(backend.name === 'spider' ? 'per-shard' : 'consistent')
      // The moment of a shard is that of its first read.
      if (backend.name === 'spider') await snapshot.accounts()
      await world.exec(
        "INSERT INTO ts_points_detail (id, user_id, points, created_at) VALUES (2, 101, 1, '2026-02-03 12:00:00')",
      )
      await world.exec('DELETE FROM ts_fal_account')
      await world.exec('UPDATE ts_fal_tasks SET money = 0')
      expect((await all(snapshot.points(ALL_TIME))).length).toBe(1)
      expect((await snapshot.accounts()).length).toBe(1)
      expect((await all(snapshot.tasks(ALL_TIME)))[0]?.chargedPoints).toBe(40n)
      expect(snapshot.takenAt).toBe(NOW)
    } finally {
      await snapshot.close()
      await snapshot.close()
    }
    expect(await reading(world, (later) => later.accounts())).toEqual([])
  })

  test('a reader that stops early leaves the same moment readable', async () => {
    const tasks = Array.from({ length: 20_000 }, (_, index) => task(index))
    const world = await create({ tasks, accounts: [account(1)] })
    const snapshot = await openSnapshot(world)
    try {
      for await (const batch of snapshot.tasks(ALL_TIME)) {
        await world.exec('DELETE FROM ts_fal_account')
        expect(batch.count).toBeGreaterThan(0)
        break
      }
      expect((await snapshot.accounts()).length).toBe(1)
      expect((await all(snapshot.tasks(ALL_TIME))).length).toBe(20_000)
    } finally {
      await snapshot.close()
    }
  })

  test('two reads at once are refused', async () => {
    const world = await create({ tasks: [task(1)] })
    await reading(world, async (snapshot) => {
      for await (const _ of snapshot.tasks(ALL_TIME)) {
        await expect(snapshot.accounts()).rejects.toMatchObject({ kind: 'internal' })
      }
    })
  })

  test('a missing table is an error of that table alone', async () => {
    const world = await create({ tasks: [task(1)] })
    await world.exec('DROP TABLE ts_points_detail')
    await world.exec('ALTER TABLE ts_financial_transactions RENAME COLUMN time TO paid_at')
    await reading(world, async (snapshot) => {
      await expect(all(snapshot.points(ALL_TIME))).rejects.toMatchObject({
        kind: 'source',
        message: expect.stringMatching(/ts_points_detail.*does not exist/),
        failure: 'not-there',
        next: expect.stringMatching(/AUDIT_CONFIG/),
      })
      await expect(all(snapshot.cash(ALL_TIME))).rejects.toMatchObject({
        kind: 'source',
        message: expect.stringMatching(/ts_financial_transactions has no column time/),
        failure: 'not-there',
        next: expect.stringMatching(/AUDIT_CONFIG/),
      })
      expect((await all(snapshot.tasks(ALL_TIME))).length).toBe(1)
    })
  })

  test('an abort ends the stream with a cancellation', async () => {
    const world = await create({ tasks: Array.from({ length: 20_000 }, (_, index) => task(index)) })
    const abort = new AbortController()
    const snapshot = await openSnapshot(world, { signal: abort.signal })
    let rows = 0
    const read = async () => {
      for await (const batch of snapshot.tasks(ALL_TIME)) {
        rows += batch.count
        abort.abort()
      }
    }
    await expect(read()).rejects.toMatchObject({ kind: 'cancelled' })
    expect(rows).toBeLessThan(20_000)
    await expect(snapshot.accounts()).rejects.toMatchObject({ kind: 'cancelled' })
    await snapshot.close()
    await expect(openSnapshot(world, { signal: abort.signal })).rejects.toMatchObject({ kind: 'cancelled' })
  })

  test('a time limit ends a read that is too slow, and says what to do', async () => {
    const world = await create({ tasks: Array.from({ length: 20_000 }, (_, index) => task(index)) })
    const snapshot = await openSnapshot(world, { deadlineMs: 300 })
    const read = async () => {
      for await (const _ of snapshot.tasks(ALL_TIME)) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await expect(read()).rejects.toMatchObject({
      kind: 'source',
      message: expect.stringMatching(/limit of 0\.3 s/),
      next: expect.stringMatching(/server still answers.*shorter window/),
    })
    await snapshot.close()
  })

  test('a name that no table can have is refused before anything is read', () => {
    const open = () =>
      openSnapshot(
        { url: 'file:/nowhere' },
        { mapping: { ...DEFAULT_MAPPING, tables: { ...DEFAULT_MAPPING.tables, tasks: 'a`b' } } },
      )
    expect(open).toThrow(/cannot be the name/)
  })
})
