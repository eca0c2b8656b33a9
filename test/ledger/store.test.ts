import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { mappingWith } from '../../src/ledger/mapping.ts'
import { formatUsd, parseUsd } from '../../src/units/nano-usd.ts'
import {
  ALL_TIME,
  account,
  all,
  at,
  BACKENDS,
  cashRow,
  pointsRow,
  reading,
  type Stored,
  task,
  uuid,
} from './backends.ts'

describe.each(BACKENDS)('the ledger store on $name', (backend) => {
  let stored: Stored | undefined
  const create = async (tables: Parameters<typeof backend.create>[0]): Promise<Stored> => {
    stored = await backend.create(tables)
    return stored
  }
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  test('reads accounts, newest first, with an exact balance', async () => {
    const world = await create({
      accounts: [
        account(1, { balance: '0.98', status: 0 }),
        account(3, { balance: null, name: '主账号' }),
        account(2, { balance: '1234.56' }),
      ],
    })
    const rows = await reading(world, (snapshot) => snapshot.accounts())
    expect(rows).toEqual([
      { accountId: 3, name: '主账号', apiKey: 'key-3-0000:secret', balanceNanoUsd: null, disabled: false },
      {
        accountId: 2,
        name: 'account 2',
        apiKey: 'key-2-0000:secret',
        balanceNanoUsd: parseUsd('1234.56'),
        disabled: false,
      },
      {
        accountId: 1,
        name: 'account 1',
        apiKey: 'key-1-0000:secret',
        balanceNanoUsd: parseUsd('0.98'),
        disabled: true,
      },
    ])
  })

  test('reads a task whole', async () => {
    const world = await create({
      tasks: [task(7, { onlineTaskId: `fal-ai/flux/dev#${uuid(7)}`, appName: ' fal-ai/flux/dev ', isRefund: 1 })],
    })
    expect(await reading(world, (snapshot) => all(snapshot.tasks(ALL_TIME)))).toEqual([
      {
        rowId: 7,
        userId: 101,
        taskId: 't7',
        requestId: uuid(7),
        model: 'fal-ai/flux/dev',
        apiKey: 'key-1-0000:secret',
        status: 'success',
        chargedPoints: 40n,
        costNanoUsd: 100_000_000n,
        refunded: true,
        createdAt: at('2026-02-03T12:00:00+08:00'),
        completedAt: at('2026-02-03T12:00:30+08:00'),
      },
    ])
  })

  test('reads status words without case, and NULLs for what they mean', async () => {
    const world = await create({
      tasks: [
        task(1, { status: 'SUCCEEDED ' }),
        task(2, { status: 'Timeout' }),
        task(3, { status: 'in_queue' }),
        task(4, { costMoney: null, onlineTaskId: null, completedAt: null }),
        task(5, { onlineTaskId: 'None' }),
      ],
    })
    const rows = await reading(world, (snapshot) => all(snapshot.tasks(ALL_TIME)))
    rows.sort((a, b) => a.rowId - b.rowId)
    expect(rows.map(({ rowId, status }) => [rowId, status])).toEqual([
      [1, 'success'],
      [2, 'failed'],
      [3, 'unfinished'],
      [4, 'success'],
      [5, 'success'],
    ])
    expect(rows[3]).toMatchObject({ costNanoUsd: 0n, requestId: '', completedAt: null })
    expect(rows[4]?.requestId).toBe('')
  })

  test('a window holds its first second and not its end', async () => {
    const times = [
      '2026-01-31 23:59:59',
      '2026-02-01 00:00:00',
      '2026-02-06 23:59:59',
      '2026-02-07 00:00:00',
      '2026-02-07 00:00:01',
    ]
    const world = await create({
      tasks: times.map((createdAt, index) => task(index, { createdAt })),
      points: times.map((createdAt, index) => pointsRow(index, { createdAt })),
      cash: times.map((time, index) => cashRow(index, { time })),
    })
    const range = { start: at('2026-02-01T00:00:00+08:00'), end: at('2026-02-07T00:00:00+08:00') }
    await reading(world, async (snapshot) => {
      expect((await all(snapshot.tasks(range))).map((row) => row.rowId)).toEqual([1, 2])
      expect((await all(snapshot.points(range))).map((row) => row.rowId)).toEqual([1, 2])
      expect((await all(snapshot.cash(range))).map((row) => row.rowId)).toEqual([1, 2])
      const withFraction = { start: range.start, end: at('2026-02-07T00:00:00.500+08:00') }
      expect((await all(snapshot.tasks(withFraction))).map((row) => row.rowId)).toEqual([1, 2, 3])
    })
  })

  test('where the clock changes, the instant decides', async () => {
    // New York, 2026-11-01: 01:30 comes twice, and the day has 25 hours.
    const times = [
      '2026-10-31 23:59:59',
      '2026-11-01 00:00:00',
      '2026-11-01 01:30:00',
      '2026-11-01 23:59:59',
      '2026-11-02 00:00:00',
    ]
    const world = await create({ tasks: times.map((createdAt, index) => task(index, { createdAt })) })
    const day = { start: at('2026-11-01T00:00:00-04:00'), end: at('2026-11-02T00:00:00-05:00') }
    const firstHours = { start: day.start, end: at('2026-11-01T01:15:00-05:00') }
    await reading(
      world,
      async (snapshot) => {
        expect((await all(snapshot.tasks(day))).map((row) => row.rowId)).toEqual([1, 2, 3])
        // Bounds in wall-clock time would end at 01:15 and lose 01:30, which means the earlier of the two.
        expect((await all(snapshot.tasks(firstHours))).map((row) => row.rowId)).toEqual([1, 2])
      },
      { zone: 'America/New_York' },
    )
  })

  test('a FLOAT is read as it was written, to seven digits, or six through Spider', async () => {
    const amounts = fc.sample(
      fc
        .tuple(fc.integer({ min: 1, max: 10 ** backend.floatDigits - 1 }), fc.integer({ min: 0, max: 7 }))
        .map(([digits, places]) => {
          const text = String(digits).padStart(places + 1, '0')
          return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
        }),
      { numRuns: 2000, seed: 7 },
    )
    const world = await create({ tasks: amounts.map((costMoney, index) => task(index, { costMoney })) })
    const rows = await reading(world, (snapshot) => all(snapshot.tasks(ALL_TIME)))
    expect(rows.length).toBe(amounts.length)
    for (const row of rows) expect(formatUsd(row.costNanoUsd)).toBe(formatUsd(parseUsd(amounts[row.rowId]!)!))
  })

  test('a DOUBLE and a DECIMAL do not go through the eye of a FLOAT', async () => {
    const world = await create({ tasks: [] })
    for (const [type, cost] of [
      ['DOUBLE', '123456.789012'],
      ['DECIMAL(20,9)', '1234567.123456789'],
      ['INT', '3'],
    ] as const) {
      await world.exec(`DROP TABLE ts_fal_tasks`)
      await world.exec(
        `CREATE TABLE ts_fal_tasks (id INTEGER PRIMARY KEY, user_id INT, task_id VARCHAR(100), online_task_id VARCHAR(100),
         app_name VARCHAR(150), api_key VARCHAR(150), status VARCHAR(100), money BIGINT, cost_money ${type}, is_refund INT,
         created_at DATETIME, completed_at DATETIME)`,
      )
      await world.exec(
        `INSERT INTO ts_fal_tasks VALUES (1, 1, 't', '', 'm', 'k', 'ok', 9007199254740993, ${cost}, 0, '2026-02-03 12:00:00', NULL)`,
      )
      const [row] = await reading(world, (snapshot) => all(snapshot.tasks(ALL_TIME)))
      expect(row?.chargedPoints).toBe(9007199254740993n)
      expect(formatUsd(row!.costNanoUsd)).toBe(cost)
    }
  })

  test('tells what ledger rows are, in order of id', async () => {
    const world = await create({
      points: [
        pointsRow(5, { sourceType: 'Consume' }),
        pointsRow(2, { sourceType: 'refund', points: 40 }),
        pointsRow(3, { sourceType: 'recharge', points: 40, balanceBefore: null, balanceAfter: null, orderId: null }),
        pointsRow(4, { sourceType: 'gift', userId: 102 }),
        pointsRow(1, { sourceType: 'lottery' }),
      ],
      cash: [
        cashRow(3, { transactionType: 1 }),
        cashRow(1, { transactionType: 0, money: 500 }),
        cashRow(2, { transactionType: 0, money: -500 }),
        cashRow(4, { transactionType: 3, money: 7 }),
        cashRow(5, { transactionType: 9 }),
      ],
    })
    await reading(world, async (snapshot) => {
      const points = await all(snapshot.points(ALL_TIME))
      expect(points.map(({ rowId, kind }) => [rowId, kind])).toEqual([
        [1, 'other'],
        [2, 'refund'],
        [3, 'recharge'],
        [4, 'gift'],
        [5, 'consume'],
      ])
      expect(points[2]).toMatchObject({
        book: 'points',
        balanceBefore: null,
        balanceAfter: null,
        orderId: '',
        title: '',
      })
      const unbalanced = points.map((row) => ({ ...row, balanceBefore: null, balanceAfter: null }))
      expect(unbalanced).not.toEqual(points)
      expect(await all(snapshot.points(ALL_TIME, { balances: false }))).toEqual(unbalanced)
      // Whoever is shown titles is shown balances too.
      const titled = await all(snapshot.points(ALL_TIME, { titles: true, balances: false }))
      expect(titled.map(({ balanceBefore }) => balanceBefore)).toEqual(points.map(({ balanceBefore }) => balanceBefore))
      const cash = await all(snapshot.cash(ALL_TIME, { titles: true }))
      expect(cash.map(({ rowId, kind, amountPoints }) => [rowId, kind, amountPoints])).toEqual([
        [1, 'recharge', 500n],
        [2, 'other', -500n],
        [3, 'consume', -40n],
        [4, 'income', 7n],
        [5, 'other', -40n],
      ])
      expect(cash[0]).toMatchObject({ book: 'cash', title: 'image', orderId: 't1', balanceBefore: null })
      expect((await all(snapshot.points(ALL_TIME, { userIds: [102, 102] }))).map((row) => row.rowId)).toEqual([4])
      expect(await all(snapshot.points(ALL_TIME, { userIds: [] }))).toEqual([])
      const many = [101, ...Array.from({ length: 6000 }, (_, index) => 1000 + index)]
      expect((await all(snapshot.points(ALL_TIME, { userIds: many }))).map((row) => row.rowId)).toEqual([1, 2, 3, 5])
    })
  })

  test('goes by the names and words of the mapping', async () => {
    const world = await create({
      tasks: [task(1, { status: '成功' }), task(2, { status: 'completed' })],
      points: [pointsRow(1, { sourceType: 'spend' })],
      cash: [cashRow(1, { transactionType: 8 })],
      users: [{ id: 101, username: 'lin' }],
    })
    await world.exec('ALTER TABLE ts_fal_tasks RENAME TO `my jobs`')
    await world.exec('ALTER TABLE `my jobs` RENAME COLUMN cost_money TO `usd`')
    await world.exec('ALTER TABLE ts_users RENAME COLUMN username TO nick')
    const mapping = mappingWith({
      tables: { tasks: 'my jobs' },
      columns: { tasks: { costMoney: 'usd' }, users: { name: 'nick' } },
      taskStatus: { success: [' 成功'] },
      sourceType: { consume: ['SPEND'] },
      transactionType: { consume: [8] },
    })
    await reading(
      world,
      async (snapshot) => {
        const tasks = await all(snapshot.tasks(ALL_TIME))
        expect(tasks.map(({ status, costNanoUsd }) => [status, costNanoUsd])).toEqual([
          ['success', 100_000_000n],
          ['unfinished', 100_000_000n],
        ])
        expect((await all(snapshot.points(ALL_TIME)))[0]?.kind).toBe('consume')
        expect((await all(snapshot.cash(ALL_TIME)))[0]?.kind).toBe('consume')
        expect(await snapshot.userNames([101])).toEqual(new Map([[101, 'lin']]))
      },
      { mapping },
    )
    const nameless = mappingWith({ columns: { users: { name: null } } })
    expect((await reading(world, (snapshot) => snapshot.userNames([101]), { mapping: nameless })).size).toBe(0)
  })

  test('looks rows up by id, at any time, each once', async () => {
    const world = await create({
      tasks: [task(1), task(2, { taskId: 'ABC', createdAt: '2020-01-01 00:00:00' }), task(3)],
      points: [pointsRow(1, { orderId: 't1' }), pointsRow(2, { orderId: 't1', sourceType: 'refund' }), pointsRow(3)],
      cash: [cashRow(9, { orderId: 't1' })],
      users: [
        { id: 101, username: 'lin' },
        { id: 102, username: '王' },
      ],
    })
    await reading(world, async (snapshot) => {
      const many = Array.from({ length: 12_000 }, (_, index) => `none-${index}`)
      const tasks = await snapshot.tasksByTaskIds(['t1', 't1', 'ABC', 'T3', '', ...many])
      expect(tasks.map((row) => row.rowId)).toEqual([1, 2])
      expect(await snapshot.tasksByTaskIds([])).toEqual([])
      expect((await snapshot.pointsByOrderIds(['t1', 'T3', 'nope'])).map((row) => row.rowId)).toEqual([1, 2])
      expect((await snapshot.cashByOrderIds(['t1'])).map((row) => row.rowId)).toEqual([9])
      expect((await snapshot.pointsByOrderIds(['t1', ' t1', 'T3', ...many])).map((row) => row.rowId)).toEqual([1, 2])
      expect((await snapshot.cashByOrderIds(['t1', ...many])).map((row) => row.rowId)).toEqual([9])
      expect(await snapshot.userNames([102, 101, 102, 7])).toEqual(
        new Map([
          [101, 'lin'],
          [102, '王'],
        ]),
      )
    })
  })

  test('finds the last points row before an instant, per user', async () => {
    const world = await create({
      points: [
        pointsRow(1, { createdAt: '2026-11-01 00:10:00' }),
        pointsRow(2, { createdAt: '2026-11-01 01:30:00' }),
        pointsRow(3, { createdAt: '2026-11-01 05:00:00' }),
        pointsRow(4, { userId: 102, createdAt: '2026-01-01 00:00:00' }),
        pointsRow(5, { userId: 103, createdAt: '2026-11-01 05:00:00' }),
      ],
    })
    const before = at('2026-11-01T01:10:00-05:00')
    const find = (zone: string, others: readonly number[] = []) =>
      reading(world, (snapshot) => snapshot.lastPointsBefore([101, 102, 103, 101, ...others], before), { zone })
    expect((await find('America/New_York')).map((row) => row.rowId)).toEqual([2, 4])
    expect((await find('-05:00')).map((row) => row.rowId)).toEqual([1, 4])
    expect((await find('-04:00')).map((row) => row.rowId)).toEqual([2, 4])
    // So many that they are not named in the query.
    const many = Array.from({ length: 300 }, (_, index) => 1000 + index)
    for (const zone of ['-05:00', '-04:00', 'America/New_York']) {
      expect(await find(zone, many)).toEqual(await find(zone))
    }
    const some = (await reading(world, (snapshot) => snapshot.lastPointsBefore([102, ...many], before))).map(
      ({ rowId }) => rowId,
    )
    expect(some).toEqual([4])
  })
})
