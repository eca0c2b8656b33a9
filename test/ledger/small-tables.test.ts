import { afterEach, describe, expect, test } from 'vitest'
import { ALL_TIME, all, at, BACKENDS, pointsRow, reading, type Stored, task } from './backends.ts'

describe.each(BACKENDS)('a small table on $name', (backend) => {
  let stored: Stored | undefined
  afterEach(async () => {
    await stored?.remove()
    stored = undefined
  })

  test('is read whole, though somebody asked before how many rows to expect', async () => {
    const ids = Array.from({ length: 3000 }, (_, id) => id + 1)
    // Ids follow time, but for one row whose time is much later, and that no sample finds.
    const createdAt = (id: number): string => (id === 902 ? '2026-02-06 12:00:00' : timeOf(id))
    stored = await backend.create({
      tasks: ids.map((id) => task(id, { createdAt: createdAt(id) })),
      points: ids.map((id) => pointsRow(id, { createdAt: createdAt(id) })),
    })
    await reading(stored, async (snapshot) => {
      const day = { start: at('2026-02-06T00:00:00+08:00'), end: at('2026-02-07T00:00:00+08:00') }
      for (const table of ['tasks', 'points'] as const) {
        expect(await snapshot.expectedRows?.(table, ALL_TIME)).toBeGreaterThan(0)
        expect((await all<{ readonly rowId: number }>(snapshot[table](day))).map(({ rowId }) => rowId)).toContain(902)
      }
    })
  })
})

/** An hour for each id, from the new year on. */
function timeOf(id: number): string {
  const hours = Math.floor((id * 24 * 36) / 3000)
  const time = new Date(Date.UTC(2026, 0, 1, hours))
  return time.toISOString().slice(0, 19).replace('T', ' ')
}
