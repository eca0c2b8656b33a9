import { afterEach, describe, expect, test } from 'vitest'
import { BACKENDS, cashRow, pointsRow, reading, type Stored, task, uuid } from './backends.ts'

const MANY = Array.from({ length: 6000 }, (_, index) => `none-${index}`)

describe.each(BACKENDS)('a look-up by id on $name', (backend) => {
  let stored: Stored | undefined
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  test.each([
    ['+08:00', ['2026-02-05 23:59:59', '2026-02-06 00:00:00', '2026-02-06 23:59:59', '2026-02-07 00:00:00'], [0, 3]],
    // Where clocks may change, rows within some hours of an edge are never left out.
    [
      'America/New_York',
      ['2026-02-06 02:59:59', '2026-02-06 03:00:00', '2026-02-06 20:59:59', '2026-02-06 21:00:00'],
      [0, 3],
    ],
  ])('may leave out rows of a known time, and no others, in %s', async (zone, times, left) => {
    const orderId = 'same'
    stored = await backend.create({
      tasks: times.map((createdAt, id) => task(id, { createdAt, onlineTaskId: uuid(1) })),
      points: [...times, '2026-02-06 12:00:00'].map((createdAt, id) => pointsRow(id, { createdAt, orderId })),
      cash: times.map((time, id) => cashRow(id, { time, orderId })),
    })
    // A row without a time is of no known one.
    await stored.exec('UPDATE ts_points_detail SET created_at = NULL WHERE id = 4')
    await reading(
      stored,
      async (snapshot) => {
        const midnight = (day: string) =>
          snapshot.zone.startOfDate(
            snapshot.zone.dateOf(snapshot.zone.fromNaive(`2026-02-${day} 12:00:00`) ?? snapshot.takenAt),
          )
        const known = { start: midnight('06'), end: midnight('07') }
        const found = [
          await snapshot.tasksByRequestIds([uuid(1)], known),
          await snapshot.pointsByOrderIds([orderId, ...MANY], known),
          await snapshot.cashByOrderIds([orderId, ...MANY], known),
        ]
        expect(found.map((rows) => rows.map(({ rowId }) => rowId))).toEqual([left, [...left, 4], left])
        const moment = { start: known.start, end: known.start }
        expect(await snapshot.tasksByRequestIds([uuid(1)], moment)).toHaveLength(4)
        expect(await snapshot.pointsByOrderIds([orderId, ...MANY])).toHaveLength(5)
      },
      { zone },
    )
  })
})
