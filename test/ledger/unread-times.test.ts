import { afterEach, describe, expect, test } from 'vitest'
import type { LedgerSnapshot, UnreadTasks, UnreadTasksOf } from '../../src/ledger/reader.ts'
import { all, at, BACKENDS, cashRow, pointsRow, reading, type Stored, task } from './backends.ts'

const RANGE = { start: at('2026-02-01T00:00:00+08:00'), end: at('2026-02-07T00:00:00+08:00') }

const COST = 100_000_000n
const END = at('2026-02-03T12:00:30+08:00')
const SORT = {
  ...{ apiKey: 'key-1-0000:secret', model: 'fal-ai/flux/dev', status: 'success', endedSince: END },
  ...{ costNanoUsd: COST, toldNanoUsd: COST, untold: 0, keptPoints: 40n, refundedPoints: 0n, worth: 1 },
} satisfies UnreadTasksOf
const OWNER = { apiKey: SORT.apiKey, userId: 101, keptPoints: 40n, refundedPoints: 0n, refunded: 0, free: 0 }
/** What tasks of some row ids, as they are stored here, may add to sums. */
const mayAdd = (...rowIds: readonly number[]): UnreadTasks => {
  const tasks = BigInt(rowIds.length)
  return {
    sorts: [
      {
        ...{ ...SORT, costNanoUsd: COST * tasks, toldNanoUsd: COST * tasks },
        ...{ keptPoints: SORT.keptPoints * tasks, worth: rowIds.length },
      },
    ],
    owners: [{ ...OWNER, keptPoints: OWNER.keptPoints * tasks }],
    each: rowIds.map((rowId) => {
      const { taskId, onlineTaskId } = task(rowId)
      const { apiKey, userId } = OWNER
      return { rowId, userId, apiKey, taskId, requestId: onlineTaskId ?? '', chargedPoints: 40n }
    }),
  }
}

const opened: { remove(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.remove()
})

