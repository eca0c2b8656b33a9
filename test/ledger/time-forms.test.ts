import { afterEach, describe, expect, test } from 'vitest'
import { boundsOf, boundsWithin } from '../../src/ledger/time-bounds.ts'
import { LIMITS } from '../../src/limits.ts'
import { DAY, HOUR, type InstantRange, instant, plus } from '../../src/units/instant.ts'
import { openZone } from '../../src/units/zone.ts'
import { all, at, BACKENDS, cashRow, pointsRow, reading, type Stored, task } from './backends.ts'

const WINDOW = { start: at('2026-02-01T00:00:00+08:00'), end: at('2026-02-07T00:00:00+08:00') }
const TIMES = [
  '2026-01-30 12:00:00',
  '2026-01-31 23:59:59',
  '2026-02-01 00:00:00',
  '2026-02-06 00:00:00',
  '2026-02-06 12:00:00',
  '2026-02-06 23:59:59',
  '2026-02-07 00:00:00',
  '2026-02-08 12:00:00',
]
/** Rows of the window, by their place above. */
const WITHIN = [3, 4, 5, 6]
const FORMS: readonly [string, (time: string) => string][] = [
  ['with a blank', (time) => time],
  ['with a T', (time) => time.replace(' ', 'T')],
  ['with a T and a fraction', (time) => `${time.replace(' ', 'T')}.5`],
  ['mixed', (time) => (Number(time.slice(8, 10)) % 2 ? time : time.replace(' ', 'T'))],
  ['with blanks around', (time) => ` ${time} `],
]

describe.each(BACKENDS)('times that are texts, on $name', (backend) => {
  let stored: Stored | undefined
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  const create = async (times: readonly string[]): Promise<Stored> => {
    stored = await backend.create({})
    if (backend.name !== 'embedded') {
      await stored.exec('ALTER TABLE ts_fal_tasks MODIFY created_at VARCHAR(40)')
      await stored.exec('ALTER TABLE ts_points_detail MODIFY created_at VARCHAR(40)')
      await stored.exec('ALTER TABLE ts_financial_transactions MODIFY time VARCHAR(40)')
    }
    for (const [index, time] of times.entries()) {
      const { id, userId, taskId, onlineTaskId, money } = task(index + 1)
      const { points } = pointsRow(id)
      await stored.exec(
        `INSERT INTO ts_fal_tasks (id, user_id, task_id, online_task_id, money, created_at)
         VALUES (${id}, ${userId}, '${taskId}', '${onlineTaskId}', ${money}, '${time}')`,
      )
      await stored.exec(
        `INSERT INTO ts_points_detail (id, user_id, points, order_id, created_at)
         VALUES (${id}, ${userId}, ${points}, '${taskId}', '${time}')`,
      )
      await stored.exec(
        `INSERT INTO ts_financial_transactions (id, user_id, money, order_id, transaction_type, time)
         VALUES (${id}, ${userId}, ${cashRow(id).money}, '${taskId}', 1, '${time}')`,
      )
    }
    return stored
  }
  const idsOf = (rows: readonly { readonly rowId: number }[]) => rows.map(({ rowId }) => rowId).sort((a, b) => a - b)
  const orders = TIMES.map((_, index) => `t${index + 1}`)
  const many = [...orders, ...Array.from({ length: LIMITS.lookupIds }, (_, index) => `none-${index}`)]
  const everyId = TIMES.map((_, index) => index + 1)

  test.each(FORMS)('%s lie in the window that their instants lie in', async (_, formOf) => {
    const world = await create(TIMES.map(formOf))
    await reading(world, async (snapshot) => {
      expect(idsOf(await all(snapshot.tasks(WINDOW)))).toEqual(WITHIN)
      expect(idsOf(await all(snapshot.points(WINDOW)))).toEqual(WITHIN)
      expect(idsOf(await all(snapshot.points(WINDOW, { userIds: [101] })))).toEqual(WITHIN)
      expect(idsOf(await all(snapshot.cash(WINDOW)))).toEqual(WITHIN)
    })
  })

  test.each(FORMS)('%s are left out of no look-up but where they were streamed', async (_, formOf) => {
    const world = await create(TIMES.map(formOf))
    await reading(world, async (snapshot) => {
      for (const [stream, look] of [
        [snapshot.points, snapshot.pointsByOrderIds],
        [snapshot.cash, snapshot.cashByOrderIds],
      ] as const) {
        const streamed = idsOf(await all(stream(WINDOW)))
        const found = idsOf(await look(many, WINDOW))
        expect([...new Set([...streamed, ...found])].sort((a, b) => a - b)).toEqual(everyId)
      }
      const streamed = idsOf(await all(snapshot.tasks(WINDOW)))
      const found = idsOf(await snapshot.tasksByEitherId(orders, WINDOW))
      expect([...new Set([...streamed, ...found])].sort((a, b) => a - b)).toEqual(everyId)
    })
  })

  test.each(FORMS)('%s come before an instant where theirs does', async (_, formOf) => {
    const world = await create(TIMES.map(formOf))
    await reading(world, async (snapshot) => {
      for (const [before, last] of [
        ['2026-02-06T12:00:01+08:00', [5]],
        ['2026-02-06T12:00:00+08:00', [4]],
        ['2026-02-01T00:00:00+08:00', [2]],
        ['2026-01-30T12:00:00+08:00', []],
        ['2026-02-09T00:00:00+08:00', [8]],
      ] as const) {
        expect([before, idsOf(await snapshot.lastPointsBefore([101], at(before)))]).toEqual([before, [...last]])
      }
    })
  })

  test('of no form that is read are read all the same, so that a look-up leaves none out', async () => {
    const world = await create(['02/06/2026 12:00', '2026-02-06T12:00:00', '2026/02/06 12:00:00'])
    await reading(world, async (snapshot) => {
      expect(idsOf(await all(snapshot.points(WINDOW)))).toEqual([2])
      expect(idsOf(await snapshot.pointsByOrderIds(many, WINDOW))).toEqual([1, 2, 3])
    })
  })
})

