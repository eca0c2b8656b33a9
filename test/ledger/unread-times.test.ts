import { afterEach, describe, expect, test } from 'vitest'
import type { LedgerSnapshot } from '../../src/ledger/reader.ts'
import { all, at, BACKENDS, pointsRow, reading, type Stored, task } from './backends.ts'

const RANGE = { start: at('2026-02-01T00:00:00+08:00'), end: at('2026-02-07T00:00:00+08:00') }

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
          isReadable ? {} : { tasks: { rows: 2, firstRowId: 4, userIds: [101] } },
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
        expect(snapshot.unreadTimes?.()).toEqual({ tasks: { rows: 1, firstRowId: 5, userIds: [101] } })
        expect((await snapshot.tasksByTaskIds(['t5'])).map(({ rowId }) => rowId)).toEqual([5])
      })
    },
  )

  test.each([['NULL'], ["''"], ["'0000-00-00 00:00:00'"], ["'2026-01-03 12:00:00'"]])(
    'are none where there is no time, or one outside: %s',
    async (time) => {
      const world = await stored()
      await put(world, 5, time)
      await reading(world, async (snapshot) => {
        expect(await tasksOf(snapshot)).toEqual([1, 2, 3, 4, 6, 7])
        expect(snapshot.unreadTimes?.()).toEqual({})
      })
    },
  )

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
        tasks: { rows: 1, firstRowId: 5, userIds: [101] },
        points: { rows: 2, firstRowId: 2, userIds: [101] },
      })
    })
  })
})