describe.each(BACKENDS)('times that cannot be read, on $name', (backend) => {
  const isEmbedded = backend.name === 'embedded'

  /** Seven tasks of the range, in a column that holds any text. */
  const stored = async (): Promise<Stored> => {
    const tasks = [1, 2, 3, 4, 5, 6, 7].map((id) => task(id, { createdAt: `2026-02-03 12:00:0${id}` }))
    const points = [1, 2, 3].map((id) => pointsRow(id, { createdAt: `2026-02-03 12:00:0${id}` }))
    const world = await backend.create({ tasks, points })
    opened.push(world)
    if (!isEmbedded) {
      await world.exec('ALTER TABLE ts_fal_tasks MODIFY created_at VARCHAR(40)')
      await world.exec('ALTER TABLE ts_points_detail MODIFY created_at VARCHAR(40)')
    }
    return world
  }
  const put = (world: Stored, id: number, time: string) =>
    world.exec(`UPDATE ts_fal_tasks SET created_at = ${time} WHERE id = ${id}`)
  const tasksOf = async (snapshot: LedgerSnapshot) =>
    (await all(snapshot.tasks(RANGE))).map(({ rowId }) => rowId).sort((a, b) => a - b)

  test.each([["'2026-02-03 25:00:00'"], ["'2026-02-03T12:00:00Z'"], ["'2026-02-03 12:00'"], ["'2026-02-03 12:61:00'"]])(
    'are counted with the first row, here %s',
    async (time) => {
      const world = await stored()
      for (const id of [6, 4]) await put(world, id, time)
      await reading(world, async (snapshot) => {
        expect(snapshot.unreadTimes?.()).toEqual({})
        const isReadable = time === "'2026-02-03 12:00'"
        expect(await tasksOf(snapshot)).toEqual(isReadable ? [1, 2, 3, 4, 5, 6, 7] : [1, 2, 3, 5, 7])
        expect(snapshot.unreadTimes?.()).toEqual(
          isReadable ? {} : { tasks: { rows: 2, firstRowId: 4, userIds: [101], tasks: mayAdd(4, 6) } },
        )
      })
    },
  )

  test.each([["'2026/02/03 12:00:00'"], ['1770091200'], ["'1770091200'"], ["'yesterday'"]])(
    'are counted, though the database sorts them elsewhere: %s',
    async (time) => {
      const world = await stored()
      await put(world, 5, time)
      await reading(world, async (snapshot) => {
        expect(await tasksOf(snapshot)).toEqual([1, 2, 3, 4, 6, 7])
        expect(snapshot.unreadTimes?.()).toEqual({
          tasks: { rows: 1, firstRowId: 5, userIds: [101], tasks: mayAdd(5) },
        })
        expect((await snapshot.tasksByTaskIds(['t5'])).map(({ rowId }) => rowId)).toEqual([5])
      })
    },
  )

  test('are told by what they may add: by key and model, by key and user, amounts that cannot be read as such', async () => {
    const world = await stored()
    await world.exec("UPDATE ts_fal_tasks SET created_at = 'soon'")
    await world.exec("UPDATE ts_fal_tasks SET api_key = ' other ', money = -3 WHERE id = 2")
    await world.exec("UPDATE ts_fal_tasks SET api_key = '', is_refund = 1, user_id = 102 WHERE id IN (3, 4)")
    await world.exec("UPDATE ts_fal_tasks SET app_name = 'x', cost_money = -1, money = NULL WHERE id = 5")
    await world.exec("UPDATE ts_fal_tasks SET app_name = 'y', cost_money = NULL WHERE id = 6")
    await reading(world, async (snapshot) => {
      expect(await tasksOf(snapshot)).toEqual([])
      const { sorts, owners } = snapshot.unreadTimes?.().tasks?.tasks ?? {}
      const two = { costNanoUsd: 2n * COST, toldNanoUsd: 2n * COST }
      const byName = (a: { model: string; apiKey: string }, b: typeof a) =>
        a.model + a.apiKey < b.model + b.apiKey ? -1 : 1
      expect([...(sorts ?? [])].sort(byName)).toEqual([
        { ...SORT, ...two, apiKey: '', keptPoints: 0n, refundedPoints: 80n, worth: 0 },
        { ...SORT, ...two, keptPoints: 80n, worth: 2 },
        { ...SORT, apiKey: 'other', keptPoints: 0n },
        { ...SORT, model: 'x', costNanoUsd: null, toldNanoUsd: 0n, untold: 1, keptPoints: null },
        { ...SORT, model: 'y', costNanoUsd: null, toldNanoUsd: 0n, untold: 1 },
      ])
      expect([...(owners ?? [])].sort((a, b) => (a.apiKey < b.apiKey ? -1 : 1))).toEqual([
        { ...OWNER, apiKey: '', userId: 102, keptPoints: 0n, refundedPoints: 80n, refunded: 2 },
        // One of them does not tell its charge, and a cost below nought is none.
        { ...OWNER, keptPoints: null },
        { ...OWNER, apiKey: 'other', keptPoints: 0n },
      ])
    })
    // What names no user may be anybody's.
    await world.exec('UPDATE ts_fal_tasks SET user_id = NULL WHERE id = 6')
    await reading(world, async (snapshot) => {
      expect(await tasksOf(snapshot)).toEqual([])
      const { userIds, tasks } = snapshot.unreadTimes?.().tasks ?? {}
      expect([userIds, tasks?.owners?.filter(({ userId }) => userId === null)]).toEqual([
        null,
        [{ ...OWNER, userId: null }],
      ])
    })
  })

  test('are told apart by their status, and by when they ended', async () => {
    const world = await stored()
    await world.exec("UPDATE ts_fal_tasks SET created_at = 'soon'")
    await world.exec("UPDATE ts_fal_tasks SET completed_at = '2026-02-03 11:00:00' WHERE id = 2")
    await world.exec('UPDATE ts_fal_tasks SET completed_at = NULL WHERE id IN (3, 4)')
    await world.exec("UPDATE ts_fal_tasks SET status = 'Failed', money = 0 WHERE id IN (5, 6)")
    await world.exec('UPDATE ts_fal_tasks SET cost_money = NULL WHERE id = 6')
    await world.exec("UPDATE ts_fal_tasks SET status = 'queued', money = 0, cost_money = 0 WHERE id = 7")
    await reading(world, async (snapshot) => {
      expect(await tasksOf(snapshot)).toEqual([])
      const { sorts, owners } = snapshot.unreadTimes?.().tasks?.tasks ?? {}
      const of = (sort: UnreadTasksOf) => `${sort.status} ${sort.endedSince}`
      const [two, none] = [{ costNanoUsd: 2n * COST, toldNanoUsd: 2n * COST }, { keptPoints: 0n }]
      expect([...(sorts ?? [])].sort((a, b) => (of(a) < of(b) ? -1 : 1))).toEqual([
        { ...SORT, ...none, status: 'failed', costNanoUsd: null, untold: 1, worth: 2 },
        { ...SORT, endedSince: at('2026-02-03T11:00:00+08:00') },
        SORT,
        { ...SORT, ...two, endedSince: null, keptPoints: 80n, worth: 2 },
        { ...SORT, ...none, status: 'unfinished', costNanoUsd: 0n, toldNanoUsd: 0n, worth: 0 },
      ])
      // Of a failure that tells no cost none is recorded as a rule.
      expect(owners).toEqual([{ ...OWNER, keptPoints: 160n, free: 1 }])
    })
  })

  test('are told by key, model and status alone where they ended at too many times', async () => {
    const endOf = (index: number) => `2026-02-03 1${Math.floor(index / 600)}:${10 + (index % 50)}:${10 + (index % 47)}`
    const tasks = Array.from({ length: 1100 }, (_, index) =>
      task(index + 1, { createdAt: '2026-02-03 12:00:00', completedAt: endOf(index), appName: `m${index % 2}` }),
    )
    const world = await backend.create({ tasks })
    opened.push(world)
    if (!isEmbedded) await world.exec('ALTER TABLE ts_fal_tasks MODIFY created_at VARCHAR(40)')
    await world.exec("UPDATE ts_fal_tasks SET created_at = 'soon'")
    await reading(world, async (snapshot) => {
      expect(await tasksOf(snapshot)).toEqual([])
      const many = { costNanoUsd: 550n * COST, toldNanoUsd: 550n * COST, keptPoints: 22_000n, worth: 550 }
      expect(snapshot.unreadTimes?.().tasks?.tasks?.sorts).toEqual([
        { ...SORT, ...many, model: 'm0', endedSince: at('2026-02-03T10:10:10+08:00') },
        { ...SORT, ...many, model: 'm1', endedSince: at('2026-02-03T10:11:11+08:00') },
      ])
    })
  })

  test('are told of no key where they name too many, and end no reading by what else they hold', async () => {
    const endOf = (index: number) => `2026-02-03 12:${10 + (index % 50)}:00`
    const tasks = Array.from({ length: 1001 }, (_, index) =>
      task(index + 1, {
        createdAt: '2026-02-03 12:00:00',
        appName: `m${index}`,
        userId: 101 + index,
        completedAt: endOf(index),
      }),
    )
    const world = await backend.create({ tasks })
    opened.push(world)
    if (!isEmbedded) await world.exec('ALTER TABLE ts_fal_tasks MODIFY created_at VARCHAR(40)')
    if (!isEmbedded) await world.exec('ALTER TABLE ts_fal_tasks MODIFY money VARCHAR(40), MODIFY is_refund VARCHAR(40)')
    await world.exec("UPDATE ts_fal_tasks SET created_at = 'soon', money = 'many', is_refund = 'maybe' WHERE id < 1001")
    await reading(world, async (snapshot) => {
      expect(await tasksOf(snapshot).catch(({ message }) => message)).toEqual([1001])
      const { userIds, tasks } = snapshot.unreadTimes?.().tasks ?? {}
      expect([userIds, tasks?.sorts?.length, tasks?.sorts?.[0]?.keptPoints]).toEqual([null, 1000, null])
      // Refunded or not: it may be either.
      expect([tasks?.sorts?.[0]?.refundedPoints, tasks?.owners?.[0]?.refunded]).toEqual([null, 1])
      expect(tasks?.owners?.length).toBe(1000)
    })
    await world.exec("UPDATE ts_fal_tasks SET created_at = 'soon'")
    await reading(world, async (snapshot) => {
      expect(await tasksOf(snapshot)).toEqual([])
      expect(snapshot.unreadTimes?.().tasks).toMatchObject({
        rows: 1001,
        tasks: { sorts: null, owners: null, each: null },
      })
    })
  })

  test.each([['NULL'], ["''"], ["'0000-00-00 00:00:00'"]])('are none where there is no time: %s', async (time) => {
    const world = await stored()
    for (const id of [5, 3]) await put(world, id, time)
    await put(world, 6, "'2026-02-03 25:00:00'")
    await reading(world, async (snapshot) => {
      expect(await tasksOf(snapshot)).toEqual([1, 2, 4, 7])
      expect(snapshot.unreadTimes?.()).toEqual({
        tasks: { rows: 1, firstRowId: 6, userIds: [101], tasks: mayAdd(6) },
        undatedTasks: { rows: 2, firstRowId: 3, userIds: [101], tasks: mayAdd(3, 5) },
      })
    })
  })

  test('are none where there is one outside', async () => {
    const world = await stored()
    await put(world, 5, "'2026-01-03 12:00:00'")
    await reading(world, async (snapshot) => {
      expect(await tasksOf(snapshot)).toEqual([1, 2, 3, 4, 6, 7])
      expect(snapshot.unreadTimes?.()).toEqual({})
    })
  })

  test.each([['NULL'], ["'0000-00-00 00:00:00'"]])(
    'are none of a task in a column of times either, but of a row that took something: %s',
    async (time) => {
      const world = await backend.create({
        tasks: [1, 2, 3].map((id) => task(id, { createdAt: '2026-02-03 12:00:00' })),
        points: [1, 2].map((id) => pointsRow(id, { createdAt: '2026-02-03 12:00:00' })),
      })
      opened.push(world)
      // A zero date is told of by servers that take one.
      if (!isEmbedded) await world.exec("SET SESSION sql_mode = ''")
      await put(world, 2, time)
      await world.exec(`UPDATE ts_points_detail SET created_at = ${time} WHERE id = 2`)
      await reading(world, async (snapshot) => {
        expect(await tasksOf(snapshot)).toEqual([1, 3])
        expect((await all(snapshot.points(RANGE))).map(({ rowId }) => rowId)).toEqual([1])
        expect(snapshot.unreadTimes?.()).toEqual({
          points: { rows: 1, firstRowId: 2, userIds: [101] },
          undatedTasks: { rows: 1, firstRowId: 2, userIds: [101], tasks: mayAdd(2) },
        })
        // What was streamed is left out of a search all the same; that row was not.
        expect(
          (await snapshot.tasksByRequestIds([task(2).onlineTaskId ?? ''], RANGE)).map(({ rowId }) => rowId),
        ).toEqual([2])
      })
    },
  )

  // As a server with sql_mode='' takes them: a month of no number may be each of its year, a day of none each of its month.
  test.each([["'2026-00-06 00:00:00'"], ["'2026-00-00 23:00:00'"], ["'2026-02-00 23:59:59'"]])(
    'are those whose month or day is 0, though the database sorts them before the range: %s',
    async (time) => {
      for (const type of isEmbedded ? ['TEXT'] : ['DATETIME', 'DATETIME(6)', 'VARCHAR(40)']) {
        const times = { createdAt: '2026-02-03 12:00:00' }
        const world = await backend.create({
          tasks: [1, 2].map((id) => task(id, times)),
          points: [1, 2].map((id) => pointsRow(id, times)),
          cash: [1, 2].map((id) => cashRow(id, { time: times.createdAt })),
        })
        opened.push(world)
        const columns = {
          ts_fal_tasks: 'created_at',
          ts_points_detail: 'created_at',
          ts_financial_transactions: 'time',
        }
        for (const [table, column] of Object.entries(columns)) {
          if (!isEmbedded) await world.exec("SET SESSION sql_mode = ''")
          if (!isEmbedded) await world.exec(`ALTER TABLE ${table} MODIFY ${column} ${type}`)
          await world.exec(`UPDATE ${table} SET ${column} = ${time} WHERE id = 2`)
        }
        await reading(world, async (snapshot) => {
          const streamed = [snapshot.tasks(RANGE), snapshot.points(RANGE), snapshot.cash(RANGE)]
          for (const rows of streamed)
            expect((await all<{ rowId: number }>(rows)).map(({ rowId }) => rowId)).toEqual([1])
          const unread = { rows: 1, firstRowId: 2 }
          expect(snapshot.unreadTimes?.()).toMatchObject({ tasks: unread, points: unread, cash: unread })
        })
      }
    },
  )

  test.each([
    ["'2025-00-06 00:00:00'"],
    ["'2027-00-06 00:00:00'"],
    ["'2026-03-00 00:00:00'"],
    ["'2025-12-31 23:59:59.999999'"],
    ["'2026-01-01 00:00:00'"],
    ["'2026-01-31 23:59:59.999999'"],
  ])('are none of another year or month, nor real times around it: %s', async (time) => {
    const world = await backend.create({ tasks: [1, 2].map((id) => task(id, { createdAt: '2026-02-03 12:00:00' })) })
    opened.push(world)
    if (!isEmbedded) {
      await world.exec("SET SESSION sql_mode = ''")
      await world.exec('ALTER TABLE ts_fal_tasks MODIFY created_at DATETIME(6)')
    }
    await put(world, 2, time)
    await reading(world, async (snapshot) => {
      expect(await tasksOf(snapshot)).toEqual([1])
      expect(snapshot.unreadTimes?.()).toEqual({})
    })
  })

  test('are counted by table, once however often it is streamed, and not by look-ups', async () => {
    const world = await stored()
    await put(world, 5, "'2026-02-03 25:00:00'")
    await world.exec("UPDATE ts_points_detail SET created_at = '2026-02-03 24:00:00' WHERE id > 1")
    await reading(world, async (snapshot) => {
      for (let time = 0; time < 2; time++) {
        await tasksOf(snapshot)
        await all(snapshot.points(RANGE))
        await all(snapshot.points({ start: RANGE.start, end: at('2026-02-02T00:00:00+08:00') }))
        await all(snapshot.cash(RANGE))
        await snapshot.tasksByTaskIds(['t5'])
      }
      expect(snapshot.unreadTimes?.()).toEqual({
        tasks: { rows: 1, firstRowId: 5, userIds: [101], tasks: mayAdd(5) },
        points: { rows: 2, firstRowId: 2, userIds: [101] },
      })
    })
  })

  test('are not told of rows before a range that were looked at for its balances, nor are types that nothing tells', async () => {
    const points = [1, 2, 3, 4, 5].map((id) =>
      pointsRow(id, { createdAt: `2026-01-30 12:00:0${id}`, userId: id > 2 ? 202 : 101, sourceType: 'coupon' }),
    )
    const world = await backend.create({ points })
    opened.push(world)
    if (!isEmbedded) await world.exec('ALTER TABLE ts_points_detail MODIFY created_at VARCHAR(40)')
    await world.exec("UPDATE ts_points_detail SET created_at = '2026-02-03 25:00:00' WHERE id = 1")
    await world.exec("UPDATE ts_points_detail SET created_at = '2026-02-03 12:00:00', source_type = 'x' WHERE id = 2")
    await world.exec("UPDATE ts_points_detail SET created_at = '2026-01-30 25:00:00' WHERE id IN (3, 4)")
    await reading(world, async (snapshot) => {
      await all(snapshot.points(RANGE))
      const told = { points: { rows: 1, firstRowId: 1, userIds: [101] } }
      const kinds = { points: { rows: 1, words: ['x'] } }
      expect([snapshot.unreadTimes?.(), snapshot.unknownKinds?.()]).toEqual([told, kinds])
      const last = await snapshot.lastPointsBefore([101, 202], at('2026-01-31T23:50:00+08:00'))
      expect(last).toEqual([{ userId: 202, rowId: 5, balanceAfter: 60n }])
      expect([snapshot.unreadTimes?.(), snapshot.unknownKinds?.()]).toEqual([told, kinds])
    })
  })
})