describe('bounds of texts', () => {
  const zones = ['UTC', '+08:00', 'America/New_York'].map((id) => openZone(id)!)
  const text = (time: string, separator: string) => time.replace(' ', separator)

  test.each(zones.map((zone) => [zone.id, zone] as const))('hold every form of each instant of %s', (_, zone) => {
    for (const length of [1, HOUR, DAY, 7 * DAY]) {
      for (let shift = 0; shift < 400; shift++) {
        const start = plus(at('2026-10-25T00:00:00Z'), shift * HOUR + 1)
        const range: InstantRange = { start, end: instant(start + length) }
        const { from, until, otherForms } = boundsOf(range, zone, 'texts')
        expect(otherForms).toBe('texts')
        for (const inside of [range.start, instant(range.end - 1)]) {
          const naive = zone.toNaive(inside)
          for (const form of [naive, text(naive, 'T'), naive.slice(0, 10)]) {
            expect(form >= from && form < until, `${from} ${form} ${until}`).toBe(true)
          }
        }
        // One day wider, or a little more where the clock changes; never the whole table.
        expect(Date.parse(`${until}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)).toBeLessThanOrEqual(length + 5 * DAY)
        const within = boundsWithin(range, zone)
        expect(within.from >= from && within.until <= until).toBe(true)
      }
    }
  })

  test('of times stay what they were', () => {
    const zone = openZone('+08:00')!
    expect(boundsOf(WINDOW, zone, 'times')).toMatchObject({ from: '2026-02-01 00:00:00', until: '2026-02-07 00:00:00' })
    expect(boundsOf(WINDOW, zone, 'texts')).toMatchObject({
      from: '2026-01-31',
      until: '2026-02-08',
      otherForms: 'texts',
    })
  })
})

describe.each(BACKENDS)('times that are numbers, on $name', (backend) => {
  test('are an error of their table alone, in a stream and in a look-up', async () => {
    const world = await backend.create({ tasks: [task(1)], points: [pointsRow(1)], cash: [cashRow(1)] })
    try {
      for (const [table, column] of [
        ['ts_fal_tasks', 'created_at'],
        ['ts_points_detail', 'created_at'],
      ]) {
        await world.exec(`ALTER TABLE ${table} RENAME COLUMN ${column} TO before_it`)
        await world.exec(`ALTER TABLE ${table} ADD COLUMN ${column} BIGINT`)
        await world.exec(`UPDATE ${table} SET ${column} = 1770350400`)
      }
      const refusal = (table: string) => ({
        kind: 'source',
        message: expect.stringMatching(
          new RegExp(`^${table}\\.created_at is of the type (?:BIGINT|number), which is no`),
        ),
        field: `${table}.created_at`,
      })
      await reading(world, async (snapshot) => {
        for (const read of [
          () => all(snapshot.tasks(WINDOW)),
          () => snapshot.tasksByTaskIds(['t1']),
          () => snapshot.tasksByRequestIds([task(1).onlineTaskId ?? '']),
          () => snapshot.lastUse(),
        ]) {
          await expect(read()).rejects.toMatchObject(refusal('ts_fal_tasks'))
        }
        for (const read of [
          () => all(snapshot.points(WINDOW)),
          () => all(snapshot.points(WINDOW, { userIds: [101] })),
          () => snapshot.pointsByOrderIds(['t1']),
          () => snapshot.lastPointsBefore([101], WINDOW.end),
        ]) {
          await expect(read()).rejects.toMatchObject(refusal('ts_points_detail'))
        }
        expect(idsOf(await all(snapshot.cash(WINDOW)))).toEqual([1])
      })
    } finally {
      await world.remove()
    }
  })

  test('are one of the end of tasks too, which read as none would be that of no time', async () => {
    const world = await backend.create({ tasks: [task(1), task(2)] })
    try {
      await world.exec('ALTER TABLE ts_fal_tasks RENAME COLUMN completed_at TO before_it')
      await world.exec('ALTER TABLE ts_fal_tasks ADD COLUMN completed_at BIGINT')
      await world.exec('UPDATE ts_fal_tasks SET completed_at = 1770350400 WHERE id = 1')
      await reading(world, async (snapshot) => {
        await expect(all(snapshot.tasks(WINDOW))).rejects.toMatchObject({
          kind: 'source',
          message: expect.stringMatching(/^ts_fal_tasks\.completed_at is of the type (?:BIGINT|number), which is no/),
          field: 'ts_fal_tasks.completed_at',
        })
      })
      if (backend.name !== 'embedded') return
      // A column of texts with a number among them.
      await world.exec("UPDATE ts_fal_tasks SET completed_at = '2026-02-03 12:00:30' WHERE id = 2")
      await reading(world, async (snapshot) => {
        expect((await all(snapshot.tasks(WINDOW))).map(({ completedAt }) => completedAt)).toEqual([
          null,
          at('2026-02-03T12:00:30+08:00'),
        ])
      })
    } finally {
      await world.remove()
    }
  })
  const idsOf = (rows: readonly { readonly rowId: number }[]) => rows.map(({ rowId }) => rowId)
})
